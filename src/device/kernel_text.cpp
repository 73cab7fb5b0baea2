// SPDX-License-Identifier: Apache-2.0
#include "device/kernel_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "schedule/ids.hpp"
#include "schedule/nest.hpp"

namespace cupel::device {

using schedule::Writer;
using task::AxisId;
using task::Reducer;
using task::Role;
using task::Stage;
using task::TensorId;

std::vector<TensorId> parameters_of(const task::Task& part,
                                    const std::vector<std::size_t>& stages) {
    std::set<TensorId> used;
    for (const std::size_t s : stages) {
        const Stage& stage = part.stages[s];
        if (part.tensor(stage.out).role != Role::Intermediate) used.insert(stage.out);
        for (const int load : schedule::loads(part, stage.body)) {
            const TensorId tensor = part.access(load).tensor;
            if (part.tensor(tensor).role != Role::Intermediate) used.insert(tensor);
        }
    }
    return {used.begin(), used.end()};
}

void open_kernel(const Scope& scope, const LaunchText& launch, const std::vector<TensorId>& tensors,
                 FileText& file, Writer& out) {
    std::string parameters;
    std::string arguments;
    for (const TensorId id : tensors) {
        const task::Tensor& tensor = scope.task().tensor(id);
        const std::string& name = scope.names.tensor(id);
        const auto& inputs = scope.task().inputs;
        const bool read_only = std::ranges::find(inputs, id) != inputs.end();
        parameters += fmt::format("{}{}{}* {}", parameters.empty() ? "" : ", ",
                                  read_only ? "const " : "", device_type(tensor.type), name);
        arguments += (arguments.empty() ? "" : ", ") +
                     (file.scratch.contains(id) ? file.scratch.at(id) : tensor.name);
    }
    const std::string shared = launch.shared.empty() ? "" : ", " + launch.shared;
    file.launches += fmt::format("#pragma cupel launch {}<<<{}, {}{}>>>({})\n", launch.name,
                                 launch.grid, launch.block, shared, arguments);
    out.open(fmt::format("extern \"C\" __global__ void {}({})", launch.name, parameters));
}

bool is_arg(Reducer how) {
    return how == Reducer::ArgMax || how == Reducer::ArgMin;
}

std::string_view sum_type(const Scope& scope, const Stage& stage) {
    const bool whole = schedule::is_integer(scope.task(), stage.body) &&
                       (is_arg(stage.how) || !task::is_float(scope.task().tensor(stage.out).type));
    return whole ? "long long" : device_type(schedule::real_type(scope.task()));
}

std::string first_of(const Scope& scope, const Stage& stage) {
    if (sum_type(scope, stage) != "long long")
        return schedule::identity(stage.how, schedule::real_type(scope.task()));
    constexpr const char* kLeast = "(-9223372036854775807LL - 1)";
    if (stage.how == Reducer::Max || stage.how == Reducer::ArgMax) return kLeast;
    if (stage.how == Reducer::Min || stage.how == Reducer::ArgMin) return "9223372036854775807LL";
    return stage.how == Reducer::Prod ? "1" : "0";
}

std::string combined(const Scope& scope, const Stage& stage, const std::string& one,
                     const std::string& other) {
    const std::string_view type = sum_type(scope, stage);
    const std::string suffix = type == "float" ? "f" : "";
    const std::string prefix = type == "long long" ? "" : "f";
    switch (stage.how) {
        case Reducer::Prod:
            return fmt::format("{} * {}", one, other);
        case Reducer::Max:
        case Reducer::ArgMax:
            return fmt::format("{}max{}({}, {})", prefix, suffix, one, other);
        case Reducer::Min:
        case Reducer::ArgMin:
            return fmt::format("{}min{}({}, {})", prefix, suffix, one, other);
        case Reducer::Sum:
        case Reducer::None:
            break;
    }
    return fmt::format("{} + {}", one, other);
}

namespace {

std::string body_text(const Scope& scope, const Stage& stage) {
    return sum_type(scope, stage) == "long long" ? scope.whole(stage.body) : scope.real(stage.body);
}

std::string flat_position(const Scope& scope, const Stage& stage) {
    std::string text;
    for (const AxisId id : stage.reduce) {
        if (!text.empty()) text = fmt::format("({}) * {} + ", text, scope.extent(id));
        text += scope.axes.at(id);
    }
    return text;
}

}  // namespace

void print_serial_fold(Scope& scope, const Stage& stage, const std::string& name, Writer& out) {
    const std::string_view type = sum_type(scope, stage);
    const std::string best = is_arg(stage.how) ? name + "_best" : name;
    if (is_arg(stage.how)) out.line(fmt::format("long long {} = 0;", name));
    out.line(fmt::format("{} {} = {};", type, best, first_of(scope, stage)));
    const std::vector<AxisId> order = schedule::reduce_order(stage);
    for (const AxisId id : order) {
        std::string axis = scope.names.axis(id);
        for (const AxisId kept : stage.keep)  // where a row or an element is called alike
            if (scope.axes.at(kept) == axis) axis = scope.names.fresh(axis);
        scope.axes[id] = axis;
        out.open(fmt::format("for (long long {0} = {1}; {0} < {2}; {0}++)", axis,
                             scope.low_of(stage, id), scope.high_of(stage, id)));
    }
    const std::string body = body_text(scope, stage);
    if (is_arg(stage.how)) {
        out.line(fmt::format("const {} {}_value = {};", type, name, body));
        out.open(fmt::format("if ({0}_value {1} {0}_best)", name,
                             stage.how == Reducer::ArgMax ? ">" : "<"));
        out.line(fmt::format("{0}_best = {0}_value;", name));
        out.line(fmt::format("{} = {};", name, flat_position(scope, stage)));
        out.close();
    } else if (stage.how == Reducer::Sum || stage.how == Reducer::Prod) {
        out.line(fmt::format("{} {}= {};", name, stage.how == Reducer::Sum ? "+" : "*", body));
    } else {
        out.line(fmt::format("{} = {};", name, combined(scope, stage, name, body)));
    }
    for (std::size_t i = 0; i < order.size(); i++)
        out.close();
}

std::string use_take4(task::Type type, FileText& file) {
    if (schedule::is_short(type)) {
        file.functions["take4_short"] =
            "// Four neighbours of 16 bits as floats, as far as there are so many: in one access "
            "where rows are whole\n"
            "// fours.\n"
            "template <bool whole, class T>\n"
            "__device__ void take4_short(float (&to)[4], const T* from, long long count) {\n"
            "    struct alignas(4 * sizeof(T)) Four { T of[4]; };\n"
            "    if constexpr (whole) {\n"
            "        const Four four = count > 0 ? *reinterpret_cast<const Four*>(from) : Four{};\n"
            "        for (int u = 0; u < 4; u++) to[u] = count > 0 ? float(four.of[u]) : 0.0f;\n"
            "    } else {\n"
            "        for (int u = 0; u < 4; u++) to[u] = u < count ? float(from[u]) : 0.0f;\n"
            "    }\n"
            "}\n";
        return "take4_short";
    }
    file.functions["take4"] =
        "// Four neighbours, as far as there are so many: in one access where rows are whole "
        "fours.\n"
        "template <bool whole>\n"
        "__device__ void take4(float (&to)[4], const float* from, long long count) {\n"
        "    if constexpr (whole) {\n"
        "        const float4 four = count > 0 ? *reinterpret_cast<const float4*>(from)\n"
        "                                      : make_float4(0.0f, 0.0f, 0.0f, 0.0f);\n"
        "        to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;\n"
        "    } else {\n"
        "        for (int u = 0; u < 4; u++) to[u] = u < count ? from[u] : 0.0f;\n"
        "    }\n"
        "}\n";
    return "take4";
}

std::string use_put4(task::Type type, FileText& file) {
    if (schedule::is_short(type)) {
        file.functions["put4_short"] =
            "// Puts four neighbours, rounded to 16 bits, as far as there are so many.\n"
            "template <bool whole, class T>\n"
            "__device__ void put4_short(T* to, const float (&from)[4], long long count) {\n"
            "    struct alignas(4 * sizeof(T)) Four { T of[4]; };\n"
            "    if constexpr (whole) {\n"
            "        const Four four = {T(from[0]), T(from[1]), T(from[2]), T(from[3])};\n"
            "        if (count > 0) *reinterpret_cast<Four*>(to) = four;\n"
            "    } else {\n"
            "        for (int u = 0; u < 4; u++)\n"
            "            if (u < count) to[u] = from[u];\n"
            "    }\n"
            "}\n";
        return "put4_short";
    }
    file.functions["put4"] =
        "// Puts four neighbours, as far as there are so many.\n"
        "template <bool whole>\n"
        "__device__ void put4(float* to, const float (&from)[4], long long count) {\n"
        "    if constexpr (whole) {\n"
        "        const float4 four = make_float4(from[0], from[1], from[2], from[3]);\n"
        "        if (count > 0) *reinterpret_cast<float4*>(to) = four;\n"
        "    } else {\n"
        "        for (int u = 0; u < 4; u++)\n"
        "            if (u < count) to[u] = from[u];\n"
        "    }\n"
        "}\n";
    return "put4";
}

namespace {

// Of the best value and where it is: of equals the first.
std::string best_text(const std::string& name, std::string_view type, bool largest) {
    return fmt::format(
        "// The {0} value over the lanes of a row, and where it is first, in each of them.\n"
        "template <int lanes>\n"
        "__device__ void {1}({2}& best, long long& where) {{\n"
        "    const auto meet = [&]({2} value, long long at) {{\n"
        "        if (value {3} best || (value == best && at < where)) best = value, where = at;\n"
        "    }};\n"
        "    const auto meet_lanes = [&](int most) {{\n"
        "        for (int d = most; d > 0; d /= 2) {{\n"
        "            const {2} value = __shfl_xor_sync(0xffffffffu, best, d);\n"
        "            meet(value, __shfl_xor_sync(0xffffffffu, where, d));\n"
        "        }}\n"
        "    }};\n"
        "    meet_lanes(16);\n"
        "    if constexpr (lanes > 32) {{\n"
        "        __shared__ {2} values[lanes / 32];\n"
        "        __shared__ long long places[lanes / 32];\n"
        "        __syncthreads();  // nobody reads those of an earlier search any more\n"
        "        if (threadIdx.x % 32 == 0) {{\n"
        "            values[threadIdx.x / 32] = best;\n"
        "            places[threadIdx.x / 32] = where;\n"
        "        }}\n"
        "        __syncthreads();\n"
        "        best = values[threadIdx.x % (lanes / 32)];\n"
        "        where = places[threadIdx.x % (lanes / 32)];\n"
        "        meet_lanes(lanes / 64);\n"
        "    }}\n"
        "}}\n",
        largest ? "largest" : "smallest", name, type, largest ? ">" : "<");
}

std::string fold_text(const std::string& name, std::string_view what, std::string_view type,
                      const std::string& with_lane) {
    return fmt::format(
        "// The {0} over the lanes of a row, in each of them.\n"
        "template <int lanes>\n"
        "__device__ {2} {1}({2} v) {{\n"
        "    for (int d = 16; d > 0; d /= 2) v = {3};\n"
        "    if constexpr (lanes > 32) {{\n"
        "        __shared__ {2} of_warps[lanes / 32];\n"
        "        __syncthreads();  // nobody reads those of an earlier {0} any more\n"
        "        if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = v;\n"
        "        __syncthreads();\n"
        "        v = of_warps[threadIdx.x % (lanes / 32)];\n"
        "        for (int d = lanes / 64; d > 0; d /= 2) v = {3};\n"
        "    }}\n"
        "    return v;\n"
        "}}\n",
        what, name, type, with_lane);
}

}  // namespace

std::string use_reduction(const Scope& scope, const Stage& stage, FileText& file) {
    const std::string_view type = sum_type(scope, stage);
    const std::string suffix = type == "float" ? "" : type == "double" ? "_real" : "_whole";
    if (is_arg(stage.how)) {
        const bool largest = stage.how == Reducer::ArgMax;
        const std::string name = (largest ? "largest_of" : "smallest_of") + suffix;
        file.functions[name] = best_text(name, type, largest);
        return name;
    }
    const std::string what = stage.how == Reducer::Sum    ? "sum"
                             : stage.how == Reducer::Prod ? "product"
                             : stage.how == Reducer::Max  ? "maximum"
                                                          : "minimum";
    const std::string name = what + "_of" + suffix;
    const std::string lane = "__shfl_xor_sync(0xffffffffu, v, d)";
    file.functions[name] = fold_text(name, what, type, combined(scope, stage, "v", lane));
    return name;
}

}  // namespace cupel::device
