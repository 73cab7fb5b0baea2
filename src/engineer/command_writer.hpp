// SPDX-License-Identifier: Apache-2.0
// Kernels by a program of the user's, such as a coding agent: it finds the task, the best kernel
// and what the referee said in a folder, and leaves a kernel there. What it leaves is a stranger's
// text. Each call is recorded as a question to a model is: what was answered is not asked again,
// and a recorded run is replayed without the program.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engineer/command_client.hpp"
#include "engineer/intake.hpp"
#include "engineer/population.hpp"
#include "engineer/writer.hpp"
#include "model/recording.hpp"

namespace cupel::engineer {

// Nothing is tried while it works: it works on this machine.
class CommandWriter final : public Writer {
public:
    // Archive and recording must outlive it.
    CommandWriter(CommandOptions options, archive::Archive& archive, model::Recording& recording)
        : options_(std::move(options)), archive_(archive), recording_(recording) {}

    // Goes on where an earlier part of the run stopped.
    [[nodiscard]] Result<void> recall();

    [[nodiscard]] std::vector<Lesson> learn_with(std::shared_ptr<Bandit> bandit) override;
    [[nodiscard]] std::vector<Arm> bids(const Standings& standings) override;
    [[nodiscard]] Result<void> ask(const Standings& standings, const Arm& arm) override;
    [[nodiscard]] Result<std::vector<Draft>> write(const Standings& standings, std::size_t most,
                                                   bool idle) override;
    [[nodiscard]] bool done() const override;
    [[nodiscard]] Result<void> passed_over(const Draft& draft) override;
    [[nodiscard]] Result<void> tried(const Draft& draft, const Trial& trial) override;
    [[nodiscard]] Spending spending() const override { return {0, asked_, 0}; }
    [[nodiscard]] std::vector<std::string> take_complaints();
    [[nodiscard]] const Bandit& bandit() const noexcept { return *bandit_; }

private:
    struct Call {
        model::Request request;
        std::string hash;
        std::vector<archive::KernelId> parents;
        std::vector<std::string> parent_hashes;
        bool again = false;  // an earlier part of the run made it
        double seconds = 0;
    };
    [[nodiscard]] Result<void> recall_ask(const archive::Ask& ask, const TrialLog& log);
    [[nodiscard]] Result<std::optional<Call>> reread(const model::Exchange& exchange);
    [[nodiscard]] Result<Call> think(const Standings& standings);
    // As it is shown; the call descends from it.
    [[nodiscard]] Result<std::string> show(const Standing& parent, Call& call);
    [[nodiscard]] bool may_call() const;
    [[nodiscard]] Result<void> call_program(Call call);
    [[nodiscard]] Result<void> take_in(Call call, const model::Answer& answer);
    void take_fault(const model::Fault& fault);
    [[nodiscard]] Result<Intake::Resumed> offer(const std::string& text, const Call& call);
    [[nodiscard]] Result<void> refuse(const Call& call, const std::string& why);
    [[nodiscard]] Result<void> settle(const Call& call, std::string_view source,
                                      const Trial& trial);
    [[nodiscard]] Result<void> close(const Call& call, std::string outcome, const Trial* trial);

    CommandOptions options_;
    archive::Archive& archive_;
    model::Recording& recording_;
    CommandClient client_{options_};
    Population population_{1, [this](archive::KernelId id) { return kept_in(archive_, id); }};
    std::shared_ptr<Bandit> bandit_ = std::make_shared<Bandit>();
    std::vector<Lesson> lessons_;
    Intake intake_{"command"};
    std::deque<Call> left_;                // that nobody took note of
    std::set<archive::KernelId> claimed_;  // by calls that an earlier part of the run closed
    std::string feedback_;                 // on the last kernel
    Call called_;                          // whose kernel is being tried
    std::uint64_t open_ = 0;               // ticket of that kernel; 0: none
    std::uint64_t calls_ = 0;              // the next one's number
    int asked_ = 0;
    int fruitless_ = 0;
    std::vector<std::string> complaints_;
};

}  // namespace cupel::engineer
