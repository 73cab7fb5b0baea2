#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What a machine, or a task, lacks is named, with its own exit code; what it lowers is on every figure.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

small=(--set B=64 --set N=512 --threads 1)
run 0 show softmax --naive --set B=64 --set N=512
cp out naive.cpp

# No compiler: named before a run folder is left.
CUPEL_CXX=/nowhere/g++ run 30 optimize softmax "${small[@]}" --run none
one_line err
says err "/nowhere/g++"
[[ ! -e none ]] || fail "a run folder was left that no run could begin"
CUPEL_CXX=false run 30 optimize softmax "${small[@]}" --run none
one_line err
says err "CUPEL_CXX"
CUPEL_CXX=true run 30 judge softmax naive.cpp "${small[@]}" --json
is_json out
equals out missing error code

# A signing key that others may read, or that is damaged: named before a run folder is left, with the way out.
mkdir -p config/cupel
chmod 700 config/cupel
echo damaged >config/cupel/signing.key
chmod 600 config/cupel/signing.key
run 30 optimize softmax "${small[@]}" --run none
one_line err
says err "damaged"
chmod 644 config/cupel/signing.key
run 30 optimize softmax "${small[@]}" --run none
one_line err
says err "chmod 600"
[[ ! -e none ]] || fail "a run folder was left that no run could begin"
# No kernel reads it while it is compiled.
sed -i "1i #include \"$PWD/config/cupel/signing.key\"" naive.cpp
chmod 600 config/cupel/signing.key
run 23 judge softmax naive.cpp "${small[@]}" --json
[[ $(json out isolation missing) != "[]" ]] || says out "No such file"
sed -i 1d naive.cpp
rm config/cupel/signing.key
# A cache that cannot be written.
XDG_CACHE_HOME=/proc/nowhere run 30 judge softmax naive.cpp "${small[@]}"
says err "set XDG_CACHE_HOME"

# No namespaces: the figure stands, and so does what it lacks.
code=0
CUPEL_JAIL=none "$CUPEL" judge softmax naive.cpp "${small[@]}" --json >out 2>err </dev/null || code=$?
case $code in
    0 | 10 | 11) ;;
    *) fail "judging without namespaces ended with $code" ;;
esac
is_json out
equals out native-reduced tier
equals out network isolation missing 0
says err "native-reduced"

# A task that does not pin its function down: refused, and the control that it accepted is named.
refused() { # CONTROL; the task stands on standard input
    cat >mine.task
    run 26 admit mine.task --threads 1 --json
    is_json out
    equals out task_refused status
    [[ $(json out reason) == *"\"$1\""* ]] || fail "the reason does not name '$1'"
    run 26 optimize mine.task --threads 1 --run "refused/$1"
    says out "$1"
    [[ ! -e refused ]] || fail "a refused task left its run folder"
}
refused zeros <<'TASK'
task t(x: f32[B,N]) -> y: f32[B,N] where B = 16, N = 64
  m[b]   = max[n](x[b,n])
  y[b,n] = m[b] - m[b]
TASK
refused "input x returned" <<'TASK'
task t(x: f32[B,N]) -> y: f32[B,N] where B = 16, N = 64
  y[b,n] = max(x[b,n], 0)
values x ~ uniform(0, 1)
TASK
refused "input x ignored (zeros)" <<'TASK'
task t(x: f32[B,N]) -> y: f32[B,N] where B = 256, N = 1
  e[b,n] = exp(x[b,n])
  y[b,n] = e[b,n] / sum[k](e[b,k])
TASK

# A folder that was there before stays, with what was in it.
mkdir refused
cp mine.task refused/t.task
run 26 optimize mine.task --threads 1 --run refused
left=$(find refused -mindepth 1 -printf "%f ")
[[ $left == "t.task " ]] || fail "a refused task left: $left"

# A disk that fills up in the middle of a search: the run goes on when there is room. Needs a mount of our own.
if unshare --user --map-root-user --mount true 2>/dev/null; then
    mkdir disk
    cat >full.sh <<'SCRIPT'
mount -t tmpfs -o size=256k tmpfs disk || exit 77
"$CUPEL" optimize softmax --set B=64 --set N=512 --threads 1 --budget 60evals --run disk/r >out 2>err
code=$?
[[ $code == 77 || $code == 0 ]] && exit "$code"
mount -o remount,size=16m disk
"$CUPEL" optimize --resume disk/r --budget 2evals >out2 2>err2
echo $? >resumed
exit "$code"
SCRIPT
    code=0
    CUPEL=$CUPEL unshare --user --map-root-user --mount bash full.sh || code=$?
    if [[ $code != 77 ]]; then
        [[ $code == 30 ]] || fail "a full disk ended with $code"
        says err "goes on"
        case $(cat resumed) in
            0 | 10 | 11) ;;
            *) cat err2 >err; fail "resuming after a full disk ended with $(cat resumed)" ;;
        esac
    fi
fi
