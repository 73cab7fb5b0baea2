// SPDX-License-Identifier: Apache-2.0
// Completion scripts for bash, zsh and fish. They ask the program what to offer: see complete.hpp.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/command_line.hpp"

namespace cupel::cli {
namespace {

constexpr std::string_view kBash =
    R"bash(# bash completion for cupel: source <(cupel completion bash)
_cupel() {
    local word=${COMP_WORDS[COMP_CWORD]} line words=
    while IFS= read -r line; do
        case $line in
            # What bash completes by itself, where no word fits.
            :files) compopt -o default 2>/dev/null ;;
            :folders) compopt -o dirnames 2>/dev/null ;;
            *) words+=" ${line%%$'\t'*}" ;;
        esac
    done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    [[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
    return 0
}
complete -F _cupel cupel
)bash";

constexpr std::string_view kZsh = R"zsh(#compdef cupel
# zsh completion for cupel: cupel completion zsh > a folder of $fpath/_cupel
_cupel() {
    local line word paths
    local -a offers sizes
    for line in "${(@f)$($words[1] __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        word=${${line%%$'\t'*}//:/\\:}
        case $line in
            '') ;;
            :files | :folders) paths=$line ;;
            *=) sizes+=($word) ;;
            *$'\t'*) offers+=("$word:${line#*$'\t'}") ;;
            *) offers+=($word) ;;
        esac
    done
    local ended=1
    ((${#offers})) && _describe 'cupel' offers && ended=0
    ((${#sizes})) && compadd -S '' -- $sizes && ended=0
    [[ $paths == :files ]] && _files && ended=0
    [[ $paths == :folders ]] && _files -/ && ended=0
    return ended
}
# Sourced: register it. Loaded from $fpath: this is the first call.
if [[ $funcstack[1] == _cupel ]]; then _cupel "$@"; else compdef _cupel cupel; fi
)zsh";

constexpr std::string_view kFish =
    R"fish(# fish completion for cupel: cupel completion fish > ~/.config/fish/completions/cupel.fish
function __cupel_complete
    set -l words (commandline -opc)
    set -l program $words[1]
    set -l word (commandline -ct)
    for line in ($program __complete $words[2..-1] "$word" 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path "$word"
            case ':folders'
                __fish_complete_directories "$word" ''
            case '*'
                echo $line
        end
    end
end
complete -c cupel -f -a '(__cupel_complete)'
)fish";

constexpr std::array kScripts = {std::pair{std::string_view("bash"), kBash},
                                 std::pair{std::string_view("zsh"), kZsh},
                                 std::pair{std::string_view("fish"), kFish}};

}  // namespace

Result<std::string> completion_script(std::string_view shell) {
    for (const auto& [name, script] : kScripts)
        if (name == shell) return std::string(script);
    return fail(Errc::Usage,
                fmt::format("completion: unknown shell {}; expected bash, zsh or fish", shell));
}

}  // namespace cupel::cli
