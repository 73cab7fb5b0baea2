// SPDX-License-Identifier: Apache-2.0
#include "target/object_code.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/child.hpp"
#include "target/cpu.hpp"
#include "target/device_axes.hpp"
#include "target/loop_depth.hpp"
#include "target/test_cache.hpp"

namespace cupel::target {
namespace {

TEST(ObjectCode, CountsArithmeticOfRealsByWhatItWorksOn) {
    const ObjectCode code = read_disassembly(
        "kernel.so:     file format elf64-x86-64\n\n0000000000001130 <kernel>:\n"
        "    1130:\tvfmadd231ps %zmm1,%zmm2,%zmm0\n"
        "    1136:\tvaddps (%rdi),%ymm1,%ymm1\n"
        "    113a:\tmulss  %xmm1,%xmm0\n"
        "    113e:\tvmaxsd %xmm1,%xmm0,%xmm0\n"
        "    1142:\tvmovaps %zmm0,(%rsi)\n"
        "    1148:\tvpaddd %ymm0,%ymm1,%ymm1\n"
        "    114c:\tcall   1050 <expf@plt>\n"
        "    1151:\tcall   1130 <kernel>\n"
        "    1156:\tjmp    1050 <expf@plt>\n");
    EXPECT_EQ(code.packed, 2);
    EXPECT_EQ(code.scalar, 2);
    EXPECT_EQ(code.widest, 64);
    EXPECT_EQ(code.calls, (std::map<std::string, int>{{"expf", 2}}));
}

TEST(ObjectCode, ReadsHowAKernelWorks) {
    const ObjectCode code = read_disassembly(
        "0000000000001130 <kernel>:\n"
        "    1130:\tcall   1050 <GOMP_parallel@plt>\n"
        "    1135:\tjmp    1130 <kernel>\n"
        "0000000000001200 <kernel._omp_fn.0>:\n"
        "    1200:\tprefetcht1 (%rdi)\n"
        "    1204:\tvfmadd231ps %zmm1,%zmm2,%zmm0\n"
        "    120a:\tvfmadd231ps %zmm1,%zmm2,%zmm3\n"
        "    120e:\tvfmadd231ps %zmm1,%zmm2,%zmm4\n"
        "    1210:\tjne    1204 <kernel._omp_fn.0+0x4>\n"
        "    1214:\tjb     1204 <kernel._omp_fn.0+0x4>\n"
        "    1218:\tjle    1130 <kernel>\n"
        "    121a:\tvmovntps %zmm0,(%rsi)\n"
        "    1220:\tjne    1200 <kernel._omp_fn.0>\n"
        "    1222:\tvgatherdps (%rax,%zmm1,4),%zmm2{%k1}\n");
    EXPECT_EQ(code.accumulators, 3);
    EXPECT_EQ(code.depth, 2);
    EXPECT_EQ(code.streamed, 1);
    EXPECT_EQ(code.gathers, 1);
    EXPECT_EQ(code.prefetches, 1);
    EXPECT_EQ(axes_of(code), "parallel 512-bit narrow streamed depth2 fp32");
    EXPECT_EQ(axes_of({}), "single scalar untiled direct depth0 fp32");
}

// What this machine's compiler makes of three ways to write one function.
class CompiledAxes : public PrivateCache {
protected:
    std::string axes(const std::string& source) {
        const CompileRequest request{.source = source,
                                     .file_name = "mine.cpp",
                                     .header =
                                         "#pragma once\n#include <cstdint>\n"
                                         "extern \"C\" void kernel(const float* x, float* y);\n"};
        auto compiled = compile(request, compiler_);
        if (!compiled || !std::holds_alternative<Artefact>(*compiled)) {
            ADD_FAILURE() << source;
            return "";
        }
        const auto code = object_code(std::get<Artefact>(*compiled).object);
        return code && *code ? axes_of(**code) : "";
    }

private:
    Compiler compiler_ = find_compiler().value();
};

TEST_F(CompiledAxes, AreOfWhatTheCompilerMadeAndNotOfTheText) {
    const std::string chain = axes(
        "extern \"C\" void kernel(const float* x, float* y) {\n"
        "    float s = 0;\n    for (int i = 0; i < 4096; ++i) s = s * 0.5F + x[i];\n"
        "    y[0] = s;\n}\n");
    const std::string map = axes(
        "extern \"C\" void kernel(const float* x, float* y) {\n"
        "#pragma omp parallel for\n"
        "    for (int i = 0; i < 4096; ++i) y[i] = 2 * x[i] + y[i];\n}\n");
    if (chain.empty()) GTEST_SKIP() << "no objdump";
    EXPECT_EQ(chain.substr(0, chain.find(" depth")), "single scalar untiled direct");
    EXPECT_THAT(map, testing::MatchesRegex("parallel (128|256|512)-bit .* depth1 fp32"));
}

TEST(LoopDepth, CountsLoopsInEachOther) {
    EXPECT_TRUE(loop_depths({}).empty());
    // Two loops in a third, the second one of them with two `continue`.
    EXPECT_EQ(loop_depths({{.at = 10},
                           {.at = 11},
                           {.at = 12, .to = 11},
                           {.at = 13},
                           {.at = 14, .to = 13},
                           {.at = 15, .to = 13},
                           {.at = 16, .to = 10},
                           {.at = 17, .falls = false}}),
              (std::vector<int>{1, 2, 2, 2, 2, 2, 1, 0}));
    // A block that was moved to the end, and comes back, is no loop; nor is a place elsewhere.
    EXPECT_EQ(loop_depths({{.at = 1, .to = 4},
                           {.at = 2},
                           {.at = 3, .to = 99, .falls = false},
                           {.at = 4},
                           {.at = 5, .to = 2, .falls = false}}),
              (std::vector<int>{0, 0, 0, 0, 0}));
}

TEST(LoopDepth, TakesNoHoursOverWhatSomebodyMade) {
    constexpr std::uint64_t kMany = 100'000;
    std::vector<Step> rings;  // each jumps back to the one at its side of the middle
    for (std::uint64_t i = 0; i < kMany; ++i)
        rings.push_back(
            {.at = i, .to = i < kMany / 2 ? std::optional<std::uint64_t>() : kMany - i});
    EXPECT_EQ(loop_depths(rings).size(), kMany);
}

TEST(DeviceAxes, AreReadFromPtx) {
    const std::string entry = ".visible .entry kernel(\n.param .u64 p\n)\n{\n";
    EXPECT_EQ(axes_of_ptx("", 0), "device scalar direct depth0 fp32 once");
    EXPECT_EQ(axes_of_ptx(entry + "$L__BB0_1:\n"
                                  "\tld.global.nc.v4.f32 \t{%f1, %f2, %f3, %f4}, [%rd1];\n"
                                  "$L__BB0_2:\n\tfma.rn.f32 \t%f1, %f2, %f3, %f4;\n"
                                  "\tshfl.sync.bfly.b32 \t%r1|%p1, %r2, 16, 31, -1;\n"
                                  "\t@%p1 bra \t$L__BB0_2;\n\t@%p2 bra \t$L__BB0_1;\n"
                                  "\tbra.uni \t$L__BB0_3;\n$L__BB0_3:\n\tret;\n}\n",
                          1),
              "device vectors shuffled depth2 fp32 once");
    EXPECT_EQ(axes_of_ptx(entry + "cp.async.cg.shared.global [%r1], [%rd1], 16;\n"
                                  "ld.shared.f32 %f1, [%r1];\n"
                                  "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%f1};\n",
                          2),
              "device scalar pipelined depth0 tensor twice");
    EXPECT_EQ(
        axes_of_ptx(entry + "red.global.add.f32 [%rd1], %f1;\nadd.f64 %fd1, %fd2, %fd3;\n", 1),
        "device scalar direct depth0 fp64 atomic");
    EXPECT_EQ(
        axes_of_ptx(entry + "ld.shared.b32 %r1, [%r1];\nfma.rn.f16x2 %r1, %r2, %r3, %r4;\n", 3),
        "device scalar shared depth0 half often");
    // A place of another function is none to jump back to.
    EXPECT_EQ(axes_of_ptx(entry + "$L1:\n}\n" + entry + "bra $L1;\n}\n", 1),
              "device scalar direct depth0 fp32 once");
}

TEST(ObjectCode, MakesNothingOfWhatIsNoDisassembly) {
    for (const char* words :
         {"", "\n", ":\t", "    1:\t", "call <@plt>", "a:\tcall >@plt><", "a:\tps"}) {
        const ObjectCode code = read_disassembly(words);
        EXPECT_EQ(code.packed + code.scalar, 0);
        EXPECT_TRUE(code.calls.empty());
    }
    EXPECT_EQ(object_code("/nowhere").value_or(std::nullopt).has_value(), false);
}

}  // namespace
}  // namespace cupel::target
