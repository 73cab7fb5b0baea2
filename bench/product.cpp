// SPDX-License-Identifier: Apache-2.0
// One thread, one process, in turns: a loop of nothing but multiply-adds, the product of two 1024 x
// 1024 matrices that Cupel printed, and OpenBLAS. Ratios are of neighbours in time, so that whoever
// shares the core slows both; the median, and the order statistics that hold it at 95 %.
#include <dlfcn.h>
#include <immintrin.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

namespace {

using Product = void (*)(const float*, const float*, float*);
using Sgemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int,
                       float, float*, int);

constexpr int kSize = 1024;
constexpr int kRounds = 60;
constexpr double kFlops = 2.0 * kSize * kSize * kSize;

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

template <typename Work>
double rate(double flops, Work work) {
    const double start = seconds_now();
    work();
    return flops / (seconds_now() - start) / 1e9;
}

// Twelve independent sums of the widest vectors, as a register tile has them; the assembly keeps
// the compiler from merging them.
double multiply_adds() {
    constexpr long kSteps = 1'000'000;
#ifdef __AVX512F__
    using Vector = __m512;
    const Vector x = _mm512_set1_ps(0.5F);
#else
    using Vector = __m256;
    const Vector x = _mm256_set1_ps(0.5F);
#endif
    Vector s0{}, s1{}, s2{}, s3{}, s4{}, s5{}, s6{}, s7{}, s8{}, s9{}, s10{}, s11{};
    constexpr double kFlopsOfOne = 2.0 * sizeof(Vector) / sizeof(float);
#define STEP(s) asm volatile("vfmadd231ps %1, %1, %0" : "+v"(s) : "v"(x))
    return rate(kSteps * 12 * kFlopsOfOne, [&] {
        for (long step = 0; step < kSteps; step++) {
            STEP(s0);
            STEP(s1);
            STEP(s2);
            STEP(s3);
            STEP(s4);
            STEP(s5);
            STEP(s6);
            STEP(s7);
            STEP(s8);
            STEP(s9);
            STEP(s10);
            STEP(s11);
        }
    });
#undef STEP
}

void print(const char* name, std::vector<double> ratios) {
    std::sort(ratios.begin(), ratios.end());
    const auto n = static_cast<double>(ratios.size());
    const auto low = static_cast<std::size_t>(n / 2 - 0.98 * std::sqrt(n));
    const auto high = static_cast<std::size_t>(n / 2 + 0.98 * std::sqrt(n));
    std::printf("| %s | %.3f [%.3f, %.3f] | %.3f |\n", name, ratios[ratios.size() / 2], ratios[low],
                ratios[high], ratios.back());
}

}  // namespace

int main(int, char** arguments) {
    void* library = dlopen(arguments[1], RTLD_NOW);
    if (library == nullptr) return std::fprintf(stderr, "%s\n", dlerror()), 1;
    const auto product = reinterpret_cast<Product>(dlsym(library, "kernel"));
    void* blas = dlopen("libopenblas.so.0", RTLD_NOW);
    const auto sgemm = blas ? reinterpret_cast<Sgemm>(dlsym(blas, "cblas_sgemm")) : nullptr;
    std::vector<float> a(kSize * kSize, 0.5F), b(kSize * kSize, 0.25F), c(kSize * kSize);
    std::vector<double> over_loop, blas_over_loop, over_blas;
    for (int round = 0; round < kRounds; round++) {
        const double before = multiply_adds();
        const double ours = rate(kFlops, [&] { product(a.data(), b.data(), c.data()); });
        const double after = multiply_adds();
        over_loop.push_back(ours / ((before + after) / 2));
        if (sgemm == nullptr) continue;
        const double theirs = rate(kFlops, [&] {
            sgemm(101, 111, 111, kSize, kSize, kSize, 1, a.data(), kSize, b.data(), kSize, 0,
                  c.data(), kSize);
        });
        blas_over_loop.push_back(theirs / after);
        over_blas.push_back(ours / theirs);
    }
    std::puts(
        "| one thread, 1024 x 1024 x 1024 | median of paired ratios [95 %] | best |\n| --- | --- | "
        "--- |");
    print("Cupel over the multiply-add loop", over_loop);
    if (sgemm == nullptr)
        return std::fprintf(stderr,
                            "bench: no libopenblas.so.0 here (apt-get install libopenblas0)\n"),
               0;
    print("OpenBLAS over the multiply-add loop", blas_over_loop);
    print("Cupel over OpenBLAS", over_blas);
}
