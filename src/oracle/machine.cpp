// SPDX-License-Identifier: Apache-2.0
#include "oracle/machine.hpp"

#include <algorithm>

#include "oracle/arithmetic.hpp"
#include "oracle/types.hpp"

namespace cupel::oracle {
namespace {

using task::kNone;
using task::Op;

// What all memos together may hold; beyond it everything is forgotten.
constexpr std::size_t kMaxRemembered = std::size_t{512} << 20;

// The least integer that is not below numerator / divisor (divisor > 0).
[[nodiscard]] std::int64_t ceiling(std::int64_t numerator, std::int64_t divisor) {
    return numerator / divisor + (numerator % divisor > 0 ? 1 : 0);
}

// An integer axis is >= x, or < x, exactly where it is >= or < ceil(x).
[[nodiscard]] std::int64_t end_of(const Affine& affine, const std::vector<std::int64_t>& now) {
    std::int64_t sum = affine.offset;
    for (const Affine::Term& term : affine.terms)
        sum += term.coefficient * now[static_cast<std::size_t>(term.slot)];
    return ceiling(sum, affine.divisor);
}

[[nodiscard]] bool admitted(const std::vector<Restriction>& restrictions,
                            const std::vector<std::int64_t>& now) {
    return std::ranges::all_of(restrictions, [&](const Restriction& r) {
        const std::int64_t at = now[static_cast<std::size_t>(r.slot)];
        return (!r.has_low || at >= end_of(r.low, now)) &&
               (!r.has_high || at < end_of(r.high, now));
    });
}

// The kept axes of an element.
void place_element(const StageCode& code, std::int64_t element, std::int64_t* at) {
    for (int slot = code.keep - 1; slot >= 0; --slot) {
        const std::int64_t extent = code.extents[static_cast<std::size_t>(slot)];
        at[slot] = element % extent;
        element /= extent;
    }
}

template <class S, class T, class P>
void convert(const S* data, const Line& flat, int lanes, Register<T, P>& out) {
    const auto put = [&](int lane, S stored) {
        if constexpr (std::is_class_v<S>) {
            out.value[lane] = static_cast<T>(static_cast<float>(stored));
            out.panel[0][lane] = static_cast<P>(static_cast<float>(stored));
            out.scale[lane] = 0;
        } else {
            const T value = static_cast<T>(stored);
            const P rounded = static_cast<P>(stored);
            out.value[lane] = value;
            out.panel[0][lane] = rounded;
            // Taking a wider input into P rounds it once.
            out.scale[lane] =
                sizeof(S) < sizeof(P) || static_cast<T>(rounded) == value || std::isnan(value)
                    ? T{0}
                    : std::abs(value);
        }
    };
    out.shared = true;
    if (flat.listed != nullptr) {
        for (int lane = 0; lane < lanes; ++lane)
            put(lane, data[flat.listed[lane]]);
    } else if (flat.step == 1) {
        const S* from = data + flat.base;
        for (int lane = 0; lane < lanes; ++lane)
            put(lane, from[lane]);
    } else {
        const S* from = data + flat.base;
        for (int lane = 0; lane < lanes; ++lane)
            put(lane, from[flat.step * lane]);
    }
}

// The number that a stage of that type holds. An integer is exact: it has no error and one value,
// except that each member of the panel has found its own extremum.
template <class T>
void settle(const StageCode& code, Number<T>& number) {
    if (significand_bits(code.type) != 0) return;
    number.value = std::trunc(number.value);
    number.scale = 0;
    if (code.how == task::Reducer::ArgMax || code.how == task::Reducer::ArgMin) return;
    for (double& member : number.panel)
        member = static_cast<double>(number.value);
}

}  // namespace

template <class T, class P>
Machine<T, P>::Machine(const Code& code) : code_(code), desks_(code.stages.size()) {
    for (std::size_t stage = 0; stage < desks_.size(); ++stage) {
        const StageCode& program = code.stages[stage];
        Desk& desk = desks_[stage];
        for (int i = 0; i < program.registers; ++i)
            desk.registers.push_back(std::make_unique<Lanes>());
        for (const Load& load : program.loads) {
            LoadDesk& place = desk.loads.emplace_back();
            place.lists.resize(load.at.size() + 1);
            place.at.resize(load.at.size());
        }
        desk.axes.resize(program.extents.size());
        desk.lists.resize(program.extents.size());
        desk.now.resize(program.extents.size());
        if (program.how != task::Reducer::None) desk.folds.resize(kLanes);
    }
}

template <class T, class P>
void Machine<T, P>::set_inputs(std::span<const std::byte* const> inputs) {
    inputs_.assign(inputs.begin(), inputs.end());
    for (Desk& desk : desks_)
        desk.memo.clear();
}

template <class T, class P>
void Machine<T, P>::evaluate(int stage, std::span<const std::int64_t> elements,
                             Number<T>* results) {
    CUPEL_CHECK(!elements.empty() && elements.size() <= kLanes);
    if (code(stage).how == task::Reducer::None) {
        map(stage, elements, results);
    } else {
        reduce(stage, elements, results);
    }
    for (std::size_t i = 0; i < elements.size(); ++i)
        settle(code(stage), results[i]);
}

template <class T, class P>
void Machine<T, P>::map(int stage, std::span<const std::int64_t> elements, Number<T>* results) {
    const StageCode& program = code(stage);
    Desk& at = desk(stage);
    const int lanes = static_cast<int>(elements.size());
    for (int lane = 0; lane < lanes; ++lane) {
        place_element(program, elements[static_cast<std::size_t>(lane)], at.now.data());
        for (std::size_t slot = 0; slot < at.now.size(); ++slot)
            at.lists[slot][static_cast<std::size_t>(lane)] = at.now[slot];
    }
    for (std::size_t slot = 0; slot < at.now.size(); ++slot)
        at.axes[slot] = simplified(at.lists[slot].data(), lanes);
    run(stage, lanes);
    const Lanes& result = *at.registers[static_cast<std::size_t>(program.result)];
    for (int lane = 0; lane < lanes; ++lane)
        results[lane] = result.get(lane);
}

template <class T, class P>
void Machine<T, P>::reduce(int stage, std::span<const std::int64_t> elements, Number<T>* results) {
    const StageCode& program = code(stage);
    Desk& at = desk(stage);
    for (std::size_t i = 0; i < elements.size(); ++i) {
        at.folds[i].start(program.how);
        place_element(program, elements[i], at.now.data());
        walk(stage, static_cast<int>(i));
    }
    flush(stage);
    for (std::size_t i = 0; i < elements.size(); ++i)
        results[i] = at.folds[i].finish();
}

// All rows of one element's domain: a row is a run of the innermost reduce axis.
template <class T, class P>
void Machine<T, P>::walk(int stage, int element) {
    const StageCode& program = code(stage);
    Desk& at = desk(stage);
    const auto first = static_cast<std::size_t>(program.keep);
    const std::size_t inner = program.extents.size() - 1;
    for (std::size_t slot = first; slot <= inner; ++slot)
        at.now[slot] = 0;
    at.row = 0;
    for (;;) {
        if (admitted(program.tuples, at.now)) {
            std::int64_t low = 0;
            std::int64_t high = program.extents[inner];
            for (const Restriction& r : program.rows) {
                if (r.has_low) low = std::max(low, end_of(r.low, at.now));
                if (r.has_high) high = std::min(high, end_of(r.high, at.now));
            }
            add_row(stage, element, low, high);
        }
        std::size_t slot = inner;
        for (; slot > first; --slot) {
            if (++at.now[slot - 1] < program.extents[slot - 1]) break;
            at.now[slot - 1] = 0;
        }
        if (slot == first) return;
        ++at.row;
    }
}

template <class T, class P>
void Machine<T, P>::add_row(int stage, int element, std::int64_t low, std::int64_t high) {
    const StageCode& program = code(stage);
    Desk& at = desk(stage);
    const std::size_t inner = program.extents.size() - 1;
    if (!program.filters.empty()) {
        for (std::int64_t i = low; i < high; ++i) {
            at.now[inner] = i;
            if (admitted(program.filters, at.now)) add_terms(stage, element, i, 1);
        }
        return;
    }
    while (low < high) {
        const auto count = static_cast<int>(std::min<std::int64_t>(high - low, kLanes - at.filled));
        // Lanes along one row are formulas, which is worth more than full batches.
        if (at.filled == 0 && count >= kLanes / 2) {
            for (std::size_t slot = 0; slot < inner; ++slot)
                at.axes[slot] = {at.now[slot], 0, {}};
            at.axes[inner] = {low, 1, nullptr};
            run(stage, count);
            at.folds[static_cast<std::size_t>(element)].add(
                *at.registers[static_cast<std::size_t>(program.result)], 0, count,
                {at.row * program.extents[inner] + low, 1, nullptr});
        } else {
            add_terms(stage, element, low, count);
        }
        low += count;
    }
}

template <class T, class P>
void Machine<T, P>::add_terms(int stage, int element, std::int64_t low, int count) {
    const StageCode& program = code(stage);
    Desk& at = desk(stage);
    const std::size_t inner = program.extents.size() - 1;
    for (std::size_t slot = 0; slot < inner; ++slot)
        std::fill_n(at.lists[slot].data() + at.filled, count, at.now[slot]);
    for (int i = 0; i < count; ++i) {
        const auto lane = static_cast<std::size_t>(at.filled) + static_cast<std::size_t>(i);
        at.lists[inner][lane] = low + i;
        at.linear[lane] = at.row * program.extents[inner] + low + i;
    }
    if (at.segments.empty() || at.segments.back().element != element)
        at.segments.push_back({element, at.filled, 0});
    at.segments.back().count += count;
    at.filled += count;
    if (at.filled == kLanes) flush(stage);
}

template <class T, class P>
void Machine<T, P>::flush(int stage) {
    Desk& at = desk(stage);
    if (at.filled == 0) return;
    for (std::size_t slot = 0; slot < at.axes.size(); ++slot)
        at.axes[slot] = simplified(at.lists[slot].data(), at.filled);
    run(stage, at.filled);
    const Lanes& terms = *at.registers[static_cast<std::size_t>(code(stage).result)];
    for (const Segment& segment : at.segments) {
        at.folds[static_cast<std::size_t>(segment.element)].add(terms, segment.first, segment.count,
                                                                {0, 0, at.linear.data()});
    }
    at.segments.clear();
    at.filled = 0;
}

template <class T, class P>
void Machine<T, P>::run(int stage, int lanes) {
    using Compute = Arithmetic<T, P>;
    Desk& at = desk(stage);
    for (const Instruction& instruction : code(stage).instructions) {
        const auto kid = [&](int which) -> const Lanes& {
            return *at.registers[static_cast<std::size_t>(instruction.kid[which])];
        };
        if (instruction.op == Op::Load) {
            load(stage, instruction.reference, lanes, instruction.out);
            continue;
        }
        Lanes& out = *at.registers[static_cast<std::size_t>(instruction.out)];
        if (instruction.op == Op::Const) {
            Compute::constant(instruction.number, out);
        } else if (instruction.op == Op::Axis) {
            Compute::axis(at.axes[static_cast<std::size_t>(instruction.reference)], lanes, out);
        } else if (instruction.op == Op::Select) {
            Compute::select(kid(0), kid(1), kid(2), out);
        } else if (instruction.kid[1] == kNone) {
            Compute::unary(instruction.op, kid(0), lanes, out);
        } else {
            Compute::binary(instruction.op, kid(0), kid(1), lanes, out);
            for (const int which : {0, 1})
                Compute::begin_with(kid(which), instruction.begins[which], lanes, out);
        }
    }
}

template <class T, class P>
Line Machine<T, P>::place(int stage, const Place& place, LoadDesk& load, int lanes,
                          Integers& list) {
    constexpr std::int64_t kOutside = -1;
    const Desk& at = desk(stage);
    if (place.gather != kNone) {
        const Lanes& position = *at.registers[static_cast<std::size_t>(place.gather)];
        for (int lane = 0; lane < lanes; ++lane) {
            const T value = position.value[lane];
            const bool inside = value > -1 && value < static_cast<T>(place.extent);
            list[static_cast<std::size_t>(lane)] =
                inside ? static_cast<std::int64_t>(value) : kOutside;
        }
    } else {
        const Affine& affine = place.affine;
        Line line{affine.offset, 0, nullptr};
        bool listed = affine.divisor != 1;
        for (const Affine::Term& term : affine.terms) {
            const Line& axis = at.axes[static_cast<std::size_t>(term.slot)];
            listed = listed || axis.listed != nullptr;
            line.base += term.coefficient * axis.base;
            line.step += term.coefficient * axis.step;
        }
        const auto inside = [&](std::int64_t i) { return i >= 0 && i < place.extent; };
        if (!listed && inside(line.base) && inside(line.at(lanes - 1))) return line;
        std::fill_n(list.data(), lanes, affine.offset);
        for (const Affine::Term& term : affine.terms) {
            const Line& axis = at.axes[static_cast<std::size_t>(term.slot)];
            for (int lane = 0; lane < lanes; ++lane)
                list[static_cast<std::size_t>(lane)] += term.coefficient * axis.at(lane);
        }
        for (std::size_t lane = 0; lane < static_cast<std::size_t>(lanes); ++lane) {
            if (affine.divisor == 1) break;
            const bool exact = list[lane] % affine.divisor == 0;
            list[lane] = exact ? list[lane] / affine.divisor : kOutside;
        }
    }
    for (std::size_t lane = 0; lane < static_cast<std::size_t>(lanes); ++lane) {
        if (list[lane] >= 0 && list[lane] < place.extent) continue;
        if (!load.any_outside) load.outside.fill(false);
        load.any_outside = load.outside[lane] = true;
        list[lane] = 0;  // a position that may be computed with; its value is not used
    }
    return simplified(list.data(), lanes);
}

template <class T, class P>
void Machine<T, P>::locate(int stage, int number, int lanes) {
    const Load& load = code(stage).loads[static_cast<std::size_t>(number)];
    LoadDesk& at = desk(stage).loads[static_cast<std::size_t>(number)];
    at.any_outside = false;
    for (std::size_t d = 0; d < load.at.size(); ++d)
        at.at[d] = place(stage, load.at[d], at, lanes, at.lists[d]);
}

template <class T, class P>
void Machine<T, P>::load(int stage, int number, int lanes, int out) {
    const Load& load = code(stage).loads[static_cast<std::size_t>(number)];
    Desk& here = desk(stage);
    LoadDesk& at = here.loads[static_cast<std::size_t>(number)];
    std::unique_ptr<Lanes>& target = here.registers[static_cast<std::size_t>(out)];
    locate(stage, number, lanes);
    if (load.source == Source::Inlined) {
        Desk& callee = desk(load.number);
        std::ranges::copy(at.at, callee.axes.begin());
        run(load.number, lanes);
        // Registers are alike: exchanging them is cheaper than copying one.
        std::swap(target, callee.registers[static_cast<std::size_t>(code(load.number).result)]);
    } else {
        Line flat;
        bool listed = false;
        for (std::size_t d = 0; d < load.at.size(); ++d) {
            flat.base += load.at[d].stride * at.at[d].base;
            flat.step += load.at[d].stride * at.at[d].step;
            listed = listed || at.at[d].listed != nullptr;
        }
        if (listed) {
            Integers& list = at.lists.back();
            list.fill(0);
            for (std::size_t d = 0; d < load.at.size(); ++d) {
                for (int lane = 0; lane < lanes; ++lane)
                    list[static_cast<std::size_t>(lane)] += load.at[d].stride * at.at[d].at(lane);
            }
            flat = {0, 0, list.data()};
        }
        if (load.source == Source::Input) {
            fetch(load, flat, lanes, *target);
        } else {
            recall(load, at, flat, lanes, *target);
        }
    }
    if (!at.any_outside) return;
    target->unshare();
    Number<T> outside;
    outside.value = std::numeric_limits<T>::quiet_NaN();
    std::ranges::fill(outside.panel, std::numeric_limits<double>::quiet_NaN());
    for (int lane = 0; lane < lanes; ++lane) {
        if (!at.outside[static_cast<std::size_t>(lane)]) continue;
        if (load.outside != kNone)
            outside = here.registers[static_cast<std::size_t>(load.outside)]->get(lane);
        target->set(lane, outside);
    }
}

template <class T, class P>
void Machine<T, P>::fetch(const Load& load, const Line& flat, int lanes, Lanes& out) const {
    const void* data = inputs_[static_cast<std::size_t>(load.number)];
    switch (load.type) {
        case task::Type::F64:
            return convert(static_cast<const double*>(data), flat, lanes, out);
        case task::Type::F32:
            return convert(static_cast<const float*>(data), flat, lanes, out);
        case task::Type::F16:
            return convert(static_cast<const Half*>(data), flat, lanes, out);
        case task::Type::BF16:
            return convert(static_cast<const BrainFloat*>(data), flat, lanes, out);
        case task::Type::I64:
            return convert(static_cast<const std::int64_t*>(data), flat, lanes, out);
        case task::Type::I32:
            return convert(static_cast<const std::int32_t*>(data), flat, lanes, out);
        case task::Type::I8:
            return convert(static_cast<const std::int8_t*>(data), flat, lanes, out);
    }
}

template <class T, class P>
void Machine<T, P>::make_room() {
    std::size_t bytes = 0;
    for (const Desk& each : desks_)
        bytes += each.memo.bytes();
    if (bytes < kMaxRemembered) return;
    for (Desk& each : desks_)
        each.memo.clear();
}

template <class T, class P>
void Machine<T, P>::recall(const Load& load, LoadDesk& at, const Line& flat, int lanes,
                           Lanes& out) {
    Memo<T>& memo = desk(load.number).memo;
    out.shared = code(load.number).orderless;
    const bool same = flat.listed == nullptr && flat.step == 0;
    at.misses.clear();
    for (int lane = 0; lane < (same ? 1 : lanes); ++lane) {
        if (!same && at.any_outside && at.outside[static_cast<std::size_t>(lane)]) continue;
        const std::int64_t element = flat.at(lane);
        if (const Number<T>* known = memo.find(element)) {
            out.set(lane, *known);
        } else {
            at.misses.push_back({element, lane});
        }
    }
    if (!at.misses.empty()) {
        std::ranges::sort(at.misses, {}, &Miss::element);
        Integers wanted;
        std::size_t count = 0;
        for (const Miss& miss : at.misses)
            if (count == 0 || wanted[count - 1] != miss.element) wanted[count++] = miss.element;
        std::array<Number<T>, kLanes> found;
        evaluate(load.number, std::span(wanted).first(count), found.data());
        make_room();
        for (std::size_t i = 0; i < count; ++i)
            memo.keep(wanted[i], found[i]);
        std::size_t i = 0;
        for (const Miss& miss : at.misses) {
            while (wanted[i] != miss.element)
                ++i;
            out.set(miss.lane, found[i]);
        }
    }
    if (!same) return;
    const Number<T> everywhere = out.get(0);
    for (int lane = 1; lane < lanes; ++lane)
        out.set(lane, everywhere);
}

template class Machine<double, float>;
template class Machine<long double, double>;

}  // namespace cupel::oracle
