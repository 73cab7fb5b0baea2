// SPDX-License-Identifier: Apache-2.0
#include "schedule/tile_runs.hpp"

#include <fmt/format.h>

#include <vector>

namespace cupel::schedule::tile {
namespace {

using task::AxisId;
using task::kNone;

std::int64_t coefficient_of(const task::Index& index, AxisId axis) {
    std::int64_t coefficient = 0;
    for (const auto& term : index.terms) {
        if (term.axis == axis) coefficient = term.coefficient;
    }
    return coefficient;
}

// True if the index can leave the tensor, although the axis that runs does not move it.
bool can_leave(const Words& words, const task::Index& index, std::int64_t size) {
    const AxisId plain = index.plain_axis();
    return plain == kNone || words.task.axis(plain).extent > size;
}

// The part of the run that is inside, as lines that narrow `low` and `high`.
std::string narrow(const Words& words, const task::Access& access, AxisId runs, const Blanks& all) {
    std::string text;
    if (access.outside == kNone) return text;
    const auto name = [&](AxisId axis) { return words.names.axis(axis); };
    for (std::size_t d = 0; d < access.at.size(); d++) {
        const task::Index& index = access.at[d];
        const std::int64_t size = words.task.tensor(access.tensor).shape[d];
        const std::int64_t coefficient = coefficient_of(index, runs);
        Blanks here = all;
        here["at"] = affine(index, name);
        here["size"] = fmt::format("{}", size);
        here["c"] = fmt::format("{}", coefficient);
        here["up"] = fmt::format("{}", coefficient - 1);
        if (coefficient == 0 && can_leave(words, index, size)) {
            text += fill("if ({at} < 0 || {at} >= {size}) {high} = 0;\n", here);
        } else if (coefficient == 1) {
            text += fill(
                "{low} = std::max<long>({low}, -({at}));\n{high} = std::min<long>({high}, {size} - "
                "({at}));\n",
                here);
        } else if (coefficient > 1) {
            text += fill(
                "{low} = std::max<long>({low}, ({up} - ({at})) / {c});\n"
                "{high} = std::min<long>({high}, ({size} + {up} - ({at})) / {c});\n",
                here);
        }
    }
    return text;
}

// When a whole vector of the group lies in one run and inside of the tensor.
std::string whole(const Words& words, const task::Access& access, AxisId runs, const Blanks& all) {
    const auto name = [&](AxisId axis) { return words.names.axis(axis); };
    std::string text = fill("{last} + W <= {extent} && {first} + W <= {some}", all);
    if (access.outside == kNone) return text;
    for (std::size_t d = 0; d < access.at.size(); d++) {
        const task::Index& index = access.at[d];
        const std::int64_t size = words.task.tensor(access.tensor).shape[d];
        const std::int64_t coefficient = coefficient_of(index, runs);
        const std::string at = affine(index, name);
        if (coefficient == 0 && can_leave(words, index, size))
            text += fmt::format(" &&\n            {0} >= 0 && {0} < {1}", at, size);
        if (coefficient == 1)
            text += fmt::format(" &&\n            {0} >= 0 && {0} + W <= {1}", at, size);
        if (coefficient > 1) {
            text += fmt::format(" &&\n            {0} >= 0 && {0} + {1} * (W - 1) < {2}", at,
                                coefficient, size);
        }
    }
    return text;
}

// A vector of columns at a time; most lie in one run and are copied whole.
constexpr const char* kVectors =
    R"({share}  for (long {panel} = 0; {panel} < {some}; {panel} += {R})
    for (long {step} = 0; {step} < {depth}; {step}++) {
      const long {k} = {k0} + {step};
{k_axes}#pragma GCC unroll 8
      for (long {part} = 0; {part} < {R}; {part} += W) {
        const long {first} = {panel} + {part};
        {real}* {into} = {to} + {panel} * {depth} + {step} * {R} + {part};
        const long {group} = {group0} + {first};
{axes}        if ({whole}) {
          const {type}* {from} = {x} + {position};
          {copy}
          continue;
        }
        const long {end} = std::min({first} + W, {some});
        for (long {lane} = 0; {lane} < W; {lane}++) {into}[{lane}] = {outside};
{pieces}      }
    }
}
)";

constexpr const char* kScalars =
    R"({share}  for (long {panel} = 0; {panel} < {some}; {panel} += {R})
    for (long {step} = 0; {step} < {depth}; {step}++) {
      const long {k} = {k0} + {step};
{k_axes}      const long {first} = {panel};
      {real}* {into} = {to} + {panel} * {depth} + {step} * {R};
      const long {end} = std::min({first} + {R}, {some});
      std::fill_n({into}, {R}, {outside});
{pieces}    }
}
)";

// Piece by piece, as far as each lies inside.
constexpr const char* kPieces =
    R"(for (long {done} = {first}, {run}; {done} < {end}; {done} += {run}) {
  const long {group} = {group0} + {done};
{axes}  {run} = std::min<long>({end} - {done}, {extent} - {last});
  long {low} = 0, {high} = {run};
{narrow}  const {type}* {from} = {x} + {position};
  for (long {lane} = {low}; {lane} < {high}; {lane}++)
    {into}[{done} - {first} + {lane}] = {from}[{element}];
}
)";

}  // namespace

bool runs_forward(const Words& words, const Operand& operand) {
    const task::Access& access = words.task.access(operand.factor.access);
    for (const task::Index& index : access.at) {
        for (const auto& term : index.terms) {
            if (term.axis == operand.group.axes.back() && term.coefficient < 0) return false;
        }
    }
    return true;
}

std::string runs(const Words& words, const Operand& operand, Blanks all) {
    const task::Access& access = words.task.access(operand.factor.access);
    const AxisId last = operand.group.axes.back();
    const task::Type type = words.task.tensor(access.tensor).type;
    const std::int64_t stride = stride_along(words.task, access, last);
    const bool is_b = &operand == &words.b;
    std::vector<AxisId> axes;
    axes_of(words.task, operand.factor.product[0], axes);
    axes.push_back(last);
    all["last"] = words.names.axis(last);
    all["extent"] = extent(words.task, last);
    all["outside"] =
        access.outside == kNone ? "0" : scalar(words.task, access.outside, words.leaves());
    all["x"] = words.names.tensor(access.tensor);
    all["type"] = element_name(type);
    all["position"] = position(words.task, access, words.leaves());
    all["element"] = times(all["lane"], fmt::format("{}", stride));
    all["k_axes"] = words.axes_from(words.k, axes, 3);
    all["axes"] = words.axes_from(operand.group, axes, 1);
    all["narrow"] = indented(narrow(words, access, last, all), 1);
    all["pieces"] = indented(fill(kPieces, all), is_b ? 4 : 3);
    if (!is_b) return fill(kScalars, all);
    all["axes"] = words.axes_from(operand.group, axes, 4);
    all["whole"] = whole(words, access, last, all);
    all["copy"] = fill(stride == 1 && type == real_type(words.task)
                           ? "store({into}, load({from}));"
                           : "for (long {lane} = 0; {lane} < W; {lane}++) {into}[{lane}] = "
                             "{from}[{element}];",
                       all);
    return fill(kVectors, all);
}

}  // namespace cupel::schedule::tile
