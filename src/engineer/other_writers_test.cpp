// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "engineer/command_writer.hpp"
#include "engineer/engineer.hpp"
#include "engineer/model_writer.hpp"
#include "engineer/replay_writer.hpp"
#include "engineer/scripted.hpp"
#include "os/files.hpp"

namespace cupel::engineer {
namespace {

namespace fs = std::filesystem;

Options at_most(int evaluations) {
    Options options;
    options.seconds = 0;
    options.evaluations = evaluations;
    options.patience = 1000;
    return options;
}

// ---- a program of the user's ----

struct CommandWriterTest : ::testing::Test {
    os::TempDir folder = os::TempDir::make("cupel-command").value();
    archive::Archive archive = archive::Archive::open(":memory:").value();
    scripted::Evaluator evaluator;
    std::vector<std::string> seen;  // feedback, call by call
    bool over = false;

    using Act = std::function<Result<void>(const fs::path&, int)>;
    Outcome search(Act act, int evaluations) {
        int call = 0;
        CommandOptions options;
        options.command = "agent";
        options.folder = folder.path() / "calls";
        options.brief.reference = "void kernel(); // secret comment\n";
        options.run = [&](const std::string& command, const fs::path& where, double) {
            EXPECT_EQ(command, "agent");
            seen.push_back(os::read_file(where / "feedback.txt").value());
            EXPECT_EQ(os::read_file(where / "reference.cpp").value().find("secret"),
                      std::string::npos);
            return act(where, call++);
        };
        options.stop = [this] { return over; };
        CommandWriter writer(std::move(options), archive);
        EXPECT_TRUE(writer.recall());
        Options search = at_most(evaluations);
        search.stop = [this] { return over; };
        auto outcome =
            optimize(scripted::Schedules(2), {evaluator, archive, nullptr, {&writer}}, search);
        EXPECT_TRUE(outcome.has_value());
        complaints = writer.take_complaints();
        return std::move(outcome).value_or(Outcome{});
    }
    std::vector<std::string> complaints;
};

TEST_F(CommandWriterTest, TriesWhatAProgramLeavesAndTellsItWhatBecameOfIt) {
    const Outcome outcome = search(
        [&](const fs::path& where, int call) {
            return os::write_file_atomically(where / "kernel.cpp", call == 1
                                                                       ? "int does not compile;\n"
                                                                       : scripted::worth(3 + call));
        },
        8);
    ASSERT_FALSE(outcome.finalists.empty());
    EXPECT_EQ(outcome.finalists[0].kernel.origin, "command");
    ASSERT_GE(seen.size(), 4U);
    EXPECT_EQ(seen[0], "");
    EXPECT_THAT(seen[1], ::testing::HasSubstr("It is right."));
    EXPECT_THAT(seen[2], ::testing::HasSubstr("does not compile"));
    EXPECT_EQ(archive.asks().value().at(0).author, "command");
}

TEST_F(CommandWriterTest, IsNotCalledForEverWhereNothingComes) {
    const Outcome outcome = search([](const fs::path&, int) { return Result<void>{}; }, 100);
    EXPECT_EQ(outcome.stop, Stop::Exhausted);
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_THAT(complaints.at(0), ::testing::HasSubstr("it left no kernel.cpp"));
    EXPECT_EQ(archive.asks().value().size(), 5U);
}

TEST_F(CommandWriterTest, GoesOnWithASweepThatWasCutShort) {
    int calls = 0;
    const Act act = [&](const fs::path& where, int) -> Result<void> {
        if (calls++ > 0) return {};
        return os::write_file_atomically(where / "kernel.cpp",
                                         "worth(3) step(CUPEL_TUNE(s, 1, 2, 3, 4))\n");
    };
    search(act, 4);
    search(act, 100);
    EXPECT_EQ(evaluator.tried().size(), 2U + 4U);
    for (const std::string& source : evaluator.tried())
        EXPECT_LE(std::ranges::count(evaluator.screened, source), 2) << source;
}

TEST_F(CommandWriterTest, IsNotCalledAgainForAKernelThatItLeft) {
    int calls = 0;
    const Act act = [&](const fs::path& where, int) {
        return os::write_file_atomically(where / "kernel.cpp", scripted::worth(3 + calls++));
    };
    // Each part is ended while a kernel is tried, before anybody took note of it.
    for (int part = 0; part < 8; ++part) {
        evaluator.screened.clear();
        evaluator.interrupt_after = 2;
        search(act, 12);
        EXPECT_LE(seen.size(), archive.asks().value().size() + 1) << part;
    }
    EXPECT_GE(archive.asks().value().size(), 3U);
    for (const archive::Ask& ask : archive.asks().value())
        EXPECT_TRUE(ask.kernel.has_value()) << ask.outcome;
}

TEST_F(CommandWriterTest, IsCalledAgainWhereItsKernelIsNotWhatItLeft) {
    const Act act = [](const fs::path& where, int) {
        return os::write_file_atomically(where / "kernel.cpp", scripted::worth(3));
    };
    for (int part = 0; part < 4 && seen.empty(); ++part) {
        evaluator.screened.clear();
        evaluator.interrupt_after = 2;
        search(act, 12);
    }
    ASSERT_EQ(seen.size(), 1U);
    const fs::path left = folder.path() / "calls" / "0000" / "kernel.cpp";
    ASSERT_TRUE(os::write_file_atomically(left, "half a ker"));
    evaluator.interrupt_after = 0;
    search(act, 3);
    EXPECT_GE(seen.size(), 2U);
    EXPECT_EQ(std::ranges::count(evaluator.screened, "half a ker"), 0);
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
}

TEST_F(CommandWriterTest, ReadsNoLinkAndNothingHuge) {
    search(
        [](const fs::path& where, int call) -> Result<void> {
            if (call % 2 == 0) {
                fs::create_symlink("/etc/hostname", where / "kernel.cpp");
                return {};
            }
            return os::write_file_atomically(where / "kernel.cpp", std::string(400'000, 'x'));
        },
        100);
    EXPECT_EQ(seen.size(), 5U);
    EXPECT_EQ(evaluator.tried().size(), 2U);
}

// ---- an earlier run ----

struct ReplayWriterTest : ::testing::Test {
    os::TempDir folder = os::TempDir::make("cupel-replay").value();
    archive::Archive earlier = archive::Archive::open(folder.path() / "archive.db").value();
    scripted::Evaluator evaluator;

    model::Recording record(scripted::Model::Script script) {
        model::Recording recording =
            model::Recording::open(folder.path() / "model", model::Recording::Mode::Record).value();
        scripted::Model model(std::move(script));
        model::RecordingClient client(recording, "test", &model, {});
        ModelOptions how;
        how.side_by_side = 0;
        how.ideas = 0;
        ModelWriter writer({{"test:m", "m", &client, 0}}, how, earlier, recording);
        EXPECT_TRUE(optimize(scripted::Schedules(2), {evaluator, earlier, nullptr, {&writer}},
                             at_most(12)));
        return recording;
    }
};

std::string climbing(const model::Request& request, int turn) {
    if (turn == 2) return "no kernel here";
    if (request.note.starts_with("edit")) {
        // Edits are of what was shown.
        const std::string& prompt = request.messages[0].text;
        const std::size_t at = prompt.find("extern");
        const std::string line = prompt.substr(at, prompt.find('\n', at) - at + 1);
        return "<<<<<<< SEARCH\n" + line + "=======\n" + scripted::worth(3 + turn) +
               ">>>>>>> REPLACE\n";
    }
    return scripted::fenced(scripted::worth(3 + turn, "step(CUPEL_TUNE(s, 1, 2));"));
}

std::vector<std::string> sources_of(archive::Archive& archive, std::string_view origin) {
    std::vector<std::string> sources;
    const std::vector<archive::KernelRecord> kernels = archive.kernels().value();
    for (const archive::KernelRecord& kernel : kernels)
        if (kernel.kernel.origin == origin && kernel.phase != "sweep")
            sources.push_back(kernel.kernel.source);
    return sources;
}

TEST_F(ReplayWriterTest, TriesTheSameKernelsByteForByte) {
    const model::Recording recording = record(climbing);
    archive::Archive archive = archive::Archive::open(":memory:").value();
    auto writer = ReplayWriter::open(recording, earlier, archive);
    ASSERT_TRUE(writer.has_value()) << writer.error().text;
    scripted::Evaluator again;
    ASSERT_TRUE(
        optimize(scripted::Schedules(2), {again, archive, nullptr, {writer->get()}}, at_most(100)));
    const std::vector<std::string> then = sources_of(earlier, "model");
    std::vector<std::string> now = sources_of(archive, "model");
    ASSERT_GE(then.size(), 4U);
    // The last answers of the recording may not have been tried then.
    ASSERT_GE(now.size(), then.size());
    now.resize(then.size());
    EXPECT_EQ(now, then);
}

TEST_F(ReplayWriterTest, SaysWhereAnAnswerGivesAnotherKernel) {
    const model::Recording recording = record(climbing);
    auto database =
        archive::Database::open(folder.path() / "archive.db", archive::Database::Mode::ReadWrite)
            .value();
    ASSERT_TRUE(database.run("UPDATE kernels SET source = source || ' ' WHERE origin = 'model'"));
    archive::Archive archive = archive::Archive::open(":memory:").value();
    const auto writer = ReplayWriter::open(recording, earlier, archive);
    ASSERT_FALSE(writer.has_value());
    EXPECT_EQ(writer.error().code, Errc::Corrupt);
}

}  // namespace
}  // namespace cupel::engineer
