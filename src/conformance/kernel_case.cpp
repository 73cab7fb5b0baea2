// SPDX-License-Identifier: Apache-2.0
#include "conformance/kernel_case.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#include "conformance/operand.hpp"

namespace cupel::emulator::conformance {
namespace {

// Bits of a value that the 16-bit type holds exactly, normal or zero.
std::uint64_t encode_half(Word word, double value) {
    const bool brain = word == Word::Bf16;
    const int fraction_bits = brain ? 7 : 10;
    const int bias = brain ? 127 : 15;
    const std::uint64_t sign = std::signbit(value) ? 0x8000 : 0;
    if (value == 0) return sign;
    int exponent = 0;
    const double fraction = std::frexp(std::fabs(value), &exponent);  // in [0.5, 1)
    const auto digits = static_cast<std::uint64_t>(std::ldexp(fraction, fraction_bits + 1));
    return sign + (static_cast<std::uint64_t>(exponent + bias - 2) << fraction_bits) + digits;
}

std::uint64_t encode(Word word, double value) {
    switch (word) {
        case Word::F32:
            return std::bit_cast<std::uint32_t>(static_cast<float>(value));
        case Word::F64:
            return std::bit_cast<std::uint64_t>(value);
        case Word::F16:
        case Word::Bf16:
            return encode_half(word, value);
        case Word::I32:
        case Word::U32:
        case Word::U64:
        case Word::U8:
            return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    }
    return 0;
}

double chosen(Array::Fill fill, std::uint64_t random) {
    const auto number = static_cast<double>(random >> 40);  // 24 bits
    switch (fill) {
        case Array::Fill::Zero:
            return 0;
        case Array::Fill::Uniform:
            return number / 8388608 - 1;
        case Array::Fill::SixtyFourths:
            return static_cast<double>(random % 129) / 64 - 1;
        case Array::Fill::SmallWhole:
            return static_cast<double>(random % 17) - 8;
        case Array::Fill::Whole:
            return static_cast<double>(random % 2001) - 1000;
        case Array::Fill::SkewedBytes:
            return static_cast<double>((random & 0xff) * (random >> 8 & 0xff) >> 8);
    }
    return 0;
}

double decode_half(Word word, std::uint64_t bits) {
    const Element element = word == Word::Bf16 ? Element::Bf16 : Element::F16;
    const Decoded d = decode(element, bits);
    if (d.kind == Decoded::Kind::NotANumber) return std::nan("");
    if (d.kind == Decoded::Kind::Infinite) return d.negative ? -HUGE_VAL : HUGE_VAL;
    const double value = std::ldexp(d.significand, d.exponent - fraction_bits_of(element));
    return d.negative ? -value : value;
}

double decode_word(Word word, std::uint64_t bits) {
    switch (word) {
        case Word::F32:
            return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
        case Word::F64:
            return std::bit_cast<double>(bits);
        case Word::F16:
        case Word::Bf16:
            return decode_half(word, bits);
        case Word::I32:
            return static_cast<std::int32_t>(bits);
        case Word::U32:
        case Word::U64:
        case Word::U8:
            return static_cast<double>(bits);
    }
    return 0;
}

}  // namespace

unsigned bytes_of(Word word) {
    switch (word) {
        case Word::F64:
        case Word::U64:
            return 8;
        case Word::F16:
        case Word::Bf16:
            return 2;
        case Word::U8:
            return 1;
        case Word::F32:
        case Word::I32:
        case Word::U32:
            return 4;
    }
    return 0;
}

std::vector<std::uint8_t> initial_bytes(const KernelCase& kernel, std::size_t array) {
    const Array& of = kernel.arrays[array];
    const std::uint64_t key = mixed(key_of(kernel.name), array);
    const unsigned width = bytes_of(of.word);
    std::vector<std::uint8_t> bytes(of.count * width);
    for (std::size_t i = 0; i < of.count; ++i) {
        const std::uint64_t word = encode(of.word, chosen(of.fill, mixed(key, i)));
        std::memcpy(&bytes[i * width], &word, width);
    }
    return bytes;
}

std::vector<double> as_doubles(Word word, const std::vector<std::uint8_t>& bytes) {
    const unsigned width = bytes_of(word);
    std::vector<double> values(bytes.size() / width);
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::uint64_t bits = 0;
        std::memcpy(&bits, &bytes[i * width], width);
        values[i] = decode_word(word, bits);
    }
    return values;
}

Columns reference_columns(const KernelCase& kernel) {
    Columns columns;
    for (std::size_t i = 0; i < kernel.arrays.size(); ++i)
        columns.push_back(as_doubles(kernel.arrays[i].word, initial_bytes(kernel, i)));
    kernel.reference(columns);
    return columns;
}

}  // namespace cupel::emulator::conformance
