// SPDX-License-Identifier: Apache-2.0
// The second baseline: the same sums as the naive kernel's in the loop order that keeps the
// innermost loop on neighbouring elements, so that the compiler makes vectors of it. A matrix
// product written i, k, j instead of i, j, k is many times quicker, and a claim that ignored that
// would be no claim.
#include <fmt/format.h>

#include "schedule/contraction.hpp"
#include "schedule/schedule.hpp"
#include "schedule/text.hpp"

namespace cupel::schedule {
namespace {

// "i * 1024 + k * 1": the position of an access (or of the output) along the given axes.
class Position {
public:
    void add(const std::string& axis, std::int64_t stride) {
        if (stride == 0) return;
        if (!text_.empty()) text_ += " + ";
        text_ += stride == 1 ? axis : fmt::format("{} * {}", axis, stride);
    }
    [[nodiscard]] std::string text() const { return text_.empty() ? "0" : text_; }

private:
    std::string text_;
};

class PlainText {
public:
    void line(std::string_view text) {
        text_ += std::string(2 * depth_, ' ') + std::string(text) + "\n";
    }
    void open(std::string_view text) {
        line(text);
        ++depth_;
    }
    void close() {
        --depth_;
        line("}");
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::size_t depth_ = 0;
};

bool becomes_float(const task::Task& task, task::TensorId tensor) {
    const task::Type type = task.tensor(tensor).type;
    return type == task::Type::F32 || is_short(type);
}

// Whether the naive order walks down the columns of b while this order walks along its rows.
bool pays(const task::Task& task, const Contraction& found) {
    return found.finish.empty() && found.n.size() == 1 && found.a.reading == Reading::Linear &&
           found.b.reading == Reading::Linear && found.b.group_stride == 1 &&
           found.b.k_stride != 1 && found.k.size() == 1 && becomes_float(task, found.out) &&
           becomes_float(task, task.access(found.a.access).tensor) &&
           becomes_float(task, task.access(found.b.access).tensor);
}

std::string print_reordered(const task::Task& task, const Contraction& found,
                            const std::string& declaration) {
    const task::Access& a = task.access(found.a.access);
    const task::Access& b = task.access(found.b.access);
    const task::Stage& stage = *found.anchor;
    const task::AxisId n = found.n.front();
    const task::AxisId k = found.k.front();
    Position at_a;
    Position at_b;
    Position at_out;
    PlainText out;
    out.line("// " + task.name +
             ", plain: the naive sums with the innermost loop on neighbouring elements.");
    out.line("#include \"task.hpp\"");
    out.line("");
    out.open(declaration + " {");
    std::int64_t stride = task.tensor(found.out).elements();
    const auto loop = [&](task::AxisId axis) {
        const task::Axis& it = task.axis(axis);
        out.open(fmt::format("for (long {0} = 0; {0} < {1}; ++{0}) {{", it.name, it.extent));
    };
    const auto outer = static_cast<std::ptrdiff_t>(stage.keep.size()) - 1;
    out.line(fmt::format("#pragma omp parallel for collapse({})", outer));
    for (const task::AxisId axis : stage.keep) {
        const task::Axis& it = task.axis(axis);
        stride /= it.extent;
        if (axis == n) continue;
        loop(axis);
        at_a.add(it.name, stride_along(task, a, axis));
        at_b.add(it.name, stride_along(task, b, axis));
        at_out.add(it.name, stride);
    }
    const task::Axis& last = task.axis(n);
    const task::Axis& sum = task.axis(k);
    out.line(fmt::format("float row[{}] = {{}};", last.extent));
    loop(k);
    at_a.add(sum.name, found.a.k_stride);
    at_b.add(sum.name, found.b.k_stride);
    at_b.add(last.name, 1);
    at_out.add(last.name, 1);
    out.line(fmt::format("const float factor = {}[{}];", task.tensor(a.tensor).name, at_a.text()));
    out.line(fmt::format("for (long {0} = 0; {0} < {1}; ++{0}) row[{0}] += factor * {2}[{3}];",
                         last.name, last.extent, task.tensor(b.tensor).name, at_b.text()));
    out.close();
    out.line(fmt::format("for (long {0} = 0; {0} < {1}; ++{0}) {2}[{3}] = row[{0}];", last.name,
                         last.extent, task.tensor(found.out).name, at_out.text()));
    for (std::size_t i = 0; i + 1 < stage.keep.size(); ++i) {
        out.close();
    }
    out.close();
    return out.take();
}

}  // namespace

Result<std::vector<BaselineText>> print_baselines(const task::Task& task) {
    CUPEL_TRY(const std::string naive, print_naive(task));
    const std::size_t begin = naive.find("extern \"C\"");
    const std::size_t end = naive.find(" {", begin);
    std::vector<BaselineText> all = {{.name = "naive", .source = naive}};
    const Result<Contraction> found = find_contraction(task, Stored::Rounded);
    // The row of sums lives on the stack, and the last kept axis must be the one with neighbours.
    constexpr std::int64_t kLongestRow = 1 << 16;
    if (!found || begin == std::string::npos || end == std::string::npos || !pays(task, *found))
        return all;
    if (found->anchor->keep.size() < 2 || found->anchor->keep.back() != found->n.front() ||
        found->n_size > kLongestRow) {
        return all;
    }
    all.push_back({.name = "plain",
                   .source = print_reordered(task, *found, naive.substr(begin, end - begin))});
    return all;
}

}  // namespace cupel::schedule
