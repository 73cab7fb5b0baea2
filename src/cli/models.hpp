// SPDX-License-Identifier: Apache-2.0
// The models that a command line names: where they are asked, with which key, at what price. All
// that can be wrong with them is found before a run folder is made.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "model/ledger.hpp"
#include "model/live_client.hpp"
#include "model/provider.hpp"

namespace cupel::cli {

struct ModelSetup {
    struct Voice {
        model::ModelName name;
        model::Price price;
        model::Traits traits;
        model::Account* account = nullptr;
    };
    std::vector<std::unique_ptr<model::Account>> accounts;  // one for each provider
    std::vector<Voice> voices;
    bool local = false;  // some of them work on this machine
    std::string prices;  // of them, and of those that the run asked before: text for kPrices
    std::string note;    // where these are not what they were when the run began; else empty
};

// In a run folder: what its models cost.
inline constexpr const char* kPrices = "prices.json";

// Empty where no model is named. Usage says what is missing, and what to do.
[[nodiscard]] Result<ModelSetup> set_up_models(const Options& options);

}  // namespace cupel::cli
