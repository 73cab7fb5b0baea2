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

run 0 show --json
is_json out

run 0 show softmax --naive --json
is_json out
[[ $(json out source) == *"void kernel("* ]] || fail "no kernel in the source"

# Standard output that cannot be written is told, not swallowed.
code=0
"$CUPEL" show --json >/dev/full 2>err || code=$?
[[ $code == 30 ]] || fail "a full disk ended with $code"
