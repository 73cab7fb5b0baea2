#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# judge, of device code: PTX of the project's own, so that no CUDA is needed; CUDA C++ where a compiler for it is.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

golden=$TASKS/../src/emulator/golden
small=(--set B=16 --set N=64 --threads 1)

{ echo '#pragma cupel launch softmax<<<B, 64, 8>>>(x, y, N)'; cat "$golden/softmax.ptx"; } >softmax.ptx
run 0 judge softmax softmax.ptx "${small[@]}" --json
is_json out
equals out accepted status
equals out emu target
says out "verified on the emulator, not timed"
equals out x coverage 0 input
equals out 1024 coverage 0 elements
equals out 0 coverage 0 unread
equals out "[]" findings
run 0 judge softmax softmax.ptx "${small[@]}"
says out "scaled: B=16, N=64"
says out "read to the last element at each shape that was tried"
says out "not timed"

# What no thread reads is told, and is no fault.
cat >evens.task <<'TASK'
task evens(x: f32[N * 2]) -> y: f32[N] where N = 6
y[i] = x[2 * i] + x[2 * i]
TASK
cat >evens.ptx <<'PTX'
#pragma cupel launch evens<<<1, N>>>(x, y)
.version 8.0
.target sm_80
.address_size 64
.visible .entry evens(.param .u64 px, .param .u64 py) {
  .reg .b32 %r<4>; .reg .b64 %d<8>; .reg .f32 %f<4>;
  ld.param.u64 %d1, [px];
  ld.param.u64 %d2, [py];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %d3, %r1, 8;
  add.u64 %d1, %d1, %d3;
  mul.wide.u32 %d3, %r1, 4;
  add.u64 %d2, %d2, %d3;
  ld.global.f32 %f1, [%d1];
  add.f32 %f1, %f1, %f1;
  st.global.f32 [%d2], %f1;
  ret;
}
PTX
run 0 judge evens.task evens.ptx --threads 1 --json
equals out accepted status
equals out 6 coverage 0 unread
equals out "x[1]" coverage 0 first
says out "no thread reads 6 of the 12 elements of x, x[1] the first"
run 0 judge evens.task evens.ptx --threads 1
says out "no thread reads 6 of the 12 elements of x"
# A formula that needs them: the finding says why the answer is wrong.
sed -i 's/+ x\[2 \* i\]/+ x[2 * i + 1]/' evens.task
run 20 judge evens.task evens.ptx --threads 1 --json
says out "no thread reads 6 of the 12 elements of x, x[1] the first"

# A barrier less: right by luck on many a GPU. Both lines are named, and both threads.
sed '0,/bar.sync/s/bar.sync.*/ /' softmax.ptx >race.ptx
run 20 judge softmax race.ptx "${small[@]}" --json
equals out wrong status
says out "shared race: line"
says out "no barrier between"

# Fewer rows than there are.
sed 's/<<<B, /<<<max(1, B \/ 2), /' softmax.ptx >half.ptx
run 20 judge softmax half.ptx "${small[@]}" --json
says out "never written"

sed 's/(x, y, N)/(x, y)/' softmax.ptx >few.ptx
run 23 judge softmax few.ptx "${small[@]}" --json
says out "few.ptx:1: softmax takes 3 arguments, and the launch gives 2"

sed 's/<<<B, 64/<<<B, 2048/' softmax.ptx >many.ptx
run 23 judge softmax many.ptx "${small[@]}"
says out "1024"

head -c 3000 softmax.ptx >cut.ptx
run 23 judge softmax cut.ptx "${small[@]}"
printf 'nothing\n' >nothing.ptx
run 23 judge softmax nothing.ptx "${small[@]}"
says out "launch"

run 2 judge softmax softmax.ptx --against softmax.ptx
CUPEL_LIBCUDA=/nowhere/libcuda.so.1 run 30 judge softmax softmax.ptx --target cuda
says err "no CUDA driver"
says err "--target emu"
CUPEL_LIBCUDA=/lib/x86_64-linux-gnu/libm.so.6 run 30 judge softmax softmax.ptx --target cuda
says err "has no cuInit"
run 30 judge softmax softmax.cpp --target emu
says err "device code"
run 2 judge softmax absent.cu
says err "absent.cu"

# Without a compiler it is said what to install, and nothing is claimed.
printf '#pragma cupel launch k<<<1, 1>>>(x, y)\n' >k.cu
CUPEL_DEVICE_CXX=none run 30 judge softmax k.cu "${small[@]}"
says err "no compiler of CUDA device code"

# Device code of several files, where there is a compiler for it.
mkdir -p several
cat >several/rows.cuh <<'CU'
#pragma once
#pragma cupel launch rows<<<B, 32>>>(x, y)
__device__ float power(float v) { return expf(v); }
__global__ void rows(const float* x, float* y) {
    if (threadIdx.x > 0) return;
    x += blockIdx.x * N;
    y += blockIdx.x * N;
    float m = x[0], s = 0;
    for (int n = 1; n < N; ++n) m = fmaxf(m, x[n]);
    for (int n = 0; n < N; ++n) s += y[n] = power(x[n] - m);
    for (int n = 0; n < N; ++n) y[n] /= s;
}
CU
printf '// Rows.\n#include "rows.cuh"\n#include "rows.cuh"\n__device__ int last;\n' >several/mine.cu
code=0
"$CUPEL" judge softmax several/mine.cu "${small[@]}" >out 2>err || code=$?
if [[ $code != 30 ]]; then
    run 0 judge softmax several/mine.cu "${small[@]}" --json
    equals out accepted status
    sed -i 's/expf(v)/expf(w)/' several/rows.cuh
    run 23 judge softmax several/mine.cu "${small[@]}"
    says out "rows.cuh"
    sed -i 's/expf(w)/expf(v)/; s/n < N; ++n) y/n <= N; ++n) y/' several/rows.cuh
    run 20 judge softmax several/mine.cu "${small[@]}" --json
    says out "rows.cuh:11 "
    sed -i 's/(x, y)$/(x)/' several/rows.cuh
    run 23 judge softmax several/mine.cu "${small[@]}" --json
    says out "rows.cuh:2:"
fi

# On a GPU too: over a driver that is the emulator (tests/softcuda), so that all but the silicon is tried.
CUPEL_LIBCUDA=$(dirname "$CUPEL")/libcupel_softcuda.so
export CUPEL_LIBCUDA
run 0 judge softmax softmax.ptx --target cuda "${small[@]}" --json
equals out accepted status
equals out cuda target
equals out "no GPU, but the emulator, driver for CUDA 13.0" gpu device
says out "verified on the emulator, and right on no GPU"
run 0 judge softmax softmax.ptx --target cuda "${small[@]}"
says out "own: B=16, N=64"
says out "the median of 20 runs from cold caches"
says out "no speedup is claimed"
# What the emulator turns away never comes to the GPU.
run 20 judge softmax race.ptx --target cuda "${small[@]}" --json
says out "shared race: line"
equals out emu target
