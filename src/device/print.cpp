// SPDX-License-Identifier: Apache-2.0
// A file of device code from a plan: what it declares of itself, the functions that its kernels
// call, the kernels.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "device/device.hpp"
#include "device/print_elements.hpp"
#include "device/print_mma.hpp"
#include "device/print_rows.hpp"
#include "device/print_tiles.hpp"
#include "device/tensor_core.hpp"
#include "schedule/contraction.hpp"
#include "schedule/ids.hpp"

namespace cupel::device {

using schedule::Names;
using schedule::Trace;
using task::Role;
using task::Task;
using task::TensorId;

namespace {

// Tensors that one launch fills and another reads.
std::set<TensorId> handed_on(const Plan& plan) {
    std::set<TensorId> found;
    for (const Launch& launch : plan.launches) {
        for (const auto* ids : {&launch.generic.task.inputs, &launch.generic.task.outputs}) {
            for (const TensorId id : *ids)
                if (plan.generic.task.tensor(id).role == Role::Intermediate) found.insert(id);
        }
    }
    return found;
}

std::string scratch_lines(const Plan& plan, const FileText& file) {
    std::string text;
    const Task& whole = plan.generic.task;
    for (const auto& [id, name] : file.scratch) {
        const task::Tensor& tensor = whole.tensor(id);
        std::vector<std::string> factors;
        factors.reserve(tensor.shape.size());
        for (std::size_t d = 0; d < tensor.shape.size(); d++)
            factors.push_back(schedule::extent(whole, id, d));
        text += fmt::format("#pragma cupel scratch {} {}[{}]\n", device_type(tensor.type), name,
                            product_text(factors));
    }
    return text;
}

std::string header_lines(const Task& task) {
    std::string text;
    const auto has = [&](task::Type type) {
        return std::ranges::find(task.tensors, type, &task::Tensor::type) != task.tensors.end();
    };
    if (has(task::Type::F16)) text += "#include <cuda_fp16.h>\n";
    if (has(task::Type::BF16)) text += "#include <cuda_bf16.h>\n";
    return text;
}

std::string file_text(const Task& task, const Plan& plan, const std::string& how) {
    Names names(plan.generic.task);
    FileText file;
    for (const TensorId id : handed_on(plan))
        file.scratch[id] = names.fresh("all_" + names.tensor(id));
    const bool alone = plan.launches.size() == 1;
    std::vector<std::string> kernels;  // all named before any is printed: each has names of its own
    for (const Launch& launch : plan.launches) {
        const std::string& fills = launch.generic.task.tensor(launch.fills()).name;
        kernels.push_back(names.fresh(alone ? task.name : task.name + "_" + fills));
    }
    for (std::size_t i = 0; i < plan.launches.size(); i++) {
        const Launch& launch = plan.launches[i];
        if (launch.worker == Worker::Tile && launch.tiling.on_tensor_cores()) {
            print_mma(launch, kernels[i], names, file);
        } else if (launch.worker == Worker::Tile) {
            print_tiles(launch, kernels[i], names, file);
        } else if (launch.worker == Worker::Thread) {
            print_elements(launch, kernels[i], names, file);
        } else {
            print_rows(launch, kernels[i], names, file);
        }
    }
    std::string text = fmt::format("// {}: {}\n", task.name, task.title);
    for (const std::string& line : split(how, '\n'))
        if (!line.empty()) text += "//   " + line + "\n";
    text += header_lines(task) + scratch_lines(plan, file) + file.launches + "\n";
    for (const auto& [name, function] : file.functions)
        text += function + "\n";
    text += file.kernels;
    while (text.ends_with("\n\n"))
        text.pop_back();
    return text;
}

// ---- candidates

struct Style {
    std::string worker;  // of rows
    int block = 256;
    int vector = 4;
    bool online = true;
    bool tiled = true;
    Tiling tiling = {};
};

// For tensor cores; bk is counted in instructions, whose depth is another for each type.
constexpr Tiling kWarpTilings[] = {
    {.bm = 128, .bn = 128, .bk = 2, .stages = 2, .wm = 64, .wn = 32},
    {.bm = 128, .bn = 128, .bk = 2, .stages = 2, .wm = 64, .wn = 64},
    {.bm = 128, .bn = 64, .bk = 2, .stages = 3, .wm = 32, .wn = 32},
    {.bm = 64, .bn = 64, .bk = 2, .stages = 3, .wm = 32, .wn = 32},
    {.bm = 64, .bn = 64, .bk = 4, .stages = 2, .wm = 32, .wn = 32},
};

constexpr Tiling kTilings[] = {
    {64, 64, 16, 4, 4, 1},   {64, 64, 16, 4, 4, 2},  {64, 64, 16, 8, 8, 2},
    {128, 64, 16, 8, 4, 2},  {128, 64, 16, 8, 8, 2}, {128, 128, 8, 8, 8, 2},
    {128, 128, 16, 8, 8, 1}, {32, 64, 32, 4, 4, 2},  {32, 32, 32, 4, 4, 1},
};

std::vector<Style> styles_of(bool tiles, bool tensor_cores) {
    std::vector<Style> styles;
    if (tensor_cores) {
        for (const Tiling& tiling : kWarpTilings)
            styles.push_back({.worker = "block", .tiling = tiling});
    }
    if (tiles) {
        for (const Tiling& tiling : kTilings)
            styles.push_back({.worker = "block", .tiling = tiling});
        styles.push_back({.worker = "block", .vector = 1, .tiling = kTilings[0]});
        styles.push_back({.worker = "thread", .vector = 1, .online = false, .tiled = false});
    }
    styles.push_back({.worker = "block", .block = 256, .tiled = false});
    styles.push_back({.worker = "warp", .block = 128, .tiled = false});
    styles.push_back({.worker = "block", .block = 512, .tiled = false});
    styles.push_back({.worker = "block", .block = 128, .tiled = false});
    styles.push_back({.worker = "block", .block = 1024, .tiled = false});
    styles.push_back({.worker = "warp", .block = 256, .online = false, .tiled = false});
    styles.push_back({.worker = "block", .block = 256, .online = false, .tiled = false});
    styles.push_back({.worker = "block", .block = 256, .vector = 1, .tiled = false});
    styles.push_back({.worker = "thread", .block = 128, .vector = 1, .tiled = false});
    return styles;
}

void add(Trace& trace, const std::string& verb, const std::string& stage,
         std::vector<std::string> arguments = {}) {
    trace.push_back({verb, stage, std::move(arguments)});
}

std::optional<TensorCore> core_of(const Task& part) {
    const auto product = product_of(part);
    if (!product || schedule::real_type(part) != task::Type::F32) return std::nullopt;
    const auto core = tensor_core_for(part, *product);
    return core ? std::optional(*core) : std::nullopt;
}

void add_mma(Trace& trace, const std::string& name, const Tiling& t, const TensorCore& core) {
    const auto number = [](int value) { return std::to_string(value); };
    add(trace, "tile", name, {number(t.bm), number(t.bn), number(t.bk * core.depth)});
    add(trace, "mma", name, {number(t.wm), number(t.wn)});
    add(trace, "stages", name, {number(t.stages)});
    add(trace, "vector", name, {number(core.row())});
}

void add_launch(Trace& trace, const Launch& launch, const Style& style) {
    const Task& part = launch.generic.task;
    const std::string& name = part.tensor(launch.fills()).name;
    const auto number = [](int value) { return std::to_string(value); };
    const bool floats = schedule::real_type(part) == task::Type::F32;
    if (style.tiled && floats && is_product(part)) {
        const Tiling& wanted = style.tiling;
        const auto core = core_of(part);
        if (core && wanted.on_tensor_cores()) return add_mma(trace, name, wanted, *core);
        const Tiling& t = wanted.on_tensor_cores() ? kTilings[0] : wanted;
        add(trace, "tile", name, {number(t.bm), number(t.bn), number(t.bk)});
        add(trace, "thread", name, {number(t.tm), number(t.tn)});
        if (t.stages > 1) add(trace, "stages", name, {number(t.stages)});
    } else {
        const bool thread = style.worker == "thread" && is_elementwise(launch);
        const bool rows = launch.worker != Worker::Thread;
        if (rows) add(trace, "row", name, {thread ? "thread" : style.worker});
        if (style.block != 256) add(trace, "block", name, {number(style.block)});
        const bool folds = std::ranges::any_of(
            part.stages, [](const task::Stage& stage) { return !stage.reduce.empty(); });
        if (folds && (thread || !rows)) return;
    }
    if (style.vector == 4 && floats) add(trace, "vector", name, {"4"});
    for (std::size_t s = 0; s < part.stages.size() && style.online; s++) {
        if (online_partner(launch, s) != part.stages.size())
            add(trace, "online", part.tensor(part.stages[s].out).name);
    }
}

}  // namespace

Result<std::string> print_naive(const Task& task) {
    CUPEL_TRY(const Plan plan, naive_plan(task));
    return file_text(task, plan, "naive: a launch for each stage, a thread for each element");
}

Result<std::string> print_kernel(const Task& task, const Trace& trace) {
    CUPEL_TRY(const Plan plan, plan_of(task, trace));
    return file_text(task, plan, schedule::print_trace(trace));
}

Result<std::vector<Trace>> candidates(const Task& task) {
    constexpr std::size_t kMost = 16;
    CUPEL_TRY(const Generic known, generic(task));
    std::vector<Trace> found;
    std::set<std::string> texts;
    const std::vector<std::size_t> cuts = product_cuts(task);
    // Whether a launch is a product for them shows when the launches are there.
    const bool tensor_cores = task.precision != "fp32" && task.precision != "fp64";
    for (const Style& style : styles_of(!cuts.empty(), !cuts.empty() && tensor_cores)) {
        Trace trace;
        for (const std::size_t cut : cuts)
            if (style.tiled && cut > 0) add(trace, "cut", task.tensor(task.stages[cut].out).name);
        const auto bare = plan_of(task, known, trace);
        if (!bare) continue;
        for (const Launch& launch : bare->launches)
            add_launch(trace, launch, style);
        // What a verb refuses for these sizes is no candidate.
        const auto plan = plan_of(task, known, trace);
        if (!plan || found.size() == kMost) continue;
        if (texts.insert(file_text(task, *plan, "")).second) found.push_back(std::move(trace));
    }
    return found;
}

}  // namespace cupel::device
