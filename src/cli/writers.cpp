// SPDX-License-Identifier: Apache-2.0
#include "cli/writers.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "cli/workplace.hpp"
#include "engineer/command_writer.hpp"
#include "engineer/model_writer.hpp"
#include "engineer/replay_writer.hpp"
#include "os/child.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): not every libc declares it

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCalls = "command";

// The program may need what the environment holds; keys of models were taken out of it.
std::vector<std::string> this_environment() {
    std::vector<std::string> entries;
    for (char** entry = environ; *entry != nullptr; ++entry)
        entries.emplace_back(*entry);
    return entries;
}

// The first process of a namespace: when it ends, all that are in it are killed. It hands SIGTERM
// on to them, and ends as the command does.
constexpr const char* kFirst =
    R"(/bin/sh -c "$1" & main=$!
trap 'kill -TERM -1 2>/dev/null' TERM INT
while kill -0 $main 2>/dev/null; do wait $main; code=$?; done
exit $code)";

// The words that put a command into a namespace of processes of its own: whatever it starts, in
// whatever session, ends with it, and it with us. None where the system grants none.
std::vector<std::string> apart() {
    const auto setpriv = os::find_program("setpriv");
    const auto unshare = os::find_program("unshare");
    if (!setpriv || !unshare) return {};
    std::vector<std::string> words = {setpriv->string(), "--pdeathsig", "KILL", unshare->string()};
    if (geteuid() != 0) words.insert(words.end(), {"--user", "--map-current-user"});
    words.insert(words.end(), {"--pid", "--fork", "--kill-child", "--mount-proc"});
    os::Command trial;
    trial.argv = words;
    trial.argv.emplace_back("true");
    const auto tried = os::run(std::move(trial), std::chrono::seconds(5));
    const bool granted = tried && !tried->exit.by_signal && tried->exit.code == 0;
    return granted ? words : std::vector<std::string>();
}

// `timeout` ends the whole group of processes, which a program of several would outlive else. What
// `stop` ends gets SIGTERM by it, and is killed two seconds later.
Result<void> run_program(const std::string& command, const fs::path& folder, double seconds,
                         const std::function<bool()>& stop) {
    CUPEL_TRY(const fs::path timeout, os::find_program("timeout"));
    os::Command call;
    static const std::vector<std::string> kApart = apart();
    call.argv = {timeout.string(), "--kill-after=2", fmt::format("{:.0f}", std::ceil(seconds))};
    call.argv.insert(call.argv.end(), kApart.begin(), kApart.end());
    if (kApart.empty()) {
        call.argv.insert(call.argv.end(), {"/bin/sh", "-c", command});
    } else {
        call.argv.insert(call.argv.end(), {"/bin/sh", "-c", kFirst, "sh", command});
    }
    call.environment = this_environment();
    call.folder = folder.string();
    const auto patience = std::chrono::duration<double>(seconds + 5);
    const std::int64_t begin = os::now_ns();
    CUPEL_TRY(
        const os::Output output,
        os::run(std::move(call), std::chrono::duration_cast<std::chrono::nanoseconds>(patience),
                64 << 10, stop));
    static_cast<void>(os::write_file_atomically(folder / "output.txt", output.text));
    if (output.stopped) return fail(Errc::Interrupted, "it was stopped with the run");
    constexpr int kTimedOut = 124;
    constexpr int kKilled = 137;
    const bool ended = output.exit.code == kTimedOut || output.exit.code == kKilled;
    // Before that they are the program's own.
    if (output.timed_out || (ended && os::seconds_since(begin) >= std::ceil(seconds)))
        return fail(Errc::Interrupted, fmt::format("it was not done after {:.0f} s", seconds));
    if (output.exit.by_signal || output.exit.code != 0) {
        return fail(Errc::Io, fmt::format("it ended with {}; {} holds what it said",
                                          output.exit.code, (folder / "output.txt").string()));
    }
    return {};
}

}  // namespace

struct Writers::Parts {
    std::atomic<bool> over = false;
    std::function<bool()> stop;
    ModelSetup setup;
    engineer::Brief brief;
    std::unique_ptr<model::Recording> recording;
    std::unique_ptr<model::Ledger> ledger;
    std::vector<std::unique_ptr<model::LiveClient>> live;
    std::vector<std::unique_ptr<model::RecordingClient>> recorded;
    std::unique_ptr<model::Recording> replayed;
    std::unique_ptr<archive::Archive> earlier;  // of the run that is replayed
    std::unique_ptr<engineer::ReplayWriter> replay;
    std::unique_ptr<engineer::CommandWriter> command;
    std::unique_ptr<engineer::ModelWriter> models;  // last: its threads use what is above
};

namespace {

// The run is for the same, and of the same task.
Result<void> check_replay(const Options& options) {
    const RunTarget then = target_of_run(find_run(options.replay));
    RunTarget now{.name = options.target, .gpu = {}, .task = {}};
    if (!options.resume.empty()) {
        now = target_of_run(find_run(options.resume));
    } else if (!options.subject.empty()) {
        CUPEL_TRY(const task::Task task, load_task(options));
        now.task = task.name;
    }
    if (then.name != now.name) {
        return fail(Errc::Usage,
                    fmt::format("--replay {}: its kernels are for {}, and this run is for {}",
                                options.replay, then.name, now.name));
    }
    if (then.task != now.task && !now.task.empty()) {
        return fail(Errc::Usage,
                    fmt::format("--replay {}: its kernels are of {}, and this run is of {}",
                                options.replay, then.task, now.task));
    }
    return {};
}

}  // namespace

Result<ModelSetup> check_writers(const Options& options) {
    if (!options.replay.empty() && !fs::is_directory(find_run(options.replay) / kRecording)) {
        return fail(Errc::Usage, fmt::format("--replay {}: no recording is there ({}/)",
                                             options.replay, kRecording));
    }
    if (!options.replay.empty()) CUPEL_DO(check_replay(options));
    return set_up_models(options);
}

bool has_writers(const Options& options) {
    return !options.models.empty() || !options.replay.empty() || !options.proposer_command.empty();
}

Writers::~Writers() {
    if (parts_) finish();
}

void Writers::finish() {
    parts_->over = true;
}

Result<std::unique_ptr<Writers>> Writers::open(ModelSetup models, const Options& options,
                                               Place place, engineer::Brief brief,
                                               std::function<bool()> stop) {
    auto& [folder, archive] = place;
    std::unique_ptr<Writers> writers(new Writers);
    writers->parts_ = std::make_unique<Parts>();
    if (!has_writers(options)) return writers;
    Parts& parts = *writers->parts_;
    parts.setup = std::move(models);
    parts.stop = [over = &parts.over, stop = std::move(stop)] { return over->load() || stop(); };
    parts.brief = std::move(brief);
    if (!parts.setup.voices.empty() || !options.proposer_command.empty()) {
        CUPEL_TRY(
            model::Recording recording,
            model::Recording::open(folder.path() / kRecording, model::Recording::Mode::Record));
        parts.recording = std::make_unique<model::Recording>(std::move(recording));
    }
    if (!parts.setup.voices.empty()) CUPEL_DO(writers->open_models(options, folder, archive));
    if (!options.replay.empty()) CUPEL_DO(writers->open_replay(options, archive));
    if (!options.proposer_command.empty())
        CUPEL_DO(writers->open_command(options, folder, archive));
    return writers;
}

Result<void> Writers::open_models(const Options& options, const RunFolder& folder,
                                  archive::Archive& archive) {
    Parts& parts = *parts_;
    CUPEL_DO(folder.write(kPrices, parts.setup.prices));
    parts.ledger = std::make_unique<model::Ledger>(
        model::Limits{.dollars = options.budget.dollars, .tokens = options.budget.tokens},
        parts.recording->spent());
    std::vector<engineer::Voice> voices;
    for (const ModelSetup::Voice& voice : parts.setup.voices) {
        parts.live.push_back(std::make_unique<model::LiveClient>(
            *voice.account, voice.price, *parts.ledger, parts.stop, voice.traits));
        parts.recorded.push_back(std::make_unique<model::RecordingClient>(
            *parts.recording, voice.name.provider, parts.live.back().get(), voice.price));
        voices.push_back({voice.name.text(), voice.name.model, parts.recorded.back().get(),
                          voice.price.output, voice.traits.max_output});
    }
    engineer::ModelOptions how;
    how.brief = parts.brief;
    how.seed = options.seed.value_or(how.seed);
    how.least_gain = std::log1p(options.gain_per_dollar / 100);
    if (parts.setup.local) how.side_by_side = 0;
    parts.models = std::make_unique<engineer::ModelWriter>(std::move(voices), std::move(how),
                                                           archive, *parts.recording);
    return parts.models->recall();
}

Result<void> Writers::open_replay(const Options& options, archive::Archive& archive) {
    Parts& parts = *parts_;
    const fs::path run = find_run(options.replay);
    CUPEL_TRY(model::Recording recording,
              model::Recording::open(run / kRecording, model::Recording::Mode::Replay));
    parts.replayed = std::make_unique<model::Recording>(std::move(recording));
    CUPEL_TRY(archive::Archive earlier, archive::Archive::open_read_only(run / "archive.db"));
    parts.earlier = std::make_unique<archive::Archive>(std::move(earlier));
    CUPEL_TRY(parts.replay, engineer::ReplayWriter::open(*parts.replayed, *parts.earlier, archive));
    return {};
}

Result<void> Writers::open_command(const Options& options, const RunFolder& folder,
                                   archive::Archive& archive) {
    engineer::CommandOptions how;
    how.command = options.proposer_command;
    std::error_code ignored;
    how.folder = fs::absolute(folder.path() / kCalls, ignored);
    how.brief = parts_->brief;
    how.stop = parts_->stop;
    how.run = [stop = parts_->stop](const std::string& command, const fs::path& where,
                                    double seconds) {
        return run_program(command, where, seconds, stop);
    };
    parts_->command =
        std::make_unique<engineer::CommandWriter>(std::move(how), archive, *parts_->recording);
    return parts_->command->recall();
}

std::vector<engineer::Writer*> Writers::all() const {
    std::vector<engineer::Writer*> writers;
    if (parts_->replay) writers.push_back(parts_->replay.get());
    if (parts_->models) writers.push_back(parts_->models.get());
    if (parts_->command) writers.push_back(parts_->command.get());
    return writers;
}

void Writers::complain(Console& console) {
    if (const std::string note = std::exchange(parts_->setup.note, {}); !note.empty())
        console.note(note);
    if (parts_->models) {
        for (const std::string& line : parts_->models->take_complaints())
            console.note(line);
    }
    if (parts_->command) {
        for (const std::string& line : parts_->command->take_complaints())
            console.note(line);
    }
}

}  // namespace cupel::cli
