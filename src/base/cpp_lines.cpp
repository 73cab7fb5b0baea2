// SPDX-License-Identifier: Apache-2.0
#include "base/cpp_lines.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/cpp_spans.hpp"
#include "base/text.hpp"

namespace cupel {
namespace {

class LineReader {
public:
    CppLines read(std::string_view text) {
        scan_cpp(text, [&](Span span, std::string_view run) { take(span, run); });
        if (at_ > line_.begin) end_line();
        return std::move(lines_);
    }

private:
    void take(Span span, std::string_view run) {
        if (span != Span::Code) {
            code_ += span == Span::Comment ? std::string(" ") : without_splices(run);
            at_ += run.size();
            line_.count += static_cast<std::size_t>(std::ranges::count(run, '\n'));
            return;
        }
        while (!run.empty()) {
            const std::size_t splice = splice_at(run, 0);
            const std::size_t step = std::max<std::size_t>(splice, 1);
            const char c = run.front();
            at_ += step;
            run.remove_prefix(step);
            if (splice > 0 || c == '\n') ++line_.count;
            if (splice == 0 && c == '\n') {
                end_line();
            } else if (splice == 0) {
                code_ += c;
            }
        }
    }

    void end_line() {
        std::string_view code = trim(code_);
        const std::size_t mark = code.starts_with('#') ? 1 : code.starts_with("%:") ? 2 : 0;
        if (mark > 0) {
            code = trim(code.substr(mark));
            const auto* const end = std::ranges::find_if_not(
                code, [](unsigned char c) { return std::isalpha(c) || c == '_'; });
            line_.directive.assign(code.begin(), end);
            line_.rest = trim(std::string_view(end, code.end()));
        }
        line_.blank = code.empty() && mark == 0;
        line_.end = at_;
        const std::size_t next = line_.number + line_.count;
        lines_.lines.push_back(std::exchange(line_, {}));
        line_.begin = at_;
        line_.number = next;
        code_.clear();
    }

    CppLines lines_;
    CppLine line_;
    std::string code_;
    std::size_t at_ = 0;
};

}  // namespace

CppLines cpp_lines(std::string_view text) {
    CppLines lines = LineReader().read(text);
    // Whether a line feed behind it would be code; the first of two may be part of a splice.
    scan_cpp(std::string(text) + "\n\n",
             [&](Span span, std::string_view) { lines.whole = span == Span::Code; });
    return lines;
}

std::string_view quoted_name(std::string_view rest) {
    if (!rest.starts_with('"')) return {};
    const std::size_t end = rest.find('"', 1);
    return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
}

}  // namespace cupel
