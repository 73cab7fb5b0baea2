// SPDX-License-Identifier: Apache-2.0
#include "cli/live_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/memory.hpp"
#include "report/card.hpp"

namespace cupel::cli {
namespace {

std::string budget_text(const engineer::Progress& progress) {
    std::string text;
    if (progress.seconds_left)
        text += fmt::format(", {:.0f} s left", std::max(0.0, *progress.seconds_left));
    if (progress.evaluations_left)
        text += fmt::format(", {} trials left", *progress.evaluations_left);
    return text;
}

std::string best_text(const engineer::Best& best) {
    if (best.bound) {
        return fmt::format(", lowest bound {} ({}) on {}", format_seconds(best.bound->seconds),
                           best.bound->binds, best.bound->gpu);
    }
    std::string text = ", best " + report::format_interval(best.ratio);
    if (best.ceiling)
        text += fmt::format(", {:.0f} % of {}", 100 * best.ceiling->share, best.ceiling->name);
    return text;
}

}  // namespace

std::string progress_text(const engineer::Progress& progress) {
    std::string text = fmt::format("{} tried", progress.evaluations);
    if (progress.right != progress.evaluations) text += fmt::format(" ({} right)", progress.right);
    if (progress.best) text += best_text(*progress.best);
    const engineer::Spending& spending = progress.spending;
    if (spending.calls > 0) {
        text += fmt::format(", ${:.4f} and {} tokens for {} call{}", spending.dollars,
                            spending.tokens, spending.calls, spending.calls == 1 ? "" : "s");
    }
    if (!spending.ended.empty()) text += fmt::format(" (no more: {})", spending.ended);
    return text + budget_text(progress);
}

void LiveProgress::before(const engineer::Progress& progress) {
    show(progress);
}

void LiveProgress::after(const engineer::Progress& progress, const verdict::Verdict& verdict) {
    // What cannot be kept is no reason to end a search.
    static_cast<void>(memorize_failure(verdict));
    page_.update(progress);
    show(progress);
}

void LiveProgress::show(const engineer::Progress& progress) {
    writers_.complain(console_);
    console_.status(engineer::phase_name(progress.phase), progress_text(progress));
}

}  // namespace cupel::cli
