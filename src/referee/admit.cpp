// SPDX-License-Identifier: Apache-2.0
// Law 9: a task must pin its function down before it is admitted. Each control is a wrong answer,
// made from an honest kernel's by a cheat's shortcut, and goes through the very checks that kernels
// go through. The controls know nothing of the formula, so every task gets all of them for free.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "base/hash.hpp"
#include "referee/estimate.hpp"
#include "referee/state.hpp"

namespace cupel::referee {
namespace {

using Bytes = std::vector<std::byte>;
using Answer = std::vector<Bytes>;  // one per output

constexpr double kOracleSeconds = 0.25;
constexpr std::size_t kPositions = 256;
constexpr std::chrono::seconds kPatience{60};
constexpr std::int64_t kTile = 8;

float round_bits(float value,
                 std::uint32_t dropped) {  // to nearest, by dropping low bits of the significand
    if (!std::isfinite(value)) return value;
    const std::uint32_t half = 1U << (dropped - 1);
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) + half) &
                                ~((1U << dropped) - 1));
}

void round_floats(std::span<std::byte> bytes, std::uint32_t dropped) {
    for (std::size_t i = 0; i + sizeof(float) <= bytes.size(); i += sizeof(float)) {
        float value = 0;
        std::memcpy(&value, bytes.data() + i, sizeof value);
        value = round_bits(value, dropped);
        std::memcpy(bytes.data() + i, &value, sizeof value);
    }
}

// Transposes the first tile of the last two dimensions (of equal extents up to 8); a vector's is
// reversed.
void transpose_tile(const task::Tensor& tensor, std::span<std::byte> bytes) {
    const std::size_t size = task::type_size(tensor.type);
    const auto swap = [&](std::int64_t a, std::int64_t b) {
        std::swap_ranges(bytes.data() + static_cast<std::size_t>(a) * size,
                         bytes.data() + static_cast<std::size_t>(a + 1) * size,
                         bytes.data() + static_cast<std::size_t>(b) * size);
    };
    const std::size_t rank = tensor.shape.size();
    if (rank == 0) return;
    const std::int64_t columns = tensor.shape.back();
    const std::int64_t rows = rank > 1 ? tensor.shape[rank - 2] : 1;
    const std::int64_t side = std::min({kTile, rows, columns});
    if (side < 2) {
        for (std::int64_t i = 0, j = std::min(kTile, tensor.elements()) - 1; i < j; ++i, --j) {
            swap(i, j);
        }
        return;
    }
    for (std::int64_t i = 0; i < side; ++i) {
        for (std::int64_t j = i + 1; j < side; ++j) {
            swap(i * columns + j, j * columns + i);
        }
    }
}

void nudge_element(const task::Tensor& tensor, std::span<std::byte> bytes, std::uint64_t element) {
    const std::size_t size = task::type_size(tensor.type);
    std::byte* at = bytes.data() + element * size;
    if (tensor.type == task::Type::F32) {
        float value = 0;
        std::memcpy(&value, at, sizeof value);
        value = value == 0 ? 0.01F : value * 1.01F;
        std::memcpy(at, &value, sizeof value);
    } else if (tensor.type == task::Type::F64) {
        double value = 0;
        std::memcpy(&value, at, sizeof value);
        value = value == 0 ? 0.01 : value * 1.01;
        std::memcpy(at, &value, sizeof value);
    } else {
        at[0] ^= std::byte{1};
    }
}

// Copies `from` over `to`, again and again until it is full.
void repeat(std::span<const std::byte> from, std::span<std::byte> to) {
    for (std::size_t at = 0; at < to.size(); at += from.size()) {
        std::ranges::copy(from.first(std::min(from.size(), to.size() - at)),
                          to.subspan(at).begin());
    }
}

void fill_with_mean(const task::Tensor& tensor, std::span<std::byte> bytes) {
    if (tensor.type != task::Type::F32) return;
    const std::size_t count = bytes.size() / sizeof(float);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        float value = 0;
        std::memcpy(&value, bytes.data() + i * sizeof(float), sizeof value);
        if (std::isfinite(value)) sum += static_cast<double>(value);
    }
    const auto mean = static_cast<float>(sum / static_cast<double>(count));
    for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(bytes.data() + i * sizeof(float), &mean, sizeof mean);
    }
}

// Everything an admission needs: one honest contender and one question with its truth.
class Examination {
public:
    Examination(const task::Task& task, Arena& arena, Checker& checker, Session& honest)
        : task_(&task), arena_(&arena), checker_(&checker), honest_(&honest) {}

    // Asks the question that all controls answer, and keeps the honest answer to it.
    Result<void> begin() {
        arena_->ask(0);
        for (std::size_t i = 0; i < task_->inputs.size(); ++i) {
            const auto input = arena_->input(0, i);
            question_.emplace_back(input.begin(), input.end());
        }
        CUPEL_TRY(probe_, checker_->draw(0, kOracleSeconds, kPositions));
        CUPEL_TRY(answer_, ask_honest());
        CUPEL_TRY(const std::optional<std::string> wrong, judge(answer_));
        if (wrong) {
            return fail(Errc::Invalid,
                        "the honest baseline fails the task's own checks: " + *wrong);
        }
        return {};
    }

    // The honest kernel's answer to a question that was tampered with.
    Result<Answer> answer_to(
        const std::function<void(std::size_t input, std::span<std::byte>)>& tamper) {
        for (std::size_t i = 0; i < question_.size(); ++i) {
            tamper(i, arena_->input(0, i));
        }
        Result<Answer> answer = ask_honest();
        for (std::size_t i = 0; i < question_.size(); ++i) {
            std::copy(question_[i].begin(), question_[i].end(), arena_->input(0, i).begin());
        }
        return answer;
    }

    // The checks of a race, on bytes: random positions, then the elements that differ most from the
    // baseline's answer.
    Result<std::optional<std::string>> judge(const Answer& answer) {
        const AnswerView view(answer.begin(), answer.end());
        Errors errors;
        if (auto wrong = checker_->verify(probe_, view, errors)) return wrong;
        auto positions = checker_->dispute(view, AnswerView(answer_.begin(), answer_.end()));
        if (positions.empty()) return std::nullopt;
        CUPEL_TRY(const Probe disputed, checker_->at(0, std::move(positions), false));
        return checker_->verify(disputed, view, errors);
    }

    [[nodiscard]] const Answer& honest_answer() const { return answer_; }
    [[nodiscard]] const Bytes& question(std::size_t input) const { return question_.at(input); }

private:
    Result<Answer> ask_honest() {
        arena_->poison(1);
        const Window window = honest_->window(1, kPatience);
        if (window.ending != Ending::Answered)
            return fail(Errc::Invalid, "the honest baseline " + window.reason);
        Answer answer;
        for (const std::span<const std::byte> output : checker_->answer_in(0)) {
            answer.emplace_back(output.begin(), output.end());
        }
        return answer;
    }

    const task::Task* task_;
    Arena* arena_;
    Checker* checker_;
    Session* honest_;
    std::vector<Bytes> question_;
    Probe probe_;
    Answer answer_;
};

struct Shortcut {
    std::string name;
    std::function<Result<Answer>(Examination&)> make;
    bool must_differ =
        false;  // does not apply where it leaves the answer as it is (one element has no tile)
};

// Shortcuts that change a finished answer.
void add_output_shortcuts(const task::Task& task, std::vector<Shortcut>& all) {
    using Change = std::function<void(const task::Tensor&, std::span<std::byte>)>;
    const auto add = [&](std::string name, bool must_differ, Change change) {
        all.push_back({.name = std::move(name),
                       .make = [&task, change = std::move(change)](
                                   Examination& examination) -> Result<Answer> {
                           Answer answer = examination.honest_answer();
                           for (std::size_t i = 0; i < answer.size(); ++i) {
                               change(task.tensor(task.outputs[i]), answer[i]);
                           }
                           return answer;
                       },
                       .must_differ = must_differ});
    };
    add("zeros", false, [](const task::Tensor&, std::span<std::byte> bytes) {
        std::ranges::fill(bytes, std::byte{0});
    });
    add("a constant (the mean)", true, fill_with_mean);
    add("half of the answer computed", false,
        [](const task::Tensor& tensor, std::span<std::byte> bytes) {
            const auto half =
                static_cast<std::size_t>(tensor.elements() / 2) * task::type_size(tensor.type);
            std::ranges::fill(bytes.subspan(half), std::byte{0});
        });
    add("1 % of the answer dropped", false,
        [](const task::Tensor& tensor, std::span<std::byte> bytes) {
            const auto kept = static_cast<std::size_t>(tensor.elements() * 99 / 100) *
                              task::type_size(tensor.type);
            std::ranges::fill(bytes.subspan(kept), std::byte{0});
        });
    add("one element wrong by 1 %", false,
        [](const task::Tensor& tensor, std::span<std::byte> bytes) {
            nudge_element(tensor, bytes,
                          random_u64() % static_cast<std::uint64_t>(tensor.elements()));
        });
    add("a transposed tile", true, transpose_tile);
    add("the answer rounded to fp16", true,
        [](const task::Tensor& tensor, std::span<std::byte> bytes) {
            if (tensor.type == task::Type::F32) round_floats(bytes, 13);
        });
}

// Shortcuts that do not look at all of the question.
void add_input_shortcuts(const task::Task& task, std::vector<Shortcut>& all) {
    for (std::size_t i = 0; i < task.inputs.size(); ++i) {
        const task::Tensor& tensor = task.tensor(task.inputs[i]);
        all.push_back({.name = fmt::format("input {} ignored", tensor.name),
                       .make =
                           [&task, i](Examination& examination) {
                               return examination.answer_to(
                                   [&](std::size_t input, std::span<std::byte> bytes) {
                                       const task::Type type = task.tensor(task.inputs[i]).type;
                                       if (input == i)
                                           fill_values(bytes, type, task.values[i], fresh_key(), 1);
                                   });
                           },
                       .must_differ = false});
        all.push_back({.name = fmt::format("1 % of input {} not read", tensor.name),
                       .make =
                           [&task, i](Examination& examination) {
                               return examination.answer_to(
                                   [&](std::size_t input, std::span<std::byte> bytes) {
                                       if (input != i) return;
                                       const task::Tensor& it = task.tensor(task.inputs[i]);
                                       const auto kept =
                                           static_cast<std::size_t>(it.elements() * 99 / 100) *
                                           task::type_size(it.type);
                                       std::ranges::fill(bytes.subspan(kept), std::byte{0});
                                   });
                           },
                       .must_differ = false});
        if (tensor.type != task::Type::F32) continue;
        all.push_back({.name = fmt::format("input {} returned", tensor.name),
                       .make = [&task, i](Examination& examination) -> Result<Answer> {
                           Answer returned = examination.honest_answer();
                           const Bytes& question = examination.question(i);
                           for (std::size_t o = 0; o < returned.size(); ++o) {
                               if (task.tensor(task.outputs[o]).type != task::Type::F32) continue;
                               repeat(question, returned[o]);
                           }
                           return returned;
                       },
                       .must_differ = false});
    }
    // Dropped bits of a float's significand: 13 leave fp16's and tf32's 10, 16 leave bf16's 7.
    for (const auto& [name, dropped] : {std::pair{"tf32", 13U}, std::pair{"bf16", 16U}}) {
        if (task.precision != "fp32") break;
        all.push_back({.name = fmt::format("operands rounded to {}", name),
                       .make =
                           [&task, dropped](Examination& examination) {
                               return examination.answer_to(
                                   [&](std::size_t input, std::span<std::byte> bytes) {
                                       if (task.tensor(task.inputs[input]).type == task::Type::F32)
                                           round_floats(bytes, dropped);
                                   });
                           },
                       .must_differ = true});
    }
}

}  // namespace

Result<Referee::Admission> Referee::admit() {
    State& state = *state_;
    CUPEL_CHECK(state.arena && state.checker);
    CUPEL_TRY(Session honest,
              Session::start(state.panel_artefacts.at(state.quickest_baseline()).object,
                             *state.arena, state.options.threads, kPatience));
    if (const std::optional<Window>& ending = honest.ending())
        return fail(Errc::Missing, "no contender can run here: " + ending->reason);
    Examination examination(state.task, *state.arena, *state.checker, honest);
    Admission admission;
    if (auto begun = examination.begin(); !begun) {
        if (begun.error().code != Errc::Invalid) return std::unexpected(std::move(begun).error());
        admission.reason = begun.error().text;
        return admission;
    }
    std::vector<Shortcut> shortcuts;
    add_output_shortcuts(state.task, shortcuts);
    add_input_shortcuts(state.task, shortcuts);
    admission.admitted = true;
    for (std::size_t i = 0; i < shortcuts.size(); ++i) {
        const Shortcut& shortcut = shortcuts[i];
        if (state.options.stop && state.options.stop())
            return fail(Errc::Interrupted, "interrupted");
        if (state.options.progress) {
            state.options.progress("admitting",
                                   static_cast<double>(i) / static_cast<double>(shortcuts.size()));
        }
        CUPEL_TRY(const Answer answer, shortcut.make(examination));
        if (shortcut.must_differ && answer == examination.honest_answer()) continue;
        CUPEL_TRY(const std::optional<std::string> wrong, examination.judge(answer));
        admission.controls.push_back({.name = shortcut.name,
                                      .rejected = wrong.has_value(),
                                      .how = wrong.value_or("accepted as right")});
        if (wrong || !admission.admitted) continue;
        admission.admitted = false;
        admission.reason = fmt::format(
            "the task does not pin its function down: its checks accept \"{}\"", shortcut.name);
    }
    return admission;
}

}  // namespace cupel::referee
