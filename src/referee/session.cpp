// SPDX-License-Identifier: Apache-2.0
#include "referee/session.hpp"

#include <fmt/format.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <iterator>
#include <new>
#include <utility>

#include "base/text.hpp"
#include "os/affinity.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"

namespace cupel::referee {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kSlice{20};  // how often a waiting referee looks whether the contender lives
constexpr milliseconds kFreezePatience{10'000};  // a busy machine lets a thread wait for seconds
constexpr std::uint64_t kHeadroom = std::uint64_t{3}
                                    << 30;  // address space beyond the arena: stacks, malloc arenas

// PyTorch keeps threads of its own, and OpenBLAS others for it; they share the processors granted.
constexpr int kLibraryThreads = 2;
constexpr int kLibraryPatience = 6;  // it is loaded in 2 s where nobody else is busy

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t seen, nanoseconds patience) {
    const timespec timeout{.tv_sec = patience.count() / 1'000'000'000,
                           .tv_nsec = patience.count() % 1'000'000'000};
    syscall(SYS_futex, &word, FUTEX_WAIT, seen, &timeout, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
    syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

// The last processors of the allowed set: the first ones also serve interrupts and the referee.
std::vector<int> processors(int threads) {
    const std::vector<int> allowed = os::allowed_cpus();
    const auto wanted = std::min(allowed.size(), static_cast<std::size_t>(threads));
    return {allowed.end() - static_cast<std::ptrdiff_t>(wanted), allowed.end()};
}

std::vector<std::string> environment(int threads) {
    return {fmt::format("OMP_NUM_THREADS={}", threads), fmt::format("OMP_THREAD_LIMIT={}", threads),
            "OMP_WAIT_POLICY=passive", "OMP_DYNAMIC=false", "LC_ALL=C"};
}

std::string state_reason(std::uint32_t state) {
    switch (static_cast<wire::State>(state)) {
        case wire::State::NoFunction:
            return "the compiled file does not export the function `kernel`";
        case wire::State::NoLibrary:
            return "the compiled file could not be loaded";
        case wire::State::NoMapping:
            return "the contender could not map its questions";
        case wire::State::NoFilter:
            return "the contender could not install its system-call filter";
        case wire::State::Starting:
        case wire::State::Mapped:
        case wire::State::Loaded:
        case wire::State::Ready:
            break;
    }
    return {};
}

}  // namespace

wire::Control& Session::control() const {
    return *std::launder(reinterpret_cast<wire::Control*>(control_.data()));
}

Result<Session> Session::start(const Program& contender, const Arena& arena, int threads,
                               nanoseconds patience) {
    CUPEL_TRY(Session session, begin(contender, arena, threads));
    CUPEL_DO(session.load(patience));
    return session;
}

Result<Session> Session::begin(const Program& contender, const Arena& arena, int threads) {
    Session session;
    const bool lenient = contender.library.is_called();
    session.lenient_ = lenient;
    session.threads_ = lenient ? kLibraryThreads * threads : threads;
    session.crowd_ = Crowd(session.threads_);
    CUPEL_TRY(session.control_fd_, os::make_shared_memory("cupel-control", sizeof(wire::Control)));
    CUPEL_TRY(session.control_, os::Mapping::map(session.control_fd_, sizeof(wire::Control),
                                                 os::Access::ReadWrite, true));
    auto* control = new (session.control_.data()) wire::Control;
    control->threads = static_cast<std::uint32_t>(threads);
    arena.describe(*control);

    const std::filesystem::path program = os::program_folder() / "cupel-contender";
    CUPEL_TRY(const os::Fd filter, jail::contender_filter(lenient));
    jail::Cell cell;
    cell.lenient = lenient;
    CUPEL_TRY(cell.binds, jail::library_binds(program, contender.library.shared));
    cell.binds.push_back({.host = program, .inside = "/cupel-contender", .writable = false});
    cell.binds.push_back({.host = contender.object, .inside = "/kernel.so", .writable = false});
    cell.argv = {"/cupel-contender", "/kernel.so"};
    cell.environment = environment(threads);
    cell.environment.insert(cell.environment.end(), contender.library.environment.begin(),
                            contender.library.environment.end());
    cell.fds = {{.number = wire::kControlFd, .fd = &session.control_fd_},
                {.number = wire::kInputFd, .fd = &arena.input_fd()},
                {.number = wire::kOutputFd, .fd = &arena.output_fd()},
                {.number = wire::kFilterFd, .fd = &filter}};
    cell.limits.address_space = arena.bytes() + kHeadroom;
    cell.limits.cpu_seconds = 600;
    cell.limits.file_size = 0;
    cell.limits.open_files = 32;
    session.cpus_ = processors(threads);
    const std::vector<int> allowed = os::allowed_cpus();
    std::ranges::set_difference(allowed, session.cpus_, std::back_inserter(session.apart_));
    cell.cpus = session.cpus_;
    CUPEL_TRY(session.held_, jail::start(cell));
    return session;
}

Result<void> Session::load(nanoseconds patience) {
    const auto ready = static_cast<std::uint32_t>(wire::State::Ready);
    std::atomic<std::uint32_t>& state = control().state;
    const bool changed =
        wait_change(state, ready, lenient_ ? kLibraryPatience * patience : patience);
    const std::uint32_t reached = state.load(std::memory_order_acquire);
    if (changed && reached == ready) {
        CUPEL_TRY(freezer_, jail::Freezer::make(held_.pid));
        if (!freezer_.freeze(kFreezePatience)) ending_ = died("after loading");
        return {};
    }
    if (const std::string reason = state_reason(reached); !reason.empty()) {
        ending_ = Window{.ending = Ending::Died, .seconds = 0, .reason = reason, .by_jail = false};
    } else if (exit_) {
        ending_ = died("while being loaded");
    } else {
        ending_ = Window{.ending = Ending::TimedOut,
                         .seconds = 0,
                         .reason = "loading the kernel did not end (a constructor that hangs?)",
                         .by_jail = false};
    }
    return {};
}

bool Session::wait_change(std::atomic<std::uint32_t>& word, std::uint32_t wanted,
                          nanoseconds patience) {
    const std::int64_t deadline = os::now_ns() + patience.count();
    constexpr std::uint32_t kFirstFailure = 100;  // of wire::State
    while (true) {
        const std::uint32_t seen = word.load(std::memory_order_acquire);
        if (seen == wanted) return true;
        if (&word == &control().state && seen > kFirstFailure) return false;
        const std::int64_t left = deadline - os::now_ns();
        if (left <= 0) return false;
        futex_wait(word, seen, std::min<nanoseconds>(kSlice, nanoseconds(left)));
        if (word.load(std::memory_order_acquire) == wanted) return true;
        if (!exit_) exit_ = held_.wait(nanoseconds(0));
        if (exit_) return false;
    }
}

Window Session::died(std::string_view when) {
    Window window{.ending = Ending::Died, .seconds = 0, .reason = {}, .by_jail = false};
    if (!exit_) exit_ = held_.wait(milliseconds(500));
    const int signal_number = exit_ && exit_->by_signal ? exit_->code : 0;
    if (!exit_) {
        window.reason = fmt::format("stopped answering {}", when);
    } else if (signal_number == SIGSYS) {
        window.by_jail = true;
        // Which call it was are the contender's own words: good enough for a hint, and for nothing
        // else.
        window.reason = fmt::format(
            "was killed by the jail {}: it made a system call that kernels may not make ({})", when,
            jail::syscall_name(control().fault_syscall));
    } else if (signal_number != 0) {
        window.reason = fmt::format("died of {} {}", signal_name(signal_number), when);
    } else {
        window.reason = fmt::format("exited with status {} {}", exit_->code, when);
    }
    return window;
}

Window Session::window(int questions, nanoseconds timeout) {
    CUPEL_CHECK(!ending_);
    wire::Control& page = control();
    page.questions = static_cast<std::uint32_t>(questions);
    // Where there are more processors than the contender has, none of its threads waits for ours.
    const os::Confinement confinement(apart_);
    const std::uint32_t ring = ++bell_;
    page.bell.store(ring, std::memory_order_release);

    const std::int64_t begin = os::now_ns();  // from here on the questions can be seen
    freezer_.thaw();
    futex_wake(page.bell);
    const bool done = wait_change(page.done, ring, timeout);
    const bool frozen = freezer_.freeze(kFreezePatience, confinement.confined());
    const std::int64_t end = os::now_ns();  // from here on the answers cannot be changed

    Window window;
    window.seconds = static_cast<double>(end - begin) * 1e-9;
    if (done && frozen) {
        if (crowd_.stays(freezer_.threads(), freezer_.others())) {
            window.ending = Ending::Threads;
            window.reason = fmt::format("{} threads are alive after the answer; the task grants {}",
                                        freezer_.threads(), threads_);
        }
        freezer_.place(cpus_);  // after the clock; a kernel's threads begin in its first window
        return window;
    }
    if (!done && frozen) {
        window.ending = Ending::TimedOut;
        window.reason = fmt::format("did not answer within {}",
                                    format_seconds(static_cast<double>(timeout.count()) * 1e-9));
    } else {
        const double seconds = window.seconds;
        window = died("while answering");
        window.seconds = seconds;
    }
    ending_ = window;
    return window;
}

}  // namespace cupel::referee
