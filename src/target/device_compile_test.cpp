// SPDX-License-Identifier: Apache-2.0
#include "target/device_compile.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "base/hash.hpp"
#include "os/files.hpp"
#include "target/device_ptx.hpp"
#include "target/device_test_task.hpp"
#include "target/test_cache.hpp"

namespace cupel::target {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

const char* const kDeviceGood =
    "#pragma cupel launch scale<<<1, 32>>>(x, y, N)\n"
    "extern \"C\" __global__ void scale(const float* x, float* y, int n) {\n"
    "    if (threadIdx.x < N) y[threadIdx.x] = 2 * x[threadIdx.x];\n}\n";

// With each compiler that this machine has.
class DeviceCompile : public PrivateCache, public testing::WithParamInterface<const char*> {
protected:
    void SetUp() override {
        setenv("CUPEL_DEVICE_CXX", GetParam(), 1);
        auto found = find_device_compiler();
        unsetenv("CUPEL_DEVICE_CXX");
        if (!found) GTEST_SKIP() << found.error().text;
        compiler_ = *found;
        EXPECT_EQ(compiler_.kind, GetParam());
        EXPECT_FALSE(compiler_.version.empty());
    }

    DeviceArtefact compiled(const std::string& source, const std::string& name = "mine.cu") {
        auto made = compile_device(task_, source, name, compiler_);
        if (!made) {
            ADD_FAILURE() << made.error().text;
            return {};
        }
        if (const auto* rejection = std::get_if<Rejection>(&*made)) {
            ADD_FAILURE() << rejection->reason << "\n" << rejection->diagnostics;
            return {};
        }
        return std::get<DeviceArtefact>(*made);
    }
    Rejection refused(const std::string& source, const CompileLimits& limits = {}) {
        auto made = compile_device(task_, source, "mine.cu", compiler_, limits);
        if (!made) {
            ADD_FAILURE() << made.error().text;
            return {};
        }
        if (std::holds_alternative<DeviceArtefact>(*made)) {
            ADD_FAILURE() << "compiled: " << source;
            return {};
        }
        return std::get<Rejection>(*made);
    }

    task::Task task_ = named_task({{"B", 3}, {"N", 77}}, {"x"}, {"y"});
    DeviceCompiler compiler_;
};

TEST_P(DeviceCompile, AGoodKernelBecomesPtxWithTheAuthorsLines) {
    const auto made = compiled(kDeviceGood);
    EXPECT_EQ(entry_for(made.ptx, "scale"), "scale");
    EXPECT_EQ(made.ptx_hash, hash_hex(made.ptx));
    EXPECT_THAT(made.ptx, HasSubstr(".target sm_90"));
    EXPECT_THAT(made.ptx, HasSubstr("\"mine.cu\""));
    EXPECT_THAT(made.ptx, testing::ContainsRegex("\\.loc\t[12] 3 "));
    EXPECT_THAT(made.ptx, Not(HasSubstr("/source")));
    EXPECT_EQ(made.warnings, "");
    EXPECT_FALSE(made.cached);
    EXPECT_GT(made.seconds, 0);
    EXPECT_THAT(made.compiler, HasSubstr("sm_90"));
}

TEST_P(DeviceCompile, AByteOrderMarkIsNoPartOfTheText) {
    EXPECT_EQ(entry_for(compiled(std::string("\xEF\xBB\xBF") + kDeviceGood).ptx, "scale"), "scale");
}

TEST_P(DeviceCompile, TheEmulatorsKernelsCompile) {
    for (const char* name : {"softmax_warp", "gemm_wmma", "halves"}) {
        const auto source =
            os::read_file(fmt::format("{}/src/emulator/kernels/{}.cu", CUPEL_ROOT, name));
        ASSERT_TRUE(source.has_value()) << name;
        const auto made = compiled(*source);
        EXPECT_FALSE(ptx_entries(made.ptx).empty()) << name;
        EXPECT_EQ(made.warnings, "") << name;
    }
}

TEST_P(DeviceCompile, SizesInfinityAndCommonHeadersAreThere) {
    const auto made = compiled(
        "#include <cstdint>\n#include <cmath>\n#include <cfloat>\n#include <climits>\n"
        "#include <math.h>\n#include <stdint.h>\n#include <cuda_runtime.h>\n#include <cstdio>\n"
        "template <int N> __device__ int twice() { return 2 * N; }\n"
        "__global__ void k(float* y, int B, std::int64_t* z) {\n"
        "    static_assert(N == 77);\n"
        "    y[0] = -INFINITY + NAN + FLT_MAX + sqrtf(2.0f) + B;\n"
        "    z[0] = INT64_MAX - INT_MAX + twice<3>();\n    uint8_t small = UINT8_MAX;\n"
        "    z[1] = small;\n}\n");
    EXPECT_EQ(plain_name(entry_for(made.ptx, "k")), "k");
    EXPECT_NE(entry_for(made.ptx, "k"), "k");
}

TEST_P(DeviceCompile, MathematicsIsThereUnasked) {
    const auto made = compiled(
        "constexpr float kLow = -INFINITY;\n"
        "__constant__ int8_t kSteps[2] = {-1, 1};\n"
        "__global__ void k(float* y, double* z, int* i, int64_t* l, int16_t* s) {\n"
        "    y[0] = M_E + M_LOG2E + M_LOG10E + M_LN2 + M_LN10 + M_PI + M_PI_2 + M_PI_4;\n"
        "    y[1] = M_1_PI + M_2_PI + M_2_SQRTPI + M_SQRT2 + M_SQRT1_2 + kLow + kSteps[i[0]];\n"
        "    z[0] = std::sqrt(i[1]) + std::log(l[0]) + std::pow(2, i[2]) + sqrt(N);\n"
        "    i[3] = std::abs(i[3]) + std::isnan(y[2]) + std::isinf(z[1]) + std::signbit(y[3]);\n"
        "    z[2] = std::fmax(y[4], 1.0) + std::erf(z[2]) + std::fma(z[3], 2.0, z[4]);\n"
        "    l[1] = std::lrint(y[5]) + std::min(l[2], l[3]) + s[0];\n}\n");
    EXPECT_EQ(plain_name(entry_for(made.ptx, "k")), "k");
    EXPECT_EQ(made.warnings, "");
}

TEST_P(DeviceCompile, MathematicsOfFloatsStaysInFloats) {
    const auto made = compiled(
        "#include <cmath>\n#include <algorithm>\n"
        "__global__ void k(float* y) {\n"
        "    float v = y[0];\n"
        "    v = std::exp(v) + std::log1p(v) + std::pow(v, y[1]) + std::erfc(v) + std::tanh(v);\n"
        "    v += std::fabs(v) + std::abs(v) + std::fma(v, 2.0f, v) + std::hypot(v, y[2]);\n"
        "    v += std::rint(v) + std::ldexp(v, 3) + std::copysign(v, y[3]) + std::roundf(v);\n"
        "    y[4] = std::max(v, std::min(y[5], INFINITY));\n}\n");
    EXPECT_THAT(made.ptx, HasSubstr(".f32"));
    EXPECT_THAT(made.ptx, Not(HasSubstr("ld.global.f64")));
    EXPECT_THAT(made.ptx, Not(HasSubstr("cvt.f64.f32")));
    EXPECT_EQ(made.warnings, "");
}

TEST_P(DeviceCompile, AlgorithmsOfTwoAreOfTheDevice) {
    const auto made = compiled(
        "#include <algorithm>\n#include <utility>\n"
        "__global__ void k(float* y) {\n"
        "    y[0] = std::max(y[0], std::min(y[1], y[2]));\n"
        "    y[3] = std::clamp(y[3], -1.0f, 1.0f);\n}\n");
    EXPECT_EQ(plain_name(entry_for(made.ptx, "k")), "k");
    EXPECT_THAT(made.ptx, Not(HasSubstr("max.f32")));  // which has another answer for NaN
}

TEST_P(DeviceCompile, NvidiasMathematicsIsIncludedInSilence) {
    if (std::string_view(GetParam()) == "clang") GTEST_SKIP() << "one include is enough";
    const auto made = compiled(
        "#include <climits>\n#include <cuda/std/climits>\n#include <cuda/std/cmath>\n"
        "__global__ void k(float* y) {\n"
        "    y[0] = cuda::std::exp(y[0]) + INFINITY;\n    y[1] = std::erf(y[1]) + NAN;\n}\n");
    EXPECT_EQ(made.warnings, "");
}

TEST_P(DeviceCompile, HeadersOfTypesAreThoseOfNvidia) {
    if (std::string_view(GetParam()) == "clang") GTEST_SKIP() << "they are NVIDIA's own";
    const auto made = compiled(
        "#include <limits>\n#include <type_traits>\n#include <utility>\n"
        "template <class T> __device__ T low() { return std::numeric_limits<T>::lowest(); }\n"
        "__global__ void k(float* y) {\n"
        "    static_assert(std::is_same_v<std::remove_const_t<const float>, float>);\n"
        "    auto both = std::pair<float, float>(low<float>(), 1.0f);\n"
        "    y[0] = std::move(both.first);\n}\n");
    EXPECT_EQ(plain_name(entry_for(made.ptx, "k")), "k");
}

TEST_P(DeviceCompile, ErrorsCarryTheAuthorsFileNameAndLine) {
    const auto refusal =
        refused(std::string(kDeviceGood) + "__global__ void wrong(float* y) { y[0] = nothing; }\n");
    EXPECT_THAT(refusal.diagnostics, AnyOf(HasSubstr("mine.cu(5)"), HasSubstr("mine.cu:5:")));
    EXPECT_THAT(refusal.diagnostics, Not(HasSubstr("/source")));
    EXPECT_THAT(refusal.reason, HasSubstr("does not compile: "));
    EXPECT_THAT(refusal.reason, HasSubstr("nothing"));
}

TEST_P(DeviceCompile, FilesOfAKernelAreNamedWithTheirOwnLines) {
    const std::string head = "#line 1 \"mine.cu\"\n#line 1 \"parts/tile.cuh\"\n";
    const std::string tail =
        "#line 2 \"mine.cu\"\n__global__ void late(float* y) { y[0] = sum(1); }\n";
    const auto right = compiled(head +
                                "__device__ float sum(float v) { return v; }\n"
                                "__global__ void early(float* y) { y[1] = 2; }\n" +
                                tail);
    EXPECT_THAT(right.ptx, HasSubstr("\"mine.cu\""));
    EXPECT_THAT(right.ptx, HasSubstr("\"parts/tile.cuh\""));
    EXPECT_THAT(right.ptx, Not(HasSubstr("/parts/tile.cuh")));
    const auto wrong = refused(head + "\n__device__ float sum(float v) { return w; }\n" + tail);
    EXPECT_THAT(wrong.diagnostics,
                AnyOf(HasSubstr("parts/tile.cuh(2): error"), HasSubstr("parts/tile.cuh:2:")));
    EXPECT_THAT(refused(head + "#include <vector>\n" + tail).diagnostics,
                HasSubstr("parts/tile.cuh:1:10: error: host code"));
}

TEST_P(DeviceCompile, HostCodeIsRefusedWithItsLine) {
    const std::vector<std::string> texts = {
        "int plain() { return 1; }\n",
        "int main() { return 0; }\n",
        "__device__ void start(float* y) { scale<<<1, 1>>>(y, y, 1); }\n",
        "#include <vector>\n",
        "namespace a {\nvoid f(float* p)\n{\n}\n}\n",
    };
    for (const auto& text : texts) {
        const auto refusal = refused(kDeviceGood + text);
        EXPECT_THAT(refusal.reason, HasSubstr("host code: ")) << text;
        EXPECT_THAT(refusal.reason, HasSubstr("#pragma cupel launch")) << text;
        EXPECT_THAT(refusal.diagnostics, AnyOf(HasSubstr("mine.cu:5:"), HasSubstr("mine.cu(5)"),
                                               HasSubstr("mine.cu:6:"), HasSubstr("mine.cu(6)")))
            << text;
    }
}

TEST_P(DeviceCompile, LambdasInAKernelAreOfTheDeviceWhateverTheyTake) {
    const std::string kernel =
        "extern \"C\" __global__ void k(float* y) {\n"
        "    auto fold = [&](float v, auto op) { return op(op(v, y[1]), y[2]); };\n"
        "    y[0] = fold(y[0], [](float a, float b) { return a + b; });\n}\n";
    EXPECT_EQ(entry_for(compiled(kernel).ptx, "k"), "k");
    // It excuses no other function.
    for (const char* text : {"float plain(float* p) { return p[0]; }\n",
                             "float plain(float p[], int n) { return p[n]; }\n",
                             "float plain(float a) { return [&](auto b) { return b; }(a); }\n"})
        EXPECT_THAT(refused(kernel + text).reason, HasSubstr("host code: ")) << text;
}

TEST_P(DeviceCompile, LambdasMaySayThatTheyAreOfTheDevice) {
    const auto made = compiled(
        "template <class F> [[nodiscard]] __device__ float apply(F f, float v) { return f(v); }\n"
        "extern \"C\" __global__ void k(float* y) {\n"
        "    auto add = [] __device__ (float a, float b) { return a + b; };\n"
        "    y[0] = apply([=] __device__(float v) { return add(v, y[1]); }, y[2]);\n"
        "    y[3] = apply([c = y[4]] __host__ __device__ (float v) { return v * c; }, y[5]);\n}\n");
    EXPECT_EQ(entry_for(made.ptx, "k"), "k");
    EXPECT_EQ(made.warnings, "");
}

TEST_P(DeviceCompile, AFileWithoutAKernelIsRefused) {
    EXPECT_THAT(refused("__device__ int f() { return 1; }\n").reason, HasSubstr("no kernel"));
    EXPECT_THAT(refused("").reason, HasSubstr("no kernel"));
    EXPECT_THAT(refused(std::string(kDeviceGood) + '\0').reason, HasSubstr("NUL byte"));
    EXPECT_THAT(refused(std::string(std::size_t{5} << 20, ' ')).reason, HasSubstr("larger than"));
}

TEST_P(DeviceCompile, FilesOfTheHostCannotBeRead) {
    for (const char* path : {"/etc/passwd", "/proc/self/environ", "/etc/shadow"}) {
        const auto include = refused(fmt::format("#include \"{}\"\n{}", path, kDeviceGood));
        EXPECT_THAT(include.diagnostics,
                    AnyOf(HasSubstr("open source file"), HasSubstr("No such file"),
                          HasSubstr("file not found")))
            << path;
        EXPECT_THAT(include.diagnostics, Not(HasSubstr("root:"))) << path;
        const auto probe = compiled(
            fmt::format("#if __has_include(\"{}\")\n#error seen\n#endif\n{}", path, kDeviceGood));
        EXPECT_FALSE(probe.ptx.empty()) << path;
    }
}

TEST_P(DeviceCompile, BombsEndInARejection) {
    if (compiler_.kind == "clang") GTEST_SKIP() << "16 s: in the same cell as the others";
    const CompileLimits limits{.time = std::chrono::seconds(4), .memory_bytes = 1ULL << 30};
    const std::string doubling =
        "template <int D, int I> struct T { static constexpr long v = T<D-1,2*I>::v + "
        "T<D-1,2*I+1>::v; };\n"
        "template <int I> struct T<0,I> { static constexpr long v = I; };\n"
        "__global__ void k(long* y) { y[0] = T<28,0>::v; }\n";
    EXPECT_THAT(refused(doubling, {.time = std::chrono::milliseconds(1500)}).reason,
                HasSubstr("compiling took longer than"));
    const auto narrow = refused(doubling, {.memory_bytes = 600 << 20});
    EXPECT_EQ(narrow.reason, "compiling took more memory than 600 MiB");
    EXPECT_FALSE(refused("template <int I> struct A { static constexpr int v = A<I + 1>::v; };\n"
                         "__global__ void k(int* y) { y[0] = A<0>::v; }\n",
                         limits)
                     .reason.empty());
    EXPECT_FALSE(refused("#include \"kernel.cu\"\n", limits).reason.empty());
    const auto large = refused(kDeviceGood, {.file_bytes = 600});
    EXPECT_EQ(large.reason, "the PTX is larger than 600 B");
}

TEST_P(DeviceCompile, TheSecondCompilationComesFromTheCache) {
    const auto source = std::string(kDeviceGood) + "#warning look here\n";
    const auto first = compiled(source);
    EXPECT_THAT(first.warnings, AnyOf(HasSubstr("mine.cu(5)"), HasSubstr("mine.cu:5:")));
    const auto second = compiled(source);
    EXPECT_TRUE(second.cached);
    EXPECT_EQ(second.ptx, first.ptx);
    EXPECT_EQ(second.warnings, first.warnings);
    // Under another name the same text is the same entry, and is called by that name.
    const auto renamed = compiled(source, "theirs \"\n.cu");
    EXPECT_TRUE(renamed.cached);
    EXPECT_THAT(renamed.ptx, HasSubstr("\"theirs __.cu\""));
    // Launches are not the compiler's.
    EXPECT_TRUE(compiled("#pragma cupel launch scale<<<9, 32>>>(x, y, N)" +
                         source.substr(source.find('\n')))
                    .cached);
    task_.sizes[1].value = 78;
    EXPECT_FALSE(compiled(source).cached);
}

TEST_P(DeviceCompile, ADamagedCacheEntryIsCompiledAgain) {
    const auto first = compiled(kDeviceGood);
    std::size_t damaged = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(os::cache_folder().value())) {
        if (entry.path().filename() != "kernel.ptx") continue;
        std::ofstream(entry.path(), std::ios::app) << "// more\n";
        damaged++;
    }
    EXPECT_EQ(damaged, 1U);
    const auto again = compiled(kDeviceGood);
    EXPECT_FALSE(again.cached);
    EXPECT_EQ(again.ptx, first.ptx);
    EXPECT_TRUE(compiled(kDeviceGood).cached);
}

INSTANTIATE_TEST_SUITE_P(By, DeviceCompile, testing::Values("nvrtc", "nvcc", "clang"),
                         [](const auto& each) { return std::string(each.param); });

TEST(FindDeviceCompiler, AForcedOneThatIsMissingSaysWhatToInstall) {
    setenv("CUPEL_DEVICE_CXX", "none", 1);
    const auto none = find_device_compiler();
    setenv("CUPEL_DEVICE_CXX", "gcc", 1);
    const auto wrong = find_device_compiler();
    unsetenv("CUPEL_DEVICE_CXX");
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().code, Errc::Missing);
    ASSERT_FALSE(wrong.has_value());
    EXPECT_EQ(wrong.error().code, Errc::Usage);
    EXPECT_THAT(wrong.error().text, HasSubstr("expected nvrtc, nvcc, clang or none"));
}

TEST(EntryFor, KernelsAreFoundByTheirPlainNames) {
    const char* const ptx =
        ".visible .entry k(\n.weak .entry _Z1tILi4EEvPi(\n.visible .entry _ZN1a1qEPi(\n"
        ".entry _ZN12_GLOBAL__N_11pEv(\n// .entry comment(\n.entry _Z1dPi(.entry _Z1dPf(\n"
        ".entry _ZL5quietv(\n.func .entryless(\n\"\n.entry string(\n\"\n.entry";
    EXPECT_EQ(entry_for(ptx, "k"), "k");
    EXPECT_EQ(entry_for(ptx, "t"), "_Z1tILi4EEvPi");
    EXPECT_EQ(entry_for(ptx, "q"), "_ZN1a1qEPi");
    EXPECT_EQ(entry_for(ptx, "p"), "_ZN12_GLOBAL__N_11pEv");
    EXPECT_EQ(entry_for(ptx, "quiet"), "_ZL5quietv");
    for (const char* name : {"d", "comment", "string", "less", "", "a", "kk", "_Z1dPi "})
        EXPECT_EQ(entry_for(ptx, name), "") << name;
    EXPECT_EQ(plain_name("_Z99999999999999999999k"), "");
    EXPECT_EQ(plain_name("_ZN3abc"), "abc");
    EXPECT_EQ(plain_name("_Z"), "");
}

TEST(RenameFile, FoldersBeforeFilesOfTheKernelAreTakenAway) {
    EXPECT_EQ(
        rename_files(
            ".file 1 \"/tile.cuh\"\n.file 2 \"/a b/parts/tile.cuh\"\n.file 3 \"/my_tile.cuh\"\n"
            ".file 4 \"\n.file",
            "/a", "b", {"parts/tile.cuh", "tile.cuh"}),
        ".file 1 \"tile.cuh\"\n.file 2 \"parts/tile.cuh\"\n.file 3 \"/my_tile.cuh\"\n.file 4 "
        "\"\n.file");
}

TEST(RenameFile, OnlyFileLinesAreChanged) {
    EXPECT_EQ(rename_files("\t.file\t1 \"/a\"\n\"/a\"\n.file 2 \"/ab\"", "/a", "b"),
              "\t.file\t1 \"b\"\n\"/a\"\n.file 2 \"/ab\"");
    EXPECT_EQ(rename_files("", "/a", "b"), "");
}

}  // namespace
}  // namespace cupel::target
