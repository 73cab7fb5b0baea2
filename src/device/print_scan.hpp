// SPDX-License-Identifier: Apache-2.0
// Running sums along a row: y[i] = sum[j <= i](x[j]), as many at a time as a row has lanes.
#pragma once

#include <optional>
#include <string>

#include "device/kernel_text.hpp"
#include "device/plan.hpp"
#include "schedule/nest.hpp"

namespace cupel::device {

struct RunningSum {
    const task::Stage& stage;
    schedule::Scan scan;
};
// Of a stage that is a running sum along the rows of its launch; nothing where it is none, and
// where it is one that leaves out its own element.
[[nodiscard]] std::optional<RunningSum> running_sum(const Launch& launch, const task::Stage& stage);

struct Lanes {
    std::string lane;   // variable: which one this is
    std::string count;  // how many
};

void print_scan(const RunningSum& sum, const Lanes& lanes, Scope& scope, FileText& file,
                schedule::Writer& out);

}  // namespace cupel::device
