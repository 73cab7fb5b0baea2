// SPDX-License-Identifier: Apache-2.0
// The program: reads the line, runs the command, tells errors, returns the exit code. Exceptions
// end here.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <exception>

#include "base/text.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/signals.hpp"
#include "referee/referee.hpp"
#include "target/cpu.hpp"

namespace cupel::cli {
namespace {

// Law 14: what is missing here, and what that lowers, is said with every figure.
void tell_lowered(Console& console) {
    const verdict::Isolation isolation = referee::isolation();
    if (isolation.full()) return;
    console.note(
        fmt::format("this machine lacks {}: kernels ran with fewer walls, and every figure "
                    "carries the tier native-reduced",
                    join(isolation.missing, "; ")));
}

Result<int> run_command(const Options& options, Console& console) {
    using Run = Result<int> (*)(const Options&, Console&);
    struct Entry {
        std::string_view name;
        Run run;
        bool measures;  // says figures that depend on the walls of this machine
    };
    static constexpr std::array kRuns = {
        Entry{"optimize", run_optimize, true}, Entry{"judge", run_judge, true},
        Entry{"verify", run_verify, true},     Entry{"admit", run_admit, true},
        Entry{"redteam", run_redteam, true},   Entry{"show", run_show, false},
        Entry{"doctor", run_doctor, false},    Entry{"mcp", run_mcp, false},
    };
    for (const Entry& entry : kRuns) {
        if (entry.name != options.command) continue;
        CUPEL_TRY(const int code, entry.run(options, console));
        if (entry.measures) tell_lowered(console);
        return code;
    }
    CUPEL_CHECK(false);
    return kOwnBug;
}

int tell(const Error& error, Console& console) {
    const int code = exit_code(error);
    console.note(error.text.starts_with("cupel ") ? error.text : "cupel: " + error.text);
    console.document(
        {{"error", {{"code", error_name(error.code)}, {"text", error.text}, {"exit", code}}}});
    return code;
}

int run(int argc, const char* const* argv, Console& console) {
    const auto outcome = [&]() -> Result<int> {
        CUPEL_TRY(const Parsed parsed, parse_command_line(argc, argv));
        if (const auto* text = std::get_if<Text>(&parsed)) {
            console.print(text->text);
            console.document({{"text", text->text}});
            return 0;
        }
        install_signals();
        target::sweep_leftovers();
        return run_command(std::get<Options>(parsed), console);
    }();
    const int code = outcome ? *outcome : tell(outcome.error(), console);
    if (console.finish()) return code;
    console.note("cupel: standard output could not be written");
    return 30;
}

int tell_own_bug(std::string_view what, Console& console) {
    console.note(fmt::format("cupel: our own bug: {}", what));
    console.document({{"error", {{"code", "bug"}, {"text", what}, {"exit", kOwnBug}}}});
    static_cast<void>(console.finish());
    return kOwnBug;
}

}  // namespace
}  // namespace cupel::cli

int main(int argc, char** argv) {
    namespace cli = cupel::cli;
    cli::Console console(cli::wants_json(argc, argv));
    try {
        return cli::run(argc, argv, console);
    } catch (const std::exception& error) {
        return cli::tell_own_bug(error.what(), console);
    } catch (...) {
        return cli::tell_own_bug("an unknown exception", console);
    }
}
