// SPDX-License-Identifier: Apache-2.0
// Integer arithmetic on syntax: constants over the task's sizes, and affine indices over axes.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "task/syntax.hpp"

namespace cupel::task {

using SizeTable = std::map<std::string, std::int64_t, std::less<>>;

// Wide enough for a product of two checked integers.
__extension__ typedef __int128 Wide;  // NOLINT(modernize-use-using): takes no __extension__

inline constexpr std::int64_t kMaxInteger = std::int64_t{1} << 40;  // of anything counted

// The value of an integer expression; `/` rounds towards zero. nullopt: it is no such expression
// (an axis, a tensor, a number with a point). Errors: division by zero, beyond 2^40.
struct Integers {
    const Source& source;
    const File& file;
    const SizeTable& sizes;

    [[nodiscard]] Result<std::optional<std::int64_t>> constant(NodeId id) const;
    // The same, where nothing else will do. `what` names it in the message.
    [[nodiscard]] Result<std::int64_t> required(NodeId id, std::string_view what) const;
};

// An index as an affine form whose Term::axis are the variables that `variable` finds for a Name
// node (kNone: not a variable). nullopt: not affine. Exact division follows Index::divisor.
using FindVariable = std::function<int(NodeId)>;
[[nodiscard]] Result<std::optional<Index>> affine(const Integers& integers,
                                                  const FindVariable& variable, NodeId id);

// The least and the greatest value of (terms + offset), without the divisor, for axes in
// 0 .. extent-1.
struct Range {
    std::int64_t low = 0;
    std::int64_t high = 0;
};
[[nodiscard]] Range range_of(const Index& index, const std::function<std::int64_t(AxisId)>& extent);

// a + factor * b, for forms without divisor. nullopt: beyond 2^40.
[[nodiscard]] std::optional<Index> combine(const Index& a, const Index& b, std::int64_t factor);

}  // namespace cupel::task
