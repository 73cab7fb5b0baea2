// SPDX-License-Identifier: Apache-2.0
// The jail: how untrusted programs are started. Two kinds: a contender (holds a kernel) and a
// compiler (reads untrusted text). Law 14: what could not be had is named in `Held::missing`, never
// skipped silently.
//
// Walls: bubblewrap's namespaces (user, mount, pid, net, ipc, uts, cgroup), an empty root with only
// the named read-only files, no capabilities, no new privileges, two system-call filters
// (bubblewrap's, which still allows the exec, and the contender's, installed by itself before the
// kernel is loaded), resource limits, and a set of processors.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "os/child.hpp"

namespace cupel::jail {

// What this machine can do; found out by trying, once per process.
struct Capabilities {
    bool bubblewrap = false;
    bool namespaces = false;
    bool seccomp = false;
    std::vector<std::string>
        missing;  // for people: "user namespaces (sysctl kernel.unprivileged_userns_clone=1)"
};
// The environment variable CUPEL_JAIL=none makes it answer (and start() behave) as on a machine
// with no namespaces: for tests of what Cupel says then. It only ever lowers.
[[nodiscard]] const Capabilities& capabilities();

// Each member is initialised, so that callers may name only those they mean.
struct Bind {  // a host file or folder, visible read-only (or writable) at a path inside
    std::filesystem::path host = {};
    std::filesystem::path inside = {};
    bool writable = false;
};

struct Cell {
    // Paths inside. Where there are no namespaces, arguments that begin with the inside path of a
    // bind get the host path instead.
    std::vector<std::string> argv = {};
    std::vector<Bind> binds = {};
    std::vector<std::string> environment = {};
    std::vector<os::PassedFd> fds = {};
    os::Limits limits = {};
    std::vector<int> cpus = {};
    bool may_fork = false;  // compilers may, contenders may not
    // Of /dev, used as they are: a GPU's. Who has some also sees /proc, of its own processes.
    std::vector<std::filesystem::path> devices = {};
    // What is not allowed fails with an error instead of ending the program: for libraries, which
    // ask for much (sockets, memory policies) and do without. Nothing more is allowed.
    bool lenient = false;
    const os::Fd* out = nullptr;
    const os::Fd* err = nullptr;
};

// A program in its cell. `pid` is the program's own process as seen from outside.
struct Held {
    os::Child outer;  // bubblewrap (or the program itself where there is none)
    int pid = -1;
    std::vector<std::string>
        parts;  // walls that stand: "network", "files", "processes", "syscalls", "limits", "cores"
    std::vector<std::string> missing;  // walls that do not

    // How the program ended. (For bubblewrap's child a signal is told by a status of 128 + its
    // number.)
    [[nodiscard]] std::optional<os::Exit> wait(std::chrono::nanoseconds patience);
    // Kills the program and returns when nothing of it is left, as dropping a Held does: bubblewrap
    // killed in its first moments would leave the program behind, which does not yet die with it.
    void end();

    Held() = default;
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    Held(Held&& other) noexcept = default;
    Held& operator=(Held&& other) noexcept;
    ~Held() { end(); }
};
[[nodiscard]] Result<Held> start(const Cell& cell);

// The filter that a contender installs before it loads the kernel: a sealed file of struct
// sock_filter. `lenient`: as in Cell.
[[nodiscard]] Result<os::Fd> contender_filter(bool lenient = false);

// "openat"; an unknown number is named as such.
[[nodiscard]] std::string syscall_name(std::uint32_t number);

// Stops and continues all threads of a process from outside. Keeps the files it polls open, since
// the time from the signal to the proof that nothing runs is part of every window.
class Freezer {
public:
    [[nodiscard]] static Result<Freezer> make(int pid);

    // Returns when every thread is stopped. False: the process has died, or did not stop in time.
    // `apart`: the calling thread is on a processor that no thread of the process may use, so that
    // looking again at once holds none of them up.
    [[nodiscard]] bool freeze(std::chrono::nanoseconds patience, bool apart = false);
    void thaw() const;
    // Threads of the process, as the kernel counts them; 0 if it is gone.
    [[nodiscard]] int threads() const;
    // Their ids but the first's, as they were when they last stood still.
    [[nodiscard]] std::vector<int> others() const;
    // Gives each thread of the frozen process a processor of its own, the first thread the first
    // one. Left to itself the kernel may wake two threads on one processor, and one of them then
    // waits for a tick of the scheduler: milliseconds, in one window and not in the next. A process
    // that starts threads anew in each call is left free, as they would all share the first's
    // place.
    void place(std::span<const int> cpus);

private:
    struct Thread {
        int id = 0;
        os::Fd stat;
        bool placed = false;
    };
    enum class Stand { Running, Stopped, Dead };
    [[nodiscard]] Stand look();
    void list_threads();
    // Threads that are no more have used a processor.
    [[nodiscard]] bool had_others() const;

    int pid_ = -1;
    os::Fd pidfd_;
    os::Fd stat_;                  // of the process
    std::vector<Thread> threads_;  // all but the first
    bool placed_ = false;          // the first
    bool free_ = false;
};

// The same for a single use.
[[nodiscard]] bool freeze(int pid, std::chrono::nanoseconds patience);
void thaw(int pid);
[[nodiscard]] int count_threads(int pid);

// The shared libraries (with the dynamic loader) that a contender needs, as read-only binds; with
// `others` ("libdnnl.so.2") and all that these need. Asked once for each program.
[[nodiscard]] Result<std::vector<Bind>> library_binds(const std::filesystem::path& program,
                                                      const std::vector<std::string>& others = {});

}  // namespace cupel::jail
