// SPDX-License-Identifier: Apache-2.0
// For the tests of this room: a task of nothing but names.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "task/task.hpp"

namespace cupel::target {

inline task::Task named_task(const std::vector<std::pair<std::string, std::int64_t>>& sizes,
                             const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs) {
    task::Task task;
    task.name = "named";
    for (const auto& [name, value] : sizes)
        task.sizes.push_back({name, value, false});
    const auto add = [&](const std::string& name, task::Role role,
                         std::vector<task::TensorId>& ids) {
        ids.push_back(static_cast<task::TensorId>(task.tensors.size()));
        task.tensors.push_back({name, task::Type::F32, {4}, role});
    };
    for (const auto& name : inputs)
        add(name, task::Role::Input, task.inputs);
    for (const auto& name : outputs)
        add(name, task::Role::Output, task.outputs);
    return task;
}

}  // namespace cupel::target
