// SPDX-License-Identifier: Apache-2.0
// Volatile and relaxed loads, and atomics, that take what they find. Two such accesses never race
// by the letter of PTX, but without a barrier or a fence between nothing says which comes first, so
// what is read may be the old value or the new one. A program that is right either way asks: it
// waits for a flag, or looks whether a neighbour is ready, and goes on by a branch. One that puts
// the value to use as it is counts on an order that nobody gives.
//
// A walk from the load over all that can follow. It ends well where on every way the value, and
// what is computed from it, reaches a branch before it is stored, an address or part of an atomic.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "emulator/access.hpp"
#include "emulator/decoder.hpp"

namespace cupel::emulator {
namespace {

// So that no text makes this slow: a load that is not looked at to the end takes what it finds.
constexpr std::size_t kMostSteps = 100'000;
constexpr std::size_t kMostStepsOfAll = 4'000'000;

using Rows = std::set<std::uint32_t>;

class AskWalk {
public:
    // What is a use that ends badly: any, or only to be stored (or to be part of a product).
    enum class Use { Any, Kept };
    AskWalk(const Code& code, const std::vector<bool>& entries, std::uint32_t load,
            std::size_t& steps, Use use = Use::Any)
        : code_(code), entries_(entries), load_(load), steps_(steps), use_(use) {}

    [[nodiscard]] bool ends_well() {
        Rows rows;
        begin(rows);
        if (!follow(load_ + 1, std::move(rows))) return false;
        const std::size_t before = steps_;
        while (!open_.empty()) {
            if (steps_ - before > kMostSteps || steps_ > kMostStepsOfAll) return false;
            const std::uint32_t at = open_.back();
            open_.pop_back();
            if (!follow(at, known_.at(at))) return false;
        }
        return true;
    }

private:
    void begin(Rows& rows) const {
        const Op& op = code_.ops[load_];
        for_targets(op, [&](std::uint32_t row) {
            if (row != kTrashRow) rows.insert(row);
        });
    }

    void reach(std::uint32_t at, const Rows& rows) {
        const auto [known, is_new] = known_.try_emplace(at, rows);
        const std::size_t before = is_new ? 0 : known->second.size();
        if (!is_new) known->second.insert(rows.begin(), rows.end());
        if (known->second.size() != before) open_.push_back(at);
    }

    // Up to where ways part or meet. False: the value is put to use.
    bool follow(std::uint32_t at, Rows rows) {
        for (bool first = true; !rows.empty(); at++, first = false) {
            if (entries_[at] && !first) {
                reach(at, rows);
                return true;
            }
            steps_++;
            const Op& op = code_.ops[at];
            const bool always = op.guard == kTrueRow && op.guard_flip == 0;
            const bool parts =
                op.flow == Flow::Branch || op.flow == Flow::Exit || op.flow == Flow::Trap;
            if (parts && rows.contains(op.guard)) return true;  // asked
            if (op.flow == Flow::Branch) reach(op.target, rows);
            if (parts && always) return true;
            if (!parts && !change(op, at, rows)) return false;
        }
        return true;
    }

    bool change(const Op& op, std::uint32_t at, Rows& rows) const {
        const bool memory = op.work == Work::Load || op.work == Work::Store ||
                            op.work == Work::Atomic || op.work == Work::Copy;
        const bool by_address = use_ == Use::Any || !memory;
        bool uses = (by_address && rows.contains(op.a)) ||
                    std::ranges::any_of(std::array{op.b, op.c, op.e},
                                        [&](std::uint32_t row) { return rows.contains(row); });
        // What lanes of the block leave each other in shared memory, as ranks and places in lists,
        // may be of those who are none.
        const bool hands_on =
            use_ == Use::Kept && op.work == Work::Store && op.space == Space::Shared;
        if (hands_on) return true;
        if (op.work == Work::Tensor || (op.work == Work::Store && op.elements > 1)) {
            uses = uses || std::ranges::any_of(code_.lists[op.target], [&](std::uint32_t row) {
                       return rows.contains(row);
                   });
        }
        if (uses && (memory || op.work == Work::Tensor)) return false;
        const bool spreads = uses || (!memory && rows.contains(op.guard));
        if (op.work == Work::Tensor) return true;
        for_targets(op, [&](std::uint32_t row) {
            if (row == kTrashRow) return;
            if (spreads || at == load_) {
                rows.insert(row);
            } else if (op.guard == kTrueRow) {
                rows.erase(row);
            }
        });
        return true;
    }

    template <class Use>
    void for_targets(const Op& op, Use use) const {
        if (op.work == Work::Load && op.elements > 1) {
            std::ranges::for_each(code_.lists[op.target], use);
            return;
        }
        use(op.d);
        use(op.d2);
    }

    const Code& code_;
    const std::vector<bool>& entries_;  // where branches lead
    std::uint32_t load_;
    std::size_t& steps_;
    Use use_;
    std::map<std::uint32_t, Rows> known_;  // at entries
    std::vector<std::uint32_t> open_;
};

// atomicAdd(p, 0) and its like, and a compare-and-swap of equal values.
bool changes_nothing(const Code& code, const Op& op) {
    const std::string_view opcode = code.sites[op.site].opcode;
    const auto has = [&](std::string_view word) {
        return opcode.find(word) != std::string_view::npos;
    };
    if (has(".cas.")) return op.b == op.c;
    if (!has(".add.") && !has(".or.") && !has(".xor.")) return false;
    if (op.b == kZeroRow) return true;
    const std::uint64_t minus = has(".f64") ? std::uint64_t{1} << 63 : std::uint64_t{1} << 31;
    return std::ranges::any_of(code.preloads, [&](const Preload& one) {
        return one.row == op.b && one.kind == Preload::Kind::Constant &&
               (one.bits == 0 || (has(".f") && one.bits == minus));
    });
}

}  // namespace

void find_unasked(Code& code) {
    std::vector<bool> entries(code.ops.size() + 1, false);
    for (const Op& op : code.ops) {
        if (op.flow == Flow::Branch) entries[op.target] = true;
    }
    std::size_t steps = 0;
    std::size_t visits = 0;
    for (std::uint32_t i = 0; i < code.ops.size(); i++) {
        const Op& op = code.ops[i];
        const bool atomic = op.work == Work::Atomic;
        const bool reads = atomic || op.work == Work::Load;
        if (!reads || (op.flags & kStrong) == 0) continue;
        const bool loads = !atomic || changes_nothing(code, op);
        const bool asks =
            AskWalk(code, entries, i, steps).ends_well() || (loads && is_guess(code, i, visits));
        std::uint8_t& kind = code.strong[op.site];
        if (!atomic) {
            if (!asks) kind = kTakes;
        } else if (asks) {
            kind = kAtomic;
        } else if (changes_nothing(code, op)) {
            kind = kAtomicLooks;
        } else {
            const bool kept = !AskWalk(code, entries, i, steps, AskWalk::Use::Kept).ends_well();
            kind = kept ? kAtomicKeeps : kAtomicTakes;
        }
    }
}

}  // namespace cupel::emulator
