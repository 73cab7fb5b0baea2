// SPDX-License-Identifier: Apache-2.0
// Microbenchmarks: what bank conflicts and scattered addresses cost, and the machine's peaks.
using u64 = unsigned long long;
using u32 = unsigned int;

// Volatile, or ptxas makes one access of several. One block a pattern: 32 byte offsets. `cycles` gets the clock of 1024 accesses by each of the
// block's warps, measured by its first.
#define BANKS(name, body)                                                             \
    extern "C" __global__ void name(const u32* patterns, u32* cycles, u32* sink) {    \
        extern __shared__ __align__(16) unsigned char room[];                         \
        for (u32 i = threadIdx.x * 4; i < 32768; i += blockDim.x * 4)                 \
            *reinterpret_cast<u32*>(room + i) = i;                                    \
        const u32 base = static_cast<u32>(__cvta_generic_to_shared(room));            \
        const u32 at = base + patterns[blockIdx.x * 32 + threadIdx.x % 32];           \
        u32 a = 0, b = 0, c = 0, d = 0, sum = 0;                                      \
        __syncthreads();                                                              \
        long long start = 0;                                                          \
        for (int round = -1; round < 64; ++round) {                                   \
            if (round == 0) {                                                         \
                __syncthreads();                                                      \
                start = clock64();                                                    \
            }                                                                         \
            _Pragma("unroll") for (int k = 0; k < 16; ++k) {                          \
                body;                                                                 \
                sum += a ^ b ^ c ^ d;                                                 \
            }                                                                         \
        }                                                                             \
        const long long end = clock64();                                              \
        if (threadIdx.x == 0) cycles[blockIdx.x] = static_cast<u32>(end - start);     \
        if (sum == 0x12345) *sink = sum;                                              \
    }

BANKS(banks_load4, asm volatile("ld.volatile.shared.b32 %0, [%1];" : "=r"(a) : "r"(at)))
BANKS(banks_load8, asm volatile("ld.volatile.shared.v2.b32 {%0, %1}, [%2];" : "=r"(a), "=r"(b) : "r"(at)))
BANKS(banks_load16, asm volatile("ld.volatile.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
                                 : "=r"(a), "=r"(b), "=r"(c), "=r"(d) : "r"(at)))
BANKS(banks_store4, asm volatile("st.volatile.shared.b32 [%0], %1;" ::"r"(at), "r"(sum)))
BANKS(banks_store8, asm volatile("st.volatile.shared.v2.b32 [%0], {%1, %2};" ::"r"(at), "r"(sum), "r"(sum)))
BANKS(banks_store16, asm volatile("st.volatile.shared.v4.b32 [%0], {%1, %1, %1, %1};" ::"r"(at), "r"(sum)))

// Loads of 4, 8 and 16 bytes at a distance of `stride` bytes between lanes. Warps walk through a
// window of `bytes`, each request behind the last of its warp's neighbour.
template <class Word>
__device__ void scattered(const unsigned char* from, u64 bytes, u32 stride, u32 shift, u32 requests,
                          u32* sink) {
    const u64 warp = (static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x) / 32;
    const u64 warps = static_cast<u64>(gridDim.x) * blockDim.x / 32;
    const u64 span = static_cast<u64>(stride) * 32;
    const u64 limit = (bytes - 2 * span) / 128 * 128;
    const u64 step = warps * span % limit;
    const unsigned char* mine = from + static_cast<u64>(threadIdx.x % 32) * stride + shift;
    u64 at = warp * span % limit;
    u32 sum = 0;
    for (u32 i = 0; i < requests; i += 4) {
#pragma unroll
        for (u32 k = 0; k < 4; ++k) {
            const Word word = __ldcg(reinterpret_cast<const Word*>(mine + at));
            sum += *reinterpret_cast<const u32*>(&word);
            at += step;
            if (at >= limit) at -= limit;
        }
    }
    if (sum == 0x12345) *sink = sum;
}
#define SCATTER(name, Word)                                                           \
    extern "C" __global__ void name(const unsigned char* from, u64 bytes, u32 stride, u32 shift, \
                                    u32 requests, u32* sink) {                        \
        scattered<Word>(from, bytes, stride, shift, requests, sink);                  \
    }
SCATTER(scattered4, unsigned int)
SCATTER(scattered8, uint2)
SCATTER(scattered16, uint4)

extern "C" __global__ void stream_copy(uint4* to, const uint4* from, u64 words) {
    const u64 step = static_cast<u64>(gridDim.x) * blockDim.x;
    for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x; i < words; i += step)
        to[i] = from[i];
}
extern "C" __global__ void stream_read(uint4* to, const uint4* from, u64 words) {
    const u64 step = static_cast<u64>(gridDim.x) * blockDim.x;
    u32 sum = 0;
    for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x; i < words; i += 4 * step) {
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            const u64 at = i + k * step;
            if (at < words) {
                const uint4 w = __ldcg(from + at);
                sum += w.x ^ w.y ^ w.z ^ w.w;
            }
        }
    }
    if (sum == 0x12345) to[0].x = sum;
}
extern "C" __global__ void stream_write(uint4* to, const uint4*, u64 words) {
    const u64 step = static_cast<u64>(gridDim.x) * blockDim.x;
    for (u64 i = static_cast<u64>(blockIdx.x) * blockDim.x + threadIdx.x; i < words; i += step)
        to[i] = make_uint4(1, 2, 3, 4);
}

extern "C" __global__ void nothing() {}

// Arithmetic peaks: eight chains a thread, `rounds` times eight operations on each.
#define CHAINS(name, Word, Start, operation)                                          \
    extern "C" __global__ void name(Word* sink, u32 rounds) {                         \
        Word x[8];                                                                    \
        for (int i = 0; i < 8; ++i) x[i] = Start;                                     \
        const Word y = x[0];                                                          \
        for (u32 r = 0; r < rounds; ++r) {                                            \
            _Pragma("unroll") for (int k = 0; k < 8; ++k)                             \
                _Pragma("unroll") for (int i = 0; i < 8; ++i) operation;              \
        }                                                                             \
        Word sum = x[0];                                                              \
        for (int i = 1; i < 8; ++i) sum += x[i];                                      \
        if (sum == static_cast<Word>(12345)) *sink = sum;                             \
    }
CHAINS(peak_f32, float, threadIdx.x + 1.0f, x[i] = fmaf(x[i], y, y))
CHAINS(peak_f64, double, threadIdx.x + 1.0, x[i] = fma(x[i], y, y))
CHAINS(peak_i32, int, static_cast<int>(threadIdx.x) + 1, x[i] = x[i] * y + y)
CHAINS(peak_f16x2, u32, threadIdx.x + 1,
       asm volatile("fma.rn.f16x2 %0, %0, %1, %1;" : "+r"(x[i]) : "r"(y)))
CHAINS(peak_ex2, float, threadIdx.x + 1.0f, asm volatile("ex2.approx.ftz.f32 %0, %0;" : "+f"(x[i])))

// Matrix peaks: four accumulators a warp, `rounds` times four multiplications.
#define MATRIX(name, instruction)                                                     \
    extern "C" __global__ void name(u32* sink, u32 rounds) {                          \
        u32 a[4], b[2], c[4][4];                                                      \
        for (int i = 0; i < 4; ++i) a[i] = threadIdx.x * 77 + i;                      \
        for (int i = 0; i < 2; ++i) b[i] = threadIdx.x * 99 + i;                      \
        for (int i = 0; i < 16; ++i) c[i / 4][i % 4] = 0;                             \
        for (u32 r = 0; r < rounds; ++r) {                                            \
            _Pragma("unroll") for (int i = 0; i < 4; ++i)                             \
                asm volatile(instruction                                              \
                    " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
                    : "+r"(c[i][0]), "+r"(c[i][1]), "+r"(c[i][2]), "+r"(c[i][3])      \
                    : "r"(a[0] ^ r), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0] + i), "r"(b[1])); \
        }                                                                             \
        u32 sum = 0;                                                                  \
        for (int i = 0; i < 16; ++i) sum ^= c[i / 4][i % 4];                          \
        if (sum == 0x12345) *sink = sum;                                              \
    }
MATRIX(peak_mma_f16, "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32")
MATRIX(peak_mma_bf16, "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32")
MATRIX(peak_mma_tf32, "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32")
MATRIX(peak_mma_e4m3, "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32")
MATRIX(peak_mma_s8, "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32")

extern "C" __global__ void peak_mma_f64(double* sink, u32 rounds) {
    const double a = threadIdx.x, b = threadIdx.x + 1;
    double c[8][2] = {};
    for (u32 r = 0; r < rounds; ++r) {
#pragma unroll
        for (int i = 0; i < 8; ++i)
            asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
                         : "+d"(c[i][0]), "+d"(c[i][1]) : "d"(a), "d"(b));
    }
    double sum = 0;
    for (int i = 0; i < 16; ++i) sum += c[i / 2][i % 2];
    if (sum == 12345.0) *sink = sum;
}
