// SPDX-License-Identifier: Apache-2.0
// Server-sent events, out of bytes that arrive cut anywhere: within a line, a line end, a
// character.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace cupel::model {

struct Event {
    std::string name;  // empty: none was given
    std::string data;  // lines joined by line feeds
};

class EventStream {
public:
    using Take = std::function<void(const Event&)>;
    // The most that one event may hold.
    explicit EventStream(std::size_t most = std::size_t{1} << 20) : most_(most) {}

    // Hands over each event that is complete. False: one is longer than the limit, and the rest is
    // not read.
    [[nodiscard]] bool feed(std::string_view bytes, const Take& take);
    // What stands there unended, as some servers close without the last empty line.
    void finish(const Take& take);
    // Lines so far, comments and pings included: signs of life.
    [[nodiscard]] std::size_t lines() const noexcept { return lines_; }

private:
    void end_line(const Take& take);
    void dispatch(const Take& take);

    std::size_t most_;
    std::string line_;
    Event event_;
    bool has_data_ = false;
    bool after_return_ = false;  // a line feed now belongs to the carriage return before it
    std::size_t lines_ = 0;
};

}  // namespace cupel::model
