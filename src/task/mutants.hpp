// SPDX-License-Identifier: Apache-2.0
// Wrong formulas, made from a task's own: what a kernel computes that leaves out or changes one
// thing. Law 9 wants every one of them told from the right one by the task's checks.
#pragma once

#include <string>
#include <vector>

#include "task/task.hpp"

namespace cupel::task {

enum class Part { Stage, Reduction, Operator, Constant, Bound, Index };
[[nodiscard]] std::string_view part_name(Part part);  // "reduction"

struct Mutant {
    Part part = Part::Stage;
    std::string name;  // goes on after "when": "exp(x[b,n] - m[b]) is left out (line 4)"
    // Something is left out whole, rather than changed. A formula from which it can be left out
    // without a difference never needed it, whatever else is true of it.
    bool leaves_out = false;
    // Only a guard is touched: a constant that is added or compared with, or whether equality
    // counts. A kernel without it saves one operation at most.
    bool guard = false;
    Task task;  // `text` is print() of it, and parses
};

// In the order of the stages. What cannot be said in the language (an axis of no values) is left
// out.
[[nodiscard]] std::vector<Mutant> mutants(const Task& task);

}  // namespace cupel::task
