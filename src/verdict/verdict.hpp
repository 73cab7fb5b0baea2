// SPDX-License-Identifier: Apache-2.0
// What is said of a kernel: plain values that the referee makes and everybody else reads. Nothing
// here measures or decides. docs/formats/verdict.md describes the JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::verdict {

enum class Status {
    Accepted,  // right; nothing claimed about speed
    Faster,
    Slower,
    NotResolved,
    Wrong,
    Crashed,
    TimedOut,
    CompileError,
    Cheating,  // broke a law
    Impossible,
    TaskRefused,
};
[[nodiscard]] std::string_view status_name(Status status);  // "not_resolved"
[[nodiscard]] std::optional<Status> status_from(std::string_view name);
[[nodiscard]] int exit_code(Status status);  // DESIGN: 0, 10, 11, 20..26
// Whether every counted answer was right (only such kernels may be parents in a search).
[[nodiscard]] bool is_right(Status status);

struct Interval {
    double low = 0;
    double mid = 0;
    double high = 0;
    double level = 0.95;
    [[nodiscard]] double half_width() const {
        return mid > 0 ? (high - low) / (2 * mid) : 0;
    }  // relative
};

struct Speedup {
    Interval ratio;        // baseline time / kernel time: above 1 the kernel is faster
    std::string baseline;  // "naive"
};

struct CeilingShare {
    std::string name;  // "copy bandwidth, 2 threads"
    double share = 0;  // 1: nothing left
};

// What device code that is right cannot beat on a named GPU: from published peaks and from counts.
// It ranks kernels where no GPU is; it is never a time, and the ratio of two is never a speedup.
struct Bound {
    std::string gpu;          // "NVIDIA H200 SXM"
    double seconds = 0;       // not less than that
    std::string binds;        // the ceiling that says so: "DRAM", "softmax: on-chip memory"
    double floor = 0;         // seconds that no kernel of the formula beats there
    std::string floor_binds;  // "DRAM"
    double weighed = 0;       // seconds, weighed by how few warps hide latency: to rank by
    double load = 0;          // all ceilings together: tells kernels of the same bound apart
    bool operator==(const Bound&) const = default;
};

// One timed window, as the referee's clock saw it.
struct Sample {
    std::string contender;  // "candidate" or the baseline's name
    int process = 0;        // which pair of fresh processes
    int round = 0;          // within the process; round 0 is checked but never counted
    int order = 0;          // 0: asked first in its round, 1: second
    int questions = 1;      // in the window
    double seconds = 0;     // bell to captured answers
    bool counted = true;
    bool operator==(const Sample&) const = default;
    std::int64_t first_key = 0;  // the number, under the seed, of the first key of its questions
};

// What held the kernel in, and what did not. Empty `missing`: full isolation.
struct Isolation {
    std::vector<std::string>
        parts;  // "network", "files", "processes", "syscalls", "limits", "cores"
    std::vector<std::string> missing;  // law 14: named, and the trust label lowered
    [[nodiscard]] bool full() const { return missing.empty(); }
};

// The secret that the questions of one judgement were derived from. The commitment is made before
// the kernel is compiled or loaded; the value is told when its processes are gone.
struct Seed {
    std::string commitment;  // cupel::Seed::commitment(), or empty
    std::string value;       // cupel::Seed::hex(), or empty
};

// In the reason of a verdict on a kernel that failed at sizes drawn in secret: whoever tells a
// search of it leaves the rest of the reason out.
inline constexpr std::string_view kOtherSizes = "which the task allows";

inline constexpr std::size_t kMostFindings = 2;

struct Evidence {                // what was checked
    int questions = 0;           // answers captured and checked
    std::int64_t positions = 0;  // elements compared with the float64 oracle
    std::int64_t elements = 0;   // elements of all those answers
    double worst_error = 0;      // largest error, in units of the tolerance (1: at the limit)
    double detection = 0;        // probability that 1 % of wrong elements would have been seen
};

struct Verdict {
    Status status = Status::NotResolved;
    std::optional<int> law;                // the law that was broken
    std::string reason;                    // one sentence for a person
    std::string detail;                    // more lines: compiler output, first wrong element, ...
    std::optional<Speedup> speedup;        // over the best baseline
    std::optional<Speedup> naive_speedup;  // over the honest naive kernel
    std::optional<CeilingShare> ceiling;
    std::optional<Bound> bound;  // of device code that no GPU has run
    // Of a right kernel: what holds it back, each with its evidence. Of device code that is wrong:
    // what was found beside the reason. At most kMostFindings, the weightiest first.
    std::vector<std::string> findings;
    // Of a right kernel: how what it was compiled to works, a word for each axis (axes_of() and
    // axes_of_ptx() of the target). Empty: not known.
    std::string axes;
    double seconds = 0;          // time per question, median; 0 where there is none
    double advantage_bound = 0;  // seconds per question a perfect cheat could still hide
    std::string precision = "fp32";
    std::string tier = "native";  // "native-reduced" where a wall was missing: see set_isolation
    std::string target = "cpu";
    int threads = 1;
    Isolation isolation;
    Evidence evidence;
    std::vector<Sample> samples;
    Seed seed;
    std::string kernel_hash;    // of the source
    std::string artefact_hash;  // of the compiled object
    double wall_seconds = 0;    // spent on this verdict
};

// What held the kernel in; the tier, which stands beside every figure, is lowered where a wall was
// missing (law 14).
void set_isolation(Verdict& verdict, Isolation isolation);

// The first line that a person reads: "faster: 5.31x [5.28, 5.34] over naive, 78 % of copy
// bandwidth (2 threads)".
[[nodiscard]] std::string headline(const Verdict& verdict);

[[nodiscard]] nlohmann::json to_json(const Verdict& verdict);
[[nodiscard]] nlohmann::json to_json(const Sample& sample);
[[nodiscard]] Result<Verdict> verdict_from_json(const nlohmann::json& json);
[[nodiscard]] Result<Sample> sample_from_json(const nlohmann::json& json);

// --- The referee as the engineer sees it --------------------------------------------------------

struct Kernel {
    std::string source;    // C++ text under the CPU contract
    std::string schedule;  // the trace that printed it, or empty
    std::string origin;    // "sweep", "tile", "naive", "user", ...
};

// What a screening found.
struct Screening {
    Verdict verdict;
    // The incumbent failed where the candidate met it: the verdict is the incumbent's, and nothing
    // is said of the candidate.
    bool of_incumbent = false;
};

class Evaluator {
public:
    Evaluator() = default;
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;
    Evaluator(Evaluator&&) = delete;
    Evaluator& operator=(Evaluator&&) = delete;
    virtual ~Evaluator() = default;

    // Compiles (may run ahead, in parallel, while nothing is timed) without asking anything.
    virtual void prepare(const std::vector<Kernel>& kernels) = 0;
    // A quick trial against the incumbent (or the naive baseline if there is none): every answer is
    // checked, but few windows are timed. For ranking only; never a claim.
    [[nodiscard]] virtual Result<Screening> screen(const Kernel& kernel,
                                                   const Kernel* incumbent) = 0;
    // The full trial, to choose among finalists: panel members that are many times slower than its
    // best are left out, so only `speedup` is told.
    [[nodiscard]] virtual Result<Verdict> select(const Kernel& kernel) = 0;
    // The full trial against the baseline panel on fresh questions in fresh processes.
    [[nodiscard]] virtual Result<Verdict> judge(const Kernel& kernel) = 0;
};

}  // namespace cupel::verdict
