// SPDX-License-Identifier: Apache-2.0
// For tests of pages: runs that somebody made up, and a reader of HTML that forgives nothing.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "page/account.hpp"

namespace cupel::page::testing {

// A search whose kernels are each made from one shortly before, and in which every tenth is wrong.
inline Account search_of(std::size_t kernels) {
    Account run;
    run.task = "softmax";
    run.title = "Softmax over rows";
    run.name = "softmax-run";
    run.seal = "certified";
    run.headline = "faster: 5.31x [5.28, 5.34] over naive";
    run.rows = {{"speed", {"5.310x [5.280, 5.340] over naive, at 95 % confidence"}}};
    run.version = "0";
    for (std::size_t at = 0; at < kernels; ++at) {
        Kernel kernel;
        kernel.number = static_cast<std::int64_t>(at) + 1;
        if (at > 0) kernel.parents.push_back((at * 7919) % at);
        kernel.maker = static_cast<Maker>(at % 5);
        kernel.way = "neighbour";
        kernel.fate = at % 10 == 9 ? Fate::Wrong : Fate::Right;
        kernel.status = kernel.fate == Fate::Right ? "right" : "wrong";
        const double mid = 1 + 0.01 * static_cast<double>((at * 31) % 400);
        if (kernel.fate == Fate::Right) kernel.figure = {mid * 0.98, mid, mid * 1.02, 0.95};
        kernel.promoted = at % 50 == 1;
        kernel.seconds = 0.1;
        run.kernels.push_back(std::move(kernel));
    }
    if (kernels > 1) run.winner = kernels / 10 * 10 == kernels ? kernels - 2 : kernels - 1;
    run.conditions = {{"machine", {"a machine"}}};
    run.proof = {{"verify", {"cupel verify softmax-run"}, true}};
    run.formula = "task softmax";
    run.texts = [](std::size_t, bool) -> Result<Texts> {
        return Texts{.source = "void kernel() {}",
                     .schedule = "",
                     .change = "",
                     .idea = "",
                     .detail = "",
                     .findings = {},
                     .trials = {"screen: right"}};
    };
    return run;
}

// `text` wherever a stranger's text may stand.
inline void fill_with(Account& run, const std::string& text) {
    for (std::string* field :
         {&run.task, &run.title, &run.name, &run.began, &run.ended, &run.gpu, &run.seal,
          &run.headline, &run.spending_ended, &run.formula, &run.version})
        *field = text;
    run.rows = {{text, {text, text}}, {"", {text}}};
    run.conditions = {{text, {text}}};
    run.proof = {{text, {text}, true}};
    Spent spent;
    spent.author = spent.way = text;
    run.spending = {spent};
    for (Kernel& kernel : run.kernels)
        kernel.author = kernel.way = kernel.status = kernel.judged = text;
    run.texts = [text](std::size_t, bool) -> Result<Texts> {
        return Texts{.source = text,
                     .schedule = text,
                     .change = text,
                     .idea = text,
                     .detail = text,
                     .findings = {text, text},
                     .trials = {text}};
    };
}

// A page as its tags, in order: "<td class colspan>", "</td>". Its texts are checked and left out.
struct Structure {
    std::vector<std::string> tags;
    std::vector<std::string> links;  // values of href
    std::string problem;             // the first thing that is not as it should be
};

class Reader {
public:
    explicit Reader(std::string_view page) : rest_(page) {}

    Structure read() {
        constexpr std::string_view kDoctype = "<!DOCTYPE html>";
        if (!rest_.starts_with(kDoctype)) return refuse("no doctype");
        rest_.remove_prefix(kDoctype.size());
        while (!rest_.empty() && found_.problem.empty()) {
            if (rest_.front() == '<') {
                read_tag();
            } else {
                read_text(rest_.substr(0, std::min(rest_.find('<'), rest_.size())));
            }
        }
        if (found_.problem.empty() && !open_.empty()) return refuse("not closed: " + open_.back());
        return found_;
    }

private:
    Structure refuse(std::string problem) {
        if (found_.problem.empty())
            found_.problem = problem + " at: " + std::string(rest_.substr(0, 80));
        return found_;
    }

    static bool is_name(std::string_view name) {
        return !name.empty() && std::ranges::all_of(name, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '-';
        });
    }

    void read_tag() {
        // No tag of ours has a '>' in it: attributes escape it.
        const std::size_t end = rest_.find('>');
        if (end == std::string_view::npos) {
            refuse("a tag that does not end");
            return;
        }
        std::string_view tag = rest_.substr(1, end - 1);
        if (tag.starts_with('/')) {
            const std::string name(tag.substr(1));
            if (open_.empty() || open_.back() != name) {
                refuse("closes what is not open");
                return;
            }
            open_.pop_back();
            found_.tags.push_back("</" + name + ">");
        } else {
            read_opening(tag);
        }
        rest_.remove_prefix(end + 1);
    }

    void read_opening(std::string_view tag) {
        const std::string name(tag.substr(0, std::min(tag.find(' '), tag.size())));
        if (!is_name(name)) {
            refuse("no name of an element");
            return;
        }
        std::string told = "<" + name;
        tag.remove_prefix(name.size());
        while (!tag.empty()) {
            const std::size_t equals = tag.find("=\"");
            const std::size_t end = equals == std::string_view::npos ? std::string_view::npos
                                                                     : tag.find('"', equals + 2);
            if (end == std::string_view::npos || tag.front() != ' ' ||
                !is_name(tag.substr(1, equals - 1))) {
                refuse("not an attribute: " + std::string(tag.substr(0, 40)));
                return;
            }
            const std::string_view value = tag.substr(equals + 2, end - equals - 2);
            check_text(value);
            const std::string_view key = tag.substr(1, equals - 1);
            told += " " + std::string(key);
            if (key == "href") found_.links.emplace_back(value);
            tag.remove_prefix(end + 1);
        }
        found_.tags.push_back(told + ">");
        if (name == "meta") return;
        open_.push_back(name);
    }

    void read_text(std::string_view text) {
        check_text(text);
        rest_.remove_prefix(text.size());
    }

    void check_text(std::string_view text) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            const auto byte = static_cast<unsigned char>(text[at]);
            if (byte < 0x20 && text[at] != '\n' && text[at] != '\t') refuse("a control character");
            if (text[at] == '<') refuse("markup in a text");
            if (text[at] == '>' && (open_.empty() || open_.back() != "style"))
                refuse("markup in a text");
            if (text[at] != '&') continue;
            const auto is = [&](std::string_view entity) {
                return text.substr(at).starts_with(entity);
            };
            if (!is("&amp;") && !is("&lt;") && !is("&gt;") && !is("&quot;") && !is("&#39;"))
                refuse("a bare ampersand");
        }
    }

    std::string_view rest_;
    std::vector<std::string> open_;
    Structure found_;
};

inline Structure read_page(std::string_view page) {
    return Reader(page).read();
}

}  // namespace cupel::page::testing
