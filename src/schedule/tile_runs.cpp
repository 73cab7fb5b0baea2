// SPDX-License-Identifier: Apache-2.0
#include "schedule/tile_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
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

// The variables that a fused group stands for, to be counted up: from the first that is wanted on.
std::vector<AxisId> counted(const Group& group, const std::vector<AxisId>& wanted) {
    const auto first = std::ranges::find_first_of(group.axes, wanted);
    return {first, group.axes.end()};
}

// One step of the last of them, with what it carries.
std::string next(const Words& words, const std::vector<AxisId>& axes, std::size_t last) {
    const std::string name = words.names.axis(axes[last]);
    if (last == 0) return fmt::format("{}++;\n", name);
    return fmt::format("if (++{} == {}) {{\n  {} = 0;\n{}}}\n", name,
                       extent(words.task, axes[last]), name,
                       indented(next(words, axes, last - 1), 1));
}

// When a group of one axis is counted its loop variable does it all.
struct Count {
    std::string begin;  // declares the variables, from the group's loop variable
    std::string again;  // declares the loop variable itself, where that is the axis
    std::string next;
};

Count count_steps(const Words& words, const std::vector<AxisId>& wanted, const Blanks& all) {
    if (words.k.axes.size() < 2) return {"", fill("const long {k} = {k0} + {step};\n", all), ""};
    const std::vector<AxisId> axes = counted(words.k, wanted);
    if (axes.empty()) return {};
    return {fill("const long {k} = {k0};\n", all) + words.axes_from(words.k, axes, 0, true), "",
            next(words, axes, axes.size() - 1)};
}

// A run ends where the last axis does, or with the panel.
Count count_runs(const Words& words, const Group& group, const std::vector<AxisId>& wanted,
                 const Blanks& all) {
    if (group.axes.size() < 2)
        return {"", fill("const long {group} = {group0} + {done};\n", all), ""};
    const std::vector<AxisId> axes = counted(group, wanted);
    const std::string last = words.names.axis(axes.back());
    std::string carry = last + " = 0;\n";
    if (axes.size() > 1) carry += next(words, axes, axes.size() - 2);
    return {fill("const long {group} = {group0} + {panel};\n", all) +
                words.axes_from(group, axes, 0, true),
            "", carry};
}

// Run by run in whole vectors: what one writes too much the next one writes over, the next step's
// first after the last. After the last step comes what another thread may have packed.
constexpr const char* kVectors =
    R"({share}  for (long {panel} = 0; {panel} < {some}; {panel} += {R}) {
    const long {end} = std::min({panel} + {R}, {some});
{begin_k}    for (long {step} = 0; {step} < {depth}; {step}++) {
{again_k}      {real}* {into} = {to} + {panel} * {depth} + {step} * {R};
{begin_group}      for (long {done} = {panel}, {run}; {done} < {end}; {done} += {run}) {
{again_group}        {run} = std::min<long>({end} - {done}, {extent} - {last});
        long {low} = 0, {high} = {run};
{narrow}        const long {at} = {position};
        const {type}* {from} = {x} + {at};
        {real}* {here} = {into} + {done} - {panel};
        if ({at} >= 0 && {at} + {reach} < {size} && {step} + 1 < {depth}) {
{fetch}          for (long {part} = 0; {part} < {run}; {part} += W)
            {copy}
        } else {
          for (long {lane} = {low}; {lane} < {high}; {lane}++)
            {here}[{lane}] = {from}[{element}];
        }
{borders}{next_group}      }
      for (long {lane} = {end} - {panel}; {lane} < {R}; {lane}++) {into}[{lane}] = {outside};
{next_k}    }
  }
}
)";

// Most runs have none.
constexpr const char* kBorders =
    R"(if ({low} > 0) std::fill_n({here}, std::min({low}, {run}), {outside});
if ({high} < {run}) std::fill({here} + std::max<long>({high}, 0), {here} + {run}, {outside});
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

// The same runs one step of k's first axis ahead, once for all steps of the others: these read the
// lines at hand, and that one goes elsewhere.
std::string fetch(const Words& words, const task::Access& access, std::int64_t stride,
                  const std::vector<AxisId>& steps, const Blanks& all) {
    constexpr std::int64_t kLine = 64;  // bytes
    if (steps.size() < 2) return "";
    const auto size =
        static_cast<std::int64_t>(task::type_size(words.task.tensor(access.tensor).type));
    if (stride_along(words.task, access, steps.front()) * size < kLine) return "";
    Blanks here = all;
    here["inner"] = words.names.axis(steps.back());
    here["reach"] = times(all.at("run"), fmt::format("{}", stride));
    here["line"] = fmt::format("{}", kLine / size);
    here["ahead"] = words.stride(access, steps.front());
    return fill(
        "if ({inner} == 0)\n  for (long {lane} = 0; {lane} < {reach}; {lane} += {line}) "
        "__builtin_prefetch({from} + {ahead} + {lane});\n",
        here);
}

// One vector of a run.
std::string vector_copy(const Words& words, task::Type type, std::int64_t stride,
                        VectorMaths& maths, const Blanks& all) {
    if (type == real_type(words.task) && (stride == 1 || stride == 2)) {
        const std::string load = maths.use(stride == 1 ? "load" : "load_even");
        return fill(fmt::format("{}({{here}} + {{part}}, {}({{from}} + {}{{part}}));",
                                maths.use("store"), load, stride == 1 ? "" : "2 * "),
                    all);
    }
    return fill(fmt::format("for (long {{lane}} = {{part}}; {{lane}} < {{part}} + W; {{lane}}++) "
                            "{{here}}[{{lane}}] = {{from}}[{{element}}];"),
                all);
}

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

std::string runs(const Words& words, const Operand& operand, VectorMaths& maths, Blanks all) {
    const task::Access& access = words.task.access(operand.factor.access);
    const AxisId last = operand.group.axes.back();
    const task::Type type = words.task.tensor(access.tensor).type;
    const std::int64_t stride = stride_along(words.task, access, last);
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
    const std::string narrowed = narrow(words, access, last, all);
    if (&operand != &words.b) {
        all["k_axes"] = words.axes_from(words.k, axes, 3);
        all["axes"] = words.axes_from(operand.group, axes, 1);
        all["narrow"] = indented(narrowed, 1);
        all["pieces"] = indented(fill(kPieces, all), 3);
        return fill(kScalars, all);
    }
    const Count steps = count_steps(words, axes, all);
    const Count through = count_runs(words, operand.group, axes, all);
    all["begin_k"] = indented(steps.begin, 2);
    all["again_k"] = indented(steps.again, 3);
    all["next_k"] = indented(steps.next, 3);
    all["begin_group"] = indented(through.begin, 3);
    all["again_group"] = indented(through.again, 4);
    all["next_group"] = indented(through.next, 4);
    all["narrow"] = indented(narrowed, 4);
    all["borders"] = narrowed.empty() ? "" : indented(fill(kBorders, all), 4);
    all["reach"] = times("(" + operand.panel + " - 1)", fmt::format("{}", stride));
    all["size"] = fmt::format("{}", words.task.tensor(access.tensor).elements());
    all["fetch"] = indented(fetch(words, access, stride, counted(words.k, axes), all), 5);
    all["copy"] = vector_copy(words, type, stride, maths, all);
    return fill(kVectors, all);
}

}  // namespace cupel::schedule::tile
