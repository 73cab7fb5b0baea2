// SPDX-License-Identifier: Apache-2.0
// What the programs that do jobs have in common, whatever they run them on: the job's three files
// in, its result to the standard output.
#pragma once

#include <functional>
#include <string>

#include "emulator/job.hpp"

namespace cupel::emulator {

// Exit status: 0 where there is a result, 3 for a malformed job, 4 where the device is missing, 1
// else; then with a line to standard error.
[[nodiscard]] int do_job(const std::string& program, const std::string& folder,
                         const std::function<Result<JobResult>(const Job&)>& run);

}  // namespace cupel::emulator
