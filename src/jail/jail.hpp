// SPDX-License-Identifier: Apache-2.0
// The jail: how untrusted programs are started. Two kinds: a contender (holds a kernel) and a compiler
// (reads untrusted text). Law 14: what could not be had is named in `Held::missing`, never skipped silently.
//
// Walls: bubblewrap's namespaces (user, mount, pid, net, ipc, uts, cgroup), an empty root with only the named
// read-only files, no capabilities, no new privileges, two system-call filters (bubblewrap's, which still allows the exec, and the
// contender's, installed by itself before the kernel is loaded), resource limits, and a set of processors.
#pragma once

#include "os/child.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace cupel::jail {

// What this machine can do; found out by trying, once per process.
struct Capabilities {
    bool bubblewrap = false;
    bool namespaces = false;
    bool seccomp = false;
    std::vector<std::string> missing;  // for people: "user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
};
[[nodiscard]] const Capabilities& capabilities();

struct Bind {  // a host file or folder, visible read-only (or writable) at a path inside
    std::filesystem::path host;
    std::filesystem::path inside;
    bool writable = false;
};

struct Cell {
    std::vector<std::string> argv;         // argv[0]: path inside
    std::vector<Bind> binds;
    std::vector<std::string> environment;
    std::vector<os::PassedFd> fds;
    os::Limits limits;
    std::vector<int> cpus;
    bool may_fork = false;                 // compilers may, contenders may not
    const os::Fd* out = nullptr;
    const os::Fd* err = nullptr;
};

// A program in its cell. `pid` is the program's own process as seen from outside.
struct Held {
    os::Child outer;                   // bubblewrap (or the program itself where there is none)
    int pid = -1;
    std::vector<std::string> parts;    // walls that stand: "network", "files", "processes", "syscalls", "limits", "cores"
    std::vector<std::string> missing;  // walls that do not
};
[[nodiscard]] Result<Held> start(const Cell& cell);

// The filter that a contender installs before it loads the kernel: a sealed file of struct sock_filter.
[[nodiscard]] Result<os::Fd> contender_filter();

// Stops every thread of the process from outside and waits until all are stopped. False: it has died,
// or did not stop within the patience.
[[nodiscard]] bool freeze(int pid, std::chrono::nanoseconds patience);
void thaw(int pid);
// Threads of the process, as the kernel counts them; 0 if it is gone.
[[nodiscard]] int count_threads(int pid);

// The shared libraries (with the dynamic loader) that a contender needs, as read-only binds.
[[nodiscard]] Result<std::vector<Bind>> library_binds(const std::filesystem::path& program);

}  // namespace cupel::jail
