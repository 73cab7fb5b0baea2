// SPDX-License-Identifier: Apache-2.0
// A kernel that is bound by memory or by functions, a loop that moves as many bytes, and one that
// computes as many functions in the first cache, in turns in one process. Neither does anything
// else, so no kernel is faster than the slower of them. Ratios are of neighbours in time, so that
// whoever shares the memory slows all; the median, and the order statistics that hold it at 95 %.
//   bandwidth NAME LIBRARY FORM BYTES READS [FUNCTIONS LENGTH COUNT]
//     FORM: a task's normal form. BYTES: that it moves at least. READS: of how many vectors for
//     each that is written; 0: nothing is written. FUNCTIONS: a library whose kernel(x, y) computes
//     LENGTH of the COUNT functions
#include <dlfcn.h>
#include <immintrin.h>
#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <regex>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr int kSets = 4;  // of inputs and outputs, in turns: what the caches hold is of another one
constexpr int kRounds = 60;

double seconds_now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

template <typename Work>
double seconds(Work work) {
    const double start = seconds_now();
    work();
    return seconds_now() - start;
}

// Shared, as the memory is that the referee gives to kernels.
char* allocate(std::size_t bytes) {
    void* const memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) std::abort();
    return static_cast<char*>(memory);
}

#ifdef __AVX512F__
using Vector = __m512i;
Vector load(const char* p) {
    return _mm512_loadu_si512(p);
}
void stream(char* p, Vector v) {
    _mm512_stream_si512(reinterpret_cast<Vector*>(p), v);
}
Vector either(Vector a, Vector b) {
    return _mm512_or_si512(a, b);
}
#else
using Vector = __m256i;
Vector load(const char* p) {
    return _mm256_loadu_si256(reinterpret_cast<const Vector*>(p));
}
void stream(char* p, Vector v) {
    _mm256_stream_si256(reinterpret_cast<Vector*>(p), v);
}
Vector either(Vector a, Vector b) {
    return _mm256_or_si256(a, b);
}
#endif

// `reads` vectors for each that is written past the caches, none if there are no reads; each thread
// its own part. Fetch: what it reads is asked for two pages ahead.
template <bool Fetch>
void move(char* to, const char* from, std::size_t bytes, std::size_t reads) {
    constexpr std::size_t kAhead = 8192;
    const std::size_t step = std::max<std::size_t>(reads, 1) * sizeof(Vector);
#pragma omp parallel
    {
        const auto threads = static_cast<std::size_t>(omp_get_num_threads());
        const std::size_t part = bytes / threads / step;
        const std::size_t first = part * static_cast<std::size_t>(omp_get_thread_num());
        for (std::size_t i = first; i < first + part; i++) {
            const char* const here = from + i * step;
            Vector all = load(here);
            if (Fetch) _mm_prefetch(here + kAhead, _MM_HINT_T1);
            for (std::size_t at = sizeof(Vector); at < step; at += sizeof(Vector)) {
                if (Fetch) _mm_prefetch(here + at + kAhead, _MM_HINT_T1);
                all = either(all, load(here + at));
            }
            if (reads > 0) {
                stream(to + i * sizeof(Vector), all);
            } else {
                asm volatile("" : : "v"(all));
            }
        }
        _mm_sfence();
    }
}

struct Tensor {
    std::string name, type;
    std::size_t elements = 1, bytes = 0;
    bool output = false;
};

std::vector<Tensor> tensors_of(const std::string& form) {
    const std::size_t begin = form.find("task ");
    const std::string line = form.substr(begin, form.find('\n', begin) - begin);
    const std::size_t arrow = line.find("->");
    const std::regex one(R"((\w+): (\w+)(\[([\d,]*)\])?)");
    std::vector<Tensor> all;
    for (std::sregex_iterator at(line.begin(), line.end(), one), end; at != end; ++at) {
        Tensor tensor{.name = (*at)[1], .type = (*at)[2]};
        const std::string shape = (*at)[4];
        for (std::size_t from = 0; from < shape.size();) {
            const std::size_t to = std::min(shape.find(',', from), shape.size());
            tensor.elements *= std::stoul(shape.substr(from, to - from));
            from = to + 1;
        }
        const std::string digits = tensor.type.substr(tensor.type.find_first_of("0123456789"));
        tensor.bytes = tensor.elements * std::stoul(digits) / 8;
        tensor.output = static_cast<std::size_t>(at->position()) > arrow;
        all.push_back(std::move(tensor));
    }
    return all;
}

// Values of the size that normal ones have; positions as the form says.
void fill(const Tensor& tensor, const std::string& form, char* to) {
    std::mt19937 random(1);
    if (tensor.type[0] == 'i') {
        std::smatch law;
        const std::regex text("values " + tensor.name + R"( ~ integers\((-?\d+), (-?\d+)\))");
        if (!std::regex_search(form, law, text)) std::abort();
        std::uniform_int_distribution<std::int64_t> values(std::stol(law[1]),
                                                           std::stol(law[2]) - 1);
        for (std::size_t i = 0; i < tensor.elements; i++) {
            const std::int64_t value = values(random);
            std::memcpy(to + i * (tensor.bytes / tensor.elements), &value,
                        tensor.bytes / tensor.elements);
        }
        return;
    }
    std::uniform_real_distribution<float> values(-1.7F, 1.7F);
    for (std::size_t i = 0; i < tensor.elements; i++) {
        const float value = values(random);
        std::uint32_t bits = 0;
        std::memcpy(&bits, &value, sizeof bits);
        bits >>= tensor.type == "bf16" ? 16 : 0;
        const _Float16 half = static_cast<_Float16>(value);
        const void* const from = tensor.type == "f16" ? static_cast<const void*>(&half) : &bits;
        std::memcpy(to + i * (tensor.bytes / tensor.elements), from,
                    tensor.bytes / tensor.elements);
    }
}

// Pages that are all alike are read quicker on some virtual machines.
void scramble(char* to, std::size_t bytes) {
    std::mt19937_64 random(2);
    for (std::size_t i = 0; i + 8 <= bytes; i += 8) {
        const std::uint64_t value = random();
        std::memcpy(to + i, &value, sizeof value);
    }
}

template <std::size_t... I>
void call(void* kernel, const std::vector<char*>& at, std::index_sequence<I...>) {
    // More arguments than it takes do no harm in the calling convention of C.
    reinterpret_cast<void (*)(decltype(static_cast<void>(I), static_cast<char*>(nullptr))...)>(
        kernel)((I < at.size() ? at[I] : nullptr)...);
}

// Of paired ratios.
struct Spread {
    double low, median, high;
};
Spread spread_of(std::vector<double> ratios) {
    std::sort(ratios.begin(), ratios.end());
    const auto n = static_cast<double>(ratios.size());
    const auto at = [&](double rank) { return ratios[static_cast<std::size_t>(rank)]; };
    return {at(n / 2 - 0.98 * std::sqrt(n)), at(n / 2), at(n / 2 + 0.98 * std::sqrt(n))};
}

void* kernel_of(const char* path) {
    void* const library = dlopen(path, RTLD_NOW);
    if (library == nullptr) {
        std::fprintf(stderr, "%s\n", dlerror());
        std::exit(1);
    }
    return dlsym(library, "kernel");
}

// So many of the functions, each thread its part, out of its first cache and back into it.
struct Functions {
    void (*kernel)(const float*, float*) = nullptr;
    std::size_t length = 0, calls = 0;

    void operator()() const {
#pragma omp parallel
        {
            std::vector<float> x(length), y(length);
            for (std::size_t i = 0; i < length; i++)
                x[i] = static_cast<float>(i) / static_cast<float>(length) * 3.4F - 1.7F;
#pragma omp for
            for (std::size_t c = 0; c < calls; c++) {
                kernel(x.data(), y.data());
                asm volatile("" : : "r"(y.data()) : "memory");
            }
        }
    }
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 6 && count != 9) return std::fprintf(stderr, "usage: see bench/bandwidth\n"), 2;
    void* const kernel = kernel_of(arguments[2]);
    const std::string form = arguments[3];
    const std::size_t reads = std::stoul(arguments[5]);
    Functions functions;
    if (count == 9) {
        functions.kernel =
            reinterpret_cast<void (*)(const float*, float*)>(kernel_of(arguments[6]));
        functions.length = std::stoul(arguments[7]);
        functions.calls = static_cast<std::size_t>(std::stod(arguments[8])) / functions.length;
    }
    const double written = reads > 0 ? std::stod(arguments[4]) / static_cast<double>(reads + 1) : 0;
    const auto bytes = static_cast<std::size_t>(std::stod(arguments[4]) - written) / 64 * 64;
    const auto written_bytes = static_cast<std::size_t>(written) / 64 * 64 + 64;
    std::vector<std::vector<char*>> sets(kSets);
    std::vector<std::pair<char*, char*>> parts;  // of the loop, two for each set
    for (std::vector<char*>& set : sets) {
        for (const Tensor& tensor : tensors_of(form)) {
            set.push_back(allocate(tensor.bytes));
            if (!tensor.output) fill(tensor, form, set.back());
        }
        for (int half = 0; half < 2; half++) {
            parts.emplace_back(allocate(bytes), allocate(written_bytes));
            scramble(parts.back().first, bytes);
        }
    }
    // What the one before has moved is still in a cache, and so is where its pages are: each takes
    // the next part, and comes back to it no sooner than the kernel to its own. Of two loops the
    // one that this machine is quicker with.
    auto take = [&, turn = std::size_t{0}](bool fetch) mutable {
        const auto [from, to] = parts[turn++ % parts.size()];
        return seconds([&] { (fetch ? move<true> : move<false>)(to, from, bytes - 64, reads); });
    };
    std::vector<double> quicker;
    for (int round = -kSets; round < kRounds / 2; round++) {
        const double plain = take(false);
        const double ratio = plain / take(true);
        if (round >= 0) quicker.push_back(ratio);
    }
    const bool fetch = spread_of(quicker).median > 1;
    const auto moves = [&] { return take(fetch); };
    const auto compute = [&] { return functions.calls > 0 ? seconds(functions) : 0; };
    std::vector<double> moving, computing, slower;
    for (int round = -kSets; round < kRounds; round++) {
        const double moved = moves(), computed = compute();
        const double ours = seconds([&] {
            call(kernel, sets[static_cast<std::size_t>(round + kSets) % kSets],
                 std::make_index_sequence<8>());
        });
        const double bytes_took = (moved + moves()) / 2;
        const double functions_took = (computed + compute()) / 2;
        if (round < 0) continue;
        moving.push_back(bytes_took / ours);
        computing.push_back(functions_took / ours);
        slower.push_back(std::max(bytes_took, functions_took) / ours);
    }
    const Spread bound = spread_of(slower);
    char functions_only[16] = "-";
    if (functions.calls > 0)
        std::snprintf(functions_only, sizeof functions_only, "%.2f", spread_of(computing).median);
    const std::string must = reads == 0   ? "read"
                             : reads == 1 ? "copy"
                                          : "read " + std::to_string(reads) + ", write 1";
    std::printf("| %s | %s | %.2f | %s | %.2f [%.2f, %.2f] |\n", arguments[1], must.c_str(),
                spread_of(moving).median, functions_only, bound.median, bound.low, bound.high);
}
