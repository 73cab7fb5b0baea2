// SPDX-License-Identifier: Apache-2.0
// Every kernel that a run ever tried, its verdicts, lineage and cost: one SQLite file per run
// folder. Each record is on disk when its call returns, so a killed run loses at most the kernel in
// flight. The archive is also where law 13 is kept: what broke a law is quarantined together with
// everything descended from it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "archive/database.hpp"
#include "verdict/verdict.hpp"

namespace cupel::archive {

using KernelId = std::int64_t;

enum class Trial {
    Screen,   // a quick trial against the incumbent: ranks, never claims
    Judge,    // the full trial
    Confirm,  // the second measurement of a winner (law 11)
};
[[nodiscard]] std::string_view trial_name(Trial trial);  // "screen"

struct NewKernel {
    verdict::Kernel kernel;
    std::string phase;              // of the search: "seeds", "evolve", ...
    std::vector<KernelId> parents;  // empty: made from the task alone
};

struct NewVerdict {
    KernelId kernel = 0;
    Trial trial = Trial::Screen;
    verdict::Verdict verdict;
    std::optional<KernelId> incumbent;  // what a screen compared with; none: the baseline
    // Rank among the kernels of this run: log of the speedup over naive, chained through the
    // incumbents. Not finite: no rank.
    double score = 0;
    double seconds = 0;  // spent, compiling included
};

struct KernelRecord {
    KernelId id = 0;
    std::string hash;  // of the source
    verdict::Kernel kernel;
    std::string phase;
    std::vector<KernelId> parents;
    bool quarantined = false;
    std::string at;  // UTC
};

struct VerdictRecord {
    KernelId kernel = 0;
    Trial trial = Trial::Screen;
    verdict::Verdict verdict;
    std::optional<KernelId> incumbent;
    std::optional<double> score;
    double seconds = 0;
    std::string at;
};

struct Ranked {
    KernelRecord kernel;
    double score = 0;
};

struct Event {
    std::string kind;  // "start", "resume", "phase", "stop", ...
    std::string text;
    double seconds = 0;  // that the thing took
    std::string at;
};

// One question to an author beside the schedules (a model, a program of the user's), and what came
// of it.
struct Ask {
    std::string hash;                  // of the question: its file in the recording
    std::string author;                // "openai:..."
    std::string way;                   // an operator: "edit"
    std::vector<std::string> parents;  // hashes of sources
    std::optional<KernelId> kernel;    // none: no new kernel was in the answer
    std::string outcome;  // "faster", "wrong", ... of the kernel; "known"; else why there is none
    std::string idea;     // in the author's words
    double gain = 0;      // log of the speedup over the incumbent, where it was confirmed
    double dollars = 0;
    double seconds = 0;
    std::int64_t input = 0;  // tokens
    std::int64_t output = 0;
    // None: nobody said. Of `input`, read from the provider's cache and written to it; of `output`,
    // spent on thinking.
    std::optional<std::int64_t> cached = std::nullopt;
    std::optional<std::int64_t> written = std::nullopt;
    std::optional<std::int64_t> reasoning = std::nullopt;
    std::string at;  // UTC; filled in where it is recorded
};

struct Totals {
    std::int64_t kernels = 0;
    std::int64_t tried = 0;  // kernels with a verdict
    std::int64_t right = 0;  // ... whose answers were right each time
    std::int64_t quarantined = 0;
    std::int64_t verdicts = 0;
    double seconds = 0;  // in verdicts
};

class Archive {
public:
    // Opens `path`, creating or migrating it, and reads every row. A damaged file, or one with a
    // row that does not hold together, is renamed to `<path>.corrupt-<time>` (nothing is deleted),
    // a new one is begun, and `set_aside()` says so. A file of a newer Cupel or of another program
    // is Invalid and left alone.
    [[nodiscard]] static Result<Archive> open(const std::filesystem::path& path);
    // For reports: creates and changes nothing. A missing file is NotFound, a damaged one Corrupt.
    // Rows are checked where they are read: a kernel's text against its hash, a verdict as JSON.
    // One that does not hold together is Corrupt, with the path.
    [[nodiscard]] static Result<Archive> open_read_only(const std::filesystem::path& path);

    [[nodiscard]] const std::optional<std::filesystem::path>& set_aside() const {
        return set_aside_;
    }
    // What was wrong with it: "verdict of kernel 3: no JSON".
    [[nodiscard]] const std::string& damage() const { return damage_; }

    // Facts about the run: task text, options, machine, state.
    [[nodiscard]] Result<void> set_meta(std::string_view key, std::string_view value);
    [[nodiscard]] Result<std::optional<std::string>> meta(std::string_view key);

    // The id of the kernel with this source, which is new or was there before (then nothing
    // changes). A kernel with a quarantined parent is born quarantined.
    [[nodiscard]] Result<KernelId> record_kernel(const NewKernel& kernel);
    // A kernel that broke a law (cheating, impossible) is quarantined in the same transaction.
    [[nodiscard]] Result<void> record_verdict(const NewVerdict& verdict);
    // The kernel and all its descendants.
    [[nodiscard]] Result<void> quarantine(KernelId kernel);
    [[nodiscard]] Result<void> record_event(const Event& event);
    // Once for each question: one that is there stays as it is.
    [[nodiscard]] Result<void> record_ask(const Ask& ask);

    [[nodiscard]] Result<std::optional<KernelRecord>> find(std::string_view hash);
    [[nodiscard]] Result<std::optional<KernelRecord>> kernel(KernelId id);
    [[nodiscard]] Result<std::vector<KernelRecord>> kernels();  // in order of recording
    // The same one by one, for runs whose kernels no memory would hold. The first error that the
    // function returns ends it.
    [[nodiscard]] Result<void> each_kernel(
        const std::function<Result<void>(const KernelRecord&)>& take);
    [[nodiscard]] Result<void> each_verdict(const std::function<Result<void>(VerdictRecord)>& take);
    [[nodiscard]] Result<std::vector<VerdictRecord>> verdicts(KernelId kernel);
    [[nodiscard]] Result<std::vector<VerdictRecord>> verdicts();  // of all, in order
    // What the last screen of a kernel said; an empty verdict where it had none.
    [[nodiscard]] Result<verdict::Verdict> latest_screen(KernelId kernel);
    [[nodiscard]] Result<std::vector<Event>> events();
    [[nodiscard]] Result<std::vector<Ask>> asks();  // in order of recording
    [[nodiscard]] Result<bool> is_quarantined(KernelId kernel);
    // Kernels that may be parents or winners, best first: tried, right each time, not quarantined;
    // ranked by the latest screen.
    [[nodiscard]] Result<std::vector<Ranked>> ranking(std::int64_t most = 1'000'000);
    [[nodiscard]] Result<std::optional<Ranked>> best();
    [[nodiscard]] Result<Totals> totals();

private:
    explicit Archive(Database database) : database_(std::move(database)) {}
    [[nodiscard]] static Result<Archive> open_sound(const std::filesystem::path& path);
    [[nodiscard]] Result<void> migrate();
    [[nodiscard]] Result<void> check_rows();
    [[nodiscard]] std::unexpected<Error> corrupt(std::string text) const;
    [[nodiscard]] Result<void> mark_quarantined(KernelId kernel);
    [[nodiscard]] Result<KernelRecord> read_kernel(const Statement& row);
    [[nodiscard]] Result<verdict::Verdict> verdict_of(KernelId kernel,
                                                      const std::string& text) const;
    [[nodiscard]] Result<void> each_verdict_of(
        Statement rows, const std::function<Result<void>(VerdictRecord)>& take) const;

    Database database_;
    std::filesystem::path path_;
    std::optional<std::filesystem::path> set_aside_;
    std::string damage_;
};

}  // namespace cupel::archive
