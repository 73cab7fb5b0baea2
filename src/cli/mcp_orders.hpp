// SPDX-License-Identifier: Apache-2.0
// What a client of `cupel mcp` asked for, as a command line of this very program. Nothing of the
// client's becomes an option or a path: texts go into files of fixed names, tasks and runs are
// found by name among those that are there, all else is numbers and words of a list. The arguments
// fit the schemas of the tools (cli/mcp_tools.cpp); Usage: what is wrong with them besides.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cli/mcp_jobs.hpp"

namespace cupel::cli {

[[nodiscard]] JobOrder tasks_order();
[[nodiscard]] Result<JobOrder> task_order(const nlohmann::json& arguments);
[[nodiscard]] Result<JobOrder> judge_order(const nlohmann::json& arguments);
// Leaves runs/mcp-TASK-..., a folder of its own for each.
[[nodiscard]] Result<JobOrder> optimize_order(const nlohmann::json& arguments);
[[nodiscard]] Result<JobOrder> verify_order(const nlohmann::json& arguments);
[[nodiscard]] Result<JobOrder> run_order(const nlohmann::json& arguments);
[[nodiscard]] Result<JobOrder> doctor_order(const nlohmann::json& arguments);

}  // namespace cupel::cli
