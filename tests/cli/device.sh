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
run 0 judge softmax softmax.ptx "${small[@]}"
says out "scaled: B=16, N=64"
says out "not timed"

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
