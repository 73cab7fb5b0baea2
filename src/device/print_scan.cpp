// SPDX-License-Identifier: Apache-2.0
#include "device/print_scan.hpp"

#include <fmt/format.h>

namespace cupel::device {

using task::Reducer;
using task::Stage;

namespace {

void use_running_sums(std::string_view type, FileText& file) {
    file.functions["sum_up_to"] = fmt::format(
        "// The sum over the lanes up to this one, and over all of them.\n"
        "template <int lanes>\n"
        "__device__ {0} sum_up_to({0} v, {0}& all) {{\n"
        "    for (int d = 1; d < 32; d *= 2) {{\n"
        "        const {0} other = __shfl_up_sync(0xffffffffu, v, d);\n"
        "        if (threadIdx.x % 32 >= d) v += other;\n"
        "    }}\n"
        "    all = __shfl_sync(0xffffffffu, v, 31);\n"
        "    if constexpr (lanes > 32) {{\n"
        "        __shared__ {0} of_warps[lanes / 32];\n"
        "        __syncthreads();  // nobody reads those of an earlier step any more\n"
        "        if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = all;\n"
        "        __syncthreads();\n"
        "        all = 0;\n"
        "        for (int w = 0; w < lanes / 32; w++) {{\n"
        "            if (w == threadIdx.x / 32) v += all;\n"
        "            all += of_warps[w];\n"
        "        }}\n"
        "    }}\n"
        "    return v;\n"
        "}}\n",
        type);
}

}  // namespace

std::optional<RunningSum> running_sum(const Launch& launch, const Stage& stage) {
    if (stage.how != Reducer::Sum || stage.keep.size() != launch.depth + 1) return std::nullopt;
    const auto scan = schedule::scan_of(launch.generic.task, stage);
    const bool along_row = scan && scan->inclusive && scan->position == launch.depth;
    const bool real = task::is_float(launch.generic.task.tensor(stage.out).type);
    if (!along_row || !real) return std::nullopt;
    return RunningSum{.stage = stage, .scan = *scan};
}

void print_scan(const RunningSum& sum, const Lanes& lanes, Scope& scope, FileText& file,
                schedule::Writer& out) {
    const auto& [stage, scan] = sum;
    const std::string_view type = sum_type(scope, stage);
    const std::string extent = scope.extent(scan.along);
    const std::string at = scope.names.axis(scan.along);
    const std::string first = scope.names.fresh(at + "0");
    const std::string before = scope.names.fresh("before");
    const std::string all = scope.names.fresh("all");
    const std::string here = scope.names.fresh("here");
    use_running_sums(type, file);
    out.line(fmt::format("{} {} = 0;", type, before));
    out.open(
        fmt::format("for (long long {0} = 0; {0} < {1}; {0} += {2})", first, extent, lanes.count));
    out.line(scan.reverse ? fmt::format("const long long {} = {} - 1 - ({} + {});", at, extent,
                                        first, lanes.lane)
                          : fmt::format("const long long {} = {} + {};", at, first, lanes.lane));
    scope.axes[scan.along] = at;
    scope.axes[scan.reduced] = at;
    const std::string there =
        scan.reverse ? fmt::format("{} >= 0", at) : fmt::format("{} < {}", at, extent);
    out.line(fmt::format("{} {} = 0, {};", type, here, all));
    out.line(fmt::format("if ({}) {} = {};", there, here, scope.real(stage.body)));
    out.line(fmt::format("{0} = {1} + sum_up_to<{2}>({0}, {3});", here, before, lanes.count, all));
    out.line(fmt::format("if ({}) {} = {};", there, scope.element_of(stage), here));
    out.line(fmt::format("{} += {};", before, all));
    out.close();
}

}  // namespace cupel::device
