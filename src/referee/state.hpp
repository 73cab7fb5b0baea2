// SPDX-License-Identifier: Apache-2.0
// What a Referee holds while it is open. Private to the room.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "referee/arena.hpp"
#include "referee/check.hpp"
#include "referee/oracle_client.hpp"
#include "referee/race.hpp"
#include "referee/referee.hpp"
#include "referee/shapes.hpp"

namespace cupel::referee {

struct Shape {  // a hidden one
    task::Task task;
    Result<target::Compiled> compiled;
};

struct Referee::State {
    State(task::Task the_task, std::vector<Baseline> the_panel, Options the_options)
        : task(std::move(the_task)), panel(std::move(the_panel)), options(std::move(the_options)) {}

    task::Task task;  // never moved: arena and checker point to it
    std::vector<Baseline> panel;
    Options options;
    target::Machine machine;
    target::Compiler compiler;
    target::Ceilings ceilings;
    std::string header;
    std::vector<target::Artefact> panel_artefacts;
    std::optional<Arena> arena;
    std::optional<OracleClient> oracle;
    std::optional<Checker> checker;
    Overhead overhead;
    AaSummary aa;                     // of this machine, with these threads
    std::vector<std::string> slow;    // of the panel, as the first judgement found
    std::vector<std::string> behind;  // ... and the last one

    [[nodiscard]] Result<void> open();
    [[nodiscard]] Result<target::Compiled> compile(const std::string& source,
                                                   std::string file_name) const;
    // Compiles our own text; a rejection is an error.
    [[nodiscard]] Result<target::Artefact> compile_opponent(const Baseline& baseline) const;
    [[nodiscard]] Result<target::Artefact> compile_own(const std::string& source,
                                                       const std::string& name) const;
    [[nodiscard]] Result<Overhead> measure_overhead();
    // What windows took: those that came first, and the others, of one thread and of a team.
    struct Windows {
        std::vector<double> lasting = {};
        std::vector<double> brief = {};
        std::vector<double> team = {};
    };
    // Appends what theirs take, one after another's; the second's wakes a team.
    [[nodiscard]] Result<void> time_in_turns(std::span<Session> sessions, Windows& windows);
    [[nodiscard]] Result<void> compile_panel();
    [[nodiscard]] Result<Admission> admit();
    [[nodiscard]] Plan plan(double seconds) const;
    [[nodiscard]] Entry baseline_entry(std::size_t index) const;
    // For where any honest kernel will do, so that a slow naive one costs no time.
    [[nodiscard]] std::size_t quickest_baseline() const;
    // One race, told as a verdict.
    [[nodiscard]] Result<verdict::Verdict> try_against_panel(const verdict::Kernel& kernel,
                                                             bool selecting);
    struct Trial {
        verdict::Verdict verdict;
        std::size_t of = 0;  // the entry it speaks of: 0 is the kernel, the others its opponents
        std::filesystem::path object = {};  // of the kernel, where it compiled
    };
    [[nodiscard]] Result<Trial> try_kernel(const verdict::Kernel& kernel,
                                           std::vector<Entry> opponents, const Plan& plan);
    // A stranger's kernel at a few hidden shapes, as a screening and a selection do.
    [[nodiscard]] Result<void> try_elsewhere(const verdict::Kernel& kernel, Trial& trial) const;
    // For whoever goes on from a right kernel: after all clocks have stopped.
    [[nodiscard]] Result<void> add_findings(Trial& trial) const;
    // A member of the panel failed: that is nobody's verdict.
    [[nodiscard]] std::unexpected<Error> fail_baseline(std::size_t index,
                                                       const verdict::Verdict& verdict) const;
    // ... but a library that fails without a candidate too is taken out of the panel, and named
    // among those that are absent. False: it stays.
    [[nodiscard]] Result<bool> leave_out(std::size_t index, const verdict::Verdict& failed);
    // The kernel at sizes it was not told of, compiled; then what it does wrong there, if anything.
    [[nodiscard]] std::vector<Shape> draw_shapes(const verdict::Kernel& kernel, int count) const;
    [[nodiscard]] Result<void> try_shapes(const std::vector<Shape>& shapes,
                                          verdict::Verdict& verdict) const;
};

}  // namespace cupel::referee
