// SPDX-License-Identifier: Apache-2.0
// What models and programs cost in a run, and what came of it.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "cli/run_folder.hpp"
#include "engineer/engineer.hpp"

namespace cupel::cli {

// By one author in one way: a model and an operator.
struct Spent {
    std::string author;  // "openai:..."; a program: "command"
    std::string way;     // "edit"; of a program, which has one way only: "command"
    int calls = 0;
    int kernels = 0;
    double gain = 0;  // log of the speedups that were confirmed
    double dollars = 0;
    std::int64_t tokens = 0;  // attempts that came to nothing included, as in dollars
    double seconds = 0;
};

struct SpendingTable {
    std::vector<Spent> rows;  // empty where nobody was asked
    std::string ended;        // why models are asked no more; empty: they may be
    bool bounds = false;      // what came of it are lower bounds, and no speed

    // What the archive and the recording of the run say.
    [[nodiscard]] static Result<SpendingTable> read(archive::Archive& archive,
                                                    const RunFolder& folder,
                                                    const engineer::Outcome& search);
    // A line each, for the card.
    [[nodiscard]] std::vector<std::string> lines() const;
    // An object each: model, operator, calls, kernels, dollars, tokens, seconds.
    [[nodiscard]] nlohmann::json json() const;
};

}  // namespace cupel::cli
