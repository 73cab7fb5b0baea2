#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# With --json standard output is exactly one document, for errors too.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

run 2 optimize nosuchtask --json
is_json out
equals out 2 error exit
equals out not_found error code

run 2 --json
is_json out
equals out usage error code

run 2 judge softmax --json --bogus
is_json out
equals out usage error code

run 30 optimize softmax --target emu --json
is_json out
equals out missing error code

# Every command, wrong in its own way; help, version and completion as a text in a document.
wrong() { # CODE arguments...
    run "$@" --json
    is_json out
    [[ $(json out error exit) == "$1" ]] || fail "the document does not say the exit code $1"
}
touch empty.cpp
echo '{' >cut.json
mkdir folder
for command in optimize judge verify admit redteam show doctor completion version; do
    wrong 2 "$command" --no-such-option
    run 0 "$command" --help --json
    is_json out
done
wrong 2 judge softmax
wrong 2 judge softmax nowhere.cpp
wrong 2 judge softmax folder
wrong 2 judge nosuchtask empty.cpp
wrong 2 judge softmax empty.cpp --set Q=1
wrong 30 judge softmax empty.cpp --target cuda
wrong 2 verify nowhere.json
wrong 2 verify cut.json
wrong 2 verify folder
wrong 2 admit nosuchtask
wrong 2 redteam --only nosuchattack
wrong 2 redteam --threads 100000
wrong 2 show nosuchthing
wrong 2 show folder
wrong 2 show cut.json --kernel 1
wrong 30 show cut.json
wrong 2 doctor --threads 100000
wrong 2 optimize softmax --budget fast
wrong 2 optimize --resume folder
wrong 2 completion csh
run 0 version --json
is_json out
run 0 completion zsh --json
is_json out

run 23 judge softmax empty.cpp --set B=16 --set N=64 --threads 1 --json
is_json out
equals out compile_error status

run 0 show --json
is_json out

run 0 show softmax --naive --json
is_json out
[[ $(json out source) == *"void kernel("* ]] || fail "no kernel in the source"

# Standard output that cannot be written is told, not swallowed.
code=0
"$CUPEL" show --json >/dev/full 2>err || code=$?
[[ $code == 30 ]] || fail "a full disk ended with $code"
