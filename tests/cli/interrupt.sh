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

# Nobody else may work in the folder of a run in progress: one line, and nothing is touched.
for way in "--resume killed" "softmax --run killed"; do
    # shellcheck disable=SC2086 # two words
    code=0 && "$CUPEL" optimize $way --budget 1evals >second 2>second.err </dev/null || code=$?
    [[ $code == 2 ]] || fail "a second optimize $way ended with $code"
    [[ $(wc -l <second.err) == 1 ]] || fail "a second optimize $way said: $(cat second.err)"
done
says second.err "--run killed: a run is there already"
"$CUPEL" optimize --resume killed 2>second.err </dev/null && fail "a second one went on"
says second.err "another cupel is at work there"
kill -0 "$pid" || fail "the first one ended"
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

# A program that was asked, and all that it started, ends with a run that is killed: the next part calls it anew.
"$CUPEL" optimize softmax --set B=32 --set N=256 --threads 1 --budget 10m --run agent \
    --proposer-command 'setsid sleep 47.25 & sleep 47.5; wait' >out 2>err </dev/null &
pid=$!
of_agent() { pgrep -f '^sleep 47[.]' || true; }
for ((i = 0; i < 300; ++i)); do
    [[ $(of_agent | wc -l) -ge 2 ]] && break
    sleep 0.2
done
[[ $(of_agent | wc -l) -ge 2 ]] || fail "the program was not called in a minute"
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
for ((i = 0; i < 50; ++i)); do
    [[ -z $(of_agent) ]] && break
    sleep 0.1
done
[[ -z $(of_agent) ]] || fail "the program outlived a run that was killed"

# What a killed run left in the folder of temporary files is swept up by the next; nothing else is. (That a folder in
# use stays, and one of another user, is tried in os/files_test.cpp.)
mkdir tmp victim
touch victim/kept
cat >slow.cpp <<'CODE'
template <int D, int I> struct T { static constexpr long v = T<D-1,2*I>::v + T<D-1,2*I+1>::v; };
template <int I> struct T<0, I> { static constexpr long v = I; };
long x = T<25, 0>::v;
CODE
TMPDIR=$PWD/tmp "$CUPEL" judge softmax slow.cpp --set B=16 --set N=64 --threads 1 >out 2>err </dev/null &
pid=$!
for ((i = 0; i < 300; ++i)); do
    grep -qs "T<25" tmp/cupel-compiling-*/source/kernel.cpp && break
    sleep 0.1
done
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
compgen -G "tmp/cupel-compiling-*" >/dev/null || fail "nothing was left to sweep up"
ln -s "$PWD/victim" tmp/cupel-compiling-aaaaaa
mkdir -m 700 tmp/cupel-compiling-mine
TMPDIR=$PWD/tmp run 0 show softmax --naive
left=$(find tmp -mindepth 1 -printf '%f\n' | sort | paste -sd ' ')
[[ $left == "cupel-compiling-aaaaaa cupel-compiling-mine" ]] || fail "left: $left"
[[ -e victim/kept ]] || fail "a link was followed"
