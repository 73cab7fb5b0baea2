// SPDX-License-Identifier: Apache-2.0
#include "referee/oracle_client.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "os/files.hpp"

namespace cupel::referee {
namespace {

constexpr int kPatienceMilliseconds =
    120'000;  // an oracle that needs longer for one request is broken

// Moves all the bytes over the socket, or says why not.
template <class Byte, class Move>
Result<void> transfer(int socket, short direction, std::span<Byte> bytes, Move move) {
    while (!bytes.empty()) {
        pollfd waiting{.fd = socket, .events = direction, .revents = 0};
        const int ready = poll(&waiting, 1, kPatienceMilliseconds);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return fail(Errc::Io, "the oracle does not answer");
        const ssize_t moved = move(socket, bytes);
        if (moved < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (moved <= 0) return fail(Errc::Io, "the oracle ended unexpectedly");
        bytes = bytes.subspan(static_cast<std::size_t>(moved));
    }
    return {};
}

Result<void> send_all(int socket, std::span<const std::byte> bytes) {
    return transfer(socket, POLLOUT, bytes, [](int fd, std::span<const std::byte> rest) {
        return send(fd, rest.data(), rest.size(), MSG_NOSIGNAL);
    });
}

Result<void> receive_all(int socket, std::span<std::byte> bytes) {
    return transfer(socket, POLLIN, bytes, [](int fd, std::span<std::byte> rest) {
        return recv(fd, rest.data(), rest.size(), 0);
    });
}

// The sizes of this very task, so that overrides reach the oracle (derived sizes follow from the
// others).
std::string task_message(const task::Task& task) {
    std::string line = "overrides";
    for (const task::Size& size : task.sizes) {
        if (!size.derived) line += fmt::format(" {}={}", size.name, size.value);
    }
    return line + "\n" + task.text;
}

}  // namespace

Result<OracleClient> OracleClient::start(const task::Task& task, const Arena& arena, int threads) {
    OracleClient client;
    client.arena_ = &arena;
    client.inputs_ = task.inputs.size();
    int ends[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fail_errno("start the oracle");
    client.socket_ = os::Fd(ends[0]);
    const os::Fd theirs(ends[1]);
    CUPEL_TRY(const os::Fd text, os::make_sealed_file("cupel-task", task_message(task)));
    os::Command command;
    command.argv = {(os::program_folder() / "cupel-oracle").string()};
    command.environment = {fmt::format("CUPEL_ORACLE_THREADS={}", threads), "LC_ALL=C"};
    command.fds = {{.number = wire::oracle::kSocketFd, .fd = &theirs},
                   {.number = wire::oracle::kInputFd, .fd = &arena.input_fd()},
                   {.number = wire::oracle::kTaskFd, .fd = &text}};
    const os::Fd error(dup(STDERR_FILENO));
    command.err = &error;
    auto child = os::Child::start(command);
    if (!child) return std::unexpected(std::move(child).error().in("start the oracle"));
    client.child_ = std::move(*child);
    return client;
}

Result<std::vector<wire::oracle::Truth>> OracleClient::ask(
    int slot, std::span<const wire::oracle::Position> positions) {
    wire::oracle::Request request;
    request.positions = positions.size();
    for (std::size_t i = 0; i < inputs_; ++i) {
        request.input_offset[i] = arena_->input_offset(slot, i);
    }
    CUPEL_DO(send_all(socket_.get(), std::as_bytes(std::span(&request, 1))));
    CUPEL_DO(send_all(socket_.get(), std::as_bytes(positions)));
    wire::oracle::Reply reply;
    CUPEL_DO(receive_all(socket_.get(), std::as_writable_bytes(std::span(&reply, 1))));
    if (reply.positions != positions.size())
        return fail(Errc::Corrupt, "the oracle answered another request");
    std::vector<wire::oracle::Truth> truths(positions.size());
    CUPEL_DO(receive_all(socket_.get(), std::as_writable_bytes(std::span(truths))));
    seconds_per_position_ =
        reply.seconds / static_cast<double>(std::max<std::size_t>(1, positions.size()));
    return truths;
}

}  // namespace cupel::referee
