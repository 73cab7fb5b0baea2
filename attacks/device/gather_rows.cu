// SPDX-License-Identifier: Apache-2.0
// honest: rows of a table, 64-bit indices
// task: embedding
#pragma cupel launch gather<<<dim3(ceil(D / 128), N), 128>>>(table, t, y)

extern "C" __global__ void gather(const float* table, const long long* t, float* y) {
    const long long d = blockIdx.x * 128LL + threadIdx.x;
    if (d < D) y[blockIdx.y * D + d] = table[t[blockIdx.y] * D + d];
}
