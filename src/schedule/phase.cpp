// SPDX-License-Identifier: Apache-2.0
#include "schedule/phase.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schedule/phase_plan.hpp"
#include "schedule/text.hpp"
#include "schedule/tile.hpp"

namespace cupel::schedule::phase {
namespace {

using task::Task;

constexpr std::int64_t kScratchBytes = std::int64_t{1} << 30;

Trace verbs_of(const Task& task, const Phases& phases) {
    Trace trace;
    for (const Split& split : phases.splits) {
        trace.push_back({"phase",
                         task.tensor(task.outputs.front()).name,
                         {task.axis(split.keep).name, fmt::format("{}", split.divisor)}});
    }
    return trace;
}

std::int64_t terms(const Phase& phase) {
    std::int64_t count = 1;
    for (const task::AxisId axis : phase.task.stages.front().reduce)
        count *= phase.task.axis(axis).extent;
    return count;
}

// The phase with the most taps is the one that schedules are made for.
const Task& model(const Phases& phases) {
    return std::ranges::max_element(phases.all, {}, terms)->task;
}

// Schedules of the model that are legal for all phases; blocks of k are no longer than the
// shortest sum.
std::vector<Trace> for_all(const Task& task, const Phases& phases, const Width& width,
                           const std::vector<Trace>& traces) {
    constexpr std::size_t kDepth = 2;  // tile y MR NV KC MC NC
    const std::int64_t least = terms(*std::ranges::min_element(phases.all, {}, terms));
    std::vector<Trace> legal;
    for (const Trace& tiles : traces) {
        Trace trace = verbs_of(task, phases);
        for (Action action : tiles) {
            if (action.verb == "tile" && std::stoll(action.arguments.at(kDepth)) > least)
                action.arguments[kDepth] = fmt::format("{}", least);
            trace.push_back(std::move(action));
        }
        if (std::ranges::find(legal, trace) == legal.end() && print(task, width, trace))
            legal.push_back(std::move(trace));
    }
    return legal;
}

// What is left for the tiles.
Result<Trace> tile_lines(const Task& task, const Phases& phases, const Trace& trace) {
    const Trace wanted = verbs_of(task, phases);
    const auto is_phase = [](const Action& action) { return action.verb == "phase"; };
    Trace verbs;
    Trace rest;
    for (const Action& action : trace)
        (is_phase(action) ? verbs : rest).push_back(action);
    if (verbs == wanted) return rest;
    std::vector<std::string> lines;
    for (const Action& action : wanted)
        lines.push_back(fmt::format("phase {} {}", action.stage, fmt::join(action.arguments, " ")));
    return fail(Errc::Invalid,
                fmt::format("phase: this task falls apart by: {}", fmt::join(lines, ", ")));
}

class Printer {
public:
    Printer(const Task& task, const Phases& phases, const Width& width)
        : task_(task),
          phases_(phases),
          width_(width),
          names_(task),
          out_(task.outputs.front()),
          maths_(width.vector_bytes, real_type(task)) {}

    Result<std::string> print(const Trace& trace, const Trace& tiles);

private:
    [[nodiscard]] std::size_t rank() const { return task_.tensor(out_).shape.size(); }
    [[nodiscard]] const std::vector<std::int64_t>& shape(const Phase& phase) const {
        return phase.task.tensor(out_).shape;
    }
    [[nodiscard]] const Split* split_of(std::size_t dimension) const {
        const auto at = std::ranges::find(phases_.splits, dimension, &Split::dimension);
        return at == phases_.splits.end() ? nullptr : &*at;
    }
    Result<void> print_parts(const Trace& tiles, Writer& out);
    Result<void> print_scratch(Writer& out) const;
    void print_calls(Writer& out) const;
    void print_rows(Writer& out) const;
    void print_row(Writer& out) const;

    const Task& task_;
    const Phases& phases_;
    const Width& width_;
    Names names_;
    task::TensorId out_;
    VectorMaths maths_;
};

Result<std::string> Printer::print(const Trace& trace, const Trace& tiles) {
    Writer parts;
    CUPEL_DO(print_parts(tiles, parts));
    Writer head;
    head.line(fmt::format("// {}, in {} phases.", task_.name, phases_.all.size()));
    for (const Action& action : trace)
        head.lines("//   " + print_trace({action}));
    head.line("#include \"task.hpp\"");
    head.line();
    for (const char* header : {"omp.h", "algorithm", "cmath", "cstdint"})
        head.line(fmt::format("#include <{}>", header));
    head.lines(maths_.headers());
    head.line();
    head.line("namespace phases {");
    head.line();
    head.lines(maths_.prelude());
    head.line();
    parts.line("}  // namespace phases");
    parts.line();
    Writer out;
    out.open(signature(task_, names_));
    CUPEL_DO(print_scratch(out));
    print_calls(out);
    print_rows(out);
    out.close();
    return head.take() + parts.take() + out.take();
}

Result<void> Printer::print_parts(const Trace& tiles, Writer& out) {
    for (std::size_t f = 0; f < phases_.all.size(); ++f) {
        const Phase& phase = phases_.all[f];
        CUPEL_TRY(std::string text, tile::print_part(phase.task, width_, tiles, {}, maths_));
        const std::string entry = "extern \"C\" void kernel(";
        text.replace(text.find(entry), entry.size(), "void compute(");
        std::string where;
        for (std::size_t s = 0; s < phases_.splits.size(); ++s) {
            where += fmt::format("{}{} % {} == {}", s == 0 ? "" : ", ",
                                 names_.axis(phases_.splits[s].keep), phases_.splits[s].divisor,
                                 phase.remainders[s]);
        }
        out.line("// " + where);
        out.line(fmt::format("namespace f{} {{", f));
        out.line();
        out.lines(text);
        out.line();
        out.line(fmt::format("}}  // namespace f{}", f));
        out.line();
    }
    return {};
}

Result<void> Printer::print_scratch(Writer& out) const {
    if (task_.tensor(out_).bytes() > kScratchBytes)
        return fail(Errc::Invalid, "phase: the answers of the phases take more than 1 GiB");
    for (std::size_t f = 0; f < phases_.all.size(); ++f) {
        out.line(fmt::format("alignas(64) static {} phase_{}[{}];", real_name(task_), f,
                             fmt::join(shape(phases_.all[f]), " * ")));
    }
    return {};
}

void Printer::print_calls(Writer& out) const {
    std::string inputs;
    for (const task::TensorId id : task_.inputs)
        inputs += names_.tensor(id) + ", ";
    for (std::size_t f = 0; f < phases_.all.size(); ++f)
        out.line(fmt::format("phases::f{0}::compute({1}phase_{0});", f, inputs));
}

// Row by row of the output, whose last dimension takes from as many phases as that is split into.
void Printer::print_rows(Writer& out) const {
    const std::size_t last = rank() - 1;
    std::vector<std::string> names;
    std::vector<std::string> shapes;
    for (std::size_t f = 0; f < phases_.all.size(); ++f) {
        names.push_back(fmt::format("phase_{}", f));
        shapes.push_back(fmt::format("{{{}}}", fmt::join(shape(phases_.all[f]), ", ")));
    }
    out.line(fmt::format("static const {}* const phase[] = {{{}}};", real_name(task_),
                         fmt::join(names, ", ")));
    out.line(fmt::format("static constexpr long shape[][{}] = {{{}}};", rank(),
                         fmt::join(shapes, ", ")));
    if (width_.threads > 1 && last > 0) {
        out.line(fmt::format("#pragma omp parallel for num_threads({}){}", width_.threads,
                             last > 1 ? fmt::format(" collapse({})", last) : ""));
    }
    for (std::size_t d = 0; d < last; ++d)
        out.open(fmt::format("for (long i{0} = 0; i{0} < {1}; ++i{0})", d, extent(task_, out_, d)));
    print_row(out);
    for (std::size_t d = 0; d < last; ++d)
        out.close();
}

void Printer::print_row(Writer& out) const {
    const std::size_t last = rank() - 1;
    std::string number;
    std::string inside;
    std::string outside;
    // `text * size + more`, from the first dimension on.
    const auto append = [](std::string& text, const std::string& size, const std::string& more) {
        const bool sum = text.find(' ') != std::string::npos;
        text = text.empty()
                   ? more
                   : fmt::format("{} * {} + {}", sum ? "(" + text + ")" : text, size, more);
    };
    for (std::size_t d = 0; d < last; ++d) {
        const Split* split = split_of(d);
        const std::string i = fmt::format("i{}", d);
        append(inside, fmt::format("shape[f][{}]", d),
               split != nullptr ? fmt::format("{} / {}", i, split->divisor) : i);
        append(outside, extent(task_, out_, d), i);
        if (split == nullptr) continue;
        append(number, fmt::format("{}", split->divisor),
               fmt::format("{} % {}", i, split->divisor));
    }
    const std::string size = extent(task_, out_, last);
    const Split* split = split_of(last);
    const std::int64_t ways = split != nullptr ? split->divisor : 1;
    if (number.empty()) number = "0";
    if (ways > 1 && number != "0") number = fmt::format("({}) * {}", number, ways);
    out.line(fmt::format("const long f = {};", number));
    out.line(fmt::format("{}* const to = {} + ({}) * {};", real_name(task_), names_.tensor(out_),
                         outside, size));
    const auto plus = [](std::int64_t way) { return way == 0 ? "" : fmt::format(" + {}", way); };
    for (std::int64_t way = 0; way < ways; ++way) {
        out.line(fmt::format("const {}* const from_{} = phase[f{}] + ({}) * shape[f{}][{}];",
                             real_name(task_), way, plus(way), inside, plus(way), last));
    }
    out.open(fmt::format("for (long i = 0; i < {} / {}; ++i)", size, ways));
    for (std::int64_t way = 0; way < ways; ++way)
        out.line(fmt::format("to[{} * i{}] = from_{}[i];", ways, plus(way), way));
    out.close();
    const std::int64_t odd = task_.tensor(out_).shape[last] % ways;
    for (std::int64_t way = 0; way < odd; ++way) {
        out.line(fmt::format("to[{0} / {1} * {1}{2}] = from_{3}[{0} / {1}];", size, ways, plus(way),
                             way));
    }
}

}  // namespace

bool applies(const Task& task) {
    return find_phases(task).has_value();
}

std::vector<Trace> seeds(const Task& task, const Width& width) {
    const auto phases = find_phases(task);
    if (!phases) return {};
    return for_all(task, *phases, width, tile::seeds(model(*phases), width));
}

Trace default_trace(const Task& task, const Width& width) {
    const std::vector<Trace> best = seeds(task, width);
    return best.empty() ? Trace{} : best.front();
}

std::vector<Trace> neighbours(const Task& task, const Width& width, const Trace& trace) {
    const auto phases = find_phases(task);
    if (!phases) return {};
    const auto tiles = tile_lines(task, *phases, trace);
    if (!tiles) return {};
    std::vector<Trace> near =
        for_all(task, *phases, width, tile::neighbours(model(*phases), width, *tiles));
    std::erase(near, trace);
    return near;
}

Result<std::string> print(const Task& task, const Width& width, const Trace& trace) {
    CUPEL_TRY(const Phases phases, find_phases(task));
    CUPEL_TRY(const Trace tiles, tile_lines(task, phases, trace));
    return Printer(task, phases, width).print(trace, tiles);
}

}  // namespace cupel::schedule::phase
