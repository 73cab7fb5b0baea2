// SPDX-License-Identifier: Apache-2.0
// The referee's end of the oracle: a process of its own that sees the questions and computes true
// elements of the answer.
#pragma once

#include <span>
#include <vector>

#include "os/child.hpp"
#include "os/fd.hpp"
#include "referee/arena.hpp"
#include "wire/oracle.hpp"

namespace cupel::referee {

class OracleClient {
public:
    [[nodiscard]] static Result<OracleClient> start(const task::Task& task, const Arena& arena,
                                                    int threads);

    // True elements of the answer to the question in `slot`, in the order of the positions.
    [[nodiscard]] Result<std::vector<wire::oracle::Truth>> ask(
        int slot, std::span<const wire::oracle::Position> positions);
    // Seconds per position of the last request: what the next one may cost.
    [[nodiscard]] double seconds_per_position() const { return seconds_per_position_; }

private:
    const Arena* arena_ = nullptr;
    std::size_t inputs_ = 0;
    os::Fd socket_;
    os::Child child_;
    double seconds_per_position_ = 0;
};

}  // namespace cupel::referee
