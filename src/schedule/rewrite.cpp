// SPDX-License-Identifier: Apache-2.0
#include "schedule/rewrite.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "schedule/factor.hpp"
#include "schedule/merge.hpp"

namespace cupel::schedule {

Result<Rewritten> rewritten(const task::Task& task, const Trace& trace) {
    Rewritten left{task, {}};
    for (const Action& action : trace) {
        const bool factors = action.verb == "factor";
        if (!factors && action.verb != "merge") {
            left.trace.push_back(action);
            continue;
        }
        const std::string line = print_trace({action});
        const std::string where = line.substr(0, line.size() - 1);
        if (!action.arguments.empty() || !left.trace.empty()) {
            return fail(
                Errc::Invalid,
                fmt::format("{}: expected `{} stage`, before all other verbs", where, action.verb));
        }
        auto other = factors ? factored(left.task, action.stage) : merged(left.task, action.stage);
        if (!other) return std::unexpected(std::move(other).error().in(where));
        left.task = *std::move(other);
    }
    return left;
}

}  // namespace cupel::schedule
