// SPDX-License-Identifier: Apache-2.0
#include "conformance/operand.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace cupel::emulator::conformance {
namespace {

using Words = std::span<const std::uint64_t>;

// The first twelve of each table are its core.
constexpr std::array<std::uint64_t, 2> kPred{0, 1};
constexpr std::array<std::uint64_t, 16> kInt16{0,      1,      0xffff, 0x7fff, 0x8000, 2,
                                               0x00ff, 0x0100, 0x5555, 0xfffe, 0x0010, 0x8001,
                                               0x007f, 0x0080, 0xff80, 0x000f};
constexpr std::array<std::uint64_t, 30> kInt32{
    0,          1,          0xffffffff, 0x7fffffff, 0x80000000, 2,         31,  32,
    0x0000ffff, 0x00010000, 0x55555555, 0xfffffffe, 3,          4,         7,   8,
    15,         16,         33,         63,         64,         127,       128, 255,
    256,        0x00007fff, 0x00008000, 0xffff8000, 0xaaaaaaaa, 0x80000001};
constexpr std::array<std::uint64_t, 30> kInt64{0,
                                               1,
                                               0xffffffffffffffff,
                                               0x7fffffffffffffff,
                                               0x8000000000000000,
                                               2,
                                               0x00000000ffffffff,
                                               0x0000000100000000,
                                               0x0000000080000000,
                                               0xfffffffffffffffe,
                                               0x5555555555555555,
                                               63,
                                               3,
                                               4,
                                               7,
                                               8,
                                               31,
                                               32,
                                               33,
                                               64,
                                               127,
                                               128,
                                               255,
                                               256,
                                               0x7fffffff,
                                               0xffffffff80000000,
                                               0x8000000000000001,
                                               0xaaaaaaaaaaaaaaaa,
                                               0x001fffffffffffff,
                                               0x0020000000000001};
// Zero, minus zero, infinities, a quiet and a signalling NaN, one, the least and greatest
// subnormal, the least normal, the greatest finite, minus one and a half; then more.
constexpr std::array<std::uint64_t, 24> kF16{
    0x0000, 0x8000, 0x7c00, 0xfc00, 0x7e01, 0x7d01, 0x3c00, 0x0001, 0x83ff, 0x0400, 0x7bff, 0xbe00,
    0xbc00, 0xfbff, 0x8400, 0x8001, 0x3800, 0x4000, 0x3c01, 0x3bff, 0x1400, 0x6800, 0xfe00, 0x7fff};
constexpr std::array<std::uint64_t, 24> kBf16{
    0x0000, 0x8000, 0x7f80, 0xff80, 0x7fc1, 0x7f81, 0x3f80, 0x0001, 0x807f, 0x0080, 0x7f7f, 0xbfc0,
    0xbf80, 0xff7f, 0x8080, 0x8001, 0x3f00, 0x4000, 0x3f81, 0x3f7f, 0x3380, 0x4b80, 0xffc0, 0x7fff};
constexpr std::array<std::uint64_t, 34> kF32{
    0x00000000, 0x80000000, 0x7f800000, 0xff800000, 0x7fc00001, 0x7f800001, 0x3f800000,
    0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0xbfc00000, 0xbf800000, 0xff7fffff,
    0x80800000, 0x80000001, 0x3f000000, 0x40000000, 0x3f800001, 0x3f7fffff, 0x33800000,
    0x4b800000, 0x4b000000, 0x4f000000, 0x4effffff, 0xcf000000, 0x4f800000, 0x5f000000,
    0x5f800000, 0xdf000000, 0xffc12345, 0x3f400000, 0x477fe000, 0x477ff000};
constexpr std::array<std::uint64_t, 32> kF64{
    0x0000000000000000, 0x8000000000000000, 0x7ff0000000000000, 0xfff0000000000000,
    0x7ff8000000000001, 0xfff4000000000123, 0x3ff0000000000000, 0x0000000000000001,
    0x800fffffffffffff, 0x0010000000000000, 0x7fefffffffffffff, 0xbff8000000000000,
    0xbff0000000000000, 0xffefffffffffffff, 0x8010000000000000, 0x3fe0000000000000,
    0x4000000000000000, 0x3ff0000000000001, 0x3fefffffffffffff, 0x3ca0000000000000,
    0x4340000000000000, 0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000,
    0x36a0000000000000, 0x3690000000000000, 0x3690000000000001, 0x380fffffffffffff,
    0x41dfffffffc00000, 0xc1e0000000000000, 0x43e0000000000000, 0xc3e0000000000000};
constexpr std::array<std::uint64_t, 12> kSegment{0x001f, 0x0000, 0x181f, 0x1c1f,
                                                 0x1e1f, 0x101f, 0x1800, 0x1c03,
                                                 0x1e00, 0x1000, 0x0007, 0xffffffff};
constexpr std::array<std::uint64_t, 5> kFew{0, 1, 0x80000000, 0xffffffff, 7};

struct Traits {
    unsigned bytes;
    unsigned bits;  // of one element
    Words words;
    unsigned elements;  // packed in one word
};

Traits traits(Type type) {
    switch (type) {
        case Type::Pred:
            return {1, 1, kPred, 1};
        case Type::B8:
            return {1, 8, kInt16, 1};
        case Type::U16:
        case Type::S16:
        case Type::B16:
            return {2, 16, kInt16, 1};
        case Type::F16:
            return {2, 16, kF16, 1};
        case Type::Bf16:
            return {2, 16, kBf16, 1};
        case Type::U32:
        case Type::S32:
        case Type::B32:
            return {4, 32, kInt32, 1};
        case Type::F32:
        case Type::Tf32:
            return {4, 32, kF32, 1};
        case Type::F16x2:
            return {4, 16, kF16, 2};
        case Type::Bf16x2:
            return {4, 16, kBf16, 2};
        case Type::U64:
        case Type::S64:
        case Type::B64:
            return {8, 64, kInt64, 1};
        case Type::F64:
            return {8, 64, kF64, 1};
        case Type::E4m3x2:
        case Type::E5m2x2:
            return {2, 8, {}, 2};
        case Type::E4m3x4:
        case Type::E5m2x4:
            return {4, 8, {}, 4};
        case Type::Lane:
        case Type::Row:
        case Type::Shift:
            return {4, 32, {}, 1};
        case Type::Segment:
            return {4, 32, kSegment, 1};
        case Type::Few:
            return {4, 32, kFew, 1};
    }
    return {};
}

std::uint64_t mask_of(unsigned bits) {
    return bits >= 64 ? ~0ULL : (1ULL << bits) - 1;
}

bool is_float(Type type) {
    using enum Type;
    constexpr std::array kFloats{F16, Bf16, F32, Tf32, F16x2, Bf16x2, F64};
    return std::ranges::find(kFloats, type) != kFloats.end();
}

std::uint64_t one_special(const Traits& of, std::uint64_t random) {
    if (of.words.empty()) return random & mask_of(of.bits);
    return of.words[random % of.words.size()] & mask_of(of.bits);
}

// A float whose exponent is near that of one, so that several of them meet in one rounding.
std::uint64_t near_one(Type type, std::uint64_t random) {
    const std::uint64_t sign = random >> 63;
    const std::uint64_t near = (random >> 32) % 24;
    if (type == Type::F16 || type == Type::F16x2)
        return sign << 15 | (near % 12 + 9) << 10 | (random & 0x3ff);
    if (type == Type::Bf16 || type == Type::Bf16x2)
        return sign << 15 | (near + 115) << 7 | (random & 0x7f);
    if (type == Type::F64)
        return sign << 63 | (near * 3 + 990) << 52 | (random & mask_of(32)) * 0xfffff;
    return sign << 31 | (near + 115) << 23 | (random & 0x7fffff);
}

std::uint64_t bent_element(Type type, const Traits& of, std::uint64_t random) {
    const std::uint64_t mask = mask_of(of.bits);
    const std::uint64_t fresh = mixed(random, 1);
    switch (random >> 60 & 7) {
        case 0:
        case 1:
            return fresh & mask;
        case 2:
            return one_special(of, fresh);
        case 3: {  // the lowest bits are a one and zeros: a tie, wherever a rounding cuts there
            const unsigned cut = static_cast<unsigned>(random % of.bits);
            return ((fresh >> cut | 1) << cut) & mask;
        }
        case 4:  // magnitudes evenly over their logarithm; half of them negative
            if (is_float(type)) return near_one(type, fresh);
            return (random & 1 ? ~(fresh >> random % 64) : fresh >> random % 64) & mask;
        case 5:
            if (is_float(type)) return near_one(type, fresh);
            return fresh & 63;
        case 6:
            if (is_float(type)) {
                return near_one(type, fresh) &
                       ~mask_of(static_cast<unsigned>((random >> 8) % (of.bits / 2)));
            }
            return (1ULL << fresh % of.bits) & mask;
        default:
            return (one_special(of, fresh) + (random >> 20 & 3) - 1) & mask;
    }
}

}  // namespace

unsigned bytes_of(Type type) {
    return traits(type).bytes;
}

std::span<const std::uint64_t> specials(Type type) {
    return traits(type).words;
}

std::span<const std::uint64_t> core_specials(Type type) {
    const Words all = specials(type);
    return all.first(std::min<std::size_t>(all.size(), 12));
}

std::uint64_t mixed(std::uint64_t key, std::uint64_t counter) {
    std::uint64_t x = key + 0x9e3779b97f4a7c15 * (counter + 1);
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

std::uint64_t key_of(std::string_view name) {
    std::uint64_t key = 0xcbf29ce484222325;
    for (const char c : name)
        key = (key ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return key;
}

std::uint64_t random_operand(Type type, std::uint64_t random) {
    const std::uint64_t fresh = mixed(random, 2);
    const bool wild = (random >> 8 & 7) == 0;
    if (type == Type::Pred) return random & 1;
    if (type == Type::Lane) return wild ? fresh & 0xffffffff : fresh & 31;
    if (type == Type::Row) return fresh & 31;
    if (type == Type::Shift) return wild ? fresh & 0xffffffff : fresh % 80;
    if (type == Type::Segment || type == Type::Few) return one_special(traits(type), fresh);
    const Traits of = traits(type);
    std::uint64_t word = 0;
    for (unsigned i = 0; i < of.elements; ++i)
        word |= bent_element(type, of, mixed(random, 3 + i)) << (i * of.bits % 64);
    return word;
}

namespace {

// How many lanes at the front run through all combinations of special values.
unsigned combinations(std::span<const Type> types) {
    if (types.empty() || types.size() > 3) return 0;
    std::size_t count = 1;
    for (const Type type : types) {
        count *= std::max<std::size_t>(
            1, types.size() < 3 ? specials(type).size() : core_specials(type).size());
    }
    return static_cast<unsigned>(count);
}

}  // namespace

unsigned lanes_for(std::span<const Type> types) {
    return (combinations(types) + 300 + 255) / 256 * 256;
}

std::uint64_t operand(std::span<const Type> types, unsigned place, unsigned lane,
                      std::uint64_t key) {
    const Type type = types[place];
    const std::uint64_t random = mixed(mixed(key, place), lane);
    if (lane >= combinations(types)) return random_operand(type, random);
    const auto words_of = [&](Type t) { return types.size() < 3 ? specials(t) : core_specials(t); };
    std::size_t rest = lane;
    for (unsigned i = 0; i < place; ++i)
        rest /= std::max<std::size_t>(1, words_of(types[i]).size());
    const Words words = words_of(type);
    if (words.empty()) return random_operand(type, random);
    const Traits of = traits(type);
    std::uint64_t word = words[rest % words.size()] & mask_of(of.bits);
    // The other half of a packed pair walks through the same table the other way.
    for (unsigned i = 1; i < of.elements; ++i)
        word |= (words[words.size() - 1 - rest % words.size()] & mask_of(of.bits))
                << (i * of.bits % 64);
    return word;
}

}  // namespace cupel::emulator::conformance
