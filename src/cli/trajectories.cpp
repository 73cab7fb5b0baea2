// SPDX-License-Identifier: Apache-2.0
// show RUN --trajectories: what was asked, what was answered, and what came of it, one JSON
// document a line, for whoever trains on it.
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "archive/archive.hpp"
#include "cli/show_run.hpp"
#include "engineer/ideas.hpp"
#include "engineer/note.hpp"
#include "model/recording.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kMostIdeas = 16;  // of one plan

json trials_json(const std::vector<archive::VerdictRecord>& verdicts) {
    json trials = json::array();
    for (const archive::VerdictRecord& record : verdicts) {
        json verdict = verdict::to_json(record.verdict);
        verdict.erase("samples");
        json trial = {{"trial", archive::trial_name(record.trial)},
                      {"verdict", std::move(verdict)},
                      {"log_speedup", nullptr}};
        // What was not timed has a bound in its verdict, and no speedup.
        const bool timed = !record.verdict.bound;
        if (timed && record.score && std::isfinite(*record.score))
            trial["log_speedup"] = *record.score;
        trials.push_back(std::move(trial));
    }
    return trials;
}

json kernel_json(const archive::KernelRecord& kernel) {
    return {{"id", kernel.id},
            {"hash", kernel.hash},
            {"origin", kernel.kernel.origin},
            {"phase", kernel.phase},
            {"parents", kernel.parents},
            {"quarantined", kernel.quarantined},
            {"schedule", kernel.kernel.schedule},
            {"source", kernel.kernel.source}};
}

using Exchanges = std::map<std::string, model::Exchange>;  // by hash

// The idea that a kernel carries out: the id that its question notes, and the words of whoever had
// it.
json idea_json(const std::string& id, const Exchanges& exchanges) {
    if (id.empty()) return nullptr;
    json document = {{"id", id}, {"question", nullptr}, {"text", nullptr}};
    const std::size_t dot = std::min(id.size(), id.find('.'));
    const auto plan = exchanges.lower_bound(id.substr(0, dot));
    if (plan == exchanges.end() || !plan->first.starts_with(id.substr(0, dot))) return document;
    document["question"] = plan->first;
    if (!plan->second.answer) return document;
    const std::vector<std::string> ideas =
        engineer::read_ideas(plan->second.answer->text, kMostIdeas);
    std::size_t place = 0;
    std::from_chars(id.data() + std::min(id.size(), dot + 1), id.data() + id.size(), place);
    if (place >= 1 && place <= ideas.size()) document["text"] = ideas[place - 1];
    return document;
}

// Of tokens; null: nobody said.
json count_json(std::optional<std::int64_t> count) {
    return count ? json(*count) : json();
}

json ask_json(const archive::Ask& ask, const Exchanges& exchanges) {
    const auto found = exchanges.find(ask.hash);
    const model::Exchange* exchange = found == exchanges.end() ? nullptr : &found->second;
    json document = {{"author", ask.author},   {"operator", ask.way}, {"idea", ask.idea},
                     {"outcome", ask.outcome}, {"gain", ask.gain},    {"dollars", ask.dollars},
                     {"seconds", ask.seconds}, {"input", ask.input},  {"output", ask.output},
                     {"question", ask.hash},   {"prompt", nullptr},   {"reply", nullptr},
                     {"carries_out", nullptr}};
    document["cached"] = count_json(ask.cached);
    document["written"] = count_json(ask.written);
    document["reasoning"] = count_json(ask.reasoning);
    if (exchange == nullptr) return document;
    if (const auto note = engineer::read_note(exchange->request.note))
        document["carries_out"] = idea_json(note->idea, exchanges);
    json messages = json::array({{{"role", "system"}, {"text", exchange->request.system}}});
    for (const model::Message& message : exchange->request.messages) {
        messages.push_back({{"role", message.role == model::Role::User ? "user" : "assistant"},
                            {"text", message.text}});
    }
    document["prompt"] = std::move(messages);
    if (exchange->answer) document["reply"] = exchange->answer->text;
    return document;
}

}  // namespace

Result<int> show_trajectories(const fs::path& folder, Console& console) {
    CUPEL_TRY(archive::Archive archive, archive::Archive::open_read_only(folder / "archive.db"));
    Exchanges exchanges;
    if (auto recording = model::Recording::open(folder / "model", model::Recording::Mode::Replay)) {
        CUPEL_TRY(std::vector<model::Exchange> all, recording->exchanges());
        for (model::Exchange& exchange : all)
            exchanges[exchange.hash] = std::move(exchange);
    } else if (recording.error().code != Errc::NotFound) {
        return std::unexpected(std::move(recording).error());
    }
    std::map<archive::KernelId, archive::Ask> asked;
    std::vector<archive::Ask> fruitless;
    CUPEL_TRY(std::vector<archive::Ask> asks, archive.asks());
    for (archive::Ask& ask : asks) {
        if (ask.kernel && !asked.contains(*ask.kernel)) {
            asked[*ask.kernel] = std::move(ask);
        } else {
            fruitless.push_back(std::move(ask));
        }
    }
    std::string lines;
    const auto add = [&](const json& line) {
        // Nothing but ASCII, which is printed as it stands.
        lines += line.dump(-1, ' ', true, json::error_handler_t::replace) + "\n";
    };
    CUPEL_TRY(const std::vector<archive::KernelRecord> kernels, archive.kernels());
    for (const archive::KernelRecord& kernel : kernels) {
        CUPEL_TRY(const auto verdicts, archive.verdicts(kernel.id));
        const auto ask = asked.find(kernel.id);
        add({{"kernel", kernel_json(kernel)},
             {"trials", trials_json(verdicts)},
             {"ask", ask == asked.end() ? json() : ask_json(ask->second, exchanges)}});
    }
    for (const archive::Ask& ask : fruitless) {
        add({{"kernel", nullptr}, {"trials", json::array()}, {"ask", ask_json(ask, exchanges)}});
    }
    console.print(lines);
    return 0;
}

}  // namespace cupel::cli
