// SPDX-License-Identifier: Apache-2.0
// The decisions behind a Tile trace, their legality, and what the cost model thinks of them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "schedule/contraction.hpp"
#include "schedule/demand.hpp"
#include "schedule/schedule.hpp"
#include "schedule/vector_maths.hpp"
#include "task/task.hpp"

namespace cupel::schedule::tile {

enum class Shared { None, M, N, Batch };  // the loop that threads share

struct Plan {
    int mr = 0;           // rows of the register tile
    int nv = 0;           // vectors of the register tile
    std::int64_t kc = 0;  // block of k
    std::int64_t mc = 0;  // block of m, a multiple of mr
    std::int64_t nc = 0;  // block of n, a multiple of nv vectors
    bool pack_a = true;
    bool pack_b = true;
    bool once_a = false;    // a is packed whole, before the block loops
    bool n_outside = true;  // order n k m; otherwise m k n
    Shared shared = Shared::None;
    int unroll = 4;
    bool prefetch = true;
    bool operator==(const Plan&) const = default;
};

// What a task and a machine mean for the decisions.
struct Problem {
    const task::Task& task;
    const Contraction& contraction;
    const Width& width;
    Limits limits = {};

    [[nodiscard]] int real_bytes() const;
    [[nodiscard]] int lanes() const { return width.vector_bytes / real_bytes(); }
    [[nodiscard]] int threads() const { return width.threads > 1 ? width.threads : 1; }
};

// Invalid: the verb that refused, and why.
[[nodiscard]] Result<Plan> read_plan(const Problem& problem, const Trace& trace);
[[nodiscard]] Trace write_plan(const Problem& problem, const Plan& plan);
[[nodiscard]] Result<void> check_plan(const Problem& problem, const Plan& plan);

// The loop shared by threads is the inner block loop, so that one operand is packed once for all.
[[nodiscard]] bool shares_inner_loop(const Plan& plan);

// A packed operand can be packed once for all if no batch axis changes it.
[[nodiscard]] bool is_same_for_all(const Problem& problem, const Factor& factor);

// Expected cycles of one call. A model for ranking, not a forecast.
[[nodiscard]] double cost(const Problem& problem, const Plan& plan);

// Every plan worth considering, unsorted.
[[nodiscard]] std::vector<Plan> space(const Problem& problem);

// The text of a legal plan.
[[nodiscard]] Result<std::string> print_plan(const Problem& problem, const Plan& plan);
// The same without headers and without the functions noted in `maths`, which go before it.
[[nodiscard]] Result<std::string> print_part(const Problem& problem, const Plan& plan,
                                             VectorMaths& maths);

}  // namespace cupel::schedule::tile
