// SPDX-License-Identifier: Apache-2.0
// One launch: its pragma, its signature, and the reductions and walks that kernels are made of.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "device/scope.hpp"
#include "schedule/text.hpp"
#include "task/task.hpp"

namespace cupel::device {

// What a whole file gathers while its kernels are printed.
struct FileText {
    // Tensors that launches hand on, under names that are no tensor's of the task.
    std::map<task::TensorId, std::string> scratch = {};
    std::string launches = {};  // pragmas
    std::string kernels = {};
    std::map<std::string, std::string> functions = {};  // that kernels call, by name
};

struct LaunchText {
    std::string name = {};    // of the kernel
    std::string grid = {};    // expression, or dim3(...)
    std::string block = {};   // threads
    std::string shared = {};  // bytes of dynamic shared memory; empty: none
};

// Adds the pragma and the kernel's signature with its opening brace. `tensors`: its parameters.
void open_kernel(const Scope& scope, const LaunchText& launch,
                 const std::vector<task::TensorId>& tensors, FileText& file, schedule::Writer& out);

// Tensors that the stages read or fill outside of themselves, in the order of the task.
[[nodiscard]] std::vector<task::TensorId> parameters_of(const task::Task& part,
                                                        const std::vector<std::size_t>& stages);

// The identity, a step and the combination of a reduction, as text.
[[nodiscard]] bool is_arg(task::Reducer how);
[[nodiscard]] std::string first_of(const Scope& scope, const task::Stage& stage);
[[nodiscard]] std::string_view sum_type(const Scope& scope, const task::Stage& stage);
[[nodiscard]] std::string combined(const Scope& scope, const task::Stage& stage,
                                   const std::string& one, const std::string& other);

// A reduction by one thread over all reduce axes: declares `name` and leaves the result in it; of
// ArgMax and ArgMin the position.
void print_serial_fold(Scope& scope, const task::Stage& stage, const std::string& name,
                       schedule::Writer& out);

// Note a function that the kernels call, and return its name. take4 and put4 move four neighbours
// of that type at a time; the others reduce over the lanes of a row, a whole block or a warp of it.
std::string use_take4(task::Type type, FileText& file);
std::string use_put4(task::Type type, FileText& file);
std::string use_reduction(const Scope& scope, const task::Stage& stage, FileText& file);

}  // namespace cupel::device
