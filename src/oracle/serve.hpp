// SPDX-License-Identifier: Apache-2.0
// The oracle as a process: wire/oracle.hpp over a socket. A malformed request ends it with an
// error, for a wrong truth would be worse than none.
#pragma once

#include "base/result.hpp"
#include "os/fd.hpp"
#include "task/task.hpp"

namespace cupel::oracle {

// The text on a task descriptor: the line "overrides NAME=VALUE ..." (the word alone if there are
// none), then the task file.
[[nodiscard]] Result<task::Task> read_task(const os::Fd& fd);

// Answers requests until the other side closes. Invalid for a malformed request.
[[nodiscard]] Result<void> serve(const os::Fd& socket, const os::Fd& input, const task::Task& task,
                                 int threads);

}  // namespace cupel::oracle
