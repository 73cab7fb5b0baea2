// SPDX-License-Identifier: Apache-2.0
// mcp: a server of the Model Context Protocol over standard input and output (docs/mcp.md). One
// thread, as children die with the thread that started them.
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "cli/commands.hpp"
#include "cli/mcp_jobs.hpp"
#include "cli/mcp_tools.hpp"
#include "cli/signals.hpp"
#include "mcp/server.hpp"
#include "os/clock.hpp"

namespace cupel::cli {
namespace {

// Beyond this nothing is read: a client that asks and does not listen waits for itself.
constexpr std::size_t kMostUnsent = std::size_t{4} << 20;

class Pipes {
public:
    void send(const std::string& line) { unsent_ += line; }
    [[nodiscard]] bool open() const { return open_; }
    [[nodiscard]] const Error* problem() const { return problem_ ? &*problem_ : nullptr; }

    // Waits until there is something to do, at most so long; what was read, if anything.
    std::string_view exchange(const std::vector<int>& others, int patience_ms) {
        std::vector<pollfd> fds = {{unsent_.size() < kMostUnsent ? STDIN_FILENO : -1, POLLIN, 0},
                                   {unsent_.empty() ? -1 : STDOUT_FILENO, POLLOUT, 0}};
        for (const int fd : others)
            fds.push_back({fd, POLLIN, 0});
        if (poll(fds.data(), fds.size(), patience_ms) <= 0) return {};
        if (fds[1].revents != 0) write_some();
        return fds[0].revents != 0 ? read_some() : std::string_view();
    }
    // What is left to send, to a client that still listens.
    void flush(double seconds) {
        const std::int64_t begun = os::now_ns();
        while (open_out_ && !unsent_.empty() && os::seconds_since(begun) < seconds) {
            constexpr int kTick = 50;  // ms
            pollfd out{STDOUT_FILENO, POLLOUT, 0};
            if (poll(&out, 1, kTick) > 0) write_some();
        }
    }

private:
    // A pipe that can be written to takes so much without waiting.
    void write_some() {
        constexpr std::size_t kChunk = 4096;
        const ssize_t put =
            ::write(STDOUT_FILENO, unsent_.data(), std::min(unsent_.size(), kChunk));
        if (put >= 0) {
            unsent_.erase(0, static_cast<std::size_t>(put));
        } else if (errno != EINTR && errno != EAGAIN) {
            problem_ = fail_errno("standard output").error();
            open_ = open_out_ = false;
        }
    }
    std::string_view read_some() {
        const ssize_t got = ::read(STDIN_FILENO, chunk_.data(), chunk_.size());
        if (got > 0) return {chunk_.data(), static_cast<std::size_t>(got)};
        if (got == 0 || (errno != EINTR && errno != EAGAIN)) open_ = false;
        return {};
    }

    std::string unsent_;
    std::array<char, std::size_t{64} << 10> chunk_{};
    bool open_ = true;
    bool open_out_ = true;
    std::optional<Error> problem_;
};

Result<void> check_budget(const Budget& budget) {
    if (!budget.evaluations && !budget.dollars && !budget.tokens) return {};
    return fail(Errc::Usage,
                "cupel mcp: --budget is a time, such as 1h; no model that costs is ever asked");
}

double now_seconds() {
    return os::seconds_since(0);
}

}  // namespace

Result<int> run_mcp(const Options& options, Console& console) {
    constexpr int kTick = 200;  // ms; what a client or a child does wakes us at once
    CUPEL_DO(check_budget(options.budget));
    CUPEL_TRY(Jobs jobs, Jobs::open(options.budget.seconds));
    Pipes pipes;
    mcp::Server server({.name = "cupel",
                        .title = "Cupel, a referee of kernels",
                        .version = std::string(kVersion),
                        .instructions = tools_instructions()},
                       make_tools(jobs), [&](const std::string& line) { pipes.send(line); });
    if (isatty(STDIN_FILENO) == 1)
        console.note("cupel mcp speaks JSON, a message a line; an agent starts it (docs/mcp.md)");
    while (pipes.open() && !stop_requested()) {
        server.receive(pipes.exchange(jobs.descriptors(), kTick), now_seconds());
        jobs.step();
        server.step(now_seconds());
    }
    jobs.end();
    pipes.flush(1);
    if (pipes.problem() != nullptr) return std::unexpected(*pipes.problem());
    return 0;
}

}  // namespace cupel::cli
