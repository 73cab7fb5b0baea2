// SPDX-License-Identifier: Apache-2.0
// Kernels by a program of the user's, such as a coding agent: it finds the task, the best kernel
// and what the referee said in a folder, and leaves a kernel there. What it leaves is a stranger's
// text.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engineer/intake.hpp"
#include "engineer/operators.hpp"
#include "engineer/writer.hpp"

namespace cupel::engineer {

struct CommandOptions {
    std::string command;           // given to a shell
    std::filesystem::path folder;  // each call gets a folder of its own in it
    Brief brief;
    double seconds = 600;  // for one call
    int fruitless = 5;     // calls in a row without a kernel that is right: enough
    // Runs the command in the folder; false: it failed or ran out of time. Words for people.
    std::function<Result<void>(const std::string& command, const std::filesystem::path& folder,
                               double seconds)>
        run;
    std::function<bool()> stop;  // may be empty
};

// Nothing is tried while it works: it works on this machine.
class CommandWriter final : public Writer {
public:
    CommandWriter(CommandOptions options, archive::Archive& archive)
        : options_(std::move(options)), archive_(archive) {}

    // Goes on where an earlier part of the run stopped.
    [[nodiscard]] Result<void> recall();

    [[nodiscard]] Result<std::vector<Draft>> write(const Standings& standings, std::size_t most,
                                                   bool idle) override;
    [[nodiscard]] bool done() const override;
    [[nodiscard]] Result<void> passed_over(const Draft& draft) override;
    [[nodiscard]] Result<void> tried(const Draft& draft, const Trial& trial) override;
    [[nodiscard]] Spending spending() const override { return {0, calls_, 0}; }
    [[nodiscard]] std::vector<std::string> take_complaints();

private:
    [[nodiscard]] std::filesystem::path folder_of(int call) const;
    [[nodiscard]] Result<void> recall_sweep(int call, archive::KernelId first);
    [[nodiscard]] std::filesystem::path mark_of(int call) const;
    [[nodiscard]] Result<std::string> call(const Standings& standings);
    void mark(const std::string& text) const;
    [[nodiscard]] Result<std::optional<std::string>> left_behind();
    [[nodiscard]] Result<void> close(std::string outcome, const Trial* trial);

    CommandOptions options_;
    archive::Archive& archive_;
    Intake intake_{"command"};
    std::string feedback_;  // on the last kernel
    std::vector<archive::KernelId> parents_;
    std::vector<std::string> parent_hashes_;
    std::uint64_t open_ = 0;  // ticket of the kernel that is being tried; 0: none
    double seconds_ = 0;      // of the last call
    int calls_ = 0;
    int fruitless_ = 0;
    std::vector<std::string> complaints_;
};

}  // namespace cupel::engineer
