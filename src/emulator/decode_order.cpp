// SPDX-License-Identifier: Apache-2.0
// What stands between ld, st, atom and a type: memory order, scope, space, hints to caches. Exactly
// what PTX has and ptxas 13.0 takes, as what would not load must not be right here.
#include <algorithm>

#include "emulator/decoder.hpp"

namespace cupel::emulator {
namespace {

bool is_global(Space space) {
    return space == Space::Global || space == Space::Generic;
}

constexpr auto kPrefetches = std::to_array<std::string_view>({
    "prefetch.L1",
    "prefetch.L2",
    "prefetch.L2::evict_last",
    "prefetch.L2::evict_normal",
    "prefetch.global.L1",
    "prefetch.global.L2",
    "prefetch.global.L2::evict_last",
    "prefetch.global.L2::evict_normal",
    "prefetch.local.L1",
    "prefetch.local.L2",
    "prefetchu.L1",
    "applypriority.L2::evict_normal",
    "applypriority.global.L2::evict_normal",
});

// Hints in any order, of each kind one at most.
struct Hints {
    bool constant = false;       // .nc: what is read that way may be old
    std::string_view operation;  // .ca
    std::string_view eviction;   // .L1::evict_last
    std::string_view prefetch;   // .L2::128B
    [[nodiscard]] bool none() const {
        return !constant && operation.empty() && eviction.empty() && prefetch.empty();
    }
};

Hints accept_hints(Words& words, bool stores) {
    Hints hints;
    const auto accept = [&](std::string_view& one, std::initializer_list<std::string_view> known) {
        if (one.empty()) one = words.accept_any(known);
    };
    std::string_view last;
    do {
        last = words.peek();
        if (stores) {
            accept(hints.operation, {"wb", "cg", "cs", "wt"});
        } else {
            if (!hints.constant) hints.constant = words.accept("nc");
            accept(hints.operation, {"ca", "cg", "cs", "lu", "cv"});
            accept(hints.prefetch, {"L2::64B", "L2::128B", "L2::256B"});
        }
        accept(hints.eviction, {"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first",
                                "L1::evict_last", "L1::no_allocate"});
    } while (words.peek() != last);
    return hints;
}

bool may_be_hinted(const Hints& hints, Space space, Order order) {
    if (!hints.operation.empty() && (!hints.eviction.empty() || order > Order::Weak)) return false;
    if (hints.constant && (space != Space::Global || order != Order::None ||
                           hints.operation == "lu" || hints.operation == "cv")) {
        return false;
    }
    if (!hints.eviction.empty() && (!is_global(space) || order == Order::Volatile)) return false;
    return hints.prefetch.empty() || is_global(space);
}

}  // namespace

Space accept_space(Words& words) {
    if (words.accept("global")) return Space::Global;
    if (words.accept("shared") || words.accept("shared::cta")) return Space::Shared;
    if (words.accept("local")) return Space::Local;
    if (words.accept("const")) return Space::Const;
    if (words.accept("param")) return Space::Param;
    return Space::Generic;
}

// PTX has them before the space and the operation; libraries print them behind
// (`atom.add.acq_rel.gpu.u32`), as ptxas takes it.
std::optional<Order> accept_order(Words& words, Op& op, const Orders& known) {
    words.bring_forward({"weak", "volatile", "mmio", "relaxed", "acquire", "release", "acq_rel",
                         "cta", "cluster", "gpu", "sys"});
    if (!known.of_atomic && words.accept("weak")) return Order::Weak;
    if (!known.of_atomic && words.accept("volatile")) {
        op.flags |= kStrong;
        return Order::Volatile;
    }
    const bool device = !known.of_atomic && words.accept("mmio");
    std::string_view scope = words.accept_any({"cta", "cluster", "gpu", "sys"});
    const std::string_view order = words.accept_any(known.words);
    if (scope.empty()) scope = words.accept_any({"cta", "cluster", "gpu", "sys"});
    if (device && (order != "relaxed" || scope != "sys")) return std::nullopt;
    // An atomic is relaxed and of the scope of the GPU where it says nothing else.
    if (!known.of_atomic && order.empty() != scope.empty()) return std::nullopt;
    // Every cluster is of one block here: kernels of larger ones are refused.
    if (scope == "cta" || scope == "cluster") op.flags |= kBlockScope;
    if (order == "acquire" || order == "acq_rel") op.flags |= kAcquire;
    if (order == "release" || order == "acq_rel") op.flags |= kRelease;
    if (order.empty() && !known.of_atomic) return Order::None;
    op.flags |= kStrong;
    return Order::Strong;
}

Result<Space> Decoder::access(const Instruction& in, Words& words, Op& op) {
    const bool stores = op.work == Work::Store;
    const auto order = stores ? accept_order(words, op, {.words = {"relaxed", "release"}})
                              : accept_order(words, op, {.words = {"relaxed", "acquire"}});
    if (!order) return refuse(in);
    const Space space = accept_space(words);
    const bool ordered = *order > Order::Weak;
    if (ordered && space != Space::Shared && !is_global(space)) return refuse(in);
    const Hints hints = accept_hints(words, stores);
    if (!may_be_hinted(hints, space, *order)) return refuse(in);
    const bool uniform = in.opcode.starts_with("ldu");
    if (uniform && (*order != Order::None || !is_global(space) || !hints.none())) return refuse(in);
    if (hints.constant) op.flags |= kConstant;
    return space;
}

// Nothing is brought anywhere here; which caches there are is looked at all the same.
Result<void> Decoder::prefetch(const Instruction& in) {
    if (std::ranges::find(kPrefetches, in.opcode) == kPrefetches.end()) return refuse(in);
    const bool priority = in.opcode.starts_with("applypriority");
    const std::size_t operands = priority ? 2 : 1;
    CUPEL_DO(expect_operands(in, operands, operands));
    Op place = start(in, Work::Control);
    const Space space = in.opcode.contains(".local")    ? Space::Local
                        : in.opcode.contains(".global") ? Space::Global
                                                        : Space::Generic;
    CUPEL_DO(set_address(in.operands[0], space, 1, place));
    if (priority) {
        CUPEL_TRY(const std::uint64_t bytes, whole(in.operands[1], 128));
        if (bytes != 128) return error(in.operands[1].at, "expected 128 bytes");
    }
    Op op = start(in, Work::Control);
    op.run = op.checked = &run_nothing;
    op.spreads = false;
    emit(op);
    return {};
}

}  // namespace cupel::emulator
