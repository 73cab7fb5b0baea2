// SPDX-License-Identifier: Apache-2.0
#include "schedule/window.hpp"

#include <algorithm>

#include "schedule/nest.hpp"

namespace cupel::schedule {

using task::Index;
using task::kNone;
using task::Stage;
using task::Task;

namespace {

std::int64_t floor_div(std::int64_t a, std::int64_t b) {  // b > 0
    return a >= 0 ? a / b : -((-a + b - 1) / b);
}

// Narrows the span of the kept axis in `index`, so that 0 <= index < extent. False: cannot say.
bool narrow(const Task& task, const Stage& stage, const Index& index, std::int64_t extent,
            std::vector<Span>& spans) {
    if (index.gather != kNone || index.divisor != 1) return false;
    Span* span = nullptr;
    std::int64_t coefficient = 0;
    std::int64_t least = index.offset;
    std::int64_t most = index.offset;
    for (const Index::Term& term : index.terms) {
        const auto kept = std::ranges::find(stage.keep, term.axis);
        if (kept == stage.keep.end()) {
            const std::int64_t last = task.axis(term.axis).extent - 1;
            (term.coefficient > 0 ? most : least) += term.coefficient * last;
            continue;
        }
        if (span != nullptr || term.coefficient < 1) return false;
        span = &spans[static_cast<std::size_t>(kept - stage.keep.begin())];
        coefficient = term.coefficient;
    }
    if (span == nullptr) return least >= 0 && most < extent;
    span->low = std::max(span->low, -floor_div(least, coefficient));
    span->high = std::min(span->high, floor_div(extent - 1 - most, coefficient) + 1);
    span->high = std::max(span->low, span->high);
    return true;
}

}  // namespace

std::optional<std::vector<Span>> inside_spans(const Task& task, const Stage& stage) {
    std::vector<Span> spans;
    spans.reserve(stage.keep.size());
    for (const task::AxisId axis : stage.keep)
        spans.push_back({0, task.axis(axis).extent});
    for (const int load : loads(task, stage.body)) {
        const task::Access& access = task.access(load);
        if (access.outside == kNone) continue;
        const auto& shape = task.tensor(access.tensor).shape;
        for (std::size_t d = 0; d < access.at.size(); ++d) {
            if (!narrow(task, stage, access.at[d], shape[d], spans)) return std::nullopt;
        }
    }
    return spans;
}

}  // namespace cupel::schedule
