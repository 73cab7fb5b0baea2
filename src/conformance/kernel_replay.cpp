// SPDX-License-Identifier: Apache-2.0
#include "conformance/kernel_replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace cupel::emulator::conformance {
namespace {

using Bytes = std::vector<std::uint8_t>;

Result<std::vector<BufferId>> allocate_all(Device& device, const KernelCase& kernel) {
    std::vector<BufferId> buffers;
    for (std::size_t i = 0; i < kernel.arrays.size(); ++i) {
        const Array& array = kernel.arrays[i];
        const Bytes bytes = initial_bytes(kernel, i);
        const bool written = array.output || array.fill == Array::Fill::Zero;
        CUPEL_TRY(const BufferId buffer,
                  device.allocate({.name = array.name,
                                   .role = written ? Role::InOut : Role::Input,
                                   .bytes = bytes.size(),
                                   .values = std::as_bytes(std::span(bytes))}));
        buffers.push_back(buffer);
    }
    return buffers;
}

emulator::Launch launch_of(const Launch& launch, const std::vector<BufferId>& buffers) {
    emulator::Launch all{.kernel = launch.kernel,
                         .grid = {launch.grid[0], launch.grid[1], launch.grid[2]},
                         .block = {launch.block[0], launch.block[1], launch.block[2]},
                         .arguments = {}};
    for (const Launch::Argument& argument : launch.arguments) {
        if (argument.buffer >= 0) {
            all.arguments.emplace_back(
                Address{buffers[static_cast<std::size_t>(argument.buffer)], 0});
        } else {
            all.arguments.push_back(emulator::argument(argument.number));
        }
    }
    return all;
}

struct Run {
    std::vector<Bytes> arrays;  // of outputs, what they hold in the end
    std::string accusation;     // empty: none
};

std::string accusation_of(const Report& report) {
    if (report.clean()) return "";
    for (const Finding& finding : report.findings)
        if (finding.fault != Fault::Note) return finding.text;
    return "it has not come to its end";
}

constexpr std::uint64_t kBudget = 1 << 28;  // warp instructions

Result<Run> run(Device& device, const KernelCase& kernel, std::string_view ptx) {
    Run all;
    CUPEL_DO(device.load(ptx, "kernel.ptx"));
    CUPEL_TRY(const std::vector<BufferId> buffers, allocate_all(device, kernel));
    for (const Launch& launch : kernel.launches) {
        CUPEL_TRY(const Report report,
                  device.launch(launch_of(launch, buffers), Options{.budget = kBudget}));
        if (all.accusation.empty()) all.accusation = accusation_of(report);
    }
    for (std::size_t i = 0; i < buffers.size(); ++i) {
        Bytes& bytes = all.arrays.emplace_back();
        if (!kernel.arrays[i].output) continue;
        CUPEL_TRY(const std::vector<std::byte> read, device.read(buffers[i]));
        for (const std::byte byte : read)
            bytes.push_back(static_cast<std::uint8_t>(byte));
    }
    return all;
}

double deviation_of(Word word, const Bytes& bytes, const std::vector<double>& wanted) {
    double worst = 0;
    const std::vector<double> got = as_doubles(word, bytes);
    for (std::size_t k = 0; k < got.size(); ++k)
        if (const double off = std::fabs(got[k] - wanted[k]); !(off <= worst)) worst = off;
    return worst;
}

// Empty where array `i` is as it must be.
std::string difference(const KernelCase& kernel, std::size_t i, const Bytes& bytes,
                       const GoldenOutput& golden, bool exact) {
    if (exact && hash_of(bytes) != golden.hash)
        return fmt::format("the bits of {} are not silicon's", golden.array);
    const double most = std::max(4 * golden.deviation, 1e-6);
    const double off = deviation_of(kernel.arrays[i].word, bytes, reference_columns(kernel)[i]);
    if (off <= most) return "";
    return fmt::format("{} is {} from the reference, on silicon {}", golden.array, off,
                       golden.deviation);
}

bool is_exact(const std::string& variant, std::string_view ptx) {
    return variant.ends_with("_nofma") && ptx.find(".approx") == std::string_view::npos;
}

}  // namespace

std::vector<std::string> honest_variants(const KernelCase& kernel) {
    return {kernel.name, kernel.name + "_nofma"};
}

std::vector<std::string> racy_variants(const KernelCase& kernel) {
    std::vector<std::string> all;
    for (int i = 1; i <= kernel.racy_mutants; ++i)
        all.push_back(fmt::format("{}_race{}", kernel.name, i));
    return all;
}

Replay replay_kernel(Device& device, const KernelCase& kernel, const std::string& variant,
                     std::string_view ptx, const GoldenKernels& golden) {
    const Result<Run> done = run(device, kernel, ptx);
    if (!done) {
        const std::string& text = done.error().text;
        return {Outcome::Refused, text.substr(0, text.find('\n'))};
    }
    if (!done->accusation.empty()) return {Outcome::Accused, done->accusation};
    unsigned compared = 0;
    for (const GoldenOutput& output : golden.outputs) {
        if (output.variant != variant) continue;
        const auto array = std::ranges::find(kernel.arrays, output.array, &Array::name);
        if (array == kernel.arrays.end()) continue;
        const auto i = static_cast<std::size_t>(array - kernel.arrays.begin());
        ++compared;
        std::string text = difference(kernel, i, done->arrays[i], output, is_exact(variant, ptx));
        if (!text.empty()) return {Outcome::Wrong, std::move(text)};
    }
    if (compared == 0) return {Outcome::Wrong, "nothing was found, and nothing recorded"};
    return {};
}

}  // namespace cupel::emulator::conformance
