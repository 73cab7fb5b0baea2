// SPDX-License-Identifier: Apache-2.0
#include "engineer/command_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "engineer/engineer.hpp"
#include "engineer/model_writer.hpp"
#include "engineer/note.hpp"
#include "engineer/replay_writer.hpp"
#include "engineer/scene.hpp"
#include "os/files.hpp"

namespace cupel::engineer {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using Act = std::function<Result<void>(const fs::path&, int)>;

Result<void> leave(const fs::path& where, const std::string& kernel) {
    return os::write_file_atomically(where / "kernel.cpp", kernel);
}

struct CommandWriterTest : ::testing::Test {
    os::TempDir folder = os::TempDir::make("cupel-command").value();
    archive::Archive archive = archive::Archive::open(":memory:").value();
    model::Recording::Mode mode = model::Recording::Mode::Record;
    scripted::Evaluator evaluator;
    std::vector<std::string> seen;  // feedback, call by call
    std::vector<std::string> complaints;
    bool over = false;
    int calls = 0;

    fs::path recorded() const { return folder.path() / "model"; }

    CommandOptions options(const Act& act) {
        CommandOptions options;
        options.command = "agent --key secret-key";
        options.folder = folder.path() / "calls";
        options.brief.reference = "void kernel(); // secret comment\n";
        options.run = [this, act](const std::string& command, const fs::path& where, double) {
            EXPECT_EQ(command, "agent --key secret-key");
            seen.push_back(os::read_file(where / "feedback.txt").value());
            EXPECT_THAT(os::read_file(where / "reference.cpp").value(), Not(HasSubstr("secret")));
            return act(where, calls++);
        };
        options.stop = [this] { return over; };
        return options;
    }
    // A part of a run, by whoever reads folder and archive.
    Outcome search(const Act& act, int evaluations) {
        auto recording = model::Recording::open(recorded(), mode).value();
        CommandWriter writer(options(act), archive, recording);
        EXPECT_TRUE(writer.recall());
        Options search = scripted::search_of(evaluations);
        search.stop = [this] { return over; };
        auto outcome =
            optimize(scripted::Schedules(2), {evaluator, archive, nullptr, {&writer}}, search);
        EXPECT_TRUE(outcome.has_value());
        complaints = writer.take_complaints();
        return std::move(outcome).value_or(Outcome{});
    }
    std::vector<model::Exchange> exchanges() const {
        return model::Recording::open(recorded(), model::Recording::Mode::Replay)
            .value()
            .exchanges()
            .value();
    }
    std::vector<std::string> kernels(archive::Archive& of) {
        std::vector<std::string> sources;
        const std::vector<archive::KernelRecord> all = of.kernels().value();
        for (const archive::KernelRecord& kernel : all)
            if (kernel.kernel.origin == "command") sources.push_back(kernel.kernel.source);
        return sources;
    }
};

TEST_F(CommandWriterTest, TriesWhatAProgramLeavesAndTellsItWhatBecameOfIt) {
    const Outcome outcome = search(
        [](const fs::path& where, int call) {
            return leave(where, call == 1 ? "int does not compile;\n" : scripted::worth(3 + call));
        },
        8);
    ASSERT_FALSE(outcome.finalists.empty());
    EXPECT_EQ(outcome.finalists[0].kernel.origin, "command");
    ASSERT_GE(seen.size(), 4U);
    EXPECT_EQ(seen[0], "");
    EXPECT_THAT(seen[1], HasSubstr("It is right."));
    EXPECT_THAT(seen[2], HasSubstr("does not compile"));
    EXPECT_EQ(archive.asks().value().at(0).author, "command");
}

TEST_F(CommandWriterTest, ShowsARightKernelThatWorksInAnotherWay) {
    // Each is faster than the one before, and every second one has vectors.
    std::vector<std::string> others;
    static_cast<void>(search(
        [&](const fs::path& where, int call) {
            const auto other = os::read_file(where / "other.cpp");
            others.push_back(other.value_or(""));
            const std::string best = os::read_file(where / "best.cpp").value();
            EXPECT_NE(best, others.back());
            const std::string way = call % 2 == 0 ? "_mm256_add_ps(a, b);\n" : "";
            return leave(where, scripted::worth(3 + call) + way);
        },
        12));
    ASSERT_GE(others.size(), 6U);
    EXPECT_EQ(others.front(), "");  // nothing is there yet
    EXPECT_GE(std::ranges::count_if(others, [](const auto& text) { return !text.empty(); }), 3);
    // What was shown is what the next one descends from.
    const std::vector<archive::Ask> asks = archive.asks().value();
    for (std::size_t i = 0; i < asks.size(); ++i) {
        const std::size_t shown = others[i].empty() ? 1 : 2;
        EXPECT_LE(asks[i].parents.size(), shown);
        if (!others[i].empty()) {
            EXPECT_GE(asks[i].parents.size(), 1U);
        }
    }
}

TEST_F(CommandWriterTest, IsNotCalledForEverWhereNothingComes) {
    const Outcome outcome = search([](const fs::path&, int) { return Result<void>{}; }, 100);
    EXPECT_EQ(outcome.stop, Stop::Exhausted);
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_THAT(complaints.at(0), HasSubstr("it left no kernel.cpp"));
    EXPECT_EQ(archive.asks().value().size(), 5U);
}

TEST_F(CommandWriterTest, GoesOnWithASweepThatWasCutShort) {
    const Act act = [](const fs::path& where, int call) -> Result<void> {
        if (call > 0) return {};
        return leave(where, "worth(3) step(CUPEL_TUNE(s, 1, 2, 3, 4))\n");
    };
    search(act, 4);
    // What is left of it is in the recording.
    fs::remove_all(folder.path() / "calls");
    search(act, 100);
    EXPECT_EQ(evaluator.tried().size(), 2U + 4U);
    for (const std::string& source : evaluator.tried())
        EXPECT_LE(std::ranges::count(evaluator.screened, source), 2) << source;
}

TEST_F(CommandWriterTest, IsNotBlamedWhereItWasStopped) {
    const Act act = [&](const fs::path&, int) -> Result<void> {
        over = true;
        return fail(Errc::Interrupted, "it was stopped with the run");
    };
    search(act, 12);
    EXPECT_EQ(seen.size(), 1U);
    EXPECT_TRUE(complaints.empty());
    EXPECT_TRUE(archive.asks().value().empty());
    // The same question again, in the same folder.
    over = false;
    search([](const fs::path& where, int) { return leave(where, scripted::worth(3)); }, 3);
    EXPECT_EQ(seen.size(), 2U);
    ASSERT_EQ(exchanges().size(), 1U);
    EXPECT_EQ(exchanges().at(0).answer->text, scripted::worth(3));
    EXPECT_EQ(archive.asks().value().at(0).hash, exchanges().at(0).hash);
}

TEST_F(CommandWriterTest, ReadsNoLinkAndNothingHuge) {
    search(
        [](const fs::path& where, int call) -> Result<void> {
            if (call % 2 == 0) {
                fs::create_symlink("/etc/hostname", where / "kernel.cpp");
                return {};
            }
            return leave(where, std::string(400'000, 'x'));
        },
        100);
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_EQ(evaluator.tried().size(), 2U);
}

TEST_F(CommandWriterTest, TakesInWhatTheKernelIncludesOfItsFolder) {
    search(
        [](const fs::path& where, int) -> Result<void> {
            CUPEL_DO(os::write_file_atomically(where / "tile.hpp", scripted::worth(3)));
            return leave(where, "#include \"tile.hpp\"\nint last;\n");
        },
        3);
    ASSERT_GE(exchanges().size(), 1U);
    EXPECT_EQ(exchanges().at(0).answer->text, "#line 1 \"kernel.cpp\"\n#line 1 \"tile.hpp\"\n" +
                                                  scripted::worth(3) +
                                                  "#line 2 \"kernel.cpp\"\nint last;\n");
    EXPECT_THAT(evaluator.tried(), ::testing::Contains(exchanges().at(0).answer->text));
}

TEST_F(CommandWriterTest, TakesInNothingFromElsewhere) {
    ASSERT_TRUE(os::write_file_atomically(folder.path() / "secret.hpp", "PASSWORD\n"));
    search(
        [&](const fs::path& where, int call) -> Result<void> {
            if (call % 2 == 0) {
                fs::create_symlink(folder.path() / "secret.hpp", where / "link.hpp");
                return leave(where, "#include \"link.hpp\"\n" + scripted::worth(3));
            }
            return leave(where, "#include \"../../secret.hpp\"\n#include \"" +
                                    (folder.path() / "secret.hpp").string() + "\"\n" +
                                    scripted::worth(3 + call));
        },
        3);
    ASSERT_GE(exchanges().size(), 2U);
    for (const auto& exchange : exchanges())
        EXPECT_THAT(exchange.answer->text, Not(HasSubstr("PASSWORD")));
    EXPECT_THAT(complaints.at(0), HasSubstr("kernel.cpp:1: link.hpp: link.hpp is a link"));
}

// ---- recorded ----

// Good, failing, hanging and nonsensical.
Result<void> moody(const fs::path& where, int call) {
    switch (call % 8) {
        case 1:
            return fail(Errc::Io, "it ended with 3");
        case 2:
            return leave(where, "caf\xE9 \xFF\xFE " + scripted::worth(3 + call));
        case 3:
            static_cast<void>(leave(where, "what nobody reads"));
            return fail(Errc::Interrupted, "it was not done after 600 s");
        case 4:
            return leave(where, scripted::worth(3 + call, "step(CUPEL_TUNE(s, 1, 2, 3));"));
        case 5:
            return leave(where, std::string("\0NUL", 4) + std::to_string(call));
        case 6:
            return leave(where, "int a; CUPEL_TUNE(");
        case 7:
            return leave(where, fmt::format("int does not compile {};\n", call));
        default:
            return leave(where, scripted::worth(3 + call));
    }
}

TEST_F(CommandWriterTest, KeepsWhatWasAskedAndNotTheCommandLine) {
    search(moody, 12);
    const std::vector<model::Exchange> all = exchanges();
    ASSERT_GE(all.size(), 8U);
    const model::Request& first = all[0].request;
    EXPECT_EQ(all[0].provider, "command");
    EXPECT_THAT(first.system, HasSubstr("Write a kernel that is faster than best.cpp"));
    ASSERT_EQ(first.messages.size(), 4U);
    EXPECT_THAT(first.messages[1].text, ::testing::StartsWith("reference.cpp\nvoid kernel();"));
    EXPECT_THAT(all[1].answer->text, HasSubstr("it ended with 3"));
    EXPECT_EQ(all[1].answer->ending, model::Ending::Declined);
    EXPECT_EQ(all[4].request.sample, 4U);
    for (const model::Exchange& exchange : all) {
        const fs::path where =
            folder.path() / "calls" / fmt::format("{:04}", exchange.request.sample);
        EXPECT_EQ(os::read_file(where / "README.md").value(), exchange.request.system);
        for (const model::Message& file : exchange.request.messages) {
            const std::size_t line = file.text.find('\n');
            EXPECT_EQ(os::read_file(where / file.text.substr(0, line)).value(),
                      file.text.substr(line + 1));
        }
        const std::string text = os::read_file(recorded() / (exchange.hash + ".json")).value();
        EXPECT_THAT(text, Not(HasSubstr("secret-key")));
    }
}

TEST_F(CommandWriterTest, IsReplayedByteForByteWithoutTheProgram) {
    search(moody, 20);
    const std::vector<std::string> then = kernels(archive);
    ASSERT_GE(then.size(), 10U);
    EXPECT_TRUE(std::ranges::any_of(
        then, [](const std::string& source) { return source.starts_with("caf\xEF\xBF\xBD"); }));
    const auto recording =
        model::Recording::open(recorded(), model::Recording::Mode::Replay).value();
    archive::Archive again = archive::Archive::open(":memory:").value();
    auto writer = ReplayWriter::open(recording, archive, again);
    ASSERT_TRUE(writer.has_value()) << writer.error().text;
    scripted::Evaluator fresh;
    ASSERT_TRUE(optimize(scripted::Schedules(2), {fresh, again, nullptr, {writer->get()}},
                         scripted::search_of(100)));
    std::vector<std::string> now = kernels(again);
    ASSERT_GE(now.size(), then.size());
    // In a replay the settings of a sweep follow a few texts later.
    EXPECT_TRUE(std::ranges::is_permutation(
        std::set<std::string>(then.begin(), then.end()),
        std::set<std::string>(now.begin(),
                              now.begin() + static_cast<std::ptrdiff_t>(then.size()))));
    const std::vector<archive::Ask> asks = again.asks().value();
    for (const archive::Ask& ask : asks)
        EXPECT_EQ(ask.author + " " + ask.way, "command command");
}

// The whole search, question by question, where the evaluator says the same again.
TEST_F(CommandWriterTest, AsksTheSameOfARecordingAsOfTheProgram) {
    search(moody, 20);
    const std::vector<std::string> then = std::exchange(evaluator.screened, {});
    archive = archive::Archive::open(":memory:").value();
    mode = model::Recording::Mode::Replay;
    calls = 0;
    search([](const fs::path&,
              int) -> Result<void> { return fail(Errc::NotFound, "it is not installed"); },
           20);
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(evaluator.screened, then);
    // And no more than there is.
    search(moody, 100);
    EXPECT_EQ(calls, 0);
    EXPECT_THAT(complaints, ::testing::Contains(HasSubstr("holds no answer")));
}

TEST_F(CommandWriterTest, IsNotCalledAgainForWhatItAnswered) {
    search(moody, 20);
    const std::vector<std::string> then = kernels(archive);
    for (const int every : {1, 2, 3}) {
        fs::remove_all(recorded());
        archive = archive::Archive::open(":memory:").value();
        calls = 0;
        // Each part is ended while a kernel is tried, before anybody took note of it.
        for (int part = 0; part < 60 && kernels(archive).size() < then.size(); ++part) {
            evaluator.screened.clear();
            evaluator.interrupt_after = static_cast<std::size_t>(every);
            search(moody, 20);
        }
        // The last part may go on for longer.
        std::vector<std::string> now = kernels(archive);
        ASSERT_GE(now.size(), then.size()) << every;
        now.resize(then.size());
        EXPECT_EQ(now, then) << every;
        EXPECT_EQ(static_cast<std::size_t>(calls), exchanges().size()) << every;
        // Each had its verdict, and is credited with it.
        std::set<archive::KernelId> claimed;
        const std::vector<archive::Ask> asks = archive.asks().value();
        for (const archive::Ask& ask : asks) {
            EXPECT_NE(ask.outcome, "known") << every;
            if (ask.kernel) {
                EXPECT_TRUE(claimed.insert(*ask.kernel).second);
            }
        }
    }
}

TEST_F(CommandWriterTest, TriesWhatWasRecordedWhateverBecameOfTheFile) {
    const Act act = [](const fs::path& where, int call) {
        return leave(where, scripted::worth(3 + call));
    };
    // Ended while its first kernel was tried.
    evaluator.interrupt_after = 1;
    search(act, 12);
    ASSERT_EQ(seen.size(), 1U);
    ASSERT_TRUE(leave(folder.path() / "calls" / "0000", "half a ker"));
    evaluator.screened.clear();
    evaluator.interrupt_after = 0;
    search(act, 1);
    EXPECT_EQ(seen.size(), 1U);
    EXPECT_EQ(evaluator.tried(), std::set<std::string>{scripted::worth(3)});
}

// ---- beside a model ----

struct Beside {
    std::vector<std::string> screened;
    std::vector<std::string> prompts;
    std::set<std::string> questions;  // hashes
    std::set<std::uint64_t> turns;    // of the model
    std::size_t called = 0;           // the program
    int calls = 0;                    // of both, as they count them
};

// `every`: ended after so many screenings, again and again; 0: in one go.
Beside beside_a_model(std::size_t every) {
    scripted::Scene run;
    scripted::Model model = scripted::climber();
    Beside all;
    const os::TempDir folder = os::TempDir::make("cupel-beside").value();
    const auto size = [&] { return run.archive.kernels().value().size(); };
    for (int part = 0; part < 60 && size() < 16; ++part) {
        CommandOptions options;
        options.folder = folder.path();
        options.run = [](const std::string&, const fs::path& where, double) {
            const double call = std::stod(where.filename().string());
            return leave(where, scripted::worth(2.5 + 0.3 * call));
        };
        model::RecordingClient client(run.recording, "test", &model, run.price);
        ModelWriter models({{"test:m", "m", &client, 0}}, scripted::in_turn(), run.archive,
                           run.recording);
        CommandWriter command(std::move(options), run.archive, run.recording);
        EXPECT_TRUE(models.recall());
        EXPECT_TRUE(command.recall());
        scripted::Evaluator evaluator;
        evaluator.interrupt_after = every;
        EXPECT_TRUE(optimize(scripted::Schedules(3),
                             {evaluator, run.archive, nullptr, {&models, &command}},
                             scripted::search_of(every > 0 ? 0 : 16)));
        all.screened.insert(all.screened.end(), evaluator.screened.begin(),
                            evaluator.screened.end());
        all.calls = models.spending().calls + command.spending().calls;
        run.reopen();
    }
    all.prompts = model.prompts;
    const std::vector<model::Exchange> exchanges = run.recording.exchanges().value();
    for (const model::Exchange& exchange : exchanges) {
        all.questions.insert(exchange.hash);
        if (exchange.provider == kCommand) {
            ++all.called;
        } else {
            all.turns.insert(exchange.request.sample);
        }
    }
    return all;
}

TEST(CommandBesideAModel, CountsNoCallTwiceWhenTheRunGoesOn) {
    const Beside once = beside_a_model(0);
    EXPECT_EQ(static_cast<std::size_t>(once.calls), once.questions.size());
    for (const std::size_t every : {2U, 3U, 5U}) {
        const Beside parts = beside_a_model(every);
        EXPECT_EQ(static_cast<std::size_t>(parts.calls), parts.questions.size()) << every;
        // Whatever is asked is asked once, in the words and by the numbers of one that goes
        // through.
        EXPECT_EQ(parts.prompts.size() + parts.called, parts.questions.size()) << every;
        EXPECT_EQ(*parts.turns.rbegin() + 1, parts.prompts.size()) << every;
    }
}

}  // namespace
}  // namespace cupel::engineer
