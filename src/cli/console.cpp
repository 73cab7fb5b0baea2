// SPDX-License-Identifier: Apache-2.0
#include "cli/console.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "os/clock.hpp"

namespace cupel::cli {
namespace {

constexpr std::size_t kWidest = 92;
constexpr std::int64_t kLiveInterval = 100'000'000;     // ns
constexpr std::int64_t kPlainInterval = 5'000'000'000;  // ns

bool is_set(const char* name) {
    const char* const value =
        std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread is started
    return value != nullptr && *value != '\0';
}

bool is_capable_terminal(int fd) {
    const char* const kind =
        std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): before any thread is started
    return isatty(fd) == 1 && kind != nullptr && std::string_view(kind) != "dumb";
}

// Of the terminal behind the descriptor; of COLUMNS, or a common width, where there is none.
std::size_t columns_of(int fd) {
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const char* const chosen =
        std::getenv("COLUMNS");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    const std::string_view digits = chosen != nullptr ? chosen : "";
    std::size_t columns = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), columns);
    return columns > 0 ? columns : kWidest;
}

void write(std::FILE* stream, std::string_view text) {
    // A failure stays in the stream's error flag, which finish() reads.
    static_cast<void>(std::fwrite(text.data(), 1, text.size(), stream));
}

}  // namespace

Console::Console(bool json)
    : json_(json),
      live_(is_capable_terminal(STDERR_FILENO)),
      out_{is_capable_terminal(STDOUT_FILENO) && !is_set("NO_COLOR")},
      err_{live_ && !is_set("NO_COLOR")} {}

void Console::print(std::string_view text) {
    if (json_) return;
    clear_status();
    write(stdout, report::printable(text));
    if (!text.ends_with('\n')) write(stdout, "\n");
}

void Console::print(const report::Card& card) {
    if (json_) return;
    clear_status();
    // Colours are the card's own; what it tells was made printable by it.
    write(stdout, report::draw(card, out_, std::min(columns_of(STDOUT_FILENO), kWidest)));
}

void Console::document(const nlohmann::json& json) {
    if (!json_ || std::exchange(told_, true)) return;
    clear_status();
    // Text of strangers (a compiler, a file) may be no UTF-8: replaced, never refused.
    write(stdout, json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::string Console::fit(std::string_view line) const {
    if (isatty(STDOUT_FILENO) != 1) return std::string(line);
    return report::shorten(line, columns_of(STDOUT_FILENO));
}

void Console::note(std::string_view line) {
    clear_status();
    write(stderr, report::printable(line) + "\n");
}

void Console::status(std::string_view phase, std::string_view text) {
    const std::int64_t now = os::now_ns();
    const bool same = phase == phase_;
    if (same && now - last_ns_ < (live_ ? kLiveInterval : kPlainInterval)) return;
    last_ns_ = now;
    phase_ = phase;
    const std::string words = report::one_line(fmt::format("{:<9} {}", phase, text));
    if (live_) {
        const std::size_t columns = columns_of(STDERR_FILENO);
        const std::string line = report::shorten(words, columns > 1 ? columns - 1 : 1);
        write(stderr, "\r\x1b[K" + err_.paint(report::Tone::Quiet, line));
        line_open_ = true;
    } else {
        write(stderr, words + "\n");
    }
    static_cast<void>(std::fflush(stderr));
}

void Console::clear_status() {
    if (!line_open_) return;
    write(stderr, "\r\x1b[K");
    static_cast<void>(std::fflush(stderr));
    line_open_ = false;
}

bool Console::finish() {
    clear_status();
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

}  // namespace cupel::cli
