// SPDX-License-Identifier: Apache-2.0
// What the commands share: finding tasks, and setting up a referee for one.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.hpp"
#include "cli/options.hpp"
#include "referee/certificate.hpp"
#include "referee/referee.hpp"
#include "schedule/schedule.hpp"

namespace cupel::cli {

// The folder `what` that came with this program.
[[nodiscard]] std::filesystem::path shipped_folder(std::string_view what);
// Folders that are searched for `what` ("tasks", "attacks"): the working directory's, then the one
// that came with this program.
[[nodiscard]] std::vector<std::string> search_folders(std::string_view what);
[[nodiscard]] Result<task::Task> load_task(const Options& options);
// The task of that name that came with this program, if any: what a stranger's file is held to. It
// may lie in a folder of the stranger's, whose tasks/ is his too, so nowhere else is looked.
[[nodiscard]] std::optional<task::Task> shipped_task(const std::string& name);

// The runs in runs/, by the name of their folder.
[[nodiscard]] std::vector<std::string> run_names();
// The folder of a run: as it is written, or runs/NAME where only that is one.
[[nodiscard]] std::filesystem::path find_run(const std::string& name);

// "measured 3 days ago", and whether the machine was busy then.
[[nodiscard]] std::string measured_text(const target::Ceilings& ceilings, std::int64_t unix_now);

[[nodiscard]] schedule::Width width_of(const target::Machine& machine, int threads);

// The kernel that a schedule file prints for this machine.
[[nodiscard]] Result<verdict::Kernel> print_schedule_file(const task::Task& task,
                                                          const std::string& path, int threads);

// The referee's own defaults for so many threads, ended by Ctrl-C and telling its progress on the
// console.
[[nodiscard]] referee::Options tuning_for(int threads, Console& console);
// Of a kernel in a file of the user's.
constexpr std::size_t kLargestKernel = std::size_t{4} << 20;
// Its text, with what it includes of its folder: os::with_includes.
[[nodiscard]] Result<std::string> read_kernel_text(const std::string& path);

// A referee with the panel that claims are over (the honest naive kernel, what else Cupel prints,
// and what the task names of libraries), and another baseline after it where one is given.
// Libraries that are not installed are named in its options as absent; the environment variable
// CUPEL_RIVALS=none leaves all of them out, and that is named there too.
[[nodiscard]] Result<std::unique_ptr<referee::Referee>> open_referee(
    task::Task task, referee::Options tuning,
    std::optional<referee::Baseline> another = std::nullopt);

// Says which libraries that the task names are not in the panel, but for the first `told` of them.
void note_absent(const referee::Referee& referee, Console& console, std::size_t told = 0);

// What certificates are signed with. Corrupt: there is a key that must not be used. Where no key
// can be kept, none, and why: certificates are then unsigned, and say so.
[[nodiscard]] Result<referee::Signer> find_signer();

// Now and then (at random, and where nothing is known yet) a judgement is preceded by an A/A run,
// so that the record of the machine grows where claims are made. A few seconds.
[[nodiscard]] Result<void> keep_aa_record(referee::Referee& referee, Console& console);

// A judgement, or a refusal of the task: a verdict on one that accepts wrong answers would say
// nothing (law 9).
[[nodiscard]] Result<verdict::Verdict> judge_admitted(referee::Referee& referee,
                                                      const verdict::Kernel& kernel);
[[nodiscard]] verdict::Verdict refusal_of(const task::Task& task,
                                          const referee::Referee::Admission& admission,
                                          std::string_view source, int threads);
// Whether the task is admitted, for kernels that no panel is asked beside.
[[nodiscard]] Result<referee::Referee::Admission> admit_alone(const task::Task& task,
                                                              const referee::Options& tuning);

}  // namespace cupel::cli
