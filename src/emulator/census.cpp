// SPDX-License-Identifier: Apache-2.0
#include "emulator/census.hpp"

#include "emulator/decoder.hpp"

namespace cupel::emulator {

Result<std::vector<Decoding>> census(std::string_view ptx, std::string_view file) {
    CUPEL_TRY(const Module module, parse(ptx, file));
    std::vector<Decoding> found;
    found.reserve(module.kernels.size());
    for (const Kernel& kernel : module.kernels) {
        found.push_back(
            {.kernel = std::string(kernel.name), .refusals = Decoder(module, kernel).refusals()});
    }
    return found;
}

}  // namespace cupel::emulator
