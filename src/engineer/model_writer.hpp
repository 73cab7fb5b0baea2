// SPDX-License-Identifier: Apache-2.0
// Kernels by language models. While schedules are tried, models are asked: which model, by which
// operator, a bandit decides by what each has earned for its cost. Every question and answer is
// recorded before it is used, and what was asked before a run was killed is taken up again.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engineer/bandit.hpp"
#include "engineer/ideas.hpp"
#include "engineer/intake.hpp"
#include "engineer/operators.hpp"
#include "engineer/population.hpp"
#include "engineer/question.hpp"
#include "engineer/writer.hpp"
#include "model/client.hpp"
#include "model/recording.hpp"

namespace cupel::engineer {

// One model that may be asked.
struct Voice {
    std::string name;   // "openai:..."
    std::string model;  // as the provider knows it
    model::Client* client = nullptr;
    double price = 0;                    // of output, to find the cheapest for repairs
    std::optional<int> max_tokens = {};  // of a reply
};

struct ModelOptions {
    Brief brief;
    std::uint64_t seed = 1;
    int max_tokens = 16'384;
    // Questions at once. 0: one at a time, and nothing is tried meanwhile, as the model works on
    // this machine and would be in the way of every clock.
    int side_by_side = 2;
    int repairs = 2;     // attempts to mend one kernel
    int fruitless = 24;  // questions in a row without a kernel that is right: enough
    double second_costs = kSecondCosts;
    std::size_t ideas = 3;  // that a plan is asked for; 0: nobody is asked to plan
    // Log of the speedup that the next dollar must promise; 0: whatever it promises.
    double least_gain = 0;
    int least_calls = 10;  // before that is asked
};

class ModelWriter final : public Writer {
public:
    // All must outlive it. `recording` is where the voices' clients keep what they are told.
    ModelWriter(std::vector<Voice> voices, ModelOptions options, archive::Archive& archive,
                const model::Recording& recording);
    ~ModelWriter() override;
    ModelWriter(const ModelWriter&) = delete;
    ModelWriter& operator=(const ModelWriter&) = delete;
    ModelWriter(ModelWriter&&) = delete;
    ModelWriter& operator=(ModelWriter&&) = delete;

    // Reads what the archive and the recording know of an earlier part of the run.
    [[nodiscard]] Result<void> recall();

    [[nodiscard]] std::vector<Lesson> learn_with(std::shared_ptr<Bandit> bandit) override;
    [[nodiscard]] std::vector<Arm> bids(const Standings& standings) override;
    [[nodiscard]] Result<void> ask(const Standings& standings, const Arm& arm) override;
    [[nodiscard]] Result<std::vector<Draft>> write(const Standings& standings, std::size_t most,
                                                   bool idle) override;
    [[nodiscard]] bool done() const override;
    [[nodiscard]] Result<void> passed_over(const Draft& draft) override;
    [[nodiscard]] Result<void> tried(const Draft& draft, const Trial& trial) override;
    [[nodiscard]] Spending spending() const override;

    // Why models fell silent, for people; each line once.
    [[nodiscard]] std::vector<std::string> take_complaints();
    [[nodiscard]] const Bandit& bandit() const noexcept { return *bandit_; }
    [[nodiscard]] const Ideas& ideas() const noexcept { return ideas_; }

private:
    struct Mail;  // answers that came in, from other threads
    struct VoiceState {
        Voice voice;
        bool silent = false;
        int failures = 0;  // in a row
    };
    // Whom the gain of a sweep belongs to.
    struct Credit {
        Arm arm;
        std::string idea;
    };
    using Questions = std::vector<std::unique_ptr<Question>>;

    // An earlier part of the run (model_recall.cpp).
    [[nodiscard]] Result<void> recall_ask(const archive::Ask& ask, const model::Exchange* exchange,
                                          const TrialLog& log);
    void recall_gains(const TrialLog& log);
    [[nodiscard]] Result<void> recall_fate(const archive::Ask& ask, const Note& note);
    [[nodiscard]] Result<void> recall_sweep(const archive::Ask& ask,
                                            const model::Exchange& exchange);
    [[nodiscard]] Result<std::unique_ptr<Question>> reread(const model::Exchange& exchange);

    // Asking (model_writer.cpp).
    [[nodiscard]] std::vector<Arm> arms(const Standings& standings) const;
    [[nodiscard]] Result<std::unique_ptr<Question>> think(const Standings& standings,
                                                          const Arm& arm);
    struct Shown {
        Parent parent;
        std::string hash;  // of its source
    };
    [[nodiscard]] Result<Shown> show(const Standings& standings, const Standing& parent);
    [[nodiscard]] bool pays(const Standings& standings);
    [[nodiscard]] Result<void> ask_around(const Standings& standings);
    [[nodiscard]] Result<void> bar_found_out(const Standings& standings);
    [[nodiscard]] Result<bool> may_send(const Question& question);
    void put(std::unique_ptr<Question> question);
    [[nodiscard]] bool may_ask() const;
    [[nodiscard]] std::size_t in_flight() const;
    [[nodiscard]] std::size_t cheapest() const;
    [[nodiscard]] VoiceState* state_of(const std::string& name);
    [[nodiscard]] Questions collect(bool idle);

    // Answers, and what became of them (model_answers.cpp).
    [[nodiscard]] Result<void> take_in(Question question, const model::Answer& answer);
    [[nodiscard]] Result<void> take_text(Question question, const model::Reply& reply);
    [[nodiscard]] Result<void> take_plan(Question question, const model::Reply& reply);
    [[nodiscard]] Result<bool> tried_before(const Question& question,
                                            const std::string& source) const;
    [[nodiscard]] Result<Intake::Resumed> offer(const std::string& source,
                                                const Question& question);
    [[nodiscard]] Result<void> refuse(const Question& question, std::string why);
    [[nodiscard]] Result<void> settle(const Question& question, const std::string& source,
                                      const Trial& trial);
    void pay(Question& question, const model::Amount& amount);
    void take_fault(const Question& question, const model::Fault& fault);
    void learn(const Question& question, double gain, double seconds = 0);
    void credit(const Credit& to, const Trial& trial);
    void shame(const Credit& of);
    void credit_idea(const Credit& to, double gain);
    void forget_closed();
    void end(std::string why, std::string_view more);
    void repair(const Question& broken, const std::string& source, const Trial& trial);
    [[nodiscard]] Result<void> close(const Question& question, std::string outcome,
                                     const Trial* trial);

    std::vector<VoiceState> voices_;
    ModelOptions options_;
    archive::Archive& archive_;
    const model::Recording& recording_;
    Intake intake_{"model"};
    Population population_;
    std::shared_ptr<Bandit> bandit_ = std::make_shared<Bandit>();
    std::vector<Lesson> lessons_;
    int learned_ = 0;  // questions that the bandit learned of
    Ideas ideas_;
    std::map<archive::KernelId, Credit> claimed_;  // by asks that an earlier part of the run closed
    Questions queue_;                              // to be asked before any new ones
    std::map<std::uint64_t, std::unique_ptr<Question>> open_;  // by ticket: being tried
    std::map<archive::KernelId, Credit> authors_;              // of first kernels that were right
    std::map<std::uint64_t, Credit> credits_;                  // by first ticket, of open sweeps
    std::string last_failure_;  // of a whole kernel, in the referee's words
    std::vector<std::string> complaints_;
    std::uint64_t turn_ = 0;
    int fruitless_ = 0;
    std::string ended_;  // why nobody is asked any more
    Spending spending_;
    std::optional<double> best_;  // the incumbent's score when something was last written
    std::unique_ptr<Mail> mail_;
    std::map<std::uint64_t, std::jthread> asking_;  // by turn
};

}  // namespace cupel::engineer
