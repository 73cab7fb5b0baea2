// SPDX-License-Identifier: Apache-2.0
// The table of whole kernels. Sizes are small and, where the kernel allows it, ragged.
#include <algorithm>
#include <cmath>

#include "conformance/kernel_case.hpp"

namespace cupel::emulator::conformance {
namespace {

using Fill = Array::Fill;
using enum Word;

Launch::Argument of(int buffer) {
    return {buffer, 0};
}
Launch::Argument number(std::size_t value) {
    return {-1, static_cast<std::int32_t>(value)};
}
unsigned blocks(std::size_t n, std::size_t each) {
    return static_cast<unsigned>((n + each - 1) / each);
}

struct Size {
    std::size_t m, n, k;
};
constexpr Size kTiled{70, 90, 100}, kPipelined{128, 128, 64}, kWmma{64, 48, 80}, kMma{128, 64, 160},
    kSplit{50, 60, 130};

template <Size Extent, bool ByColumn = false>
void multiply(Columns& x) {
    for (std::size_t row = 0; row < Extent.m; ++row) {
        for (std::size_t column = 0; column < Extent.n; ++column) {
            double sum = 0;
            for (std::size_t k = 0; k < Extent.k; ++k) {
                sum += x[0][row * Extent.k + k] *
                       (ByColumn ? x[1][column * Extent.k + k] : x[1][k * Extent.n + column]);
            }
            x[2][row * Extent.n + column] = sum;
        }
    }
}

struct Elements {
    Word word;
    Fill fill;
};

struct Shape {
    std::array<unsigned, 3> grid;
    std::array<unsigned, 3> block;
};

KernelCase gemm(const std::string& name, const Size& s, Elements of_inputs, const Shape& shape,
                void (*reference)(Columns&)) {
    const std::vector<Launch::Argument> arguments{of(0),       of(1),       of(2),
                                                  number(s.m), number(s.n), number(s.k)};
    return {.name = name,
            .arrays = {{"a", of_inputs.word, s.m * s.k, of_inputs.fill},
                       {"b", of_inputs.word, s.k * s.n, of_inputs.fill},
                       {"c", F32, s.m * s.n, Fill::Zero, true}},
            .launches = {{name, shape.grid, shape.block, arguments}},
            .reference = reference};
}

constexpr std::size_t kRows = 37, kColumns = 300;
void softmax(Columns& x) {
    for (std::size_t row = 0; row < kRows; ++row) {
        const double* from = &x[0][row * kColumns];
        double sum = 0;
        for (std::size_t i = 0; i < kColumns; ++i)
            sum += std::exp(from[i]);
        for (std::size_t i = 0; i < kColumns; ++i)
            x[1][row * kColumns + i] = std::exp(from[i]) / sum;
    }
}

constexpr std::size_t kNormRows = 20, kNormColumns = 516;
void layernorm(Columns& x) {
    for (std::size_t row = 0; row < kNormRows; ++row) {
        const double* from = &x[0][row * kNormColumns];
        double mean = 0, squares = 0;
        for (std::size_t i = 0; i < kNormColumns; ++i)
            mean += from[i] / kNormColumns;
        for (std::size_t i = 0; i < kNormColumns; ++i)
            squares += (from[i] - mean) * (from[i] - mean);
        const double factor = 1 / std::sqrt(squares / kNormColumns + 1e-5);
        for (std::size_t i = 0; i < kNormColumns; ++i)
            x[3][row * kNormColumns + i] = (from[i] - mean) * factor * x[1][i] + x[2][i];
    }
}

constexpr std::size_t kBytes = 20000, kBlocks = 24;
void histogram(Columns& x) {
    for (const double value : x[0])
        ++x[3][static_cast<std::size_t>(value)];
    double sum = 0;
    for (std::size_t i = 0; i < 256; ++i)
        x[4][i] = sum += x[3][i];
}

constexpr std::size_t kGroupRows = 10, kGroupColumns = 1000;
void reduce(Columns& x) {
    for (std::size_t row = 0; row < kGroupRows; ++row) {
        x[2][row] = -2147483648.0;
        for (std::size_t i = 0; i < kGroupColumns; ++i) {
            const double value = x[0][row * kGroupColumns + i];
            x[1][row] += value;
            x[2][row] = std::max(x[2][row], value);
            x[3][row] += value < 0;
        }
    }
}

constexpr std::size_t kHalves = 4000;
void halves(Columns& x) {
    for (std::size_t i = 0; i < kHalves; ++i) {
        const bool odd = i % 2 != 0;
        const double a = odd ? -0.75 : 1.5, b = odd ? 0.3 : 0.1;
        x[1][i] = std::max(a * x[0][i] + b, 0.0) * (x[0][i - odd] + 2);
        const double relu = std::max(a * x[2][i] + b, 0.0);
        x[3][i] = odd ? relu + 0.5 : relu * 1.25;
    }
}

constexpr std::size_t kDot = 10000;
void dot(Columns& x) {
    for (std::size_t i = 0; i < kDot; ++i)
        x[3][0] += x[0][i] * x[1][i];
}

constexpr std::size_t kPiped = 8192;
void piped(Columns& x) {
    for (std::size_t i = 0; i < kPiped; i += 1024) {
        double most = -HUGE_VAL;
        for (std::size_t stage = 0; stage < 1024; stage += 256) {
            for (std::size_t k = 0; k < 256; ++k)
                most = std::max(most, x[0][i + stage + k]);
            for (std::size_t k = 0; k < 256; ++k)
                x[1][i + stage + k] = 3 * x[0][i + stage + k] + most;
        }
    }
}

constexpr std::size_t kLength = 64, kHeads = 2, kWidth = 64;
void attention(Columns& x) {
    for (std::size_t query = 0; query < kHeads * kLength; ++query) {
        const std::size_t head = query / kLength * kLength * kWidth;
        std::vector<double> weights(kLength);
        double sum = 0;
        for (std::size_t key = 0; key < kLength; ++key) {
            double score = 0;
            for (std::size_t d = 0; d < kWidth; ++d)
                score += x[0][query * kWidth + d] * x[1][head + key * kWidth + d] / 8;
            sum += weights[key] = std::exp(score);
        }
        for (std::size_t d = 0; d < kWidth; ++d) {
            for (std::size_t key = 0; key < kLength; ++key)
                x[3][query * kWidth + d] += weights[key] / sum * x[2][head + key * kWidth + d];
        }
    }
}

constexpr std::size_t kScanned = 20001;
void scan(Columns& x) {
    double sum = 0;
    for (std::size_t i = 0; i < kScanned; ++i)
        x[1][i] = sum += x[0][i];
}

constexpr std::size_t kTall = 100, kBroad = 70;
void turn(Columns& x) {
    for (std::size_t row = 0; row < kTall; ++row) {
        for (std::size_t column = 0; column < kBroad; ++column)
            x[1][column * kTall + row] = x[0][row * kBroad + column];
    }
}

void add_products(std::vector<KernelCase>& all) {
    all.push_back(
        gemm("gemm_tiled", kTiled, {F32, Fill::Uniform},
             {.grid = {blocks(kTiled.n, 16), blocks(kTiled.m, 16), 1}, .block = {16, 16, 1}},
             multiply<kTiled>));
    all.back().racy_mutants = 2;
    all.push_back(gemm("gemm_pipelined", kPipelined, {F32, Fill::Uniform},
                       {.grid = {kPipelined.n / 64, kPipelined.m / 64, 1}, .block = {256, 1, 1}},
                       multiply<kPipelined>));
    all.push_back(gemm("gemm_wmma", kWmma, {F16, Fill::SixtyFourths},
                       {.grid = {kWmma.n / 16, kWmma.m / 16, 1}, .block = {32, 1, 1}},
                       multiply<kWmma>));
    all.push_back(gemm("gemm_mma", kMma, {F16, Fill::SixtyFourths},
                       {.grid = {kMma.n / 64, kMma.m / 64, 1}, .block = {128, 1, 1}},
                       multiply<kMma, true>));
    all.push_back(
        gemm("gemm_split_k", kSplit, {F32, Fill::SmallWhole},
             {.grid = {blocks(kSplit.n, 32), blocks(kSplit.m, 8), 4}, .block = {32, 8, 1}},
             multiply<kSplit>));
    all.back().racy_mutants = 1;
}

void add_rows(std::vector<KernelCase>& all) {
    all.push_back({.name = "softmax_warp",
                   .arrays = {{"x", F32, kRows * kColumns, Fill::Uniform},
                              {"y", F32, kRows * kColumns, Fill::Zero, true}},
                   .launches = {{"softmax_warp",
                                 {blocks(kRows, 4), 1, 1},
                                 {128, 1, 1},
                                 {of(0), of(1), number(kRows), number(kColumns)}}},
                   .reference = softmax});
    all.push_back({.name = "layernorm_vec4",
                   .arrays = {{"x", F32, kNormRows * kNormColumns, Fill::Uniform},
                              {"scale", F32, kNormColumns, Fill::Uniform},
                              {"shift", F32, kNormColumns, Fill::Uniform},
                              {"y", F32, kNormRows * kNormColumns, Fill::Zero, true}},
                   .launches = {{"layernorm_vec4",
                                 {kNormRows, 1, 1},
                                 {128, 1, 1},
                                 {of(0), of(1), of(2), of(3), number(kNormColumns)}}},
                   .reference = layernorm,
                   .racy_mutants = 2});
    all.push_back({.name = "reduce_groups",
                   .arrays = {{"x", I32, kGroupRows * kGroupColumns, Fill::Whole},
                              {"sums", I32, kGroupRows, Fill::Zero, true},
                              {"most", I32, kGroupRows, Fill::Zero, true},
                              {"negatives", I32, kGroupRows, Fill::Zero, true}},
                   .launches = {{"reduce_groups",
                                 {kGroupRows, 1, 1},
                                 {192, 1, 1},
                                 {of(0), of(1), of(2), of(3), number(kGroupColumns)}}},
                   .reference = reduce});
    all.push_back({.name = "flash_attention",
                   .arrays = {{"q", F32, kHeads * kLength * kWidth, Fill::Uniform},
                              {"k", F32, kHeads * kLength * kWidth, Fill::Uniform},
                              {"v", F32, kHeads * kLength * kWidth, Fill::Uniform},
                              {"o", F32, kHeads * kLength * kWidth, Fill::Zero, true}},
                   .launches = {{"flash_attention",
                                 {kLength / 16, kHeads, 1},
                                 {128, 1, 1},
                                 {of(0), of(1), of(2), of(3), number(kLength)}}},
                   .reference = attention});
}

void add_streams(std::vector<KernelCase>& all) {
    all.push_back({.name = "histogram_last_block",
                   .arrays = {{"x", U8, kBytes, Fill::SkewedBytes},
                              {"partial", U32, kBlocks * 256},
                              {"tickets", U32, 1},
                              {"counts", U32, 256, Fill::Zero, true},
                              {"sums", U32, 256, Fill::Zero, true}},
                   .launches = {{"histogram_last_block",
                                 {kBlocks, 1, 1},
                                 {256, 1, 1},
                                 {of(0), of(1), of(2), of(3), of(4), number(kBytes)}}},
                   .reference = histogram,
                   .racy_mutants = 2});
}

void add_others(std::vector<KernelCase>& all) {
    all.push_back({.name = "halves",
                   .arrays = {{"xh", F16, kHalves, Fill::SixtyFourths},
                              {"yh", F16, kHalves, Fill::Zero, true},
                              {"xb", Bf16, kHalves, Fill::SixtyFourths},
                              {"yb", Bf16, kHalves, Fill::Zero, true}},
                   .launches = {{"halves_f16",
                                 {blocks(kHalves, 256), 1, 1},
                                 {128, 1, 1},
                                 {of(0), of(1), number(kHalves)}},
                                {"halves_bf16",
                                 {blocks(kHalves, 256), 1, 1},
                                 {128, 1, 1},
                                 {of(2), of(3), number(kHalves)}}},
                   .reference = halves});
    all.push_back(
        {.name = "dot_f64",
         .arrays = {{"a", F64, kDot, Fill::Uniform},
                    {"b", F64, kDot, Fill::Uniform},
                    {"partial", F64, 32},
                    {"y", F64, 1, Fill::Zero, true}},
         .launches = {{"dot_partial", {32, 1, 1}, {128, 1, 1}, {of(0), of(1), of(2), number(kDot)}},
                      {"dot_final", {1, 1, 1}, {32, 1, 1}, {of(2), of(3)}}},
         .reference = dot});
    all.push_back(
        {.name = "barrier_pipeline",
         .arrays = {{"x", F32, kPiped, Fill::Uniform}, {"y", F32, kPiped, Fill::Zero, true}},
         .launches = {{"barrier_pipeline", {kPiped / 1024, 1, 1}, {128, 1, 1}, {of(0), of(1)}}},
         .reference = piped});
    all.push_back({.name = "scan_lookback",
                   .arrays = {{"x", I32, kScanned, Fill::Whole},
                              {"y", I32, kScanned, Fill::Zero, true},
                              {"states", U64, kScanned / 512 + 1},
                              {"tickets", U32, 1}},
                   .launches = {{"scan_lookback",
                                 {blocks(kScanned, 512), 1, 1},
                                 {256, 1, 1},
                                 {of(0), of(1), of(2), of(3), number(kScanned)}}},
                   .reference = scan,
                   .racy_mutants = 1});
    all.push_back({.name = "transpose",
                   .arrays = {{"x", F32, kTall * kBroad, Fill::Uniform},
                              {"y", F32, kTall * kBroad, Fill::Zero, true}},
                   .launches = {{"transpose",
                                 {blocks(kBroad, 32), blocks(kTall, 32), 1},
                                 {32, 8, 1},
                                 {of(0), of(1), number(kTall), number(kBroad)}}},
                   .reference = turn,
                   .racy_mutants = 1});
}

}  // namespace

const std::vector<KernelCase>& kernel_cases() {
    static const std::vector<KernelCase> kCases = [] {
        std::vector<KernelCase> all;
        add_products(all);
        add_rows(all);
        add_streams(all);
        add_others(all);
        return all;
    }();
    return kCases;
}

}  // namespace cupel::emulator::conformance
