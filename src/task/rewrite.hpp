// SPDX-License-Identifier: Apache-2.0
// Changing a formula in normal form: one expression of one stage for another, and what must follow
// from it so that the text of the changed task can be read again.
#pragma once

#include <vector>

#include "task/task.hpp"

namespace cupel::task {

ExprId append(Task& task, const Expr& expr);
ExprId append_constant(Task& task, double value);
ExprId append_load(Task& task, Access access);

// `root` with `to` where it has `from`, positions and paddings of its accesses included. Nothing is
// changed in place: stages share expressions.
[[nodiscard]] ExprId substitute(Task& task, ExprId root, ExprId from, ExprId to);

// Every expression below `root`, itself first, each once.
[[nodiscard]] std::vector<ExprId> below(const Task& task, ExprId root);

// Removes stages that nothing reads any more. An input that nothing reads any more becomes the
// value of an access outside its tensor where there is no outside: the language wants every input
// used. False where no access is left that could take it, or the answer needs no input at all.
[[nodiscard]] bool tidy(Task& task);

}  // namespace cupel::task
