// SPDX-License-Identifier: Apache-2.0
// What this user's Cupel remembers from run to run, in $XDG_DATA_HOME/cupel/memory: certificates of
// its own, and rules that failures taught. A certificate is recomputed each time before it is shown
// to a model: one that was edited, or is not signed by the user's own key, is passed over (law 13).
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "archive/archive.hpp"
#include "base/result.hpp"
#include "engineer/operators.hpp"
#include "task/task.hpp"
#include "verdict/verdict.hpp"

namespace cupel::cli {

// Missing: there is no place where anything could be kept.
[[nodiscard]] Result<std::filesystem::path> memory_folder();

struct Remembered {
    std::vector<engineer::Example> examples;  // the most alike first
    std::vector<std::string> rules;
    int passed_over = 0;  // certificates that do not hold
};
// Examples of other tasks than this one, or of this one at other sizes; at most `most` of them.
[[nodiscard]] Remembered remember_for(const task::Task& task, std::size_t most = 2);

// A certificate that was just made, with the idea of its kernel in its author's words, or none.
// Others than those that claim a speedup are not kept, nor is a kernel that was forgotten.
[[nodiscard]] Result<void> memorize(const std::string& certificate, std::string_view idea = {});
// Kernels that broke a law after all, by the hashes of their sources: they are no examples any
// more, and never again.
[[nodiscard]] Result<void> forget(const std::set<std::string>& kernels);
// ... and the same of all that the archive has quarantined: what broke a law, and what came of it,
// is nobody's example (law 13). Where nothing can be remembered there is nothing to forget.
[[nodiscard]] Result<void> forget_quarantined(archive::Archive& archive);
// The idea of a kernel in its author's words, or of the one whose settings were swept to find it;
// empty: none is known.
[[nodiscard]] Result<std::string> idea_of(archive::Archive& archive, archive::KernelId kernel);
// What a failure teaches, if anything.
[[nodiscard]] Result<void> memorize_failure(const verdict::Verdict& verdict);

}  // namespace cupel::cli
