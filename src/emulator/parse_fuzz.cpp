// SPDX-License-Identifier: Apache-2.0
// libFuzzer: no text crashes the emulator. What parses is decoded, and what decodes is run for a
// little while, with and without checks.
#include <cstddef>
#include <cstdint>

#include "emulator/emulator.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace emulator = cupel::emulator;
    const std::string text(data, data + size);
    const auto device = emulator::make_emulator();
    if (!device->load(text, "fuzz.ptx")) return 0;
    const auto buffer =
        device->allocate({.name = "b", .role = emulator::Role::Scratch, .bytes = 256});
    CUPEL_CHECK(buffer.has_value());
    for (const emulator::KernelInfo& kernel : device->kernels()) {
        emulator::Launch launch{.kernel = kernel.name, .grid = {.x = 2}, .block = {.x = 40}};
        for (const emulator::ParameterInfo& parameter : kernel.parameters) {
            if (parameter.bytes == 8) {
                launch.arguments.emplace_back(emulator::Address{.buffer = *buffer});
            } else {
                launch.arguments.emplace_back(
                    std::vector<std::byte>(parameter.bytes, std::byte{1}));
            }
        }
        (void)device->launch(launch, {.budget = 2000});
        (void)device->launch(launch, {.seed = 1, .checks = false, .budget = 2000});
    }
    return 0;
}
