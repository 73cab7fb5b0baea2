// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <thread>

#include "base/text.hpp"
#include "os/files.hpp"
#include "target/build_object.hpp"
#include "target/cpu.hpp"
#include "target/test_cache.hpp"

namespace cupel::target {
namespace {

using testing::HasSubstr;
using testing::Not;

const char* const kHeader =
    "#pragma once\n#include <cstdint>\ninline constexpr std::int64_t N = 64;\n"
    "inline constexpr int kThreads = 2;\n"
    "extern \"C\" void kernel(const float* x, float* y);\n";

const char* const kGood =
    "extern \"C\" void kernel(const float* x, float* y) {\n"
    "#pragma omp parallel for num_threads(kThreads)\n"
    "    for (std::int64_t i = 0; i < N; ++i) y[i] = 2 * x[i];\n}\n";

CompileRequest request(std::string source) {
    return {std::move(source), "mine.cpp", kHeader};
}

class Compile : public PrivateCache {
protected:
    Compiler compiler_ = find_compiler().value();

    Artefact artefact(const std::string& source) {
        auto compiled = compile(request(source), compiler_);
        if (!compiled) {
            ADD_FAILURE() << compiled.error().text;
            return {};
        }
        if (const auto* rejection = std::get_if<Rejection>(&*compiled)) {
            ADD_FAILURE() << rejection->reason << "\n" << rejection->diagnostics;
            return {};
        }
        return std::get<Artefact>(*compiled);
    }
    Rejection rejection(const std::string& source, const CompileLimits& limits = {}) {
        auto built = build(request(source), compiler_, limits);
        if (!built) {
            ADD_FAILURE() << built.error().text;
            return {};
        }
        if (std::holds_alternative<Built>(*built)) {
            ADD_FAILURE() << "compiled";
            return {};
        }
        return std::get<Rejection>(*built);
    }
};

TEST_F(Compile, AGoodKernelLoadsAndComputes) {
    const auto made = artefact(kGood);
    EXPECT_FALSE(made.cached);
    EXPECT_GT(made.seconds, 0);
    // Never unloaded: the threads of OpenMP outlive the call.
    void* const library = dlopen(made.object.c_str(), RTLD_NOW | RTLD_NODELETE);
    ASSERT_NE(library, nullptr) << dlerror();
    using Kernel = void (*)(const float*, float*);
    const auto kernel = reinterpret_cast<Kernel>(dlsym(library, "kernel"));
    ASSERT_NE(kernel, nullptr);
    std::array<float, 64> x{};
    std::array<float, 64> y{};
    std::ranges::fill(x, 1.5F);
    kernel(x.data(), y.data());
    EXPECT_TRUE(std::ranges::all_of(y, [](float value) { return value == 3.0F; }));
}

TEST_F(Compile, TheSecondCompilationComesFromTheCacheWithItsWarnings) {
    const auto source = std::string(kGood) + "static int idle() { return 1; }\n";
    const auto first = artefact(source);
    EXPECT_THAT(first.warnings, HasSubstr("mine.cpp:5:12: warning:"));
    const auto second = artefact(source);
    EXPECT_TRUE(second.cached);
    EXPECT_EQ(second.object, first.object);
    EXPECT_EQ(second.object_hash, first.object_hash);
    EXPECT_EQ(second.warnings, first.warnings);
}

TEST_F(Compile, TheCompilersOwnHeadersRaiseNoAlarm) {
    const auto made = artefact(
        "#if defined(__AVX512F__)\n#include <immintrin.h>\n#endif\n"
        "extern \"C\" void kernel(const float* x, float* y) {\n"
        "#if defined(__AVX512F__)\n"
        "    for (long i = 0; i < N; i += 16)\n"
        "        _mm512_storeu_ps(y + i, _mm512_max_ps(_mm512_loadu_ps(x + i),\n"
        "                                              _mm512_set1_ps(1)));\n"
        "#else\n    for (long i = 0; i < N; ++i) y[i] = x[i];\n#endif\n}\n");
    EXPECT_EQ(made.warnings, "");
}

TEST_F(Compile, TheKeyDependsOnSourceHeaderAndFlags) {
    const auto base = artefact(kGood);
    EXPECT_NE(artefact(std::string(kGood) + "\n").key, base.key);
    auto other_header = request(kGood);
    other_header.header += "\n";
    const auto compiled = compile(other_header, compiler_);
    ASSERT_TRUE(compiled.has_value());
    EXPECT_NE(std::get<Artefact>(*compiled).key, base.key);
    compiler_.flags.emplace_back("-DOTHER");
    EXPECT_NE(artefact(kGood).key, base.key);
}

TEST_F(Compile, ADamagedCacheEntryIsCompiledAgain) {
    const auto first = artefact(kGood);
    {
        std::fstream file(first.object, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(2000);
        file.put('\x5a');
        file.put('\xa5');
    }
    const auto again = artefact(kGood);
    EXPECT_FALSE(again.cached);
    EXPECT_EQ(again.object_hash, first.object_hash);
    EXPECT_TRUE(artefact(kGood).cached);

    std::ofstream(first.object.parent_path() / "record.json") << "{\"object_hash\": 3";
    EXPECT_FALSE(artefact(kGood).cached);
    std::filesystem::remove(first.object);
    EXPECT_FALSE(artefact(kGood).cached);
    EXPECT_TRUE(artefact(kGood).cached);
}

TEST_F(Compile, ErrorsCarryTheAuthorsFileNameAndLine) {
    const auto refused = rejection("#include \"task.hpp\"\n\nint wrong = nothing;\n");
    EXPECT_THAT(refused.diagnostics, HasSubstr("mine.cpp:3:13: error:"));
    EXPECT_THAT(refused.diagnostics, Not(HasSubstr("/source")));
    EXPECT_EQ(refused.reason, "does not compile: 'nothing' was not declared in this scope");
}

TEST_F(Compile, ErrorsCarryTheNamesOfTheFilesThatTheKernelIsMadeOf) {
    const auto refused = rejection(
        "#line 1 \"mine.cpp\"\n#line 1 \"parts/tile.hpp\"\nint a;\nint b = nothing;\n"
        "#line 2 \"mine.cpp\"\nint c = nobody;\n");
    EXPECT_THAT(refused.diagnostics, HasSubstr("parts/tile.hpp:2:9: error: "));
    EXPECT_THAT(refused.diagnostics, HasSubstr("mine.cpp:2:9: error: "));
    EXPECT_THAT(refused.diagnostics, Not(HasSubstr("/source")));
    EXPECT_THAT(refused.reason, HasSubstr("nothing"));
}

TEST_F(Compile, AMissingOrHiddenFunctionIsNamedWithItsDeclaration) {
    const std::string expected =
        "the file does not define `extern \"C\" void kernel(const float* x, float* y)`";
    EXPECT_EQ(rejection("void other() {}\n").reason, expected);
    EXPECT_EQ(rejection("").reason, expected);
    EXPECT_EQ(rejection("void kernel(const float* x, float* y, int n) {}\n").reason, expected);
    EXPECT_EQ(rejection("extern \"C\" __attribute__((visibility(\"hidden\")))\n"
                        "void kernel(const float*, float*) {}\n")
                  .reason,
              expected);
    EXPECT_EQ(rejection("asm(\".globl kernel\\n.data\\nkernel: .quad 1\");\n").reason, expected);
}

TEST_F(Compile, AnUndefinedSymbolIsFoundNowAndNotWhenItIsLoaded) {
    const auto refused = rejection(
        "void elsewhere();\nextern \"C\" void kernel(const float*, float*) { elsewhere(); }\n");
    EXPECT_THAT(refused.reason, HasSubstr("undefined reference to `elsewhere()'"));
}

TEST_F(Compile, FilesOfTheHostCannotBeRead) {
    for (const char* path : {"/etc/passwd", "/proc/self/environ", "/etc/shadow", "/proc/cpuinfo"}) {
        const auto include = rejection(fmt::format("#include \"{}\"\n{}", path, kGood));
        EXPECT_THAT(include.diagnostics, HasSubstr("No such file")) << path;
        const auto incbin =
            rejection(fmt::format("asm(\".data\\n.incbin \\\"{}\\\"\");\n{}", path, kGood));
        EXPECT_THAT(incbin.diagnostics, HasSubstr("not found")) << path;
        const auto probe = artefact(
            fmt::format("#if __has_include(\"{}\")\n#error seen\n#endif\n{}", path, kGood));
        EXPECT_FALSE(probe.key.empty()) << path;
    }
}

// Else one text would be another kernel on the day of the claim, and for everybody who checks it.
TEST_F(Compile, TheTimeOfDayIsNoPartOfAKernel) {
    for (const char* macro : {"__TIME__", "__DATE__", "__TIMESTAMP__"}) {
        const auto text = fmt::format("const char* when = {};\n{}", macro, kGood);
        EXPECT_THAT(rejection(text).diagnostics, HasSubstr(macro));
    }
    const auto silenced = fmt::format(
        "#pragma GCC diagnostic ignored \"-Wdate-time\"\nconst char* when = __TIME__;\n{}", kGood);
    EXPECT_THAT(rejection(silenced).diagnostics, HasSubstr("__TIME__"));
    // Text that calls itself a system header raises no warning; it finds a clock that stands.
    const auto hidden = fmt::format(
        "{}\n# 1 \"hidden.h\" 1 3\n"
        "static_assert(__builtin_strcmp(__DATE__ __TIME__, \"Jan  1 197000:00:00\") == 0);\n",
        kGood);
    EXPECT_FALSE(artefact(hidden).key.empty());
}

TEST_F(Compile, TextThatIsNoSourceIsRefusedAtOnce) {
    EXPECT_THAT(rejection(std::string(kGood) + '\0').reason, HasSubstr("NUL byte"));
    EXPECT_THAT(rejection(std::string(std::size_t{100} << 20, ' ')).reason,
                HasSubstr("larger than"));
    EXPECT_FALSE(rejection("\xff\xfe\x80 garbage \x01").reason.empty());
}

TEST_F(Compile, BombsEndInARejection) {
    const CompileLimits limits{.time = std::chrono::seconds(4), .memory_bytes = 1ULL << 30};
    EXPECT_FALSE(rejection("#include \"kernel.cpp\"\n", limits).reason.empty());
    EXPECT_THAT(rejection("template <int I> struct A { static constexpr int v = A<I + 1>::v; };\n"
                          "int x = A<0>::v;\n",
                          limits)
                    .reason,
                HasSubstr("template instantiation depth"));
    EXPECT_THAT(rejection("constexpr long f() { long n = 0; for (;;) ++n; return n; }\n"
                          "constexpr long x = f();\n",
                          limits)
                    .reason,
                testing::AnyOf(HasSubstr("constexpr"), HasSubstr("longer than")));
    EXPECT_FALSE(rejection("#include \"/dev/zero\"\n", limits).reason.empty());
}

TEST_F(Compile, TimeMemoryAndOutputAreLimited) {
    const std::string doubling =
        "template <int D, int I> struct T { static constexpr long v = T<D-1,2*I>::v + "
        "T<D-1,2*I+1>::v; };\n"
        "template <int I> struct T<0,I> { static constexpr long v = I; };\nlong x = T<25,0>::v;\n";
    EXPECT_EQ(rejection(doubling, {.time = std::chrono::milliseconds(300)}).reason,
              "compiling took longer than 300 ms");
    EXPECT_THAT(rejection(doubling, {.memory_bytes = 300 << 20}).reason,
                HasSubstr("took more memory than 300 MiB"));
    const std::string large = "float table[1 << 22] = {1};\n" + std::string(kGood);
    EXPECT_THAT(rejection(large, {.file_bytes = 4 << 20}).reason,
                HasSubstr("the compiled object is larger than 4.00 MiB"));
}

TEST_F(Compile, FourThreadsCompileAtOnce) {
    std::array<std::string, 4> hashes;
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            threads.emplace_back([&, i] {
                // Two threads each compile the same text.
                const auto made = artefact(kGood + std::string(i / 2, '\n'));
                hashes[i] = made.key + made.object_hash;
            });
        }
    }
    EXPECT_EQ(hashes[0], hashes[1]);
    EXPECT_EQ(hashes[2], hashes[3]);
    EXPECT_NE(hashes[0], hashes[2]);
}

TEST_F(Compile, NoDraftIsLeftInTheCache) {
    const auto made = artefact(kGood);
    for (const auto& entry :
         std::filesystem::directory_iterator(made.object.parent_path().parent_path())) {
        EXPECT_EQ(entry.path().filename(), made.key);
    }
}

TEST(FindCompiler, AMissingCompilerNamesThePackage) {
    setenv("CUPEL_CXX", "no-such-compiler", 1);
    const auto found = find_compiler();
    unsetenv("CUPEL_CXX");
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, Errc::Missing);
    EXPECT_THAT(found.error().text, HasSubstr("apt-get install g++"));
}

TEST(FindCompiler, TheFlagsAreHonest) {
    const auto found = find_compiler();
    ASSERT_TRUE(found.has_value()) << found.error().text;
    EXPECT_FALSE(found->version.empty());
    EXPECT_THAT(found->flags, testing::Contains("-O3"));
    for (const auto& flag : found->flags) {
        EXPECT_THAT(flag, Not(HasSubstr("fast-math")));
        EXPECT_THAT(flag, Not(HasSubstr("unsafe")));
    }
}

}  // namespace
}  // namespace cupel::target
