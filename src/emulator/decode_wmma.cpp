// SPDX-License-Identifier: Apache-2.0
// wmma, stmatrix and movmatrix: a matrix becomes ordinary loads and stores at the places where its
// elements lie, between steps that say where that is.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/decode_matrix.hpp"
#include "emulator/matrix.hpp"
#include "emulator/wmma.hpp"

namespace cupel::emulator {

// One operand of a wmma and how it lies in memory.
struct Fragment {
    char operand = 'a';
    bool by_rows = true;
    Space space = Space::Generic;
    MatrixOperation operation;
    unsigned bits = 0;       // of an element
    unsigned registers = 0;  // that differ
    unsigned named = 0;      // in PTX: those of A and B in f16 hold each element twice

    [[nodiscard]] Cell cell(unsigned lane, unsigned reg, unsigned part) const {
        if (operand == 'a') return cell_in_a(operation, lane, reg, part);
        if (operand == 'b') return cell_in_b(operation, lane, reg, part);
        return cell_in_c(operation, lane, reg, part);
    }
    // Strides from the start of the matrix, and elements from there, as place_elements wants them.
    [[nodiscard]] std::uint32_t place(unsigned lane, unsigned reg, unsigned part) const {
        const Cell at = cell(lane, reg, part);
        return by_rows ? (at.row << 16) | at.column : (at.column << 16) | at.row;
    }
    [[nodiscard]] unsigned parts() const { return 32 / bits; }
    [[nodiscard]] unsigned least_stride() const {
        const unsigned rows = operand == 'b' ? operation.k : operation.m;
        const unsigned columns = operand == 'a' ? operation.k : operation.n;
        return by_rows ? columns : rows;
    }
    // Are all parts of these registers side by side in memory, in every lane?
    [[nodiscard]] bool is_run(unsigned reg, unsigned count) const {
        for (unsigned lane = 0; lane < kLanes; lane++) {
            const std::uint32_t first = place(lane, reg, 0);
            for (unsigned i = 0; i < count * parts(); i++) {
                if (place(lane, reg + i / parts(), i % parts()) != first + i) return false;
            }
        }
        return true;
    }
};

namespace {

// Twice as many registers as elements need: PTX keeps the form of the first tensor cores.
bool is_doubled(const MatrixOperation& op) {
    return op.a == Element::F16;
}

bool accept_element(Words& words, MatrixOperation& op) {
    const std::string name(words.peek());
    const auto element = element_named(name);
    if (!element) return false;
    words.accept(name);
    op.a = op.b = *element;
    if (bits_of(*element) == 8) op.c = Accumulator::S32;
    return true;
}

// The factors do not matter for where an addend lies; they must be some that the shape has.
bool accept_addend(Words& words, MatrixOperation& op) {
    const std::string name(words.peek());
    const auto accumulator = accumulator_named(name);
    if (!accumulator) return false;
    words.accept(name);
    op.c = *accumulator;
    if (op.c == Accumulator::S32) op.a = op.b = Element::S8;
    if (op.k == 8) op.a = op.b = Element::Tf32;
    return true;
}

bool is_known(const MatrixOperation& op) {
    return op.m == 16 && op.n == 16 && is_modelled(op) && bits_of(op.a) >= 8 &&
           op.c != Accumulator::F64;
}

bool accept_fragment(Words& words, Fragment& fragment) {
    MatrixOperation& op = fragment.operation;
    op.wmma = true;
    if (!words.accept("sync") || !words.accept("aligned")) return false;
    const std::string_view layout = words.accept_any({"row", "col"});
    if (layout.empty() || !accept_shape(words, op)) return false;
    fragment.by_rows = layout == "row";
    if (words.accept("global")) fragment.space = Space::Global;
    if (words.accept("shared") || words.accept("shared::cta")) fragment.space = Space::Shared;
    const bool factor = fragment.operand == 'a' || fragment.operand == 'b';
    if (!(factor ? accept_element(words, op) : accept_addend(words, op))) return false;
    if (!words.done() || !is_known(op)) return false;
    fragment.bits = factor ? bits_of(op.a) : bits_of_accumulator(op);
    fragment.registers = fragment.operand == 'a'   ? a_registers(op)
                         : fragment.operand == 'b' ? b_registers(op)
                                                   : c_registers(op);
    fragment.named = fragment.registers * (factor && is_doubled(op) ? 2 : 1);
    return true;
}

}  // namespace

Result<void> Decoder::warp_matrix(const Instruction& in) {
    Words words(in.opcode);
    if (words.accept("mma")) return multiply_fragments(in, words);
    Fragment fragment;
    const bool loads = words.accept("load");
    const std::string_view operand = loads                   ? words.accept_any({"a", "b", "c"})
                                     : words.accept("store") ? words.accept_any({"d"})
                                                             : std::string_view();
    if (operand.empty()) return refuse(in);
    fragment.operand = operand[0];
    if (!accept_fragment(words, fragment)) return refuse(in);
    return loads ? load_fragment(in, fragment) : store_fragment(in, fragment);
}

// The first step: all lanes meet. What the others start from: the address in `d`, the stride in
// `d2`.
Result<Op> Decoder::meet(const Instruction& in, const Fragment& fragment, const Operand& address,
                         const Operand* stride) {
    Op op = start(in, fragment.operand == 'd' ? Work::Store : Work::Load);
    CUPEL_DO(set_address(address, fragment.space, fragment.bits / 8, op));
    if (stride != nullptr) {
        CUPEL_TRY(op.b, source(*stride, Type::B32));
    } else {
        op.b = constant(fragment.least_stride(), 4);
    }
    op.run = op.checked = &meet_at_matrix;
    op.flow = Flow::Converge;
    op.e = constant(kAllLanes, 4);
    op.d = new_row(8);
    op.d2 = new_row(4);
    const unsigned alignment = 4 * fragment.named;
    op.target = static_cast<std::uint32_t>(code_.lists.size());
    code_.lists.push_back({alignment, fragment.bits / 8, std::min(16U, alignment)});
    emit(op);
    return op;
}

// The operation on memory for `count` registers from `reg` on, or for one part of one, after the
// step that says where; `bytes` of one element.
Op Decoder::at_elements(const Instruction& in, const Fragment& fragment, const Op& met,
                        unsigned reg, unsigned part) {
    Op place = start(in, Work::Integer);
    place.run = place.checked = &place_elements;
    place.a = met.d;
    place.b = met.d2;
    place.d = new_row(8);
    place.bytes = static_cast<std::uint8_t>(fragment.bits / 8);
    place.target = static_cast<std::uint32_t>(code_.lists.size());
    std::vector<std::uint32_t> places;
    places.reserve(kLanes);
    for (unsigned lane = 0; lane < kLanes; lane++)
        places.push_back(fragment.place(lane, reg, part));
    code_.lists.push_back(std::move(places));
    emit(place);
    Op op = start(in, met.work);
    op.a = place.d;
    op.space = met.space;
    op.spreads = false;
    return op;
}

void Decoder::emit_access(Op op, const Pair& handlers, std::vector<std::uint32_t> rows,
                          unsigned bytes) {
    op.run = handlers.run;
    op.checked = handlers.checked;
    op.bytes = static_cast<std::uint8_t>(bytes);
    op.elements = static_cast<std::uint8_t>(rows.size());
    (op.work == Work::Store ? op.b : op.d) = rows[0];
    note_grain(op, bytes * op.elements);
    if (rows.size() > 1) {
        op.target = static_cast<std::uint32_t>(code_.lists.size());
        code_.lists.push_back(std::move(rows));
    }
    emit(op);
}

// wmma.load.a.sync.aligned.row.m16n16k16.global.f16 {r0, ...}, [address], stride;
Result<void> Decoder::load_fragment(const Instruction& in, const Fragment& fragment) {
    CUPEL_DO(expect_operands(in, 2, 3));
    CUPEL_TRY(const auto rows, targets(in.operands[0], Type::B32, fragment.named));
    CUPEL_TRY(const Op met, meet(in, fragment, in.operands[1],
                                 in.operands.size() == 3 ? &in.operands[2] : nullptr));
    const unsigned bytes = fragment.bits / 8;
    for (unsigned reg = 0; reg < fragment.registers;) {
        const bool two = reg + 1 < fragment.registers && fragment.is_run(reg, 2);
        if (fragment.is_run(reg, 1)) {
            std::vector<std::uint32_t> run = {rows[reg]};
            if (two) run.push_back(rows[reg + 1]);
            emit_access(at_elements(in, fragment, met, reg, 0), load_handler(4, false, 4), run, 4);
            reg += two ? 2 : 1;
            continue;
        }
        Op join = start(in, Work::Move);
        join.run = join.checked = &join_parts;
        join.bytes = static_cast<std::uint8_t>(bytes);
        join.elements = static_cast<std::uint8_t>(fragment.parts());
        join.d = rows[reg];
        const std::array<std::uint32_t*, 4> from = {&join.a, &join.b, &join.c, &join.e};
        for (unsigned part = 0; part < fragment.parts(); part++) {
            *from[part] = new_row(2);
            emit_access(at_elements(in, fragment, met, reg, part), load_handler(bytes, false, 2),
                        {*from[part]}, bytes);
        }
        emit(join);
        reg++;
    }
    for (unsigned reg = fragment.registers; reg < fragment.named; reg++) {
        Op copy = start(in, Work::Move);
        copy.run = copy.checked = all_forms().find("mov.b32")->run;
        copy.a = rows[reg - fragment.registers];
        copy.d = rows[reg];
        emit(copy);
    }
    return {};
}

// wmma.store.d.sync.aligned.row.m16n16k16.global.f32 [address], {r0, ...}, stride;
Result<void> Decoder::store_fragment(const Instruction& in, const Fragment& fragment) {
    CUPEL_DO(expect_operands(in, 2, 3));
    CUPEL_TRY(const auto rows, sources(in.operands[1], Type::B32, fragment.named));
    CUPEL_TRY(const Op met, meet(in, fragment, in.operands[0],
                                 in.operands.size() == 3 ? &in.operands[2] : nullptr));
    for (unsigned reg = 0; reg < fragment.registers;) {
        const bool two = reg + 1 < fragment.registers && fragment.is_run(reg, 2);
        if (fragment.is_run(reg, 1)) {
            std::vector<std::uint32_t> run = {rows[reg]};
            if (two) run.push_back(rows[reg + 1]);
            emit_access(at_elements(in, fragment, met, reg, 0), store_handler(4, 4), run, 4);
            reg += two ? 2 : 1;
            continue;
        }
        for (unsigned part = 0; part < fragment.parts(); part++) {
            Op half = start(in, Work::Move);
            half.run = half.checked = &take_half;
            half.a = rows[reg];
            half.d = new_row(2);
            half.imm = std::int64_t{16} * part;
            emit(half);
            emit_access(at_elements(in, fragment, met, reg, part), store_handler(2, 2), {half.d},
                        2);
        }
        reg++;
    }
    return {};
}

// wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32 {d}, {a}, {b}, {c};  of f16: D's type, C's type
// wmma.mma.sync.aligned.row.col.m16n16k8.f32.tf32.tf32.f32 ...
Result<void> Decoder::multiply_fragments(const Instruction& in, Words& words) {
    CUPEL_DO(expect_operands(in, 4, 4));
    MatrixOperation op;
    op.wmma = true;
    if (!words.accept("sync") || !words.accept("aligned") ||
        words.accept_any({"row", "col"}).empty() || words.accept_any({"row", "col"}).empty() ||
        !accept_shape(words, op)) {
        return refuse(in);
    }
    const auto accumulator = [&] {
        const std::string name(words.peek());
        words.accept(name);
        return accumulator_named(name);
    };
    const auto d = accumulator();
    // Of f16 only the accumulators are named, whose types are no factors but for f16 itself.
    if (element_named(words.peek()) && words.peek() != "f16") {
        if (!accept_element(words, op) || element_named(words.peek()) != op.a) return refuse(in);
        words.accept(words.peek());
    }
    const auto c = accumulator();
    op.saturates = words.accept("satfinite");
    if (!d || !c || *d != *c || !words.done()) return refuse(in);
    op.c = *c;
    if (!is_known(op)) return refuse(in);
    CUPEL_TRY(auto rows, targets(in.operands[0], Type::B32, c_registers(op)));
    const unsigned times = is_doubled(op) ? 2 : 1;
    for (const auto& [index, count] :
         {std::pair{1U, a_registers(op)}, std::pair{2U, b_registers(op)}}) {
        CUPEL_TRY(const auto more,
                  sources(in.operands[index], Type::B32, std::size_t{times} * count));
        rows.insert(rows.end(), more.begin(), more.begin() + count);
    }
    CUPEL_TRY(const auto addend, sources(in.operands[3], Type::B32, c_registers(op)));
    rows.insert(rows.end(), addend.begin(), addend.end());
    return emit_multiply(in, op, std::move(rows));
}

// stmatrix.sync.aligned.m8n8.x4{.trans}.shared.b16 [address], {r0, r1, r2, r3};
Result<void> Decoder::store_matrix(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    Words words(in.opcode);
    if (!words.accept("sync") || !words.accept("aligned") || !words.accept("m8n8"))
        return refuse(in);
    const std::string_view count = words.accept_any({"x1", "x2", "x4"});
    const bool transposed = words.accept("trans");
    const bool shared = words.accept("shared") || words.accept("shared::cta");
    if (count.empty() || !words.accept("b16") || !words.done()) return refuse(in);
    const auto matrices = static_cast<unsigned>(count[1] - '0');
    CUPEL_TRY(const auto registers, sources(in.operands[1], Type::B32, matrices));

    Op collect = start(in, Work::Store);
    collect.run = &collect_rows;
    collect.checked = &collect_rows_checked;
    collect.spreads = false;
    collect.flow = Flow::Converge;
    collect.e = constant(kAllLanes, 4);
    collect.elements = static_cast<std::uint8_t>(matrices);
    collect.bytes = transposed ? 1 : 0;
    std::vector<std::uint32_t> words_of_row = {new_row(4), new_row(4), new_row(4), new_row(4)};
    std::vector<std::uint32_t> list = words_of_row;
    list.insert(list.end(), registers.begin(), registers.end());
    collect.target = static_cast<std::uint32_t>(code_.lists.size());
    code_.lists.push_back(std::move(list));

    // Its guard is left to the step itself, which must give a known predicate in any case.
    Op choose = start(in, Work::Compare);
    choose.run = choose.checked = &choose_givers;
    choose.a = choose.guard;
    choose.target = choose.guard_flip;
    choose.guard = kTrueRow;
    choose.guard_flip = 0;
    choose.d = new_row(2);
    choose.imm = matrices == 4 ? kAllLanes : (1U << (8 * matrices)) - 1;

    Op op = start(in, Work::Store);
    op.guard = choose.d;
    op.guard_flip = 0;
    op.spreads = false;
    CUPEL_DO(set_address(in.operands[0], shared ? Space::Shared : Space::Generic, 4, op));
    emit(collect);
    emit(choose);
    emit_access(op, store_handler(4, 4), std::move(words_of_row), 4);
    return {};
}

// movmatrix.sync.aligned.m8n8.trans.b16 d, a;
Result<void> Decoder::move_matrix(const Instruction& in) {
    CUPEL_DO(expect_operands(in, 2, 2));
    if (in.opcode != "movmatrix.sync.aligned.m8n8.trans.b16") return refuse(in);
    Op op = start(in, Work::Collective);
    op.run = &transpose_matrix;
    op.checked = &transpose_matrix_checked;
    op.spreads = false;
    op.flow = Flow::Converge;
    op.e = constant(kAllLanes, 4);
    CUPEL_TRY(op.d, target(in.operands[0], Type::B32));
    CUPEL_TRY(op.a, source(in.operands[1], Type::B32));
    emit(op);
    return {};
}

}  // namespace cupel::emulator
