// SPDX-License-Identifier: Apache-2.0
#include "engineer/replay_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engineer/engineer.hpp"
#include "engineer/model_writer.hpp"
#include "engineer/scripted.hpp"
#include "os/files.hpp"

namespace cupel::engineer {
namespace {

Options at_most(int evaluations) {
    Options options;
    options.seconds = 0;
    options.evaluations = evaluations;
    options.patience = 1000;
    return options;
}

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

// Which settings of a text are tried depends on what they are worth; those of then are.
TEST_F(ReplayWriterTest, TriesTheSettingsOfThenWhateverTheyAreWorthNow) {
    const model::Recording recording = record([](const model::Request&, int turn) {
        return scripted::fenced(scripted::worth(3 + turn, "step(CUPEL_TUNE(s, 1, 2, 3, 4, 5));"));
    });
    const auto settings = [](archive::Archive& archive) {
        std::set<std::string> sources;
        const std::vector<archive::KernelRecord> kernels = archive.kernels().value();
        for (const archive::KernelRecord& kernel : kernels)
            if (kernel.phase == "sweep") sources.insert(kernel.kernel.source);
        return sources;
    };
    const std::set<std::string> then = settings(earlier);
    ASSERT_GE(then.size(), 4U);
    archive::Archive archive = archive::Archive::open(":memory:").value();
    auto writer = ReplayWriter::open(recording, earlier, archive);
    ASSERT_TRUE(writer.has_value()) << writer.error().text;
    // Today none of the texts is better than the schedules, and no climb would begin.
    scripted::Evaluator again;
    for (const std::string& source : sources_of(earlier, "model"))
        again.statuses[source] = verdict::Status::Slower;
    ASSERT_TRUE(
        optimize(scripted::Schedules(2), {again, archive, nullptr, {writer->get()}}, at_most(100)));
    EXPECT_EQ(settings(archive), then);
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
