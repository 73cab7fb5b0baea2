// SPDX-License-Identifier: Apache-2.0
// One contender process in its jail, and the clock around its windows. Trusted; the process on the
// other side is not. Between windows it is frozen: it cannot work, wait, or look.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "jail/jail.hpp"
#include "os/fd.hpp"
#include "referee/arena.hpp"
#include "referee/crowd.hpp"
#include "referee/library.hpp"
#include "wire/control.hpp"

namespace cupel::referee {

// What a contender loads.
struct Program {
    std::filesystem::path object;
    Library library = {};
};

enum class Ending { Answered, Died, TimedOut, Threads };

struct Window {
    Ending ending = Ending::Answered;
    double seconds = 0;    // bell to frozen: the answers were out of reach when this clock stopped
    std::string reason;    // for the other endings, in words
    bool by_jail = false;  // died of a forbidden system call
};

class Session {
public:
    Session(Session&&) noexcept = default;
    Session& operator=(Session&&) noexcept = default;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { held_.end(); }  // nothing of it is left when the next one starts (law 6)

    // Begins the process, which loads its kernel from here on.
    [[nodiscard]] static Result<Session> begin(const Program& program, const Arena& arena,
                                               int threads);
    // Waits until the kernel is loaded, and freezes the process. A kernel that does not come that
    // far is an ended Session: `ending()` says how.
    [[nodiscard]] Result<void> load(std::chrono::nanoseconds patience);
    // Both.
    [[nodiscard]] static Result<Session> start(const Program& program, const Arena& arena,
                                               int threads, std::chrono::nanoseconds patience);

    // One window: thaw, ring, wait until done, freeze. The questions 0 .. questions-1 must be asked
    // and poisoned.
    [[nodiscard]] Window window(int questions, std::chrono::nanoseconds timeout);

    // Set if the process ended (or misbehaved) before its first window.
    [[nodiscard]] const std::optional<Window>& ending() const { return ending_; }
    [[nodiscard]] const jail::Held& held() const { return held_; }

private:
    Session() = default;
    [[nodiscard]] wire::Control& control() const;
    [[nodiscard]] Window died(std::string_view when);
    // Waits until the word differs from `old` (true), the process died or the time is up (false).
    [[nodiscard]] bool wait_change(std::atomic<std::uint32_t>& word, std::uint32_t wanted,
                                   std::chrono::nanoseconds patience);

    os::Fd control_fd_;
    os::Mapping control_;
    jail::Held held_;
    jail::Freezer freezer_;
    std::optional<Window> ending_;
    std::optional<os::Exit> exit_;
    std::uint32_t bell_ = 0;
    int threads_ = 1;
    Crowd crowd_{1};
    bool lenient_ = false;    // it calls a library, which takes its time
    std::vector<int> cpus_;   // the contender's
    std::vector<int> apart_;  // the others that we may use
};

}  // namespace cupel::referee
