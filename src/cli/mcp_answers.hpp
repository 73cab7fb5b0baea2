// SPDX-License-Identifier: Apache-2.0
// What a client of `cupel mcp` is told of a job: the document of the command line, what it comes to
// in one line, and what to do about it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "cli/mcp_jobs.hpp"
#include "mcp/tool.hpp"

namespace cupel::cli {

struct JobView {
    bool repeated = false;  // this was judged, or is being judged, for an earlier call
    int ahead = 0;          // measurements that come before it
    std::string progress;
};
// Of a job in any state. It is a failure unless the job goes on, or came to an end that is right.
[[nodiscard]] mcp::Answer job_answer(const Job& job, const JobView& view);
// The schema of what job_answer() structures.
[[nodiscard]] nlohmann::json job_schema();
// One line of the history.
[[nodiscard]] nlohmann::json job_line(const Job& job);

// The kernels of a run, `count` from number `first` on, each in a few words.
void shorten_run(nlohmann::json& document, int first, int count);

}  // namespace cupel::cli
