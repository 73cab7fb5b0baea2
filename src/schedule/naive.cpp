// SPDX-License-Identifier: Apache-2.0
// The baseline that every speedup is divided by. It is what a careful person writes first: shared
// loops where stages share rows, running sums for scans, OpenMP over the outer axes, and otherwise
// the formula as it stands.
#include "schedule/loops.hpp"
#include "schedule/schedule.hpp"

namespace cupel::schedule {

Result<std::string> print_naive(const task::Task& task) {
    LoopPrinter printer(task, nest_of(task));
    return printer.print("// " + task.name + ", naive: the formula stage by stage.");
}

}  // namespace cupel::schedule
