// SPDX-License-Identifier: Apache-2.0
#include "referee/fill.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "referee/half.hpp"
#include "referee/parallel.hpp"

// The loops below are compiled for the widest vectors and chosen when the program starts.
// Sanitizers cannot run the resolver (it is called before they are ready).
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CUPEL_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CUPEL_CLONES
#endif

namespace cupel::referee {
namespace {

constexpr std::size_t kBlock = 4096;  // elements generated at a time
constexpr std::size_t kKnots = 4096;

// A 32-bit mixer with full avalanche (the constants are Chris Wellons' "lowbias32"), applied twice
// under two keys.
inline std::uint32_t mix(std::uint32_t x) {
    x = (x ^ (x >> 16)) * 0x7feb352dU;
    x = (x ^ (x >> 15)) * 0x846ca68bU;
    return x ^ (x >> 16);
}

CUPEL_CLONES void random_bits(std::uint32_t* out, std::size_t count, Key key) {
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = mix(mix(static_cast<std::uint32_t>(i) ^ key.a) + key.b);
    }
}

// The mixer is fast, not secret: from a few values its key can be found, and then where the largest
// ones lie, without reading the rest. So no key serves more than one block.
Key block_key(Key key, std::size_t block) {
    return std::bit_cast<Key>(derived_u64(std::bit_cast<std::uint64_t>(key), block));
}

// Inverse of the standard normal distribution at p = i / kKnots, by bisection (once per program).
std::array<float, kKnots + 1> make_normal_knots() {
    std::array<float, kKnots + 1> knots{};
    for (std::size_t i = 0; i <= kKnots; ++i) {
        double low = -5;
        double high = 5;
        for (int step = 0; step < 60; ++step) {
            const double middle = (low + high) / 2;
            const double probability = 0.5 * std::erfc(-middle / std::sqrt(2.0));
            (probability * static_cast<double>(kKnots) < static_cast<double>(i) ? low : high) =
                middle;
        }
        knots[i] = static_cast<float>((low + high) / 2);
    }
    knots[0] = -5;
    knots[kKnots] = 5;
    return knots;
}

CUPEL_CLONES void to_normal(const std::uint32_t* bits, float* out, std::size_t count,
                            const float* knots) {
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t knot = bits[i] >> 20;
        const float fraction =
            static_cast<float>(static_cast<std::int32_t>(bits[i] & 0xfffffU)) * 0x1p-20F;
        out[i] = knots[knot] + fraction * (knots[knot + 1] - knots[knot]);
    }
}

CUPEL_CLONES void to_uniform(const std::uint32_t* bits, float* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = static_cast<float>(static_cast<std::int32_t>(bits[i] >> 8)) * 0x1p-24F;
    }
}

CUPEL_CLONES void scale(float* values, std::size_t count, float offset, float factor) {
    for (std::size_t i = 0; i < count; ++i) {
        values[i] = offset + factor * values[i];
    }
}

template <class Stored, class Convert>
void store(std::span<std::byte> out, const float* values, std::size_t count, Convert convert) {
    for (std::size_t i = 0; i < count; ++i) {
        const Stored stored = convert(values[i]);
        std::memcpy(out.data() + i * sizeof(Stored), &stored, sizeof(Stored));
    }
}

std::int64_t to_integer(std::uint32_t bits, const task::Values& values) {
    const auto low = static_cast<std::int64_t>(values.a);
    const auto range = static_cast<std::uint64_t>(std::max(1.0, values.b - values.a));
    return low + static_cast<std::int64_t>((std::uint64_t{bits} * range) >> 32);
}

template <class Stored>
void store_integers(std::span<std::byte> out, const std::uint32_t* bits, std::size_t count,
                    const task::Values& values) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto stored = static_cast<Stored>(to_integer(bits[i], values));
        std::memcpy(out.data() + i * sizeof(Stored), &stored, sizeof(Stored));
    }
}

void draw_floats(const std::uint32_t* bits, float* out, std::size_t count,
                 const task::Values& values) {
    static const std::array<float, kKnots + 1> kNormal = make_normal_knots();
    if (values.law == task::Law::Normal) {
        to_normal(bits, out, count, kNormal.data());
        scale(out, count, static_cast<float>(values.a), static_cast<float>(values.b));
    } else if (values.law == task::Law::Uniform) {
        to_uniform(bits, out, count);
        scale(out, count, static_cast<float>(values.a), static_cast<float>(values.b - values.a));
    } else {
        for (std::size_t i = 0; i < count; ++i) {
            out[i] = static_cast<float>(to_integer(bits[i], values));
        }
    }
}

constexpr std::size_t kRun = 64;
constexpr std::size_t kRepeats = 8;
constexpr std::uint32_t kOneRunIn = 32;  // of each of five kinds
constexpr double kTop = 4.75;            // standard deviations: hardly a draw is beyond

template <class Float>
void blend_run(std::span<Float> run, const task::Values& law, std::uint32_t kind,
               std::uint32_t bits) {
    // Of either sign as far from zero: a law's cancelling runs hold what is opposite to its values.
    const double far = std::abs(law.a) + kTop * law.b;
    const auto top = static_cast<Float>(bits % 2 == 0 ? far : -far);
    // The law may be a scaled one, or far from zero: what is relative is drawn as from its
    // standard.
    const auto mean = static_cast<Float>(law.a);
    const auto twelve_bits_down = static_cast<Float>(0x1p-12 / law.b);
    switch (kind) {
        case 0:
            for (Float& value : run)
                value = std::abs(value);
            return;
        case 1:  // no longer: a sum of 64 equal products would drown what was added before
            for (std::size_t i = 0; i < run.size(); ++i)
                run[i] = run[i - i % kRepeats];
            return;
        case 2:  // to the last twelve bits or so
            for (std::size_t i = 0; i + 1 < run.size(); i += 2)
                run[i + 1] = -run[i] * (1 + (run[i + 1] - mean) * twelve_bits_down);
            return;
        case 3:  // which of equal extremes is meant must not be left to chance
            for (std::uint32_t i = 0; i < run.size(); ++i)
                if (mix(bits ^ i) % 8 == 0) run[i] = top;
            return;
        default:
            for (std::size_t i = 1; i < run.size(); i += 2)
                run[i] *= Float(1) / static_cast<Float>(2U << (bits >> (i % 16) & 15U) % 12);
    }
}

// `values` is one whole block.
template <class Float>
void blend_runs(std::span<Float> values, const task::Values& law, Key key) {
    std::array<std::uint32_t, kBlock / kRun> bits;
    random_bits(bits.data(), bits.size(), Key{.a = key.b, .b = ~key.a});
    for (std::size_t at = 0; at < values.size(); at += kRun) {
        const std::uint32_t drawn = bits[at / kRun];
        const std::uint32_t kind = drawn % kOneRunIn;
        if (kind > 4) continue;
        blend_run(values.subspan(at, std::min(kRun, values.size() - at)), law, kind, drawn >> 5);
    }
}

// A whole double needs more than 32 random bits: the low part is drawn under another key.
void fill_doubles(std::span<std::byte> out, const float* floats, const task::Values& values,
                  Key key, bool blend) {
    std::array<std::uint32_t, kBlock> low{};
    std::array<double, kBlock> doubles;
    const std::size_t count = out.size() / sizeof(double);
    if (values.law != task::Law::Integers)
        random_bits(low.data(), count, Key{.a = ~key.a, .b = key.b ^ 0x5bd1e995U});
    for (std::size_t i = 0; i < count; ++i) {
        doubles[i] = std::bit_cast<double>(
            std::bit_cast<std::uint64_t>(static_cast<double>(floats[i])) | (low[i] & 0x1fffffffU));
    }
    if (blend) blend_runs(std::span(doubles).first(count), values, key);
    std::memcpy(out.data(), doubles.data(), out.size());
}

void fill_block(std::span<std::byte> out, task::Type type, const task::Values& values, Key key,
                bool blend) {
    std::array<std::uint32_t, kBlock> bits;
    std::array<float, kBlock> floats;
    const std::size_t count = out.size() / task::type_size(type);
    random_bits(bits.data(), count, key);
    if (task::is_float(type)) draw_floats(bits.data(), floats.data(), count, values);
    if (type == task::Type::F64) return fill_doubles(out, floats.data(), values, key, blend);
    // Before they are rounded to 16 bits: what is a share of the law's deviation is so of floats.
    if (blend && task::is_float(type)) blend_runs(std::span(floats).first(count), values, key);
    switch (type) {
        case task::Type::F32:
            std::memcpy(out.data(), floats.data(), out.size());
            break;
        case task::Type::F64:
            break;
        case task::Type::F16:
            store<std::uint16_t>(out, floats.data(), count, to_half);
            break;
        case task::Type::BF16:
            store<std::uint16_t>(out, floats.data(), count, to_bfloat);
            break;
        case task::Type::I64:
            store_integers<std::int64_t>(out, bits.data(), count, values);
            break;
        case task::Type::I32:
            store_integers<std::int32_t>(out, bits.data(), count, values);
            break;
        case task::Type::I8:
            store_integers<std::int8_t>(out, bits.data(), count, values);
            break;
    }
}

template <class Float>
void store_odd(std::span<std::byte> out, const std::uint32_t* bits, Odd odd) {
    const auto factor = static_cast<Float>(std::ldexp(1.0, odd.exponent));
    const std::uint32_t mask = (1U << odd.bits) - 1U;
    for (std::size_t i = 0; i < out.size() / sizeof(Float); ++i) {
        const auto size = static_cast<Float>(static_cast<std::int32_t>((bits[i] & mask) | 1U));
        const Float value = (bits[i] >> 31 != 0 ? -size : size) * factor;
        std::memcpy(out.data() + i * sizeof(Float), &value, sizeof(Float));
    }
}

// Calls work(first byte, bytes) over blocks of `block` bytes, split over threads where it pays.
template <class Work>
void over_blocks(std::span<std::byte> out, std::size_t block, int threads, const Work& work) {
    const std::size_t blocks = (out.size() + block - 1) / block;
    const auto run = [&](std::size_t first, std::size_t last) {
        for (std::size_t i = first; i < last; ++i) {
            work(i * block, out.subspan(i * block, std::min(block, out.size() - i * block)));
        }
    };
    in_parts(blocks, out.size(), threads, run);
}

// Calls work(part, its own key) over blocks of elements.
template <class Work>
void by_blocks(std::span<std::byte> out, task::Type type, Key key, int threads, const Work& work) {
    const std::size_t size = kBlock * task::type_size(type);
    CUPEL_CHECK(out.size() % task::type_size(type) == 0);
    over_blocks(out, size, threads, [&](std::size_t offset, std::span<std::byte> part) {
        work(part, block_key(key, offset / size));
    });
}

}  // namespace

Key fresh_key() {
    return std::bit_cast<Key>(random_u64());
}

void fill_values(std::span<std::byte> out, task::Type type, const task::Values& values, Key key,
                 int threads) {
    by_blocks(out, type, key, threads, [&](std::span<std::byte> part, Key mine) {
        fill_block(part, type, values, mine, false);
    });
}

void fill_blend(std::span<std::byte> out, task::Type type, const task::Values& values, Key key,
                int threads) {
    by_blocks(out, type, key, threads, [&](std::span<std::byte> part, Key mine) {
        fill_block(part, type, values, mine, values.law == task::Law::Normal);
    });
}

void fill_odd(std::span<std::byte> out, task::Type type, Odd odd, Key key, int threads) {
    CUPEL_CHECK(odd.bits >= 1 && odd.bits <= 31);
    by_blocks(out, type, key, threads, [&](std::span<std::byte> part, Key mine) {
        std::array<std::uint32_t, kBlock> random;
        random_bits(random.data(), part.size() / task::type_size(type), mine);
        if (type == task::Type::F32) store_odd<float>(part, random.data(), odd);
        if (type == task::Type::F64) store_odd<double>(part, random.data(), odd);
    });
}

void fill_poison(std::span<std::byte> out, Key key, int threads) {
    constexpr std::size_t kWord = sizeof(std::uint32_t);
    over_blocks(out, kBlock * kWord, threads, [&](std::size_t offset, std::span<std::byte> part) {
        std::array<std::uint32_t, kBlock> bits;
        random_bits(bits.data(), (part.size() + kWord - 1) / kWord,
                    block_key(key, offset / (kBlock * kWord)));
        std::memcpy(part.data(), bits.data(), part.size());
    });
}

}  // namespace cupel::referee
