#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# admit: a sound task is admitted, a degenerate one refused with the control's name; judge repeats it, and pays once.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

run 0 admit softmax --set B=32 --set N=300 --threads 1 --json
is_json out
equals out accepted status
grep -q '"stage"' out || fail "no control was derived from the formula"
run 0 admit softmax --set B=32 --set N=300 --threads 1
says out "admitted"
says out "weakest"

cat >dead.task <<'TASK'
task dead(x: f32[M,N], z: f32[M,N]) -> y: f32[M,N] where M = 16, N = 300
  y[m,n] = 2 * x[m,n] + 0 * z[m,n]
TASK
run 26 admit dead.task --threads 1 --json
is_json out
equals out task_refused status
says out "input z ignored"

printf '#include "task.hpp"\n\nextern "C" void kernel(const float* x, const float*, float* y) {\n    for (int i = 0; i < M * N; ++i) y[i] = 2 * x[i];\n}\n' >shortcut.cpp
export XDG_CACHE_HOME=$PWD/cache
run 26 judge dead.task shortcut.cpp --threads 1 --json
is_json out
equals out task_refused status
equals out 9 law

# What was found is kept, by task: an edited record is not what this task's key names.
record=$(find cache/cupel/admissions -name '*.json')
[[ $(wc -l <<<"$record") == 1 ]] || fail "not one record: $record"
before=$(stat -c %Y%i "$record")
run 26 judge dead.task shortcut.cpp --threads 1 --json
[[ $(stat -c %Y%i "$record") == "$before" ]] || fail "the task was examined twice"
echo "{" >"$record"
run 26 judge dead.task shortcut.cpp --threads 1 --json
[[ $(stat -c %s "$record") -gt 100 ]] || fail "a damaged record was believed"
