// SPDX-License-Identifier: Apache-2.0
// tables ROUNDS BYTES KERNEL.so...: calls each kernel once a round, in another order in every
// round, and prints its number (from 1) and the median over the rounds of its time, over the least
// such median. BYTES: as much as all inputs, or all outputs, take; every argument gets a block of
// that.
#include <dlfcn.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

// Arguments that a kernel does not have are passed in registers that it does not read.
using Kernel = void (*)(float*, float*, float*, float*, float*, float*);
constexpr std::size_t kMostArguments = 6;

double median(std::vector<double> values) {
    std::ranges::nth_element(values, values.begin() + static_cast<long>(values.size() / 2));
    return values[values.size() / 2];
}

// Shared, and from the beginning of a page on, as the memory is that the referee gives to kernels:
// streaming needs outputs that begin with a vector.
float* allocate(std::size_t reals) {
    void* const memory = mmap(nullptr, reals * sizeof(float), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return static_cast<float*>(memory);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 4) return std::fprintf(stderr, "usage: tables ROUNDS BYTES KERNEL.so...\n"), 2;
    const long rounds = std::atol(arguments[1]);
    const auto reals = static_cast<std::size_t>(std::atol(arguments[2])) / sizeof(float) + 64;
    std::mt19937 random(1);
    std::normal_distribution<float> values;
    std::vector<float*> blocks;
    for (std::size_t i = 0; i < kMostArguments; i++) {
        blocks.push_back(allocate(reals));
        std::generate_n(blocks.back(), reals, [&] { return values(random); });
    }
    std::vector<Kernel> kernels;
    for (int i = 3; i < count; i++) {
        void* library = dlopen(arguments[i], RTLD_NOW);
        void* kernel = library == nullptr ? nullptr : dlsym(library, "kernel");
        if (kernel == nullptr) return std::fprintf(stderr, "%s: %s\n", arguments[i], dlerror()), 1;
        kernels.push_back(reinterpret_cast<Kernel>(kernel));
    }
    std::vector<std::vector<double>> times(kernels.size());
    std::vector<std::size_t> order(kernels.size());
    for (std::size_t i = 0; i < order.size(); i++)
        order[i] = i;
    for (long round = -1; round < rounds; round++) {
        std::ranges::shuffle(order, random);
        std::vector<double> now(kernels.size());
        for (const std::size_t i : order) {
            const auto begin = std::chrono::steady_clock::now();
            kernels[i](blocks[0], blocks[1], blocks[2], blocks[3], blocks[4], blocks[5]);
            now[i] =
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        }
        if (round < 0) continue;  // the first calls fault their pages in
        // The machine's speed changes from round to round: each counts relative to its own.
        const double usual = median(now);
        for (std::size_t i = 0; i < now.size(); i++)
            times[i].push_back(now[i] / usual);
    }
    std::vector<double> medians;
    for (const auto& all : times)
        medians.push_back(median(all));
    const double least = *std::ranges::min_element(medians);
    for (std::size_t i = 0; i < medians.size(); i++)
        std::printf("%zu %.3f\n", i + 1, medians[i] / least);
}
