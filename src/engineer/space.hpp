// SPDX-License-Identifier: Apache-2.0
// Where the engineer looks: the schedules of one task, or a synthetic space in tests.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schedule/schedule.hpp"

namespace cupel::engineer {

using schedule::Trace;

class Space {
public:
    Space() = default;
    Space(const Space&) = delete;
    Space& operator=(const Space&) = delete;
    Space(Space&&) = delete;
    Space& operator=(Space&&) = delete;
    virtual ~Space() = default;

    // What to try first, best guess first. Where `complete()`, this is all there is.
    [[nodiscard]] virtual std::vector<Trace> initial() const = 0;
    [[nodiscard]] virtual bool complete() const = 0;
    // Traces that differ in one decision.
    [[nodiscard]] virtual std::vector<Trace> neighbours(const Trace& trace) const = 0;
    // The kernel's source; refused where the decisions do not go together.
    [[nodiscard]] virtual Result<std::string> print(const Trace& trace) const = 0;
    // What a model expects a call to cost, in a unit of its own; none where there is no model or it
    // cannot say.
    [[nodiscard]] virtual std::optional<double> cost(const Trace& trace) const = 0;
    // For Kernel::origin: "tile".
    [[nodiscard]] virtual std::string origin() const = 0;
};

// The schedules of the built-in engine. The task must outlive the space.
[[nodiscard]] std::unique_ptr<Space> schedule_space(const task::Task& task,
                                                    const schedule::Width& width);

}  // namespace cupel::engineer
