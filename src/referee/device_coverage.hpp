// SPDX-License-Identifier: Apache-2.0
// Which elements of the inputs no thread ever loads. That is no fault by itself, as a gather or a
// mask need not read all; but a kernel that leaves out what its formula needs shows it here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "emulator/job.hpp"
#include "task/task.hpp"

namespace cupel::referee {

// Of one input at one shape, over all runs that came to their end there.
struct InputCoverage {
    std::string input;
    std::string shape;      // "B=64, N=128"
    std::int64_t runs = 0;  // of all blocks: questions, and orders in which one was asked
    std::int64_t elements = 0;
    std::int64_t unread = 0;  // in any of the runs
    std::string first = {};   // "x[3, 7]": the first of these
};

// Gathers, run by run, at one shape.
class CoverageWatch {
public:
    explicit CoverageWatch(const task::Task& task);

    // `job` has the inputs first, in the order of the task.
    void add(const emulator::Job& job, const emulator::JobResult& result);
    // Nothing where nothing was added.
    [[nodiscard]] std::vector<InputCoverage> take(const std::string& shape) const;

private:
    const task::Task& task_;
    std::int64_t runs_ = 0;
    std::vector<std::vector<emulator::Stretch>> unread_;  // by input; bytes
};

// One line for each input that was not read to its end at some shape, by the first of these.
[[nodiscard]] std::vector<std::string> coverage_words(const std::vector<InputCoverage>& coverage);

}  // namespace cupel::referee
