// SPDX-License-Identifier: Apache-2.0
// The ways of making a kernel with a model, as pure functions: a brief, parents and feedback to a
// prompt; a reply to a kernel. What a kernel says in comments or strings is taken out before a
// model reads it.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::engineer {

enum class Operator {
    Plan,       // no kernel: a few ideas for one
    Translate,  // the reference to a first fast kernel
    Write,      // another kernel than the best one, whole; by an idea, where there is one
    Edit,       // a right kernel, by search and replace
    Cross,      // the best of two right kernels
    Repair,     // what does not compile, by search and replace
};
inline constexpr std::array kOperators = {Operator::Translate, Operator::Write, Operator::Edit,
                                          Operator::Cross,     Operator::Plan,  Operator::Repair};
[[nodiscard]] std::string_view operator_name(Operator which);  // "edit"
[[nodiscard]] std::optional<Operator> operator_from(std::string_view name);
// How many parents it takes.
[[nodiscard]] std::size_t parents_of(Operator which);

// A kernel of another task, or of this one at other sizes, shown as a stepping stone: certified, or
// where nothing is timed verified, which is said.
struct Example {
    std::string task;       // its text
    std::string kernel;     // its source
    std::string gain;       // "3.1x over naive, certified"
    std::string idea = {};  // of its author, or none
};

// What is the same for all prompts of a run: it stands first, so that providers can cache it.
struct Brief {
    std::string task;       // the task file
    std::string reference;  // the honest naive kernel: the contract, in code
    std::string contract;   // what a kernel may and may not do
    std::string machine;    // "2 threads, AVX2, ..."
    int threads = 1;        // that a kernel may use
    // What is done with a kernel, and what the best one is called; of other targets other words.
    std::string judged =
        "compiles, checks against float64 at secret inputs and times against the best baseline";
    std::string best = "the fastest kernel so far";
    std::string extension = "cpp";  // of a file with a kernel
    std::vector<Example> examples;
    std::vector<std::string> rules;  // "You cannot ...", from failures
};

struct Parent {
    std::string source;
    std::string standing;   // "1.83x over naive; 42 % of copy bandwidth"
    std::string more = {};  // findings, and what it
                            // changed of its own parent: change_text
};

struct Prompt {
    std::string system;
    std::string user;
    bool operator==(const Prompt&) const = default;
};

// `parents` are as many as parents_of says; of Repair the one that does not compile. `feedback` may
// be empty, and so may `idea`: of Write the one to carry out, of Plan what became of those before.
[[nodiscard]] Prompt write_prompt(Operator which, const Brief& brief,
                                  const std::vector<Parent>& parents, std::string_view feedback,
                                  std::string_view idea = {});

// The kernel in a reply, which is not one to Plan; `base` is the text that edits are of (the first
// parent as it was shown). Invalid: none, with words for the author.
[[nodiscard]] Result<std::string> read_reply(Operator which, std::string_view reply,
                                             std::string_view base);
// The text of a parent as prompts show it.
[[nodiscard]] std::string as_shown(std::string_view source);
// What `child` changed of `parent`, and what came of that: "and is 1.20x as fast". Empty where the
// change says nothing.
[[nodiscard]] std::string change_text(std::string_view parent, std::string_view child,
                                      std::string_view outcome);

}  // namespace cupel::engineer
