// SPDX-License-Identifier: Apache-2.0
// The command line of bubblewrap for a cell.
#pragma once

#include "jail/jail.hpp"

namespace cupel::jail {

inline constexpr const char* kBubblewrap = "bwrap";

// Descriptors for bubblewrap itself; both must be open in its process under these numbers.
struct BubblewrapFds {
    int info = -1;    // it writes the process id here
    int filter = -1;  // it reads and installs this filter; -1: none
};
[[nodiscard]] std::vector<std::string> bubblewrap_argv(const Cell& cell, const BubblewrapFds& fds);

}  // namespace cupel::jail
