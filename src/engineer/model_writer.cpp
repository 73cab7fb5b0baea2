// SPDX-License-Identifier: Apache-2.0
#include "engineer/model_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

#include "base/hash.hpp"
#include "engineer/feedback.hpp"

namespace cupel::engineer {
namespace {

constexpr auto kIdleWait = std::chrono::milliseconds(200);

// Of a kernel and what it came of, by their scores; the interval as if nothing joined the two.
std::string outcome_words(const Standing& child, double before, double half_width) {
    if (child.bounded) {
        return fmt::format("and its bound is {:.3f} of what that one's was",
                           std::exp(before - child.score));
    }
    const double gain = child.score - before;
    const double reach = std::hypot(child.half_width, half_width);
    return fmt::format("and is {:.2f}x as fast (95 % interval {:.2f} to {:.2f})", std::exp(gain),
                       std::exp(gain - reach), std::exp(gain + reach));
}

}  // namespace

struct ModelWriter::Mail {
    std::mutex mutex;
    std::condition_variable came;
    Questions answered;
    std::size_t waiting = 0;
    std::map<std::uint64_t, model::Amount> lost;  // of questions in flight, by turn

    // Of the one question to a model that works on this machine: while it only waits for time to
    // pass others are tried, and it works again where nothing is timed.
    enum class Pace { Works, Pauses, WantsToWork };
    Pace pace = Pace::Works;
    bool open = false;  // nothing is timed now

    void pauses() {
        const std::scoped_lock lock(mutex);
        pace = Pace::Pauses;
        came.notify_one();
    }

    bool may_go_on() {
        const std::scoped_lock lock(mutex);
        pace = open ? Pace::Works : Pace::WantsToWork;
        return open;
    }
};

ModelWriter::ModelWriter(std::vector<Voice> voices, ModelOptions options, archive::Archive& archive,
                         const model::Recording& recording)
    : options_(std::move(options)),
      archive_(archive),
      recording_(recording),
      population_(options_.seed, [this](archive::KernelId id) { return kept_in(archive_, id); }),
      mail_(std::make_unique<Mail>()) {
    CUPEL_CHECK(!voices.empty());
    for (Voice& voice : voices)
        voices_.push_back({std::move(voice), false, 0});
}

// The clients were told to stop by whoever ends the search; their threads are waited for.
ModelWriter::~ModelWriter() = default;

bool ModelWriter::may_ask() const {
    if (!ended_.empty()) return false;
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

// All that may be asked now: what lacks parents may not, nor a plan while ideas are left.
std::vector<Arm> ModelWriter::arms(const Standings& standings) const {
    std::vector<Arm> arms;
    const std::size_t right = standings.size();
    for (const VoiceState& state : voices_) {
        if (state.silent) continue;
        const bool plans = options_.ideas > 0 && !ideas_.any_open(state.voice.name);
        for (const Operator way : kOperators) {
            if (way == Operator::Repair || parents_of(way) > right) continue;
            if (way == Operator::Plan && !plans) continue;
            arms.push_back({std::string(operator_name(way)), state.voice.name});
        }
    }
    return arms;
}

// No kernel is faster than the machine allows, whatever an arm has brought before.
bool ModelWriter::pays(const Standings& standings) {
    if (options_.least_gain <= 0 || learned_ < options_.least_calls) return true;
    const std::vector<Arm> choice = arms(standings);
    if (choice.empty()) return true;
    Bandit::Expected next = bandit_->outlook(choice);
    const Standing* incumbent = standings.incumbent();
    if (incumbent != nullptr && incumbent->share > 0)
        next.gain = std::min(next.gain, std::max(0.0, -std::log(incumbent->share)));
    if (next.gain >= options_.least_gain * next.cost) return true;
    end("the expected gain does not pay",
        fmt::format("the next ${:.4f} promise {:.2g} %, and {:.2g} % a dollar are wanted",
                    next.cost, 100 * std::expm1(next.gain), 100 * std::expm1(options_.least_gain)));
    return false;
}

// A parent with what its own parent was changed by, as far as that is still thought right.
Result<ModelWriter::Shown> ModelWriter::show(const Standings& standings, const Standing& parent) {
    CUPEL_TRY(const auto record, archive_.kernel(parent.id));
    if (!record) return fail(Errc::Corrupt, fmt::format("the archive lacks kernel {}", parent.id));
    CUPEL_TRY(const auto verdict, archive_.latest_screen(parent.id));
    const std::string& source = record->kernel.source;
    Shown shown{.parent = {source, standing_of(verdict, parent.score, parent.half_width),
                           findings_of(verdict, source, options_.brief.threads)},
                .hash = record->hash};
    if (record->parents.empty()) return shown;
    const archive::KernelId above = record->parents.front();
    const double score = standings.score(above);
    if (!std::isfinite(score)) return shown;
    CUPEL_TRY(const auto before, archive_.kernel(above));
    if (!before || before->quarantined) return shown;
    shown.parent.more += change_text(before->kernel.source, source,
                                     outcome_words(parent, score, standings.half_width(above)));
    return shown;
}

Result<std::unique_ptr<Question>> ModelWriter::think(const Standings& standings, const Arm& arm) {
    auto question = std::make_unique<Question>();
    Note& note = question->note;
    const auto way = operator_from(arm.way);
    CUPEL_CHECK(way.has_value());
    note.way = *way;
    question->voice = arm.model;
    std::vector<Parent> shown;
    CUPEL_TRY(const std::vector<const Standing*> parents,
              population_.parents(standings, turn_, parents_of(note.way)));
    for (const Standing* parent : parents) {
        CUPEL_TRY(Shown one, show(standings, *parent));
        question->parents.push_back(parent->id);
        note.parents.push_back(std::move(one.hash));
        shown.push_back(std::move(one.parent));
    }
    if (!shown.empty()) question->base = as_shown(shown.front().source);
    std::string feedback = note.way == Operator::Translate ? last_failure_ : std::string();
    std::string idea;
    if (note.way == Operator::Plan) idea = ideas_.account(arm.model);
    if (const Idea* next = ideas_.next(arm.model); next != nullptr && note.way == Operator::Write) {
        note.idea = next->id;
        idea = next->text;
        feedback = next->trouble;
        ideas_.take(note.idea);
    }
    const Prompt prompt = write_prompt(note.way, options_.brief, shown, feedback, idea);
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
        question->request.max_tokens = state->voice.max_tokens.value_or(options_.max_tokens);
        question->request.sample = question->turn;
        question->request.note = print_note(question->note);
        const std::string provider = question->voice.substr(0, question->voice.find(':'));
        question->hash = model::request_hash(provider, question->request);
    }
    question->request.before_retry = [mail = mail_.get(),
                                      turn = question->turn](const model::Amount& lost) {
        const std::scoped_lock lock(mail->mutex);
        mail->lost[turn] = lost;
        return true;
    };
    if (options_.side_by_side == 0) {
        question->request.pauses = [mail = mail_.get()] { mail->pauses(); };
        question->request.may_go_on = [mail = mail_.get()] { return mail->may_go_on(); };
    }
    ++spending_.calls;
    const std::scoped_lock lock(mail_->mutex);
    ++mail_->waiting;
    const std::uint64_t turn = question->turn;
    asking_[turn] = std::jthread([mail = mail_.get(), owned = std::move(question)]() mutable {
        const auto begin = std::chrono::steady_clock::now();
        owned->answer = owned->client->ask(owned->request);
        // A reply says itself how long it took: it may be an old one.
        owned->seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        const std::scoped_lock inner(mail->mutex);
        mail->answered.push_back(std::move(owned));
        --mail->waiting;
        mail->pace = Mail::Pace::Works;
        mail->came.notify_one();
    });
}

ModelWriter::Questions ModelWriter::collect(bool idle) {
    std::unique_lock lock(mail_->mutex);
    const auto something = [this] { return !mail_->answered.empty(); };
    if (options_.side_by_side == 0) {
        const auto pauses = [this] { return mail_->pace == Mail::Pace::Pauses; };
        mail_->open = true;
        mail_->came.wait(lock, [&] { return something() || mail_->waiting == 0 || pauses(); });
        if (idle && pauses())
            mail_->came.wait_for(lock, kIdleWait, [&] { return something() || !pauses(); });
        mail_->open = false;
    } else if (idle && mail_->waiting > 0) {
        mail_->came.wait_for(lock, kIdleWait, something);
    }
    auto answered = std::exchange(mail_->answered, {});
    for (const auto& question : answered)
        mail_->lost.erase(question->turn);  // it is in what the answer cost
    lock.unlock();
    // Answers are taken in by their turn, not by who came first.
    std::ranges::sort(answered, {}, [](const auto& question) { return question->turn; });
    for (const auto& question : answered)
        asking_.erase(question->turn);  // the thread has nothing left to do
    return answered;
}

// Kernels that were thought right and broke a law as somebody's incumbent.
Result<void> ModelWriter::bar_found_out(const Standings& standings) {
    for (auto author = authors_.begin(); author != authors_.end();) {
        const auto& [kernel, credit] = *author;
        if (!standings.is_barred(kernel)) {
            ++author;
            continue;
        }
        CUPEL_TRY(const bool quarantined, archive_.is_quarantined(kernel));
        CUPEL_TRY(const std::vector<archive::VerdictRecord> verdicts, archive_.verdicts(kernel));
        // One that only descends from a cheat was written in good faith.
        const bool cheated = std::ranges::any_of(
            verdicts, [](const auto& record) { return breaks_laws(record.verdict.status); });
        if (quarantined) ideas_.bar(credit.idea);
        if (cheated) ideas_.distrust(credit.arm.model);
        author = authors_.erase(author);
    }
    return {};
}

// What a question shows may have been found out since it was made.
Result<bool> ModelWriter::may_send(const Question& question) {
    for (const archive::KernelId parent : question.parents) {
        CUPEL_TRY(const bool quarantined, archive_.is_quarantined(parent));
        if (quarantined) return false;
    }
    for (const std::string& hash : question.note.parents) {
        CUPEL_TRY(const auto shown, archive_.find(hash));
        if (shown && shown->quarantined) return false;
    }
    return true;
}

// An answer that is there already is read before more is asked: what is asked must not depend on
// how quickly somebody answers.
std::size_t ModelWriter::in_flight() const {
    const std::scoped_lock lock(mail_->mutex);
    return mail_->waiting + mail_->answered.size();
}

std::vector<Lesson> ModelWriter::learn_with(std::shared_ptr<Bandit> bandit) {
    bandit_ = std::move(bandit);
    return std::exchange(lessons_, {});
}

std::vector<Arm> ModelWriter::bids(const Standings& standings) {
    const bool idle = !intake_.busy() && queue_.empty() && in_flight() == 0;
    if (options_.side_by_side > 0 || !idle || !may_ask() || !pays(standings)) return {};
    return arms(standings);
}

Result<void> ModelWriter::ask(const Standings& standings, const Arm& arm) {
    CUPEL_DO(bar_found_out(standings));
    CUPEL_TRY(auto question, think(standings, arm));
    CUPEL_TRY(const bool sound, may_send(*question));
    if (sound) {
        put(std::move(question));
    } else {
        ideas_.put_back(question->note.idea);
    }
    return {};
}

// Nobody is asked for more while drafts are waiting to be tried.
Result<void> ModelWriter::ask_around(const Standings& standings) {
    const auto at_once = static_cast<std::size_t>(std::max(1, options_.side_by_side));
    CUPEL_DO(bar_found_out(standings));
    while (intake_.empty() && may_ask() && in_flight() < at_once) {
        std::unique_ptr<Question> question;
        const bool queued = !queue_.empty();
        if (queued) {
            question = std::move(queue_.front());
            queue_.erase(queue_.begin());
        } else if (options_.side_by_side > 0 && pays(standings)) {
            // Elsewhere: this takes no trial's place, so models compete among themselves.
            const std::vector<Arm> choice = arms(standings);
            if (choice.empty()) break;
            CUPEL_TRY(question, think(standings, choice[bandit_->choose(choice)]));
        }
        if (!question) break;
        CUPEL_TRY(const bool sound, may_send(*question));
        const std::string& text = question->request.messages.front().text;
        if (!sound || (queued && !ideas_.may_tell(text, question->voice))) {
            if (question->note.way == Operator::Write) ideas_.put_back(question->note.idea);
            if (queued) continue;
            break;
        }
        put(std::move(question));
    }
    return {};
}

Result<std::vector<Draft>> ModelWriter::write(const Standings& standings, std::size_t most,
                                              bool idle) {
    const Standing* incumbent = standings.incumbent();
    best_ = incumbent != nullptr ? std::optional(incumbent->score) : std::nullopt;
    CUPEL_DO(ask_around(standings));
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

Spending ModelWriter::spending() const {
    Spending spending = spending_;
    spending.ended = ended_.empty() && !may_ask() ? "no model answers" : ended_;
    const std::scoped_lock lock(mail_->mutex);
    spending.waiting = static_cast<int>(mail_->waiting);
    for (const auto& [turn, lost] : mail_->lost) {
        spending.dollars += lost.dollars;
        spending.tokens += lost.tokens;
    }
    return spending;
}

std::vector<std::string> ModelWriter::take_complaints() {
    return std::exchange(complaints_, {});
}

}  // namespace cupel::engineer
