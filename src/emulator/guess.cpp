// SPDX-License-Identifier: Apache-2.0
// Loads that only guess. The idiom of the CUDA programming guide for an atomic that the hardware
// lacks begins with a plain load:
//
//   old = *p; do { seen = old; old = atomicCAS(p, seen, f(seen)); } while (seen != old);
//
// What it finds may be anything: it is put to use only where the compare-and-swap has found the
// same value in memory, and then it is as good as that one. So such a load races with no atomic.
//
// A walk from the load over all that can follow. It ends well where on every way the value, and
// what is computed from it, is no operand but of arithmetic, of a compare-and-swap and of the
// comparison of the two that a branch then follows: where they are equal, the way is done.
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "emulator/access.hpp"
#include "emulator/decoder.hpp"

namespace cupel::emulator {
namespace {

// So that no text makes this slow: a load that is not looked at to the end is an ordinary one.
constexpr std::size_t kMostVisits = 2'000;
constexpr std::size_t kMostVisitsOfAll = 200'000;

// What a row may hold; a row that is not listed holds nothing of the guess.
enum class Holds : std::uint8_t {
    Found,    // what a compare-and-swap found where it compared with the guess
    Equal,    // a predicate: the guess was right
    Unequal,  // or wrong
    Guess,    // the guess itself, or something that is none
    Derived,  // what was computed from it
};

struct Outlook {
    std::map<std::uint32_t, Holds> rows;
    bool unsettled = false;  // swapped, and whether that went well was not yet asked

    // What holds on either of two ways. True where that is something new.
    bool join(const Outlook& other) {
        Outlook both{.rows = {}, .unsettled = unsettled || other.unsettled};
        const auto add = [&](const Outlook& from, const Outlook& beside) {
            for (const auto& [row, holds] : from.rows) {
                const auto found = beside.rows.find(row);
                const bool same = found != beside.rows.end() && found->second == holds;
                if (!same && holds < Holds::Guess) continue;
                Holds& to = both.rows.try_emplace(row, holds).first->second;
                to = std::max(to, holds);
            }
        };
        add(*this, other);
        add(other, *this);
        const bool changed = both.rows != rows || both.unsettled != unsettled;
        *this = std::move(both);
        return changed;
    }
};

class GuessWalk {
public:
    GuessWalk(const Code& code, std::uint32_t load, std::size_t& visits)
        : code_(code), load_(load), visits_(visits) {}

    [[nodiscard]] bool ends_well() {
        Outlook first;
        first.rows[code_.ops[load_].d] = Holds::Guess;
        reach(load_ + 1, first);
        for (std::size_t made = 0; !open_.empty(); made++) {
            if (made > kMostVisits || ++visits_ > kMostVisitsOfAll) return false;
            const std::uint32_t at = open_.back();
            open_.pop_back();
            if (!step(at, states_.at(at))) return false;
        }
        return swaps_;
    }

private:
    void reach(std::uint32_t at, const Outlook& state) {
        if (state.rows.empty() && !state.unsettled) return;  // nothing is left of the guess
        const auto [known, is_new] = states_.try_emplace(at, state);
        if (is_new || known->second.join(state)) open_.push_back(at);
    }

    // False: the guess is put to use there.
    // NOLINTNEXTLINE(performance-unnecessary-value-param): reach() may change the one it is of
    bool step(std::uint32_t at, Outlook state) {
        const Op& op = code_.ops[at];
        const auto guard = holds(state, op.guard);
        if (guard && *guard >= Holds::Guess) return false;
        if (at == load_ && state.unsettled) return false;
        if (op.flow == Flow::Branch || op.flow == Flow::Exit || op.flow == Flow::Trap)
            return leave(at, op, guard, state);
        Outlook after = state;
        if (!change(op, after)) return false;
        if (op.guard != kTrueRow) after.join(state);
        reach(at + 1, after);
        return true;
    }

    bool leave(std::uint32_t at, const Op& op, std::optional<Holds> guard, Outlook state) {
        const bool tells = guard == Holds::Equal || guard == Holds::Unequal;
        const bool if_equal = (guard == Holds::Equal) == (op.guard_flip == 0);
        if (tells) state.unsettled = false;
        if (!(tells && if_equal)) {
            if (op.flow == Flow::Branch) {
                reach(op.target, state);
            } else if (state.unsettled) {
                return false;
            }
        }
        const bool always = op.guard == kTrueRow && op.guard_flip == 0;
        if (!always && (!tells || if_equal)) reach(at + 1, state);
        return true;
    }

    // What the operation makes of the state.
    bool change(const Op& op, Outlook& state) {
        if (op.work == Work::Atomic) return swap(op, state);
        const bool moves_much = op.elements > 1 || op.work == Work::Tensor;
        if (moves_much && !leaves_alone(op, state)) return false;
        bool uses = false;
        for (const std::uint32_t row : {op.a, op.b, op.c, op.e}) {
            const auto held = holds(state, row);
            uses = uses || (held && *held >= Holds::Guess);
        }
        const bool computes = op.work <= Work::Special;
        if (uses && !computes) return false;
        const auto copied = is_move(op) ? holds(state, op.a) : std::nullopt;
        const auto compared = comparison(op, state);
        state.rows.erase(op.d);
        state.rows.erase(op.d2);
        if (compared) {
            state.rows[op.d] = *compared;
        } else if (copied) {
            state.rows[op.d] = *copied;
        } else if (uses) {
            for (const std::uint32_t row : {op.d, op.d2}) {
                if (row != kTrashRow) state.rows[row] = Holds::Derived;
            }
        }
        return true;
    }

    // An atomic: of all, a compare-and-swap alone may have to do with the guess.
    bool swap(const Op& op, Outlook& state) {
        const auto held = [&](std::uint32_t row) {
            const auto found = holds(state, row);
            return found && *found >= Holds::Guess ? found : std::nullopt;
        };
        const bool is_swap = opcode(op).find(".cas.") != std::string_view::npos;
        const auto compares = held(op.b);
        if (held(op.a) || compares == Holds::Derived) return false;
        if (!is_swap && (held(op.b) || held(op.c))) return false;
        if (!compares && held(op.c)) return false;  // is not bound to the guess being right
        state.rows.erase(op.d);
        if (!compares) return true;
        if (state.unsettled || op.d == kTrashRow) return false;
        state.rows[op.d] = Holds::Found;
        state.unsettled = true;
        swaps_ = true;
        return true;
    }

    bool leaves_alone(const Op& op, Outlook& state) {
        for (const std::uint32_t row : code_.lists[op.target]) {
            const auto held = holds(state, row);
            const bool loads = op.work == Work::Load;
            if (!loads && held && *held >= Holds::Guess) return false;
            if (loads) state.rows.erase(row);
        }
        return true;
    }

    [[nodiscard]] bool is_move(const Op& op) const {
        if (!opcode(op).starts_with("mov.")) return false;
        const Form* const form = all_forms().find(opcode(op));
        return form != nullptr && form->run == op.run;  // no piece of a vector
    }

    // setp.eq and setp.ne of the guess and what was found, by all bits.
    [[nodiscard]] std::optional<Holds> comparison(const Op& op, const Outlook& state) const {
        const std::string_view name = opcode(op);
        if (!name.starts_with("setp.") || name.size() != std::string_view("setp.eq.s32").size())
            return std::nullopt;
        const std::string_view relation = name.substr(5, 3);
        const bool equal = relation == "eq.";
        if ((!equal && relation != "ne.") || name[8] == 'f' || op.d2 != kTrashRow)
            return std::nullopt;
        const auto a = holds(state, op.a);
        const auto b = holds(state, op.b);
        const bool both =
            (a == Holds::Guess && b == Holds::Found) || (a == Holds::Found && b == Holds::Guess);
        if (!both) return std::nullopt;
        return equal ? Holds::Equal : Holds::Unequal;
    }

    [[nodiscard]] std::string_view opcode(const Op& op) const {
        return code_.sites[op.site].opcode;
    }
    static std::optional<Holds> holds(const Outlook& state, std::uint32_t row) {
        const auto found = state.rows.find(row);
        if (found == state.rows.end()) return std::nullopt;
        return found->second;
    }

    const Code& code_;
    std::uint32_t load_;
    std::size_t& visits_;
    bool swaps_ = false;
    std::map<std::uint32_t, Outlook> states_;
    std::vector<std::uint32_t> open_;
};

}  // namespace

bool is_guess(const Code& code, std::uint32_t load, std::size_t& visits) {
    const Op& op = code.ops[load];
    const bool alone = op.counted && code.ops[load + 1].site != op.site;  // the last op is an exit
    const bool single = op.elements == 1 && alone && op.guard == kTrueRow;
    const bool shared =
        op.space == Space::Global || op.space == Space::Shared || op.space == Space::Generic;
    return single && shared && op.d != kTrashRow && GuessWalk(code, load, visits).ends_well();
}

void find_guesses(Code& code) {
    const bool swaps = std::ranges::any_of(code.sites, [](const Site& site) {
        return site.opcode.find(".cas.") != std::string_view::npos;
    });
    if (!swaps) return;
    std::size_t visits = 0;
    for (std::uint32_t i = 0; i < code.ops.size(); i++) {
        const Op& op = code.ops[i];
        const bool plain = op.work == Work::Load && (op.flags & (kStrong | kConstant)) == 0;
        if (plain && is_guess(code, i, visits)) code.strong[op.site] = kGuess;
    }
}

bool is_guess_gone_wrong(const Code& code, std::uint32_t one, std::uint32_t other) {
    const auto is = [&](std::uint32_t site, std::string_view what) {
        return code.sites[site].opcode.contains(what);
    };
    return (is(one, ".cas") && is(other, "ld.")) || (is(one, "ld.") && is(other, ".cas"));
}

}  // namespace cupel::emulator
