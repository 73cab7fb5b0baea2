// SPDX-License-Identifier: Apache-2.0
// One question to a model: what is asked, what for, and what was paid for the answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.hpp"
#include "engineer/bandit.hpp"
#include "engineer/note.hpp"
#include "model/client.hpp"

namespace cupel::engineer {

// Outcomes of an ask beside those of its kernel.
inline constexpr std::string_view kKnown = "known";
inline constexpr std::string_view kNoKernel = "no kernel: ";

struct Question {
    std::uint64_t turn = 0;
    Note note;
    std::string voice;
    model::Client* client = nullptr;
    model::Request request;
    std::string hash;
    bool again = false;                      // an earlier part of the run asked it
    std::vector<archive::KernelId> parents;  // right ones: for the lineage
    std::string base;                        // what edits are of
    std::string idea;                        // in the author's words
    // Of all attempts, those included that came to nothing and that an earlier part of the run
    // made.
    model::Amount paid;
    double seconds = 0;
    model::Usage usage;
    model::Answer answer = std::unexpected(model::Fault{});

    [[nodiscard]] Arm arm() const { return {std::string(operator_name(note.way)), voice}; }
};

}  // namespace cupel::engineer
