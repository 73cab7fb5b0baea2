// SPDX-License-Identifier: Apache-2.0
// Law 6: what OpenMP was granted is alive once a contender has answered, and nothing beside it. A
// thread on its way out, as of a team that OpenMP dissolves when who made it ends, is no fault, so
// only those count that were there after the answer before too: they stand still like all.
#pragma once

#include <vector>

namespace cupel::referee {

class Crowd {
public:
    explicit Crowd(int granted) : granted_(granted) {}
    // `alive`: how many there are after an answer; `others`: the ids of all but the first. True if
    // more than were granted have stayed.
    [[nodiscard]] bool stays(int alive, std::vector<int> others);

private:
    int granted_;
    std::vector<int> before_;  // after the last answer, where they were more than granted
};

}  // namespace cupel::referee
