// SPDX-License-Identifier: Apache-2.0
// Schedules, a program and a model on this machine compete for its time, by one bandit. Time is
// counted by a script, so that every run is the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "engineer/command_writer.hpp"
#include "engineer/note.hpp"
#include "engineer/scene.hpp"

namespace cupel::engineer {
namespace {

namespace fs = std::filesystem;
using scripted::worth;

// As many schedules as anybody tries; `step` is by how much each is better than the one before.
class Endless final : public Space {
public:
    Endless(double step, bool complete) : step_(step), complete_(complete) {}
    [[nodiscard]] std::vector<Trace> initial() const override {
        std::vector<Trace> traces;
        for (int i = 0; i < 3000; ++i)
            traces.push_back({{"tile", "y", {std::to_string(i)}}});
        return traces;
    }
    [[nodiscard]] bool complete() const override { return complete_; }
    [[nodiscard]] std::vector<Trace> neighbours(const Trace& trace) const override {
        std::vector<Trace> traces;
        for (int i = 1; i <= 8 && !complete_; ++i)
            traces.push_back(
                {{"tile", "y", {std::to_string(std::stoi(trace.front().arguments.front()) + i)}}});
        return traces;
    }
    [[nodiscard]] Result<std::string> print(const Trace& trace) const override {
        const std::string& number = trace.front().arguments.front();
        return worth(2 * std::pow(1 + step_, std::stod(number)), "schedule(" + number + ");");
    }
    [[nodiscard]] std::optional<double> cost(const Trace& /*trace*/) const override {
        return std::nullopt;
    }
    [[nodiscard]] std::string origin() const override { return "sweep"; }

private:
    double step_;
    bool complete_;
};

// Each screening takes a second.
class Timed final : public verdict::Evaluator {
public:
    Timed(scripted::Evaluator& inner, double& now) : inner_(inner), now_(now) {}
    void prepare(const std::vector<verdict::Kernel>& /*kernels*/) override {}
    Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                      const verdict::Kernel* incumbent) override {
        now_ += 1;
        return inner_.screen(kernel, incumbent);
    }
    Result<verdict::Verdict> select(const verdict::Kernel& kernel) override {
        return inner_.select(kernel);
    }
    Result<verdict::Verdict> judge(const verdict::Kernel& kernel) override {
        return inner_.judge(kernel);
    }

private:
    scripted::Evaluator& inner_;
    double& now_;
};

// What each earns and takes.
struct Plan {
    double schedules = 0;  // by how much each is better than the one before
    double program = 0;    // ... each kernel of the program than the best
    double model = 0;      // ... each of the model's edits
    double call = 20;      // seconds of the program; of the model as long
    bool complete = true;  // the space of schedules
    bool with_model = false;
    bool moody = false;     // the program leaves nothing, or open settings, at times
    double seconds = 3000;  // of the run
    int patience = 1'000'000;
};

struct Table {
    double now = 0;
    int calls = 0;      // of the program
    int asked = 0;      // of the model
    int edits = 0;      // ... of them
    int last_call = 0;  // kernels that were tried before it
    std::vector<std::string> screened;
    Stop stop = Stop::Asked;
    Bandit bandit;
    // Shares of the time.
    double program_share = 0;
    double model_share = 0;
};

double best_in(std::string_view text) {
    return std::max(1.0, scripted::true_worth(text));
}

// `interrupt`: the part ends at that screening; 0: never.
Table part(scripted::Scene& run, const Plan& plan, std::size_t interrupt = 0) {
    Table table;
    scripted::Evaluator inner;
    inner.interrupt_after = interrupt;
    Timed evaluator(inner, table.now);
    const os::TempDir folder = os::TempDir::make("cupel-turns").value();
    CommandOptions options;
    options.folder = folder.path();
    options.fruitless = 1'000'000;
    options.clock = [&] { return table.now; };
    options.run = [&](const std::string&, const fs::path& where, double) -> Result<void> {
        table.now += plan.call;
        ++table.calls;
        table.last_call = static_cast<int>(inner.tried().size());
        const int call = std::stoi(where.filename().string());
        if (plan.moody && call % 3 == 1) return fail(Errc::Io, "it ended with 3");
        const double best = best_in(os::read_file(where / "best.cpp").value());
        const std::string more = plan.moody && call % 3 == 2
                                     ? fmt::format("n({}); step(CUPEL_TUNE(s, 0, 1, 2));", call)
                                     : fmt::format("n({});", call);
        return os::write_file_atomically(
            where / "kernel.cpp", worth(best * (plan.program > 0 ? 1 + plan.program : 0.9), more));
    };
    scripted::Model model(
        [&](const model::Request& request, int turn) {
            table.now += plan.call;
            ++table.asked;
            const bool edits = request.note.starts_with("edit");
            table.edits += edits ? 1 : 0;
            const std::string& prompt = request.messages.front().text;
            const double best = best_in(prompt);
            const std::string kernel =
                worth(best * (edits && plan.model > 0 ? 1 + plan.model : 0.9),
                      fmt::format("m({});", turn));
            if (!edits) return scripted::fenced(kernel);
            const std::size_t at = prompt.find("extern");
            const std::string line = prompt.substr(at, prompt.find('\n', at) - at + 1);
            return "<<<<<<< SEARCH\n" + line + "=======\n" + kernel + ">>>>>>> REPLACE\n";
        },
        0);
    model.seconds = plan.call;
    model::RecordingClient client(run.recording, "test", &model, run.price);
    ModelOptions how = scripted::in_turn();
    how.fruitless = 1'000'000;
    ModelWriter models({{"test:m", "m", &client, 0}}, how, run.archive, run.recording);
    CommandWriter command(std::move(options), run.archive, run.recording);
    EXPECT_TRUE(models.recall());
    EXPECT_TRUE(command.recall());
    std::vector<Writer*> writers = {&command};
    if (plan.with_model) writers.push_back(&models);
    Options search = scripted::search_of(0);
    search.seconds = plan.seconds;
    search.patience = plan.patience;
    search.enough = 2;
    search.clock = [&] { return table.now; };
    const Endless space(plan.schedules, plan.complete);
    const auto outcome = optimize(space, {evaluator, run.archive, nullptr, writers}, search);
    EXPECT_TRUE(outcome.has_value());
    table.screened = inner.screened;
    table.stop = outcome ? outcome->stop : Stop::Asked;
    table.bandit = command.bandit();
    table.program_share = table.calls * plan.call / table.now;
    table.model_share = table.asked * plan.call / table.now;
    return table;
}

Table whole(const Plan& plan) {
    scripted::Scene run;
    run.archive = archive::Archive::open(":memory:").value();
    return part(run, plan);
}

TEST(Turns, GiveTheTimeToTheProgramWhereItEarns) {
    EXPECT_GT(whole({.schedules = 0, .program = 0.02}).program_share, 0.75);
}

TEST(Turns, GiveTheTimeToTheSchedulesWhereTheyEarn) {
    const Table table = whole({.schedules = 0.0111, .program = 0, .seconds = 2000});
    EXPECT_LT(table.program_share, 0.25);
    // It is asked to the end none the less.
    EXPECT_GE(table.calls, 3);
    EXPECT_GT(table.last_call, 600);
}

TEST(Turns, AreSharedByTimeWhereNobodyEarns) {
    const Table table = whole({.schedules = 0, .program = 0});
    EXPECT_GT(table.program_share, 0.3);
    EXPECT_LT(table.program_share, 0.7);
}

TEST(Turns, AreOfOneBanditForSchedulesProgramAndModel) {
    const Table model = whole({.model = 0.02, .with_model = true, .seconds = 4000});
    EXPECT_GT(model.model_share, 0.6);
    EXPECT_GT(model.edits, model.asked / 2);
    EXPECT_GE(model.calls, 3);
    const Table program = whole({.program = 0.02, .with_model = true, .seconds = 4000});
    EXPECT_GT(program.program_share, 0.6);
    EXPECT_GE(program.asked, 8);
    const Table schedules = whole({.schedules = 0.0111, .with_model = true, .seconds = 2000});
    EXPECT_LT(schedules.program_share + schedules.model_share, 0.5);
    EXPECT_GE(schedules.edits, 1);
    const std::vector<Arm> arms = model.bandit.known();
    EXPECT_THAT(arms, ::testing::IsSupersetOf({schedules_arm(), Arm{kCommand, kCommand},
                                               Arm{"edit", "test:m"}, Arm{"write", "test:m"}}));
}

TEST(Turns, AreTheSameEachTime) {
    const Plan plan{.program = 0.01, .model = 0.01, .with_model = true, .moody = true};
    EXPECT_EQ(whole(plan).screened, whole(plan).screened);
}

TEST(Turns, AreDecidedByWhatAnEarlierPartLearned) {
    const Plan plan{.schedules = 0.001, .program = 0.02, .moody = true, .seconds = 900};
    for (const std::size_t interrupt : {0U, 90U, 91U, 97U}) {
        scripted::Scene run;
        const Table first = part(run, plan, interrupt);
        run.reopen();
        // Nothing is tried: it only remembers.
        scripted::Evaluator none;
        CommandOptions options;
        options.stop = [] { return true; };
        CommandWriter command(std::move(options), run.archive, run.recording);
        ASSERT_TRUE(command.recall());
        Options search = scripted::search_of(0);
        search.stop = [] { return true; };
        ASSERT_TRUE(optimize(Endless(0, true), {none, run.archive, nullptr, {&command}}, search));
        EXPECT_EQ(first.bandit.pulls(), command.bandit().pulls()) << interrupt;
        ASSERT_EQ(first.bandit.known(), command.bandit().known()) << interrupt;
        for (const Arm& arm : first.bandit.known()) {
            const Bandit::Expected then = first.bandit.expected(arm);
            const Bandit::Expected now = command.bandit().expected(arm);
            EXPECT_EQ(then.pulls, now.pulls) << arm.way << " " << interrupt;
            EXPECT_NEAR(then.gain, now.gain, 1e-9 * then.gain) << arm.way << " " << interrupt;
            EXPECT_NEAR(then.cost, now.cost, 1e-9 * then.cost) << arm.way << " " << interrupt;
        }
    }
}

TEST(Turns, GoOnTheSameWayFromTheSamePlace) {
    const Plan plan{.schedules = 0.001,
                    .program = 0.02,
                    .model = 0.01,
                    .with_model = true,
                    .moody = true,
                    .seconds = 600};
    std::vector<std::string> once;
    for (int time = 0; time < 2; ++time) {
        scripted::Scene run;
        std::vector<std::string> all;
        for (const std::size_t interrupt : {17U, 40U, 0U}) {
            const Table table = part(run, plan, interrupt);
            all.insert(all.end(), table.screened.begin(), table.screened.end());
            run.reopen();
        }
        if (time == 0) once = all;
        EXPECT_EQ(all, once);
    }
}

TEST(Turns, LetEverybodySpeakBeforeTheSearchIsGivenUp) {
    // Far dearer than all the schedules that are tried.
    const Table table = whole({.program = 0,
                               .call = 10'000,
                               .complete = false,
                               .with_model = true,
                               .seconds = 0,
                               .patience = 64});
    EXPECT_EQ(table.stop, Stop::NoGain);
    EXPECT_GE(table.asked, 3 * 4);  // for each operator that makes a kernel
    EXPECT_GE(table.calls, 3);
}

}  // namespace
}  // namespace cupel::engineer
