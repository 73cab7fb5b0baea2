// SPDX-License-Identifier: Apache-2.0
// How many blocks of a kernel a multiprocessor holds at once: the rules of NVIDIA's occupancy
// calculator, as cuda_occupancy.h of CUDA 13.0 has them for compute capability 8.x and 9.0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gpu/sheet.hpp"

namespace cupel::gpu {

struct BlockNeeds {
    std::int64_t threads = 1;
    std::int64_t shared_bytes = 0;               // static and dynamic
    std::optional<std::int64_t> registers = {};  // of a thread; nothing: unknown, so no limit
};

struct Occupancy {
    std::int64_t blocks = 0;  // of one multiprocessor at once; 0: it cannot be launched
    std::int64_t warps = 0;
    double share = 0;  // of the warps that a multiprocessor can hold
    std::string limited_by =
        {};  // "warps", "blocks", "registers", "shared memory"; the first that is
    bool registers_known = false;
};

[[nodiscard]] Occupancy occupancy(const Sheet& sheet, const BlockNeeds& needs);

// "8 blocks of 256 threads a multiprocessor, 64 of 64 warps, limited by warps"
[[nodiscard]] std::string to_words(const Sheet& sheet, const BlockNeeds& needs,
                                   const Occupancy& occupancy);

}  // namespace cupel::gpu
