// SPDX-License-Identifier: Apache-2.0
#include "model/event_stream.hpp"

#include <utility>

namespace cupel::model {

bool EventStream::feed(std::string_view bytes, const Take& take) {
    for (const char c : bytes) {
        const bool second_half = c == '\n' && after_return_;
        after_return_ = c == '\r';
        if (second_half) continue;
        if (c == '\n' || c == '\r') {
            end_line(take);
        } else if (line_.size() + event_.data.size() < most_) {
            line_ += c;
        } else {
            return false;
        }
    }
    return true;
}

void EventStream::finish(const Take& take) {
    if (!line_.empty()) end_line(take);
    dispatch(take);
}

void EventStream::end_line(const Take& take) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (lines_++ == 0 && line_.starts_with(kByteOrderMark)) line_.erase(0, kByteOrderMark.size());
    const std::string line = std::exchange(line_, {});
    if (line.empty()) return dispatch(take);
    const std::size_t colon = line.find(':');
    if (colon == 0) return;  // a comment
    const std::string_view field = std::string_view(line).substr(0, colon);
    std::string_view value;
    if (colon != std::string::npos) value = std::string_view(line).substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") {
        event_.name = value;
    } else if (field == "data" || field == "error") {
        // Older llama.cpp says in a field of that name what went wrong.
        if (field == "error") event_.name = field;
        if (has_data_) event_.data += '\n';
        event_.data += value;
        has_data_ = true;
    }
}

void EventStream::dispatch(const Take& take) {
    const Event event = std::exchange(event_, {});
    if (std::exchange(has_data_, false)) take(event);
}

}  // namespace cupel::model
