// SPDX-License-Identifier: Apache-2.0
#include "referee/arena.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "referee/parallel.hpp"
#include "task/choice.hpp"

namespace cupel::referee {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kMaxBytes = std::size_t{256} << 20;
constexpr std::size_t kAlign = 64;
constexpr std::uint64_t kScaledHands = 1;  // kinds of hands
constexpr std::uint64_t kWideHands = 2;

// The pages are all touched at once, so sizes out of a stranger's certificate could otherwise have
// other programs killed for want of memory.
Result<void> fits_memory(std::size_t bytes) {
    const auto memory =
        static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
    const auto wanted = static_cast<double>(bytes);
    if (wanted <= memory / 2) return {};
    return fail(Errc::Full, fmt::format("one question of this task takes {}, and this machine has "
                                        "{} of memory; give smaller sizes (--set NAME=VALUE)",
                                        format_bytes(wanted), format_bytes(memory)));
}

std::size_t round_up(std::size_t value, std::size_t to) {
    return (value + to - 1) / to * to;
}

}  // namespace

std::size_t Arena::place(const task::Task& task, const std::vector<task::TensorId>& tensors,
                         std::vector<Place>& places) {
    std::size_t at = 0;
    for (const task::TensorId tensor : tensors) {
        Place p;
        p.size = static_cast<std::size_t>(task.tensor(tensor).bytes());
        // Each begins with a page, as large allocations do: rows of 16 KiB that lie across five
        // pages instead of four are read 1.25 times slower here. A page of guard before, the rest
        // of the last page and one more after.
        p.offset = at + kPage;
        p.guard_before = kPage;
        at = round_up(p.offset + p.size, kPage) + kPage;
        p.guard_after = at - (p.offset + p.size);
        places.push_back(p);
    }
    return std::max(at, kPage);
}

Result<Arena> Arena::make(const task::Task& task, int slots, int threads) {
    Arena arena;
    arena.task_ = &task;
    arena.threads_ = threads;
    arena.input_stride_ = place(task, task.inputs, arena.input_places_);
    arena.output_stride_ = place(task, task.outputs, arena.output_places_);
    if (task.inputs.size() + task.outputs.size() > wire::kMaxArguments) {
        return fail(Errc::Invalid, fmt::format("task {}: more than {} inputs and outputs together",
                                               task.name, wire::kMaxArguments));
    }
    const std::size_t slot_bytes = arena.input_stride_ + arena.output_stride_;
    CUPEL_DO(fits_memory(slot_bytes));
    arena.slots_ = static_cast<int>(std::clamp<std::size_t>(
        kMaxBytes / slot_bytes, 1, static_cast<std::size_t>(std::max(1, slots))));
    const auto count = static_cast<std::size_t>(arena.slots_);
    arena.kinds_.assign(count, Kind::Lawful);
    arena.recipes_.assign(count, Recipe{});
    arena.composer_.emplace(task);
    arena.slot_key_.assign(count, 0);
    CUPEL_TRY(arena.input_fd_, os::make_shared_memory("cupel-inputs", count * arena.input_stride_));
    CUPEL_TRY(arena.output_fd_,
              os::make_shared_memory("cupel-outputs", count * arena.output_stride_));
    CUPEL_TRY(arena.input_read_only_, os::reopen_read_only(arena.input_fd_));
    CUPEL_TRY(arena.inputs_, os::Mapping::map(arena.input_fd_, count * arena.input_stride_,
                                              os::Access::ReadWrite, true));
    CUPEL_TRY(arena.outputs_, os::Mapping::map(arena.output_fd_, count * arena.output_stride_,
                                               os::Access::ReadWrite, true));
    // A kernel's constructors run before the first question: they must not find anything worth
    // reading.
    fill_poison(arena.inputs_.bytes(), fresh_key(), threads);
    fill_poison(arena.outputs_.bytes(), fresh_key(), threads);
    return arena;
}

void Arena::describe(wire::Control& control) const {
    control.arguments = static_cast<std::uint32_t>(input_places_.size() + output_places_.size());
    std::size_t next = 0;
    for (const Place& p : input_places_) {
        control.argument[next++] = {.offset = p.offset, .is_output = 0, .reserved = 0};
    }
    for (const Place& p : output_places_) {
        control.argument[next++] = {.offset = p.offset, .is_output = 1, .reserved = 0};
    }
    control.input_stride = input_stride_;
    control.output_stride = output_stride_;
    control.input_size = inputs_.size();
    control.output_size = outputs_.size();
}

std::span<std::byte> Arena::input(int slot, std::size_t input) const {
    const Place& p = input_places_.at(input);
    return inputs_.bytes().subspan(static_cast<std::size_t>(slot) * input_stride_ + p.offset,
                                   p.size);
}

std::span<std::byte> Arena::output(int slot, std::size_t output) const {
    const Place& p = output_places_.at(output);
    return outputs_.bytes().subspan(static_cast<std::size_t>(slot) * output_stride_ + p.offset,
                                    p.size);
}

std::uint64_t Arena::input_offset(int slot, std::size_t input) const {
    return static_cast<std::size_t>(slot) * input_stride_ + input_places_.at(input).offset;
}

void Arena::begin(const Seed& seed, const Turns& before) {
    seed_ = seed;
    next_key_ = 0;
    turns_ = before;
}

void Arena::ask(int slot) {
    kinds_.at(static_cast<std::size_t>(slot)) = Kind::Lawful;
    const std::uint64_t first = take_keys(slot);
    for (std::size_t i = 0; i < input_places_.size(); ++i) {
        fill_values(input(slot, i), task_->tensor(task_->inputs[i]).type, task_->values[i],
                    key(first + i), threads_);
    }
}

std::uint64_t Arena::take_keys(int slot) {
    const std::uint64_t first = next_key_;
    slot_key_.at(static_cast<std::size_t>(slot)) = first;
    next_key_ += keys_of_question(*task_);
    return first;
}

// From the key of the first question's recipe, so that it needs no number of its own.
std::uint64_t Arena::hand_seed(std::uint64_t kind, std::uint64_t hand) const {
    const std::uint64_t first = seed_.number(2 * task_->inputs.size());
    return derived_u64(derived_u64(first, kind), hand);
}

Deal Arena::deal(Kind kind) {
    if (kind == Kind::Wide) return {};
    const std::uint64_t turn = turns_.scaled++;
    return {.seed = hand_seed(kScaledHands, turn / Deal::kHand), .turn = turn % Deal::kHand};
}

WideDeal Arena::deal_wide() {
    const std::uint64_t turn = turns_.widened++;
    return {.seed = hand_seed(kWideHands, turn / WideDeal::kHand), .number = turn};
}

bool Arena::widen(int slot) {
    return widen(slot, nullptr);
}

bool Arena::widen(int slot, const WideDeal* deal) {
    bool changed = false;
    for (std::size_t i = 0; i < input_places_.size(); ++i) {
        const std::uint64_t key =
            seed_.number(slot_key_.at(static_cast<std::size_t>(slot)) + task_->inputs.size() + i);
        const Widening widening{
            .key = key,
            .rows = !composer().is_polynomial(),
            .choices = task::is_chosen_from(*task_, task_->inputs[i]),
            .all = deal != nullptr ? dealt_rows(*task_, i, *deal) : std::optional<Row>(),
            .each = deal != nullptr && deal->number < WideDeal::kHand};
        changed = widen_values(input(slot, i), task_->tensor(task_->inputs[i]), task_->values[i],
                               widening) ||
                  changed;
    }
    kinds_.at(static_cast<std::size_t>(slot)) = changed ? Kind::Wide : Kind::Lawful;
    return changed;
}

Kind Arena::ask(int slot, Kind kind) {
    const std::uint64_t first = take_keys(slot);
    const std::uint64_t seed = seed_.number(first + 2 * task_->inputs.size());
    const Recipe recipe = composer().draw(kind, seed, deal(kind));
    kinds_.at(static_cast<std::size_t>(slot)) = recipe.kind;
    recipes_.at(static_cast<std::size_t>(slot)) = recipe;
    for (std::size_t i = 0; i < input_places_.size(); ++i) {
        const Recipe::Input& wanted = recipe.inputs[i];
        if (wanted.bits > 0 && !recipe.by_rows) {
            fill_odd(input(slot, i), task_->tensor(task_->inputs[i]).type,
                     {.bits = wanted.bits, .exponent = wanted.exponent}, key(first + i), threads_);
            continue;
        }
        task::Values law = task_->values[i];
        if (law.law == task::Law::Normal) {
            law.a = std::ldexp(law.a, wanted.scale);
            law.b = std::ldexp(law.b, wanted.scale);
        }
        fill_blend(input(slot, i), task_->tensor(task_->inputs[i]).type, law, key(first + i),
                   threads_);
        if (wanted.bits > 0) fill_exact(slot, i, recipe);
    }
    if (recipe.kind == Kind::Wide) {
        const WideDeal wide = deal_wide();
        widen(slot, &wide);
    }
    return kinds_.at(static_cast<std::size_t>(slot));
}

bool Arena::in_lawful_row(int slot, std::size_t output, std::uint64_t element) const {
    const Recipe& recipe = recipes_.at(static_cast<std::size_t>(slot));
    if (!recipe.by_rows) return false;
    const task::Tensor& tensor = task_->tensor(task_->outputs.at(output));
    const std::int64_t rows = task_->tensor(task_->inputs.front()).shape.front();
    if (tensor.shape.empty() || tensor.shape.front() != rows) return true;
    const auto row = static_cast<std::uint64_t>(tensor.elements() / rows);
    return !recipe.has_row(element / row);
}

// Exact rows among the lawful ones that are there.
void Arena::fill_exact(int slot, std::size_t input, const Recipe& recipe) {
    const task::Tensor& tensor = task_->tensor(task_->inputs[input]);
    const auto rows = static_cast<std::size_t>(tensor.shape.front());
    const std::size_t row = this->input(slot, input).size() / rows;
    const std::uint64_t secret =
        seed_.number(slot_key_.at(static_cast<std::size_t>(slot)) + task_->inputs.size() + input);
    for (std::size_t i = 0; i < rows; ++i) {
        if (!recipe.has_row(i)) continue;
        fill_odd(this->input(slot, input).subspan(i * row, row), tensor.type,
                 {.bits = recipe.inputs[input].bits, .exponent = recipe.inputs[input].exponent},
                 std::bit_cast<Key>(derived_u64(secret, i)), 1);
    }
}

void Arena::poison(int slots) {
    guard_key_ = fresh_key();
    for (int slot = 0; slot < slots; ++slot) {
        const std::size_t base = static_cast<std::size_t>(slot) * output_stride_;
        for (const Place& p : output_places_) {
            fill_poison(outputs_.bytes().subspan(base + p.offset, p.size), fresh_key(), threads_);
            fill_poison(outputs_.bytes().subspan(base + p.offset - p.guard_before, p.guard_before),
                        guard_key_, 1);
            fill_poison(outputs_.bytes().subspan(base + p.offset + p.size, p.guard_after),
                        guard_key_, 1);
        }
    }
}

void Arena::touch(int slots) const {
    const auto bytes = inputs_.bytes().first(static_cast<std::size_t>(slots) * input_stride_);
    in_parts(bytes.size() / kAlign, bytes.size(), threads_,
             [&](std::size_t first, std::size_t last) {
                 for (std::size_t line = first; line < last; ++line) {
                     const volatile std::byte* byte = &bytes[line * kAlign];
                     [[maybe_unused]] const std::byte value = *byte;
                 }
             });
}

std::optional<std::string> Arena::broken_guard(int slots) const {
    std::vector<std::byte> expected(2 * kPage);
    fill_poison(expected, guard_key_, 1);
    for (int slot = 0; slot < slots; ++slot) {
        const std::size_t base = static_cast<std::size_t>(slot) * output_stride_;
        for (std::size_t i = 0; i < output_places_.size(); ++i) {
            const Place& p = output_places_[i];
            const std::string& name = task_->tensor(task_->outputs[i]).name;
            const auto differs = [&](std::size_t offset,
                                     std::size_t size) -> std::optional<std::size_t> {
                const std::span<std::byte> guard = outputs_.bytes().subspan(base + offset, size);
                const auto at = std::mismatch(guard.begin(), guard.end(), expected.begin());
                if (at.first == guard.end()) return std::nullopt;
                return static_cast<std::size_t>(at.first - guard.begin());
            };
            if (const auto at = differs(p.offset + p.size, p.guard_after)) {
                return fmt::format("{} bytes after the end of {}", *at, name);
            }
            if (const auto at = differs(p.offset - p.guard_before, p.guard_before)) {
                return fmt::format("{} bytes before the start of {}", p.guard_before - *at, name);
            }
        }
    }
    return std::nullopt;
}

}  // namespace cupel::referee
