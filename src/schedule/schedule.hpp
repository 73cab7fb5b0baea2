// SPDX-License-Identifier: Apache-2.0
// Schedules: how a formula becomes C++ text. A schedule is a trace of verbs, one a line, that can
// be printed, edited and replayed: print_kernel(task, machine, parse_trace(text)) always gives the
// same kernel. Each verb checks its own legality and says why it refuses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::schedule {

// One line: `verb stage argument...`, for example `tile y 6 2 256`, `sweep y 8 4`, `hint y stream`,
// `bind y par`.
struct Action {
    std::string verb;
    std::string stage;  // name of the tensor that the stage fills
    std::vector<std::string> arguments;
    bool operator==(const Action&) const = default;
};
using Trace = std::vector<Action>;

[[nodiscard]] std::string print_trace(const Trace& trace);
// `#` begins a comment.
[[nodiscard]] Result<Trace> parse_trace(std::string_view text);

// What the text should be made for.
struct Width {
    int vector_bytes = 32;  // 64: AVX-512, 32: AVX2, 16: SSE2, NEON
    int registers = 16;     // vector registers
    int threads = 1;
    std::int64_t l1_bytes = 32 << 10;
    std::int64_t l2_bytes = 512 << 10;
    std::int64_t l3_bytes = 8 << 20;  // share of one thread
    bool nested = false;  // several threads call the text at once: its scratch is each thread's own
};

enum class Family {
    Sweep,    // maps and row reductions: vector loops over the contiguous axis
    Tile,     // contractions: packed register tiles
    Generic,  // everything else: the naive loops, parallel and vectorised
};

// The honest naive kernel: what a careful person writes first. Stage by stage, OpenMP over the
// outermost kept axis.
[[nodiscard]] Result<std::string> print_naive(const task::Task& task);

// The panel every claim is divided by the best of: the naive kernel first, and for products of
// matrices whose naive order walks down columns also the same sums in the order that a compiler can
// vectorise.
struct BaselineText {
    std::string name;  // "naive", "plain"
    std::string source;
};
[[nodiscard]] Result<std::vector<BaselineText>> print_baselines(const task::Task& task);

[[nodiscard]] Family family(const task::Task& task);
// A good schedule without any search.
[[nodiscard]] Trace default_trace(const task::Task& task, const Width& width);
// All schedules worth measuring where that is few (Sweep, Generic: at most 64), else seeds ranked
// by the cost model, best first and diverse (Tile).
[[nodiscard]] std::vector<Trace> candidates(const task::Task& task, const Width& width);
// Neighbours of a schedule: one decision changed. For local search on Tile.
[[nodiscard]] std::vector<Trace> neighbours(const task::Task& task, const Width& width,
                                            const Trace& trace);
// The kernel's text, with the trace as its header comment. Invalid: the verb that refused, and why.
[[nodiscard]] Result<std::string> print_kernel(const task::Task& task, const Width& width,
                                               const Trace& trace);

}  // namespace cupel::schedule
