// SPDX-License-Identifier: Apache-2.0
#include "target/loop_depth.hpp"

#include <algorithm>
#include <cstddef>
#include <map>

namespace cupel::target {
namespace {

using Block = std::size_t;

// Blocks of instructions that follow each other, and which block may come after which.
class Flow {
public:
    explicit Flow(const std::vector<Step>& function) : block_of_(function.size()) {
        std::vector<bool> begins(function.size() + 1);
        std::vector<std::optional<std::size_t>> targets(function.size());
        for (std::size_t i = 0; i < function.size(); ++i) {
            const auto& to = function[i].to;
            const auto target = to ? place(function, *to) : std::nullopt;
            if (target) begins[*target] = true;
            targets[i] = target;
            if (to || !function[i].falls) begins[i + 1] = true;
        }
        Block blocks = 0;
        for (std::size_t i = 0; i < function.size(); ++i) {
            if (i > 0 && begins[i]) ++blocks;
            block_of_[i] = blocks;
        }
        after_.resize(function.empty() ? 0 : blocks + 1);
        before_.resize(after_.size());
        for (std::size_t i = 0; i < function.size(); ++i) {
            const bool last = i + 1 == function.size() || block_of_[i + 1] != block_of_[i];
            if (const auto target = targets[i]) join(block_of_[i], block_of_[*target]);
            if (last && function[i].falls && i + 1 < function.size())
                join(block_of_[i], block_of_[i + 1]);
        }
    }

    // The places that jumps go back to, each with the blocks that they come from.
    [[nodiscard]] std::map<Block, std::vector<Block>> jumps_back() const {
        std::map<Block, std::vector<Block>> found;
        enum class State : std::uint8_t { New, Open, Done };
        std::vector<State> states(after_.size());
        struct Visit {
            Block block;
            std::size_t next;
        };
        for (Block root = 0; root < after_.size(); ++root) {
            if (states[root] != State::New) continue;
            states[root] = State::Open;
            for (std::vector<Visit> path = {{root, 0}}; !path.empty();) {
                Visit& here = path.back();
                if (here.next == after_[here.block].size()) {
                    states[here.block] = State::Done;
                    path.pop_back();
                    continue;
                }
                const Block to = after_[here.block][here.next++];
                if (states[to] == State::Open) found[to].push_back(here.block);
                if (states[to] != State::New) continue;
                states[to] = State::Open;
                path.push_back({to, 0});
            }
        }
        return found;
    }

    [[nodiscard]] std::vector<int> depths() const {
        std::size_t left = std::size_t{1} << 24;  // blocks to look at
        std::vector<int> depth(after_.size());
        std::vector<Block> seen_in(after_.size(), after_.size());
        for (auto& [header, body] : jumps_back()) {
            std::vector<Block> open = body;
            seen_in[header] = header;
            ++depth[header];
            while (!open.empty() && left > 0) {
                const Block block = open.back();
                open.pop_back();
                --left;
                if (seen_in[block] == header) continue;
                seen_in[block] = header;
                ++depth[block];
                open.insert(open.end(), before_[block].begin(), before_[block].end());
            }
        }
        std::vector<int> all(block_of_.size());
        std::ranges::transform(block_of_, all.begin(), [&](Block block) { return depth[block]; });
        return all;
    }

private:
    static std::optional<std::size_t> place(const std::vector<Step>& function, std::uint64_t at) {
        const auto found = std::ranges::lower_bound(function, at, {}, &Step::at);
        if (found == function.end() || found->at != at) return std::nullopt;
        return static_cast<std::size_t>(found - function.begin());
    }
    void join(Block from, Block to) {
        after_[from].push_back(to);
        before_[to].push_back(from);
    }

    std::vector<Block> block_of_;  // each instruction
    std::vector<std::vector<Block>> after_;
    std::vector<std::vector<Block>> before_;
};

}  // namespace

std::vector<int> loop_depths(const std::vector<Step>& function) {
    return Flow(function).depths();
}

}  // namespace cupel::target
