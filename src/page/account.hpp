// SPDX-License-Identifier: Apache-2.0
// What a page shows of a run, as plain values: whoever has a run gathers them, and nothing here
// reads a file, measures or decides. All texts are of strangers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "report/card.hpp"
#include "verdict/verdict.hpp"

namespace cupel::page {

enum class Maker { Schedule, Cross, Model, Program, Other };

// What became of a kernel.
enum class Fate {
    Right,
    Wrong,
    Crashed,  // or took too long
    Refused,  // by the compiler
    Cheating,
    Barred,  // itself right, but it descends from one that broke a law: no result (law 13)
    Untried,
};

// A few hundred bytes of each kernel are held, and its texts are not.
struct Kernel {
    std::int64_t number = 0;           // as `cupel show RUN --kernel N` takes it
    std::vector<std::size_t> parents;  // places in Account::kernels, each before its own
    Maker maker = Maker::Other;
    std::string author;  // of a kernel that somebody was asked for: "openai:..."
    std::string way;     // operator: "seed", "neighbour", "edit"
    std::optional<int> island;
    Fate fate = Fate::Untried;
    std::string status;  // of its last verdict, for people
    // Of its last screen, over naive and chained through the incumbents. Of device code in seconds:
    // `low` is the bound, and what it is ranked by, as few warps hide no latency, `mid` and `high`.
    // It ranks and claims nothing.
    std::optional<verdict::Interval> figure;
    std::string judged;     // the figure of a full judgement: "5.31x [5.28, 5.34] over naive"
    bool promoted = false;  // others were measured against it
    double seconds = 0;     // its trials took
    double asked_seconds = 0;
    double dollars = 0;
    std::int64_t tokens = 0;
};

// What is read of one kernel when it is written down, and then forgotten.
struct Texts {
    std::string source;
    std::string schedule;
    std::string change;  // to its first parent: lines behind "-" and "+"; empty: too much, or none
    std::string idea;    // in the author's words
    std::string detail;  // of the last verdict: what the compiler said, the first wrong element
    std::vector<std::string> findings;
    std::vector<std::string> trials;  // a line each
};

// By one author in one way.
struct Spent {
    Maker maker = Maker::Other;
    std::string author;
    std::string way;
    std::int64_t asked = 0;
    std::int64_t kernels = 0;
    std::int64_t right = 0;
    std::int64_t promoted = 0;
    double dollars = 0;
    std::int64_t tokens = 0;
    double asked_seconds = 0;
    double trial_seconds = 0;
};

struct Fact {
    std::string label;
    std::vector<std::string> lines;
    bool command = false;  // to be typed
};

struct Account {
    std::string task;
    std::string title;  // of the task
    std::string name;   // of the run folder
    std::string began;  // UTC; empty: no kernel yet
    std::string ended;
    bool ongoing = false;  // it is made while a search goes on
    bool timed = true;     // false: figures are lower bounds of time, by a data sheet
    std::string gpu;       // whose, then
    // The card: what is claimed, in its words.
    std::string seal;
    report::Tone tone = report::Tone::Plain;
    std::string headline;
    std::vector<report::Row> rows;
    // Over naive, of the claim; only where there is one.
    std::optional<verdict::Interval> claimed;
    std::optional<double> floor;  // of bounds: seconds that no kernel beats
    std::vector<Kernel> kernels;  // in order of recording
    std::optional<std::size_t> winner;
    std::vector<Spent> spending;
    std::string spending_ended;    // why nobody is asked any more
    std::vector<Fact> conditions;  // machine, panel, what was absent, tier
    std::vector<Fact> proof;       // seed, certificate, how to verify
    std::string formula;           // the task file
    std::string version;           // of Cupel
    // Of a place in `kernels`; `whole`: with its source, schedule and change.
    std::function<Result<Texts>(std::size_t, bool whole)> texts;
};

}  // namespace cupel::page
