// SPDX-License-Identifier: Apache-2.0
#include "oracle/code.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <unordered_map>

#include "oracle/types.hpp"

namespace cupel::oracle {
namespace {

using task::ExprId;
using task::kNone;
using task::Op;

constexpr std::int64_t kMaxElements = std::int64_t{1} << 48;
constexpr std::size_t kMaxInstructions = 20'000;
constexpr int kMaxDepth = 4'000;
// A map of more instructions than this (those of inlined maps included) is remembered instead of
// inlined, so that a chain of maps that each read the last one twice stays linear.
constexpr std::size_t kMaxInlined = 64;

[[nodiscard]] std::size_t bytes_of(task::Type type) {
    switch (type) {
        case task::Type::F64:
        case task::Type::I64:
            return 8;
        case task::Type::F32:
        case task::Type::I32:
            return 4;
        case task::Type::F16:
        case task::Type::BF16:
            return 2;
        case task::Type::I8:
            return 1;
    }
    return 0;
}

[[nodiscard]] bool floating(task::Type type) {
    return type == task::Type::F64 || type == task::Type::F32 || type == task::Type::F16 ||
           type == task::Type::BF16;
}

[[nodiscard]] Result<std::int64_t> elements_of(const std::vector<std::int64_t>& shape) {
    std::int64_t product = 1;
    for (const std::int64_t extent : shape) {
        if (extent < 1) return fail(Errc::Invalid, "an extent is less than one");
        if (product > kMaxElements / extent) return fail(Errc::Invalid, "more than 2^48 elements");
        product *= extent;
    }
    return product;
}

template <class V>
[[nodiscard]] bool within(const V& values, int position) {
    return position >= 0 && static_cast<std::size_t>(position) < values.size();
}

// Where each tensor comes from.
struct Origin {
    int input = kNone;
    int stage = kNone;
};

class StageCompiler {
public:
    StageCompiler(const task::Task& task, const std::vector<Origin>& origins, const Code& done)
        : task_(task), origins_(origins), done_(done) {}

    [[nodiscard]] Result<StageCode> compile(const task::Stage& stage);

private:
    Result<void> add_axes(const task::Stage& stage);
    Result<int> value_of(ExprId id, int depth);
    Result<int> load_of(int access_id, int depth);
    Result<Load> source_of(const task::Access& access);
    Result<Affine> affine_of(const task::Index& index) const;
    Result<void> add_restrictions(const task::Stage& stage);
    void begin_sums(Instruction& instruction) const;
    [[nodiscard]] double additions_of(const Instruction& instruction) const;
    void allocate_registers(int result);
    [[nodiscard]] bool orderless() const;

    const task::Task& task_;
    const std::vector<Origin>& origins_;
    const Code& done_;
    StageCode code_;
    std::unordered_map<int, int> slots_;     // AxisId -> slot
    std::unordered_map<ExprId, int> known_;  // -> instruction
    std::vector<double> additions_;          // by instruction: in the sum that it is; 0: none
};

Result<void> StageCompiler::add_axes(const task::Stage& stage) {
    for (const auto* axes : {&stage.keep, &stage.reduce}) {
        for (const task::AxisId id : *axes) {
            if (!within(task_.axes, id)) return fail(Errc::Invalid, "a stage names no axis");
            slots_.emplace(id, static_cast<int>(code_.extents.size()));
            code_.extents.push_back(task_.axis(id).extent);
        }
    }
    code_.keep = static_cast<int>(stage.keep.size());
    const auto& shape = task_.tensor(stage.out).shape;
    if (!std::ranges::equal(shape, std::span(code_.extents).first(stage.keep.size())))
        return fail(Errc::Invalid, "a stage's axes do not fit its tensor");
    CUPEL_TRY(code_.elements, elements_of(shape));
    CUPEL_DO(elements_of(code_.extents));
    if (stage.reduce.empty() != (stage.how == task::Reducer::None))
        return fail(Errc::Invalid, "a reduction without an axis, or an axis without a reduction");
    return {};
}

Result<Affine> StageCompiler::affine_of(const task::Index& index) const {
    Affine affine{{}, index.offset, index.divisor};
    if (index.divisor < 1) return fail(Errc::Invalid, "an index divides by less than one");
    for (const task::Index::Term& term : index.terms) {
        const auto slot = slots_.find(term.axis);
        if (slot == slots_.end()) return fail(Errc::Invalid, "an index uses a foreign axis");
        affine.terms.push_back({slot->second, term.coefficient});
    }
    return affine;
}

Result<Load> StageCompiler::source_of(const task::Access& access) {
    Load load;
    if (!within(task_.tensors, access.tensor)) return fail(Errc::Invalid, "a load of no tensor");
    const task::Tensor& tensor = task_.tensor(access.tensor);
    if (tensor.shape.size() != access.at.size())
        return fail(Errc::Invalid, "a load with the wrong number of indices: " + tensor.name);
    const Origin origin = origins_[static_cast<std::size_t>(access.tensor)];
    load.type = tensor.type;
    if (origin.input != kNone) {
        load.number = origin.input;
        return load;
    }
    if (!within(done_.stages, origin.stage))
        return fail(Errc::Invalid, "a tensor is read before it is filled: " + tensor.name);
    const auto stage = static_cast<std::size_t>(origin.stage);
    load.number = origin.stage;
    load.source = done_.stages[stage].remembered ? Source::Remembered : Source::Inlined;
    if (load.source == Source::Inlined) code_.weight += done_.stages[stage].weight;
    return load;
}

Result<int> StageCompiler::load_of(int access_id, int depth) {
    if (!within(task_.accesses, access_id)) return fail(Errc::Invalid, "a load of no access");
    const task::Access& access = task_.access(access_id);
    CUPEL_TRY(Load load, source_of(access));
    const auto& shape = task_.tensor(access.tensor).shape;
    for (std::size_t d = 0; d < shape.size(); ++d) {
        Place place;
        place.extent = shape[d];
        for (std::size_t inner = d + 1; inner < shape.size(); ++inner)
            place.stride *= shape[inner];
        if (access.at[d].gather != kNone) {
            CUPEL_TRY(place.gather, value_of(access.at[d].gather, depth + 1));
        } else {
            CUPEL_TRY(place.affine, affine_of(access.at[d]));
        }
        load.at.push_back(std::move(place));
    }
    if (access.outside != kNone) {
        CUPEL_TRY(load.outside, value_of(access.outside, depth + 1));
    }
    code_.loads.push_back(std::move(load));
    return static_cast<int>(code_.loads.size()) - 1;
}

// What is added to a sum may as well be what the sum begins with: a bias, a residual.
void StageCompiler::begin_sums(Instruction& instruction) const {
    if (instruction.op != Op::Add && instruction.op != Op::Sub) return;
    for (int i = 0; i < 2; ++i) {
        instruction.begins[i] =
            std::sqrt(additions_[static_cast<std::size_t>(instruction.kid[1 - i])]);
    }
}

double StageCompiler::additions_of(const Instruction& instruction) const {
    const auto of = [&](int i) { return additions_[static_cast<std::size_t>(instruction.kid[i])]; };
    if (instruction.op == Op::Add || instruction.op == Op::Sub) return of(0) + of(1);
    if (instruction.op == Op::Neg) return of(0);
    if (instruction.op != Op::Load) return 0;
    const Load& load = code_.loads[static_cast<std::size_t>(instruction.reference)];
    return load.source == Source::Input
               ? 0
               : done_.stages[static_cast<std::size_t>(load.number)].additions;
}

// The instruction that computes the expression.
Result<int> StageCompiler::value_of(ExprId id, int depth) {
    if (!within(task_.exprs, id)) return fail(Errc::Invalid, "an expression is missing");
    if (depth > kMaxDepth || code_.instructions.size() > kMaxInstructions)
        return fail(Errc::Invalid, "an expression is too deep or too long");
    if (const auto known = known_.find(id); known != known_.end()) return known->second;
    const task::Expr& expr = task_.expr(id);
    Instruction instruction;
    instruction.op = expr.op;
    instruction.number = expr.number;
    for (int i = 0; i < task::operands(expr.op); ++i) {
        CUPEL_TRY(instruction.kid[i], value_of(expr.kid[i], depth + 1));
    }
    if (expr.op == Op::Axis) {
        const auto slot = slots_.find(expr.reference);
        if (slot == slots_.end()) return fail(Errc::Invalid, "an expression uses a foreign axis");
        instruction.reference = slot->second;
    }
    if (expr.op == Op::Load) {
        CUPEL_TRY(instruction.reference, load_of(expr.reference, depth));
    }
    const int position = static_cast<int>(code_.instructions.size());
    begin_sums(instruction);
    additions_.push_back(additions_of(instruction));
    code_.instructions.push_back(instruction);
    known_.emplace(id, position);
    return position;
}

Result<void> StageCompiler::add_restrictions(const task::Stage& stage) {
    const int innermost = static_cast<int>(code_.extents.size()) - 1;
    const auto mentions = [&](const Affine& affine) {
        return std::ranges::any_of(affine.terms,
                                   [&](const auto& term) { return term.slot == innermost; });
    };
    for (const task::Bound& bound : stage.where) {
        Restriction restriction;
        const auto slot = slots_.find(bound.axis);
        if (slot == slots_.end()) return fail(Errc::Invalid, "a bound on a foreign axis");
        restriction.slot = slot->second;
        for (const auto* end : {&bound.low, &bound.high}) {
            if (!end->has_value()) continue;
            if ((*end)->gather != kNone) return fail(Errc::Invalid, "a bound that is a gather");
            const bool low = end == &bound.low;
            (low ? restriction.has_low : restriction.has_high) = true;
            CUPEL_TRY((low ? restriction.low : restriction.high), affine_of(**end));
        }
        if (mentions(restriction.low) || mentions(restriction.high)) {
            code_.filters.push_back(std::move(restriction));
        } else if (restriction.slot == innermost) {
            code_.rows.push_back(std::move(restriction));
        } else {
            code_.tuples.push_back(std::move(restriction));
        }
    }
    return {};
}

// Instructions were referred to by position until here. A register is used again when nothing reads
// it any more, so that a batch stays in the nearest cache.
void StageCompiler::allocate_registers(int result) {
    const std::size_t count = code_.instructions.size();
    std::vector<std::size_t> last(count, 0);
    const auto for_operands = [&](Instruction& instruction, const auto& visit) {
        for (int& kid : instruction.kid)
            if (kid != kNone) visit(kid);
        if (instruction.op != Op::Load) return;
        Load& load = code_.loads[static_cast<std::size_t>(instruction.reference)];
        for (Place& place : load.at)
            if (place.gather != kNone) visit(place.gather);
        if (load.outside != kNone) visit(load.outside);
    };
    for (std::size_t i = 0; i < count; ++i) {
        for_operands(code_.instructions[i],
                     [&](int& at) { last[static_cast<std::size_t>(at)] = i; });
    }
    last[static_cast<std::size_t>(result)] = count;

    std::vector<int> home(count);
    std::vector<int> free;
    for (std::size_t i = 0; i < count; ++i) {
        Instruction& instruction = code_.instructions[i];
        if (free.empty()) free.push_back(code_.registers++);
        instruction.out = home[i] = free.back();
        free.pop_back();
        std::vector<int> ended;
        for_operands(instruction, [&](int& at) {
            const auto from = static_cast<std::size_t>(at);
            at = home[from];
            if (last[from] == i) ended.push_back(at);
        });
        std::ranges::sort(ended);
        ended.erase(std::ranges::unique(ended).begin(), ended.end());
        free.insert(free.end(), ended.begin(), ended.end());
    }
    code_.result = home[static_cast<std::size_t>(result)];
}

bool StageCompiler::orderless() const {
    if (code_.how == task::Reducer::Sum || code_.how == task::Reducer::Prod) return false;
    return std::ranges::all_of(code_.loads, [&](const Load& load) {
        return load.source == Source::Input ||
               done_.stages[static_cast<std::size_t>(load.number)].orderless;
    });
}

Result<StageCode> StageCompiler::compile(const task::Stage& stage) {
    CUPEL_DO(add_axes(stage));
    CUPEL_TRY(const int result, value_of(stage.body, 0));
    CUPEL_DO(add_restrictions(stage));
    if (stage.how == task::Reducer::None) {
        code_.additions = additions_[static_cast<std::size_t>(result)];
    } else if (stage.how == task::Reducer::Sum) {
        code_.additions = 1;
        for (std::size_t slot = stage.keep.size(); slot < code_.extents.size(); ++slot)
            code_.additions *= static_cast<double>(code_.extents[slot]);
    }
    allocate_registers(result);
    code_.weight += code_.instructions.size();
    code_.how = stage.how;
    code_.type = task_.tensor(stage.out).type;
    code_.orderless = orderless();
    code_.remembered =
        stage.how != task::Reducer::None || code_.weight > kMaxInlined || !floating(code_.type);
    return std::move(code_);
}

}  // namespace

Result<Code> compile(const task::Task& task) {
    Code code;
    code.fp64 = task.precision == "fp64";
    code.precision_bits = precision_bits(task.precision);
    std::vector<Origin> origins(task.tensors.size());
    for (const task::TensorId id : task.inputs) {
        if (!within(task.tensors, id)) return fail(Errc::Invalid, "an input is no tensor");
        const task::Tensor& tensor = task.tensor(id);
        CUPEL_TRY(const std::int64_t elements, elements_of(tensor.shape));
        origins[static_cast<std::size_t>(id)].input = static_cast<int>(code.inputs.size());
        code.inputs.push_back(
            {tensor.type, elements * static_cast<std::int64_t>(bytes_of(tensor.type))});
    }
    for (const task::Stage& stage : task.stages) {
        if (!within(task.tensors, stage.out)) return fail(Errc::Invalid, "a stage fills no tensor");
        StageCompiler compiler(task, origins, code);
        CUPEL_TRY(StageCode compiled, compiler.compile(stage));
        origins[static_cast<std::size_t>(stage.out)].stage = static_cast<int>(code.stages.size());
        code.stages.push_back(std::move(compiled));
    }
    for (const task::TensorId id : task.outputs) {
        if (!within(task.tensors, id) || origins[static_cast<std::size_t>(id)].stage == kNone)
            return fail(Errc::Invalid, "an output is filled by no stage");
        code.outputs.push_back(origins[static_cast<std::size_t>(id)].stage);
    }
    return code;
}

}  // namespace cupel::oracle
