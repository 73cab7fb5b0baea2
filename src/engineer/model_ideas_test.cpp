// SPDX-License-Identifier: Apache-2.0
// What models are asked beyond one kernel after another: ideas, sweeps that go on, and when to end.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/hash.hpp"
#include "engineer/scene.hpp"

namespace cupel::engineer {
namespace {

using scripted::fenced;
using scripted::in_turn;
using scripted::Scene;
using scripted::worth;
using std::string_literals::operator""s;
using ::testing::HasSubstr;
using ::testing::Not;

// Three kernels by one idea that do not compile, one of the next that does; nothing else is of use.
std::string planner(const model::Request& request, int turn) {
    const std::string& prompt = request.messages.at(0).text;
    if (request.note.starts_with("plan")) return "IDEA: pack the panels\nIDEA: two rows at once\n";
    if (prompt.find("pack the panels\n\n# ") != std::string::npos ||
        prompt.find("pack the panels\n\nAnswer") != std::string::npos)
        return fenced("int no = " + std::to_string(turn) + "; // does not compile\n");
    if (prompt.find("two rows at once\n\nAnswer") != std::string::npos)
        return fenced(worth(5), "rows");
    return "I am at a loss.";
}

ModelOptions with_ideas() {
    ModelOptions how = in_turn();
    how.ideas = 2;
    how.repairs = 0;
    how.fruitless = 12;
    return how;
}

const archive::Ask* ask_of(const std::vector<archive::Ask>& asks, std::string_view way) {
    const auto found = std::ranges::find(asks, way, &archive::Ask::way);
    return found == asks.end() ? nullptr : &*found;
}

TEST(ModelIdeas, OutliveTwoBrokenKernelsAndEarnForWhoHadThem) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model(planner);
    scripted::search(run, evaluator, {&model}, scripted::search_of(40), with_ideas());
    const std::vector<archive::Ask> asks = run.asks();
    const archive::Ask* plan = ask_of(asks, "plan");
    ASSERT_NE(plan, nullptr);
    EXPECT_EQ(plan->outcome, "2 ideas");
    EXPECT_EQ(plan->idea, "pack the panels\ntwo rows at once");
    EXPECT_FALSE(plan->kernel.has_value());
    int packed = 0;
    int rows = 0;
    for (const std::string& prompt : model.prompts) {
        const bool carries_out = prompt.find("# The idea to carry out") != std::string::npos;
        if (!carries_out) continue;
        if (prompt.find("pack the panels") != std::string::npos) {
            // Whoever tries again is told what was wrong before.
            EXPECT_EQ(prompt.find("of an earlier try at it") != std::string::npos, ++packed >= 2);
        }
        rows += prompt.find("two rows at once") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(packed, 3);
    EXPECT_EQ(rows, 1);
    // Whoever plans next is told.
    const auto told = std::ranges::count_if(model.prompts, [](const std::string& prompt) {
        return prompt.find(
                   "- pack the panels (no kernel of it was right)\n"
                   "- two rows at once (+150 %)\n") != std::string::npos;
    });
    EXPECT_GE(told, 1);
}

TEST(ModelIdeas, AreThereAgainAfterEachInterruption) {
    Scene run;
    scripted::Model model(planner);
    std::set<std::string> tried;
    for (int part = 0; part < 40; ++part) {
        scripted::Evaluator evaluator;
        evaluator.interrupt_after = 1;
        scripted::search(run, evaluator, {&model}, scripted::search_of(40), with_ideas());
        tried.merge(evaluator.tried());
        if (evaluator.screened.empty()) break;
        run.reopen();
    }
    EXPECT_EQ(tried.size(), 3U + 4U);  // schedules, three broken kernels and a right one
    std::vector<std::string> carried;
    for (const std::string& prompt : model.prompts) {
        const std::size_t at = prompt.find("# The idea to carry out\n");
        if (at != std::string::npos) carried.push_back(prompt.substr(at + 24, 8));
    }
    std::ranges::sort(carried);
    EXPECT_THAT(carried, ::testing::ElementsAre("pack the", "pack the", "pack the", "two rows"));
    EXPECT_EQ(run.recording.size(), model.prompts.size());
}

TEST(ModelIdeas, OfACheatGoToNoOtherModel) {
    Scene run;
    scripted::Evaluator evaluator;
    const std::string cheat = "void kernel() { cheat(); }\n";
    evaluator.statuses[cheat] = verdict::Status::Cheating;
    int plans = 0;
    scripted::Model bad([&](const model::Request& request, int) {
        if (!request.note.starts_with("plan")) return fenced(cheat, "keep the last answer");
        return fmt::format("IDEA: keep answer {0}\nIDEA: guess answer {0}\n", plans++);
    });
    scripted::Model good([](const model::Request& request, int turn) {
        if (request.note.starts_with("plan")) return std::string("IDEA: tiles\n");
        return fenced(worth(3 + 0.2 * turn), "tiles");
    });
    ModelOptions how = with_ideas();
    how.fruitless = 1000;
    scripted::search(run, evaluator, {&bad, &good}, scripted::search_of(40), how);
    EXPECT_GT(plans, 0);
    bool cheated = false;
    for (const archive::Ask& ask : run.asks())
        cheated = cheated || ask.outcome == "cheating";
    EXPECT_TRUE(cheated);
    for (const std::string& prompt : good.prompts)
        EXPECT_THAT(prompt, Not(HasSubstr("answer 1")));
}

// A text that is honest at its author's guess, and cheats at another setting.
TEST(ModelIdeas, OfAModelThatCheatsAtASettingGoToNoOtherModel) {
    Scene run;
    scripted::Evaluator evaluator;
    const auto at = [](std::string_view setting) {
        return worth(3, fmt::format("if ({}) lurk();", setting));
    };
    evaluator.statuses[at("1")] = verdict::Status::Cheating;
    int plans = 0;
    scripted::Model bad([&](const model::Request& request, int turn) {
        if (request.note.starts_with("plan"))
            return fmt::format("IDEA: keep answer {0}\nIDEA: guess answer {0}\n", plans++);
        if (turn > 2) return fenced(worth(2, fmt::format("int v = {};", turn)));
        return fenced(at("CUPEL_TUNE(mode, 0, 1)"), "keep the last answer");
    });
    std::size_t found_at = 0;  // questions that the other one was asked before
    scripted::Model good([&](const model::Request& request, int turn) {
        if (found_at == 0 && run.archive.totals().value().quarantined > 0)
            found_at = static_cast<std::size_t>(turn) + 1;
        if (request.note.starts_with("plan")) return std::string("IDEA: tiles\n");
        return fenced(worth(3 + 0.2 * turn), "tiles");
    });
    ModelOptions how = with_ideas();
    how.fruitless = 1000;
    scripted::search(run, evaluator, {&bad, &good}, scripted::search_of(40), how);
    ASSERT_GT(found_at, 0U);
    ASSERT_GT(good.prompts.size(), found_at + 2);
    for (std::size_t i = found_at; i < good.prompts.size(); ++i) {
        EXPECT_THAT(good.prompts[i], Not(HasSubstr("lurk")));
        EXPECT_THAT(good.prompts[i], Not(HasSubstr("answer 1")));
    }
    // The same text at its author's guess is quarantined with it.
    const auto guess = run.archive.find(hash_hex(at("0"))).value();
    ASSERT_TRUE(guess.has_value());
    EXPECT_TRUE(guess->quarantined);
    // And whoever goes on knows it.
    run.reopen();
    const std::size_t before = good.prompts.size();
    scripted::search(run, evaluator, {&bad, &good}, scripted::search_of(20), how);
    for (std::size_t i = before; i < good.prompts.size(); ++i) {
        EXPECT_THAT(good.prompts[i], Not(HasSubstr("lurk")));
        EXPECT_THAT(good.prompts[i], Not(HasSubstr("answer 2")));
    }
}

// What a model has for ideas when a search of its kernels has ended: it plans two, carries out the
// first by `kernel`, never the second, and writes kernels of no idea.
Ideas ideas_after(Scene& run, scripted::Evaluator& evaluator, const std::string& kernel,
                  std::vector<std::string>& prompts) {
    scripted::Model model([&](const model::Request& request, int turn) {
        const std::string& prompt = request.messages.at(0).text;
        if (request.note.starts_with("plan")) return "IDEA: keep the answer\nIDEA: tile it\n"s;
        if (prompt.find("carry out\nkeep the answer") != std::string::npos) return fenced(kernel);
        if (prompt.find("# The idea to carry out") != std::string::npos) return "I cannot."s;
        return fenced(worth(0.9, fmt::format("int v = {};", turn)));
    });
    model::RecordingClient client(run.recording, "test", &model, run.price);
    ModelOptions how = with_ideas();
    how.fruitless = 40;
    ModelWriter writer({{"test:m0", "m0", &client, 0}}, how, run.archive, run.recording);
    EXPECT_TRUE(optimize(scripted::Schedules(12), {evaluator, run.archive, nullptr, {&writer}},
                         scripted::search_of(40)));
    prompts = std::move(model.prompts);
    return writer.ideas();
}

Idea::State state_of(const Ideas& ideas, Scene& run, int place) {
    const std::vector<archive::Ask> asks = run.asks();
    const archive::Ask* plan = ask_of(asks, "plan");
    const Idea* idea =
        plan == nullptr ? nullptr : ideas.find(fmt::format("{:.12}.{}", plan->hash, place));
    EXPECT_NE(idea, nullptr);
    return idea == nullptr ? Idea::State::Open : idea->state;
}

TEST(ModelIdeas, AreToldToNobodyWhereTheirKernelIsFoundOutAsTheIncumbent) {
    Scene run;
    scripted::Evaluator evaluator;
    std::size_t asked = 0;  // before it was found out
    std::vector<std::string> prompts;
    evaluator.found_out = [&](const verdict::Kernel& incumbent) {
        const bool cheats = incumbent.source.find("lurk();") != std::string::npos;
        if (cheats) asked = run.recording.size();
        return cheats ? std::optional(verdict::Status::Cheating) : std::nullopt;
    };
    const Ideas ideas = ideas_after(run, evaluator, worth(5, "lurk();"), prompts);
    ASSERT_GT(asked, 0U);
    ASSERT_GT(prompts.size(), asked + 5);
    EXPECT_EQ(state_of(ideas, run, 1), Idea::State::Barred);
    // Whose kernels break laws is heard by no other model, whatever became of the rest.
    EXPECT_NE(state_of(ideas, run, 2), Idea::State::Barred);
    EXPECT_FALSE(ideas.may_tell("tile it", "test:other"));
    EXPECT_TRUE(ideas.may_tell("tile it", "test:m0"));
    for (std::size_t i = asked; i < prompts.size(); ++i) {
        EXPECT_THAT(prompts[i], Not(HasSubstr("keep the answer")));
        EXPECT_THAT(prompts[i], Not(HasSubstr("lurk();")));
    }
}

TEST(ModelIdeas, OfAKernelBredFromACheatGoWithoutBlameOfItsAuthor) {
    Scene run;
    scripted::Evaluator evaluator;
    std::vector<std::string> prompts;
    const std::string bred = worth(1.9, "bred();");
    const auto child = [&] { return run.archive.find(hash_hex(bred)).value(); };
    // A schedule: the one that the model's kernel was bred from falls, sooner or later.
    evaluator.found_out = [&](const verdict::Kernel&) {
        const auto tried = child();
        const bool still = tried && !tried->quarantined && evaluator.tried().contains(bred);
        return still ? std::optional(verdict::Status::Cheating) : std::nullopt;
    };
    const Ideas ideas = ideas_after(run, evaluator, bred, prompts);
    ASSERT_TRUE(child() && child()->quarantined);
    EXPECT_EQ(state_of(ideas, run, 1), Idea::State::Barred);
    EXPECT_TRUE(ideas.may_tell("tile it", "test:other"));
}

TEST(ModelIdeas, StayWhereAnIncumbentWasOnlyWrong) {
    Scene run;
    scripted::Evaluator evaluator;
    std::vector<std::string> prompts;
    bool fell = false;
    evaluator.found_out = [&](const verdict::Kernel& incumbent) {
        const bool wrong = incumbent.source.find("lurk();") != std::string::npos;
        fell = fell || wrong;
        return wrong ? std::optional(verdict::Status::Wrong) : std::nullopt;
    };
    const Ideas ideas = ideas_after(run, evaluator, worth(5, "lurk();"), prompts);
    ASSERT_TRUE(fell);
    EXPECT_EQ(state_of(ideas, run, 1), Idea::State::Done);
    EXPECT_TRUE(ideas.may_tell("keep the answer, tile it", "test:other"));
}

TEST(ModelKernels, OfAParentThatIsFoundOutWhileTheyWaitHaveNoPlace) {
    Scene run;
    scripted::Evaluator evaluator;
    bool bred = false;
    scripted::Model model([&](const model::Request& request, int turn) {
        const std::string& prompt = request.messages.at(0).text;
        if (turn == 0) return fenced(worth(5, "lurk();"));
        if (!request.note.starts_with("write") || prompt.find("lurk();") == std::string::npos)
            return "I cannot."s;
        bred = true;
        return fenced(worth(9, "child();"));
    });
    evaluator.found_out = [&](const verdict::Kernel& incumbent) {
        const bool cheats = bred && incumbent.source.find("lurk();") != std::string::npos;
        return cheats ? std::optional(verdict::Status::Cheating) : std::nullopt;
    };
    Options options = scripted::search_of(20);
    options.seconds = 60;  // a search that stands on such a kernel asks nothing more, for ever
    const Outcome outcome =
        scripted::search(run, evaluator, {&model}, options, in_turn(), 2).outcome;
    ASSERT_TRUE(bred);
    EXPECT_EQ(outcome.stop, Stop::Exhausted);
    ASSERT_FALSE(outcome.finalists.empty());
    for (const Finalist& finalist : outcome.finalists)
        EXPECT_FALSE(run.archive.is_quarantined(finalist.id).value()) << finalist.kernel.source;
    for (const std::string& prompt : model.prompts)
        EXPECT_THAT(prompt, Not(HasSubstr("child();")));
}

TEST(ModelQuestions, AreNotSentWhereTheirParentWasFoundOut) {
    Scene run;
    scripted::Model model(
        [](const model::Request&, int turn) { return fenced(worth(3 + turn, "parent();")); });
    model.stop_at = 3;
    {
        scripted::Evaluator evaluator;
        scripted::search(run, evaluator, {&model}, scripted::search_of(20));
    }
    const std::size_t asked = model.prompts.size();
    ASSERT_THAT(model.prompts.back(), HasSubstr("parent();"));
    run.reopen();
    model::RecordingClient client(run.recording, "test", &model, run.price);
    ModelWriter writer({{"test:m0", "m0", &client, 0}}, in_turn(), run.archive, run.recording);
    ASSERT_TRUE(writer.recall());
    const std::vector<archive::Ranked> ranking = run.archive.ranking().value();
    for (const archive::Ranked& ranked : ranking)
        ASSERT_TRUE(run.archive.quarantine(ranked.kernel.id));
    const Standings none;
    ASSERT_TRUE(writer.write(none, 1, true));
    EXPECT_EQ(model.prompts.size(), asked);
    const std::vector<Arm> bids = writer.bids(none);
    ASSERT_FALSE(bids.empty());
    ASSERT_TRUE(writer.ask(none, bids.front()));
    ASSERT_TRUE(writer.write(none, 1, true));
    ASSERT_EQ(model.prompts.size(), asked + 1);
    EXPECT_THAT(model.prompts.back(), Not(HasSubstr("parent();")));
}

TEST(ModelSweeps, GoOnWhereTheRunWasKilled) {
    for (const std::size_t stop_every : {1U, 2U, 3U}) {
        Scene run;
        const auto script = [](const model::Request&, int turn) {
            return turn == 0
                       ? fenced("void kernel() { worth(3); step(CUPEL_TUNE(s, 1, 2, 3, 4, 5)); }\n")
                       : std::string("I am done.");
        };
        scripted::Model model(script);
        ModelOptions how = in_turn();
        how.fruitless = 3;
        std::vector<std::string> screened;
        for (int part = 0; part < 20; ++part) {
            scripted::Evaluator evaluator;
            evaluator.interrupt_after = stop_every;
            scripted::search(run, evaluator, {&model}, scripted::search_of(30), how);
            std::ranges::copy(evaluator.screened, std::back_inserter(screened));
            if (evaluator.screened.empty()) break;
            run.reopen();
        }
        EXPECT_THAT(run.archive.best().value()->kernel.kernel.source, HasSubstr("step(5)"));
        std::map<std::string, int> times;
        for (const std::string& source : screened)
            ++times[source];
        EXPECT_EQ(times.size(), 3U + 5U) << "schedules, and each setting";
        // Once, and again what seemed better: a schedule, the guess, two or three steps up.
        EXPECT_LE(screened.size(), times.size() + 5U);
        for (const auto& [source, count] : times)
            EXPECT_LE(count, 2) << source;
        EXPECT_EQ(run.recording.size(), model.prompts.size());
        // The author's guess is its own, however the run was cut.
        EXPECT_EQ(run.asks().at(0).outcome, "faster");
        EXPECT_GT(run.asks().at(0).gain, 0.4);
    }
}

TEST(ModelSpending, EndsWhereTheExpectedGainDoesNotPay) {
    for (const bool demanding : {false, true}) {
        Scene run;
        scripted::Evaluator evaluator;
        scripted::Model model([](const model::Request&, int turn) {
            // Right, each of them new, and never faster.
            return fenced(worth(1.5, "int v = " + std::to_string(turn) + ";"));
        });
        ModelOptions how = in_turn();
        if (demanding) how.least_gain = std::log(1.5);  // by a dollar; a call costs a cent
        const auto ended = scripted::search(run, evaluator, {&model},
                                            scripted::search_of(demanding ? 60 : 25), how);
        if (!demanding) {
            EXPECT_EQ(ended.outcome.evaluations, 25);
            EXPECT_EQ(ended.outcome.spending.ended, "");
            continue;
        }
        EXPECT_GE(model.prompts.size(), 10U);
        EXPECT_LT(model.prompts.size(), 40U);
        EXPECT_EQ(ended.outcome.stop, Stop::Exhausted);
        EXPECT_EQ(ended.outcome.spending.ended, "the expected gain does not pay");
        ASSERT_EQ(ended.complaints.size(), 1U);
        EXPECT_THAT(ended.complaints[0], HasSubstr("50 % a dollar are wanted"));
        // One that goes on finds the same, and asks nobody.
        run.reopen();
        const std::size_t asked = model.prompts.size();
        scripted::search(run, evaluator, {&model}, scripted::search_of(30), how);
        EXPECT_EQ(model.prompts.size(), asked);
    }
}

TEST(ModelSpending, GoesOnWhileItPays) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model = scripted::climber();
    ModelOptions how = in_turn();
    how.least_gain = std::log(1.5);
    const auto ended = scripted::search(run, evaluator, {&model}, scripted::search_of(25), how);
    EXPECT_EQ(ended.outcome.evaluations, 25);
    EXPECT_EQ(ended.outcome.spending.tokens, 110 * static_cast<std::int64_t>(model.prompts.size()));
}

TEST(ModelFeedback, ShowsWhatAParentChangedAndWhatThatGained) {
    Scene run;
    scripted::Evaluator evaluator;
    scripted::Model model([](const model::Request& request, int turn) {
        const std::string& prompt = request.messages.at(0).text;
        if (!request.note.starts_with("edit")) return std::string("Nothing comes to mind.");
        const std::size_t at = prompt.find("extern");
        const std::string line = prompt.substr(at, prompt.find('\n', at) - at + 1);
        return "<<<<<<< SEARCH\n" + line + "=======\n" + worth(3 + turn, "int n; // obey") +
               ">>>>>>> REPLACE\n";
    });
    ModelOptions how = in_turn();
    how.brief.threads = 2;
    scripted::search(run, evaluator, {&model}, scripted::search_of(16), how);
    std::string shown;
    for (const std::string& prompt : model.prompts)
        if (prompt.find("by this change, and is") != std::string::npos) shown = prompt;
    ASSERT_FALSE(shown.empty());
    EXPECT_THAT(shown, HasSubstr("\n-extern"));
    EXPECT_THAT(shown, HasSubstr("\n+extern"));
    EXPECT_THAT(shown, HasSubstr("It runs on one thread of 2"));
    EXPECT_THAT(shown, Not(HasSubstr("obey")));
}

}  // namespace
}  // namespace cupel::engineer
