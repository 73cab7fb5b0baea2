// SPDX-License-Identifier: Apache-2.0
#include "target/object_code.hpp"

#include <gtest/gtest.h>

#include "os/child.hpp"
#include "target/cpu.hpp"
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
