// SPDX-License-Identifier: Apache-2.0
// Extents: declared shapes first, then windows, then restrictions. Whatever is left is an error,
// and so is an access that cannot be shown to stay inside its tensor.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "task/analysis.hpp"

namespace cupel::task {
namespace {

class Inference {
public:
    Inference(const Surroundings& around, Analysis& analysis)
        : around_(around), analysis_(analysis), given_by_(analysis.variables.size(), kNone) {}

    Result<void> run() {
        for (const auto& [id, use] : analysis_.uses)
            CUPEL_DO(plain(use));
        while (windows() || restrictions()) {
        }
        for (const Variable& axis : analysis_.variables)
            CUPEL_DO(known(axis));
        for (const auto& [id, use] : analysis_.uses)
            CUPEL_DO(inside(use));
        return {};
    }

private:
    [[nodiscard]] Variable& variable(int id) const {
        return analysis_.variables[static_cast<std::size_t>(id)];
    }
    [[nodiscard]] const Tensor& tensor(const Use& use) const {
        return around_.task.tensor(use.tensor);
    }
    [[nodiscard]] const Node& node(const Use& use) const { return around_.file.node(use.node); }
    [[nodiscard]] bool padded(const Use& use) const { return node(use).outside != kNone; }
    [[nodiscard]] Range range(const Index& index) const {
        return range_of(index, [&](AxisId id) { return variable(id).extent; });
    }

    Result<void> plain(const Use& use) {
        if (padded(use)) return {};
        for (std::size_t d = 0; d < use.at.size(); d++) {
            const std::optional<Index>& index = use.at[d];
            const int id = index ? index->plain_axis() : kNone;
            if (id == kNone) continue;
            Variable& axis = variable(id);
            const std::int64_t extent = tensor(use).shape[d];
            TensorId& giver = given_by_[static_cast<std::size_t>(id)];
            if (axis.extent == 0) {
                axis.extent = extent;
                giver = use.tensor;
            } else if (giver != kNone && axis.extent != extent) {
                return around_.source.error(
                    node(use).place,
                    fmt::format("axis '{}' is {} by '{}' but {} by dimension {} of '{}'", axis.name,
                                axis.extent, around_.task.tensor(giver).name, extent, d + 1,
                                tensor(use).name));
            }
        }
        return {};
    }

    // The largest extent of the only unknown axis that keeps the index inside 0 .. size-1;
    // nullopt: there is not exactly one. `id` receives the axis.
    std::optional<std::int64_t> largest(const Index& index, std::int64_t size, int& id) const {
        Index rest = index;
        std::int64_t step = 0;
        for (const Index::Term& term : index.terms) {
            if (variable(term.axis).extent != 0) continue;
            if (step != 0) return std::nullopt;
            step = term.coefficient;
            id = term.axis;
        }
        if (step == 0 || index.divisor != 1) return std::nullopt;
        std::erase_if(rest.terms, [&](const Index::Term& term) { return term.axis == id; });
        const Range known = range(rest);
        const std::int64_t room = step > 0 ? size - 1 - known.high : known.low;
        if (room < 0) return 0;
        return room / (step > 0 ? step : -step) + 1;
    }

    bool windows() {
        std::vector<std::int64_t> least(analysis_.variables.size(), 0);
        for (const auto& [node_id, use] : analysis_.uses) {
            if (padded(use)) continue;
            for (std::size_t d = 0; d < use.at.size(); d++) {
                int id = kNone;
                const std::optional<Index>& index = use.at[d];
                if (!index) continue;
                const auto extent = largest(*index, tensor(use).shape[d], id);
                if (!extent || *extent < 1) continue;
                std::int64_t& best = least[static_cast<std::size_t>(id)];
                best = best == 0 ? *extent : std::min(best, *extent);
            }
        }
        bool found = false;
        for (std::size_t i = 0; i < least.size(); i++) {
            if (least[i] == 0) continue;
            analysis_.variables[i].extent = least[i];
            found = true;
        }
        return found;
    }

    bool restrictions() {
        for (Variable& axis : analysis_.variables) {
            if (axis.extent != 0 || !axis.high) continue;
            const bool ready = std::ranges::all_of(axis.high->terms, [&](const Index::Term& term) {
                return variable(term.axis).extent != 0;
            });
            const std::int64_t extent = ready ? range(*axis.high).high : 0;
            if (extent < 1 || extent > kMaxInteger) continue;
            axis.extent = extent;
            return true;
        }
        return false;
    }

    [[nodiscard]] Result<void> known(const Variable& axis) const {
        if (axis.extent == 0) {
            return around_.source.error(
                axis.place,
                fmt::format("the extent of axis '{0}' cannot be inferred; expected an access with "
                            "'{0}' alone or in a window of known axes, or '{0} < extent'",
                            axis.name));
        }
        if (axis.low && axis.low->terms.empty() && axis.low->offset >= axis.extent) {
            return around_.source.error(axis.place,
                                        fmt::format("axis '{}' has no values", axis.name));
        }
        return {};
    }

    // A bound on the value that respects restrictions: with j <= i, the least value of i - j is 0.
    [[nodiscard]] std::int64_t extreme(const Index& index, bool lowest) const {
        Index tight = index;
        for (const Index::Term& term : index.terms) {
            const Variable& axis = variable(term.axis);
            const bool use_low = (term.coefficient > 0) == lowest;
            const auto& side = use_low ? axis.low : axis.high;
            if (!side) continue;
            Index shift = *side;
            if (!use_low) shift.offset--;
            Index self;
            self.terms = {{.axis = term.axis, .coefficient = 1}};
            const auto without = combine(tight, self, -term.coefficient);
            const auto replaced = without ? combine(*without, shift, term.coefficient) : without;
            if (replaced) tight = *replaced;
        }
        const Range loose = range(index);
        const Range close = range(tight);
        return lowest ? std::max(loose.low, close.low) : std::min(loose.high, close.high);
    }

    [[nodiscard]] Result<void> inside(const Use& use) const {
        if (padded(use)) return {};
        for (std::size_t d = 0; d < use.at.size(); d++) {
            const std::optional<Index>& index = use.at[d];
            if (!index) continue;
            const NodeId at = node(use).kids[d];
            const Place place = around_.file.node(at).place;
            if (index->divisor != 1) {
                return around_.source.error(
                    place, fmt::format("dimension {} of '{}' is outside where the division is not "
                                       "exact; expected '| value' for outside",
                                       d + 1, tensor(use).name));
            }
            const std::int64_t low = extreme(*index, true);
            const std::int64_t high = extreme(*index, false);
            if (low >= 0 && high < tensor(use).shape[d]) continue;
            return around_.source.error(
                place, fmt::format("dimension {} of '{}' has extent {}, but the index{} runs over "
                                   "{} .. {}; expected '| value' for outside",
                                   d + 1, tensor(use).name, tensor(use).shape[d], axes_of(*index),
                                   low, high));
        }
        return {};
    }

    [[nodiscard]] std::string axes_of(const Index& index) const {
        std::string names;
        for (const Index::Term& term : index.terms) {
            names += (names.empty() ? " (axis " : ", ") + variable(term.axis).name;
        }
        return names.empty() ? names : names + ")";
    }

    const Surroundings& around_;
    Analysis& analysis_;
    std::vector<TensorId> given_by_;  // per variable: whose dimension is its extent
};

}  // namespace

Result<void> infer(const Surroundings& around, Analysis& analysis) {
    return Inference(around, analysis).run();
}

}  // namespace cupel::task
