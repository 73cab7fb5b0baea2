#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Bounds on a named GPU, and optimize for CUDA: without a compiler from PTX of the project's own, with one to the end.
# shellcheck source=check.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/check.sh"

golden=$TASKS/../src/emulator/golden
small=(--set B=16 --set N=64 --threads 1)

{ echo '#pragma cupel launch softmax<<<B, 64, 8>>>(x, y, N)'; cat "$golden/softmax.ptx"; } >softmax.ptx
run 0 judge softmax softmax.ptx "${small[@]}" --json
equals out h200 bound gpu
equals out "B=16, N=64" bound shape
equals out 16 bound launches 0 blocks
equals out 16 bound launches 0 blocks_counted
says out "not a time"
run 0 judge softmax softmax.ptx "${small[@]}" --gpu rtx4090
says out "by published peaks"
says out "GeForce RTX 4090"
says out "a multiprocessor"
run 2 judge softmax softmax.ptx "${small[@]}" --gpu h20
says err "did you mean h200?"
sed 's/<<<B, /<<<max(1, B \/ 2), /' softmax.ptx >half.ptx
run 20 judge softmax half.ptx "${small[@]}" --json # of what is wrong nothing is weighed
equals out "" bound

CUPEL_DEVICE_CXX=none run 30 optimize softmax --target cuda "${small[@]}" --run none
says err "no compiler of CUDA device code"
[[ ! -e none ]] || fail "a run that could not begin left a folder"
run 2 optimize softmax --target cuda --gpu voodoo "${small[@]}"
run 2 optimize --target cuda --resume none

code=0
"$CUPEL" optimize softmax --target cuda "${small[@]}" --budget 2evals --run two --json >out 2>err </dev/null || code=$?
if [[ $code == 30 ]]; then
    says err "install"
    exit 0
fi
[[ $code == 0 ]] || fail "optimize --target cuda ended with $code"
is_json out
equals out 2 verified
equals out OFF timed
says out "no speedup was measured"
says two/summary.txt "verified, not timed"
says two/summary.txt "no speedup was measured"
for kernel in two/kernel-01.cu two/kernel-02.cu; do says $kernel "#pragma cupel launch"; done

run 0 show two
says out "verified, not timed"
run 0 show two --json
is_json out
equals out 2 verified
run 0 show two --trajectories # every kernel that was tried is in the archive
says out '"log_speedup":null'
run 0 optimize --resume two --budget 1evals --json # by the sheet it began with
equals out 3 tried
equals out h200 gpu
cp -r two older
sed -i 's/"target": "cuda"/"target": "cpu"/' older/run.json
run 2 optimize --resume older # no search for the CPU begins there
says err "begun anew"
rm older/kernels.json
run 2 optimize --target cuda --resume older
says err "a run for the CPU"
echo damaged >two/kernels.json
run 30 show two
one_line err

# A product whose factors may be rounded is for tensor cores, and is ranked by what these cannot beat.
run 0 optimize matmul_tf32 --target cuda --set M=64 --set N=64 --set K=64 --threads 1 --budget 2evals --run cores --json
equals out 2 verified
cores=$(grep -l 'mma.sync.aligned.m16n8k8' cores/kernel-0?.cu) || fail "no kernel for tensor cores"
run 0 judge matmul_tf32 "$cores" --set M=64 --set N=64 --set K=64 --threads 1 --json
grep -q '"tensor":' out || fail "no ceiling of tensor cores"

# A block that needs more registers than a multiprocessor has is launched on no GPU, however right it is emulated.
cat >registers.cu <<'CU'
#pragma cupel launch rows<<<ceil(M / 1024), 1024>>>(x, y)
extern "C" __global__ void rows(const float* x, float* y) {
    const long long row = 1024LL * blockIdx.x + threadIdx.x;
    if (row >= M) return;
    float part[96];
#pragma unroll
    for (int i = 0; i < 96; i++) part[i] = 0;
    for (long long begin = 0; begin < N; begin += 96)
#pragma unroll
        for (int i = 0; i < 96; i++)
            if (begin + i < N) part[i] += x[row * N + begin + i];
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 96; i++) sum += part[i];
    y[row] = sum;
}
CU
if command -v ptxas >/dev/null; then
    run 23 judge sum_rows registers.cu --set M=64 --threads 1 --json
    says out "does not fit a multiprocessor: registers"
fi
