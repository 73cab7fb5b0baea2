// SPDX-License-Identifier: Apache-2.0
#include "engineer/population.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "base/text.hpp"
#include "engineer/cpp_text.hpp"
#include "engineer/prose.hpp"
#include "engineer/prose_words.hpp"

namespace cupel::engineer {
namespace {

constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15U;  // that near seeds draw far apart

// The words of a kernel. Those of assembly are among them: they stand in its strings.
struct Vocabulary {
    std::set<std::string, std::less<>> words;
    std::set<std::string, std::less<>> parts;    // between underscores: "stream" of _mm_stream_ps
    std::set<std::string, std::less<>> pragmas;  // words behind `#pragma omp`
    int launches = 0;
    bool shares = false;  // `omp for` in a team that was there before

    explicit Vocabulary(std::string_view code) {
        for (const std::string& line : split(code, '\n')) {
            const std::vector<std::string> found = words_of(line);
            const bool pragma = found.size() > 2 && found[0] == "pragma";
            if (pragma && found[1] == "omp") pragmas.insert(found.begin(), found.end());
            if (pragma && found[1] == "omp" && found[2] == "for") shares = true;
            if (pragma && found[1] == "cupel" && found[2] == "launch") ++launches;
            if (pragma) continue;
            words.insert(found.begin(), found.end());
        }
        for (const std::string& word : words) {
            for (const std::string& part : split(word, '_'))
                parts.insert(part);
        }
    }
    [[nodiscard]] bool has(std::initializer_list<std::string_view> any) const {
        return std::ranges::any_of(any,
                                   [&](std::string_view word) { return words.contains(word); });
    }
    [[nodiscard]] bool has_part(std::initializer_list<std::string_view> any) const {
        return std::ranges::any_of(any,
                                   [&](std::string_view part) { return parts.contains(part); });
    }
    [[nodiscard]] bool begins(std::string_view with) const {
        const auto at = words.lower_bound(with);
        return at != words.end() && at->starts_with(with);
    }
};

std::string_view vectors_of(const Vocabulary& code) {
    if (code.has_part({"mma", "wmma"}) || code.begins("_mm512_") || code.begins("_mm256_") ||
        code.begins("_mm_"))
        return "intrinsics";
    if (code.has({"vector_size", "__vector_size__", "float4", "float2", "uint4"})) return "vectors";
    return code.pragmas.contains("simd") ? "simd" : "scalar";
}

bool is_device(const Vocabulary& code) {
    return code.launches > 0 || code.has({"threadIdx", "__global__"});
}

std::string_view threads_of(const Vocabulary& code) {
    if (is_device(code)) return "device";
    if (!code.pragmas.contains("parallel")) return "single";
    return code.shares ? "team" : "parallel";
}

std::string_view memory_of(const Vocabulary& code) {
    if (code.has({"cp", "memcpy_async"}) || code.begins("cp_async") || code.begins("__pipeline"))
        return "pipelined";
    if (code.has({"__shared__"})) return "shared";
    if (code.begins("__shfl")) return "shuffled";
    if (code.has({"thread_local", "alignas", "aligned_alloc"})) return "packed";
    return code.has_part({"stream", "prefetch"}) ? "streamed" : "direct";
}

// Of what it computes in: the most unusual thing that stands there.
std::string_view precision_of(const Vocabulary& code) {
    if (code.has_part({"mma", "wmma"})) return "tensor";
    if (code.has({"half", "half2", "__half", "__half2", "_Float16", "__nv_bfloat16",
                  "__nv_bfloat162", "__bf16"}))
        return "half";
    return code.has({"double", "double2"}) || code.has_part({"pd"}) ? "fp64" : "fp32";
}

// How the work is split among launches, and whether blocks wait for each other.
std::string_view launches_of(const Vocabulary& code) {
    if (code.has({"this_grid", "grid_group"})) return "cooperative";
    if (code.launches < 2) return "once";
    return code.launches == 2 ? "twice" : "often";
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
    const std::string text = strip_prose(source);
    const Vocabulary code(text);
    std::string axes(threads_of(code));
    for (const std::string_view axis :
         {vectors_of(code), memory_of(code), depth_of(text), precision_of(code)})
        axes += " " + std::string(axis);
    if (is_device(code)) axes += " " + std::string(launches_of(code));
    return axes;
}

Result<Population::Kept> kept_in(archive::Archive& archive, archive::KernelId kernel) {
    CUPEL_TRY(const auto record, archive.kernel(kernel));
    if (!record) return fail(Errc::Corrupt, fmt::format("the archive lacks kernel {}", kernel));
    CUPEL_TRY(const verdict::Verdict verdict, archive.latest_screen(kernel));
    return Population::Kept{
        .parents = record->parents,
        .axes = verdict.axes.empty() ? axes_of(record->kernel.source) : verdict.axes};
}

// Drawn once for each kernel, so that a search that goes on has them where they were.
bool Population::emigrates(archive::KernelId kernel) const {
    constexpr std::uint64_t kOneIn = 8;
    std::mt19937_64 random((seed_ * kMix) ^ static_cast<std::uint64_t>(kernel));
    return random() % kOneIn == 0;
}

Result<Population::Place> Population::place(archive::KernelId kernel) {
    struct Unplaced {
        archive::KernelId id;
        std::uint64_t kind;
        std::optional<archive::KernelId> above;
    };
    std::vector<Unplaced> line;  // up to an ancestor that has a place, or to the first
    for (archive::KernelId at = kernel; !places_.contains(at);) {
        CUPEL_TRY(const Kept kept, lookup_(at));
        Unplaced one{.id = at, .kind = fingerprint(kept.axes), .above = {}};
        // An archive that somebody made might have rings.
        if (!kept.parents.empty() && kept.parents.front() < at) one.above = kept.parents.front();
        line.push_back(one);
        if (!one.above) break;
        at = *one.above;
    }
    for (; !line.empty(); line.pop_back()) {
        const Unplaced& one = line.back();
        const std::uint64_t island =
            one.above ? places_.at(*one.above).island + (emigrates(one.id) ? 1 : 0)
                      : static_cast<std::uint64_t>(one.id);
        places_[one.id] = {.island = island % kIslands, .kind = one.kind};
    }
    return places_.at(kernel);
}

Result<std::uint64_t> Population::island(archive::KernelId kernel) {
    CUPEL_TRY(const Place found, place(kernel));
    return found.island;
}

Result<std::vector<const Standing*>> Population::best_of_kinds(
    const std::vector<const Standing*>& ranked, std::optional<std::uint64_t> island) {
    std::vector<const Standing*> best;
    std::set<std::uint64_t> kinds;
    for (const Standing* standing : ranked) {
        CUPEL_TRY(const Place at, place(standing->id));
        if (island && at.island != *island) continue;
        if (kinds.insert(at.kind).second) best.push_back(standing);
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
    std::mt19937_64 random(seed_ * kMix + turn);
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
