#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# clang-tidy over every source of ours but tests and fuzzers, a file only where something that it says or includes has changed since it was last
# found clean: each takes 2 to 20 s, of which 300 make an hour, and to see that nothing has changed takes a fifth of a second.
#   tests/tidy.sh BUILD [WORDS]     BUILD: a build folder, file by file, with compile_commands.json. WORDS: only files whose path holds them
#   $CUPEL_TIDY_CACHE               where it is written down which were clean, BUILD/tidy if not given; several trees may share one
set -euo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)
tidy=clang-tidy-19 compiler=clang++-19
options=(-quiet -extra-arg=-Wno-unknown-warning-option)

# relative: standard input without the paths of this build and this tree, so that another tree can have the same key.
relative() { BUILD=$build ROOT=$root perl -pe 's/\Q$ENV{BUILD}\E(?=[\/"\x27\s]|$)/BUILD/g; s/\Q$ENV{ROOT}\E(?=[\/"\x27\s]|$)/ROOT/g'; }

# Everything that clang-tidy's answer about one file hangs on: its version and options, our settings, the flags, and each file that the source
# includes, as it stands. What a preprocessor makes of them would lack what some checks look at: includes, macros, a NOLINT beside either.
key_of() {
    local command=$1 included
    eval "local words=($command)" # a line of a shell's, by the definition of compile_commands.json
    local flags=() i
    for ((i = 1; i < ${#words[@]}; i++)); do
        case ${words[i]} in
            -o) i=$((i + 1)) ;; # where to write: here, nowhere
            -c) ;;
            *) flags+=("${words[i]}") ;;
        esac
    done
    # -M says `target: file file \`, a space within a name as `\ `.
    included=$("$compiler" "${flags[@]}" -Wno-unknown-warning-option -w -M -MT x) || return 1
    included=$(perl -0pe 's/^x:\s*//; s/\\\n/ /g; s/\s*\n$//; s/(?<!\\)\s+/\n/g; s/\\(.)/$1/g; s/\$\$/\$/g' <<<"$included")
    {
        printf '%s\n' "$settings" "${flags[@]}"
        tr '\n' '\0' <<<"$included" | xargs -0 sha256sum
    } | relative | sha256sum | cut -d ' ' -f 1
}

# one FILE FOLDER COMMAND: what it comes to goes to $results, a line `known`, `clean` or `failed`.
one() {
    local file=$1 command=$3 before after said code=0
    cd "$2"
    if ! before=$(key_of "$command"); then
        printf 'failed %s\n' "$file" | tee -a "$results"
        return
    fi
    if [[ -e $cache/$before ]]; then
        printf 'known %s\n' "$file" >>"$results"
        return
    fi
    said=$("$tidy" "${options[@]}" -p "$build" "$file" 2>&1) || code=$?
    said=$(grep -vE '^[0-9]+ warnings? (generated|treated as errors?)[.]?$' <<<"$said" || true)
    if ((code == 0)) && [[ -z $said ]]; then
        # Where it was changed meanwhile, nobody knows which of the two was looked at.
        after=$(key_of "$command") && [[ $after == "$before" ]] && : >"$cache/$before"
        printf 'clean %s\n' "$file" | tee -a "$results"
    else
        printf '%s\nfailed %s\n' "$said" "$file"
        printf 'failed %s\n' "$file" >>"$results"
    fi
}

if [[ ${1:-} == --one ]]; then
    shift
    one "$@"
    exit
fi

build=$(cd -- "$1" && pwd)
words=${2:-}
cache=${CUPEL_TIDY_CACHE:-$build/tidy}
mkdir -p "$cache"
cache=$(cd -- "$cache" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
results=$scratch/results
: >"$results"
settings=$("$tidy" --version; printf '%s\n' "${options[@]}"; find "$root/.clang-tidy" "$root/src" -name .clang-tidy | sort | xargs -d '\n' sha256sum)
export build cache results settings

ROOT=$root/src/ WORDS=$words jq -j '.[] | select((.file | startswith(env.ROOT)) and (.file | test("(?<!_test)(?<!_fuzz)[.]cpp$"))
    and (.file | contains(env.WORDS))) | .file, "\u0000", .directory, "\u0000", .command, "\u0000"' "$build/compile_commands.json" >"$scratch/list"
total=$(($(tr -dc '\0' <"$scratch/list" | wc -c) / 3))
xargs -0 -n 3 -P "$(nproc)" -- bash "${BASH_SOURCE[0]}" --one <"$scratch/list" || true # judged by what was written down

known=$(grep -c '^known ' "$results" || true)
clean=$(grep -c '^clean ' "$results" || true)
failed=$((total - known - clean)) # one that was killed failed, too
grep '^failed ' "$results" | sort || true
echo "tidy: $total files: $known known to be clean, $((total - known)) looked at, $failed failed"
((total > 0 && failed == 0))
