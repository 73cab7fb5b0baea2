// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/text.hpp"
#include "jail/bubblewrap.hpp"
#include "jail/filter.hpp"
#include "jail/jail.hpp"

namespace cupel::jail {
namespace {

using namespace std::chrono_literals;

// The command as far as it is the same with and without namespaces.
os::Command command_for(const Cell& cell) {
    os::Command command = {
        .argv = cell.argv,
        .environment = cell.environment,
        .fds = cell.fds,
        .limits = cell.limits,
        .cpus = cell.cpus,
        .out = cell.out,
        .err = cell.err,
    };
    // A contender has no file to write, and one that finds a way shall not fill a disk.
    if (!cell.may_fork && !command.limits.file_size) command.limits.file_size = 0;
    return command;
}

// {"child-pid": 123, ...}; empty when bubblewrap gave up before it had a child.
Result<int> read_child_pid(const os::Fd& info) {
    std::string text;
    std::array<char, 512> chunk{};
    for (;;) {
        const ssize_t got = read(info.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno("hear from bubblewrap");
        if (got == 0) break;
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
    constexpr std::string_view kKey = "\"child-pid\":";
    const std::size_t key = text.find(kKey);
    if (key == std::string::npos) {
        return fail(Errc::Missing, "bubblewrap ended before it started the program");
    }
    const std::string_view digits = trim(std::string_view(text).substr(key + kKey.size()));
    int pid = 0;
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), pid);
    if (pid <= 0) return fail(Errc::Missing, "bubblewrap named no process: " + text);
    return pid;
}

Result<Held> start_inside(const Cell& cell) {
    os::Command command = command_for(cell);
    int free_number = 3;
    for (const os::PassedFd& passed : cell.fds) {
        free_number = std::max(free_number, passed.number + 1);
    }
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("make a pipe");
    const os::Fd info(ends[0]);
    os::Fd info_writer(ends[1]);
    // Bubblewrap closes both of its own before the program runs; those of the cell it leaves open.
    BubblewrapFds own = {.info = free_number};
    command.fds.push_back({own.info, &info_writer});
    os::Fd filter;
    if (capabilities().seccomp) {
        CUPEL_TRY(filter, !cell.devices.empty() ? gpu_filter()
                          : cell.may_fork       ? compiler_filter()
                                                : program_filter(cell.lenient));
        own.filter = free_number + 1;
        command.fds.push_back({own.filter, &filter});
    }
    command.argv = bubblewrap_argv(cell, own);
    command.environment.clear();

    Held held;
    CUPEL_TRY(held.outer, os::Child::start(command));
    info_writer.reset();
    CUPEL_TRY(held.pid, read_child_pid(info));
    held.parts = {"network", "files", "processes"};
    return held;
}

// "/kernel.so" inside is "/home/.../x.so" here.
std::string host_path(const std::string& argument, const std::vector<Bind>& binds) {
    for (const Bind& bind : binds) {
        const std::string inside = bind.inside.string();
        const bool below = argument.starts_with(inside) &&
                           (argument.size() == inside.size() || argument[inside.size()] == '/');
        if (below) return bind.host.string() + argument.substr(inside.size());
    }
    return argument;
}

Result<Held> start_outside(const Cell& cell) {
    os::Command command = command_for(cell);
    for (std::string& argument : command.argv)
        argument = host_path(argument, cell.binds);
    for (std::string& variable : command.environment) {
        const std::size_t value = variable.find('=') + 1;
        variable = variable.substr(0, value) + host_path(variable.substr(value), cell.binds);
    }
    Held held;
    CUPEL_TRY(held.outer, os::Child::start(command));
    held.pid = held.outer.pid();
    held.missing = {"network", "files", "processes"};
    return held;
}

}  // namespace

Result<Held> start(const Cell& cell) {
    CUPEL_CHECK(!cell.argv.empty());
    for (const Bind& bind : cell.binds) {
        std::error_code ignored;
        if (std::filesystem::exists(bind.host, ignored)) continue;
        return fail(Errc::NotFound, "no file " + bind.host.string() + " to be shown in a cell");
    }
    const bool inside = capabilities().namespaces;
    CUPEL_TRY(Held held, inside ? start_inside(cell) : start_outside(cell));
    // Without bubblewrap, a contender still installs its own filter; nobody does that for a
    // compiler.
    const bool filtered = capabilities().seccomp && (inside || !cell.may_fork);
    (filtered ? held.parts : held.missing).emplace_back("syscalls");
    held.parts.emplace_back("limits");
    if (!cell.cpus.empty()) held.parts.emplace_back("cores");
    return held;
}

std::optional<os::Exit> Held::wait(std::chrono::nanoseconds patience) {
    std::optional<os::Exit> exit = outer.wait(patience);
    const bool wrapped = pid != outer.pid();
    if (exit && wrapped && !exit->by_signal && exit->code > 128) {
        exit->by_signal = true;
        exit->code -= 128;
    }
    return exit;
}

Held& Held::operator=(Held&& other) noexcept {
    if (this == &other) return *this;
    end();
    outer = std::move(other.outer);
    pid = std::exchange(other.pid, -1);
    parts = std::move(other.parts);
    missing = std::move(other.missing);
    return *this;
}

void Held::end() {
    // Unreaped, bubblewrap still holds its child, so the number is still the program's.
    if (!outer.valid() || outer.wait(0s)) return;
    if (pid > 0) {
        (void)::kill(pid, SIGKILL);
        if (outer.wait(10s)) return;
    }
    outer.kill(SIGKILL);
    (void)outer.wait(10s);
}

}  // namespace cupel::jail
