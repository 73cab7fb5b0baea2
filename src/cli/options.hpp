// SPDX-License-Identifier: Apache-2.0
// What the user asked for, checked as far as it can be without touching a task.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::cli {

inline constexpr std::string_view kVersion = "0.1.0";

// What a search may spend; whatever is set and used up first ends it.
struct Budget {
    std::optional<double> seconds;
    std::optional<int> evaluations;
    std::optional<double> dollars;
    std::optional<std::int64_t> tokens;  // of all models, in and out
};

struct Options {
    std::string command;
    std::string subject;  // the task, certificate, run or shell that the command is about
    std::string file;     // judge: the kernel
    std::string against;  // judge: a kernel that joins the panel; empty: none
    std::string run;      // the run folder, empty: runs/<task>-<time>
    std::string resume;   // optimize: a run folder to go on with
    Budget budget;
    int threads = 0;  // 0: all that this process may use
    std::string target = "cpu";
    std::string gpu = "h200";           // of device code: whose data sheet bounds are by
    std::optional<std::uint64_t> seed;  // of the search; questions are never seeded by a user
    std::vector<task::Override> sizes;
    double seconds = 0;  // judge: how long to measure at most; 0: as usual
    bool json = false;
    bool schedule = false;            // show: the schedule and the kernel it prints
    std::string from;                 // ... from this file; empty: the default schedule
    bool names = false;               // show: the names of all tasks
    bool naive = false;               // show: the honest naive kernel
    bool brief = false;               // show: what a writer of kernels must know
    int kernel = 0;                   // show: the number of a kernel of a run; 0: all
    bool quick = false;               // verify: recompute only
    std::string key;                  // verify: the fingerprint of whom it must be signed by
    bool fresh = false;               // doctor: forget the ceilings that are known
    std::string only;                 // redteam: attacks whose name contains this
    bool trajectories = false;        // show: of a run, as JSON lines
    std::string page;                 // show: of a run, written into this file; empty: not
    std::vector<std::string> models;  // optimize: "PROVIDER:NAME"
    std::string base_url;             // ... where they are asked, if not where usual
    std::string key_env;              // ... the variable that holds the key
    int key_fd = -1;                  // ... or the descriptor; negative: none
    std::string prices;               // ... a file of prices, or "free"
    double gain_per_dollar = 0;       // ... per cent of speed; what promises less is not asked
    std::string replay;               // optimize: a run whose models' kernels are tried again
    std::string proposer_command;     // optimize: a program that writes kernels
};

// "30s", "500ms", "5m", "1h", "200evals", "5usd"; several add up to one budget.
[[nodiscard]] Result<Budget> parse_budget(std::span<const std::string> words);
// "N=1024"
[[nodiscard]] Result<task::Override> parse_size(std::string_view word);
// Not more than this process may use.
[[nodiscard]] Result<int> resolve_threads(int asked);
// Only `cpu` runs kernels here; the others say what they would need.
[[nodiscard]] Result<void> check_target(std::string_view target);

// DESIGN section 8: what a script sees of an error.
[[nodiscard]] int exit_code(const Error& error);
[[nodiscard]] std::string_view error_name(Errc code);
inline constexpr int kOwnBug = 70;
inline constexpr int kInterrupted = 130;  // stopped by the user before anything was certified

}  // namespace cupel::cli
