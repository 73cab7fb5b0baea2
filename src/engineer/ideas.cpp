// SPDX-License-Identifier: Apache-2.0
#include "engineer/ideas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "engineer/reply.hpp"
#include "model/utf8.hpp"

namespace cupel::engineer {
namespace {

constexpr std::string_view kMark = "IDEA:";
constexpr std::size_t kLongest = 240;  // bytes; some 40 words
constexpr std::size_t kIdDigits = 12;
constexpr std::size_t kTold = 12;

// One line of plain text: no fences, no headings, nothing that ends a prompt's block.
std::string plain_line(std::string_view text) {
    std::string line;
    for (const char c : trim(text)) {
        const auto code = static_cast<unsigned char>(c);
        line += code < ' ' || code == 0x7F || c == '`' ? ' ' : c;
    }
    return std::string(trim(model::first_bytes(line, kLongest)));
}

// What two spellings of one idea have in common.
std::string skeleton(std::string_view text) {
    std::string letters;
    for (const char c : text) {
        if (const auto code = static_cast<unsigned char>(c); std::isalnum(code) != 0)
            letters += static_cast<char>(std::tolower(code));
    }
    return letters;
}

std::string fate_of(const Idea& idea) {
    switch (idea.state) {
        case Idea::State::Done:
            if (idea.gain > 0) return fmt::format("{:+.0f} %", 100 * std::expm1(idea.gain));
            return "right, but no faster";
        case Idea::State::GivenUp:
            return "no kernel of it was right";
        case Idea::State::Open:
        case Idea::State::Barred:
            break;
    }
    return "not tried yet";
}

}  // namespace

std::vector<std::string> read_ideas(std::string_view reply, std::size_t most) {
    std::vector<std::string> ideas;
    for (const std::string& line : split(behind_thoughts(reply).value_or(""), '\n')) {
        std::string_view words = trim(line);
        // Lists and bold type, which models add unasked.
        words.remove_prefix(std::min(words.size(), words.find_first_not_of("-*#0123456789.) ")));
        if (!words.starts_with(kMark)) continue;
        words.remove_prefix(kMark.size());
        std::string idea =
            plain_line(words.substr(std::min(words.size(), words.find_first_not_of("* "))));
        if (!idea.empty() && ideas.size() < most) ideas.push_back(std::move(idea));
    }
    return ideas;
}

std::size_t Ideas::add(std::string_view plan_hash, const Arm& planner,
                       const std::vector<std::string>& texts) {
    std::size_t added = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const bool known = std::ranges::any_of(
            ideas_, [&](const Idea& idea) { return skeleton(idea.text) == skeleton(texts[i]); });
        if (known) continue;
        Idea idea;
        idea.id = fmt::format("{}.{}", plan_hash.substr(0, kIdDigits), i + 1);
        idea.text = texts[i];
        idea.planner = planner;
        ideas_.push_back(std::move(idea));
        ++added;
    }
    return added;
}

bool Ideas::is_for(const Idea& idea, std::string_view model) const {
    return idea.state != Idea::State::Barred &&
           (idea.planner.model == model || !distrusted_.contains(idea.planner.model));
}

const Idea* Ideas::next(std::string_view model) const {
    const Idea* best = nullptr;
    for (const Idea& idea : ideas_) {
        if (idea.state != Idea::State::Open || idea.in_hand || !is_for(idea, model)) continue;
        if (best == nullptr || idea.failures < best->failures) best = &idea;
    }
    return best;
}

const Idea* Ideas::find(std::string_view id) const {
    const auto found = std::ranges::find(ideas_, id, &Idea::id);
    return found == ideas_.end() ? nullptr : &*found;
}

Idea* Ideas::at(std::string_view id) {
    const auto found = std::ranges::find(ideas_, id, &Idea::id);
    return found == ideas_.end() ? nullptr : &*found;
}

bool Ideas::any_open(std::string_view model) const {
    return std::ranges::any_of(ideas_, [&](const Idea& idea) {
        return idea.state == Idea::State::Open && is_for(idea, model);
    });
}

void Ideas::take(std::string_view id) {
    if (Idea* idea = at(id)) idea->in_hand = true;
}

void Ideas::put_back(std::string_view id) {
    if (Idea* idea = at(id)) idea->in_hand = false;
}

void Ideas::failed(std::string_view id, std::string trouble) {
    Idea* idea = at(id);
    if (idea == nullptr) return;
    idea->in_hand = false;
    idea->trouble = std::move(trouble);
    ++idea->failures;
    if (idea->state == Idea::State::Open && idea->failures >= kMostFailures)
        idea->state = Idea::State::GivenUp;
}

void Ideas::bar(std::string_view id) {
    Idea* idea = at(id);
    if (idea == nullptr) return;
    idea->in_hand = false;
    idea->state = Idea::State::Barred;
}

void Ideas::distrust(std::string_view model) {
    distrusted_.emplace(model);
}

void Ideas::succeeded(std::string_view id, double gain) {
    Idea* idea = at(id);
    if (idea == nullptr) return;
    idea->in_hand = false;
    if (idea->state != Idea::State::Barred) idea->state = Idea::State::Done;
    idea->gain += gain;
}

void Ideas::add_gain(std::string_view id, double gain) {
    if (Idea* idea = at(id)) idea->gain += gain;
}

std::string Ideas::account(std::string_view model) const {
    std::vector<std::string> lines;
    for (const Idea& idea : ideas_) {
        if (is_for(idea, model))
            lines.push_back(fmt::format("- {} ({})\n", idea.text, fate_of(idea)));
    }
    const std::size_t from = lines.size() > kTold ? lines.size() - kTold : 0;
    std::string text;
    for (std::size_t i = from; i < lines.size(); ++i)
        text += lines[i];
    return text;
}

bool Ideas::may_tell(std::string_view text, std::string_view model) const {
    return std::ranges::none_of(ideas_, [&](const Idea& idea) {
        return !is_for(idea, model) && text.find(idea.text) != std::string_view::npos;
    });
}

}  // namespace cupel::engineer
