// SPDX-License-Identifier: Apache-2.0
#include "referee/device_trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <future>
#include <set>
#include <span>
#include <utility>

#include "base/hash.hpp"
#include "base/seed.hpp"
#include "base/text.hpp"
#include "os/clock.hpp"
#include "referee/arena.hpp"
#include "referee/check.hpp"
#include "referee/device_fault.hpp"
#include "referee/device_shapes.hpp"
#include "referee/emulator_client.hpp"
#include "referee/estimate.hpp"
#include "referee/oracle_client.hpp"
#include "referee/race.hpp"
#include "referee/referee.hpp"
#include "target/device_text.hpp"

namespace cupel::referee {
namespace {

using verdict::Status;

constexpr double kQuestionSeconds = 0.02;  // of the oracle
constexpr std::size_t kLeastPositions = 128;
constexpr std::uint64_t kOrders = std::uint64_t{1} << 32;  // the first of these numbers
constexpr std::uint64_t kBudget = std::uint64_t{1} << 25;  // warp instructions of a launch
// At each shape. A widened question of some hundred rows has what a faulty kernel trips over (a row
// that is negative throughout, say) in one of three, so several are asked.
constexpr std::array<Kind, 8> kKinds = {Kind::Lawful, Kind::Exact, Kind::Wide, Kind::Wide,
                                        Kind::Wide,   Kind::Wide,  Kind::Wide, Kind::Wide};
// At each of three small ones.
constexpr std::array<Kind, 4> kSmallKinds = {Kind::Lawful, Kind::Exact, Kind::Wide, Kind::Wide};
// On a GPU, at sizes where a question has rows enough, the first is timed; and along one size.
constexpr std::array<Kind, 3> kFewKinds = {Kind::Lawful, Kind::Exact, Kind::Wide};
constexpr unsigned kTimes = 20;
constexpr int kOtherOrders = 3;  // in which the first question is asked again
// At the task's own sizes, where a question may take seconds: by how many instructions of warps it
// takes, as many as there is time for; and of the oracle, as long.
constexpr std::array<Kind, 3> kWholeKinds = {Kind::Lawful, Kind::Wide, Kind::Exact};
constexpr double kThreeQuestions = 1 << 21;
constexpr double kTwoQuestions = 1 << 25;
constexpr double kWholeQuestionSeconds = 0.1;
// And where it takes less than this, one is asked again and watched as at any other shape, which
// takes some five times as long: seconds.
constexpr double kMostWatchedWork = 1 << 26;
constexpr double kUnknownWork = 1 << 26;  // where no sample of blocks tells
// In cells of their own, each of which is of one thread then.
constexpr int kMostAtOnce = 8;
// Over what a sample of blocks let expect.
constexpr double kWholeSlack = 4;

// One kernel on trial: what it is, and what was found so far.
class Trial {
public:
    enum class On { Emulator, Whole, Gpu };

    // `work`: instructions of warps that a question is expected to take, where all of it runs.
    Trial(const task::Task& task, const DeviceKernel& kernel, const DeviceOptions& options, On on,
          std::optional<double> work = {})
        : own_(task),
          kernel_(kernel),
          options_(options),
          on_(on),
          work_(work.value_or(kUnknownWork)),
          in_order_(!work),
          seed_(Seed::draw()),
          builder_(options.architecture) {
        shapes_ = on == On::Emulator ? device_shapes(task, seed_.number(0))
                                     : std::vector<DeviceShape>{{.rule = "own", .task = task}};
        verdict::Verdict& verdict = out_.verdict;
        verdict.seed.commitment = seed_.commitment();
        verdict.precision = task.precision;
        verdict.target = on == On::Gpu ? "cuda" : "emu";
        verdict.threads = options.threads;
        verdict.kernel_hash = hash_hex(kernel.source);
        verdict::set_isolation(verdict, isolation());
        for (const DeviceShape& shape : shapes_)
            out_.shapes.push_back(fmt::format("{}: {}", shape.rule, size_words(shape.task)));
    }

    Result<DeviceTrial> run() {
        const std::int64_t begin = os::now_ns();
        out_.verdict.status = Status::Accepted;
        // A launch that no GPU takes at the task's own sizes needs no emulation to be refused.
        auto plan = target::read_device_plan(own_, kernel_.source, kernel_.file_name);
        if (auto* const rejection = std::get_if<target::Rejection>(&plan)) {
            rejection->reason = fmt::format("at {}: {}", size_words(own_), rejection->reason);
            (void)reject(*rejection);
        }
        for (std::size_t i = 0; i < shapes_.size(); i++) {
            const DeviceShape& shape = shapes_[i];
            if (out_.verdict.status != Status::Accepted) break;
            if (on_ == On::Emulator) watch_.emplace(shape.task);
            CUPEL_DO(try_shape(i));
            if (watch_) {
                std::ranges::move(watch_->take(size_words(shape.task)),
                                  std::back_inserter(out_.coverage));
            }
            // For whoever tells a search of it: these sizes are a secret, and what happened there.
            if (out_.verdict.status != Status::Accepted && shape.is_drawn())
                out_.verdict.reason += fmt::format(", {}", verdict::kOtherSizes);
        }
        verdict::Verdict& verdict = out_.verdict;
        verdict.seed.value = seed_.hex();
        verdict.tier = verdict.isolation.full() ? "device" : "device-reduced";
        if (verdict.status == Status::Accepted) {
            verdict.reason =
                on_ == On::Gpu ? "right on " + out_.device : "verified on the emulator, not timed";
        }
        verdict.wall_seconds = os::seconds_since(begin);
        return std::move(out_);
    }

private:
    [[nodiscard]] std::span<const Kind> kinds(const DeviceShape& shape) const {
        if (on_ == On::Whole) {
            const std::size_t count = work_ <= kThreeQuestions ? 3 : work_ <= kTwoQuestions ? 2 : 1;
            return std::span(kWholeKinds).first(count);
        }
        if (shape.is_small()) return kSmallKinds;
        return on_ == On::Gpu || shape.is_long() ? std::span<const Kind>(kFewKinds)
                                                 : std::span<const Kind>(kKinds);
    }
    [[nodiscard]] std::size_t questions() const {
        std::size_t count = 0;
        for (const DeviceShape& shape : shapes_)
            count += kinds(shape).size();
        return count;
    }

    // The text for this shape, and its launches. False: it was rejected, which is in the verdict.
    // That for the next one is compiled while questions are asked at this one.
    Result<bool> prepare(std::size_t number) {
        CUPEL_TRY(auto built, number > 0 && built_.valid()
                                  ? built_.get()
                                  : builder_.build(shapes_[number].task, kernel_));
        if (const auto* rejection = std::get_if<target::Rejection>(&built))
            return reject(*rejection);
        code_ = std::get<DeviceCode>(std::move(built));
        out_.compiler = code_.compiler;
        if (out_.verdict.detail.empty()) out_.verdict.detail = code_.warnings;
        if (out_.verdict.artefact_hash.empty()) out_.verdict.artefact_hash = hash_hex(code_.ptx);
        return true;
    }

    void build_ahead(std::size_t number) {
        if (options_.threads < 2 || number >= shapes_.size() || built_.valid()) return;
        built_ = std::async(std::launch::async, [this, number] {
            return builder_.build(shapes_[number].task, kernel_);
        });
    }

    bool reject(const target::Rejection& rejection) {
        out_.verdict.status = Status::CompileError;
        out_.verdict.reason = rejection.reason;
        out_.verdict.detail = rejection.diagnostics;
        return false;
    }

    // One question, in its slot of the arena.
    struct Question {
        Kind kind = Kind::Lawful;
        int slot = 0;
        Probe probe = {};
        bool again = false;  // in another order than before
    };

    Result<void> try_shape(std::size_t number) {
        const DeviceShape& shape = shapes_[number];
        CUPEL_TRY(const bool ready, prepare(number));
        if (!ready) return {};
        if (number > 0) build_ahead(number + 1);
        const std::span<const Kind> asked = kinds(shape);
        const int slots = on_ == On::Emulator ? static_cast<int>(asked.size()) : 1;
        CUPEL_TRY(Arena arena, Arena::make(shape.task, slots, options_.threads));
        CUPEL_TRY(OracleClient oracle, OracleClient::start(shape.task, arena, options_.threads));
        Checker checker(shape.task, oracle, arena, Adders::TensorCores);
        CUPEL_DO(checker.study(arena));
        arena.begin(seed_, turns_);  // hands go on at the next sizes
        // The very first one alone: most that is wrong is wrong there.
        for (std::size_t at = 0; at < asked.size();) {
            const std::size_t count =
                asked_ == 0 ? 1
                            : std::min<std::size_t>(asked.size() - at,
                                                    static_cast<std::size_t>(arena.slots()));
            CUPEL_DO(ask(shape, asked.subspan(at, count), arena, checker));
            at += count;
            if (out_.verdict.status != Status::Accepted) return {};
            if (number == 0) build_ahead(1);
        }
        return {};
    }

    // Questions of these kinds, all put before the first is answered: of the emulator, side by
    // side.
    Result<void> ask(const DeviceShape& shape, std::span<const Kind> wanted, Arena& arena,
                     Checker& checker) {
        std::vector<Question> questions;
        const bool first = asked_ == 0;
        for (const Kind kind : wanted) {
            CUPEL_DO(tell(shape));
            questions.push_back({.kind = kind, .slot = static_cast<int>(questions.size())});
            Question& question = questions.back();
            arena.ask(question.slot, kind);
            turns_ = arena.turns();
            const double seconds = on_ == On::Whole ? kWholeQuestionSeconds : kQuestionSeconds;
            CUPEL_TRY(question.probe, checker.draw(question.slot, seconds, kLeastPositions));
        }
        CUPEL_DO(answer_all(shape, questions, arena, checker));
        if (out_.verdict.status != Status::Accepted) return {};
        if (first && on_ == On::Emulator) {
            if (options_.when_promising) options_.when_promising();
            questions.resize(1);
            questions.front().again = true;
            questions.resize(kOtherOrders, questions.front());
            out_.same_bits = true;
            return answer_all(shape, questions, arena, checker);
        }
        if (on_ == On::Whole && wanted.back() == kinds(shape).back())
            return watch_whole(shape, arena, checker, questions.back());
        return {};
    }

    [[nodiscard]] Result<void> tell(const DeviceShape& shape) const {
        if (options_.stop && options_.stop()) return fail(Errc::Interrupted, "interrupted");
        if (!options_.progress) return {};
        options_.progress(
            (on_ == On::Gpu ? "on the GPU at " : "emulating at ") + size_words(shape.task),
            static_cast<double>(asked_) / static_cast<double>(questions()));
        return {};
    }

    Result<void> answer_all(const DeviceShape& shape, std::span<const Question> questions,
                            Arena& arena, const Checker& checker) {
        const int at_once = on_ == On::Emulator ? std::min(options_.threads, kMostAtOnce) : 1;
        const bool several = at_once > 1 && questions.size() > 1;
        std::vector<emulator::Job> jobs;
        for (const Question& question : questions) {
            jobs.push_back(job_for(shape.task, arena, question.slot));
            if (several) jobs.back().threads = 1;
        }
        std::vector<Result<Emulated>> all;
        if (on_ == On::Gpu) {
            all.push_back(run_on_gpu(jobs.front(), options_.job_seconds));
        } else {
            all = emulate_all(jobs, options_.job_seconds, at_once);
        }
        for (std::size_t i = 0; i < all.size(); i++) {
            CUPEL_TRY(const Emulated emulated, std::move(all[i]));
            if (!take(shape, jobs[i], emulated)) return {};
            hold(shape, questions[i], emulated.result, arena, checker);
            if (out_.verdict.status != Status::Accepted) return {};
        }
        return {};
    }

    // An answer against the truth.
    void hold(const DeviceShape& shape, const Question& question, const emulator::JobResult& result,
              Arena& arena, const Checker& checker) {
        const std::vector<std::byte> before =
            question.again ? answers(arena, question.slot) : std::vector<std::byte>();
        take_answers(result, arena, question.slot);
        if (question.again) {
            // That the bits are the same is told, and no law: sums by atomics come in any order. An
            // answer with other bits must be right as well.
            if (answers(arena, question.slot) == before) return;
            out_.same_bits = false;
        }
        AnswerErrors errors;
        if (const auto wrong =
                checker.verify(question.probe, checker.answer_in(question.slot), errors)) {
            accuse({.status = Status::Wrong, .law = {}}, shape, "the answer is wrong: " + *wrong);
            return;
        }
        if (question.again) return;
        verdict::Evidence& evidence = out_.verdict.evidence;
        evidence.questions++;
        evidence.positions += static_cast<std::int64_t>(question.probe.positions.size());
        evidence.elements += checker.answer_elements();
        evidence.detection = detection(evidence.positions);
        evidence.worst_error = std::max(evidence.worst_error, errors.worst);
    }

    void accuse(const DeviceFault& fault, const DeviceShape& shape, const std::string& what) {
        out_.verdict.status = fault.status;
        out_.verdict.law = fault.law;
        out_.verdict.reason = fmt::format("{} (at {})", what, size_words(shape.task));
    }

    // What running one question has shown. False: the kernel is at fault.
    bool take(const DeviceShape& shape, const emulator::Job& job, const Emulated& emulated) {
        if (emulated.timed_out) {
            accuse({.status = Status::TimedOut, .law = {}}, shape,
                   fmt::format("one question took more than {}",
                               format_seconds(options_.job_seconds)));
            return false;
        }
        verdict::set_isolation(out_.verdict,
                               {.parts = emulated.parts, .missing = emulated.missing});
        const emulator::JobResult& result = emulated.result;
        if (!result.refusal.empty()) {
            out_.verdict.status = Status::CompileError;
            out_.verdict.reason = result.refusal;
            if (result.line > 0) {
                out_.verdict.reason = fmt::format(
                    "{}: {}", target::told_place(kernel_.source, kernel_.file_name, result.line),
                    result.refusal);
            }
            return false;
        }
        note(shape, result);
        if (find_fault(shape, result)) return false;
        if (watch_) watch_->add(job, result);
        return true;
    }

    static std::vector<std::byte> answers(const Arena& arena, int slot) {
        std::vector<std::byte> bytes;
        for (std::size_t i = 0; i < arena.outputs(); i++) {
            const std::span<const std::byte> place = arena.output(slot, i);
            bytes.insert(bytes.end(), place.begin(), place.end());
        }
        return bytes;
    }

    // The last question again, with every check.
    Result<void> watch_whole(const DeviceShape& shape, Arena& arena, const Checker& checker,
                             const Question& question) {
        const auto executed = static_cast<double>(executed_);
        const double work = in_order_ ? executed : std::max(executed, work_);  // tensor cores too
        if (work > kMostWatchedWork) {
            out_.unchecked.push_back(
                fmt::format("all but answers and bounds at {}: {:.0f} million instructions of "
                            "warps are too many to watch",
                            size_words(shape.task), work / 1e6));
            return {};
        }
        watches_ = true;
        Question same = question;
        same.again = true;
        CUPEL_DO(answer_all(shape, std::span(&same, 1), arena, checker));
        out_.watched_whole = true;
        return {};
    }

    emulator::Job job_for(const task::Task& task, const Arena& arena, int slot) {
        emulator::Job job = device_job(task, kernel_, code_);
        for (std::size_t i = 0; i < task.inputs.size(); i++) {
            const std::span<const std::byte> values = arena.input(slot, i);
            job.buffers[i].bytes = values.size();
            job.values.insert(job.values.end(), values.begin(), values.end());
        }
        for (std::size_t i = 0; i < task.outputs.size(); i++)
            job.buffers[task.inputs.size() + i].bytes = arena.output(slot, i).size();
        // The natural order first: what it finds is the easiest to read.
        // Orders and addresses, which a kernel sees, come from no number that values come from.
        job.seed = asked_++ == 0 && on_ == On::Emulator ? 0 : seed_.number(kOrders + asked_);
        job.budget = kBudget;
        if (on_ == On::Whole) {
            job.checks = watches_;
            if (in_order_) job.seed = 0;
            job.budget = static_cast<std::uint64_t>(kWholeSlack * work_);
        }
        job.times = on_ == On::Gpu && asked_ == 1 ? kTimes : 0;
        job.threads = static_cast<unsigned>(std::max(1, options_.threads));
        return job;
    }

    void note(const DeviceShape& shape, const emulator::JobResult& result) {
        const bool first = answered_++ == 0;
        executed_ = 0;
        for (const emulator::Report& report : result.reports)
            executed_ += report.counters.warp_instructions;
        if (on_ == On::Whole && !watches_) return;  // that only bounds were watched is known
        out_.device = result.device;
        if (first) out_.seconds = result.seconds;
        for (std::size_t i = 0; i < result.reports.size(); i++) {
            const emulator::Report& report = result.reports[i];
            remember(out_.checks, report.checks_made);
            remember(out_.unchecked, report.checks_not_made);
            if (first && i < code_.plan.launches.size()) {
                out_.launches.push_back({.shape = size_words(shape.task),
                                         .kernel = code_.plan.launches[i].kernel,
                                         .counters = report.counters,
                                         .coverage = report.coverage,
                                         .shared_bytes = report.shared_bytes});
            }
        }
    }

    static void remember(std::vector<std::string>& all, const std::vector<std::string>& more) {
        for (const std::string& one : more)
            if (std::ranges::find(all, one) == all.end()) all.push_back(one);
    }

    bool find_fault(const DeviceShape& shape, const emulator::JobResult& result) {
        for (std::size_t i = 0; i < result.reports.size(); i++) {
            const emulator::Finding* first = nullptr;
            for (const emulator::Finding& one : result.reports[i].findings) {
                if (one.fault == emulator::Fault::Note) continue;
                if (first == nullptr) first = &one;
                out_.findings.push_back(one.text);
            }
            if (first == nullptr && result.reports[i].finished) continue;
            // What lanes did that is no fault by itself may be why.
            for (const emulator::Finding& one : result.reports[i].findings) {
                if (one.fault == emulator::Fault::Note && one.memory.empty())
                    out_.findings.push_back(one.text);
            }
            const std::string which =
                code_.plan.launches.size() > 1 ? " in " + code_.plan.launches[i].kernel : "";
            if (first == nullptr) {
                accuse({.status = Status::TimedOut, .law = {}}, shape, "did not finish" + which);
            } else {
                accuse(meaning_of(first->fault), shape, first->text + which);
            }
            return true;
        }
        return false;
    }

    // As long as the outputs are: emulate() saw to it.
    static void take_answers(const emulator::JobResult& result, Arena& arena, int slot) {
        std::span<const std::byte> rest = result.answers;
        for (std::size_t i = 0; !rest.empty(); i++) {
            const std::span<std::byte> place = arena.output(slot, i);
            std::ranges::copy(rest.first(place.size()), place.begin());
            rest = rest.subspan(place.size());
        }
    }

    const task::Task& own_;
    const DeviceKernel& kernel_;
    const DeviceOptions& options_;
    On on_;
    double work_;
    bool in_order_;  // of all blocks at the task's own sizes
    Seed seed_;
    std::vector<DeviceShape> shapes_;
    DeviceTrial out_;
    DeviceBuilder builder_;
    DeviceCode code_;  // at the shape at hand
    std::uint64_t asked_ = 0;
    std::uint64_t answered_ = 0;
    Turns turns_;                              // of all questions
    std::uint64_t executed_ = 0;               // instructions of warps, for the last answer
    bool watches_ = false;                     // a run of all blocks at the task's own sizes
    std::optional<CoverageWatch> watch_ = {};  // of the shape at hand
    // Of the next shape; ends before what it looks at does.
    std::future<Result<std::variant<DeviceCode, target::Rejection>>> built_;
};

}  // namespace

Result<DeviceTrial> try_device(const task::Task& task, const DeviceKernel& kernel,
                               const DeviceOptions& options) {
    return Trial(task, kernel, options, Trial::On::Emulator).run();
}

Result<DeviceTrial> try_whole(const task::Task& task, const DeviceKernel& kernel,
                              const DeviceOptions& options, std::optional<double> work) {
    return Trial(task, kernel, options, Trial::On::Whole, work).run();
}

Result<DeviceTrial> try_gpu(const task::Task& task, const DeviceKernel& kernel,
                            const DeviceOptions& options) {
    return Trial(task, kernel, options, Trial::On::Gpu).run();
}

}  // namespace cupel::referee
