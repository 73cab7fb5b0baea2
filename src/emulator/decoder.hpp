// SPDX-License-Identifier: Apache-2.0
// From parsed PTX to operations. Every opcode with all of its modifiers must be known, else the
// kernel is refused with the line.
#pragma once

#include <map>
#include <optional>
#include <span>

#include "emulator/access.hpp"
#include "emulator/census.hpp"
#include "emulator/code.hpp"
#include "emulator/forms.hpp"

namespace cupel::emulator {

// The words of an opcode, taken one by one.
class Words {
public:
    explicit Words(std::string_view opcode);
    bool accept(std::string_view word);
    // The first of them that is next; empty where none is.
    std::string_view accept_any(std::initializer_list<std::string_view> words);
    [[nodiscard]] std::string_view peek() const { return at_ < words_.size() ? words_[at_] : ""; }
    [[nodiscard]] bool done() const { return at_ == words_.size(); }
    // Those of the others that are among these come next, in their own order.
    void bring_forward(std::initializer_list<std::string_view> words);
    [[nodiscard]] std::string rest() const;  // joined by points
    std::optional<Type> accept_type();

private:
    std::vector<std::string_view> words_;
    std::size_t at_ = 0;
};

enum class Order : std::uint8_t { None, Weak, Volatile, Strong };
struct Orders {
    std::initializer_list<std::string_view> words;  // that an instruction may have
    bool of_atomic = false;
};
// Sets the flags; nothing where there is no such order with such a scope.
[[nodiscard]] std::optional<Order> accept_order(Words& words, Op& op, const Orders& known);
[[nodiscard]] Space accept_space(Words& words);

struct MatrixOperation;
struct Fragment;

class Decoder {
public:
    Decoder(const Module& module, const Kernel& kernel)
        : module_(module), kernel_(kernel), source_(module.source()) {}
    Result<Code> run();
    // Instead of run(): all that it would refuse, not only the first.
    std::vector<Refusal> refusals();

private:
    using Done = Result<void>;

    // decode.cpp: layout, operands, arithmetic
    Done begin();
    [[nodiscard]] std::unexpected<Error> with_line(Error error, const Line& line) const;
    Done advance(const Instruction& in);
    Done lay_out();
    Done instruction(const Instruction& in);
    Done arithmetic(const Instruction& in);
    Done arithmetic_operands(const Instruction& in, const Form& form, Op op);
    Done move(const Instruction& in);
    Done pack(const Instruction& in, unsigned bytes);
    Done unpack(const Instruction& in, unsigned bytes);
    Done convert(const Instruction& in);
    void finish();

    // decode_memory.cpp
    Done load(const Instruction& in);
    Done load_parameter(const Instruction& in, Type type, std::span<const Operand> targets);
    struct Loaded {
        std::vector<std::uint32_t> rows;
        unsigned width = 0;  // of each register, bytes
    };
    // Where the elements of a load go.
    [[nodiscard]] Result<Loaded> rows_for(std::span<const Operand> elements, Type type);
    void load_used(const Instruction& in, Op op, const std::vector<std::uint32_t>& rows,
                   unsigned width);
    // d = a, of so many bytes, which is no instruction of the kernel's.
    void emit_copy(const Instruction& in, std::uint32_t d, std::uint32_t a, unsigned bytes);
    Op into_parameters(const Instruction& in, std::uint32_t address, std::uint32_t to);
    Done store(const Instruction& in);
    Done atomic(const Instruction& in, bool returns);
    Done address_conversion(const Instruction& in);
    Done is_space(const Instruction& in);
    Done fence(const Instruction& in);
    Done set_address(const Operand& operand, Space space, unsigned bytes, Op& op);
    void note_grain(const Op& op, unsigned bytes);

    // decode_order.cpp
    // All of a load or store before the number of its elements.
    Result<Space> access(const Instruction& in, Words& words, Op& op);
    Done prefetch(const Instruction& in);

    // decode_control.cpp
    Done branch(const Instruction& in);
    Done leave(const Instruction& in);
    Done barrier(const Instruction& in);
    Done call(const Instruction& in);
    Done depend(const Instruction& in);
    Done sleep(const Instruction& in);
    Done shuffle(const Instruction& in);
    Done vote(const Instruction& in);
    Done match(const Instruction& in);
    Done reduce(const Instruction& in);
    Done active_mask(const Instruction& in);
    Done collective(const Instruction& in, Op op, const Operand& mask);

    // decode_async.cpp
    Done copy_async(const Instruction& in);
    Done copy_bytes(const Instruction& in, Words& words, Op op);
    Done mbarrier(const Instruction& in);
    Done mbarrier_arrival(const Instruction& in, Words& words);

    // decode_bulk.cpp
    Done copy_bulk(const Instruction& in, Words& words);
    Done bulk_load(const Instruction& in, Words& words);
    Done bulk_store(const Instruction& in, Words& words);
    Done bulk_group(const Instruction& in, Words& words);
    Done expect_bytes(const Instruction& in, const Operand& address, Space space,
                      const Operand& bytes);
    Done elect(const Instruction& in);
    // The row of what an operand in brackets points at.
    Result<std::uint32_t> global_row(const Instruction& in, const Operand& operand, unsigned bytes);

    // decode_matrix.cpp
    Done load_matrix(const Instruction& in);
    Done multiply(const Instruction& in);
    Done emit_multiply(const Instruction& in, const MatrixOperation& operation,
                       std::vector<std::uint32_t> rows);

    // decode_wmma.cpp
    Done warp_matrix(const Instruction& in);
    Done load_fragment(const Instruction& in, const Fragment& fragment);
    Done store_fragment(const Instruction& in, const Fragment& fragment);
    Done multiply_fragments(const Instruction& in, Words& words);
    Result<Op> meet(const Instruction& in, const Fragment& fragment, const Operand& address,
                    const Operand* stride);
    Op at_elements(const Instruction& in, const Fragment& fragment, const Op& met, unsigned reg,
                   unsigned part);
    void emit_access(Op op, const Pair& handlers, std::vector<std::uint32_t> rows, unsigned bytes);
    Done store_matrix(const Instruction& in);
    Done move_matrix(const Instruction& in);

    // Rows. A `source` is read, a `target` written; the type says how wide a register must be.
    Result<std::uint32_t> source(const Operand& operand, Type type);
    Result<std::uint32_t> target(const Operand& operand, Type type);
    // `second`: of two predicates; each has half of `imm` for its negation.
    Result<std::uint32_t> predicate_source(const Operand& operand, Op& op, bool second = false);
    Result<std::vector<std::uint32_t>> sources(const Operand& vector, Type type, std::size_t count);
    Result<std::vector<std::uint32_t>> targets(const Operand& vector, Type type, std::size_t count);
    Result<std::uint32_t> constant_row(const Operand& operand, Type type);
    Result<std::uint32_t> special_row(const Operand& operand, Type type);
    Result<std::uint32_t> symbol_row(const Operand& operand, Type type);
    std::uint32_t constant(std::uint64_t bits, unsigned bytes);
    std::uint32_t register_row(Index index);
    std::uint32_t new_row(unsigned bytes);
    [[nodiscard]] unsigned register_bytes(const Operand& operand) const;
    Result<std::uint64_t> whole(const Operand& operand, std::uint64_t most);

    Done expect_operands(const Instruction& in, std::size_t least, std::size_t most);
    Op start(const Instruction& in, Work work);
    void emit(Op op) { code_.ops.push_back(op); }
    [[nodiscard]] std::unexpected<Error> refuse(const Instruction& in) const;
    [[nodiscard]] std::unexpected<Error> error(Offset at, std::string_view message) const {
        return source_.error(at, message);
    }
    void unchecked(std::string reason);

    const Module& module_;
    const Kernel& kernel_;
    Source source_;
    Code code_;
    std::vector<std::uint32_t> register_rows_;
    std::map<std::pair<std::uint64_t, unsigned>, std::uint32_t> constants_;
    std::map<std::pair<std::string_view, unsigned>, std::uint32_t> specials_;
    std::map<std::pair<Index, std::uint64_t>, std::uint32_t> addresses_;
    std::uint32_t carry_row_ = kNoIndex;   // PTX's CC.CF, a predicate
    std::uint32_t window_row_ = kNoIndex;  // between addresses in .param and generic ones
    std::size_t line_hint_ = 0;            // where the count of PTX lines has come to
    int lines_ = 1;
};

// Errors: what is not understood, with line, column and caret.
[[nodiscard]] Result<Code> decode(const Module& module, const Kernel& kernel);

// flow.cpp: what each branch reaches, by post-dominators.
void find_reaches(Code& code);
// guess.cpp: plain loads with which a loop of compare-and-swap begins.
void find_guesses(Code& code);
[[nodiscard]] bool is_guess(const Code& code, std::uint32_t load, std::size_t& visits);
// asked.cpp: strong loads and atomics whose value is put to use before a branch has asked for it.
void find_unasked(Code& code);

// decode_move.cpp: which sources the instruction only moves the bits of (Op::moves), 0 for most;
// and to note them, unless the result takes the place of one. Bytes: of a lane.
[[nodiscard]] std::uint8_t moved_sources(std::string_view opcode, const Form& form);
void mark_moves(Op& op, std::uint8_t sources, unsigned from_bytes, unsigned to_bytes);

// Handlers of what is no arithmetic: control.cpp, collectives.cpp.
void select_checked(Warp& warp, const Op& op);
void vote_checked(Warp& warp, const Op& op);
void read_clock(Warp& warp, const Op& op);
void run_nothing(Warp& warp, const Op& op);
void warp_barrier(Warp& warp, const Op& op);
void warp_barrier_checked(Warp& warp, const Op& op);
void fence_checked(Warp& warp, const Op& op);
void read_active_mask(Warp& warp, const Op& op);
[[nodiscard]] Pair shuffle_handler(std::string_view mode);
[[nodiscard]] Handler vote_handler(std::string_view mode);
[[nodiscard]] Handler match_handler(std::string_view mode, unsigned bytes);
[[nodiscard]] Handler reduce_handler(std::string_view operation);

}  // namespace cupel::emulator
