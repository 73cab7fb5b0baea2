// SPDX-License-Identifier: Apache-2.0
// Tiles that are hard on an accumulator.
#include "conformance/tensor_form.hpp"

namespace cupel::emulator::conformance {
namespace {

enum class Matrix : std::uint8_t { A, B, C };

struct Float {
    unsigned exponent_bits;
    unsigned fraction_bits;
};

Float float_of(Element element) {
    switch (element) {
        case Element::F16:
            return {5, 10};
        case Element::Bf16:
            return {8, 7};
        case Element::Tf32:
        case Element::F32:
            return {8, 23};
        case Element::E4m3:
            return {4, 3};
        case Element::E5m2:
            return {5, 2};
        case Element::F64:
            return {11, 52};
        case Element::S8:
        case Element::U8:
        case Element::S4:
        case Element::U4:
        case Element::B1:
            break;
    }
    return {0, 0};
}

std::uint64_t low_bits(std::uint64_t word, unsigned count) {
    return count >= 64 ? word : word & ((1ULL << count) - 1);
}

// A finite float with an exponent within `spread` steps around the middle plus `offset`.
std::uint64_t ranged(const Float& f, std::uint64_t random, unsigned spread, int offset) {
    const auto most = static_cast<std::int64_t>((1ULL << f.exponent_bits) - 2);
    const auto steps = static_cast<std::int64_t>((random >> 8) % (2 * spread + 1));
    std::int64_t exponent = most / 2 + offset + steps - spread;
    exponent = exponent < 0 ? 0 : exponent > most ? most : exponent;
    return (random >> 63) << (f.exponent_bits + f.fraction_bits) |
           static_cast<std::uint64_t>(exponent) << f.fraction_bits |
           low_bits(mixed(random, 7), f.fraction_bits);
}

// The same with few fraction bits set, so that sums meet ties and exact cancellation.
std::uint64_t coarse(const Float& f, std::uint64_t random, unsigned spread, int offset) {
    const std::uint64_t value = ranged(f, random, spread, offset);
    const unsigned keep = static_cast<unsigned>(random >> 40 & 3);
    if (keep >= f.fraction_bits) return value;
    const unsigned cut = f.fraction_bits - keep;
    return value >> cut << cut;
}

std::uint64_t negated(const Float& f, std::uint64_t value) {
    return value ^ 1ULL << (f.exponent_bits + f.fraction_bits);
}

// What an element's value depends on, besides its own random bits.
struct Setting {
    Matrix matrix;
    unsigned tile_class;
    int whole;             // half the exponents of A's type
    std::uint64_t random;  // of the tile
};

// Subnormals and small numbers in A, large ones in B, so that products meet the addend halfway.
std::uint64_t subnormal_element(const Float& f, const Setting& set, std::uint64_t random) {
    switch (set.matrix) {
        case Matrix::A: {
            if ((random >> 50 & 3) != 0) return ranged(f, random, 3, 2 - set.whole);
            const std::uint64_t sign = random >> 63 << (f.exponent_bits + f.fraction_bits);
            return sign |
                   low_bits(mixed(random, 8), f.fraction_bits) >> (random >> 40) % f.fraction_bits;
        }
        case Matrix::B:
            return ranged(f, random, 5, set.whole - 10);
        case Matrix::C:
            break;
    }
    return ranged(f, random, 10, -8);
}

// Subnormals and zeros alone in A.
std::uint64_t tiny_element(const Float& f, const Setting& set, std::uint64_t random) {
    switch (set.matrix) {
        case Matrix::A: {
            const std::uint64_t sign = random >> 63 << (f.exponent_bits + f.fraction_bits);
            if ((random >> 50 & 3) == 0) return sign;
            return sign |
                   low_bits(mixed(random, 8), f.fraction_bits) >> (random >> 40) % f.fraction_bits;
        }
        case Matrix::B:
            return ranged(f, random, 4, set.whole / 2);
        case Matrix::C:
            break;
    }
    return ranged(f, random, 12, 2 - set.whole / 2);
}

// An element of a float matrix in one of the classes of tiles.
std::uint64_t float_element(const Float& f, const Setting& set, std::uint64_t random) {
    const bool addend = set.matrix == Matrix::C;
    const auto whole = static_cast<unsigned>(set.whole);
    const unsigned width = f.exponent_bits + f.fraction_bits + 1;
    const int drift = static_cast<int>(set.random % 61) - 30;
    switch (set.tile_class) {
        case 0:  // any bits
            return low_bits(random, width);
        case 1:  // any bits in few elements, else small
            if ((random & 15) == 0) return low_bits(mixed(random, 1), width);
            return ranged(f, random, 2, 0);
        case 2:  // all finite values
            return ranged(f, random, addend ? 2 * whole : whole, 0);
        case 3:  // near one, and the addend too
        case 4:
            return ranged(f, random, 2, 0);
        case 5:  // near one; an addend from far below to far above
            return addend ? ranged(f, random, 1, drift) : ranged(f, random, 1, 0);
        case 6:  // a spread that reaches the cut of the alignment
            return ranged(f, random, 7, 0);
        case 7:
            return ranged(f, random, 14, 0);
        case 8:
            return subnormal_element(f, set, random);
        case 9:
            return tiny_element(f, set, random);
        case 10:  // ties
            return coarse(f, random, 6, addend ? static_cast<int>(set.random % 24) - 6 : 0);
        case 11:  // sparse: one or two products
            if (!addend && (random >> 50 & 7) != 0) return random >> 63 << (width - 1);
            return ranged(f, random, 3, addend ? drift : 0);
        case 12:  // large enough to overflow
            return ranged(f, random, 4, addend ? set.whole : set.whole / 2);
        case 13:  // an addend alone decides the exponent
            return addend ? ranged(f, random, 0, 20) : ranged(f, random, 3, 0);
        default:  // 14, 15: pairs that cancel; see make_tile
            return ranged(f, random, set.tile_class == 14 ? 3 : 8, addend ? -drift / 2 : 0);
    }
}

// In classes 14 and 15 every second product is the one before it with the other sign, in half of
// the rows up to the last bit.
void cancel_pairs(const TensorForm& form, const Float& fa, Tile& tile, std::uint64_t key) {
    for (unsigned row = 0; row < form.m; ++row) {
        for (unsigned k = 1; k < form.k; k += 2) {
            const std::size_t at = static_cast<std::size_t>(row) * form.k + k;
            const std::uint64_t nudge = row & 1 ? mixed(key, at) & 1 : 0;
            tile.a[at] = negated(fa, tile.a[at - 1]) ^ nudge;
        }
    }
    for (unsigned column = 0; column < form.n; ++column) {
        for (unsigned k = 1; k < form.k; k += 2) {
            const std::size_t at = static_cast<std::size_t>(column) * form.k + k;
            tile.b[at] = tile.b[at - 1];
        }
    }
}

std::uint64_t integer_element(Element element, unsigned tile_class, std::uint64_t random) {
    const unsigned bits = bits_of(element);
    const std::uint64_t extreme = 1ULL << (bits - 1);
    if (bits > 1 && tile_class % 4 == 1) return random & 1 ? extreme : extreme - 1;
    if (bits > 1 && tile_class % 4 == 2) return low_bits(~0ULL, bits) * (random & 1);
    return low_bits(random, bits);
}

std::uint64_t addend_element(const TensorForm& form, const Setting& set, std::uint64_t random) {
    switch (form.c) {
        case Accumulator::S32:
            if (set.tile_class % 4 == 1) return 0x7fffff00 + (random & 255);
            if (set.tile_class % 4 == 2) return 0x80000000 + (random & 255);
            return low_bits(random, 32);
        case Accumulator::F64:
            return float_element(float_of(Element::F64), set, random);
        case Accumulator::F16:
            return float_element(float_of(Element::F16), set, random);
        case Accumulator::F32:
            break;
    }
    return float_element(float_of(Element::F32), set, random);
}

std::uint64_t factor(Element element, const Setting& set, std::uint64_t random) {
    const Float f = float_of(element);
    if (f.exponent_bits == 0) return integer_element(element, set.tile_class, random);
    return float_element(f, set, random);
}

}  // namespace

Tile make_tile(const TensorForm& form, std::uint64_t key, std::uint64_t number) {
    const std::uint64_t tile_key = mixed(key, number);
    // Four warps share one B, hence their class and the numbers that B depends on.
    const std::uint64_t group_key = form.warpgroup ? mixed(key, ~(number / 4)) : tile_key;
    const auto tile_class =
        static_cast<unsigned>((form.warpgroup ? number / 4 : number) % kTileClasses);
    const Float fa = float_of(form.a);
    const int whole = fa.exponent_bits == 0 ? 0 : 1 << (fa.exponent_bits - 1);
    Setting set{Matrix::A, tile_class, whole, mixed(group_key, 99)};
    Tile tile;
    tile.a.resize(std::size_t{form.m} * form.k);
    tile.b.resize(std::size_t{form.n} * form.k);
    tile.c.resize(std::size_t{form.m} * form.n);
    for (std::size_t i = 0; i < tile.a.size(); ++i)
        tile.a[i] = factor(form.a, set, mixed(tile_key ^ 0xa, i));
    set.matrix = Matrix::B;
    for (std::size_t i = 0; i < tile.b.size(); ++i)
        tile.b[i] = factor(form.b, set, mixed(group_key ^ 0xb, i));
    set.matrix = Matrix::C;
    for (std::size_t i = 0; i < tile.c.size(); ++i)
        tile.c[i] = addend_element(form, set, mixed(tile_key ^ 0xc, i));
    // Of a shared B each warp's own A follows; the nudges may differ.
    if (tile_class >= 14 && fa.exponent_bits != 0) cancel_pairs(form, fa, tile, tile_key);
    return tile;
}

}  // namespace cupel::emulator::conformance
