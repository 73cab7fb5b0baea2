// SPDX-License-Identifier: Apache-2.0
// The question arena: two shared regions, one of inputs (contenders can only read it) and one of
// outputs, with room for several questions. Every contender of a task is given the same physical
// pages, so that nobody's buffers are luckier.
//
// Around each tensor lie guard bytes, random and fresh for every window; those around outputs are
// looked at after the window (law 7).
#pragma once

#include <bit>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/seed.hpp"
#include "os/fd.hpp"
#include "referee/fill.hpp"
#include "referee/question.hpp"
#include "referee/widen.hpp"
#include "task/task.hpp"
#include "wire/control.hpp"

namespace cupel::referee {

// Of questions of races, in their hands (question.hpp, widen.hpp).
struct Turns {
    std::uint64_t scaled = 0;
    std::uint64_t widened = 0;
};

class Arena {
public:
    // Room for up to `slots` questions, fewer where the arena would exceed 256 MiB (at least one).
    [[nodiscard]] static Result<Arena> make(const task::Task& task, int slots, int threads);

    [[nodiscard]] int slots() const { return slots_; }
    [[nodiscard]] int threads() const { return threads_; }  // of the referee's own passes
    [[nodiscard]] const os::Fd& input_fd() const { return input_read_only_; }
    [[nodiscard]] const os::Fd& output_fd() const { return output_fd_; }
    // Writes the layout that a contender needs to find its arguments.
    void describe(wire::Control& control) const;

    // Every question from here on is derived from this seed, by keys with consecutive numbers from
    // 0. A question takes two for each input (those of its values, then those of what is
    // widened and of exact rows), then one for its recipe and one for its kind.
    // Hands go on after the turns that questions of other arenas have had.
    void begin(const Seed& seed, const Turns& before = {});
    [[nodiscard]] const Turns& turns() const { return turns_; }
    [[nodiscard]] std::uint64_t keys_drawn() const { return next_key_; }
    // What decides on the kind of the next question.
    [[nodiscard]] std::uint64_t number_of_kind() const {
        return seed_.number(next_key_ + keys_of_question(*task_) - 1);
    }
    [[nodiscard]] static std::uint64_t keys_of_question(const task::Task& task) {
        return 2 * task.inputs.size() + 2;
    }

    // Trusted: only called while every contender is frozen.
    void ask(int slot);  // fresh values in every input, from the laws and nothing else
    // Fresh values as races ask for them: blended, scaled, exact or widened (question.hpp), drawn
    // in secret. Says what the question became, where the task has no such kind.
    Kind ask(int slot, Kind kind);
    // Puts into the question what its laws may draw and hardly ever do (widen.hpp): a normal law
    // has no largest value, so no kernel may count on one (a softmax that leaves its maximum out
    // does). Says whether the task has inputs to which that can be done.
    bool widen(int slot);
    // Whether races have asked as many widened questions as one hand has (widen.hpp).
    [[nodiscard]] bool has_dealt_wide_hand() const { return turns_.widened >= WideDeal::kHand; }
    [[nodiscard]] Kind kind(int slot) const { return kinds_.at(static_cast<std::size_t>(slot)); }
    // Of an exact question with lawful rows among the others: whether the element is in one of
    // them.
    [[nodiscard]] bool in_lawful_row(int slot, std::size_t output, std::uint64_t element) const;
    [[nodiscard]] bool is_wide(int slot) const { return kind(slot) == Kind::Wide; }
    [[nodiscard]] const Composer& composer() const {
        CUPEL_CHECK(composer_.has_value());
        return *composer_;
    }
    void poison(
        int slots);  // fresh poison and guards in the outputs of the first `slots` questions
    // Reads the inputs of the first `slots` questions, so that every contender of a round finds
    // them in the same caches: otherwise one that flushes them slows down whoever is asked next.
    void touch(int slots) const;
    // A guard that was written over, in words; nothing where all are intact.
    [[nodiscard]] std::optional<std::string> broken_guard(int slots) const;

    [[nodiscard]] std::size_t outputs() const { return output_places_.size(); }  // of a question
    [[nodiscard]] std::span<std::byte> input(int slot, std::size_t input) const;
    [[nodiscard]] std::span<std::byte> output(int slot, std::size_t output) const;
    // Bytes from the start of the input region: what the oracle is told.
    [[nodiscard]] std::uint64_t input_offset(int slot, std::size_t input) const;
    [[nodiscard]] std::size_t bytes() const { return inputs_.size() + outputs_.size(); }

private:
    struct Place {  // of one tensor within a slot of its region
        std::size_t offset = 0;
        std::size_t size = 0;
        std::size_t guard_before = 0;  // bytes
        std::size_t guard_after = 0;
    };
    void fill_exact(int slot, std::size_t input, const Recipe& recipe);
    [[nodiscard]] Key key(std::uint64_t number) const {
        return std::bit_cast<Key>(seed_.number(number));
    }
    [[nodiscard]] std::uint64_t hand_seed(std::uint64_t kind, std::uint64_t hand) const;
    Deal deal(Kind kind);
    WideDeal deal_wide();
    bool widen(int slot, const WideDeal* deal);  // none: all rows are drawn
    // The first of the next question's, which is asked in the slot.
    std::uint64_t take_keys(int slot);
    static std::size_t place(const task::Task& task, const std::vector<task::TensorId>& tensors,
                             std::vector<Place>& places);

    const task::Task* task_ = nullptr;
    int slots_ = 0;
    int threads_ = 1;
    std::vector<Place> input_places_;
    std::vector<Place> output_places_;
    std::size_t input_stride_ = 0;
    std::size_t output_stride_ = 0;
    os::Fd input_fd_;
    os::Fd input_read_only_;
    os::Fd output_fd_;
    os::Mapping inputs_;
    os::Mapping outputs_;
    Key guard_key_;
    std::vector<Kind> kinds_;      // per slot
    std::vector<Recipe> recipes_;  // per slot, of races
    std::optional<Composer> composer_;
    Seed seed_ = Seed::draw();
    std::uint64_t next_key_ = 0;
    Turns turns_;
    std::vector<std::uint64_t> slot_key_;  // the first key of the question in each slot
};

}  // namespace cupel::referee
