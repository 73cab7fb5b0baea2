// SPDX-License-Identifier: Apache-2.0
// show, for what a search has left: a run, one kernel of it, a kernel file. Nothing is measured or
// changed.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "cli/console.hpp"

namespace cupel::cli {

// Every kernel of a run, one a line.
[[nodiscard]] Result<int> show_run(const std::filesystem::path& folder, Console& console);
// What `optimize --target cuda` left: its table, or kernels.json.
[[nodiscard]] Result<int> show_device_run(const std::filesystem::path& folder, Console& console);
// One kernel: its source below what is known of it, as comments, so that the output compiles.
[[nodiscard]] Result<int> show_kernel(const std::filesystem::path& folder, int number,
                                      Console& console);
// Every kernel with its trials, and what was asked and answered for it: JSON, one document a line.
[[nodiscard]] Result<int> show_trajectories(const std::filesystem::path& folder, Console& console);
// The same of a file; its trials are known where it lies in the folder of its run.
[[nodiscard]] Result<int> show_kernel_file(const std::filesystem::path& file, Console& console);

}  // namespace cupel::cli
