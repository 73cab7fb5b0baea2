// SPDX-License-Identifier: Apache-2.0
#include "cli/complete.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/attack.hpp"
#include "cli/command_line.hpp"
#include "cli/workplace.hpp"
#include "model/provider.hpp"

namespace cupel::cli {
namespace {

using Paths = Candidates::Paths;

Candidates of_words(std::vector<std::string> words, Paths paths = Paths::None) {
    Candidates candidates;
    candidates.paths = paths;
    for (std::string& word : words)
        candidates.words.push_back({std::move(word), ""});
    return candidates;
}

Candidates of_commands() {
    Candidates candidates;
    for (const CommandInfo& command : commands())
        candidates.words.push_back({command.name, command.summary});
    return candidates;
}

Candidates of_options(const CommandInfo& command) {
    Candidates candidates;
    for (const OptionInfo& option : command.options)
        candidates.words.push_back({option.name, option.summary});
    return candidates;
}

std::vector<std::string> attack_names() {
    std::vector<std::string> names;
    for (const std::string& folder : search_folders("attacks")) {
        const auto exhibits = read_exhibits(folder, ".cpp");
        if (!exhibits) continue;
        for (const Exhibit& exhibit : *exhibits)
            names.push_back(exhibit.name);
        return names;
    }
    return names;
}

// "openai:", to which a name is added.
Candidates of_providers() {
    std::vector<std::string> names = model::provider_names();
    for (std::string& name : names)
        name += ':';
    return of_words(std::move(names));
}

// "N=" for each size of the task that the line names.
std::vector<std::string> size_names(const std::string& task_name) {
    std::vector<std::string> names;
    const auto task = task::load(task_name, search_folders("tasks"), {});
    if (!task) return names;
    for (const task::Size& size : task->sizes)
        if (!size.derived) names.push_back(size.name + "=");
    return names;
}

// The line before the word under the cursor, taken apart.
struct Line {
    const CommandInfo* command = nullptr;
    std::vector<std::string> positionals;
    std::string open_option;  // its value is being typed
};

Line read_line(std::span<const std::string> words, const CommandInfo& command) {
    Line line;
    line.command = &command;
    for (const std::string& word : words) {
        if (!line.open_option.empty()) {
            line.open_option.clear();
        } else if (word.starts_with('-')) {
            const auto known = std::ranges::find(command.options, word, &OptionInfo::name);
            if (known != command.options.end() && known->takes_value) line.open_option = word;
        } else {
            line.positionals.push_back(word);
        }
    }
    return line;
}

Candidates values_of(const Line& line) {
    const std::string& option = line.open_option;
    if (option == "--target") return of_words({"cpu", "cuda", "emu"});
    if (option == "--budget") return of_words({"30s", "5m", "200evals"});
    if (option == "--run") return of_words({}, Paths::Folders);
    if (option == "--resume") return of_words(run_names(), Paths::Folders);
    if (option == "--replay") return of_words(run_names(), Paths::Folders);
    if (option == "--prices") return of_words({"free"}, Paths::Files);
    if (option == "--model") return of_providers();
    if (option == "--only") return of_words(attack_names());
    if (option == "--set" && !line.positionals.empty())
        return of_words(size_names(line.positionals.front()));
    return {};
}

Candidates arguments_of(const Line& line) {
    const std::string& command = line.command->name;
    const std::size_t place = line.positionals.size();
    if (place == 1 && command == "judge") return of_words({}, Paths::Files);
    if (place > 0) return {};
    if (command == "completion") return of_words({"bash", "zsh", "fish"});
    if (command == "verify") return of_words(run_names(), Paths::Files);
    if (command == "doctor" || command == "mcp" || command == "redteam" || command == "version")
        return {};
    std::vector<std::string> words = task::list(search_folders("tasks"));
    if (command == "show") std::ranges::copy(run_names(), std::back_inserter(words));
    return of_words(std::move(words), Paths::Files);
}

}  // namespace

Candidates complete(std::span<const std::string> words) {
    if (words.size() <= 1) return of_commands();
    const std::vector<CommandInfo> all = commands();
    const auto command = std::ranges::find(all, words.front(), &CommandInfo::name);
    if (command == all.end()) return words.front() == "help" ? of_commands() : Candidates{};
    const Line line = read_line(words.subspan(1, words.size() - 2), *command);
    if (!line.open_option.empty()) return values_of(line);
    if (words.back().starts_with('-')) return of_options(*command);
    return arguments_of(line);
}

std::string candidates_text(const Candidates& candidates) {
    std::string text;
    for (const Candidate& candidate : candidates.words)
        text += candidate.word + (candidate.summary.empty() ? "" : "\t" + candidate.summary) + "\n";
    if (candidates.paths == Paths::Files) text += ":files\n";
    if (candidates.paths == Paths::Folders) text += ":folders\n";
    return text;
}

}  // namespace cupel::cli
