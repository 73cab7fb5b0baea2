// SPDX-License-Identifier: Apache-2.0
// Whom a kernel is tried against: the kernels that Cupel prints, libraries, and a kernel of the
// user's.
#include <fmt/format.h>

#include <future>

#include "referee/referee.hpp"
#include "referee/state.hpp"

namespace cupel::referee {

Result<target::Artefact> Referee::State::compile_own(const std::string& source,
                                                     const std::string& name) const {
    CUPEL_TRY(target::Compiled compiled, compile(source, name + ".cpp"));
    if (const auto* rejection = std::get_if<target::Rejection>(&compiled)) {
        // We printed it, so the compiler is what is wrong here.
        return fail(Errc::Missing,
                    fmt::format("{} does not compile the {} kernel of this task ({}); `cupel "
                                "doctor` says which compiler is used, CUPEL_CXX chooses another",
                                compiler.program, name, rejection->reason));
    }
    return std::get<target::Artefact>(std::move(compiled));
}

Result<target::Artefact> Referee::State::compile_opponent(const Baseline& baseline) const {
    CUPEL_TRY(target::Compiled compiled, target::compile({.source = baseline.source,
                                                          .file_name = "kernel.cpp",
                                                          .header = header,
                                                          .link = baseline.library.link},
                                                         compiler));
    if (const auto* rejection = std::get_if<target::Rejection>(&compiled)) {
        return fail(Errc::Invalid, fmt::format("{}: {}\n{}", baseline.name, rejection->reason,
                                               rejection->diagnostics));
    }
    return std::get<target::Artefact>(std::move(compiled));
}

Result<void> Referee::State::compile_panel() {
    std::vector<std::future<Result<target::Artefact>>> compiling;
    compiling.reserve(panel.size());
    for (const Baseline& baseline : panel) {
        compiling.push_back(std::async(std::launch::async, [this, &baseline] {
            return baseline.ours ? compile_own(baseline.source, baseline.name)
                                 : compile_opponent(baseline);
        }));
    }
    for (std::future<Result<target::Artefact>>& one : compiling) {
        CUPEL_TRY(target::Artefact artefact, one.get());
        panel_artefacts.push_back(std::move(artefact));
    }
    return {};
}

Entry Referee::State::baseline_entry(std::size_t index) const {
    return {
        .name = panel.at(index).name,
        .program = {.object = panel_artefacts.at(index).object, .library = panel.at(index).library},
        .is_users = !panel.at(index).ours && !panel.at(index).library.is_called()};
}

// Our own are written from plain to better; what the last one lacks in plainness it has in speed.
std::size_t Referee::State::quickest_baseline() const {
    std::size_t last = panel.size() - 1;
    while (last > 0 && !panel[last].ours)
        --last;
    return last;
}

std::unexpected<Error> Referee::State::fail_baseline(std::size_t index,
                                                     const verdict::Verdict& verdict) const {
    const Baseline& baseline = panel.at(index);
    const std::string what = fmt::format("baseline {}: {}", baseline.name, verdict.reason);
    if (!baseline.ours) return fail(Errc::Invalid, what);
    // Who is killed or starved was so by others: the kernel itself does neither.
    if (verdict.status == verdict::Status::Crashed || verdict.status == verdict::Status::TimedOut)
        return fail(Errc::Io, what + "; something on this machine stopped it (too little memory?)");
    return fail(
        Errc::Broken,
        what + "; this is a kernel of Cupel's own, which must never fail: please report it");
}

// A library that is wrong where nothing of the candidate runs. What fails beside a candidate alone
// is not left out: a candidate could see to that, and whoever is quickest would be gone.
Result<bool> Referee::State::leave_out(std::size_t index, const verdict::Verdict& failed) {
    constexpr int kAttempts = 3;  // some are wrong in one judgement of two
    const Baseline baseline = panel.at(index);
    if (!baseline.library.is_called() || failed.status != verdict::Status::Wrong) return false;
    const Baseline& own = panel.at(quickest_baseline());
    const verdict::Kernel kernel{.source = own.source, .schedule = "", .origin = own.name};
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        CUPEL_TRY(const Trial trial,
                  try_kernel(kernel, {baseline_entry(index)}, plan(options.screen_seconds)));
        if (trial.of != 1 || trial.verdict.status != verdict::Status::Wrong) continue;
        const auto at = static_cast<std::ptrdiff_t>(index);
        panel.erase(panel.begin() + at);
        panel_artefacts.erase(panel_artefacts.begin() + at);
        options.absent.push_back(
            fmt::format("{} was left out: its answer is wrong here, beside Cupel's own kernel too "
                        "({})",
                        baseline.name, trial.verdict.reason));
        return true;
    }
    return false;
}

}  // namespace cupel::referee
