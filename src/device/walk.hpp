// SPDX-License-Identifier: Apache-2.0
// The lanes of a row walk over its elements: one at a time or four neighbours at a time. What both
// kinds of kernel by rows and by elements share.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "device/kernel_text.hpp"
#include "device/plan.hpp"
#include "device/scope.hpp"

namespace cupel::device {

// Accesses that lie side by side along an axis of a stage, so that four may be fetched at once.
struct Four {
    int access = task::kNone;
    std::string array;  // of the four
};

class Walker {
public:
    Walker(const Launch& launch, Scope& scope, FileText& file, schedule::Writer& out);

    // Intermediates that the stage reads in step with its loops become variables here; what was
    // declared is forgotten by forget().
    void bind(const task::Stage& stage);
    void forget();

    // True if the access reads a float of global memory, of 32 or 16 bits, and its neighbours along
    // the axis are the next ones there, row after row.
    [[nodiscard]] bool side_by_side(int access, task::AxisId axis) const;
    [[nodiscard]] bool fills_side_by_side(const task::Stage& stage, task::AxisId axis) const;
    // Fetches what the stage reads side by side along the axis, which stands at `at`; inside of
    // the loop over four those accesses are variables.
    [[nodiscard]] std::vector<Four> take(const task::Stage& stage, task::AxisId axis,
                                         const std::string& at);
    void put(const task::Stage& stage, task::AxisId axis, const std::string& array,
             const std::string& at);
    // Whether anything of the stage can be moved four at a time along the axis.
    [[nodiscard]] bool has_fours(const task::Stage& stage, task::AxisId axis) const;

    // The accesses of the stage and of what is computed where it is read, with the axis by which
    // each walks where the stage walks by `axis`.
    [[nodiscard]] std::vector<std::pair<int, task::AxisId>> accesses(const task::Stage& stage,
                                                                     task::AxisId axis) const;

private:
    const Launch& launch_;
    Scope& scope_;
    FileText& file_;
    schedule::Writer& out_;
    std::set<task::TensorId> inlined_;
    std::vector<task::TensorId> bound_;
};

}  // namespace cupel::device
