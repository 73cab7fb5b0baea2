// SPDX-License-Identifier: Apache-2.0
#include "engineer/model_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>
#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "engineer/feedback.hpp"
#include "engineer/reply.hpp"

namespace cupel::engineer {
namespace {

using archive::KernelId;

constexpr auto kIdleWait = std::chrono::milliseconds(200);
constexpr int kFailuresUntilSilence = 3;

// What stands in the note of a recorded question: all that is needed to read its answer later.
std::string note_of(Operator way, int repairs, const std::vector<std::string>& parents) {
    return fmt::format("{} {} {}", operator_name(way), repairs, join(parents, " "));
}

std::string standing_text(const Standing& standing) {
    std::string text = fmt::format("{:.2f}x over naive", std::exp(standing.score));
    if (standing.ceiling) {
        text +=
            fmt::format("; {:.0f} % of {}", 100 * standing.ceiling->share, standing.ceiling->name);
    }
    return text;
}

std::string reason_of(const model::Fault& fault) {
    return fmt::format("{}: {}", model::fault_name(fault.kind), fault.text);
}

}  // namespace

struct ModelWriter::Question {
    std::uint64_t turn = 0;
    Operator way = Operator::Translate;
    int repairs = 0;  // how often its kernel was mended before
    std::string voice;
    model::Client* client = nullptr;
    model::Request request;
    std::string hash;
    std::vector<KernelId> parents;           // right ones: for the lineage
    std::vector<std::string> parent_hashes;  // all that it was shown
    std::string base;                        // what edits are of
    std::string idea;
    std::string source;  // of the kernel that came of it
    double dollars = 0;
    double seconds = 0;
    model::Usage usage;
    model::Answer answer = std::unexpected(model::Fault{});

    [[nodiscard]] Arm arm() const { return {std::string(operator_name(way)), voice}; }
};

struct ModelWriter::Mail {
    std::mutex mutex;
    std::condition_variable came;
    std::vector<std::unique_ptr<Question>> answered;
    std::size_t waiting = 0;
};

ModelWriter::ModelWriter(std::vector<Voice> voices, ModelOptions options, archive::Archive& archive,
                         const model::Recording& recording)
    : options_(std::move(options)),
      archive_(archive),
      recording_(recording),
      population_(options_.seed),
      mail_(std::make_unique<Mail>()) {
    CUPEL_CHECK(!voices.empty());
    for (Voice& voice : voices)
        voices_.push_back({std::move(voice), false, 0});
}

// The clients were told to stop by whoever ends the search; their threads are waited for.
ModelWriter::~ModelWriter() = default;

// ---- an earlier part of the run ----

Result<void> ModelWriter::recall() {
    CUPEL_TRY(const std::vector<archive::Ask> asks, archive_.asks());
    std::set<std::string> closed;
    for (const archive::Ask& ask : asks) {
        closed.insert(ask.hash);
        bandit_.learn({ask.way, ask.author}, ask.gain,
                      ask.dollars + ask.seconds * options_.second_costs);
        spending_.dollars += ask.dollars;
        ++spending_.calls;
    }
    CUPEL_TRY(const std::vector<archive::KernelRecord> kernels, archive_.kernels());
    for (const archive::KernelRecord& kernel : kernels)
        population_.add(kernel.id, kernel.parents);
    turn_ = asks.size();
    // A recording that is only served is asked from the beginning, in the order of then.
    if (recording_.mode() == model::Recording::Mode::Replay) return {};
    CUPEL_TRY(const std::vector<model::Exchange> exchanges, recording_.exchanges());
    for (const model::Exchange& exchange : exchanges) {
        turn_ = std::max(turn_, exchange.request.sample + 1);
        if (closed.contains(exchange.hash)) continue;
        CUPEL_TRY(auto question, reread(exchange));
        if (question) queue_.push_back(std::move(question));
    }
    return {};
}

// None where its model is not asked any more, or its note says nothing.
Result<std::unique_ptr<ModelWriter::Question>> ModelWriter::reread(
    const model::Exchange& exchange) {
    const std::vector<std::string> words = split(exchange.request.note, ' ');
    const auto way = operator_from(words.front());
    const VoiceState* state = state_of(exchange.provider + ":" + exchange.request.model);
    if (!way || words.size() < 2 || state == nullptr) return nullptr;
    auto question = std::make_unique<Question>();
    question->turn = exchange.request.sample;
    question->way = *way;
    question->repairs = words[1].empty() ? 0 : words[1].front() - '0';
    question->voice = state->voice.name;
    question->client = state->voice.client;
    question->request = exchange.request;
    question->hash = exchange.hash;
    for (std::size_t i = 2; i < words.size() && !words[i].empty(); ++i) {
        CUPEL_TRY(const auto parent, archive_.find(words[i]));
        if (!parent || parent->quarantined) return nullptr;
        question->parent_hashes.push_back(words[i]);
        if (*way != Operator::Repair) question->parents.push_back(parent->id);
        if (question->base.empty()) question->base = as_shown(parent->kernel.source);
    }
    return question;
}

// ---- asking ----

bool ModelWriter::may_ask() const {
    if (broke_ || fruitless_ >= options_.fruitless) return false;
    return std::ranges::any_of(voices_, [](const VoiceState& state) { return !state.silent; });
}

bool ModelWriter::done() const {
    const std::scoped_lock lock(mail_->mutex);
    return mail_->waiting == 0 && mail_->answered.empty() && intake_.empty() && open_.empty() &&
           !may_ask();
}

std::size_t ModelWriter::cheapest() const {
    std::size_t best = voices_.size();
    for (std::size_t i = 0; i < voices_.size(); ++i) {
        if (voices_[i].silent) continue;
        if (best == voices_.size() || voices_[i].voice.price < voices_[best].voice.price) best = i;
    }
    return best;
}

ModelWriter::VoiceState* ModelWriter::state_of(const std::string& name) {
    const auto found =
        std::ranges::find(voices_, name, [](const VoiceState& state) { return state.voice.name; });
    return found == voices_.end() ? nullptr : &*found;
}

std::unique_ptr<ModelWriter::Question> ModelWriter::think(const Standings& standings) {
    std::vector<Arm> arms;
    const std::size_t right = population_.parents(standings, turn_, 2).size();
    for (const VoiceState& state : voices_) {
        if (state.silent) continue;
        for (const Operator way : kOperators) {
            const bool chosen = way != Operator::Repair && parents_of(way) <= right;
            if (chosen) arms.push_back({std::string(operator_name(way)), state.voice.name});
        }
    }
    if (arms.empty()) return nullptr;
    const Arm& arm = arms[bandit_.choose(arms)];
    auto question = std::make_unique<Question>();
    question->way = *operator_from(arm.way);
    question->voice = arm.model;
    std::vector<Parent> shown;
    for (const Standing* parent :
         population_.parents(standings, turn_, parents_of(question->way))) {
        question->parents.push_back(parent->id);
        question->parent_hashes.push_back(hash_hex(parent->kernel.source));
        shown.push_back({parent->kernel.source, standing_text(*parent)});
    }
    if (!shown.empty()) question->base = as_shown(shown.front().source);
    const bool from_nothing = question->way == Operator::Translate;
    const Prompt prompt = write_prompt(question->way, options_.brief, shown,
                                       from_nothing ? last_failure_ : std::string());
    question->request.system = prompt.system;
    question->request.messages = {{model::Role::User, prompt.user}};
    return question;
}

void ModelWriter::put(std::unique_ptr<Question> question) {
    if (question->client == nullptr) {
        const VoiceState* state = state_of(question->voice);
        question->client = state->voice.client;
        question->turn = turn_++;
        question->request.model = state->voice.model;
        question->request.max_tokens = options_.max_tokens;
        question->request.sample = question->turn;
        question->request.note = note_of(question->way, question->repairs, question->parent_hashes);
        const std::string provider = question->voice.substr(0, question->voice.find(':'));
        question->hash = model::request_hash(provider, question->request);
    }
    ++spending_.calls;
    const std::scoped_lock lock(mail_->mutex);
    ++mail_->waiting;
    const std::uint64_t turn = question->turn;
    asking_[turn] = std::jthread([mail = mail_.get(), owned = std::move(question)]() mutable {
        owned->answer = owned->client->ask(owned->request);
        const std::scoped_lock inner(mail->mutex);
        mail->answered.push_back(std::move(owned));
        --mail->waiting;
        mail->came.notify_one();
    });
}

std::vector<std::unique_ptr<ModelWriter::Question>> ModelWriter::collect(bool idle) {
    std::unique_lock lock(mail_->mutex);
    const auto something = [this] { return !mail_->answered.empty(); };
    if (options_.side_by_side == 0) {
        mail_->came.wait(lock, [&] { return something() || mail_->waiting == 0; });
    } else if (idle && mail_->waiting > 0) {
        mail_->came.wait_for(lock, kIdleWait, something);
    }
    auto answered = std::exchange(mail_->answered, {});
    lock.unlock();
    // Answers are taken in by their turn, not by who came first.
    std::ranges::sort(answered, {}, [](const auto& question) { return question->turn; });
    for (const auto& question : answered)
        asking_.erase(question->turn);  // the thread has nothing left to do
    return answered;
}

Result<std::vector<Draft>> ModelWriter::write(const Standings& standings, std::size_t most,
                                              bool idle) {
    const Standing* incumbent = standings.incumbent();
    best_ = incumbent != nullptr ? incumbent->score : 0;
    const auto at_once = static_cast<std::size_t>(std::max(1, options_.side_by_side));
    const auto waiting = [this] {
        const std::scoped_lock lock(mail_->mutex);
        return mail_->waiting;
    };
    // Nobody is asked for more while drafts are waiting to be tried.
    while (intake_.empty() && may_ask() && waiting() < at_once) {
        std::unique_ptr<Question> question;
        if (!queue_.empty()) {
            question = std::move(queue_.front());
            queue_.erase(queue_.begin());
        } else {
            question = think(standings);
        }
        if (!question) break;
        put(std::move(question));
    }
    for (auto& question : collect(idle && intake_.empty())) {
        const model::Answer answer = std::move(question->answer);
        CUPEL_DO(take_in(std::move(*question), answer));
    }
    std::vector<Draft> drafts;
    while (drafts.size() < most) {
        auto draft = intake_.next();
        if (!draft) break;
        drafts.push_back(std::move(*draft));
    }
    return drafts;
}

// ---- answers ----

Result<void> ModelWriter::take_in(Question question, const model::Answer& answer) {
    if (answer) return take_text(std::move(question), *answer);
    take_fault(question, answer.error());
    // One that was only stopped is asked again when the run goes on.
    if (answer.error().kind == model::FaultKind::Stopped) return {};
    bandit_.learn(question.arm(), 0, options_.second_costs);
    return close(question, reason_of(answer.error()), nullptr);
}

void ModelWriter::take_fault(const Question& question, const model::Fault& fault) {
    VoiceState* state = state_of(question.voice);
    using model::FaultKind;
    const auto fall_silent = [&](std::string_view why) {
        if (!state->silent)
            complaints_.push_back(fmt::format("{} {}: {}", question.voice, why, fault.text));
        state->silent = true;
    };
    switch (fault.kind) {
        case FaultKind::Stopped:
            broke_ = true;
            return;
        case FaultKind::Budget:
            if (!broke_) complaints_.push_back("models are asked no more: " + fault.text);
            broke_ = true;
            return;
        case FaultKind::Refused:
        case FaultKind::SpendCap:
        case FaultKind::NotRecorded:
        case FaultKind::Storage:
            return fall_silent("is not asked again");
        case FaultKind::Transient:
        case FaultKind::Nonsense:
        case FaultKind::TooLarge:
            break;
    }
    ++fruitless_;
    if (++state->failures >= kFailuresUntilSilence)
        fall_silent(fmt::format("failed {} times in a row", state->failures));
}

Result<void> ModelWriter::take_text(Question question, const model::Reply& reply) {
    question.dollars = reply.dollars;
    question.seconds = reply.seconds;
    question.usage = reply.usage.value_or(model::Usage{});
    spending_.dollars += reply.dollars;
    state_of(question.voice)->failures = 0;
    question.idea = read_idea(reply.text);
    const auto refuse = [&](std::string why) {
        ++fruitless_;
        if (reply.ending == model::Ending::Cut)
            why += fmt::format(" (it was cut at {} tokens)", question.request.max_tokens);
        bandit_.learn(question.arm(), 0,
                      question.dollars + question.seconds * options_.second_costs);
        return close(question, "no kernel: " + why, nullptr);
    };
    auto source = read_reply(question.way, reply.text, question.base);
    if (!source) return refuse(source.error().text);
    const auto ticket = intake_.offer(*source, question.parents, operator_name(question.way));
    if (!ticket) return refuse(ticket.error().text);
    question.source = std::move(*source);
    open_[*ticket] = std::make_unique<Question>(std::move(question));
    return {};
}

Result<void> ModelWriter::close(const Question& question, std::string outcome, const Trial* trial) {
    archive::Ask ask;
    ask.hash = question.hash;
    ask.author = question.voice;
    ask.way = operator_name(question.way);
    ask.parents = question.parent_hashes;
    if (trial != nullptr) {
        ask.kernel = trial->kernel;
        ask.gain = trial->gain;
    }
    ask.outcome = std::move(outcome);
    ask.idea = question.idea;
    ask.dollars = question.dollars;
    ask.seconds = question.seconds;
    ask.input = question.usage.input;
    ask.output = question.usage.output;
    return archive_.record_ask(ask);
}

// ---- what became of drafts ----

Result<void> ModelWriter::passed_over(const Draft& draft) {
    const auto found = open_.find(draft.ticket);
    if (found == open_.end()) return {};  // a setting of a sweep
    const std::unique_ptr<Question> question = std::move(found->second);
    open_.erase(found);
    ++fruitless_;
    bandit_.learn(question->arm(), 0,
                  question->dollars + question->seconds * options_.second_costs);
    // One that was tried just before the run was killed is its own.
    CUPEL_TRY(const auto known, archive_.find(hash_hex(draft.kernel.source)));
    Trial trial;
    trial.kernel = known ? known->id : 0;
    return close(*question, "known", known ? &trial : nullptr);
}

Result<void> ModelWriter::tried(const Draft& draft, const Trial& trial) {
    population_.add(trial.kernel, draft.parents);
    const bool right = verdict::is_right(trial.verdict.status);
    const std::uint64_t first = intake_.tried(draft, trial, std::max(best_, trial.score));
    const auto found = open_.find(draft.ticket);
    if (found == open_.end()) {
        // What a sweep gains, its author has earned.
        if (const auto arm = arms_.find(first); arm != arms_.end() && trial.gain > 0)
            bandit_.reward(arm->second, trial.gain);
        return {};
    }
    const std::unique_ptr<Question> question = std::move(found->second);
    open_.erase(found);
    fruitless_ = right ? 0 : fruitless_ + 1;
    arms_[first] = question->arm();
    bandit_.learn(question->arm(), trial.gain,
                  question->dollars + question->seconds * options_.second_costs);
    if (!right) {
        repair(*question, draft.kernel.source, trial);
        if (question->way == Operator::Translate) last_failure_ = feedback_of(trial.verdict);
    } else if (question->way == Operator::Translate) {
        last_failure_.clear();
    }
    return close(*question, std::string(verdict::status_name(trial.verdict.status)), &trial);
}

// What does not compile goes back to be mended, a few times, by the cheapest. What ran and was
// wrong is never shown to anybody again.
void ModelWriter::repair(const Question& broken, const std::string& source, const Trial& trial) {
    if (broken.repairs >= options_.repairs || !is_mendable(trial.verdict)) return;
    const std::size_t voice = cheapest();
    if (voice == voices_.size()) return;
    auto question = std::make_unique<Question>();
    question->way = Operator::Repair;
    question->repairs = broken.repairs + 1;
    question->voice = voices_[voice].voice.name;
    question->parents = broken.parents;
    question->parent_hashes = {hash_hex(source)};
    question->base = as_shown(source);
    const Prompt prompt =
        write_prompt(Operator::Repair, options_.brief, {{source, ""}}, feedback_of(trial.verdict));
    question->request.system = prompt.system;
    question->request.messages = {{model::Role::User, prompt.user}};
    queue_.push_back(std::move(question));
}

Spending ModelWriter::spending() const {
    Spending spending = spending_;
    const std::scoped_lock lock(mail_->mutex);
    spending.waiting = static_cast<int>(mail_->waiting);
    return spending;
}

std::vector<std::string> ModelWriter::take_complaints() {
    return std::exchange(complaints_, {});
}

}  // namespace cupel::engineer
