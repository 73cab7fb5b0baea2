#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGINT in the middle of a search: a clean end with what was found; kill -9: the run can be resumed.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

set -m # background jobs in process groups of their own, so that SIGINT is not ignored in them

start() { # FOLDER: begins a long search, and waits until it has tried something
    "$CUPEL" optimize softmax --set B=256 --set N=2048 --threads 1 --budget 10m --run "$1" --json >out 2>err </dev/null &
    pid=$!
    for ((i = 0; i < 600; ++i)); do
        "$CUPEL" show "$1" --json 2>/dev/null | grep -q '"status"' && return
        kill -0 "$pid" 2>/dev/null || fail "optimize ended by itself"
        sleep 0.2
    done
    fail "no kernel was tried in two minutes"
}

start interrupted
kill -INT "$pid"
code=0
wait "$pid" || code=$?
case $code in
    0 | 10 | 11)
        is_json out
        [[ -s interrupted/kernel.cpp ]] || fail "no winner was left"
        ;;
    130) is_json out ;;
    *) fail "SIGINT ended with $code" ;;
esac

start killed
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
run 0 show killed --json
tried=$(grep -c '"status"' out)
((tried >= 1)) || fail "nothing was kept"
code=0
"$CUPEL" optimize --resume killed --budget 2evals --json >out 2>err </dev/null || code=$?
case $code in
    0 | 10 | 11) is_json out ;;
    *) fail "resuming after kill -9 ended with $code" ;;
esac
