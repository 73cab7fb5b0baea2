// SPDX-License-Identifier: Apache-2.0
// The system-call filters: lists of what is allowed, everything else is denied.
#pragma once

#include "os/fd.hpp"

namespace cupel::jail {

// What a program may do from its first instruction on: what the dynamic loader, our own start-up
// and one exec need. Any other call is trapped (SIGSYS), or fails where the filter is `lenient`.
// Installed by bubblewrap.
[[nodiscard]] Result<os::Fd> program_filter(bool lenient = false);

// What a compiler and its children may do. Any other call fails with ENOSYS, as on an older kernel.
[[nodiscard]] Result<os::Fd> compiler_filter();

// The same, and what the library of a GPU's driver does besides: events, memory on a named node,
// sockets of its own process (in a network of its own, as all cells have).
[[nodiscard]] Result<os::Fd> gpu_filter();

}  // namespace cupel::jail
