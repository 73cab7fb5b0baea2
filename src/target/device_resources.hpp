// SPDX-License-Identifier: Apache-2.0
// What NVIDIA's assembler gives each kernel of a PTX text: registers, spills, shared memory. The
// assembler is asked where it is installed; where it is not, nothing is known, and that is said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::target {

struct DeviceResources {
    std::string kernel = {};  // as PTX calls it
    std::int64_t registers = 0;
    std::int64_t spill_store_bytes = 0;
    std::int64_t spill_load_bytes = 0;
    std::int64_t stack_bytes = 0;
    std::int64_t static_shared_bytes = 0;
};

struct Assembled {
    std::vector<DeviceResources> kernels = {};
    std::string unknown = {};  // why there are none
    bool refused = false;      // because the assembler finds a mistake in the text: no GPU takes it
};

// Runs `ptxas -v` in a cell, for an architecture such as "sm_90". $CUPEL_CUDA, /usr/local/cuda and
// the search path are looked at for it. An Error only where the machine is at fault.
[[nodiscard]] Result<Assembled> assemble_device(std::string_view ptx,
                                                const std::string& architecture);

// What `ptxas -v` says of its kernels.
[[nodiscard]] std::vector<DeviceResources> read_resources(std::string_view words);

}  // namespace cupel::target
