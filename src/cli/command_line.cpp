// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <limits>
#include <memory>

#include "base/text.hpp"
#include "cli/complete.hpp"

namespace cupel::cli {
namespace {

// What CLI11 fills; words that need more than a conversion are kept as written and read afterwards.
struct Words {
    Options options;
    std::optional<double> dollars;
    std::optional<std::int64_t> tokens;
    std::vector<std::string> budget;
    std::vector<std::string> sizes;
};

void add_flag(CLI::App& app, const char* name, bool& flag, const char* what) {
    // `--json=no` would say one thing to CLI11 and another to wants_json().
    app.add_flag(name, flag, what)->disable_flag_override();
}
void add_json(CLI::App& app, Words& words) {
    add_flag(app, "--json", words.options.json,
             "print exactly one JSON document on standard output");
}
void add_threads(CLI::App& app, Words& words, const char* what) {
    const auto not_none = [](const std::string& word) {
        return word == "0" ? "0: leave it out for all processors" : "";
    };
    app.add_option("--threads", words.options.threads, what)
        ->type_name("N")
        ->check(CLI::Validator(not_none, ""));
}
void add_conditions(CLI::App& app, Words& words) {
    add_threads(app, words, "threads a kernel may use; default: all processors");
    app.add_option("--target", words.options.target,
                   "where kernels run: cpu, cuda or emu; default: cpu")
        ->type_name("WHERE");
}
void add_gpu(CLI::App& app, Words& words) {
    app.add_option("--gpu", words.options.gpu,
                   "CUDA: bounds by the data sheet of a100, h100, h200, l40s or rtx4090; default: "
                   "h200")
        ->type_name("GPU");
}
void add_sizes(CLI::App& app, Words& words) {
    app.add_option("--set", words.sizes, "replace a size of the task, such as N=1024 (repeatable)")
        ->type_name("SIZE=N")
        ->allow_extra_args(false);
}
void add_task(CLI::App& app, Words& words) {
    app.add_option("TASK", words.options.subject,
                   "a task by name (cupel show lists them), or a task file")
        ->type_name("")
        ->required();
}
// CLI11 has such checks, but lets through what no integer holds and what is no number, and names
// the largest double in all its digits.
template <class Number, class Holds>
CLI::Validator number_check(const std::string& expected, Holds holds) {
    const auto check = [=](const std::string& word) -> std::string {
        Number value = 0;
        const char* const end = word.data() + word.size();
        const auto [stop, problem] = std::from_chars(word.data(), end, value);
        if (problem == std::errc{} && stop == end && holds(value)) return "";
        return fmt::format("{}: expected {}", word, expected);
    };
    return {check, ""};  // no words in the help
}
template <std::integral Integer>
CLI::Validator whole(Integer least) {
    return number_check<Integer>(
        fmt::format("a whole number, {} .. {}", least, std::numeric_limits<Integer>::max()),
        [=](Integer value) { return value >= least; });
}
CLI::Validator from_0() {
    return number_check<double>("a number from 0",
                                [](double value) { return std::isfinite(value) && value >= 0; });
}
CLI::Validator above_0() {
    return number_check<double>("a number above 0",
                                [](double value) { return std::isfinite(value) && value > 0; });
}

// Who writes kernels beside the schedules.
void add_writers(CLI::App& app, Words& words) {
    app.add_option("--model", words.options.models,
                   "also ask a language model, such as ollama:qwen3 (repeatable)")
        ->type_name("PROVIDER:NAME")
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app.add_option("--base-url", words.options.base_url, "where it is asked, if not where usual")
        ->type_name("URL");
    app.add_option("--key-env", words.options.key_env,
                   "the environment variable that holds its key, if not the usual one")
        ->type_name("NAME");
    app.add_option("--key-fd", words.options.key_fd, "read the key from this descriptor instead")
        ->type_name("N")
        ->check(whole(0));
    app.add_option("--prices", words.options.prices,
                   "what models cost: a JSON file, or free for a server of your own")
        ->type_name("FILE");
    app.add_option("--dollars", words.dollars, "what models may cost in this run, resumed or not")
        ->type_name("X")
        ->check(from_0());
    app.add_option("--tokens", words.tokens,
                   "what models may read and write in this run, all together, resumed or not")
        ->type_name("N")
        ->check(whole(std::int64_t{1}));
    app.add_option("--gain-per-dollar", words.options.gain_per_dollar,
                   "ask models no more once a dollar promises less speed than so many per cent")
        ->type_name("PERCENT")
        ->check(above_0());
    app.add_option("--replay", words.options.replay,
                   "try the kernels again that models wrote in an earlier run; asks nobody")
        ->type_name("RUN");
    app.add_option("--proposer-command", words.options.proposer_command,
                   "also ask a program: it finds README.md in its folder, and leaves kernel.cpp "
                   "(kernel.cu)")
        ->type_name("COMMAND");
}

void add_optimize(CLI::App& app, Words& words) {
    app.add_option("TASK", words.options.subject,
                   "a task by name (cupel show lists them), or a task file")
        ->type_name("");
    app.add_option("--run", words.options.run, "the run folder to make; default: runs/TASK-TIME")
        ->type_name("FOLDER");
    app.add_option("--resume", words.options.resume, "go on with an earlier run; give no TASK then")
        ->type_name("RUN");
    app.add_option("--budget", words.budget,
                   "what the search may spend: 30s, 5m, 200evals, 5usd (repeatable)")
        ->type_name("BUDGET")
        ->allow_extra_args(false);
    app.add_option("--seed", words.options.seed, "seed of the search; questions are never seeded")
        ->type_name("N")
        ->check(whole(std::uint64_t{0}));
    add_sizes(app, words);
    add_conditions(app, words);
    add_gpu(app, words);
    add_writers(app, words);
    add_json(app, words);
}
void add_judge(CLI::App& app, Words& words) {
    add_task(app, words);
    app.add_option("KERNEL", words.options.file,
                   "a C++ file that includes task.hpp and defines kernel(), or a .schedule")
        ->type_name("")
        ->required();
    app.add_option("--against", words.options.against,
                   "another kernel of yours, which joins the baselines")
        ->type_name("FILE");
    app.add_option("--seconds", words.options.seconds,
                   "measure for so long, or until the interval is within 1 %; default: 4")
        ->type_name("S")
        ->check(above_0());
    add_sizes(app, words);
    add_conditions(app, words);
    add_gpu(app, words);
    add_json(app, words);
}
void add_verify(CLI::App& app, Words& words) {
    app.add_option("CERTIFICATE", words.options.subject, "a certificate.json, or a run")
        ->type_name("")
        ->required();
    add_flag(app, "--recompute-only", words.options.quick,
             "recompute the claim; do not try the kernel again here");
    app.add_option("--key", words.options.key,
                   "demand a signature by the key with this fingerprint (32 digits)")
        ->type_name("FINGERPRINT");
    add_json(app, words);
}
void add_admit(CLI::App& app, Words& words) {
    add_task(app, words);
    add_sizes(app, words);
    add_conditions(app, words);
    add_json(app, words);
}
void add_show(CLI::App& app, Words& words) {
    app.add_option("WHAT", words.options.subject,
                   "a task, a run, a kernel file or a certificate; without it: all tasks")
        ->type_name("");
    add_flag(app, "--schedule", words.options.schedule,
             "of a task: the default schedule and the kernel it prints");
    app.add_option("--from", words.options.from, "with --schedule: this schedule, not the default")
        ->type_name("FILE");
    add_flag(app, "--names", words.options.names, "the names of all tasks, one a line");
    add_flag(app, "--naive", words.options.naive, "of a task: the honest naive kernel");
    add_flag(app, "--brief", words.options.brief,
             "of a task: what whoever writes a kernel must know, of both targets");
    app.add_option("--kernel", words.options.kernel, "of a run: one kernel, by its number")
        ->type_name("N")
        ->check(whole(1));
    add_flag(app, "--trajectories", words.options.trajectories,
             "of a run: prompts, replies, kernels and verdicts as JSON, one a line");
    app.add_option("--page", words.options.page, "of a run: write a page to look at into this file")
        ->type_name("FILE");
    add_threads(app, words, "threads a schedule is made for");
    add_sizes(app, words);
    add_json(app, words);
}
void add_doctor(CLI::App& app, Words& words) {
    add_threads(app, words, "threads to measure with; default: all processors");
    add_flag(app, "--fresh", words.options.fresh,
             "forget the ceilings measured before; otherwise the higher figures are kept");
    add_json(app, words);
}
void add_redteam(CLI::App& app, Words& words) {
    app.add_option("--only", words.options.only, "only attacks whose name contains this")
        ->type_name("PART");
    add_conditions(app, words);
    add_json(app, words);
}
void add_mcp(CLI::App& app, Words& words) {
    app.add_option("--budget", words.budget, "what all measurements together may take, such as 1h")
        ->type_name("TIME");
}
void add_completion(CLI::App& app, Words& words) {
    app.add_option("SHELL", words.options.subject, "bash, zsh or fish")->type_name("")->required();
    add_json(app, words);
}

struct Command {
    const char* name;
    const char* summary;
    void (*add_options)(CLI::App&, Words&);
    const char* more;  // below the options: what comes out, examples
};

constexpr std::array kCommands = {
    Command{
        "optimize", "search for a faster kernel, certify it, leave a run folder", add_optimize,
        "The run folder holds kernel.cpp (the winner), certificate.json, summary.txt, the task "
        "file and\n"
        "archive.db (every kernel tried). Ctrl-C ends the search and certifies the best kernel "
        "so far.\n\n"
        "Examples:\n"
        "  cupel optimize softmax\n"
        "  cupel optimize matmul --set M=512 --set N=512 --set K=512 --budget 2m --threads 1\n"
        "  cupel optimize my.task --run runs/mine --budget 5m --budget 500evals --json\n"
        "  cupel optimize --resume runs/mine --budget 5m\n"
        "  cupel optimize softmax --model ollama:qwen3 --prices free --budget 10m\n"
        "  cupel optimize softmax --model openai:NAME --prices prices.json --dollars 2\n"
        "  cupel optimize softmax --target cuda          # CUDA, emulated and ranked by bounds"},
    Command{
        "judge", "try one kernel against the best baseline", add_judge,
        "The first line is the verdict; the exit code is the same verdict for scripts.\n\n"
        "Examples:\n"
        "  cupel show softmax --naive > my_kernel.cpp    # something to begin with\n"
        "  cupel judge softmax my_kernel.cpp\n"
        "  cupel judge softmax my_kernel.cpp --against yesterday.cpp\n"
        "  cupel judge softmax my_kernel.cpp --threads 1 --json\n"
        "  cupel judge softmax my_kernel.cpp --seconds 60   # for a narrower interval\n"
        "  cupel judge matmul my.schedule                # one verb a line, as kernels show them\n"
        "  cupel judge softmax my_kernel.cu              # CUDA, emulated: right or wrong, not "
        "timed\n"
        "  cupel judge softmax my_kernel.cu --gpu a100   # and what it cannot beat there"},
    Command{"verify", "recompute a certificate from its samples, then try it again here",
            add_verify,
            "Exit code 20 where a byte was changed, where the certificate contradicts its own "
            "samples or is not signed\n"
            "as demanded; 11 where a new measurement on this machine disagrees with the claim. A "
            "signature proves who\n"
            "signed and that nothing was edited, not that the figure is true.\n\n"
            "Examples:\n"
            "  cupel verify runs/softmax-20261122-030000\n"
            "  cupel verify certificate.json --recompute-only --json\n"
            "  cupel verify certificate.json --key 8fd1b5e2a9c04d7736f0e1c2b3a49588"},
    Command{"admit", "does a task pin its function down?", add_admit,
            "Answers that must be rejected (zeros, an input ignored, one element wrong, ...) are "
            "tried against the\n"
            "task's own checks; a task that accepts one is refused with exit code 26.\n\n"
            "Examples:\n"
            "  cupel admit softmax\n"
            "  cupel admit tasks/mine.task --json"},
    Command{"redteam", "run every known cheat against this referee, print the score", add_redteam,
            "Each file in attacks/ must get the verdict its head names, and its honest twin must "
            "pass.\n\n"
            "Examples:\n"
            "  cupel redteam\n"
            "  cupel redteam --only cache --json\n"
            "  cupel redteam --target emu                    # the CUDA ones, on the emulator"},
    Command{"show", "print a task, a run, a kernel or a certificate", add_show,
            "Examples:\n"
            "  cupel show                        # all tasks\n"
            "  cupel show softmax                # normal form, counts, ceilings of this machine\n"
            "  cupel show softmax --schedule     # the schedule tried first, and its kernel\n"
            "  cupel show softmax --brief        # what a kernel of it must be\n"
            "  cupel show matmul --schedule --from my.schedule\n"
            "  cupel show runs/mine              # every kernel of a run\n"
            "  cupel show runs/mine --kernel 3   # one of them: its source and its trials\n"
            "  cupel show runs/mine --trajectories > mine.jsonl\n"
            "  cupel show runs/mine --page mine.html   # a page with its tree of descent\n"
            "  cupel show runs/mine/certificate.json"},
    Command{"doctor", "what this machine can and cannot promise", add_doctor,
            "Isolation, compiler, ceilings, and the noise of one kernel timed against itself, "
            "which goes on the record\n"
            "of this machine: where that contradicts what is promised, claims are withheld. The "
            "ceilings are measured\n"
            "each time; other commands measure them where they are old, or where the machine was "
            "busy.\n\n"
            "Examples:\n"
            "  cupel doctor\n"
            "  cupel doctor --fresh              # when the machine is quiet\n"
            "  cupel doctor --threads 1 --json"},
    Command{"mcp", "serve the referee to a coding agent (Model Context Protocol)", add_mcp,
            "Speaks on standard input and output, until that ends; an agent starts it. "
            "docs/mcp.md says how, and with\n"
            "which tools. No language model is asked.\n\n"
            "Examples:\n"
            "  cupel mcp\n"
            "  cupel mcp --budget 2h             # what all its measurements may take"},
    Command{"completion", "print a completion script for a shell", add_completion,
            "Examples:\n"
            "  source <(cupel completion bash)\n"
            "  cupel completion zsh > ~/.zfunc/_cupel\n"
            "  cupel completion fish > ~/.config/fish/completions/cupel.fish"},
    Command{"version", "print the version", add_json, ""},
};

constexpr std::string_view kExitCodes =
    "Exit codes: 0 accepted, faster or done; 2 wrong use; 10 slower, 11 not resolved; 20 wrong, 21 "
    "crashed,\n"
    "22 timed out, 23 compile error, 24 cheating, 25 impossible, 26 task refused; 30 this machine "
    "lacks\n"
    "something (named); 70 a bug of cupel's own; 130 interrupted before anything was certified.\n";

const Command* find_command(std::string_view name) {
    const auto* const found = std::ranges::find_if(
        kCommands, [&](const Command& command) { return name == command.name; });
    return found == kCommands.end() ? nullptr : found;
}

std::vector<std::string> command_names() {
    std::vector<std::string> names;
    names.reserve(kCommands.size());
    for (const Command& command : kCommands)
        names.emplace_back(command.name);
    return names;
}

std::string overview() {
    std::string text = fmt::format(
        "cupel {}: writes fast kernels, and certifies their speedups so that no kernel can "
        "cheat\n\n"
        "Usage: cupel COMMAND ...     (cupel COMMAND --help shows its options, with examples)\n\n",
        kVersion);
    for (const Command& command : kCommands)
        text += fmt::format("  {:<12}{}\n", command.name, command.summary);
    text += "\nTo begin:\n  cupel optimize softmax\n\n";
    return text.append(kExitCodes);
}

std::unique_ptr<CLI::App> make_app(const Command& command, Words& words) {
    auto app = std::make_unique<CLI::App>(command.summary, fmt::format("cupel {}", command.name));
    app->get_formatter()->column_width(26);
    app->get_formatter()->label("REQUIRED", "");
    app->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app->allow_extras();
    command.add_options(*app, words);
    app->footer(command.more);
    return app;
}

std::vector<OptionInfo> options_of(const CLI::App& app) {
    std::vector<OptionInfo> options;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) {
            options.push_back(
                {"--" + name, option->get_description(), option->get_items_expected_max() > 0});
        }
    }
    return options;
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const OptionInfo& option : options_of(app))
        names.push_back(option.name);
    return names;
}

std::string did_you_mean(std::string_view wrong, std::span<const std::string> names) {
    const auto near = nearest_name(wrong, names);
    return near ? fmt::format("; did you mean {}?", *near) : "";
}

Result<void> refuse_extras(const CLI::App& app) {
    const std::vector<std::string> extras = app.remaining();
    if (extras.empty()) return {};
    const std::string word = extras.front().substr(0, extras.front().find('='));
    if (word.starts_with('-')) {
        return fail(Errc::Usage, fmt::format("{}: unknown option {}{}", app.get_name(), word,
                                             did_you_mean(word, option_names(app))));
    }
    return fail(Errc::Usage,
                fmt::format("{}: one argument too many: {}", app.get_name(), extras.front()));
}

Result<void> read_words(Words& words) {
    CUPEL_TRY(words.options.budget, parse_budget(words.budget));
    if (words.dollars) words.options.budget.dollars = words.dollars;
    words.options.budget.tokens = words.tokens;
    for (const std::string& word : words.sizes) {
        CUPEL_TRY(task::Override size, parse_size(word));
        words.options.sizes.push_back(std::move(size));
    }
    return {};
}

Result<Parsed> parse_command(const Command& command, std::vector<std::string> arguments) {
    Words words;
    const auto app = make_app(command, words);
    try {
        std::ranges::reverse(arguments);  // CLI11 takes them from the back
        app->parse(arguments);
    } catch (const CLI::CallForHelp&) {
        return Text{app->help()};
    } catch (const CLI::ParseError& error) {
        return fail(Errc::Usage, fmt::format("{}: {}", app->get_name(), error.what()));
    }
    CUPEL_DO(refuse_extras(*app));
    CUPEL_DO(read_words(words));
    words.options.command = command.name;
    if (words.options.command == "version") return Text{fmt::format("cupel {}\n", kVersion)};
    if (words.options.command == "completion") {
        CUPEL_TRY(std::string script, completion_script(words.options.subject));
        return Text{std::move(script)};
    }
    return std::move(words.options);
}

}  // namespace

Result<Parsed> parse_command_line(int argc, const char* const* argv) {
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    if (arguments.empty()) return fail(Errc::Usage, "which command? cupel --help lists them");
    const std::string& name = arguments.front();
    if (name == "help" && arguments.size() == 2 && find_command(arguments[1]) != nullptr)
        return parse_command(*find_command(arguments[1]), {"--help"});
    if (name == "--help" || name == "-h" || name == "help") return Text{overview()};
    if (name == kCompleteCommand) {
        const auto words = std::span(arguments).subspan(1);
        return Text{words.empty() ? "" : candidates_text(complete(words))};
    }
    if (name == "--version") return Text{fmt::format("cupel {}\n", kVersion)};
    const Command* command = find_command(name);
    if (command == nullptr && name.starts_with('-')) {
        return fail(Errc::Usage, fmt::format("the command comes first: cupel COMMAND {}", name));
    }
    if (command == nullptr) {
        return fail(Errc::Usage,
                    fmt::format("unknown command {}{}", name, did_you_mean(name, command_names())));
    }
    return parse_command(*command, {arguments.begin() + 1, arguments.end()});
}

bool wants_json(int argc, const char* const* argv) {
    return std::any_of(argv + std::min(argc, 1), argv + argc,
                       [](const char* word) { return std::string_view(word) == "--json"; });
}

std::vector<CommandInfo> commands() {
    std::vector<CommandInfo> all;
    for (const Command& command : kCommands) {
        Words words;
        all.push_back({command.name, command.summary, options_of(*make_app(command, words))});
    }
    return all;
}

}  // namespace cupel::cli
