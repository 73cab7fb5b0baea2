// SPDX-License-Identifier: Apache-2.0
// Whole kernels against a Device: the same PTX and inputs as on silicon.
#pragma once

#include "conformance/kernel_case.hpp"
#include "conformance/kernel_golden.hpp"
#include "conformance/replay.hpp"

namespace cupel::emulator::conformance {

// The variants of a kernel that must be right: itself, and without contraction ("_nofma").
[[nodiscard]] std::vector<std::string> honest_variants(const KernelCase& kernel);
[[nodiscard]] std::vector<std::string> racy_variants(const KernelCase& kernel);

// Runs one variant. Without contraction and approximations its bits must be silicon's; else it must
// be as near to the reference as silicon is, within a factor of four (ptxas fuses what a PTX
// without suffixes leaves open). Of a racy one only the findings count: Accused, or Wrong without.
[[nodiscard]] Replay replay_kernel(Device& device, const KernelCase& kernel,
                                   const std::string& variant, std::string_view ptx,
                                   const GoldenKernels& golden);

}  // namespace cupel::emulator::conformance
