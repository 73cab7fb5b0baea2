// SPDX-License-Identifier: Apache-2.0
// From finalists to a claim (law 11): every finalist is judged, the best is judged again on fresh
// questions in fresh processes, and only the second figure is claimed, where it was faster both
// times.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "archive/archive.hpp"
#include "engineer/engineer.hpp"
#include "verdict/verdict.hpp"

namespace cupel::cli {

struct Crowned {
    engineer::Finalist finalist;
    verdict::Verdict selected;  // the judgement that chose it
    verdict::Verdict claim;     // the one that counts
};

// What may be claimed of a kernel that was selected by one judgement and judged again.
[[nodiscard]] verdict::Verdict claim_of(const verdict::Verdict& selected,
                                        const verdict::Verdict& again);

// Nothing where no finalist was right, or all that were came of a kernel that broke a law. Each
// judgement is in the archive before the next begins.
[[nodiscard]] Result<std::optional<Crowned>> crown(
    verdict::Evaluator& evaluator, archive::Archive& archive,
    std::span<const engineer::Finalist> finalists,
    const std::function<void(std::string_view)>& tell);

}  // namespace cupel::cli
