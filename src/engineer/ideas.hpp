// SPDX-License-Identifier: Apache-2.0
// Ideas, kept apart from the code that carries them out: a model is asked for a few, kernels are
// written for one at a time, and a good idea outlives a bad first implementation. An idea is a
// stranger's text: one line of it is shown to models, as data, and nothing here follows it.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engineer/bandit.hpp"

namespace cupel::engineer {

struct Idea {
    enum class State {
        Open,     // to be carried out
        Done,     // a right kernel came of it
        GivenUp,  // its kernels were broken
        Barred,   // one of them broke a law: nobody is told of it again
    };
    std::string id;  // the beginning of the plan's hash, and its place there: "3fa1c2d4e5f6.1"
    std::string text;
    Arm planner;
    State state = State::Open;
    bool in_hand = false;  // a model is writing it
    int failures = 0;
    double gain = 0;      // log of the speedup over the incumbent that its kernels brought
    std::string trouble;  // what the referee said of the kernel that failed
};

// The ideas in a reply: lines that begin with IDEA:, at most `most`, each one line without fences.
[[nodiscard]] std::vector<std::string> read_ideas(std::string_view reply, std::size_t most);

class Ideas {
public:
    static constexpr int kMostFailures = 3;

    // Takes in those that nobody had before, in whatever spelling; how many these are.
    std::size_t add(std::string_view plan_hash, const Arm& planner,
                    const std::vector<std::string>& texts);
    // The one that this model is to carry out next: open, in nobody's hands, and failed least.
    // Null: none.
    [[nodiscard]] const Idea* next(std::string_view model) const;
    [[nodiscard]] const Idea* find(std::string_view id) const;
    [[nodiscard]] bool any_open(std::string_view model) const;
    [[nodiscard]] bool empty() const noexcept { return ideas_.empty(); }

    // What follows is nothing where the idea is not known.
    void take(std::string_view id);
    void put_back(std::string_view id);  // nobody wrote anything
    void failed(std::string_view id, std::string trouble);
    void bar(std::string_view id);
    void succeeded(std::string_view id, double gain);
    void add_gain(std::string_view id, double gain);  // by a sweep of its kernel
    // Its kernels break laws: ideas of that model, past and to come, are told to no other.
    void distrust(std::string_view model);
    // What became of each of the latest, a line for each, where that model plans next.
    [[nodiscard]] std::string account(std::string_view model) const;
    // Whether that model may be told a text: it holds no idea that it may not be told.
    [[nodiscard]] bool may_tell(std::string_view text, std::string_view model) const;

private:
    [[nodiscard]] Idea* at(std::string_view id);
    [[nodiscard]] bool is_for(const Idea& idea, std::string_view model) const;
    std::deque<Idea> ideas_;
    std::set<std::string, std::less<>> distrusted_;
};

}  // namespace cupel::engineer
