// SPDX-License-Identifier: Apache-2.0
#include "page/descent.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

namespace cupel::page {
namespace {

constexpr std::size_t kTask = std::numeric_limits<std::size_t>::max();  // in place of a parent

// A kernel descends from its first parent. A ring, in an archive that somebody made, is none: what
// was recorded later is nobody's parent.
std::size_t parent_of(const Account& run, std::size_t kernel) {
    const std::vector<std::size_t>& parents = run.kernels[kernel].parents;
    return parents.empty() || parents.front() >= kernel ? kTask : parents.front();
}

// A kernel that is drawn, as its parent sees it. The task is the last of them.
struct Branch {
    std::size_t above = kTask;
    std::size_t skipped = 0;
    std::size_t size = 1;  // kernels drawn, itself and what descends from it
    std::vector<std::size_t> children = {};
    FateCounts folded = {};
    bool on_line = false;
};

class Tree {
public:
    Tree(const Account& run, const std::vector<bool>& drawn) : branches_(run.kernels.size() + 1) {
        const std::size_t kernels = run.kernels.size();
        std::vector<std::size_t> above(kernels, kTask);  // the nearest that is drawn
        std::vector<std::size_t> skipped(kernels, 0);
        for (std::size_t at = 0; at < kernels; ++at) {
            const std::size_t parent = parent_of(run, at);
            const bool near = parent == kTask || drawn[parent];
            above[at] = near ? parent : above[parent];
            skipped[at] = near ? 0 : skipped[parent] + 1;
            Branch& upper = branch(above[at]);
            if (drawn[at]) {
                upper.children.push_back(at);
                branches_[at].above = above[at];
                branches_[at].skipped = skipped[at];
            } else {
                ++upper.folded.at(static_cast<std::size_t>(run.kernels[at].fate));
            }
        }
        for (std::size_t at = kernels; at-- > 0;)
            if (drawn[at]) branch(branches_[at].above).size += branches_[at].size;
        for (const std::size_t at : line_of(run))
            branches_[at].on_line = drawn[at];
        branches_.back().on_line = run.winner.has_value();
    }

    Branch& branch(std::size_t kernel) {
        return kernel == kTask ? branches_.back() : branches_[kernel];
    }

    // The child that stands in the same column: on the line to the winner, or with most below it.
    std::size_t main_child(const Branch& upper) {
        return *std::ranges::max_element(upper.children, {}, [&](std::size_t child) {
            return std::pair(branch(child).on_line, branch(child).size);
        });
    }

private:
    std::vector<Branch> branches_;
};

struct Place {
    std::size_t kernel = kTask;
    std::size_t above = 0;  // a row
    std::size_t column = 0;
};

Descent lay_out(Tree& tree) {
    Descent descent;
    std::vector<Place> next = {{}};  // the last one comes first
    while (!next.empty()) {
        const Place place = next.back();
        next.pop_back();
        const Branch& branch = tree.branch(place.kernel);
        const std::size_t row = descent.rows.size();
        const bool task = place.kernel == kTask;
        descent.rows.push_back({.kind = task ? Row::Kind::Task : Row::Kind::Kernel,
                                .kernel = task ? 0 : place.kernel,
                                .above = place.above,
                                .column = place.column,
                                .skipped = branch.skipped,
                                .folded = branch.folded,
                                .on_line = branch.on_line});
        descent.columns = std::max(descent.columns, place.column + 1);
        descent.folded +=
            std::accumulate(branch.folded.begin(), branch.folded.end(), std::size_t{0});
        descent.drawn += task ? 0 : 1;
        if (branch.children.empty()) continue;
        const std::size_t main = tree.main_child(branch);
        next.push_back({.kernel = main, .above = row, .column = place.column});
        for (std::size_t i = branch.children.size(); i-- > 0;) {
            const std::size_t child = branch.children[i];
            if (child != main)
                next.push_back({.kernel = child, .above = row, .column = place.column + 1});
        }
    }
    return descent;
}

}  // namespace

std::vector<std::size_t> line_of(const Account& run) {
    std::vector<std::size_t> line;
    for (std::size_t at = run.winner.value_or(kTask); at != kTask; at = parent_of(run, at))
        line.push_back(at);
    return line;
}

std::vector<std::size_t> by_weight(const Account& run) {
    std::vector<bool> on_line(run.kernels.size());
    for (const std::size_t at : line_of(run))
        on_line[at] = true;
    std::vector<std::size_t> order(run.kernels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t at) {
        const Kernel& kernel = run.kernels[at];
        const double figure = kernel.figure ? kernel.figure->mid : 0;
        return std::tuple(run.winner != at, kernel.judged.empty() || kernel.fate != Fate::Right,
                          !on_line[at], !kernel.promoted, kernel.fate != Fate::Right,
                          run.timed ? -figure : figure);
    });
    return order;
}

Descent descend(const Account& run, std::size_t most) {
    std::vector<bool> drawn(run.kernels.size());
    const std::vector<std::size_t> order = by_weight(run);
    for (std::size_t i = 0; i < std::min(most, order.size()); ++i)
        drawn[order[i]] = true;
    Tree tree(run, drawn);
    return lay_out(tree);
}

}  // namespace cupel::page
