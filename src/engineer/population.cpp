// SPDX-License-Identifier: Apache-2.0
#include "engineer/population.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <utility>

#include "engineer/cpp_text.hpp"
#include "engineer/prose.hpp"

namespace cupel::engineer {
namespace {

bool has(std::string_view text, std::string_view word) {
    return text.find(word) != std::string_view::npos;
}

std::string_view vectors_of(std::string_view code) {
    if (has(code, "mma_sync") || has(code, "mma.sync") || has(code, "_mm512") ||
        has(code, "_mm256") || has(code, "_mm_"))
        return "intrinsics";
    if (has(code, "vector_size") || has(code, "float4") || has(code, "float2") ||
        has(code, "uint4"))
        return "vectors";
    return has(code, "omp simd") || has(code, "parallel for simd") ? "simd" : "scalar";
}

std::string_view threads_of(std::string_view code) {
    if (has(code, "threadIdx")) return "device";
    if (has(code, "omp parallel")) return has(code, "omp for") ? "team" : "parallel";
    return "single";
}

std::string_view memory_of(std::string_view code) {
    if (has(code, "cp_async") || has(code, "cp.async")) return "pipelined";
    if (has(code, "__shared__")) return "shared";
    if (has(code, "__shfl")) return "shuffled";
    if (has(code, "thread_local") || has(code, "alignas") || has(code, "aligned_alloc"))
        return "packed";
    return has(code, "stream") || has(code, "prefetch") ? "streamed" : "direct";
}

// The deepest nest of for loops, by braces; loops without braces count while their line does.
std::string_view depth_of(std::string_view code) {
    constexpr std::array<std::string_view, 4> kNames = {"flat", "nested", "tiled", "deep"};
    std::vector<bool> braces;
    std::size_t pending = 0;
    std::size_t deepest = 0;
    for (std::size_t i = 0; i < code.size(); ++i) {
        if (code.substr(i).starts_with("for(") || code.substr(i).starts_with("for (")) ++pending;
        const auto open = static_cast<std::size_t>(std::ranges::count(braces, true));
        deepest = std::max(deepest, open + pending);
        if (code[i] == '{') {
            braces.push_back(pending > 0);
            if (pending > 0) --pending;
        } else if (code[i] == '}' && !braces.empty()) {
            braces.pop_back();
            pending = 0;
        }
    }
    return kNames[std::min<std::size_t>(deepest / 2, 3)];
}

}  // namespace

std::string axes_of(std::string_view source) {
    const std::string code = strip_prose(source);
    std::string axes(threads_of(code));
    for (const std::string_view axis : {vectors_of(code), memory_of(code), depth_of(code)})
        axes += " " + std::string(axis);
    return axes;
}

void Population::add(archive::KernelId kernel, const std::vector<archive::KernelId>& parents) {
    const auto first = parents.empty() ? root_.end() : root_.find(parents.front());
    root_[kernel] = first == root_.end() ? kernel : first->second;
}

std::uint64_t Population::island(archive::KernelId kernel) const {
    const auto found = root_.find(kernel);
    const archive::KernelId root = found == root_.end() ? kernel : found->second;
    return static_cast<std::uint64_t>(root) % kIslands;
}

Result<std::uint64_t> Population::kind(const Standing& standing) {
    const auto found = kinds_.find(standing.id);
    if (found != kinds_.end()) return found->second;
    CUPEL_TRY(const std::string text, text_of_(standing.id));
    return kinds_[standing.id] = fingerprint(axes_of(text));
}

Result<std::vector<const Standing*>> Population::best_of_kinds(
    const std::vector<const Standing*>& ranked, std::optional<std::uint64_t> island) {
    std::vector<const Standing*> best;
    std::set<std::uint64_t> kinds;
    for (const Standing* standing : ranked) {
        if (island && this->island(standing->id) != *island) continue;
        CUPEL_TRY(const std::uint64_t one, kind(*standing));
        if (kinds.insert(one).second) best.push_back(standing);
    }
    return best;
}

Result<std::vector<const Standing*>> Population::parents(const Standings& standings,
                                                         std::uint64_t turn, std::size_t count) {
    if (count == 0) return std::vector<const Standing*>();
    const std::vector<const Standing*> ranked = standings.ranked();
    const bool all = turn % 4 == 3;
    CUPEL_TRY(std::vector<const Standing*> pool,
              best_of_kinds(ranked, all ? std::nullopt : std::optional(turn % kIslands)));
    if (pool.size() < count) {
        CUPEL_TRY(pool, best_of_kinds(ranked, std::nullopt));
    }
    if (pool.size() < count) pool = ranked;
    std::mt19937_64 random(seed_ * 0x9E3779B97F4A7C15U + turn);
    std::vector<const Standing*> chosen;
    while (chosen.size() < count && !pool.empty()) {
        // The first of the rest with probability one half, and so on: mostly the best, not always.
        std::size_t at = 0;
        while (at + 1 < pool.size() && random() % 2 == 0)
            ++at;
        chosen.push_back(pool[at]);
        pool.erase(pool.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return chosen;
}

}  // namespace cupel::engineer
