// SPDX-License-Identifier: Apache-2.0
// The command line: which command with which options, help with examples, the nearest name for a
// wrong one.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/options.hpp"

namespace cupel::cli {

// Text that was asked for instead of a command (--help, version, completion): printed as it is,
// exit 0.
struct Text {
    std::string text;
};
using Parsed = std::variant<Options, Text>;

[[nodiscard]] Result<Parsed> parse_command_line(int argc, const char* const* argv);

// Whether --json stands on the line, found even where the rest of it makes no sense.
[[nodiscard]] bool wants_json(int argc, const char* const* argv);

struct OptionInfo {
    std::string name;  // "--json"
    std::string summary;
    bool takes_value = false;
};
struct CommandInfo {
    std::string name;
    std::string summary;
    std::vector<OptionInfo> options;
};
[[nodiscard]] std::vector<CommandInfo> commands();

// The script that a shell loads; Usage names the shells that are known.
[[nodiscard]] Result<std::string> completion_script(std::string_view shell);

}  // namespace cupel::cli
