// SPDX-License-Identifier: Apache-2.0
#include "schedule/cut_print.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schedule/sweep.hpp"
#include "schedule/text.hpp"
#include "schedule/tile.hpp"

namespace cupel::schedule::cut {

using task::AxisId;
using task::Task;
using task::TensorId;

namespace {

constexpr std::int64_t kScratchBytes = std::int64_t{1} << 30;

class Printer {
public:
    Printer(const Task& task, const Plan& plan, const Width& width)
        : task_(task),
          plan_(plan),
          width_(width),
          names_(task),
          keep_(task.stages.back().keep),
          maths_(width.vector_bytes, real_type(task)) {}

    Result<std::string> print(const Trace& trace);

private:
    Result<void> print_parts();
    void declare_reach(std::string& text) const;
    Result<void> print_scratch();
    void print_loops();
    void print_calls();

    [[nodiscard]] bool threads() const { return width_.threads > 1 && plan_.sharing.any(); }
    // The part's function, by what it fills first.
    [[nodiscard]] std::string name(const Part& part) const {
        return "part_" + task_.tensor(part.task.stages.back().out).name;
    }
    // Elements of a tensor from a dimension on: `S * D`.
    [[nodiscard]] std::string size(TensorId id, std::size_t first) const;
    [[nodiscard]] std::string argument(TensorId id) const;
    [[nodiscard]] bool hands_on(TensorId id) const {
        return std::ranges::find(scratch_, id) != scratch_.end();
    }
    [[nodiscard]] std::string start() const { return axis(plan_.sharing.whole) + "0"; }
    [[nodiscard]] std::string axis(std::size_t d) const { return names_.axis(keep_[d]); }

    const Task& task_;
    const Plan& plan_;
    const Width& width_;
    Names names_;
    std::vector<AxisId> keep_;
    VectorMaths maths_;
    std::vector<TensorId> scratch_;
    Writer parts_;
    Writer out_;
};

Result<std::string> Printer::print(const Trace& trace) {
    scratch_ = handed_on(plan_);
    CUPEL_DO(print_parts());
    Writer head;
    head.line(fmt::format("// {}, cut into {} parts.", task_.name, plan_.parts.size()));
    for (const Action& action : trace)
        head.lines("//   " + print_trace({action}));
    head.line("#include \"task.hpp\"");
    head.line();
    head.line("#include <omp.h>");
    head.line();
    head.line("#include <algorithm>");
    head.line("#include <cmath>");
    head.line("#include <cstdint>");
    head.lines(maths_.headers());
    head.line();
    if (plan_.sharing.block > 0) {
        head.line(fmt::format("constexpr long {} = {};  // steps of {} at a time", plan_.block_name,
                              plan_.sharing.block, axis(plan_.sharing.whole)));
        head.line();
    }
    head.line("namespace parts {");
    head.line("namespace {");
    head.line();
    if (!plan_.first_name.empty()) {
        head.line(fmt::format("thread_local long {};  // the first step of the block at hand",
                              plan_.first_name));
        head.line();
    }
    head.lines(maths_.prelude());
    head.line();
    parts_.line("}  // namespace");
    parts_.line("}  // namespace parts");
    parts_.line();
    out_.open(signature(task_, names_));
    CUPEL_DO(print_scratch());
    print_loops();
    out_.close();
    return head.take() + parts_.take() + out_.take();
}

Result<void> Printer::print_parts() {
    const Width width = inner_width(plan_, width_);
    for (const Part& part : plan_.parts) {
        CUPEL_TRY(std::string text,
                  part.tiled
                      ? tile::print_part(part.task, width, part.trace, part.limits, maths_)
                      : sweep::print_part(part.task, width, part.trace, part.limits, maths_));
        const std::string entry = "extern \"C\" void kernel(";
        text.replace(text.find(entry), entry.size(), "void compute(");
        declare_reach(text);
        std::string fills;
        for (const task::Stage& stage : part.task.stages)
            fills += (fills.empty() ? "" : ", ") + task_.tensor(stage.out).name;
        parts_.line("// " + fills);
        parts_.line("namespace " + name(part) + " {");
        parts_.line();
        parts_.lines(text);
        parts_.line();
        parts_.line("}  // namespace " + name(part));
        parts_.line();
    }
    return {};
}

// Where the part's loops end early: a constant of its function, so that no store can change it.
void Printer::declare_reach(std::string& text) const {
    if (plan_.reach.name.empty() || text.find(plan_.reach.name) == std::string::npos) return;
    const std::size_t body = text.find("{\n", text.find("void compute(")) + 2;
    text.insert(body, fmt::format("  const long {} = {};\n", plan_.reach.name, plan_.reach.value));
}

std::string Printer::size(TensorId id, std::size_t first) const {
    std::string text;
    for (std::size_t d = first; d < task_.tensor(id).shape.size(); ++d) {
        if (!text.empty()) text += " * ";
        const bool blocked = plan_.sharing.block > 0 && d == plan_.sharing.whole &&
                             plan_.lead[static_cast<std::size_t>(id)] > d && hands_on(id);
        text += blocked ? plan_.block_name : extent(task_, id, d);
    }
    return text.empty() ? "1" : text;
}

Result<void> Printer::print_scratch() {
    std::int64_t bytes = 0;
    for (const TensorId id : scratch_) {
        const task::Tensor& tensor = plan_.inner.tensor(id);
        bytes += tensor.bytes() * (threads() ? width_.threads : 1);
        if (bytes > kScratchBytes) {
            return fail(Errc::Invalid,
                        fmt::format("{} takes what parts hand on beyond 1 GiB", tensor.name));
        }
        const std::string rest = size(id, std::min(plan_.sharing.whole, tensor.shape.size()));
        const std::string mine = threads() ? fmt::format("[{}]", width_.threads) : "";
        out_.line(fmt::format("alignas(64) static {} {}{}[{}];", element_name(tensor.type),
                              threads() ? "all_" + names_.tensor(id) : names_.tensor(id), mine,
                              rest));
    }
    return {};
}

void Printer::print_loops() {
    const Sharing& sharing = plan_.sharing;
    if (threads()) {
        const std::string collapse =
            sharing.axes() > 1 ? fmt::format(" collapse({})", sharing.axes()) : "";
        out_.line(fmt::format("#pragma omp parallel for num_threads({}) schedule(dynamic){}",
                              width_.threads, collapse));
    }
    for (std::size_t d = 0; d < sharing.whole; ++d) {
        out_.open(
            fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", axis(d), extent(task_, keep_[d])));
    }
    if (sharing.block > 0) {
        out_.open(fmt::format("for (long {0} = 0; {0} < {1}; {0} += {2})", start(),
                              extent(task_, keep_[sharing.whole]), plan_.block_name));
    }
    print_calls();
    for (std::size_t d = 0; d < sharing.axes(); ++d)
        out_.close();
}

void Printer::print_calls() {
    if (threads()) {
        out_.line("const int thread = omp_get_thread_num();");
        for (const TensorId id : scratch_) {
            const std::string& name = names_.tensor(id);
            out_.line(fmt::format("{0}* const {1} = all_{1}[thread];",
                                  element_name(task_.tensor(id).type), name));
        }
    }
    if (!plan_.first_name.empty())
        out_.line(fmt::format("parts::{} = {};", plan_.first_name, start()));
    for (const Part& part : plan_.parts) {
        std::string list;
        for (const std::vector<TensorId>& ids : {part.task.inputs, part.task.outputs}) {
            for (const TensorId id : ids)
                list += (list.empty() ? "" : ", ") + argument(id);
        }
        out_.line(fmt::format("parts::{}::compute({});", name(part), list));
    }
}

// Where the tensor begins for this step of the shared axes.
std::string Printer::argument(TensorId id) const {
    const std::string& name = names_.tensor(id);
    const std::size_t lead = plan_.lead[static_cast<std::size_t>(id)];
    if (lead == 0 || hands_on(id)) return name;
    std::string step;
    for (std::size_t d = 0; d < lead; ++d) {
        const std::string here = d < plan_.sharing.whole ? axis(d) : start();
        if (d > 1) step = fmt::format("({})", step);
        step = d == 0 ? here : fmt::format("{} * {} + {}", step, extent(task_, id, d), here);
    }
    if (lead > 1) step = fmt::format("({})", step);
    return fmt::format("{} + {} * {}", name, step, size(id, lead));
}

}  // namespace

Result<std::string> print_plan(const Task& task, const Plan& plan, const Width& width,
                               const Trace& trace) {
    return Printer(task, plan, width).print(trace);
}

}  // namespace cupel::schedule::cut
