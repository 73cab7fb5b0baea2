// SPDX-License-Identifier: Apache-2.0
// For tests: a run of models and schedules that can be killed and gone on with.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "engineer/engineer.hpp"
#include "engineer/model_writer.hpp"
#include "engineer/scripted.hpp"
#include "os/files.hpp"

namespace cupel::engineer::scripted {

// One run: archive and recording in a folder, so that it can be killed and gone on with.
struct Scene {
    os::TempDir folder = os::TempDir::make("cupel-writer").value();
    archive::Archive archive = archive::Archive::open(folder.path() / "archive.db").value();
    model::Recording recording =
        model::Recording::open(folder.path() / "model", model::Recording::Mode::Record).value();
    model::Price price{.input = 1, .cached = 1, .written = 1, .output = 1};

    void reopen(model::Recording::Mode mode = model::Recording::Mode::Record) {
        archive = archive::Archive::open(folder.path() / "archive.db").value();
        recording = model::Recording::open(folder.path() / "model", mode).value();
    }
    std::vector<archive::Ask> asks() { return archive.asks().value(); }
};

inline ModelOptions in_turn() {
    ModelOptions options;
    options.side_by_side = 0;
    options.ideas = 0;
    options.brief = {.task = "task t\n",
                     .reference = "void kernel();\n",
                     .contract = "c\n",
                     .machine = "m\n",
                     .examples = {},
                     .rules = {}};
    return options;
}

inline Options search_of(int evaluations) {
    Options options;
    options.seconds = 0;
    options.evaluations = evaluations;
    options.patience = 1000;
    // What is asked depends on what trials cost: here nothing.
    options.clock = [] { return 0.0; };
    return options;
}

struct Outcomes {
    Outcome outcome;
    std::vector<std::string> complaints;
};

inline Outcomes search(Scene& run, Evaluator& evaluator, std::vector<Model*> models,
                       const Options& options, ModelOptions how = in_turn(), int schedules = 3) {
    std::vector<std::unique_ptr<model::RecordingClient>> clients;
    std::vector<Voice> voices;
    for (std::size_t i = 0; i < models.size(); ++i) {
        clients.push_back(
            std::make_unique<model::RecordingClient>(run.recording, "test", models[i], run.price));
        const std::string name = "m" + std::to_string(i);
        voices.push_back({"test:" + name, name, clients.back().get(), static_cast<double>(i)});
    }
    ModelWriter writer(std::move(voices), std::move(how), run.archive, run.recording);
    EXPECT_TRUE(writer.recall());
    const Schedules space(schedules);
    auto outcome = optimize(space, {evaluator, run.archive, nullptr, {&writer}}, options);
    EXPECT_TRUE(outcome.has_value());
    return {std::move(outcome).value_or(Outcome{}), writer.take_complaints()};
}

// Each kernel is a little faster than the one before.
inline Model climber() {
    return Model([](const model::Request&, int turn) {
        return fenced(worth(3 + 0.2 * turn), "climb " + std::to_string(turn));
    });
}

}  // namespace cupel::engineer::scripted
