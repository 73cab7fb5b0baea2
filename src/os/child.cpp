// SPDX-License-Identifier: Apache-2.0
#include "os/child.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <utility>

#include "os/clock.hpp"
#include "os/files.hpp"

namespace cupel::os {
namespace {

// Steps between clone and exec, in the words an error shows.
enum class Step : int { Parent, Descriptors, Folder, Processors, Limits, Program };

std::string_view describe(Step step) {
    switch (step) {
        case Step::Parent:
            return "tie the child to its parent";
        case Step::Descriptors:
            return "pass descriptors";
        case Step::Folder:
            return "enter the working folder";
        case Step::Processors:
            return "set processors";
        case Step::Limits:
            return "set limits";
        case Step::Program:
            return "execute";
    }
    return "start";
}

struct StartError {
    Step step = Step::Parent;
    int error_number = 0;
};

struct Renumbering {
    int from = -1;
    int to = -1;
};

struct Limit {
    int resource = 0;
    rlim_t value = 0;
};

// Everything the child needs, laid out before: afterwards nothing may allocate or lock.
struct Plan {
    std::string program;
    std::vector<char*> argv;
    std::vector<char*> environment;
    std::vector<Renumbering> fds;
    int first_free = 3;  // above every number the child is to find
    const char* folder = nullptr;
    std::vector<Limit> limits;
    std::vector<int> cpus;
    cpu_set_t cpu_set = {};
    pid_t parent = -1;
    int report = -1;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    list.reserve(texts.size() + 1);
    // execve does not write to its arguments; its signature only predates const.
    for (const std::string& text : texts)
        list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

std::vector<Limit> list_limits(const Limits& limits) {
    std::vector<Limit> list;
    const auto add = [&](int resource, const std::optional<std::uint64_t>& value) {
        if (value) list.push_back({resource, *value});
    };
    add(RLIMIT_AS, limits.address_space);
    add(RLIMIT_CPU, limits.cpu_seconds);
    add(RLIMIT_FSIZE, limits.file_size);
    add(RLIMIT_NPROC, limits.processes);
    add(RLIMIT_NOFILE, limits.open_files);
    if (limits.no_core) list.push_back({RLIMIT_CORE, 0});
    return list;
}

Result<Plan> make_plan(const Command& command, const Fd& null) {
    if (command.argv.empty()) return fail(Errc::Usage, "no program named");
    CUPEL_TRY(const std::filesystem::path program, find_program(command.argv.front()));
    Plan plan;
    plan.program = program.string();
    plan.argv = pointers(command.argv);
    plan.environment = pointers(command.environment);
    const auto standard = [&](const Fd* fd) { return fd != nullptr ? fd->get() : null.get(); };
    plan.fds = {{standard(command.in), 0}, {standard(command.out), 1}, {standard(command.err), 2}};
    for (const PassedFd& passed : command.fds) {
        CUPEL_CHECK(passed.fd != nullptr && passed.number >= 3);
        plan.fds.push_back({passed.fd->get(), passed.number});
    }
    for (const Renumbering& each : plan.fds)
        plan.first_free = std::max(plan.first_free, each.to + 1);
    plan.folder = command.folder.empty() ? nullptr : command.folder.c_str();
    plan.limits = list_limits(command.limits);
    plan.cpus = command.cpus;
    for (const int cpu : command.cpus)
        CPU_SET(static_cast<std::size_t>(cpu), &plan.cpu_set);
    plan.parent = getpid();
    return plan;
}

// --- Between clone and exec: async-signal-safe calls only. ---

// All sources are first lifted above every target, so that no target overwrites a source.
bool renumber(Plan& plan) {
    const auto lift = [&](int& fd) {
        fd = fcntl(fd, F_DUPFD_CLOEXEC, plan.first_free);
        return fd >= 0;
    };
    if (!lift(plan.report)) return false;
    for (Renumbering& each : plan.fds) {
        if (!lift(each.from)) return false;
    }
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return false;
    return std::ranges::all_of(
        plan.fds, [](const Renumbering& each) { return dup2(each.from, each.to) == each.to; });
}

bool set_limits(const Plan& plan) {
    return std::ranges::all_of(plan.limits, [](const Limit& limit) {
        rlimit values{};
        const auto resource = static_cast<__rlimit_resource_t>(limit.resource);
        if (getrlimit(resource, &values) != 0) return false;
        // An ordinary user may not raise the hard limit: the lower of the two holds.
        values.rlim_max = std::min(values.rlim_max, limit.value);
        values.rlim_cur = values.rlim_max;
        return setrlimit(resource, &values) == 0;
    });
}

void reset_signals() {
    for (int number = 1; number < NSIG; ++number)
        (void)signal(number, SIG_DFL);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(Plan& plan) {
    const auto give_up = [&](Step step) {
        const StartError error{step, errno};
        (void)!write(plan.report, &error, sizeof error);
        _exit(127);
    };
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up(Step::Parent);
    if (getppid() != plan.parent) _exit(127);  // it died before it could be listened for
    (void)setpgid(0, 0);
    if (!renumber(plan)) give_up(Step::Descriptors);
    if (plan.folder != nullptr && chdir(plan.folder) != 0) give_up(Step::Folder);
    if (!plan.cpus.empty() && sched_setaffinity(0, sizeof plan.cpu_set, &plan.cpu_set) != 0) {
        give_up(Step::Processors);
    }
    reset_signals();
    if (!set_limits(plan)) give_up(Step::Limits);
    execve(plan.program.c_str(), plan.argv.data(), plan.environment.data());
    give_up(Step::Program);
    _exit(127);
}

// --- The parent again. ---

int become_program(void* plan) {
    become(*static_cast<Plan*>(plan));
}

// As posix_spawn does, which cannot tie a child to its parent: until it is another program the
// child borrows this memory, and who starts it waits. Copying page tables for it, and parting with
// each page once more afterwards, was a seventh of what a hundred attacks on the emulator take.
pid_t start_without_signals(Plan& plan) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    // What they note of calls, and of the stack, would stay of those that never return here.
    constexpr int kBorrowed = 0;
#else
    constexpr int kBorrowed = CLONE_VM | CLONE_VFORK;
#endif
    constexpr std::size_t kStack = std::size_t{32} << 10;
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    // Handlers are the child's own; until it has reset them none may run in borrowed memory.
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    alignas(16) std::array<std::byte, kStack> stack;
    const pid_t pid =
        clone(become_program, stack.data() + stack.size(), kBorrowed | SIGCHLD, &plan);
    (void)pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return pid;
}

struct Pipe {
    Fd reader;
    Fd writer;
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("make a pipe");
    return Pipe{Fd(ends[0]), Fd(ends[1])};
}

// Polls, going on after interruptions; false when the time is up.
bool poll_until(std::span<pollfd> fds, std::int64_t deadline_ns) {
    for (;;) {
        const std::int64_t left = std::max<std::int64_t>(0, deadline_ns - now_ns());
        const timespec patience{left / 1'000'000'000, left % 1'000'000'000};
        const int ready = ppoll(fds.data(), fds.size(), &patience, nullptr);
        if (ready > 0) return true;
        if (ready == 0 || errno != EINTR) return false;
    }
}

std::int64_t deadline_after(std::chrono::nanoseconds patience) {
    constexpr std::int64_t kLongest = std::int64_t{1} << 60;  // 36 years
    return now_ns() + std::clamp<std::int64_t>(patience.count(), 0, kLongest);
}

}  // namespace

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      exit_(std::exchange(other.exit_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(pidfd_, other.pidfd_);
    std::swap(exit_, other.exit_);
    return *this;
}

Child::~Child() {
    if (!valid() || exit_) return;
    kill(SIGKILL);
    (void)wait(std::chrono::hours(24));
}

Result<Child> Child::start(const Command& command) {
    const Fd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null.valid()) return fail_errno("open /dev/null");
    CUPEL_TRY(Plan plan, make_plan(command, null));
    CUPEL_TRY(Pipe report, make_pipe());
    plan.report = report.writer.get();

    Child child;
    child.pid_ = start_without_signals(plan);
    if (child.pid_ < 0) return fail_errno("start " + plan.program);
    child.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, child.pid_, 0)));
    const int pidfd_error = errno;
    report.writer.reset();

    // Ends with the exec, which closes the child's end; or brings the step that failed.
    StartError error;
    ssize_t got = 0;
    do {
        got = read(report.reader.get(), &error, sizeof error);
    } while (got < 0 && errno == EINTR);
    if (got == sizeof error) {
        return fail_errno(plan.program + ": " + std::string(describe(error.step)),
                          error.error_number);
    }
    if (!child.pidfd_.valid()) return fail_errno("pidfd_open", pidfd_error);
    return child;
}

void Child::kill(int signal_number) const noexcept {
    if (!valid() || exit_) return;
    (void)::kill(pid_, signal_number);  // not yet reaped, so the number is still its own
}

std::optional<Exit> Child::wait(std::chrono::nanoseconds patience) {
    if (exit_ || !valid()) return exit_;
    if (pidfd_.valid()) {
        std::array<pollfd, 1> ended{{{pidfd_.get(), POLLIN, 0}}};
        if (!poll_until(ended, deadline_after(patience))) return std::nullopt;
    }
    // Its whole process group ends with it. Before reaping: until then nobody else can have its id.
    siginfo_t info{};
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
    (void)::kill(-pid_, SIGKILL);
    int status = 0;
    rusage usage{};
    while (wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    Exit result;
    result.by_signal = WIFSIGNALED(status);
    result.code = result.by_signal ? WTERMSIG(status) : WEXITSTATUS(status);
    result.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    exit_ = result;
    return exit_;
}

Result<Output> run(Command command, std::chrono::nanoseconds timeout, std::size_t max_output,
                   const std::function<bool()>& stop) {
    constexpr auto kTick = std::chrono::milliseconds(50);
    constexpr auto kGrace = std::chrono::seconds(3);
    CUPEL_TRY(Pipe pipe, make_pipe());
    command.out = &pipe.writer;
    command.err = &pipe.writer;
    CUPEL_TRY(Child child, Child::start(command));
    pipe.writer.reset();
    if (fcntl(pipe.reader.get(), F_SETFL, O_NONBLOCK) != 0) return fail_errno("fcntl");

    Output output;
    std::array<char, std::size_t{16} << 10> chunk{};
    const auto drain = [&] {  // false at the end of the stream
        for (;;) {
            const ssize_t got = read(pipe.reader.get(), chunk.data(), chunk.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return got < 0;
            const std::size_t room = max_output - output.text.size();
            output.truncated |= static_cast<std::size_t>(got) > room;
            output.text.append(chunk.data(), std::min(static_cast<std::size_t>(got), room));
        }
    };
    std::int64_t deadline = deadline_after(timeout);
    std::array<pollfd, 2> waiting{
        {{child.pidfd().get(), POLLIN, 0}, {pipe.reader.get(), POLLIN, 0}}};
    bool ended = false;
    while (!ended && !output.timed_out) {
        const std::int64_t look = stop ? std::min(deadline, deadline_after(kTick)) : deadline;
        const bool woken = poll_until(waiting, look);
        if (stop && !output.stopped && stop()) {
            output.stopped = true;
            child.kill(SIGTERM);
            deadline = std::min(deadline, deadline_after(kGrace));
        }
        // A poll that fails before its time would fail for ever.
        output.timed_out = now_ns() > deadline || (!woken && now_ns() < look);
        if (!woken) continue;
        ended = waiting[0].revents != 0;
        // A stream that has ended would keep waking us up until the child ends too.
        if (waiting[1].revents != 0 && !drain()) waiting[1].fd = -1;
    }
    if (!ended) child.kill(SIGKILL);
    output.exit = child.wait(std::chrono::hours(24)).value_or(Exit{true, SIGKILL, 0});
    if (waiting[1].fd >= 0) (void)drain();
    return output;
}

}  // namespace cupel::os
