// SPDX-License-Identifier: Apache-2.0
// A program of the user's as somebody who is asked: the question is files in a folder, and the
// answer is the kernel that the program leaves there, as one text with what it includes of that
// folder, or in words why there is none.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "engineer/operators.hpp"
#include "model/client.hpp"

namespace cupel::engineer {

struct CommandOptions {
    std::string command;           // given to a shell; it may hold secrets, and is kept nowhere
    std::filesystem::path folder;  // each call gets a folder of its own in it
    Brief brief;
    double seconds = 600;  // for one call
    int fruitless = 5;     // calls in a row without a kernel that is right: enough
    // Runs the command in the folder; an error: it failed or ran out of time. Words for people.
    std::function<Result<void>(const std::string& command, const std::filesystem::path& folder,
                               double seconds)>
        run;
    std::function<bool()> stop;     // may be empty
    std::function<double()> clock;  // seconds; empty: the steady clock
};

// The system's text is README.md; each message is a file, whose name is its first line.
// `other`: a right kernel that works in another way than `best`; empty: there is none.
[[nodiscard]] model::Request command_request(const Brief& brief, std::string_view best,
                                             std::string_view other, std::string_view feedback);

class CommandClient final : public model::Client {
public:
    // They must outlive it.
    explicit CommandClient(const CommandOptions& options) : options_(options) {}

    // In the folder of the number `request.sample`. What the program does wrong is a reply that is
    // Declined, as it is not asked that again; a fault is what says nothing of it: the run was
    // stopped, or the folder could not be written.
    [[nodiscard]] model::Answer ask(const model::Request& request) override;

private:
    [[nodiscard]] Result<void> lay_out(const model::Request& request,
                                       const std::filesystem::path& folder) const;

    const CommandOptions& options_;
};

}  // namespace cupel::engineer
