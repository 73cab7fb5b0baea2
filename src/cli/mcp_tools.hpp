// SPDX-License-Identifier: Apache-2.0
// The tools of `cupel mcp`, in the order in which they are listed.
#pragma once

#include <memory>
#include <vector>

#include "cli/mcp_jobs.hpp"
#include "mcp/tool.hpp"

namespace cupel::cli {

// The jobs must outlive them.
[[nodiscard]] std::vector<std::unique_ptr<mcp::Tool>> make_tools(Jobs& jobs);
// What a model should know of all of them together.
[[nodiscard]] std::string tools_instructions();

}  // namespace cupel::cli
