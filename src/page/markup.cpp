// SPDX-License-Identifier: Apache-2.0
#include "page/markup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "report/style.hpp"

namespace cupel::page {
namespace {

std::string_view entity(char c) {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

void append_escaped(std::string& out, std::string_view printable) {
    for (const char c : printable) {
        if (const std::string_view other = entity(c); !other.empty()) {
            out += other;
        } else {
            out += c;
        }
    }
}

// The bytes of the text whose escaped form takes at most `most`: whole characters.
std::size_t fitting(std::string_view text, std::size_t most) {
    constexpr std::size_t kReplacement = 3;  // bytes of U+FFFD, for what is no UTF-8
    std::size_t at = 0;
    for (std::size_t taken = 0; at < text.size();) {
        const std::size_t size = utf8_size(text.substr(at));
        const std::string_view other = entity(text[at]);
        taken += other.empty() ? std::max(size, kReplacement) : other.size();
        if (size == 1 && other.empty()) taken -= kReplacement - 1;
        if (taken > most) break;
        at += std::max<std::size_t>(size, 1);
    }
    return at;
}

}  // namespace

Attribute::Attribute(Key name, double number) : key(name), value(fmt::format("{:.1f}", number)) {
    if (value.ends_with(".0")) value.resize(value.size() - 2);
}

Markup::Element::~Element() {
    out_.page_.append("</").append(name_).append(">");
}

void Markup::tag(std::string_view name, std::initializer_list<Attribute> attributes) {
    page_.append("<").append(name);
    for (const Attribute& attribute : attributes) {
        page_.append(" ").append(attribute.key.name()).append("=\"");
        append_escaped(page_, report::one_line(attribute.value));
        page_ += '"';
    }
    page_ += '>';
}

void Markup::begin(std::string_view title, Stylesheet style) {
    page_ +=
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta name=\"referrer\" content=\"no-referrer\">\n<title>";
    text(report::one_line(title));
    page_.append("</title>\n<style>").append(style.text()).append("</style>\n</head>\n");
}

std::string Markup::end() && {
    return std::move(page_) + "\n</html>\n";
}

Markup::Element Markup::open(Tag tag_name, std::initializer_list<Attribute> attributes) {
    tag(tag_name.name(), attributes);
    return {*this, tag_name.name()};
}

Markup::Element Markup::open_link(Tag anchor, std::int64_t number, std::string_view label) {
    page_ += fmt::format("<a href=\"#{}{}\"", anchor.name(), number);
    if (!label.empty()) {
        page_ += " aria-label=\"";
        append_escaped(page_, report::one_line(label));
        page_ += '"';
    }
    page_ += '>';
    return {*this, "a"};
}

void Markup::leaf(Tag tag_name, std::initializer_list<Attribute> attributes,
                  std::string_view content) {
    const Element element = open(tag_name, attributes);
    text(content);
}

void Markup::text(std::string_view content) {
    append_escaped(page_, report::printable(content));
}

void Markup::cut(std::string_view content, std::size_t most) {
    const std::size_t shown = fitting(content, most);
    text(content.substr(0, shown));
    if (shown == content.size()) return;
    leaf("span", {{"class", "cut"}}, fmt::format(" … {} bytes left out", content.size() - shown));
}

}  // namespace cupel::page
