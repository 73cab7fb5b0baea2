// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "schedule/tile_runs.hpp"
#include "schedule/tile_words.hpp"

namespace cupel::schedule::tile {
namespace {

using task::AxisId;

void set(Blanks& blanks, const char* name, std::string_view text) {
    blanks.insert_or_assign(name, std::string(text));
}

// The variables of a packing function, none with the name of an axis or a tensor.
Blanks arguments_of(const Words& words, const Operand& operand) {
    Blanks all;
    Names names = words.names;
    for (const char* local :
         {"to", "into", "depth", "some", "panel", "step", "lane", "from", "first", "run", "done",
          "low", "high", "part", "strip", "end", "at", "here"}) {
        set(all, local, names.fresh(local));
    }
    set(all, "pack", operand.pack);
    set(all, "R", operand.panel);
    set(all, "C", operand.block);
    set(all, "real", words.real);
    set(all, "group", operand.group.name);
    set(all, "group0", operand.group.start);
    set(all, "k", words.k.name);
    set(all, "k0", words.k.start);
    set(all, "share", operand.shared ? "#pragma omp for\n" : "");
    std::string inputs;
    for (const task::TensorId id : operand.tensors) {
        inputs += fmt::format("const {}* {}, ", element_name(words.task.tensor(id).type),
                              words.names.tensor(id));
    }
    std::string batch;
    for (const AxisId axis : operand.batch)
        batch += fmt::format("long {}, ", words.names.axis(axis));
    set(all, "inputs", inputs);
    set(all, "batch", batch);
    return all;
}

constexpr const char* kHead =
    "void {pack}({inputs}{real}* __restrict {to}, {batch}long {group0}, long {some}, long {k0}, "
    "long {depth}) "
    "{\n";

// Rows of the group lie in memory one after the other, k with a stride. Four panels at a time: of
// every row a few lines in succession are read, not one line of every page.
constexpr const char* kPackRows =
    R"({share}  for (long {strip} = 0; {strip} < {some}; {strip} += 4 * {R}) {
    const long {end} = std::min({strip} + 4 * {R}, {some});
    for (long {step} = 0; {step} < {depth}; {step}++) {
      const {type}* {from} = {start};
      {real}* {into} = {to} + {step} * {R};
      long {panel} = {strip};
      for (; {panel} + {R} <= {end}; {panel} += {R})
        {copy}
      if ({panel} < {end})
        for (long {lane} = 0; {lane} < {R}; {lane}++)
          {into}[{panel} * {depth} + {lane}] = {panel} + {lane} < {some} ? {rest} : 0;
    }
  }
}
)";

// k lies in memory one after the other: a line of each row at a time, and the next panel's on its
// way.
constexpr const char* kPackColumns =
    R"({share}  for (long {panel} = 0; {panel} < {some}; {panel} += {R}) {
    const {type}* {from} = {start};
    {real}* {into} = {to} + {panel} * {depth};
    for (long {step} = 0; {step} < {depth}; {step} += 16) {
      const long {end} = std::min({step} + 16, {depth});
      for (long {lane} = 0; {lane} < {R}; {lane}++) {
        if ({panel} + {lane} >= {some}) {
          for (long {at} = {step}; {at} < {end}; {at}++) {into}[{at} * {R} + {lane}] = 0;
          continue;
        }
        __builtin_prefetch({next});
        for (long {at} = {step}; {at} < {end}; {at}++)
          {into}[{at} * {R} + {lane}] = {element};
      }
    }
  }
}
)";

// The same in whole vectors: squares of W rows and W steps are turned in registers.
constexpr const char* kPackSquares =
    R"({share}  for (long {panel} = 0; {panel} < {some}; {panel} += {R}) {
    const {type}* {from} = {start};
    {real}* {into} = {to} + {panel} * {depth};
    const long {high} = std::min({R}, {some} - {panel}) / W * W;
    const long {end} = {depth} / W * W;
    for (long {step} = 0; {step} < {end}; {step} += W)
      for (long {lane} = 0; {lane} < {high}; {lane} += W) {
        vec {part}[W];
#pragma GCC unroll 16
        for (long {at} = 0; {at} < W; {at}++) {
          __builtin_prefetch({next_row});
          {part}[{at}] = {load}({row});
        }
        {transpose}({part});
#pragma GCC unroll 16
        for (long {at} = 0; {at} < W; {at}++)
          {store}({into} + ({step} + {at}) * {R} + {lane}, {part}[{at}]);
      }
    for (long {lane} = 0; {lane} < {R}; {lane}++)  // what fills no square
      for (long {at} = {lane} < {high} ? {end} : 0; {at} < {depth}; {at}++)
        {into}[{at} * {R} + {lane}] = {panel} + {lane} < {some} ? {element} : 0;
  }
}
)";

constexpr const char* kPackStrided =
    R"({share}  for (long {panel} = 0; {panel} < {some}; {panel} += {R}) {
    const {type}* {from} = {start};
    {real}* {into} = {to} + {panel} * {depth};
    for (long {step} = 0; {step} < {depth}; {step}++)
      for (long {lane} = 0; {lane} < {R}; {lane}++)
        {into}[{step} * {R} + {lane}] = {panel} + {lane} < {some} ? {element} : 0;
  }
}
)";

// One stride along the group, one along k.
std::string linear(const Words& words, const Operand& operand, VectorMaths& maths, Blanks all) {
    const task::Access& access = words.task.access(operand.factor.access);
    const task::Type type = words.task.tensor(access.tensor).type;
    const std::string across = words.stride(access, operand.group);
    const std::string along = words.stride(access, words.k);
    const bool is_rows = operand.factor.group_stride == 1;
    const bool is_columns = operand.factor.k_stride == 1;
    const auto fill_in = [&](const char* text) { return fill(text, all); };
    set(all, "type", element_name(type));
    const std::string first = is_rows ? "{group0}" : "({group0} + {panel})";
    const std::string step = is_rows ? "({k0} + {step})" : "{k0}";
    set(all, "start",
        words.base(operand) + " + " + times(fill(first, all), across) + " + " +
            times(fill(step, all), along));
    if (is_rows) {
        // A bfloat16 beside a whole number would become one.
        set(all, "rest",
            fill_in(is_short(type) ? "float({from}[{panel} + {lane}])"
                                   : "{from}[{panel} + {lane}]"));
        const bool is_whole = &operand == &words.b && type == real_type(words.task);
        set(all, "copy",
            fill_in(
                is_whole
                    ? "for (long {lane} = 0; {lane} < {R}; {lane} += W)\n          "
                      "store({into} + {panel} * {depth} + {lane}, load({from} + {panel} + {lane}));"
                    : "for (long {lane} = 0; {lane} < {R}; {lane}++)\n          "
                      "{into}[{panel} * {depth} + {lane}] = {from}[{panel} + {lane}];"));
        return fill_in(kPackRows);
    }
    const char* at = is_columns ? "{at}" : "{step}";
    const std::string element = fill("{from}[", all) + times(fill("{lane}", all), across) + " + " +
                                times(fill(at, all), along) + "]";
    set(all, "element", is_short(type) ? "float(" + element + ")" : element);
    set(all, "next",
        fill("{from} + ", all) + times(fill("({R} + {lane})", all), across) +
            fill(" + {step}", all));
    if (!is_columns) return fill_in(kPackStrided);
    if (&operand != &words.b || type != real_type(words.task)) return fill_in(kPackColumns);
    for (const char* function : {"load", "store", "transpose"})
        set(all, function, maths.use(function));
    const auto row = [&](const char* lane) {
        return fill("{from} + ", all) + times(fill(lane, all), across) + fill(" + {step}", all);
    };
    set(all, "row", row("({lane} + {at})"));
    set(all, "next_row", row("({R} + {lane} + {at})"));
    return fill_in(kPackSquares);
}

std::string bound_text(const Words& words, const task::Bound& bound) {
    const auto name = [&](AxisId axis) { return words.names.axis(axis); };
    std::vector<std::string> parts;
    if (bound.low)
        parts.push_back(fmt::format("{} >= {}", name(bound.axis), affine(*bound.low, name)));
    if (bound.high)
        parts.push_back(fmt::format("{} < {}", name(bound.axis), affine(*bound.high, name)));
    return fmt::format("{}", fmt::join(parts, " && "));
}

// Element by element: the factor's own expression, zero where a mask or a bound says so.
std::string elements(const Words& words, const Operand& operand, Blanks all) {
    std::vector<std::string> conditions{fill("{panel} + {lane} < {some}", all)};
    for (const task::Bound& bound : operand.factor.where)
        conditions.push_back(bound_text(words, bound));
    for (const task::ExprId mask : operand.factor.masks) {
        conditions.push_back("(" + condition(words.task, mask, words.leaves()) + ")");
    }
    std::vector<std::string> values;
    for (const task::ExprId value : operand.factor.product) {
        const std::string text = scalar(words.task, value, words.leaves());
        values.push_back(operand.factor.product.size() > 1 ? "(" + text + ")" : text);
    }
    std::vector<AxisId> every = operand.group.axes;
    every.insert(every.end(), words.k.axes.begin(), words.k.axes.end());
    set(all, "k_axes", words.axes_from(words.k, every, 3));
    set(all, "axes", words.axes_from(operand.group, every, 4));
    set(all, "inside", fmt::format("{}", fmt::join(conditions, " && ")));
    set(all, "value", fmt::format("{}", fmt::join(values, " * ")));
    return fill(R"({share}  for (long {panel} = 0; {panel} < {some}; {panel} += {R})
    for (long {step} = 0; {step} < {depth}; {step}++) {
      const long {k} = {k0} + {step};
{k_axes}      for (long {lane} = 0; {lane} < {R}; {lane}++) {
        const long {group} = {group0} + {panel} + {lane};
{axes}        {to}[{panel} * {depth} + {step} * {R} + {lane}] = {inside} ? {value} : 0;
      }
    }
}
)",
                all);
}

}  // namespace

void print_pack(const Words& words, const Operand& operand, VectorMaths& maths, Writer& out) {
    const Blanks all = arguments_of(words, operand);
    out.line(fmt::format("// Panels of {}: one step of {} after the other, zero past the end.",
                         operand.panel, words.k.name));
    out.lines(fill(kHead, all));
    switch (operand.factor.reading) {
        case Reading::Linear:
            out.lines(linear(words, operand, maths, all));
            return;
        case Reading::Runs:
            if (runs_forward(words, operand)) {
                out.lines(runs(words, operand, maths, all));
                return;
            }
            break;
        case Reading::Elements:
            break;
    }
    out.lines(elements(words, operand, all));
}

std::string pack_call(const Words& words, const Operand& operand, const std::string& to,
                      const std::string& start, const std::string& some) {
    std::string text = operand.pack + "(";
    for (const task::TensorId id : operand.tensors)
        text += words.names.tensor(id) + ", ";
    text += to + ", ";
    for (const AxisId axis : operand.batch)
        text += words.names.axis(axis) + ", ";
    return text + fmt::format("{}, {}, {}, depth);", start, some, words.k.start);
}

}  // namespace cupel::schedule::tile
