#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fault drills: whatever is killed, stopped or broken in the middle of a judgement, there is an end, no claim that was not earned,
# and nothing left behind. The clock needs no drill: windows are timed on CLOCK_MONOTONIC_RAW, which nobody can set.
# CUPEL_DRILLS: how many of each kind (default 1).
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

drills=${CUPEL_DRILLS:-1}
small=(--set B=64 --set N=512 --threads 1)
run 0 show softmax --naive --set B=64 --set N=512
cp out naive.cpp
mkdir tmp
export TMPDIR=$PWD/tmp

# Every process below one, by /proc alone.
below() {
    local pid=$1 kid
    for kid in $(cat "/proc/$pid/task/"*/children 2>/dev/null || true); do
        echo "$kid"
        below "$kid"
    done
}
named() { # PID NAME: its descendants of that name
    local pid
    for pid in $(below "$1"); do
        [[ $(cat "/proc/$pid/comm" 2>/dev/null || true) == "$2"* ]] && echo "$pid"
    done
    return 0
}

# drill NAME ACTION...: a judgement of the honest kernel during which the action is called with its pid. Sets `code`.
drill() {
    local name=$1 pid seen=""
    shift
    "$CUPEL" judge softmax naive.cpp "${small[@]}" --json >out 2>err </dev/null &
    pid=$!
    for ((i = 0; i < 200; ++i)); do
        [[ -n $(named "$pid" cupel-conten) ]] && break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    sleep "0.$((RANDOM % 10))"
    seen=$(below "$pid")
    "$@" "$pid"
    code=0
    for ((i = 0; i < 1200; ++i)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -0 "$pid" 2>/dev/null && { kill -KILL "$pid"; fail "$name: no end within two minutes"; }
    wait "$pid" || code=$?
    for kid in $seen; do
        [[ $(cat "/proc/$kid/comm" 2>/dev/null || true) == cupel-* ]] && fail "$name: process $kid was left"
    done
    [[ -z $(find tmp -mindepth 1 -print -quit) ]] || fail "$name: left $(ls tmp)"
    # Never a claim: the kernel is its own baseline. Never a broken law: it broke none.
    case $code in
        2 | 10 | 11 | 21 | 30) ;; # 2: the baseline was killed, which is said
        20) fail "$name: an honest kernel was called wrong" ;;
        0) grep -q '"faster"' out && says out '"naive"' ;;
        *) fail "$name ended with $code" ;;
    esac
    is_json out
}

kill_contender() { for one in $(named "$1" cupel-conten | tail -n 1); do kill -KILL "$one" 2>/dev/null || true; done; }
kill_oracle() { for one in $(named "$1" cupel-oracle); do kill -KILL "$one" 2>/dev/null || true; done; }
stop_referee() { # it may have ended by itself
    kill -STOP "$1" 2>/dev/null || return 0
    sleep 1
    kill -CONT "$1"
}

for ((drill = 0; drill < drills; ++drill)); do
    drill "a contender killed" kill_contender
    drill "the oracle killed" kill_oracle
    drill "the referee stopped" stop_referee
done

# No room for a byte more in any file, or too little memory: an end with words, and no verdict of right.
for limit in "-f 0" "-v 150000"; do
    code=0
    # shellcheck disable=SC2086 # two words
    (ulimit $limit; exec "$CUPEL" judge softmax naive.cpp "${small[@]}" --json) > >(cat >out) 2> >(cat >err) </dev/null || code=$?
    # Of the kernel against itself one verdict in forty is faster by chance.
    ((code != 0)) || grep -q '"faster"' out || fail "ulimit $limit: there was a verdict"
    [[ -z $(find tmp -mindepth 1 -print -quit) ]] || fail "ulimit $limit: left $(ls tmp)"
done
