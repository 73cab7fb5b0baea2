// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the first asks for a clean end, the second kills.
#pragma once

namespace cupel::cli {

// SIGINT and SIGTERM set the flag once and then have their usual effect again. SIGPIPE is ignored:
// a closed pipe is an error of the write that met it. A failed CUPEL_CHECK, which has said what it
// is about, ends with the exit code of our own bugs.
void install_signals();
[[nodiscard]] bool stop_requested() noexcept;

}  // namespace cupel::cli
