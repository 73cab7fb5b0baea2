// SPDX-License-Identifier: Apache-2.0
#include "engineer/model_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <thread>

#include "engineer/scene.hpp"

namespace cupel::engineer {
namespace {

using scripted::climber;
using scripted::fenced;
using scripted::in_turn;
using scripted::Scene;
using scripted::search;
using scripted::search_of;
using scripted::worth;
using ::testing::HasSubstr;
using ::testing::Not;
using verdict::Status;

TEST(ModelWriter, WorksTogetherWithSchedulesAndWinsOnMerit) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model = climber();
    const Outcome outcome = search(run, evaluator, {&model}, search_of(12)).outcome;
    ASSERT_FALSE(outcome.finalists.empty());
    EXPECT_EQ(outcome.finalists[0].kernel.origin, "model");
    std::set<std::string> origins;
    const std::vector<archive::KernelRecord> kernels = run.archive.kernels().value();
    for (const archive::KernelRecord& kernel : kernels)
        origins.insert(kernel.kernel.origin);
    EXPECT_EQ(origins, (std::set<std::string>{"model", "sweep"}));
    const std::vector<archive::Ask> asks = run.asks();
    ASSERT_GE(asks.size(), 8U);
    EXPECT_EQ(asks[0].outcome, "faster");
    EXPECT_EQ(asks[0].idea, "climb 0");
    EXPECT_NEAR(asks[0].gain, std::log(3.0), 0.01);
    EXPECT_EQ(asks[0].dollars, 0.01);
    EXPECT_EQ(asks[0].input, 100);
    EXPECT_EQ(asks[0].cached, 60);
    EXPECT_EQ(asks[0].written, std::nullopt);
    EXPECT_EQ(asks[0].reasoning, 0);
    EXPECT_NEAR(outcome.spending.dollars, 0.01 * static_cast<double>(model.prompts.size()), 1e-9);
    EXPECT_TRUE(
        std::ranges::any_of(asks, [](const archive::Ask& ask) { return !ask.parents.empty(); }));
}

TEST(ModelWriter, SweepsWhatAModelLeftOpenWithoutAskingIt) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model([](const model::Request&, int turn) {
        return turn == 0
                   ? fenced("void kernel() { worth(3); step(CUPEL_TUNE(s, 1, 2, 3, 4, 5)); }\n")
                   : std::string("I am done.");
    });
    ModelOptions how = in_turn();
    how.fruitless = 3;
    search(run, evaluator, {&model}, search_of(30), how);
    EXPECT_EQ(model.prompts.size(), 4U);
    const auto best = run.archive.best().value();
    ASSERT_TRUE(best.has_value());
    EXPECT_THAT(best->kernel.kernel.source, HasSubstr("step(5)"));
    EXPECT_EQ(best->kernel.phase, "sweep");
}

TEST(ModelWriter, GoesOnWithoutAModelThatSaysNothingOfUse) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model([](const model::Request&, int turn) {
        return turn % 2 == 0 ? "Sorry, I cannot." : "```\nint a;\n```\n```\nint b;\n```";
    });
    ModelOptions how = in_turn();
    how.fruitless = 6;
    const Outcome outcome = search(run, evaluator, {&model}, search_of(100), how).outcome;
    EXPECT_EQ(outcome.stop, Stop::Exhausted);
    EXPECT_EQ(outcome.evaluations, 3);
    EXPECT_EQ(model.prompts.size(), 6U);
    const std::vector<archive::Ask> asks = run.asks();
    ASSERT_EQ(asks.size(), 6U);
    for (const archive::Ask& ask : asks) {
        EXPECT_THAT(ask.outcome, HasSubstr("no kernel: "));
        EXPECT_FALSE(ask.kernel.has_value());
        EXPECT_EQ(ask.dollars, 0.01);
    }
}

TEST(ModelWriter, SendsWhatDoesNotCompileBackToTheCheapestTwice) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model cheap([](const model::Request&, int turn) {
        return fenced("int still = " + std::to_string(turn) + "; // does not compile\n");
    });
    scripted::Model dear = climber();
    ModelOptions how = in_turn();
    how.fruitless = 5;
    search(run, evaluator, {&cheap, &dear}, search_of(12), how);
    int repairs = 0;
    int in_a_row = 0;
    for (const std::string& prompt : cheap.prompts) {
        const bool repair = prompt.find("Mend it with the fewest edits") != std::string::npos;
        repairs += repair ? 1 : 0;
        in_a_row = repair ? in_a_row + 1 : 0;
        EXPECT_LE(in_a_row, 2);
        if (repair) {
            EXPECT_THAT(prompt, HasSubstr("line 1: error"));
            EXPECT_THAT(prompt, HasSubstr("int still = "));
        }
    }
    EXPECT_GE(repairs, 2);
    for (const std::string& prompt : dear.prompts)
        EXPECT_THAT(prompt, Not(HasSubstr("int still = ")));
}

TEST(ModelWriter, NeverTriesTheSameKernelTwiceHoweverItIsSpelt) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model([](const model::Request&, int turn) {
        return fenced("// version " + std::to_string(turn) + "\nint  a;" +
                      std::string(static_cast<std::size_t>(turn), ' ') + "\n");
    });
    ModelOptions how = in_turn();
    how.fruitless = 4;
    const Outcome outcome = search(run, evaluator, {&model}, search_of(100), how).outcome;
    EXPECT_EQ(outcome.evaluations, 3 + 1);
    EXPECT_EQ(run.asks().back().outcome, "known");
}

TEST(ModelWriter, StopsAskingWhenTheMoneyIsSpentAndSearchesOn) {
    Scene run;
    scripted::Evaluator evaluator;
    struct Poor final : model::Client {
        model::Answer ask(const model::Request&) override {
            return std::unexpected(
                model::Fault{model::FaultKind::Budget, "nothing is left", std::nullopt, false});
        }
    } poor;
    model::RecordingClient client(run.recording, "test", &poor, run.price);
    ModelWriter writer({{"test:m0", "m0", &client, 0}}, in_turn(), run.archive, run.recording);
    const scripted::Schedules space(3);
    const auto outcome =
        optimize(space, {evaluator, run.archive, nullptr, {&writer}}, search_of(100));
    ASSERT_TRUE(outcome.has_value());
    EXPECT_EQ(outcome->stop, Stop::Exhausted);
    EXPECT_EQ(outcome->evaluations, 3);
    EXPECT_THAT(
        writer.take_complaints(),
        ::testing::ElementsAre("models are asked no more: their budget is spent: nothing is left"));
}

TEST(ModelWriter, AsksOnWhereOneQuestionDoesNotFit) {
    struct Narrow final : model::Client {
        int every;  // how many of the questions fit, one in so many
        int asked = 0;
        explicit Narrow(int one_in) : every(one_in) {}
        model::Answer ask(const model::Request&) override {
            if (asked++ % every != every - 1) {
                return std::unexpected(
                    model::Fault{model::FaultKind::Unfit, "too long", std::nullopt, false});
            }
            model::Reply reply;
            reply.text = "I cannot.";
            return reply;
        }
    };
    const auto asked = [](int one_in) {
        Scene run;
        Narrow narrow(one_in);
        model::RecordingClient client(run.recording, "test", &narrow, run.price);
        ModelOptions how = in_turn();
        how.fruitless = 9;
        ModelWriter writer({{"test:m0", "m0", &client, 0}}, how, run.archive, run.recording);
        scripted::Evaluator evaluator;
        const scripted::Schedules space(3);
        EXPECT_TRUE(optimize(space, {evaluator, run.archive, nullptr, {&writer}}, search_of(100)));
        return narrow.asked;
    };
    EXPECT_EQ(asked(3), 9);    // until nothing of use came for long
    EXPECT_EQ(asked(100), 3);  // three in a row are no chance
}

TEST(ModelWriter, BooksWhatCallsCostThatCameToNothing) {
    Scene run;
    struct Cut final : model::Client {
        model::Answer ask(const model::Request&) override {
            return std::unexpected(
                model::Fault{model::FaultKind::Transient, "cut", std::nullopt, true, {0.25, 1000}});
        }
    } cut;
    model::RecordingClient client(run.recording, "test", &cut, run.price);
    const auto part = [&] {
        scripted::Evaluator evaluator;
        ModelWriter writer({{"test:m0", "m0", &client, 0}}, in_turn(), run.archive, run.recording);
        EXPECT_TRUE(writer.recall());
        const scripted::Schedules space(3);
        EXPECT_TRUE(optimize(space, {evaluator, run.archive, nullptr, {&writer}}, search_of(100)));
        // An arm that only fails is not free.
        const std::vector<Arm> arms = {{"translate", "test:m0"}};
        EXPECT_GT(writer.bandit().outlook(arms).cost, 0.05);
        return writer.spending();
    };
    const Spending first = part();
    EXPECT_EQ(first.calls, 3);  // then it falls silent
    EXPECT_DOUBLE_EQ(first.dollars, 0.75);
    EXPECT_EQ(first.tokens, 3000);
    for (const archive::Ask& ask : run.asks()) {
        EXPECT_DOUBLE_EQ(ask.dollars, 0.25);
        EXPECT_EQ(ask.cached, std::nullopt);  // nobody said
    }
    const Spending second = part();
    EXPECT_EQ(second.calls, 6);
    EXPECT_DOUBLE_EQ(second.dollars, 1.5);
    EXPECT_EQ(second.tokens, 6000);
    EXPECT_DOUBLE_EQ(run.recording.spent().dollars, 1.5);
}

TEST(ModelWriter, KnowsWhatAStoppedCallCost) {
    Scene run;
    struct Stopped final : model::Client {
        bool answers = false;
        model::Answer ask(const model::Request&) override {
            if (!answers) {
                return std::unexpected(model::Fault{
                    model::FaultKind::Stopped, "asked to stop", std::nullopt, false, {0.25, 1000}});
            }
            model::Reply reply;
            reply.text = "I cannot.";
            reply.dollars = 0.01;
            reply.tokens = 10;
            return reply;
        }
    } stopped;
    model::RecordingClient client(run.recording, "test", &stopped, run.price);
    const auto part = [&](bool answers) {
        stopped.answers = answers;
        scripted::Evaluator evaluator;
        ModelOptions how = in_turn();
        how.fruitless = 1;
        ModelWriter writer({{"test:m0", "m0", &client, 0}}, how, run.archive, run.recording);
        EXPECT_TRUE(writer.recall());
        const scripted::Schedules space(3);
        EXPECT_TRUE(optimize(space, {evaluator, run.archive, nullptr, {&writer}}, search_of(100)));
        return writer.spending().dollars;
    };
    EXPECT_DOUBLE_EQ(part(false), 0.25);
    EXPECT_TRUE(run.asks().empty());
    EXPECT_DOUBLE_EQ(part(true), 0.26);
    EXPECT_DOUBLE_EQ(run.asks().at(0).dollars, 0.26);
    run.reopen();
    EXPECT_DOUBLE_EQ(run.recording.spent().dollars, 0.26);
}

TEST(ModelWriter, RepeatsNoPaidCallHoweverOftenItIsInterrupted) {
    for (const int stop_every : {1, 3}) {
        Scene run;
        scripted::Model model = climber();
        std::size_t evaluations = 0;
        for (int part = 0; part < 40 && evaluations < 12; ++part) {
            scripted::Evaluator evaluator;
            evaluator.interrupt_after = static_cast<std::size_t>(stop_every);
            search(run, evaluator, {&model}, search_of(12));
            evaluations += evaluator.screened.size();
            run.reopen();
        }
        EXPECT_GE(evaluations, 12U);
        const std::set<std::string> different(model.prompts.begin(), model.prompts.end());
        EXPECT_EQ(run.recording.size(), model.prompts.size()) << stop_every;
        EXPECT_NEAR(run.recording.spent().dollars, 0.01 * static_cast<double>(model.prompts.size()),
                    1e-9);
        // Every answer that was paid for is accounted for, but for the last.
        EXPECT_GE(run.asks().size() + 1, model.prompts.size());
    }
}

TEST(ModelWriter, AsksAgainWhatWasOnlyStopped) {
    Scene run;
    scripted::Model model = climber();
    model.stop_at = 2;
    scripted::Evaluator evaluator;
    search(run, evaluator, {&model}, search_of(30));
    const std::size_t asked = model.prompts.size();
    EXPECT_EQ(asked, 3U);
    EXPECT_EQ(run.asks().size(), 2U);
    run.reopen();
    search(run, evaluator, {&model}, search_of(3));
    // The same question first, with the same words.
    ASSERT_GT(model.prompts.size(), asked);
    EXPECT_EQ(model.prompts[asked], model.prompts[asked - 1]);
}

TEST(ModelWriter, ReplaysARunByteForByteWithNobodyToAsk) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model = climber();
    search(run, evaluator, {&model}, search_of(14));
    run.recording =
        model::Recording::open(run.folder.path() / "model", model::Recording::Mode::Replay).value();
    std::filesystem::rename(run.folder.path() / "archive.db", run.folder.path() / "old.db");
    run.archive = archive::Archive::open(run.folder.path() / "again.db").value();
    scripted::Evaluator again;
    search(run, again, {nullptr}, search_of(14));
    EXPECT_EQ(again.screened, evaluator.screened);
}

// As one that asks to be asked an hour later.
TEST(ModelWriter, OthersAreTriedWhileAModelOfThisMachineOnlyWaits) {
    Scene run;
    scripted::Evaluator evaluator;
    std::atomic<bool> wants = false;
    std::atomic<int> meanwhile = 0;
    std::atomic<bool> others = true;
    evaluator.found_out = [&](const verdict::Kernel&) {
        if (wants) ++meanwhile;
        return std::optional<Status>();
    };
    scripted::Model model([&](const model::Request& request, int turn) {
        wants = true;
        request.pauses();
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (meanwhile < 2 && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (meanwhile < 2) others = false;
        while (!request.may_go_on())
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        wants = false;
        meanwhile = 0;
        return fenced(worth(3 + 0.2 * turn), "late");
    });
    search(run, evaluator, {&model}, search_of(60), in_turn(), 200);
    EXPECT_GT(model.prompts.size(), 1U);
    EXPECT_TRUE(others);
}

TEST(ModelWriter, CountsWhatAttemptsCostThoughTheSearchEndsBeforeTheNext) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model([](const model::Request& request, int) {
        EXPECT_TRUE(request.before_retry({.dollars = 0.5, .tokens = 700}));
        request.pauses();
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
        while (std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return fenced(worth(3), "too late");
    });
    const Outcome outcome = search(run, evaluator, {&model}, search_of(5), in_turn(), 200).outcome;
    EXPECT_EQ(model.prompts.size(), 1U);
    EXPECT_DOUBLE_EQ(outcome.spending.dollars, 0.5);
    EXPECT_EQ(outcome.spending.tokens, 700);
}

TEST(ModelWriter, AsksSideBySideAndLosesNothing) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model = climber();
    ModelOptions how = in_turn();
    how.side_by_side = 3;
    Options options = search_of(40);
    options.seconds = 60;
    search(run, evaluator, {&model}, options, how);
    EXPECT_EQ(evaluator.tried().size(), 40U);
    EXPECT_LE(model.prompts.size(), 37U + 2 * 3U);  // some in flight, some answered meanwhile
    EXPECT_GE(run.asks().size(), 36U);
}

}  // namespace
}  // namespace cupel::engineer
