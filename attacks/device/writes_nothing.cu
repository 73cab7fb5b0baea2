// SPDX-License-Identifier: Apache-2.0
// attack: writes nothing and hopes for an old answer
// task: softmax
// expect: wrong
// reason: never written
// twin: warp_rows.cu
#pragma cupel launch softmax<<<ceil(B / 4), 128>>>(x, y)

extern "C" __global__ void softmax(const float* x, float* y) {}
