// SPDX-License-Identifier: Apache-2.0
// A lawful question at the task's own sizes for some blocks of a launch, and what they answer: each
// element that they wrote must be right, as no other block has a hand in it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "emulator/job.hpp"
#include "referee/arena.hpp"
#include "referee/check.hpp"
#include "referee/oracle_client.hpp"
#include "task/task.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

class OwnQuestion {
public:
    // `judged`: answers will be looked at, which takes an oracle. The task must outlive it.
    [[nodiscard]] static Result<OwnQuestion> ask(const task::Task& task, int threads, bool judged);

    void add_values(emulator::Job& job) const;

    // Looks at elements drawn from those that the one launch of a job wrote, and adds them to
    // `evidence`. The first that is wrong, in words. Positions beyond the first
    // emulator::kMostStretches pieces of an output are not drawn.
    [[nodiscard]] Result<std::optional<std::string>> first_wrong(const emulator::Job& job,
                                                                 const emulator::JobResult& result,
                                                                 verdict::Evidence& evidence);

private:
    explicit OwnQuestion(const task::Task& task) : task_(&task) {}

    const task::Task* task_;
    std::unique_ptr<Arena> arena_;
    std::unique_ptr<OracleClient> oracle_;
    std::unique_ptr<Checker> checker_;  // points at both
};

}  // namespace cupel::referee
