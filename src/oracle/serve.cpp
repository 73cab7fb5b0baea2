// SPDX-License-Identifier: Apache-2.0
#include "oracle/serve.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "oracle/oracle.hpp"

namespace cupel::oracle {
namespace {

using wire::oracle::Position;
using wire::oracle::Reply;
using wire::oracle::Request;
using wire::oracle::Truth;

constexpr std::size_t kMaxText = std::size_t{4} << 20;

// How much of the bytes came before the other side closed.
Result<std::size_t> read_whole(const os::Fd& fd, std::span<std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t got = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail_errno("read");
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<void> send_whole(const os::Fd& socket, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return fail_errno("send");
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return {};
}

Result<std::vector<task::Override>> parse_overrides(std::string_view line) {
    std::vector<task::Override> overrides;
    for (const std::string& word : split(line, ' ')) {
        if (word.empty()) continue;
        const std::size_t equals = word.find('=');
        task::Override one;
        const char* end = word.data() + word.size();
        if (equals == std::string::npos || equals == 0)
            return fail(Errc::Invalid, "override without a name or a value: " + word);
        one.name = word.substr(0, equals);
        const auto parsed = std::from_chars(word.data() + equals + 1, end, one.value);
        if (parsed.ec != std::errc{} || parsed.ptr != end)
            return fail(Errc::Invalid, "override without a number: " + word);
        overrides.push_back(std::move(one));
    }
    return overrides;
}

// One exchange; false at the end of the conversation.
Result<bool> exchange(const os::Fd& socket, std::span<const std::byte> region, Oracle& oracle) {
    Request request;
    CUPEL_TRY(const std::size_t got,
              read_whole(socket, std::as_writable_bytes(std::span(&request, 1))));
    if (got == 0) return false;
    if (got != sizeof(request)) return fail(Errc::Invalid, "half a request");
    if (request.positions > kMaxPositions)
        return fail(Errc::Invalid, fmt::format("{} positions are too many", request.positions));
    std::vector<Position> positions(request.positions);
    CUPEL_TRY(const std::size_t listed,
              read_whole(socket, std::as_writable_bytes(std::span(positions))));
    if (listed != positions.size() * sizeof(Position))
        return fail(Errc::Invalid, "fewer positions than announced");
    std::vector<Truth> truths(positions.size());
    const auto start = std::chrono::steady_clock::now();
    CUPEL_DO(oracle.answer(request, region, positions, truths));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const Reply reply{request.positions, seconds.count()};
    CUPEL_DO(send_whole(socket, std::as_bytes(std::span(&reply, 1))));
    CUPEL_DO(send_whole(socket, std::as_bytes(std::span(truths))));
    return true;
}

}  // namespace

Result<task::Task> read_task(const os::Fd& fd) {
    // A file's position is where its writer left it; a pipe has none.
    if (::lseek(fd.get(), 0, SEEK_SET) < 0 && errno != ESPIPE) return fail_errno("task text");
    std::string text(kMaxText + 1, '\0');
    CUPEL_TRY(const std::size_t length, read_whole(fd, std::as_writable_bytes(std::span(text))));
    if (length > kMaxText) return fail(Errc::Invalid, "the task text is longer than 4 MiB");
    text.resize(length);
    const std::string_view whole = text;
    constexpr std::string_view kWord = "overrides";
    const std::size_t end = whole.find('\n');
    const std::string_view line = whole.substr(0, end);
    const bool alone = line.size() == kWord.size();
    if (end == std::string_view::npos || !line.starts_with(kWord) ||
        (!alone && line[kWord.size()] != ' '))
        return fail(Errc::Invalid, "the task text does not begin with its overrides");
    CUPEL_TRY(const auto overrides, parse_overrides(line.substr(kWord.size())));
    return task::parse(whole.substr(end + 1), "task", overrides);
}

Result<void> serve(const os::Fd& socket, const os::Fd& input, const task::Task& task, int threads) {
    CUPEL_TRY(Oracle oracle, Oracle::make(task, threads));
    struct stat status = {};
    if (::fstat(input.get(), &status) != 0) return fail_errno("input region");
    os::Mapping region;
    if (status.st_size > 0) {
        const auto bytes = static_cast<std::size_t>(status.st_size);
        CUPEL_TRY(region, os::Mapping::map(input, bytes, os::Access::ReadOnly, false));
    }
    for (;;) {
        CUPEL_TRY(const bool more, exchange(socket, region.bytes(), oracle));
        if (!more) return {};
    }
}

}  // namespace cupel::oracle
