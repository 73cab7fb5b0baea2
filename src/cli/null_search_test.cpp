// SPDX-License-Identifier: Apache-2.0
// The null search: 40 kernels that are all as fast as the baseline, measured with the noise that
// was seen on loud machines. Racing, promotion, choice of finalists, their judgement, the second
// measurement and the claim are the real ones; only the clock is made up.
//   CUPEL_NULL_SEARCHES   how many searches; default 20. bench/null makes a thousand.
//   CUPEL_NULL_CLOCK      "real": the referee itself, with copies of the naive softmax (bench/null
//                         20 real).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <random>

#include "cli/crown.hpp"
#include "engineer/engineer.hpp"
#include "engineer/screening.hpp"
#include "os/files.hpp"
#include "referee/conclude.hpp"
#include "referee/referee.hpp"
#include "schedule/schedule.hpp"
#include "task/task.hpp"

namespace cupel::cli {
namespace {

constexpr int kKernels = 40;

class Clock {
public:
    explicit Clock(std::uint64_t seed) : random_(seed) {}

    // One pair of fresh processes: where their pages lie makes a per cent, whoever they are.
    void begin_process() {
        candidate_ = std::exp(0.01 * normal_(random_));
        baseline_ = std::exp(0.01 * normal_(random_));
    }
    // Seconds of one window; two in five take 1.1 to 2 times what the quiet ones do.
    double window(bool of_candidate, double seconds, int questions) {
        const double loud =
            uniform_(random_) < 0.4 ? 1.1 + 0.9 * uniform_(random_) : 1 + 0.01 * uniform_(random_);
        return seconds * questions * (of_candidate ? candidate_ : baseline_) * loud *
               std::exp(0.005 * normal_(random_));
    }

private:
    std::mt19937_64 random_;
    std::normal_distribution<double> normal_;
    std::uniform_real_distribution<double> uniform_;
    double candidate_ = 1;
    double baseline_ = 1;
};

// Kernels of known speed over naive, `times` in their text, and a referee's decisions.
class Timed final : public verdict::Evaluator {
public:
    explicit Timed(std::uint64_t seed) : clock_(seed) {}
    void prepare(const std::vector<verdict::Kernel>& /*kernels*/) override {}

    // As Referee::screen: two processes with four counted rounds each.
    Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                      const verdict::Kernel* incumbent) override {
        const std::string opponent = incumbent != nullptr ? "incumbent" : "naive";
        const double ours = times_of(kernel);
        const double theirs = incumbent != nullptr ? times_of(*incumbent) : 1;
        verdict::Verdict verdict;
        for (int process = 0; process < 2; ++process)
            add_process(verdict, opponent, {ours, theirs}, process, 4);
        conclude(verdict, opponent);
        return verdict::Screening{std::move(verdict)};
    }
    Result<verdict::Verdict> select(const verdict::Kernel& kernel) override {
        return judge(kernel);
    }
    // As Race::run: 8 to 24 processes of 12 rounds, until the interval is narrow.
    Result<verdict::Verdict> judge(const verdict::Kernel& kernel) override {
        verdict::Verdict verdict;
        for (int process = 0; process < 24; ++process) {
            add_process(verdict, "naive", {times_of(kernel), 1}, process, 12);
            if (process < 7 || process % 4 != 3) continue;
            conclude(verdict, "naive");
            if (verdict.speedup->ratio.half_width() <= 0.01) break;
        }
        return verdict;
    }

private:
    struct Speeds {
        double candidate;
        double opponent;
    };
    static double times_of(const verdict::Kernel& kernel) {
        const std::size_t at = kernel.source.find("times ");
        double times = 1;
        std::from_chars(kernel.source.data() + at + 6, kernel.source.data() + kernel.source.size(),
                        times);
        return times;
    }
    void add_process(verdict::Verdict& verdict, const std::string& opponent, const Speeds& speeds,
                     int process, int rounds) {
        constexpr double kSeconds = 1e-3;  // of naive
        clock_.begin_process();
        for (int round = 1; round <= rounds; ++round) {
            const int questions = round % 4 == 0 ? 1 : 3;
            verdict::Sample sample;
            sample.process = process;
            sample.round = round;
            sample.questions = questions;
            sample.contender = "candidate";
            sample.seconds = clock_.window(true, kSeconds / speeds.candidate, questions);
            verdict.samples.push_back(sample);
            sample.contender = opponent;
            sample.seconds = clock_.window(false, kSeconds / speeds.opponent, questions);
            verdict.samples.push_back(sample);
        }
    }
    void conclude(verdict::Verdict& verdict, const std::string& opponent) const {
        verdict.speedup.reset();
        verdict.naive_speedup.reset();
        referee::conclude({task_, {}, {}, 2e-6}, std::vector<std::string>{opponent}, verdict);
    }

    Clock clock_;
    task::Task task_ = task::parse(
                           "task copy(x: f32[N]) -> y: f32[N] where N = 1024\n"
                           "  y[n] = x[n] * 2\nvalues x ~ normal(0, 1)\n",
                           "copy.task", {})
                           .value();
};

// All kernels of a task whose space is so small that each is tried; one of them may be faster.
class Kernels final : public engineer::Space {
public:
    using Print = std::function<std::string(std::string_view number)>;
    explicit Kernels(Print print) : print_(std::move(print)) {}
    [[nodiscard]] std::vector<engineer::Trace> initial() const override {
        std::vector<engineer::Trace> traces;
        for (int i = 0; i < kKernels; ++i)
            traces.push_back({{"tile", "y", {std::to_string(i)}}});
        return traces;
    }
    [[nodiscard]] bool complete() const override { return true; }
    [[nodiscard]] std::vector<engineer::Trace> neighbours(
        const engineer::Trace& /*trace*/) const override {
        return {};
    }
    [[nodiscard]] Result<std::string> print(const engineer::Trace& trace) const override {
        return print_(trace.front().arguments.front());
    }
    [[nodiscard]] std::optional<double> cost(const engineer::Trace& /*trace*/) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::string origin() const override { return "sweep"; }

private:
    Print print_;
};

// What 40 kernels are tried by.
struct Trial {
    std::unique_ptr<verdict::Evaluator> referee;
    Kernels kernels;
};

Trial simulated(int search, double best) {
    return {std::make_unique<Timed>(static_cast<std::uint64_t>(search) + 1),
            Kernels([best](std::string_view number) {
                return fmt::format("int kernel = {}; times {}", number,
                                   number == "17" ? best : 1.0);
            })};
}

// The honest naive kernel against itself: copies of it differ in one constant that nobody reads.
Trial real(int /*search*/) {
    const task::Task task = task::parse(
                                "task softmax(x: f32[M,N]) -> y: f32[M,N] where M = 256, N = 1024\n"
                                "  p[m,n] = exp(x[m,n] - max[j](x[m,j]))\n"
                                "  y[m,n] = p[m,n] / sum[j](p[m,j])\n"
                                "values x ~ normal(0, 1)\n",
                                "softmax.task", {})
                                .value();
    const std::string naive = schedule::print_baselines(task).value().front().source;
    referee::Options options;
    options.threads = 2;
    return {referee::Referee::open(task, {{.name = "naive", .source = naive}}, options).value(),
            Kernels([naive](std::string_view number) {
                return fmt::format("{}\n[[gnu::used]] static const int copy = {};\n", naive,
                                   number);
            })};
}

struct Claims {
    int promising = 0;  // searches in which something seemed faster than naive once
    int promoted = 0;   // ... and again, so that it took its place
    int selected = 0;   // ... whose finalist was faster in the judgement that chose it
    int claimed = 0;    // ... and in the second one
};

void take_in(Claims& claims, archive::Archive& archive) {
    bool promising = false;
    bool promoted = false;
    const auto verdicts = archive.verdicts().value();
    for (const archive::VerdictRecord& record : verdicts) {
        const auto reading = engineer::read_screen(record.verdict);
        promising = promising || (reading && reading->faster);
        promoted = promoted || record.incumbent.has_value();
    }
    claims.promising += promising ? 1 : 0;
    claims.promoted += promoted ? 1 : 0;
}

Claims search_often(int searches, const std::function<Trial(int search)>& make) {
    Claims claims;
    for (int i = 0; i < searches; ++i) {
        auto archive = archive::Archive::open(":memory:").value();
        const Trial trial = make(i);
        engineer::Options options;
        options.seconds = 0;
        options.finalists = 2;
        options.seed = static_cast<std::uint64_t>(i);
        const auto outcome =
            engineer::optimize(trial.kernels, {*trial.referee, archive, nullptr, {}}, options);
        EXPECT_TRUE(outcome.has_value());
        EXPECT_EQ(outcome->evaluations, kKernels);
        take_in(claims, archive);
        const auto crowned =
            crown(*trial.referee, archive, outcome->finalists, [](std::string_view) {}).value();
        if (!crowned) continue;
        claims.selected += crowned->selected.status == verdict::Status::Faster ? 1 : 0;
        claims.claimed += crowned->claim.status == verdict::Status::Faster ? 1 : 0;
    }
    return claims;
}

TEST(NullSearch, ClaimsAGainInNoneOfTwenty) {
    int searches = 20;
    if (const char* text = os::environment("CUPEL_NULL_SEARCHES")) {
        std::from_chars(text, text + std::string_view(text).size(), searches);
        const char* const clock = os::environment("CUPEL_NULL_CLOCK");
        const bool is_real = clock != nullptr && std::string_view(clock) == "real";
        const Claims claims = search_often(
            searches, [&](int search) { return is_real ? real(search) : simulated(search, 1); });
        fmt::print(
            "{} searches of {} identical kernels: {} seemed faster once while "
            "searching, {} twice, {} in the judgement that chose them, {} were claimed\n",
            searches, kKernels, claims.promising, claims.promoted, claims.selected, claims.claimed);
        return;
    }
    EXPECT_EQ(search_often(searches, [](int search) { return simulated(search, 1); }).claimed, 0);
}

// The same with one kernel that is twice as fast: it is not for want of claims that there was none.
TEST(NullSearch, ClaimsAGainThatIsThere) {
    EXPECT_EQ(search_often(3, [](int search) { return simulated(search, 2); }).claimed, 3);
}

}  // namespace
}  // namespace cupel::cli
