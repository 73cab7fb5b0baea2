// SPDX-License-Identifier: Apache-2.0
#include "target/device_plan.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "os/files.hpp"
#include "target/device_test_task.hpp"

namespace cupel::target {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const task::Task kTask =
    named_task({{"B", 4096}, {"N", 1000}, {"BIG", std::int64_t{1} << 62}}, {"x", "scale"}, {"y"});

DevicePlan plan_of(std::string_view source, const task::Task& task = kTask) {
    auto read = read_device_plan(task, source, "mine.cu");
    if (const auto* rejection = std::get_if<Rejection>(&read)) {
        ADD_FAILURE() << rejection->diagnostics;
        return {};
    }
    return std::get<DevicePlan>(std::move(read));
}

std::string refusal_of(std::string_view source) {
    auto read = read_device_plan(kTask, source, "mine.cu");
    if (auto* rejection = std::get_if<Rejection>(&read)) {
        EXPECT_THAT(rejection->diagnostics, HasSubstr(rejection->reason));
        return rejection->diagnostics;
    }
    ADD_FAILURE() << "accepted: " << source;
    return "";
}

// With a launch that names the grid only.
DeviceLaunch launch_with_grid(const std::string& grid) {
    auto plan = plan_of("#pragma cupel launch k<<<" + grid + ", 1>>>()\n");
    return plan.launches.empty() ? DeviceLaunch{} : plan.launches.front();
}
std::string refused_grid(const std::string& grid) {
    return refusal_of("#pragma cupel launch k<<<" + grid + ", 1>>>()\n");
}

// "refused" or nothing: a launch of one argument on a kernel with one parameter.
std::string given(const std::string& argument, const std::string& parameter) {
    const std::string text =
        "#pragma cupel scratch int counts[4]\n#pragma cupel launch k<<<1, 1>>>(" + argument +
        ")\nextern \"C\" __global__ void __launch_bounds__(128) k(" + parameter + ") {}\n";
    auto read = read_device_plan(kTask, text, "mine.cu");
    const auto* const rejection = std::get_if<Rejection>(&read);
    return rejection != nullptr ? rejection->diagnostics : "";
}

TEST(DevicePlan, WhatALaunchGivesMustBeWhatTheKernelTakes) {
    EXPECT_THAT(given("0", "float* y"), HasSubstr("mine.cu:2:34: error: 0 is a number"));
    EXPECT_THAT(given("B", "const float* __restrict__ x"), HasSubstr("is a pointer"));
    EXPECT_THAT(given("x", "int n"), HasSubstr("is no pointer"));
    EXPECT_THAT(given("counts", "float* y"), HasSubstr("are not what the parameter `float* y`"));
    EXPECT_THAT(given("x", "const double* x"), HasSubstr("points to"));
    EXPECT_THAT(given("x", "half* x"), HasSubstr("points to"));
    EXPECT_THAT(given("x", "const unsigned int* x"), HasSubstr("points to"));
    EXPECT_THAT(given("x, y", "float* x"), HasSubstr("takes 1 arguments, and the launch gives 2"));
    EXPECT_THAT(given("", "float* x"), HasSubstr("takes 1 arguments, and the launch gives 0"));
}

TEST(DevicePlan, WhatTheSpellingLeavesOpenIsLeftToTheCompiler) {
    for (const auto& [argument, parameter] : std::vector<std::pair<std::string, std::string>>{
             {"x", "const float* __restrict__ x"},
             {"x", "float const * x"},
             {"x", "float const x[]"},
             {"x", "const float4* x"},
             {"x", "const unsigned char* bytes"},
             {"x", "void* p"},
             {"x", "const Mine* x"},
             {"x", "const vec<float, 4>* x"},
             {"x", "float (&x)[4]"},
             {"counts", "unsigned* c"},
             {"counts", "std::uint32_t *c"},
             {"counts", "const std::int32_t* __restrict c"},
             {"B", "int n"},
             {"B", "const unsigned long long n"},
             {"1.5f", "float e"},
             {"2", "float e"},
             {"B", "Size n"}}) {
        EXPECT_EQ(given(argument, parameter), "") << argument << " for " << parameter;
    }
    // Neither one nor the other of two kernels of a name, nor a function that is none.
    const std::string launch = "#pragma cupel launch k<<<1, 1>>>(0)\n";
    for (const char* const functions :
         {"__device__ void k(float* y) {}\n", "void f() { k(y); }\n",
          "__global__ void k(float* y) {}\n__global__ void k(int n, float* y) {}\n"})
        EXPECT_THAT(plan_of(launch + functions).launches, testing::SizeIs(1)) << functions;
}

TEST(DevicePlan, LaunchesAndScratchAreReadAtTheTasksSizes) {
    const auto plan = plan_of(
        "#pragma cupel scratch float partial[B * 8]\n"
        "#pragma cupel launch row_max<<<B, 256>>>(x, partial)\n"
        "#pragma cupel launch softmax<<<ceil(N / 128), 128, 4 * N>>>(x, partial, y, B, N - 1, "
        "1e-5f, -0.5)  // done\n");
    ASSERT_EQ(plan.scratch.size(), 1U);
    EXPECT_EQ(plan.scratch[0].name, "partial");
    EXPECT_EQ(plan.scratch[0].type, "float");
    EXPECT_EQ(plan.scratch[0].bytes, 4096U * 8 * 4);
    EXPECT_EQ(plan.scratch[0].line, 1);
    ASSERT_EQ(plan.launches.size(), 2U);
    EXPECT_EQ(plan.launches[0].kernel, "row_max");
    EXPECT_EQ(plan.launches[0].grid.x, 4096);
    EXPECT_EQ(plan.launches[0].block.x, 256);
    const auto& launch = plan.launches[1];
    EXPECT_EQ(launch.line, 3);
    EXPECT_EQ(launch.grid.x, 8);
    EXPECT_EQ(launch.shared_bytes, 4000U);
    ASSERT_EQ(launch.arguments.size(), 7U);
    using Kind = DeviceArgument::Kind;
    EXPECT_EQ(launch.arguments[0].kind, Kind::Input);
    EXPECT_EQ(launch.arguments[1].kind, Kind::Scratch);
    EXPECT_EQ(launch.arguments[2].kind, Kind::Output);
    EXPECT_EQ(launch.arguments[2].index, 0U);
    EXPECT_EQ(launch.arguments[3].integer, 4096);
    EXPECT_EQ(launch.arguments[4].integer, 999);
    EXPECT_EQ(launch.arguments[4].text, "N - 1");
    EXPECT_EQ(launch.arguments[5].kind, Kind::Real);
    EXPECT_EQ(launch.arguments[5].real, 1e-5);
    EXPECT_EQ(launch.arguments[6].real, -0.5);
    EXPECT_EQ(launch.arguments[6].text, "-0.5");
}

TEST(DevicePlan, ScratchIsOfTheTypesOfCAndOfCudasVectors) {
    const std::string launch = "#pragma cupel launch k<<<1, 1>>>(x)\n";
    for (const auto& [type, bytes] : {std::pair{"unsigned long long int", 8U},
                                      {"long long int", 8U},
                                      {"long unsigned", 8U},
                                      {"int unsigned", 4U},
                                      {"signed", 4U},
                                      {"short int", 2U},
                                      {"char signed", 1U},
                                      {"short2", 4U},
                                      {"short4", 8U},
                                      {"ushort3", 6U},
                                      {"uchar4", 4U},
                                      {"char4", 4U},
                                      {"ulonglong2", 16U},
                                      {"longlong2", 16U},
                                      {"longlong4", 32U},
                                      {"int3", 12U},
                                      {"uint3", 12U},
                                      {"float1", 4U},
                                      {"float3", 12U},
                                      {"double4_32a", 32U}}) {
        const auto plan = plan_of(fmt::format("#pragma cupel scratch {} s[3]\n{}", type, launch));
        ASSERT_EQ(plan.scratch.size(), 1U) << type;
        EXPECT_EQ(plan.scratch.front().bytes, 3 * bytes) << type;
    }
    for (const char* type :
         {"long long long", "short long", "char int", "unsigned signed", "float5", "float0",
          "half4", "float4_32a", "unsigned float", "longlong", "4"})
        EXPECT_THAT(refusal_of(fmt::format("#pragma cupel scratch {} s[3]\n{}", type, launch)),
                    HasSubstr("error: "))
            << type;
}

TEST(DevicePlan, ExpressionsAreThoseOfCWithOneDivisionThatRoundsUp) {
    const std::vector<std::pair<std::string, std::int64_t>> cases = {
        {"N / 128", 7},
        {"ceil(N / 128)", 8},
        {"ceil(B / 4)", 1024},
        {"ceil(N / 3 / 7)", 48},
        {"ceil(N / 3 * 3)", 1000},
        {"ceil((N / 3) / 7)", 48},
        {"ceil((N / 300) / 2)", 2},
        {"ceil(N / 128 + 1)", 9},
        {"N % 7 + 1", 7},
        {"2 + 3 * 4", 14},
        {"(2 + 3) * 4", 20},
        {"20 - 5 - 3", 12},
        {"-(-7)", 7},
        {"min(N, B)", 1000},
        {"max(1, N - B, 3)", 3},
        {"max(min(N, 5), 2)", 5},
        {"0x10", 16},
        {"ceil(-7 / 2) + 4", 1},
    };
    for (const auto& [text, value] : cases)
        EXPECT_EQ(launch_with_grid(text).grid.x, value) << text;
}

TEST(DevicePlan, ExtentsHaveThreeSpellings) {
    for (const char* text : {"dim3(N / 16, B, 2)", "(N / 16, B, 2)", "{N / 16, B, 2}"}) {
        const auto grid = launch_with_grid(text).grid;
        EXPECT_EQ(grid.x, 62) << text;
        EXPECT_EQ(grid.y, 4096) << text;
        EXPECT_EQ(grid.z, 2) << text;
    }
    EXPECT_EQ(launch_with_grid("(N / 16) * 2").grid.x, 124);
    EXPECT_EQ(launch_with_grid("dim3(3)").grid.x, 3);
}

TEST(DevicePlan, ALineMayBeContinued) {
    const auto plan = plan_of("#pragma cupel launch k<<<1, \\\n    2>>>(x, \\\r\n y)\n");
    ASSERT_EQ(plan.launches.size(), 1U);
    EXPECT_EQ(plan.launches[0].block.x, 2);
    EXPECT_THAT(refusal_of("\n#pragma cupel launch k<<<1, \\\n  zero>>>()\n"),
                HasSubstr("mine.cu:3:3: error: the task has no size `zero`"));
}

TEST(DevicePlan, AByteOrderMarkIsPassedOverAndCountsForNoColumn) {
    EXPECT_EQ(plan_of("\xEF\xBB\xBF#pragma cupel launch k<<<1, 2>>>(x)\n").launches.size(), 1U);
    EXPECT_THAT(refusal_of("\xEF\xBB\xBF#pragma cupel launch k<<<1, zero>>>()\n"),
                HasSubstr("mine.cu:1:29: error: the task has no size `zero`"));
}

TEST(DevicePlan, WhatIsQuotedOrCommentedDoesNotCount) {
    const std::string line = "#pragma cupel launch hidden<<<1, 1>>>()\n";
    const std::string shown = "#pragma cupel launch shown<<<1, 1>>>()\n";
    const std::vector<std::string> texts = {
        "/*\n" + line + "*/\n",
        "// \\\n" + line,
        "/\\\n* \n" + line + "*\\\n/\n",
        "const char* a = R\"(\n" + line + ")\";\n",
        "const char* a = u8R\"x(\n" + line + ")\" \n" + line + ")x\";\n",
        "const char* a = \"\\\n" + line.substr(0, line.size() - 1) + "\";\n",
        "int n = 1'000; char c = '\"'; /*\n" + line + "*/ char d = '\\'';\n",
        "#define R(x) x\n#error don't\n",
    };
    for (const auto& text : texts) {
        const auto plan = plan_of(text + shown);
        ASSERT_EQ(plan.launches.size(), 1U) << text;
        EXPECT_EQ(plan.launches[0].kernel, "shown") << text;
    }
}

TEST(DevicePlan, ALaunchIsNotHiddenByWhatOnlyLooksLikeAComment) {
    for (const char* text : {"const char* a = \"/*\";\n", "char c = '\"';\n", "int n = 0x1'f;\n",
                             "const char* a = R\"(\")\";\n", "int fooR = 1; auto* s = \"(\";\n"}) {
        EXPECT_EQ(
            plan_of(std::string(text) + "#pragma cupel launch k<<<1, 1>>>()\n").launches.size(), 1U)
            << text;
    }
}

TEST(DevicePlan, MessagesCarryPositionLineAndCaret) {
    EXPECT_EQ(refusal_of("\n  #pragma cupel launch k<<<rows, 1>>>()\n"),
              "mine.cu:2:28: error: the task has no size `rows`; its sizes are B, N, BIG\n"
              "    #pragma cupel launch k<<<rows, 1>>>()\n"
              "                             ^");
}

TEST(DevicePlan, EveryMistakeIsNamed) {
    const std::string launch = "#pragma cupel launch k<<<1, 1>>>()\n";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"", "declares no launch"},
        {"__global__ void k() {}\n", "declares no launch"},
        {"#pragma cupel lunch k<<<1, 1>>>()\n", "did you mean `launch`?"},
        {"#pragma cupel\n", "expected `launch` or `scratch`"},
        {"#if 0\n" + launch + "#endif\n", "within #if"},
        {"#pragma cupel launch <<<1, 1>>>()\n", "expected the name of a kernel, found `<<<`"},
        {"#pragma cupel launch k<4><<<1, 1>>>()\n", "expected `<<<` after the kernel's name"},
        {"#pragma cupel launch k<<<1>>>()\n", "expected `,` after the grid, found `>>>`"},
        {"#pragma cupel launch k<<<1, 1>>>\n", "expected `(` after `>>>`, found the end"},
        {"#pragma cupel launch k<<<1, 1>>>() x\n", "nothing more after the launch, found `x`"},
        {"#pragma cupel launch k<<<1, 1, 0, 0>>>()\n", "expected `>>>`"},
        {"#pragma cupel launch k<<<1, 1>>>(x, )\n", "expected an integer"},
        {"#pragma cupel launch k<<<1, 1>>>(x y)\n", "expected `)` after the arguments"},
        {"#pragma cupel launch k<<<1, 1>>>(scael)\n", "did you mean `scale`?"},
        {"#pragma cupel launch k<<<1, 1>>>(x + 4)\n", "expected `)` after the arguments"},
        {"#pragma cupel launch k<<<1, 1>>>(4 + x)\n", "`x` is a tensor"},
        {"#pragma cupel launch k<<<1, 1>>>(1e999)\n", "no number that a double can hold"},
        {"#pragma cupel launch k<<<1, 1>>>(1.5.5)\n", "no number"},
        {"#pragma cupel launch k<<<1, 1>>>(\"x\")\n", "found `\"`"},
        {"#pragma cupel launch k<<<1, 1>>>(\xc3\xa4)\n", "`??`"},
        {"#pragma cupel launch k<<<1, 32, 232449>>>()\n", "expected 0 to 232448"},
        {"#pragma cupel launch k<<<1, 32, -1>>>()\n", "-1 bytes of dynamic shared memory"},
        {"#pragma cupel launch k<<<1, 1025>>>()\n", "the block's x is 1025; expected 1 to 1024"},
        {"#pragma cupel launch k<<<1, (1, 1, 65)>>>()\n", "the block's z is 65; expected 1 to 64"},
        {"#pragma cupel launch k<<<1, (64, 32)>>>()\n", "a block of 2048 threads"},
        {"#pragma cupel launch k<<<1, (1, 1, 1, 1)>>>()\n", "three extents at most"},
        {"#pragma cupel scratch float s[4]\n", "declares no launch"},
        {"#pragma cupel scratch flot s[4]\n" + launch, "did you mean `float`?"},
        {"#pragma cupel scratch struct thing s[4]\n" + launch, "unknown type `struct thing`"},
        {"#pragma cupel scratch float s\n" + launch, "expected `[`"},
        {"#pragma cupel scratch float[4]\n" + launch, "expected a type, a name"},
        {"#pragma cupel scratch [4]\n" + launch, "expected a type, a name"},
        {"#pragma cupel scratch float s[0]\n" + launch, "at least one"},
        {"#pragma cupel scratch float s[4\n" + launch, "expected `]`"},
        {"#pragma cupel scratch float s[4] s\n" + launch, "nothing more after the scratch"},
        {"#pragma cupel scratch float x[4]\n" + launch, "`x` is the name of a tensor"},
        {"#pragma cupel scratch float N[4]\n" + launch, "`N` is the name of a size"},
        {"#pragma cupel scratch float s[4]\n#pragma cupel scratch int s[4]\n" + launch,
         "`s` is the name of another scratch"},
        {"#pragma cupel scratch float s[1 << 28]\n" + launch, "expected `]`"},
        {"#pragma cupel scratch char s[BIG]\n" + launch, "of scratch; all together may be"},
        {"#pragma cupel scratch char s[N][BIG]\n" + launch, "of scratch; all together may be"},
        {"#pragma cupel scratch char s[B * B * 64]\n#pragma cupel scratch char t[1]\n" + launch,
         "all together may be"},
    };
    for (const auto& [text, words] : cases)
        EXPECT_THAT(refusal_of(text), HasSubstr(words)) << text;
    std::string many;
    for (std::size_t i = 0; i <= kMaxLaunches; i++)
        many += launch;
    EXPECT_THAT(refusal_of(many), AllOf(HasSubstr("mine.cu:65:"), HasSubstr("at most 64")));
    EXPECT_THAT(refusal_of(launch + '\0'), HasSubstr("NUL byte"));
    auto large = read_device_plan(kTask, std::string(kMaxDeviceSource + 1, ' '), "mine.cu");
    EXPECT_TRUE(std::holds_alternative<Rejection>(large));
}

TEST(DevicePlan, WrongValuesAreErrorsAtTheirPlace) {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"N / 0", "mine.cu:1:28: error: division by zero"},
        {"N % (B - B)", "division by zero"},
        {"ceil(N / 0)", "division by zero"},
        {"BIG * 4", "does not fit 64 bits"},
        {"BIG + BIG", "does not fit 64 bits"},
        {"-BIG - BIG - 1", "does not fit 64 bits"},
        {"(-BIG - BIG) / -1", "does not fit 64 bits"},
        {"ceil(BIG / N * BIG)", "does not fit 64 bits"},
        {"99999999999999999999", "does not fit 64 bits"},
        {"0", "the grid's x is 0; expected 1 to 2147483647"},
        {"N - B", "the grid's x is -3096"},
        {"BIG", "expected 1 to 2147483647"},
        {"(1, 65536)", "the grid's y is 65536; expected 1 to 65535"},
        {"1.5", "expected an integer, found `1.5`"},
        {"12u", "`12u` is no integer"},
        {"010", "octal"},
        {"floor(N)", "`floor` is no function here"},
        {"ceil(N / 3 % 2)", "`%` of a fraction"},
        {"min(N)", "expected `,`"},
        {"x", "`x` is a tensor"},
        {std::string(100, '(') + "1" + std::string(100, ')'), "nested too deeply"},
        {std::string(100, '-') + "1", "nested too deeply"},
    };
    for (const auto& [text, words] : cases)
        EXPECT_THAT(refused_grid(text), HasSubstr(words)) << text;
}

TEST(DevicePlan, TheEmulatorsKernelsAreAccepted) {
    struct Case {
        const char* file;
        task::Task task;
        std::size_t launches;
        std::size_t scratches;
    };
    const std::vector<std::pair<std::string, std::int64_t>> square = {
        {"M", 128}, {"N", 128}, {"K", 64}};
    const std::vector<Case> cases = {
        {"barrier_pipeline", named_task({{"N", 4096}}, {"x"}, {"y"}), 1, 0},
        {"dot_f64", named_task({{"N", 4096}}, {"a", "b"}, {"y"}), 2, 1},
        {"flash_attention", named_task({{"S", 64}, {"H", 2}}, {"q", "k", "v"}, {"o"}), 1, 0},
        {"gemm_mma", named_task(square, {"a", "b"}, {"c"}), 1, 0},
        {"gemm_split_k", named_task(square, {"a", "b"}, {"c"}), 1, 0},
        {"gemm_wmma", named_task(square, {"a", "b"}, {"c"}), 1, 0},
        {"halves", named_task({{"N", 256}}, {"xh", "xb"}, {"yh", "yb"}), 2, 0},
        {"histogram_last_block", named_task({{"N", 256}, {"blocks", 4}}, {"x"}, {"counts", "sums"}),
         1, 2},
        {"layernorm_vec4", named_task({{"B", 3}, {"N", 256}}, {"x", "scale", "shift"}, {"y"}), 1,
         0},
        {"reduce_groups", named_task({{"B", 3}, {"N", 9}}, {"x"}, {"sums", "most", "negatives"}), 1,
         0},
        {"scan_lookback", named_task({{"N", 5000}}, {"x"}, {"y"}), 1, 2},
        {"softmax_warp", named_task({{"B", 3}, {"N", 77}}, {"x"}, {"y"}), 1, 0},
        {"transpose", named_task({{"M", 40}, {"N", 50}}, {"x"}, {"y"}), 1, 0},
    };
    for (const auto& [file, task, launches, scratches] : cases) {
        const auto source =
            os::read_file(fmt::format("{}/src/emulator/kernels/{}.cu", CUPEL_ROOT, file));
        ASSERT_TRUE(source.has_value()) << file;
        task::Task bytes = task;  // these names stand for elements of many types
        for (task::Tensor& tensor : bytes.tensors)
            tensor.type = task::Type::I8;
        const auto plan = plan_of(*source, bytes);
        EXPECT_EQ(plan.launches.size(), launches) << file;
        EXPECT_EQ(plan.scratch.size(), scratches) << file;
    }
}

TEST(DevicePlan, MutatedTextsNeverCrash) {
    const std::string seed =
        "/* a */ #define X \"(\" \n#pragma cupel scratch std::uint64_t s[ceil(N / 512)][2]\n"
        "const char* r = R\"q(\n#pragma cupel)q\"; int i = 1'000; // end \\\n more\n"
        "#if 1\n#endif\n"
        "#pragma cupel launch k<<<dim3(ceil(N / 128), min(B, 4)), {32, 2}, \\\n 4 * N>>>(x, s, y, "
        "-1e-5f, B % 3)\n";
    constexpr std::string_view kPieces = "(){}[]<>,;#\"'\\\n/*+-%.0129eEfxRNB \r\xff:";
    std::mt19937 random(20);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same texts every time
    std::size_t accepted = 0;
    for (int round = 0; round < 20'000; round++) {
        std::string text = seed;
        for (auto edits = random() % 6; edits < 6; edits++) {
            if (text.empty()) break;
            const auto at = random() % text.size();
            const char piece = kPieces[random() % kPieces.size()];
            switch (random() % 4) {
                case 0:
                    text[at] = piece;
                    break;
                case 1:
                    text.insert(at, 1 + random() % 3, piece);
                    break;
                case 2:
                    text.erase(at, 1 + random() % 4);
                    break;
                default:
                    text.resize(at + 1);
            }
        }
        auto read = read_device_plan(kTask, text, "mine.cu");
        if (const auto* rejection = std::get_if<Rejection>(&read))
            ASSERT_FALSE(rejection->reason.empty());
        else
            accepted++;
    }
    EXPECT_GT(accepted, 0U);
}

}  // namespace
}  // namespace cupel::target
