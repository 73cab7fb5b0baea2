// SPDX-License-Identifier: Apache-2.0
// The program that measures the ceilings, as text: it is compiled with the kernels' own flags, so
// that it may use exactly what kernels may use, and runs in a process of its own.
#pragma once

#include <string_view>

namespace cupel::target {

// Arguments: threads, bytes of the large array, bytes of a first-level cache. Prints one JSON
// object. Every figure is the best of many short repetitions, because whatever disturbs a
// repetition only slows it down. A repetition lasts from the first thread's start to the last
// thread's end.
inline constexpr std::string_view kCeilingsProgram = R"cpp(
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <omp.h>
#include <sys/mman.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
    constexpr long kBytes = 64;
#define STREAM(to, value) _mm512_stream_ps(reinterpret_cast<float*>(to), (__m512)(value))
#elif defined(__AVX__)
    constexpr long kBytes = 32;
#define STREAM(to, value) _mm256_stream_ps(reinterpret_cast<float*>(to), (__m256)(value))
#elif defined(__x86_64__)
    constexpr long kBytes = 16;
#define STREAM(to, value) _mm_stream_ps(reinterpret_cast<float*>(to), (__m128)(value))
#else
    constexpr long kBytes = 16;
#define STREAM(to, value) (*(to) = (value))
#endif
#if defined(__x86_64__)
#define USE(value) asm volatile("" : : "v"(value))
#define CHANGE(value) asm volatile("" : "+v"(value))
#elif defined(__aarch64__)
#define USE(value) asm volatile("" : : "w"(value))
#define CHANGE(value) asm volatile("" : "+w"(value))
#else
#define USE(value) asm volatile("" : : "m"(value))
#define CHANGE(value) asm volatile("" : "+m"(value))
#endif
#define KEEP_MEMORY asm volatile("" : : : "memory")

    typedef float vec __attribute__((vector_size(kBytes)));
    typedef std::int32_t ivec __attribute__((vector_size(kBytes)));
    constexpr long kLanes = kBytes / 4;

    static double now() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
    }

    // Repeats `work(thread, round)` on all threads for that many seconds; `units` are done by all
    // threads together in one repetition. The best rate.
    template <class Work>
    static double best_rate(int threads, double seconds, double units, Work work) {
        std::vector<double> begin(threads), end(threads);
        double best = 0;
        bool more = true;
        const double stop = now() + seconds;
        std::atomic<long> arrived{0};
#pragma omp parallel num_threads(threads)
        {
            const int me = omp_get_thread_num();
            for (long round = 1; more; ++round) {
#pragma omp barrier
                // Threads leave a sleeping barrier at different times: meet again, if it does not
                // take long.
                ++arrived;
                const double patience = now() + 2e-4;
                while (arrived.load() < round * threads && now() < patience) {
                }
                begin[me] = now();
                work(me, round);
                end[me] = now();
#pragma omp barrier
#pragma omp master
                {
                    const double taken = *std::max_element(end.begin(), end.end()) -
                                         *std::min_element(begin.begin(), begin.end());
                    if (taken > 0) best = std::max(best, units / taken);
                    more = now() < stop;
                }
#pragma omp barrier
            }
        }
        return best;
    }

    // Latency times ports is 8 to 10 on today's processors, and 12 fit into 16 registers with a and
    // b.
    static double fma_flops(int threads) {
        constexpr long kChains = 12, kTurns = 50000;
        return best_rate(threads, 0.2, 2.0 * kChains * kTurns * kLanes * threads, [](int, long) {
            vec chain[kChains] = {};
            vec a = vec{} + 0.999f, b = vec{} + 0.001f;
            CHANGE(a);
            CHANGE(b);
            for (long turn = 0; turn < kTurns; ++turn) {
#pragma GCC unroll 12
                for (long i = 0; i < kChains; ++i)
                    chain[i] = chain[i] * a + b;
#pragma GCC unroll 12
                for (long i = 0; i < kChains; ++i)
                    CHANGE(chain[i]);
            }
        });
    }

    // exp by range reduction to |r| <= ln(2)/2 and a polynomial of degree 6 (Cephes' expf): 1 to 2
    // ulp.
    static inline vec exp_of(vec x) {
        const vec shifted =
            x * 1.44269504f + 12582912.0f;  // rounds to an integer, kept in the low bits
        const vec n = shifted - 12582912.0f;
        const vec r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
        vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
        p = p * r + 8.3334519073e-3f;
        p = p * r + 4.1665795894e-2f;
        p = p * r + 1.6666665459e-1f;
        p = p * r + 5.0000001201e-1f;
        p = p * r * r + r + 1.0f;
        return (vec)((ivec)p + ((ivec)shifted << 23));
    }

    static double exp_rate(int threads) {
        constexpr long kVectors = 128, kTurns = 400;
        return best_rate(threads, 0.15, 1.0 * kVectors * kLanes * kTurns * threads, [](int, long) {
            alignas(64) vec x[kVectors];
            for (long i = 0; i < kVectors; ++i)
                x[i] = vec{} - 0.05f * i;
            for (long turn = 0; turn < kTurns; ++turn) {
                KEEP_MEMORY;
                for (long i = 0; i < kVectors; ++i) {
                    const vec y = exp_of(x[i]);
                    USE(y);
                }
            }
        });
    }

    // A thread's part of a large array is walked through in slices, one a repetition: short enough
    // to find undisturbed moments, and cold again when its turn comes round.
    constexpr long kSlices = 16;
    struct Array {
        vec* first;
        long slice;  // vectors of one slice of one thread: a multiple of 8
        vec* at(int me, long round) const { return first + slice * (me * kSlices + round % kSlices); }
    };

    static inline void read_all(const vec* from, long vectors) {
        for (long i = 0; i < vectors; i += 8) {
#pragma GCC unroll 8
            for (long j = 0; j < 8; ++j) {
                const vec value = from[i + j];
                USE(value);
            }
        }
    }

    template <bool kStreaming>
    static inline void copy_all(vec* to, const vec* from, long vectors) {
        for (long i = 0; i < vectors; i += 8) {
#pragma GCC unroll 8
            for (long j = 0; j < 8; ++j) {
                if constexpr (kStreaming) {
                    STREAM(to + i + j, from[i + j]);
                } else {
                    to[i + j] = from[i + j];
                }
            }
            KEEP_MEMORY;  // or else the loop becomes a call of memcpy, which chooses for itself
        }
#if defined(__x86_64__)
        if (kStreaming) _mm_sfence();
#endif
    }

    int main(int argc, char** argv) {
        if (argc != 4) return 2;
        const int threads = std::atoi(argv[1]);
        const long bytes = std::atol(argv[2]), cache_bytes = std::atol(argv[3]);
        if (threads < 1) return 2;
        // Shared and filled beforehand, as the memory is that kernels are given: where the system
        // keeps huge pages for private memory alone, no kernel has them either.
        const int shared = memfd_create("ceilings", MFD_CLOEXEC);
        if (shared < 0 || ftruncate(shared, bytes) != 0) return 3;
        void* const memory =
            mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, shared, 0);
        if (memory == MAP_FAILED) return 3;
        const long slice = bytes / kBytes / 2 / threads / kSlices / 8 * 8;
        const Array lower = {static_cast<vec*>(memory), slice};
        const Array upper = {lower.at(threads, 0), slice};
        // First touched by the thread that will use it.
        best_rate(threads, 0, 1, [&](int me, long) {
            for (const Array& half : {lower, upper}) {
                for (long i = 0; i < slice * kSlices; ++i)
                    half.at(me, 0)[i] = vec{} + 1.0f;
            }
        });
        const double moved = 2.0 * slice * kBytes * threads;
        const double read = best_rate(threads, 0.25, moved, [&](int me, long round) {
            read_all(lower.at(me, round), slice);
            read_all(upper.at(me, round), slice);
        });
        const auto copy = [&](auto function) {
            return best_rate(threads, 0.25, moved, [&](int me, long round) {
                function(upper.at(me, round), lower.at(me, round), slice);
            });
        };
        const double plain = copy(copy_all<false>);
        const double stream = copy(copy_all<true>);

        const long cached = std::max(8L, cache_bytes / 2 / kBytes / 8 * 8);
        constexpr long kTurns = 1000;
        const double cache =
            best_rate(threads, 0.1, double(cached) * kBytes * kTurns * threads, [&](int me, long) {
                const vec* const mine = lower.at(me, 0);
                for (long turn = 0; turn < kTurns; ++turn)
                    read_all(mine, cached);
            });
        std::printf(
            "{\"fma_flops\":%.6g,\"exp_rate\":%.6g,\"read_bandwidth\":%.6g,\"copy_bandwidth\":%.6g,"
            "\"stream_bandwidth\":%.6g,\"cache_bandwidth\":%.6g}\n",
            fma_flops(threads), exp_rate(threads), read, plain, stream, cache);
    }
)cpp";

}  // namespace cupel::target
