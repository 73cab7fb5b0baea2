// SPDX-License-Identifier: Apache-2.0
// What models and programs are told before all else, for each target: the task, the contract of a
// kernel, the machine it is for.
#pragma once

#include "cli/run_folder.hpp"
#include "engineer/operators.hpp"
#include "gpu/sheet.hpp"
#include "target/machine.hpp"

namespace cupel::cli {

// The rules that every kernel of a target keeps, one a line.
[[nodiscard]] std::string cpu_contract(int threads);
[[nodiscard]] std::string_view device_contract();

[[nodiscard]] Result<engineer::Brief> cpu_brief(const RunFolder& folder,
                                                const target::Machine& machine);
// Of device code: no example of another task stands in it, as nothing of this target is certified
// (law 13).
[[nodiscard]] Result<engineer::Brief> device_brief(const RunFolder& folder,
                                                   const gpu::Sheet& sheet);

}  // namespace cupel::cli
