// SPDX-License-Identifier: Apache-2.0
// The commands. Each says its result on the console and returns the exit code (DESIGN: one for each
// verdict status); an Error is told by main.
#pragma once

#include "cli/console.hpp"
#include "cli/options.hpp"

namespace cupel::cli {

[[nodiscard]] Result<int> run_optimize(const Options& options, Console& console);
// optimize --target cuda: kernels verified on the emulator, ranked by bounds.
[[nodiscard]] Result<int> run_optimize_device(const Options& options, Console& console);
[[nodiscard]] Result<int> run_judge(const Options& options, Console& console);
// judge, of CUDA device code.
[[nodiscard]] bool is_device_file(const std::string& path);
[[nodiscard]] Result<int> run_judge_device(const Options& options, Console& console);
[[nodiscard]] Result<int> run_verify(const Options& options, Console& console);
[[nodiscard]] Result<int> run_admit(const Options& options, Console& console);
[[nodiscard]] Result<int> run_redteam(const Options& options, Console& console);
[[nodiscard]] Result<int> run_show(const Options& options, Console& console);
// ... a task with --brief.
[[nodiscard]] Result<int> show_brief(const Options& options, Console& console);
[[nodiscard]] Result<int> run_mcp(const Options& options, Console& console);
[[nodiscard]] Result<int> run_doctor(const Options& options, Console& console);

}  // namespace cupel::cli
