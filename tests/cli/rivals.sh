#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Baselines that call libraries: in the panel where they are installed, and named where they are not.
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

"$CUPEL" show matmul --naive --set M=64 --set N=64 --set K=64 >kernel.cpp
small=(--set M=64 --set N=64 --set K=64 --threads 1)

# Left out, and said so.
"$CUPEL" judge matmul kernel.cpp "${small[@]}" >out 2>err </dev/null || true
says err "a smaller panel: openblas was left out (CUPEL_RIVALS=none)"
says err "a smaller panel: onednn was left out (CUPEL_RIVALS=none)"

# A word that it does not know.
CUPEL_RIVALS=openblas run 2 judge matmul kernel.cpp "${small[@]}"
one_line err
says err "CUPEL_RIVALS is 'openblas'"

# Asked for: one that is there is raced, and the naive kernel claims nothing against it; one that is not is named
# with its package. (Whether it is slower or undecided is the machine's: beside other work, intervals are wide.)
export CUPEL_RIVALS=
cat >one.task <<'TASK'
task one(a: f32[M,K], b: f32[K,N]) -> c: f32[M,N] where M = 256, N = 256, K = 256
  c[i,j] = sum[k](a[i,k] * b[k,j])
baseline openblas sgemm(a, b, c)
TASK
"$CUPEL" show one.task --naive >kernel.cpp
code=0
"$CUPEL" judge one.task kernel.cpp --threads 1 --json >out 2>err </dev/null || code=$?
if [[ -e /usr/include/x86_64-linux-gnu/cblas.h ]]; then
    [[ $code == 10 || $code == 11 ]] || fail "the naive kernel ended with $code against openblas"
    says out '"contender": "openblas"'
else
    says err "a smaller panel: openblas is not installed (apt-get install libopenblas-dev)"
fi

# A call that does not compile is the task's fault, at a line of it.
sed -i 's/sgemm(a, b, c)/sgemm(a, b)/' one.task
if [[ -e /usr/include/x86_64-linux-gnu/cblas.h ]]; then
    run 2 judge one.task kernel.cpp --threads 1
    says err "openblas"
    says err "sgemm"
fi

# A library that nobody knows.
sed -i 's/baseline openblas.*/baseline mkl sgemm(a, b, c)/' one.task
run 2 judge one.task kernel.cpp --threads 1
says err "expected openblas, onednn or torch"
