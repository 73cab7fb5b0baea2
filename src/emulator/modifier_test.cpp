// SPDX-License-Identifier: Apache-2.0
// Modifiers of accesses, fences, barriers and prefetches, as ptxas 13.0 for sm_90 takes and refuses
// them.
#include <gtest/gtest.h>

#include <sstream>

#include "emulator/decoder.hpp"
#include "emulator/testing.hpp"

namespace cupel::emulator {
namespace {

struct Forms {
    std::string operands;
    std::string opcodes;
};

const Forms kTaken[] = {
    {"[%d1];",
     "prefetch.global.L1 prefetch.global.L2 prefetch.local.L1 prefetch.local.L2 prefetch.L1 "
     "prefetch.L2 prefetch.global.L2::evict_last prefetch.global.L2::evict_normal "
     "prefetch.L2::evict_last prefetchu.L1"},
    {"[%d1], 128;", "applypriority.global.L2::evict_normal applypriority.L2::evict_normal"},
    {";",
     "fence.gpu fence.cta fence.sys fence.sc.gpu fence.acq_rel.gpu membar.gl membar.cta membar.sys "
     "fence.sc.cta fence.sc.sys fence.acq_rel.cta fence.acq_rel.sys fence.cluster "
     "fence.sc.cluster fence.acq_rel.cluster fence.proxy.async fence.proxy.async.global "
     "fence.proxy.async.shared::cta fence.proxy.async.shared::cluster "
     "fence.mbarrier_init.release.cluster"},
    {"0;",
     "bar.sync bar.cta.sync barrier.sync barrier.sync.aligned barrier.cta.sync "
     "barrier.cta.sync.aligned"},
    {"1, 64;",
     "bar.arrive bar.cta.arrive barrier.arrive barrier.arrive.aligned barrier.cta.arrive "
     "barrier.cta.arrive.aligned"},
    {"%r3, 0, %p1;",
     "bar.red.popc.u32 bar.cta.red.popc.u32 barrier.red.popc.u32 barrier.red.popc.aligned.u32 "
     "barrier.cta.red.popc.aligned.u32 barrier.cta.red.popc.u32"},
    {"%p3, 0, %p1;", "bar.red.and.pred barrier.red.or.aligned.pred barrier.cta.red.or.pred"},
    {"-1;", "bar.warp.sync"},
    {"%r3, [%d1];",
     "ld.relaxed.cluster.global.u32 ld.acquire.cluster.global.u32 "
     "ld.global.ca.u32 ld.global.cg.u32 ld.global.cs.u32 ld.global.lu.u32 ld.global.cv.u32 "
     "ld.global.nc.u32 ld.global.nc.ca.u32 ld.global.nc.cg.u32 ld.global.nc.cs.u32 "
     "ld.global.ca.nc.u32 ld.global.nc.L1::no_allocate.u32 ld.global.L1::no_allocate.u32 "
     "ld.global.L1::evict_last.u32 ld.global.L1::no_allocate.L2::128B.u32 ld.global.L2::128B.u32 "
     "ld.global.L2::64B.u32 ld.global.L2::256B.u32 ld.global.nc.L1::no_allocate.L2::128B.u32 "
     "ld.global.nc.L2::128B.u32 ld.global.ca.L2::128B.u32 ld.global.nc.cg.L2::128B.u32 "
     "ld.global.L2::128B.L1::no_allocate.u32 ld.global.L2::128B.ca.u32 "
     "ld.global.nc.L2::128B.L1::no_allocate.u32 ld.global.L1::no_allocate.nc.u32 "
     "ld.global.L1::evict_unchanged.u32 ld.global.L1::evict_normal.u32 "
     "ld.global.L1::evict_first.u32 ld.global.cs.L2::128B.u32 ld.global.cv.L2::64B.u32 "
     "ld.global.lu.L2::64B.u32 ld.ca.u32 ld.local.ca.u32 ld.const.ca.u32 ld.weak.global.ca.u32 "
     "ld.L1::no_allocate.u32 ld.weak.global.L1::no_allocate.u32 "
     "ld.relaxed.gpu.global.L1::no_allocate.u32 ld.acquire.gpu.global.L1::no_allocate.u32 "
     "ld.cv.u32 ld.local.cv.u32 ld.const.cv.u32 ld.weak.global.cv.u32 ld.L2::128B.u32 "
     "ld.weak.global.L2::128B.u32 ld.relaxed.gpu.global.L2::128B.u32 "
     "ld.acquire.gpu.global.L2::128B.u32 ld.volatile.global.L2::128B.u32 "
     "ld.relaxed.gpu.global.L1::no_allocate.L2::128B.u32 "
     "ld.acquire.gpu.global.L1::no_allocate.L2::128B.u32 "
     "ld.weak.global.L1::no_allocate.L2::128B.u32 ld.relaxed.gpu.global.L1::evict_last.u32 "
     "ld.acquire.gpu.global.L1::evict_last.u32 ld.weak.global.L1::evict_last.u32 "
     "ld.relaxed.gpu.global.L2::64B.u32 ld.acquire.gpu.global.L2::64B.u32 "
     "ld.volatile.global.L2::64B.u32 ld.weak.global.L2::64B.u32 ld.acquire.gpu.global.u32 "
     "ld.relaxed.gpu.global.u32 ld.relaxed.sys.global.u32 ld.acquire.cta.global.u32 "
     "ld.mmio.relaxed.sys.global.u32 ld.gpu.acquire.global.u32 ld.sys.relaxed.global.u32 "
     "ldu.global.u32 ld.global.acquire.gpu.u32 ld.global.relaxed.gpu.u32 ld.global.volatile.u32 "
     "ld.acquire.global.gpu.u32 ld.shared.relaxed.cta.u32 ld.relaxed.cta.shared.u32 "
     "ld.shared::cta.u32 ld.acquire.gpu.shared.u32 ld.volatile.shared.u32 ld.const.u32 "
     "ld.volatile.u32 ld.relaxed.gpu.u32 ld.acquire.gpu.u32 ld.weak.u32 ld.u32 ldu.u32 "
     "ld.weak.param.u32 ld.global.gpu.u32.acquire ld.global.u32.relaxed.gpu "
     "ld.global.u32.volatile"},
    {"%r3, [%r1];", "ld.shared.ca.u32 ld.shared.cv.u32"},
    {"[%d1], %r2;",
     "st.release.gpu.global.u32 st.relaxed.gpu.global.u32 st.weak.global.u32 "
     "st.volatile.global.u32 st.mmio.relaxed.sys.global.u32 st.release.cta.global.u32 "
     "st.relaxed.sys.global.u32 st.global.wb.u32 st.global.cg.u32 st.global.cs.u32 "
     "st.global.wt.u32 st.global.L1::no_allocate.u32 st.global.L1::evict_last.u32 "
     "st.global.L1::evict_unchanged.u32 st.global.L1::evict_first.u32 "
     "st.global.L1::evict_normal.u32 st.weak.global.wb.u32 st.wb.u32 st.local.wb.u32 "
     "st.weak.global.cs.u32 st.cs.u32 st.local.cs.u32 st.relaxed.gpu.global.L1::no_allocate.u32 "
     "st.release.gpu.global.L1::no_allocate.u32 st.weak.global.L1::no_allocate.u32 "
     "st.L1::no_allocate.u32 st.relaxed.gpu.shared.u32 st.release.cta.shared.u32 "
     "st.volatile.shared.u32 st.shared::cta.u32 st.global.release.gpu.u32 st.release.gpu.u32 "
     "st.relaxed.gpu.u32 red.relaxed.gpu.global.add.u32 red.release.gpu.global.add.u32 "
     "red.gpu.global.add.u32 red.relaxed.global.add.u32 red.release.global.add.u32 "
     "red.global.add.u32 red.add.relaxed.gpu.u32 red.add.release.gpu.u32"},
    {"[%r1], %r2;", "st.shared.wb.u32 st.shared.cs.u32"},
    {"%r3, [%d1], %r2;",
     "atom.global.add.u32 atom.acquire.global.add.u32 atom.release.gpu.global.add.u32 "
     "atom.acq_rel.gpu.global.add.u32 atom.relaxed.gpu.global.add.u32 atom.gpu.global.add.u32 "
     "atom.cta.global.add.u32 atom.relaxed.global.add.u32 atom.acq_rel.global.add.u32 "
     "atom.acquire.gpu.global.add.u32 atom.sys.global.add.u32 atom.add.acq_rel.gpu.u32 "
     "atom.add.acq_rel.u32 atom.add.gpu.u32 atom.global.acquire.gpu.add.u32 "
     "atom.global.gpu.add.u32 atom.global.add.gpu.u32 atom.global.add.relaxed.gpu.u32 "
     "atom.global.add.relaxed.u32 atom.global.add.u32.relaxed.gpu"},
    {"[%r1], 1;", "mbarrier.init.shared.b64 mbarrier.init.shared::cta.b64"},
    {"[%d1], 1;", "mbarrier.init.b64"},
    {"[%r1];", "mbarrier.inval.shared.b64 cp.async.mbarrier.arrive.noinc.shared.b64"},
    {"%d3, [%r1];",
     "mbarrier.arrive.shared.b64 mbarrier.arrive.release.cta.shared.b64 "
     "mbarrier.arrive.release.cta.shared::cta.b64"},
    {"%d3, [%d1];", "mbarrier.arrive.release.cta.b64"},
    {"%d3, [%r1], 2;", "mbarrier.arrive.shared.b64"},
    {"%p1, [%r1], %d3;",
     "mbarrier.test_wait.shared.b64 mbarrier.test_wait.acquire.cta.shared.b64 "
     "mbarrier.try_wait.acquire.cta.shared::cta.b64"},
    {"%p1, [%r1], 1;",
     "mbarrier.test_wait.parity.shared.b64 mbarrier.test_wait.parity.acquire.cta.shared.b64 "
     "mbarrier.try_wait.parity.acquire.cta.shared::cta.b64"},
    {"%p1, [%r1], 1, 100;", "mbarrier.try_wait.parity.shared::cta.b64"},
    {"%r3, %p1, -1;", "vote.ballot.sync.b32"},
    {"%p1, %p1, -1;", "vote.sync.all.pred vote.all.sync.pred"},
};

const Forms kRefused[] = {
    {"[%d1];",
     "prefetch.global.L1::evict_last prefetch.local.L2::evict_last prefetchu.L2 prefetchu.L7 "
     "prefetch.const.L1 prefetch.shared.L1 prefetch.global prefetch prefetch.foo.bar"},
    {"[%d1], 128;", "applypriority.global.L2::evict_last applypriority.nonsense"},
    {";",
     "fence.gl fence.sc fence.acq_rel fence.sc.gl membar.acq_rel.gpu membar.gpu membar.sc.gpu "
     "membar fence membar.cluster fence.proxy fence.proxy.async.cta fence.mbarrier_init.cluster "
     "fence.mbarrier_init.release.gpu"},
    {"0;", "bar.cta.sync.aligned bar.sync.aligned bar.sync.cta"},
    {"%r3, 0, %p1;",
     "bar.red.popc.aligned.u32 bar.red.aligned.popc.u32 bar.red.and.u32 bar.red.popc.pred"},
    {"-1;", "barrier.warp.sync bar.cta.warp.sync bar.warp.sync.aligned bar.warp.cta.sync"},
    {"%r3, [%d1];",
     "ld.global.nc.nc.u32 ld.global.ca.cv.u32 ld.global.nc.cv.u32 ld.global.nc.lu.u32 "
     "ld.global.cg.L1::evict_last.u32 ld.global.nc.ca.L1::evict_last.u32 "
     "ld.global.L1::evict_last.L1::evict_first.u32 ld.global.L2::64B.L2::128B.u32 ld.global.wb.u32 "
     "ld.global.wt.u32 ld.relaxed.gpu.global.ca.u32 ld.acquire.gpu.global.ca.u32 "
     "ld.volatile.global.ca.u32 ldu.global.ca.u32 ld.nc.u32 ld.local.nc.u32 ld.const.nc.u32 "
     "ld.weak.global.nc.u32 ld.relaxed.gpu.global.nc.u32 ld.acquire.gpu.global.nc.u32 "
     "ld.volatile.global.nc.u32 ldu.global.nc.u32 ld.local.L1::no_allocate.u32 "
     "ld.const.L1::no_allocate.u32 ld.volatile.global.L1::no_allocate.u32 "
     "ldu.global.L1::no_allocate.u32 ld.relaxed.gpu.global.cv.u32 ld.acquire.gpu.global.cv.u32 "
     "ld.volatile.global.cv.u32 ldu.global.cv.u32 ld.local.L2::128B.u32 ld.const.L2::128B.u32 "
     "ldu.global.L2::128B.u32 ld.volatile.global.L1::no_allocate.L2::128B.u32 "
     "ld.volatile.global.L1::evict_last.u32 ld.acquire.global.u32 ld.relaxed.global.u32 "
     "ld.release.gpu.global.u32 ld.acq_rel.gpu.global.u32 ld.gpu.global.u32 ld.weak.gpu.global.u32 "
     "ld.volatile.gpu.global.u32 ld.weak.volatile.global.u32 ld.mmio.global.u32 "
     "ld.mmio.sys.global.u32 ld.mmio.relaxed.gpu.global.u32 ld.mmio.relaxed.global.u32 "
     "ld.relaxed.cta.gpu.global.u32 ld.volatile.relaxed.gpu.global.u32 "
     "ld.volatile.relaxed.global.u32 ldu.volatile.global.u32 ldu.relaxed.gpu.global.u32 "
     "ld.global.acquire.u32 ld.volatile.const.u32 ld.relaxed.gpu.const.u32 "
     "ld.relaxed.gpu.local.u32 ld.volatile.local.u32 ldu.const.u32 ldu.shared.u32 ld.generic.u32 "
     "ld.volatile.param.u32"},
    {"%r3, [%r1];", "ld.shared.nc.u32 ld.shared.L1::no_allocate.u32 ld.shared.L2::128B.u32"},
    {"[%d1], %r2;",
     "st.acquire.global.u32 st.release.global.u32 st.relaxed.global.u32 st.acquire.gpu.global.u32 "
     "st.acq_rel.gpu.global.u32 st.mmio.global.u32 st.gpu.global.u32 st.volatile.gpu.global.u32 "
     "st.global.ca.u32 st.global.cv.u32 st.global.lu.u32 st.global.nc.u32 st.global.wb.cs.u32 "
     "st.global.L2::128B.u32 st.global.cs.L1::no_allocate.u32 st.global.wb.L1::evict_last.u32 "
     "st.relaxed.gpu.global.wb.u32 st.release.gpu.global.wb.u32 st.volatile.global.wb.u32 "
     "st.relaxed.gpu.global.cs.u32 st.release.gpu.global.cs.u32 st.volatile.global.cs.u32 "
     "st.volatile.global.L1::no_allocate.u32 st.local.L1::no_allocate.u32 st.volatile.local.u32 "
     "st.relaxed.gpu.local.u32 st.const.u32 red.acquire.gpu.global.add.u32 "
     "red.acq_rel.gpu.global.add.u32 red.acquire.global.add.u32 red.volatile.global.add.u32 "
     "red.weak.global.add.u32"},
    {"[%r1], %r2;", "st.shared.L1::no_allocate.u32"},
    {"%r3, [%d1], %r2;",
     "atom.weak.global.add.u32 atom.volatile.global.add.u32 atom.mmio.global.add.u32 "
     "atom.sc.gpu.global.add.u32 atom.relaxed.cta.sys.global.add.u32 "
     "atom.acquire.release.gpu.global.add.u32"},
    {"[%r1], 1;", "mbarrier.init.release.cta.shared.b64"},
    {"[%r1];", "mbarrier.inval.acquire.shared.b64"},
    {"%d3, [%r1];",
     "mbarrier.arrive.release.shared.b64 mbarrier.arrive.cta.shared.b64 "
     "mbarrier.arrive.acquire.cta.shared.b64"},
    {"%p1, [%r1], %d3;",
     "mbarrier.test_wait.acquire.shared.b64 mbarrier.test_wait.cta.shared.b64 "
     "mbarrier.test_wait.release.cta.shared.b64"},
    {"%p1, [%r1], 1;", "mbarrier.test_wait.acquire.cta.parity.shared.b64"},
};

bool decodes(const std::string& instruction) {
    const auto module =
        parse(testing::kernel(".shared .align 16 .b8 s[1024];\n" + instruction), "t");
    EXPECT_TRUE(module) << instruction;
    return module && decode(*module, module->kernels[0]);
}

TEST(Modifiers, ThatAnAssemblerTakesAreKnown) {
    for (const Forms& forms : kTaken) {
        std::istringstream opcodes(forms.opcodes);
        for (std::string one; opcodes >> one;)
            EXPECT_TRUE(decodes(one + " " + forms.operands)) << one << " " << forms.operands;
    }
}

TEST(Modifiers, ThatNoAssemblerTakesAreRefused) {
    for (const Forms& forms : kRefused) {
        std::istringstream opcodes(forms.opcodes);
        for (std::string one; opcodes >> one;)
            EXPECT_FALSE(decodes(one + " " + forms.operands)) << one << " " << forms.operands;
    }
}

}  // namespace
}  // namespace cupel::emulator
