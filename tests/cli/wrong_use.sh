#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Wrong use gets one clear line on standard error, nothing on standard output, and exit code 2.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

wrong() { # WORDS arguments...
    local words=$1
    shift
    run 2 "$@"
    silent out
    one_line err
    says err "$words"
}

wrong "which command"
wrong "did you mean optimize?" optimise softmax
wrong "did you mean --threads?" judge softmax k.cpp --thread 1
wrong "KERNEL is required" judge softmax
wrong "TASK is required" optimize
wrong "one argument too many" admit softmax layernorm
wrong "--budget fast" optimize softmax --budget fast
wrong "--set N" optimize softmax --set N
wrong "--dollars" optimize softmax --model chat:m --dollars nan
wrong "--gain-per-dollar" optimize softmax --model chat:m --gain-per-dollar inf
wrong "--threads 100000" optimize softmax --threads 100000
wrong "--target tpu" optimize softmax --target tpu
wrong "no run is there" optimize --resume nowhere
wrong "--resume takes" optimize softmax --resume nowhere
wrong "unknown shell" completion csh
wrong "nosuch.cpp" judge softmax nosuch.cpp
wrong "nosuch.json" verify nosuch.json
wrong "--key abc" verify nosuch.json --key abc
wrong "not a certificate" verify "${BASH_SOURCE[0]}"
wrong "is not a file" judge softmax .
wrong "--kernel: 0: expected a whole number, 1 .." show softmax --kernel 0
wrong "--seed: 99999999999999999999: expected" optimize softmax --seed 99999999999999999999
wrong "--kernel belongs to a run" show softmax --kernel 2
wrong "--naive belongs to a task" show --naive

# An unknown task: the nearest name is offered.
run 2 show sofmax
silent out
says err softmax

run 2 show nothing_like_any_task
one_line err
says err "cupel show"

# A folder that holds no run.
mkdir empty
wrong "no run is there" show empty

# A task that does not parse: file, line, column and a caret.
printf 'task t(x: f32[N]) -> y: f32[N] where N = 8\n  y[i] = x[j]\n' >bad.task
run 2 show bad.task
silent out
says err "bad.task:2:"
says err "^"

# What this machine lacks is not wrong use.
CUPEL_DEVICE_CXX=none run 30 optimize softmax --target cuda
one_line err
says err "CUDA"
