// SPDX-License-Identifier: Apache-2.0
// For tests: a server on this machine that speaks both dialects, and misbehaves as it is told to.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "os/fd.hpp"

namespace cupel::model::testing {

struct Call {
    std::string head;  // request line and headers
    std::string body;
};

// The server's end of one connection.
class Peer {
public:
    Peer(int fd, const std::atomic<bool>& stopping) : fd_(fd), stopping_(stopping) {}

    // False: the client is gone.
    bool send(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    // In pieces of so many bytes, each a packet of its own as far as that can be had.
    bool send_in_pieces(std::string_view text, std::size_t size) {
        while (!text.empty()) {
            if (!send(text.substr(0, size))) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            text.remove_prefix(std::min(size, text.size()));
        }
        return true;
    }
    void wait(int milliseconds) const {
        for (int waited = 0; waited < milliseconds && !stopping_; waited += 5)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    // Throws the connection away in the middle: the other end sees a reset, not an end.
    void reset() const {
        // What was sent must have come, or the reset would overtake it.
        wait(50);
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        CUPEL_CHECK(::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    }
    [[nodiscard]] bool stopping() const { return stopping_; }

private:
    int fd_;
    const std::atomic<bool>& stopping_;
};

using Handler = std::function<void(const Call&, Peer&)>;

class Server {
public:
    explicit Server(Handler handler) : handler_(std::move(handler)) {
        listener_ = os::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        CUPEL_CHECK(::bind(listener_.get(), any, size) == 0);
        CUPEL_CHECK(::listen(listener_.get(), 16) == 0);
        CUPEL_CHECK(::getsockname(listener_.get(), any, &size) == 0);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    Server(Server&&) = delete;
    Server& operator=(Server&&) = delete;
    ~Server() {
        stopping_ = true;
        ::shutdown(listener_.get(), SHUT_RDWR);
        acceptor_.join();
        {
            const std::scoped_lock lock(mutex_);
            for (const int fd : open_)
                ::shutdown(fd, SHUT_RDWR);
        }
        for (std::thread& thread : serving_)
            thread.join();
    }

    [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}/v1", port_); }
    [[nodiscard]] std::vector<Call> calls() const {
        const std::scoped_lock lock(mutex_);
        return calls_;
    }

private:
    void accept_all() {
        while (!stopping_) {
            const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) continue;
            const std::scoped_lock lock(mutex_);
            open_.push_back(fd);
            serving_.emplace_back([this, fd] { serve(fd); });
        }
    }
    void serve(int fd) {
        if (auto call = read_call(fd)) {
            {
                const std::scoped_lock lock(mutex_);
                calls_.push_back(*call);
            }
            Peer peer(fd, stopping_);
            handler_(*call, peer);
        }
        const std::scoped_lock lock(mutex_);
        std::erase(open_, fd);
        ::close(fd);
    }
    static std::optional<Call> read_call(int fd) {
        std::string text;
        std::size_t wanted = std::string::npos;
        while (text.size() < wanted) {
            char buffer[4096];
            const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
            if (got <= 0) return std::nullopt;
            text.append(buffer, static_cast<std::size_t>(got));
            const std::size_t end = text.find("\r\n\r\n");
            if (end == std::string::npos) continue;
            const std::size_t at = text.find("Content-Length: ");
            wanted = end + 4 + (at < end ? std::stoul(text.substr(at + 16)) : 0);
        }
        const std::size_t end = text.find("\r\n\r\n");
        return Call{text.substr(0, end), text.substr(end + 4)};
    }

    Handler handler_;
    os::Fd listener_;
    int port_ = 0;
    std::atomic<bool> stopping_ = false;
    mutable std::mutex mutex_;
    std::vector<Call> calls_;
    std::vector<int> open_;
    std::vector<std::thread> serving_;
    std::thread acceptor_;
};

// ---- what well-behaved servers say: each closes the connection at its end ----

inline std::string answer(int status, std::string_view type, std::string_view body,
                          std::string_view more = "") {
    return fmt::format(
        "HTTP/1.1 {} Thing\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
        "Connection: close\r\n{}\r\n{}",
        status, type, body.size(), more, body);
}

inline std::string refusal(int status, std::string_view type, std::string_view message,
                           std::string_view more = "") {
    const std::string body =
        fmt::format(R"({{"error":{{"type":"{}","message":"{}"}}}})", type, message);
    return answer(status, "application/json", body, more);
}

inline const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

// `pieces` are JSON strings without their quotes.
inline std::string chat_pieces(const std::vector<std::string>& pieces) {
    std::string text = R"(data: {"choices":[{"delta":{"role":"assistant","content":""}}]})"
                       "\n\n";
    for (const std::string& piece : pieces) {
        text += fmt::format(R"(data: {{"choices":[{{"delta":{{"content":"{}"}}}}]}})"
                            "\n\n",
                            piece);
    }
    return text;
}
inline const std::string kChatStop = R"(data: {"choices":[{"delta":{},"finish_reason":"stop"}]})"
                                     "\n\n";
inline const std::string kChatUsage =
    R"(data: {"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":40,)"
    R"("prompt_tokens_details":{"cached_tokens":60},)"
    R"("completion_tokens_details":{"reasoning_tokens":25}}})"
    "\n\n";
inline const std::string kChatDone = "data: [DONE]\n\n";

inline std::string chat_stream(const std::vector<std::string>& pieces) {
    return kStreamHead + chat_pieces(pieces) + kChatStop + kChatUsage + kChatDone;
}

inline std::string messages_start() {
    return "event: message_start\n"
           R"(data: {"type":"message_start","message":{"usage":{"input_tokens":30,)"
           R"("cache_read_input_tokens":60,"cache_creation_input_tokens":10,"output_tokens":1}}})"
           "\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n"
           "event: content_block_delta\n"
           R"(data: {"type":"content_block_delta","delta":{"type":"thinking_delta",)"
           R"("thinking":"hm"}})"
           "\n\n";
}
inline std::string messages_pieces(const std::vector<std::string>& pieces) {
    std::string text;
    for (const std::string& piece : pieces) {
        text += fmt::format(
            "event: content_block_delta\n"
            R"(data: {{"type":"content_block_delta","delta":)"
            R"({{"type":"text_delta","text":"{}"}}}})"
            "\n\n",
            piece);
    }
    return text;
}
inline const std::string kMessagesStop =
    "event: message_delta\n"
    R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
    R"("usage":{"output_tokens":40}})"
    "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

inline std::string messages_stream(const std::vector<std::string>& pieces) {
    return kStreamHead + messages_start() + messages_pieces(pieces) + kMessagesStop;
}

}  // namespace cupel::model::testing
