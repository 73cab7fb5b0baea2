// SPDX-License-Identifier: Apache-2.0
#include "cli/briefs.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/device_bound.hpp"
#include "cli/memory.hpp"
#include "device/device.hpp"
#include "schedule/schedule.hpp"

namespace cupel::cli {
namespace {

constexpr std::string_view kDeviceContract =
    "- One file of CUDA C++ device code: kernels (__global__), device functions and constants. No "
    "host code: no main, no <<<>>> in the code, no allocation, no stream.\n"
    "- It declares its launches in itself, in the order in which they are made, one a line:\n"
    "  #pragma cupel launch NAME<<<GRID, BLOCK[, SHARED_BYTES]>>>(ARGUMENTS)\n"
    "  Grid and block are one expression or dim3(x, y, z), over the sizes of the task and whole "
    "numbers: + - * / %, min(a, b), max(a, b), ceil(a / b), parentheses. Arguments are inputs, "
    "outputs and scratch by name, and such expressions. The reference shows it.\n"
    "- Memory that launches share: #pragma cupel scratch float NAME[COUNT]. It starts as poison.\n"
    "- The sizes stand in the file by their names, as constexpr long long; it is compiled again "
    "for others, and must be right at any: ragged ones, primes, ones smaller than a tile or a "
    "warp.\n"
    "- <cuda_fp16.h>, <cuda_bf16.h>, <mma.h> and <cstdint> may be included. Inline "
    "assembly may be used.\n"
    "- Inputs are read-only; every element of each output is written. No module variable keeps a "
    "value, no clock is read, no block waits for another.\n"
    "- A race, an access out of bounds or misaligned, a value that nobody wrote, a barrier that "
    "not all threads reach and a wrong mask are each a failure, even where the answer comes out "
    "right.\n"
    "- Its errors are held to those of honest sums in the precision of the task: no approximate "
    "intrinsics such as __expf in fp32.\n";

std::string machine_text(const target::Machine& machine) {
    return fmt::format("{}: {}, {}-byte vectors, {} vector registers; caches of {}, {} and {}.\n",
                       machine.processor, machine.isa, machine.vector_bytes,
                       machine.vector_registers,
                       format_bytes(static_cast<double>(machine.l1_bytes)),
                       format_bytes(static_cast<double>(machine.l2_bytes)),
                       format_bytes(static_cast<double>(machine.l3_bytes)));
}

std::string sheet_text(const gpu::Sheet& sheet, const task::Task& task) {
    constexpr double kGiga = 1e9;
    constexpr double kTera = 1e12;
    std::string text = fmt::format(
        "{} ({}), by its data sheet: {} multiprocessors at {:.2f} GHz, DRAM {:.0f} GB/s, L2 {}; "
        "fp32 {:.1f}, fp64 {:.1f}, tensor cores {:.0f} (bf16) and {:.0f} (tf32) TFLOP/s.\n",
        sheet.name, sheet.architecture, sheet.multiprocessors, sheet.boost_clock / kGiga,
        sheet.dram_bandwidth / kGiga, format_bytes(static_cast<double>(sheet.l2_size)),
        sheet.fp32_rate / kTera, sheet.fp64_rate / kTera, sheet.bf16_tensor_rate / kTera,
        sheet.tf32_tensor_rate / kTera);
    text += fmt::format(
        "A multiprocessor: {} instructions of warps, {} bytes of shared memory and L1, {} special "
        "functions a clock; at most {} threads in {} blocks, {} registers, {} of shared memory ({} "
        "a block).\n",
        sheet.warp_schedulers, sheet.load_store_bytes, sheet.special_functions,
        sheet.threads_per_sm, sheet.blocks_per_sm, sheet.registers_per_sm,
        format_bytes(static_cast<double>(sheet.shared_per_sm)),
        format_bytes(static_cast<double>(sheet.shared_per_block)));
    for (const gpu::Ceiling& one : gpu::formula_bound(sheet, demand_of(task))) {
        text += fmt::format("No kernel of the formula beats {} there ({}).\n",
                            format_seconds(one.seconds), one.name);
    }
    return text;
}

engineer::Brief brief_of(const task::Task& task) {
    engineer::Brief brief;
    brief.task = task.text;
    for (const task::Size& size : task.sizes)
        brief.task += fmt::format("# here {} = {}\n", size.name, size.value);
    return brief;
}

}  // namespace

std::string cpu_contract(int threads) {
    return fmt::format(
        "- One C++ file. It includes \"task.hpp\", which declares the function and holds the sizes "
        "as constexpr, as the reference shows.\n"
        "- It is compiled by g++ with -O3 for this machine, with OpenMP, without -ffast-math.\n"
        "- At most {} thread{}, by OpenMP. Standard headers and the intrinsics of this machine may "
        "be used.\n"
        "- No files, no system calls, no input or output, no threads of its own, and nothing that "
        "outlives a call but memory that it allocated.\n"
        "- Inputs are read-only and tensors are 64-byte aligned. Every element of each output is "
        "written.\n"
        "- Its errors are held to those of honest sums in the precision of the task.\n",
        threads, threads == 1 ? "" : "s");
}

std::string_view device_contract() {
    return kDeviceContract;
}

Result<engineer::Brief> cpu_brief(const RunFolder& folder, const target::Machine& machine) {
    engineer::Brief brief = brief_of(folder.task());
    CUPEL_TRY(brief.reference, schedule::print_naive(folder.task()));
    brief.contract = cpu_contract(folder.threads());
    brief.machine = machine_text(machine);
    brief.threads = folder.threads();
    Remembered remembered = remember_for(folder.task());
    brief.examples = std::move(remembered.examples);
    brief.rules = std::move(remembered.rules);
    return brief;
}

Result<engineer::Brief> device_brief(const RunFolder& folder, const gpu::Sheet& sheet) {
    engineer::Brief brief = brief_of(folder.task());
    CUPEL_TRY(brief.reference, device::print_naive(folder.task()));
    brief.contract = kDeviceContract;
    brief.machine = sheet_text(sheet, folder.task());
    brief.judged =
        "compiles, emulates (no GPU is there: nothing is timed), watches for races and accesses "
        "out of bounds, checks against float64 at secret inputs and sizes, and ranks by a lower "
        "bound on the time, of counts and the published peaks of the machine below";
    brief.best = "the kernel with the lowest bound so far, which is verified and was never timed";
    brief.extension = "cu";
    // Certificates are of kernels for a CPU.
    brief.rules = remember_for(folder.task(), 0).rules;
    return brief;
}

}  // namespace cupel::cli
