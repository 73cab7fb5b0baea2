// SPDX-License-Identifier: Apache-2.0
// A child process held by pidfd. Dropping a running Child kills and reaps it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "os/fd.hpp"

namespace cupel::os {

// A descriptor the child is to find under a given number.
struct PassedFd {
    int number = -1;
    const Fd* fd = nullptr;
};

// Each member is initialised, so that callers may name only those they mean without a warning.
struct Limits {                                       // unset: inherited
    std::optional<std::uint64_t> address_space = {};  // bytes
    std::optional<std::uint64_t> cpu_seconds = {};
    std::optional<std::uint64_t> file_size = {};  // bytes
    std::optional<std::uint64_t> processes = {};  // note: counted per user, not per child
    std::optional<std::uint64_t> open_files = {};
    bool no_core = true;
};

struct Command {
    std::vector<std::string> argv = {};  // argv[0] is the program: a path, or looked up in PATH
    std::vector<std::string> environment = {};  // "NAME=value"; nothing is inherited
    std::vector<PassedFd> fds = {};             // all others are closed
    std::string folder = {};                    // working directory, empty: inherited
    Limits limits = {};
    std::vector<int> cpus = {};  // affinity; empty: inherited
    // Where standard input/output/error go: unset is /dev/null.
    const Fd* in = nullptr;
    const Fd* out = nullptr;
    const Fd* err = nullptr;
};

struct Exit {
    bool by_signal = false;
    int code = 0;  // exit status, or the signal's number
    double cpu_seconds = 0;
};

class Child {
public:
    Child() = default;
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    // Fails with the step and errno if the child could not be started (program not found included).
    // It is killed when the thread that started it ends (PR_SET_PDEATHSIG).
    [[nodiscard]] static Result<Child> start(const Command& command);

    [[nodiscard]] bool valid() const noexcept { return pid_ > 0; }
    [[nodiscard]] int pid() const noexcept { return pid_; }
    [[nodiscard]] const Fd& pidfd() const noexcept { return pidfd_; }
    void kill(int signal_number) const noexcept;
    // Waits at most that long; nothing if it still runs. Reaps.
    [[nodiscard]] std::optional<Exit> wait(std::chrono::nanoseconds patience);

private:
    int pid_ = -1;
    Fd pidfd_;
    std::optional<Exit> exit_;
};

struct Output {
    Exit exit;
    bool timed_out = false;
    bool stopped = false;    // by `stop`, unless it ended by itself just then
    bool truncated = false;  // more than `max_output` bytes were written
    std::string text;        // standard output and error, in the order written
};
// Runs to the end, collecting standard output and error; kills on timeout. `stop` is asked many
// times a second: where it says so the child gets SIGTERM, and is killed if it has not ended 3 s
// later.
[[nodiscard]] Result<Output> run(Command command, std::chrono::nanoseconds timeout,
                                 std::size_t max_output = 1 << 20,
                                 const std::function<bool()>& stop = {});

}  // namespace cupel::os
