// SPDX-License-Identifier: Apache-2.0
// Completion scripts for bash, zsh and fish, made from the same table that parses the line.
#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/command_line.hpp"

namespace cupel::cli {
namespace {

std::string bash_script() {
    std::string cases;
    std::vector<std::string> names;
    for (const CommandInfo& each : commands()) {
        names.push_back(each.name);
        cases += fmt::format("        {}) words=\"{}\" ;;\n", each.name, join(each.options, " "));
    }
    return fmt::format(R"bash(# bash completion for cupel: source <(cupel completion bash)
_cupel() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} words=
    if ((COMP_CWORD == 1)); then
        COMPREPLY=($(compgen -W "{0}" -- "$word"))
        return
    fi
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
        --run | --resume) return ;; # folders: what bash completes by itself
        --target) COMPREPLY=($(compgen -W "cpu cuda emu" -- "$word")) && return ;;
    esac
    case ${{COMP_WORDS[1]}} in
{1}    esac
    if [[ $word != -* ]]; then
        case ${{COMP_WORDS[1]}} in
            optimize | judge | admit | show) words=$("${{COMP_WORDS[0]}}" show --names 2>/dev/null) ;;
            completion) words="bash zsh fish" ;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _cupel cupel
)bash",
                       join(names, " "), cases);
}

std::string zsh_script() {
    std::string described;
    std::string cases;
    for (const CommandInfo& each : commands()) {
        described += fmt::format("        '{}:{}'\n", each.name, each.summary);
        cases += fmt::format("        {}) compadd -- {} ;;\n", each.name, join(each.options, " "));
    }
    return fmt::format(R"zsh(#compdef cupel
# zsh completion for cupel: cupel completion zsh > a folder of $fpath/_cupel
_cupel() {{
    local -a commands
    commands=(
{0}    )
    if ((CURRENT == 2)); then
        _describe command commands
        return
    fi
    case $words[2] in
{1}    esac
    case $words[2] in
        optimize | judge | admit | show) compadd -- ${{(f)"$($words[1] show --names 2>/dev/null)"}} ;;
        completion) compadd bash zsh fish ;;
    esac
    _files
}}
compdef _cupel cupel
)zsh",
                       described, cases);
}

std::string fish_script() {
    std::string text = "# fish completion for cupel\n";
    for (const CommandInfo& each : commands()) {
        text += fmt::format("complete -c cupel -n __fish_use_subcommand -a {} -d '{}'\n", each.name,
                            each.summary);
        for (const std::string& option : each.options) {
            text += fmt::format("complete -c cupel -n '__fish_seen_subcommand_from {}' -l {}\n",
                                each.name, option.substr(2));
        }
    }
    return text +
           "complete -c cupel -n '__fish_seen_subcommand_from optimize judge admit show' -a "
           "'(cupel show --names)'\n"
           "complete -c cupel -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n";
}

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
    if (shell == "bash") return bash_script();
    if (shell == "zsh") return zsh_script();
    if (shell == "fish") return fish_script();
    return fail(Errc::Usage,
                fmt::format("completion: unknown shell {}; expected bash, zsh or fish", shell));
}

}  // namespace cupel::cli
