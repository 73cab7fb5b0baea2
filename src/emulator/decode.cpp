// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/bundle.hpp"
#include "emulator/decoder.hpp"
#include "emulator/first_cache.hpp"

namespace cupel::emulator {
namespace {

// Of variables that have a size; a block may have more by what a launch asks for beside them.
constexpr std::uint64_t kMaxShared = 48 * 1024;
constexpr std::uint64_t kMaxLocal = 64 * 1024;  // of a thread
constexpr std::uint32_t kMaxRows = 8U << 20;    // bytes of one warp

}  // namespace

Words::Words(std::string_view opcode) {
    while (true) {
        const std::size_t point = opcode.find('.');
        words_.push_back(opcode.substr(0, point));
        if (point == std::string_view::npos) break;
        opcode.remove_prefix(point + 1);
    }
    at_ = 1;
}

bool Words::accept(std::string_view word) {
    if (done() || words_[at_] != word) return false;
    at_++;
    return true;
}

std::string_view Words::accept_any(std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) {
        if (accept(word)) return word;
    }
    return {};
}

void Words::bring_forward(std::initializer_list<std::string_view> words) {
    std::stable_partition(
        words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end(),
        [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); });
}

std::string Words::rest() const {
    std::string text;
    for (std::size_t i = at_; i < words_.size(); i++)
        text += (i == at_ ? "" : ".") + std::string(words_[i]);
    return text;
}

std::optional<Type> Words::accept_type() {
    const auto type = type_named(peek());
    if (type) at_++;
    return type;
}

Result<Code> decode(const Module& module, const Kernel& kernel) {
    return Decoder(module, kernel).run();
}

Result<Code> Decoder::run() {
    CUPEL_DO(begin());
    for (const Instruction& in : kernel_.instructions)
        CUPEL_DO(advance(in));
    finish();
    return std::move(code_);
}

std::vector<Refusal> Decoder::refusals() {
    std::vector<Refusal> found;
    if (const auto begun = begin(); !begun) {
        found.push_back(
            {.what = kernel_.unlaunchable ? "kernel" : "memory", .why = begun.error().text});
        return found;
    }
    for (const Instruction& in : kernel_.instructions) {
        const std::string what =
            in.callee.empty() ? std::string(in.opcode) : fmt::format("call {}", in.callee);
        // Where an error is counts all lines before it: once a kind is enough.
        if (std::ranges::find(found, what, &Refusal::what) != found.end()) continue;
        const auto done = advance(in);
        if (done) continue;
        const bool full = code_.row_bytes > kMaxRows;
        found.push_back({.what = full ? "registers" : what, .why = done.error().text});
        if (full) break;
    }
    return found;
}

// Also the line that a person wrote, in the first line of what is said.
std::unexpected<Error> Decoder::with_line(Error error, const Line& line) const {
    if (line.line != 0 && line.file < module_.files.size() &&
        is_plain_name(module_.files[line.file])) {
        error.text.insert(std::min(error.text.find('\n'), error.text.size()),
                          fmt::format(" (line {} of {})", line.line, module_.files[line.file]));
    }
    return std::unexpected(std::move(error));
}

Result<void> Decoder::begin() {
    if (kernel_.unlaunchable) {
        const auto& [at, line, why] = *kernel_.unlaunchable;
        const auto first = std::ranges::find_if(
            kernel_.instructions, [](const Instruction& in) { return in.line.line != 0; });
        const bool known = line.line != 0 || first == kernel_.instructions.end();
        return with_line(error(at, why).error(), known ? line : first->line);
    }
    code_.name = std::string(kernel_.name);
    code_.files = module_.files;
    code_.parameter_bytes = kernel_.parameter_bytes;
    register_rows_.assign(kernel_.registers.size(), kNoIndex);
    return lay_out();
}

Result<void> Decoder::advance(const Instruction& in) {
    const std::string_view text = source_.text();
    lines_ +=
        static_cast<int>(std::ranges::count(text.substr(line_hint_, in.at - line_hint_), '\n'));
    line_hint_ = in.at;
    code_.starts.push_back(static_cast<std::uint32_t>(code_.ops.size()));
    code_.sites.push_back(
        {.line = in.line, .ptx_line = static_cast<std::uint32_t>(lines_), .opcode = in.opcode});
    if (auto done = instruction(in); !done) return with_line(std::move(done).error(), in.line);
    if (code_.row_bytes > kMaxRows) return error(in.at, "too many registers for one thread");
    for (std::size_t i = code_.starts.back() + 1; i < code_.ops.size(); i++)
        code_.ops[i].counted = false;
    return {};
}

// Variables of the block and of the thread, one after the other. An extern one starts where all
// others end.
Result<void> Decoder::lay_out() {
    const auto place = [](std::uint64_t& end, const Variable& variable) {
        const std::uint64_t at = (end + variable.align - 1) / variable.align * variable.align;
        end = at + variable.bytes;
        return at;
    };
    code_.shared_offsets.assign(kernel_.variables.size() + module_.variables.size(), 0);
    const auto lay = [&](const Variable& variable, std::size_t slot) {
        if (variable.space == Space::Shared && !variable.external) {
            code_.shared_offsets[slot] = place(code_.shared_bytes, variable);
        } else if (variable.space == Space::Local) {
            code_.shared_offsets[slot] = place(code_.local_bytes, variable);
        }
        return code_.shared_bytes <= kMaxShared && code_.local_bytes <= kMaxLocal;
    };
    bool fits = true;
    for (std::size_t i = 0; i < kernel_.variables.size(); i++)
        fits = lay(kernel_.variables[i], i) && fits;
    // Of the module's shared variables those that this kernel names count.
    std::vector<bool> named(module_.variables.size(), false);
    for (const Instruction& in : kernel_.instructions) {
        for (const Operand& operand : in.operands) {
            if (operand.variable != kNoIndex && (operand.variable & kOfModule) != 0) {
                named[operand.variable & ~kOfModule] = true;
            }
        }
    }
    for (std::size_t i = 0; i < named.size(); i++) {
        if (named[i]) fits = lay(module_.variables[i], kernel_.variables.size() + i) && fits;
    }
    const Offset at = kernel_.instructions.empty() ? 0 : kernel_.instructions.front().at;
    if (!fits) {
        return error(at,
                     "more than 48 KiB of shared variables, which no assembler takes (more is to "
                     "be had by extern __shared__), or more local memory than is emulated");
    }
    code_.local_bytes = (code_.local_bytes + 15) / 16 * 16;
    // Dynamic shared memory starts at a multiple of 16 at least, and of what its variables ask for.
    std::uint64_t align = 16;
    for (std::size_t i = 0; i < named.size(); i++) {
        const Variable& variable = module_.variables[i];
        if (named[i] && variable.external) align = std::max<std::uint64_t>(align, variable.align);
    }
    const std::uint64_t base = (kFirstAddress + code_.shared_bytes + align - 1) / align * align;
    code_.dynamic_offset = base - kFirstAddress;
    return {};
}

Op Decoder::start(const Instruction& in, Work work) {
    Op op;
    op.work = work;
    op.site = static_cast<std::uint32_t>(code_.sites.size() - 1);
    if (in.guard != kNoIndex) {
        op.guard = register_row(in.guard);
        op.guard_flip = in.guard_negated ? kAllLanes : 0;
    }
    return op;
}

std::unexpected<Error> Decoder::refuse(const Instruction& in) const {
    const std::string near = all_forms().near(in.opcode);
    std::string message =
        fmt::format("'{}' is not an instruction that this emulator knows", in.opcode);
    if (!near.empty()) message += fmt::format("; near to it is '{}'", near);
    return error(in.at, message);
}

void Decoder::unchecked(std::string reason) {
    if (std::ranges::find(code_.unchecked, reason) == code_.unchecked.end()) {
        code_.unchecked.push_back(std::move(reason));
    }
}

Result<void> Decoder::expect_operands(const Instruction& in, std::size_t least, std::size_t most) {
    if (in.operands.size() >= least && in.operands.size() <= most) return {};
    return error(in.at, fmt::format("'{}' expects {} operands, found {}", in.opcode,
                                    least == most ? fmt::format("{}", least)
                                                  : fmt::format("{} to {}", least, most),
                                    in.operands.size()));
}

Result<void> Decoder::instruction(const Instruction& in) {
    using Member = Done (Decoder::*)(const Instruction&);
    static const std::map<std::string_view, Member> kSpecial = {
        {"ld", &Decoder::load},
        {"ldu", &Decoder::load},
        {"st", &Decoder::store},
        {"cvta", &Decoder::address_conversion},
        {"isspacep", &Decoder::is_space},
        {"membar", &Decoder::fence},
        {"fence", &Decoder::fence},
        {"bra", &Decoder::branch},
        {"ret", &Decoder::leave},
        {"exit", &Decoder::leave},
        {"trap", &Decoder::leave},
        {"bar", &Decoder::barrier},
        {"barrier", &Decoder::barrier},
        {"call", &Decoder::call},
        {"prefetch", &Decoder::prefetch},
        {"prefetchu", &Decoder::prefetch},
        {"applypriority", &Decoder::prefetch},
        {"griddepcontrol", &Decoder::depend},
        {"nanosleep", &Decoder::sleep},
        {"shfl", &Decoder::shuffle},
        {"vote", &Decoder::vote},
        {"match", &Decoder::match},
        {"redux", &Decoder::reduce},
        {"activemask", &Decoder::active_mask},
        {"mov", &Decoder::move},
        {"cvt", &Decoder::convert},
        {"cp", &Decoder::copy_async},
        {"mbarrier", &Decoder::mbarrier},
        {"elect", &Decoder::elect},
        {"ldmatrix", &Decoder::load_matrix},
        {"mma", &Decoder::multiply},
        {"wmma", &Decoder::warp_matrix},
        {"stmatrix", &Decoder::store_matrix},
        {"movmatrix", &Decoder::move_matrix},
    };
    const std::string_view base = in.opcode.substr(0, in.opcode.find('.'));
    if (base == "atom") return atomic(in, true);
    if (base == "red") return atomic(in, false);
    const auto special = kSpecial.find(base);
    return special == kSpecial.end() ? arithmetic(in) : (this->*special->second)(in);
}

Result<void> Decoder::arithmetic(const Instruction& in) {
    const Form* const form = all_forms().find(in.opcode);
    if (form == nullptr) return refuse(in);
    CUPEL_DO(expect_operands(in, form->sources + 1, form->sources + 1));
    Op op = start(in, form->work);
    op.run = op.checked = form->run;
    op.inner = form->inner;
    op.flops = form->flops;
    op.flags = form->flags;
    return arithmetic_operands(in, *form, op);
}

Result<void> Decoder::arithmetic_operands(const Instruction& in, const Form& form, Op op) {
    CUPEL_TRY(op.d, target(in.operands[0], form.types[0]));
    if (in.operands[0].second != kNoIndex) {
        if (!form.pair) return error(in.operands[0].at, "this instruction has one result");
        op.d2 = register_row(in.operands[0].second);
    }
    const std::array<std::uint32_t*, 4> rows = {&op.a, &op.b, &op.c, &op.e};
    for (unsigned i = 0; i < form.sources; i++) {
        const Operand& operand = in.operands[i + 1];
        if (form.types[i + 1] == Type::Pred) {
            CUPEL_TRY(*rows[i], predicate_source(operand, op, i == 1));
        } else {
            CUPEL_TRY(*rows[i], source(operand, form.types[i + 1]));
        }
    }
    if (form.takes_carry || form.gives_carry) {
        if (carry_row_ == kNoIndex) carry_row_ = new_row(2);
        if (form.takes_carry) op.e = carry_row_;
        if (form.gives_carry) op.d2 = carry_row_;
    }
    mark_moves(op, moved_sources(in.opcode, form), bytes_of(form.types[1]),
               bytes_of(form.types[0]));
    if (form.selects) {
        op.checked = &select_checked;
        op.spreads = false;
        op.inner = form.run;
    }
    emit(op);
    return {};
}

// Branches get their operations; the end of the code is an exit.
void Decoder::finish() {
    code_.starts.push_back(static_cast<std::uint32_t>(code_.ops.size()));
    Op end;
    end.flow = Flow::Exit;
    end.work = Work::Control;
    end.site = code_.sites.empty() ? 0 : static_cast<std::uint32_t>(code_.sites.size() - 1);
    end.counted = false;
    if (code_.sites.empty()) code_.sites.emplace_back();
    emit(end);
    code_.strong.assign(code_.sites.size(), 0);
    code_.narrow.assign(code_.sites.size(), false);
    code_.widths.assign(code_.sites.size(), 0);
    for (const Site& site : code_.sites)
        code_.cached.push_back(cached_as(site.opcode));
    for (Op& op : code_.ops) {
        if (op.flow == Flow::Branch) op.target = code_.starts[op.target];
        const bool memory =
            op.work == Work::Load || op.work == Work::Store || op.work == Work::Atomic;
        if (memory && (op.flags & kStrong) != 0) code_.strong[op.site] = kAsks;
        if (memory && (op.flags & kBlockScope) != 0) code_.narrow[op.site] = true;
        if (memory) code_.widths[op.site] = op.bytes;
        if (memory && (op.flags & (kAcquire | kRelease)) != 0) code_.fine_order = true;
        const bool global = op.space == Space::Global || op.space == Space::Generic;
        if (memory && global && (op.flags & kStrong) != 0) code_.blocks_communicate = true;
    }
    std::map<Index, std::size_t> uses;
    for (const Site& site : code_.sites) {
        if (site.line.line != 0) uses[site.line.file]++;
    }
    const auto most =
        std::ranges::max_element(uses, {}, [](const auto& use) { return use.second; });
    if (most != uses.end() && most->first < code_.files.size())
        code_.main_file = code_.files[most->first];
    // What was compiled from a file of that name: what it includes may hold most lines.
    const std::string_view compiled = module_.file;
    if (compiled.ends_with(".cu.ptx"))
        code_.main_file = compiled.substr(0, compiled.size() - std::string_view(".ptx").size());
    find_reaches(code_);
    find_guesses(code_);
    find_unasked(code_);
}

}  // namespace cupel::emulator
