// SPDX-License-Identifier: Apache-2.0
// Data sheets of GPUs, as the files in gpus/ hold them: what a vendor has published, each number
// with where. They are peaks, good for bounds and for nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::gpu {

struct Sheet {
    std::string id;            // name of the file: "h200"
    std::string name;          // "NVIDIA H200 SXM"
    std::string architecture;  // "sm_90"
    // Rates of the whole device, per second; those of tensor cores are dense.
    double fp64_rate = 0;
    double fp32_rate = 0;
    double fp16_rate = 0;
    double tf32_tensor_rate = 0;
    double bf16_tensor_rate = 0;
    double fp16_tensor_rate = 0;
    double dram_bandwidth = 0;  // bytes a second
    double boost_clock = 0;     // Hz
    // Of one multiprocessor, per clock.
    double special_functions = 0;  // exp2, log2, reciprocals, square roots: results
    double warp_schedulers = 0;    // instructions of warps
    double load_store_bytes = 0;   // of shared memory and L1 together
    std::int64_t multiprocessors = 0;
    std::int64_t fp32_cores = 0;  // of one multiprocessor
    std::int64_t l2_size = 0;     // bytes
    // What a block and a multiprocessor can hold; shared memory in bytes.
    std::int64_t threads_per_block = 0;
    std::int64_t threads_per_sm = 0;
    std::int64_t warps_per_sm = 0;
    std::int64_t blocks_per_sm = 0;
    std::int64_t registers_per_sm = 0;
    std::int64_t registers_per_block = 0;
    std::int64_t registers_per_thread = 0;
    std::int64_t shared_per_sm = 0;
    std::int64_t shared_per_block = 0;
    std::int64_t shared_reserved = 0;       // by the system, of each block
    std::int64_t shared_granularity = 0;    // bytes that an allocation is a multiple of
    std::int64_t register_granularity = 0;  // registers, of one warp
    std::int64_t sub_partitions = 0;        // of a multiprocessor, each with its own registers
    // "[sheet] NVIDIA, H200 Tensor Core GPU data sheet": what the numbers are from.
    std::vector<std::string> sources;
};

// Strict: every number is there once, in its unit, positive, with a source that the file names.
// Invalid: "h200.gpu:12: ...".
[[nodiscard]] Result<Sheet> read_sheet(std::string_view text, const std::string& id);
// NAME.gpu in the first of the folders that has it. NotFound: with the nearest name, or all.
[[nodiscard]] Result<Sheet> load_sheet(const std::string& id, std::span<const std::string> folders);
// The names of all sheets in the folders, sorted.
[[nodiscard]] std::vector<std::string> list_sheets(std::span<const std::string> folders);

}  // namespace cupel::gpu
