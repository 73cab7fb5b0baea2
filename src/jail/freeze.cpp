// SPDX-License-Identifier: Apache-2.0
// SIGSTOP is only a request: each thread stops when it next leaves the kernel. That all have
// stopped is read from /proc/PID/task/TID/stat; waitid() would tell of direct children only.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <system_error>
#include <thread>

#include "jail/jail.hpp"
#include "os/clock.hpp"

namespace cupel::jail {
namespace {

struct Status {
    char state = 'X';
    int threads = 0;
};

// "PID (NAME) STATE ..."; the 20th field counts threads. NAME is the contender's to choose and may
// hold anything, parentheses too, but nothing after it may: the last one ends it.
Status read_status(const os::Fd& stat) {
    std::array<char, 1024> buffer{};
    const ssize_t got = pread(stat.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return {};
    std::string_view text(buffer.data(), static_cast<std::size_t>(got));
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string_view::npos || name_end + 2 >= text.size()) return {};
    text.remove_prefix(name_end + 2);
    Status status{text.front(), 0};
    for (int field = 3; field < 20; ++field) {
        const std::size_t space = text.find(' ');
        if (space == std::string_view::npos) return {};
        text.remove_prefix(space + 1);
    }
    (void)std::from_chars(text.data(), text.data() + text.size(), status.threads);
    return status;
}

bool ended(char state) {
    return state == 'Z' || state == 'X';
}
bool stands_still(char state) {
    return state == 'T' || state == 't' || ended(state);
}

os::Fd open_stat(const std::string& folder) {
    return os::Fd(open((folder + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
}

// A thread needs a processor to stop on, and it may be this one. To yield it is not enough: that is
// among the threads of one scheduling group, and each session has its own. Where a contender's
// thread waited behind a loop that yields, windows took up to 5 ms more, one in four. So this
// thread sleeps, long enough to be off its processor before it is woken again.
constexpr std::chrono::nanoseconds kFirstAway = std::chrono::microseconds(20);
constexpr std::chrono::nanoseconds kMostAway = std::chrono::microseconds(160);
// ... counted between two looks, however long they are apart.
constexpr std::chrono::nanoseconds kMostAtOnce = std::chrono::milliseconds(20);
// Apart from the process there is nobody to give way to; after that long a thread is held up by
// something else, and looking on without a pause would be of no use.
constexpr std::chrono::nanoseconds kLooking = std::chrono::microseconds(500);

void give_way(std::chrono::nanoseconds moment) {
    // Without this the kernel would add up to 50 us, to wake several sleepers at once.
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    std::this_thread::sleep_for(moment);
}

}  // namespace

Result<Freezer> Freezer::make(int pid) {
    Freezer freezer;
    freezer.pid_ = pid;
    freezer.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    if (!freezer.pidfd_.valid()) return fail_errno("hold process " + std::to_string(pid));
    freezer.stat_ = open_stat("/proc/" + std::to_string(pid));
    if (!freezer.stat_.valid()) return fail_errno("watch process " + std::to_string(pid));
    return freezer;
}

void Freezer::list_threads() {
    threads_.clear();
    const std::string folder = "/proc/" + std::to_string(pid_) + "/task";
    std::error_code error;
    std::filesystem::directory_iterator entry(folder, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        int id = 0;
        (void)std::from_chars(name.data(), name.data() + name.size(), id);
        if (id == pid_) continue;
        threads_.push_back({.id = id, .stat = open_stat(entry->path().string()), .placed = false});
    }
}

Freezer::Stand Freezer::look() {
    // The others first: once each of those listed stands still, none of them can end or start
    // another, so if their number is then the process's number, these are all.
    for (const Thread& thread : threads_) {
        const Status status = read_status(thread.stat);
        if (ended(status.state)) {
            list_threads();
            return Stand::Running;
        }
        if (!stands_still(status.state)) return Stand::Running;
    }
    const Status first = read_status(stat_);
    if (ended(first.state) && first.threads <= 1) return Stand::Dead;
    if (!stands_still(first.state)) return Stand::Running;
    if (static_cast<std::size_t>(first.threads) == threads_.size() + 1) return Stand::Stopped;
    list_threads();
    return Stand::Running;
}

bool Freezer::freeze(std::chrono::nanoseconds patience, bool apart) {
    // Where the whole machine stood still, time went by for us, but not for it.
    std::chrono::nanoseconds waited{0};
    std::int64_t before = os::now_ns();
    std::chrono::nanoseconds moment = kFirstAway;
    if (syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGSTOP, nullptr, 0) != 0) return false;
    for (;;) {
        const Stand stand = look();
        if (stand != Stand::Running) return stand == Stand::Stopped;
        const std::int64_t now = os::now_ns();
        waited += std::min(std::chrono::nanoseconds(now - before), kMostAtOnce);
        before = now;
        if (waited > patience) return false;
        if (apart && waited < kLooking) continue;
        give_way(moment);
        moment = std::min(moment + moment / 4, kMostAway);
    }
}

void Freezer::thaw() const {
    (void)syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGCONT, nullptr, 0);
}

int Freezer::threads() const {
    const Status status = read_status(stat_);
    return ended(status.state) && status.threads <= 1 ? 0 : status.threads;
}

std::vector<int> Freezer::others() const {
    std::vector<int> ids;
    ids.reserve(threads_.size());
    for (const Thread& thread : threads_)
        ids.push_back(thread.id);
    return ids;
}

// A process's time holds that of its threads that have ended; the first's own is the first number
// of its schedstat. In ns, both.
bool Freezer::had_others() const {
    constexpr std::int64_t kNoise = 20'000;
    clockid_t clock{};
    timespec all{};
    if (clock_getcpuclockid(pid_, &clock) != 0 || clock_gettime(clock, &all) != 0) return true;
    const std::string id = std::to_string(pid_);
    const os::Fd file(
        open(("/proc/" + id + "/task/" + id + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 128> buffer{};
    const ssize_t got = pread(file.get(), buffer.data(), buffer.size(), 0);
    std::int64_t own = 0;
    (void)std::from_chars(buffer.data(), buffer.data() + std::max<ssize_t>(got, 0), own);
    return all.tv_sec * 1'000'000'000LL + all.tv_nsec - own > kNoise;
}

void Freezer::place(std::span<const int> cpus) {
    if (cpus.empty() || free_) return;
    const auto bind = [](int thread, std::span<const int> to) {
        cpu_set_t set;
        CPU_ZERO(&set);
        for (const int cpu : to)
            CPU_SET(static_cast<std::size_t>(cpu), &set);
        return sched_setaffinity(thread, sizeof set, &set) == 0;
    };
    if (threads_.empty() && had_others()) {
        free_ = true;
        (void)bind(pid_, cpus);
        return;
    }
    const auto pin = [&](int thread, std::size_t number, bool& placed) {
        // A thread that ended meanwhile needs no place.
        if (!placed) placed = bind(thread, cpus.subspan(number % cpus.size(), 1));
    };
    pin(pid_, 0, placed_);
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        pin(threads_[i].id, i + 1, threads_[i].placed);
    }
}

bool freeze(int pid, std::chrono::nanoseconds patience) {
    Result<Freezer> freezer = Freezer::make(pid);
    return freezer && freezer->freeze(patience);
}

void thaw(int pid) {
    if (const Result<Freezer> freezer = Freezer::make(pid)) freezer->thaw();
}

int count_threads(int pid) {
    const Result<Freezer> freezer = Freezer::make(pid);
    return freezer ? freezer->threads() : 0;
}

}  // namespace cupel::jail
