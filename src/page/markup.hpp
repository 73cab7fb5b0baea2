// SPDX-License-Identifier: Apache-2.0
// HTML and SVG in which text of strangers can only be text. Names of elements and attributes are
// literals that are looked at when this is compiled; everything else is escaped, always: there is
// no way to hand over markup.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace cupel::page {

// Not constexpr, and nowhere defined: whoever calls them does not compile.
void this_element_is_not_for_pages();
void this_attribute_is_not_for_pages();
void no_markup_in_a_stylesheet();

namespace literal {

consteval bool is_plain(std::string_view name) {
    for (const char c : name) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '-') return false;
    }
    return !name.empty();
}

}  // namespace literal

// An element that only shows: none that runs, loads, sends, or says something of the whole page.
class Tag {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a literal, as it stands in the call
    consteval Tag(const char* name) : name_(name) {
        if (!literal::is_plain(name_)) this_element_is_not_for_pages();
        for (const std::string_view other :
             {"a",     "applet",   "audio",    "base",     "embed",  "foreignObject",
              "form",  "frame",    "iframe",   "img",      "image",  "input",
              "link",  "math",     "meta",     "noscript", "object", "script",
              "style", "template", "textarea", "use",      "video",  "xmp"})
            if (name_ == other) this_element_is_not_for_pages();
    }
    [[nodiscard]] std::string_view name() const noexcept { return name_; }

private:
    std::string_view name_;
};

// An attribute that only describes: none that acts, loads or leads away, and no style.
class Key {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a literal, as it stands in the call
    consteval Key(const char* name) : name_(name) {
        if (!literal::is_plain(name_) || name_.starts_with("on")) this_attribute_is_not_for_pages();
        for (const std::string_view other :
             {"action", "background", "data", "formaction", "href", "http-equiv", "ping", "poster",
              "src", "srcdoc", "srcset", "style", "target"})
            if (name_ == other) this_attribute_is_not_for_pages();
    }
    [[nodiscard]] std::string_view name() const noexcept { return name_; }

private:
    std::string_view name_;
};

struct Attribute {
    Key key;
    std::string value;

    Attribute(Key name, std::string_view text) : key(name), value(text) {}
    Attribute(Key name, const char* text) : key(name), value(text) {}
    Attribute(Key name, const std::string& text) : key(name), value(text) {}
    Attribute(Key name, std::integral auto number) : key(name), value(std::to_string(number)) {}
    // Places in a drawing: a tenth of a pixel is seen by nobody.
    Attribute(Key name, double number);
};

// A stylesheet of our own, which cannot end before its end.
class Stylesheet {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): a literal, as it stands in the call
    consteval Stylesheet(const char* text) : text_(text) {
        if (text_.contains('<')) no_markup_in_a_stylesheet();
    }
    [[nodiscard]] std::string_view text() const noexcept { return text_; }

private:
    std::string_view text_;
};

class Markup {
public:
    // Ends the element where it goes out of scope: so they nest.
    class [[nodiscard]] Element {
    public:
        Element(Markup& out, std::string_view name) : out_(out), name_(name) {}
        Element(const Element&) = delete;
        Element& operator=(const Element&) = delete;
        Element(Element&&) = delete;
        Element& operator=(Element&&) = delete;
        ~Element();

    private:
        Markup& out_;
        std::string_view name_;
    };

    // Up to its body, which follows. It forbids itself scripts and all that is not in it.
    void begin(std::string_view title, Stylesheet style);
    Element open(Tag tag, std::initializer_list<Attribute> attributes = {});
    // A link to another place of this page: "#k37" is {"k", 37}.
    Element open_link(Tag anchor, std::int64_t number, std::string_view label = {});
    // An element that holds text, or nothing.
    void leaf(Tag tag, std::initializer_list<Attribute> attributes, std::string_view text = {});
    void words(Tag tag, std::string_view text) { leaf(tag, {}, text); }

    // Control characters are left out; marks of direction and what is no UTF-8 become U+FFFD.
    void text(std::string_view text);
    // As much of it as takes at most so many bytes in the page; how much was left out is said.
    void cut(std::string_view text, std::size_t most);

    // The whole page.
    [[nodiscard]] std::string end() &&;

private:
    void tag(std::string_view name, std::initializer_list<Attribute> attributes);
    std::string page_;
};

}  // namespace cupel::page
