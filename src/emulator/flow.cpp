// SPDX-License-Identifier: Apache-2.0
// Where the two ways of a branch meet again, and what can happen between: post-dominators by the
// iteration of Cooper, Harvey and Kennedy over the reversed graph of basic blocks.
#include <algorithm>

#include "emulator/decoder.hpp"

namespace cupel::emulator {
namespace {

// Beyond these a branch counts as one that can change anything, so that no text makes this slow.
constexpr std::size_t kMostBasicBlocks = 8192;
constexpr std::size_t kMaxVisits = 20'000'000;

class Graph {
public:
    explicit Graph(const Code& code) : code_(code), ops_(code.ops) {
        find_blocks();
        if (starts_.size() > kMostBasicBlocks) return;
        number_backwards();
        find_dominators();
    }

    // Of a branch: the first operation where both ways meet.
    [[nodiscard]] std::size_t blocks() const { return starts_.size(); }
    [[nodiscard]] std::size_t visits() const { return visits_; }

    [[nodiscard]] std::uint32_t meeting(std::uint32_t op) const {
        const std::uint32_t block = block_of_[op];
        const std::uint32_t to = dominator_[block];
        return to == kNoIndex || to == exit_ ? kNoIndex : starts_[to];
    }

    // Every operation on a way from the branch to where the ways meet.
    void collect(std::uint32_t op, BranchReach& reach) {
        std::vector<bool> seen(starts_.size(), false);
        std::vector<std::uint32_t> open = successors(block_of_[op]);
        const std::uint32_t end = reach.end == kNoIndex ? exit_ : block_of_[reach.end];
        while (!open.empty()) {
            const std::uint32_t block = open.back();
            open.pop_back();
            if (block == end || block == exit_ || seen[block]) continue;
            seen[block] = true;
            visits_ += end_of(block) - starts_[block];
            for (std::uint32_t i = starts_[block]; i < end_of(block); i++)
                note(ops_[i], reach);
            for (const std::uint32_t next : successors(block))
                open.push_back(next);
        }
        std::ranges::sort(reach.rows);
        const auto twice = std::ranges::unique(reach.rows);
        reach.rows.erase(twice.begin(), twice.end());
    }

private:
    void find_blocks() {
        std::vector<bool> leads(ops_.size() + 1, false);
        leads[0] = true;
        for (std::size_t i = 0; i < ops_.size(); i++) {
            if (ops_[i].flow == Flow::Branch) leads[ops_[i].target] = true;
            if (ops_[i].flow == Flow::Branch || ops_[i].flow == Flow::Exit ||
                ops_[i].flow == Flow::Trap) {
                leads[i + 1] = true;
            }
        }
        for (std::uint32_t i = 0; i < ops_.size(); i++) {
            if (leads[i]) starts_.push_back(i);
            block_of_.push_back(static_cast<std::uint32_t>(starts_.size() - 1));
        }
        exit_ = static_cast<std::uint32_t>(starts_.size());
        predecessors_.resize(starts_.size() + 1);
        for (std::uint32_t block = 0; block < exit_; block++) {
            for (const std::uint32_t next : successors(block))
                predecessors_[next].push_back(block);
        }
    }

    [[nodiscard]] std::uint32_t end_of(std::uint32_t block) const {
        return block + 1 < starts_.size() ? starts_[block + 1]
                                          : static_cast<std::uint32_t>(ops_.size());
    }

    [[nodiscard]] std::vector<std::uint32_t> successors(std::uint32_t block) const {
        const Op& last = ops_[end_of(block) - 1];
        const std::uint32_t next = block + 1;
        const bool always = last.guard == kTrueRow && last.guard_flip == 0;
        if (last.flow == Flow::Branch) {
            const std::uint32_t target = block_of_[last.target];
            return always ? std::vector{target} : std::vector{target, next};
        }
        if (last.flow == Flow::Exit || last.flow == Flow::Trap) {
            return always ? std::vector{exit_} : std::vector{exit_, next};
        }
        return {next};
    }

    // Depth first from the exit, against the arrows, without recursion.
    void number_backwards() {
        order_.assign(exit_ + 1, kNoIndex);
        std::vector<std::pair<std::uint32_t, std::size_t>> stack = {{exit_, 0}};
        std::vector<bool> seen(exit_ + 1, false);
        seen[exit_] = true;
        while (!stack.empty()) {
            auto& [block, at] = stack.back();
            if (at < predecessors_[block].size()) {
                const std::uint32_t next = predecessors_[block][at++];
                if (!seen[next]) {
                    seen[next] = true;
                    stack.emplace_back(next, 0);
                }
            } else {
                order_[block] = static_cast<std::uint32_t>(sorted_.size());
                sorted_.push_back(block);
                stack.pop_back();
            }
        }
    }

    void find_dominators() {
        dominator_.assign(exit_ + 1, kNoIndex);
        dominator_[exit_] = exit_;
        for (bool changed = true; changed;) {
            changed = false;
            for (std::size_t i = sorted_.size(); i-- > 0;) {
                const std::uint32_t block = sorted_[i];
                if (block == exit_) continue;
                std::uint32_t common = kNoIndex;
                for (const std::uint32_t next : successors(block)) {
                    if (dominator_[next] == kNoIndex) continue;
                    common = common == kNoIndex ? next : intersect(common, next);
                }
                if (common != dominator_[block]) {
                    dominator_[block] = common;
                    changed = true;
                }
            }
        }
    }

    [[nodiscard]] std::uint32_t intersect(std::uint32_t a, std::uint32_t b) const {
        while (a != b) {
            while (order_[a] < order_[b])
                a = dominator_[a];
            while (order_[b] < order_[a])
                b = dominator_[b];
        }
        return a;
    }

    void note(const Op& op, BranchReach& reach) const {
        const bool memory =
            op.work == Work::Store || op.work == Work::Atomic || op.work == Work::Copy;
        if (memory || op.work == Work::Barrier) reach.effects = true;
        if (op.flow == Flow::Exit || op.flow == Flow::Trap) reach.effects = true;
        for_written(code_, op, [&](std::uint32_t row) { reach.rows.push_back(row); });
    }

    const Code& code_;
    const std::vector<Op>& ops_;
    std::vector<std::uint32_t> starts_;
    std::vector<std::uint32_t> block_of_;
    std::vector<std::vector<std::uint32_t>> predecessors_;
    std::vector<std::uint32_t> order_;
    std::vector<std::uint32_t> sorted_;
    std::vector<std::uint32_t> dominator_;
    std::uint32_t exit_ = 0;
    std::size_t visits_ = 0;
};

}  // namespace

void find_reaches(Code& code) {
    if (!code.uses_environment) return;  // nothing asks for them
    Graph graph(code);
    for (std::uint32_t i = 0; i < code.ops.size(); i++) {
        const Op& op = code.ops[i];
        if (op.flow != Flow::Branch || op.guard == kTrueRow) continue;
        BranchReach& reach = code.reaches[static_cast<std::size_t>(op.imm)];
        reach.effects = graph.blocks() > kMostBasicBlocks || graph.visits() > kMaxVisits;
        if (reach.effects) continue;
        reach.end = graph.meeting(i);
        graph.collect(i, reach);
    }
}

}  // namespace cupel::emulator
