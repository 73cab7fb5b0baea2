// SPDX-License-Identifier: Apache-2.0
// The referee: asks, freezes, checks, times, decides. Trusted. Nothing here believes a contender;
// of one it reads the bytes of its answers (after it was frozen) and that it is done.
//
// One Referee holds one task: the question arena, the oracle process, the compiled baseline panel.
// It is used from one thread. Screening and judging never overlap: whoever holds the clock holds
// the machine.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "referee/aa_record.hpp"
#include "referee/library.hpp"
#include "referee/overhead.hpp"
#include "target/cpu.hpp"
#include "target/machine.hpp"
#include "task/task.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

struct Baseline {
    std::string name;    // "naive" is the honest naive kernel and always first
    std::string source;  // under the CPU contract
    bool ours = true;    // printed by Cupel; false: the user's, or a call of a library
    Library library = {};
};

struct Options {
    int threads = 1;
    double half_width =
        0.01;  // a judgement goes on until its interval is this narrow (relative) ...
    double judge_seconds = 4.0;  // ... or this much time is spent measuring
    double screen_seconds = 0.4;
    double window_timeout = 10.0;  // seconds a kernel may take for one window
    int processes = 8;             // pairs of fresh processes in a judgement, at least
    // Hidden shapes that a judgement tries, where the task allows others than its own.
    int shapes = 4;
    // Baselines that the task names and this machine lacks, in words: they are on the certificate.
    std::vector<std::string> absent;
    std::function<bool()> stop;  // asked between windows; true: end with Errc::Interrupted
    std::function<void(std::string_view what, double share)> progress;  // long work, 0..1
};

class Referee final : public verdict::Evaluator {
public:
    // Starts the oracle, maps the arena, compiles the panel. Missing: names what this machine
    // lacks.
    [[nodiscard]] static Result<std::unique_ptr<Referee>> open(task::Task task,
                                                               std::vector<Baseline> panel,
                                                               Options options);
    Referee(const Referee&) = delete;
    Referee& operator=(const Referee&) = delete;
    Referee(Referee&&) = delete;
    Referee& operator=(Referee&&) = delete;
    ~Referee() override;

    void prepare(const std::vector<verdict::Kernel>& kernels) override;
    [[nodiscard]] Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                                    const verdict::Kernel* incumbent) override;
    [[nodiscard]] Result<verdict::Verdict> select(const verdict::Kernel& kernel) override;
    [[nodiscard]] Result<verdict::Verdict> judge(const verdict::Kernel& kernel) override;

    // An A/A run: the best baseline against itself, tried as any kernel is, and put on this
    // machine's record. Its verdict is never withheld: it is what claims are withheld for.
    [[nodiscard]] Result<verdict::Verdict> judge_against_itself();

    // Law 9: does the task pin its function down? Each control is an answer that must be rejected.
    enum class Ruling {
        Rejected,
        Equivalent,  // the same function after all: nothing to reject
        Unreached,   // differs only where the inputs vanish, by a guard (an epsilon): passed over
        Accepted     // the task is refused
    };
    struct Control {
        std::string kind;  // "answer", "input", or the part of the formula that is changed
        std::string name;  // "zeros", "input x ignored (zeros)", "exp is left out of ...", ...
        Ruling ruling = Ruling::Rejected;
        bool rejected = true;
        std::string how;    // the checker's words
        double margin = 0;  // the largest error over the tolerance; 0 where it has no measure
    };
    struct Admission {
        bool admitted = false;
        std::string reason;  // for a refusal: the first control that was accepted, and what to do
        std::vector<Control> controls;
    };
    [[nodiscard]] Result<Admission> admit();  // keeps the outcome
    // The outcome that was kept of this very task, examined by these very programs; else admit().
    [[nodiscard]] Result<Admission> admit_once();

    [[nodiscard]] const task::Task& task() const;
    [[nodiscard]] const target::Machine& machine() const;
    [[nodiscard]] const target::Ceilings& ceilings() const;
    [[nodiscard]] const target::Compiler& compiler() const;
    [[nodiscard]] const std::vector<Baseline>& panel() const;
    [[nodiscard]] std::vector<std::string> panel_hashes() const;  // of the compiled objects
    [[nodiscard]] const AaSummary& aa() const;                    // where this machine stands
    [[nodiscard]] const Options& options() const;
    // What a window costs beyond the kernel (bell, wake, freeze), measured with one that waits.
    [[nodiscard]] Overhead window_overhead() const;

    struct State;  // what only this room knows

private:
    explicit Referee(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

[[nodiscard]] std::string_view ruling_name(Referee::Ruling ruling);  // "rejected"

// The walls this machine offers, before any kernel is tried.
[[nodiscard]] verdict::Isolation isolation();

// Law 11: what may be claimed after a second, independent measurement of a selected kernel: the
// second figure, or not_resolved where the two disagree.
[[nodiscard]] verdict::Verdict reconcile(const verdict::Verdict& selected,
                                         const verdict::Verdict& measured_again);

}  // namespace cupel::referee
