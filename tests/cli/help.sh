#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Help, version and completion.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

run 0 --help
silent err
for command in optimize judge verify admit redteam show doctor completion version; do
    says out "  $command"
done
run 0 version
says out "cupel ${CUPEL_VERSION:?}"

for command in optimize judge verify admit redteam show doctor completion; do
    run 0 "$command" --help
    says out "Examples:"
    says out "cupel $command"
done

# Every task that came with the program is listed, and parses.
run 0 show
for task in "$TASKS"/*.task; do
    name=$(basename "$task" .task)
    says out "$name"
done
if grep -q "does not parse" out; then fail "a task does not parse"; fi
run 0 show --names
[[ $(wc -l <out) == $(find "$TASKS" -name '*.task' | wc -l) ]] || fail "not one name a line"

# The script works where it is used: bash completes a command, an option and a task.
run 0 completion bash
cp out completion.bash
offered() { # WORD... : what bash offers for the last word
    CUPEL_DIR=$(dirname "$CUPEL") bash -c '
        PATH=$CUPEL_DIR:$PATH
        source ./completion.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _cupel
        printf "%s\n" "${COMPREPLY[@]}"' bash "$@" >out 2>err
}
offered cupel opt
says out optimize
offered cupel judge --thr
says out --threads
offered cupel optimize softm
says out softmax

for shell in zsh fish; do
    run 0 completion "$shell"
    says out optimize
    says out threads
    if command -v "$shell" >/dev/null; then "$shell" -n out 2>err || fail "$shell does not read its script"; fi
done
