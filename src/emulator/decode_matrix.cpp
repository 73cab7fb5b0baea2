// SPDX-License-Identifier: Apache-2.0
// ldmatrix and mma.sync.
#include "emulator/decode_matrix.hpp"

#include <fmt/format.h>

#include <charconv>

#include "emulator/matrix.hpp"

namespace cupel::emulator {

bool accept_shape(Words& words, MatrixOperation& op) {
    std::string_view text = words.peek();
    words.accept(text);
    for (const auto& [letter, place] :
         {std::pair{'m', &op.m}, std::pair{'n', &op.n}, std::pair{'k', &op.k}}) {
        if (!text.starts_with(letter)) return false;
        text.remove_prefix(1);
        const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), *place);
        if (wrong != std::errc()) return false;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    return text.empty() && op.m <= 64 && op.n <= 64 && op.k <= 512;
}

std::optional<Element> element_named(std::string_view name) {
    static const std::map<std::string_view, Element> kNames = {
        {"f16", Element::F16},   {"bf16", Element::Bf16}, {"tf32", Element::Tf32},
        {"e4m3", Element::E4m3}, {"e5m2", Element::E5m2}, {"f64", Element::F64},
        {"s8", Element::S8},     {"u8", Element::U8},     {"s4", Element::S4},
        {"u4", Element::U4},     {"b1", Element::B1}};
    const auto found = kNames.find(name);
    return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Accumulator> accumulator_named(std::string_view name) {
    static const std::map<std::string_view, Accumulator> kNames = {{"f32", Accumulator::F32},
                                                                   {"f16", Accumulator::F16},
                                                                   {"s32", Accumulator::S32},
                                                                   {"f64", Accumulator::F64}};
    const auto found = kNames.find(name);
    return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

namespace {

std::string take(Words& words) {
    std::string word(words.peek());
    words.accept(word);
    return word;
}

}  // namespace

// ldmatrix.sync.aligned.m8n8.x4{.trans}.shared.b16 {r0, r1, r2, r3}, [address];
Result<void> Decoder::load_matrix(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    Words words(in.opcode);
    if (!words.accept("sync") || !words.accept("aligned") || !words.accept("m8n8"))
        return refuse(in);
    const std::string_view count = words.accept_any({"x1", "x2", "x4"});
    const bool transposed = words.accept("trans");
    const bool shared = words.accept("shared") || words.accept("shared::cta");
    if (count.empty() || !words.accept("b16") || !words.done()) return refuse(in);
    Op op = start(in, Work::Load);
    op.run = &cupel::emulator::load_matrix;
    op.checked = &load_matrix_checked;
    op.spreads = false;
    op.elements = static_cast<std::uint8_t>(count[1] - '0');
    CUPEL_DO(set_address(in.operands[1], shared ? Space::Shared : Space::Generic, 16, op));
    op.bytes = transposed ? 1 : 0;
    CUPEL_TRY(auto rows, targets(in.operands[0], Type::B32, op.elements));
    op.target = static_cast<std::uint32_t>(code_.lists.size());
    code_.lists.push_back(std::move(rows));
    op.flow = Flow::Converge;
    op.e = constant(kAllLanes, 4);
    note_grain(op, 16);
    emit(op);
    return {};
}

Result<void> Decoder::emit_multiply(const Instruction& in, const MatrixOperation& operation,
                                    std::vector<std::uint32_t> rows) {
    Op op = start(in, Work::Tensor);
    op.run = &multiply_matrices;
    op.checked = &multiply_matrices_checked;
    op.spreads = false;
    op.flow = Flow::Converge;
    op.e = constant(kAllLanes, 4);
    code_.plans.push_back(std::make_shared<const MatrixPlan>(make_plan(operation)));
    op.imm = static_cast<std::int64_t>(code_.plans.size() - 1);
    op.target = static_cast<std::uint32_t>(code_.lists.size());
    code_.lists.push_back(std::move(rows));
    op.tensor_flops = 2 * operation.m * operation.n * operation.k;
    emit(op);
    return {};
}

// mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {d}, {a}, {b}, {c};
Result<void> Decoder::multiply(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 4, 4));
    Words words(in.opcode);
    MatrixOperation op;
    if (!words.accept("sync") || !words.accept("aligned") || !accept_shape(words, op) ||
        !words.accept("row") || !words.accept("col")) {
        return refuse(in);
    }
    op.saturates = words.accept("satfinite");
    const auto d = accumulator_named(take(words));
    const auto a = element_named(take(words));
    const auto b = element_named(take(words));
    const auto c = accumulator_named(take(words));
    if (!d || !a || !b || !c || *d != *c) return refuse(in);
    op.a = *a;
    op.b = *b;
    op.c = *c;
    if (*a == Element::B1) {
        const std::string_view logic = words.accept_any({"xor", "and"});
        if (logic.empty() || !words.accept("popc")) return refuse(in);
        op.both_bits = logic == "and";
    }
    if (!words.done() || !is_modelled(op)) return refuse(in);
    const bool wide = bits_of_register(op) == 64;
    const Type held = wide ? Type::F64 : Type::B32;
    CUPEL_TRY(auto rows, targets(in.operands[0], held, c_registers(op)));
    for (const auto& [index, count] :
         {std::pair{1U, a_registers(op)}, std::pair{2U, b_registers(op)},
          std::pair{3U, c_registers(op)}}) {
        CUPEL_TRY(const auto more, sources(in.operands[index], held, count));
        rows.insert(rows.end(), more.begin(), more.end());
    }
    return emit_multiply(in, op, std::move(rows));
}

}  // namespace cupel::emulator
