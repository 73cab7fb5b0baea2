#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Help, version and completion.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

run 0 --help
silent err
for command in optimize judge verify admit redteam show doctor mcp completion version; do
    says out "  $command"
done
run 0 version
says out "cupel ${CUPEL_VERSION:?}"

for command in optimize judge verify admit redteam show doctor mcp completion; do
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

# What a writer of kernels must know, of both targets, at the sizes that are asked for.
run 0 show softmax --brief --set N=512
says out 'extern "C" void kernel('
says out "N = 512;"
says out "#pragma cupel launch"
run 0 show softmax --brief --set N=512 --json
equals out 512 sizes N
run 2 show --brief
says err "--brief belongs to a task"

run 0 show --names
[[ $(wc -l <out) == $(find "$TASKS" -name '*.task' | wc -l) ]] || fail "not one name a line"

run 0 help judge
says out "KERNEL"

# The scripts work where they are used: each shell that is here completes commands, options, values and tasks.
PATH=$(dirname "$CUPEL"):$PATH
export PATH
mkdir -p runs/mine
touch runs/mine/archive.db a_kernel.cpp
cat >bash.driver <<'SCRIPT'
source ./completion.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_cupel
printf '%s\n' "${COMPREPLY[@]}"
SCRIPT
# zsh without its terminal: what the script would offer, as its helpers are told it.
cat >zsh.driver <<'SCRIPT'
compdef() { }
_describe() { print -l -- ${${(P)2}%%:*}; }
compadd() { print -l -- ${@:#-*}; }
_files() { print -l -- *(N); }
source ./completion.zsh
words=("$@") CURRENT=$#
_cupel || true # false where there is nothing to offer
SCRIPT
cat >fish.driver <<'SCRIPT'
source ./completion.fish
complete -C (string join ' ' -- $argv)
SCRIPT
offered() { # SHELL WORD... : what it offers for the last word
    local shell=$1
    shift
    "$shell" "$shell.driver" "$@" >out 2>err || fail "$shell: completing '$*' failed"
    silent err
}
for shell in bash zsh fish; do
    run 0 completion "$shell"
    command -v "$shell" >/dev/null || continue
    cp out "completion.$shell"
    "$shell" -n "completion.$shell" 2>err || fail "$shell does not read its script"
    offered "$shell" cupel opt
    says out optimize
    offered "$shell" cupel judge --thr
    says out --threads
    offered "$shell" cupel optimize softm
    says out softmax
    offered "$shell" cupel optimize --budget 5s softm
    says out softmax
    offered "$shell" cupel optimize --target c
    says out cuda
    offered "$shell" cupel optimize softmax --set ""
    says out N=
    offered "$shell" cupel show min
    says out mine
    offered "$shell" cupel completion z
    says out zsh
    offered "$shell" cupel doctor ""
    if grep -q . out; then fail "$shell offers something where nothing fits"; fi
done
for shell in zsh fish; do
    command -v "$shell" >/dev/null || continue
    offered "$shell" cupel judge softmax a_k
    says out a_kernel.cpp
done
