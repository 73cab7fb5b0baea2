// SPDX-License-Identifier: Apache-2.0
// One question with true answers at chosen positions, on which wrong formulas are marked. Private
// to admission.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "referee/check.hpp"

namespace cupel::referee {

// Runs of neighbouring elements, since they share what they are computed from: half of the runs
// anywhere, half along the edges of the answer, where paddings and bounds show. Both are lists of
// positions; the first half is the random one.
struct Sample {
    std::vector<wire::oracle::Position> anywhere;
    std::vector<wire::oracle::Position> edges;
    [[nodiscard]] std::vector<wire::oracle::Position> all() const;
};
[[nodiscard]] Sample draw_sample(const task::Task& task, int runs);

// How far two float64 answers are apart, at worst, in roundings of float64 and of the task's
// precision.
struct Distance {
    double fine = 0;
    double coarse = 0;
};

class Sheet {
public:
    // The question that lies in slot 0 now. `scratch` has the size of an answer; only sampled
    // elements of it are written and read.
    [[nodiscard]] static Result<Sheet> make(const task::Task& task, Checker& checker,
                                            std::vector<std::vector<std::byte>>& scratch, int runs);

    [[nodiscard]] std::span<const wire::oracle::Position> positions() const { return positions_; }

    struct Marks {
        std::optional<std::string> wrong;  // the checker's words for the first wrong element
        double share = 0;                  // of the positions that are wrong
        double margin = 0;  // the largest error over the tolerance; 0 where it has no measure
    };
    // Answers of float32 arithmetic at the positions, as the checker takes a kernel's; `errors`: of
    // who gave them, over all questions so far.
    [[nodiscard]] Marks mark(std::span<const wire::oracle::Truth> answers,
                             AnswerErrors& errors) const;
    [[nodiscard]] Distance distance(std::span<const wire::oracle::Truth> answers) const;

private:
    const task::Task* task_ = nullptr;
    const Checker* checker_ = nullptr;
    std::vector<std::vector<std::byte>>* scratch_ = nullptr;
    Probe anywhere_;
    Probe edges_;
    std::vector<wire::oracle::Position> positions_;
};

[[nodiscard]] Distance distance_between(std::string_view precision,
                                        std::span<const wire::oracle::Truth> a,
                                        std::span<const wire::oracle::Truth> b);

}  // namespace cupel::referee
