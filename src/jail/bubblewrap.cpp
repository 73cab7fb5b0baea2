// SPDX-License-Identifier: Apache-2.0
#include "jail/bubblewrap.hpp"

#include <initializer_list>

namespace cupel::jail {

std::vector<std::string> bubblewrap_argv(const Cell& cell, const BubblewrapFds& fds) {
    std::vector<std::string> argv;
    const auto add = [&](std::initializer_list<std::string> words) {
        argv.insert(argv.end(), words);
    };
    // --unshare-all leaves the user namespace out when it could do without one (as root): named
    // again.
    add({kBubblewrap, "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"});
    add({"--uid", "65534", "--gid", "65534", "--hostname", "cell", "--cap-drop", "ALL"});
    if (fds.info >= 0) add({"--info-fd", std::to_string(fds.info)});
    if (fds.filter >= 0) add({"--seccomp", std::to_string(fds.filter)});
    if (cell.may_fork) {
        // Process 1 must be one that reaps. Compilers want their temporary folder and /dev/null.
        add({"--dev", "/dev", "--tmpfs", "/tmp"});
    } else {
        add({"--as-pid-1"});
    }
    if (!cell.devices.empty()) add({"--proc", "/proc"});
    for (const std::filesystem::path& device : cell.devices)
        add({"--dev-bind", device.string(), device.string()});
    for (const Bind& bind : cell.binds) {
        add({bind.writable ? "--bind" : "--ro-bind", bind.host.string(), bind.inside.string()});
    }
    add({"--remount-ro", "/", "--chdir", "/", "--clearenv"});
    for (const std::string& variable : cell.environment) {
        const std::size_t equals = variable.find('=');
        CUPEL_CHECK(equals != std::string::npos);
        add({"--setenv", variable.substr(0, equals), variable.substr(equals + 1)});
    }
    add({"--"});
    argv.insert(argv.end(), cell.argv.begin(), cell.argv.end());
    return argv;
}

}  // namespace cupel::jail
