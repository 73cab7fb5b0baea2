// SPDX-License-Identifier: Apache-2.0
#include "engineer/space.hpp"

#include "schedule/contraction.hpp"
#include "schedule/tile_plan.hpp"

namespace cupel::engineer {

namespace {

class ScheduleSpace final : public Space {
public:
    ScheduleSpace(const task::Task& task, const schedule::Width& width)
        : task_(task), width_(width), family_(schedule::family(task)) {
        if (family_ != schedule::Family::Tile) return;
        if (auto found = schedule::find_contraction(task)) contraction_ = std::move(*found);
    }

    [[nodiscard]] std::vector<Trace> initial() const override {
        return schedule::candidates(task_, width_);
    }

    [[nodiscard]] bool complete() const override { return family_ != schedule::Family::Tile; }

    [[nodiscard]] std::vector<Trace> neighbours(const Trace& trace) const override {
        return schedule::neighbours(task_, width_, trace);
    }

    [[nodiscard]] Result<std::string> print(const Trace& trace) const override {
        return schedule::print_kernel(task_, width_, trace);
    }

    [[nodiscard]] std::optional<double> cost(const Trace& trace) const override {
        if (!contraction_) return std::nullopt;
        const schedule::tile::Problem problem{task_, *contraction_, width_};
        const auto plan = schedule::tile::read_plan(problem, trace);
        if (!plan) return std::nullopt;
        return schedule::tile::cost(problem, *plan);
    }

    [[nodiscard]] std::string origin() const override {
        switch (family_) {
            case schedule::Family::Sweep:
                return "sweep";
            case schedule::Family::Tile:
                return "tile";
            case schedule::Family::Generic:
                break;
        }
        return "generic";
    }

private:
    const task::Task& task_;
    schedule::Width width_;
    schedule::Family family_;
    std::optional<schedule::Contraction> contraction_;
};

}  // namespace

std::unique_ptr<Space> schedule_space(const task::Task& task, const schedule::Width& width) {
    return std::make_unique<ScheduleSpace>(task, width);
}

}  // namespace cupel::engineer
