// SPDX-License-Identifier: Apache-2.0
#include "device/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "device/online.hpp"
#include "device/tensor_core.hpp"
#include "schedule/contraction.hpp"
#include "schedule/nest.hpp"
#include "schedule/text.hpp"

namespace cupel::device {

using schedule::Action;
using schedule::Trace;
using task::AxisId;
using task::Role;
using task::Stage;
using task::Task;
using task::TensorId;

namespace {

constexpr std::int64_t kLongFold = 64;  // steps that are worth a warp
constexpr std::int64_t kMostShared = 227 * 1024;
constexpr std::int64_t kMostStatic = 48 * 1024;  // of shared memory whose size the text says
constexpr std::int64_t kMostRows = (std::int64_t{1} << 31) - 1;
constexpr std::int64_t kMostGridYZ = 65535;

bool reads(const Task& task, const Stage& stage, TensorId tensor) {
    return std::ranges::any_of(schedule::loads(task, stage.body),
                               [&](int load) { return task.access(load).tensor == tensor; });
}

// The stages from `begin` to `end` as a task: what came before is input, what goes on is output.
Task part_of(const Task& task, std::size_t begin, std::size_t end) {
    Task part = task;
    const auto stage = [&](std::size_t s) {
        return task.stages.begin() + static_cast<std::ptrdiff_t>(s);
    };
    part.stages.assign(stage(begin), stage(end));
    part.inputs.clear();
    part.outputs.clear();
    for (std::size_t t = 0; t < task.tensors.size(); t++) {
        const auto id = static_cast<TensorId>(t);
        const auto fills = [&](const Stage& each) { return each.out == id; };
        const auto uses = [&](const Stage& each) { return reads(task, each, id); };
        if (std::ranges::any_of(part.stages, fills)) {
            const bool kept = task.tensor(id).role == Role::Output ||
                              std::any_of(stage(end), task.stages.end(), uses);
            part.tensors[t].role = kept ? Role::Output : Role::Intermediate;
            if (kept) part.outputs.push_back(id);
        } else if (std::ranges::any_of(part.stages, uses)) {
            part.tensors[t].role = Role::Input;
            part.inputs.push_back(id);
        }
    }
    return part;
}

std::int64_t steps_of(const Task& task, const std::vector<AxisId>& axes) {
    std::int64_t steps = 1;
    for (const AxisId axis : axes)
        steps *= task.axis(axis).extent;
    return steps;
}

bool folds_long(const Task& real, const Launch& launch) {
    return std::ranges::any_of(launch.generic.task.stages, [&](const Stage& stage) {
        return steps_of(real, stage.reduce) >= kLongFold;
    });
}

std::unexpected<Error> refuse(const Action& action, const std::string& why) {
    std::string line = action.verb + " " + action.stage;
    for (const std::string& argument : action.arguments)
        line += " " + argument;
    return fail(Errc::Invalid, fmt::format("`{}`: {}", line, why));
}

Result<std::vector<int>> numbers_of(const Action& action, std::size_t count) {
    std::vector<int> numbers;
    for (const std::string& word : action.arguments) {
        int number = 0;
        const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error != std::errc() || stop != word.data() + word.size() || number < 1)
            return refuse(action, word + " is no positive whole number");
        numbers.push_back(number);
    }
    if (numbers.size() != count)
        return refuse(action, fmt::format("expected {} number{}", count, count == 1 ? "" : "s"));
    return numbers;
}

// ---- which stages make a launch

void add_launches(Plan& plan, std::size_t begin, std::size_t end) {
    const Task part = part_of(plan.generic.task, begin, end);
    for (const schedule::Group& group : schedule::nest_of(part).groups) {
        const std::size_t first = begin + group.stages.front();
        Launch launch{
            .generic = {.task = part_of(plan.generic.task, first, first + group.stages.size()),
                        .constants = plan.generic.constants},
            .first = first,
            .depth = group.depth};
        const Stage& head = launch.generic.task.stages.front();
        // A group alone in its loops leaves a scanned axis to the stage; here a row is all of it.
        launch.depth = std::min(launch.depth, head.keep.size());
        plan.launches.push_back(std::move(launch));
    }
}

Result<void> cut_into_launches(Plan& plan, const Trace& trace) {
    const Task& task = plan.generic.task;
    std::set<std::size_t> begins = {0};
    for (const Action& action : trace) {
        if (action.verb != "cut") continue;
        CUPEL_DO(numbers_of(action, 0));
        const auto begins_here = [&](const Stage& stage) {
            return task.tensor(stage.out).name == action.stage;
        };
        const auto found = std::ranges::find_if(task.stages, begins_here);
        if (found == task.stages.end()) return refuse(action, "there is no such stage");
        begins.insert(static_cast<std::size_t>(found - task.stages.begin()));
    }
    for (auto begin = begins.begin(); begin != begins.end(); begin++) {
        const auto next = std::next(begin);
        add_launches(plan, *begin, next == begins.end() ? task.stages.size() : *next);
    }
    return {};
}

// ---- the verbs of a launch

Result<void> set_row(Launch& launch, const Action& action) {
    if (launch.worker == Worker::Tile) return refuse(action, "it is tiled");
    const std::string word = action.arguments.size() == 1 ? action.arguments[0] : "";
    if (word == "warp" || word == "block") {
        launch.worker = word == "warp" ? Worker::Warp : Worker::Block;
        return {};
    }
    if (word != "thread") return refuse(action, "expected thread, warp or block");
    if (!is_elementwise(launch))
        return refuse(action, "its stages fill rows, which one thread would have to keep");
    launch.worker = Worker::Thread;
    return {};
}

Result<void> set_block(Launch& launch, const Action& action) {
    CUPEL_TRY(const std::vector<int> numbers, numbers_of(action, 1));
    if (launch.worker == Worker::Tile) return refuse(action, "its threads follow from its tile");
    if (numbers[0] % 32 != 0 || numbers[0] > 1024)
        return refuse(action, "a block is of whole warps, 32 to 1024 threads");
    launch.block = numbers[0];
    return {};
}

bool takes_halves(const Launch& launch) {
    if (!launch.tiling.on_tensor_cores()) return false;
    const auto product = product_of(launch.generic.task);
    const auto core = tensor_core_for(launch.generic.task, *product);
    return core && task::type_size(core->type) == 2;
}

Result<void> set_vector(Launch& launch, const Action& action) {
    CUPEL_TRY(const std::vector<int> numbers, numbers_of(action, 1));
    if (numbers[0] == 8) {
        if (!takes_halves(launch))
            return refuse(action, "eight at a time are 16-bit factors of tensor cores");
        launch.vector = 8;
        return {};
    }
    if (numbers[0] != 1 && numbers[0] != 4) return refuse(action, "expected 1 or 4");
    if (schedule::real_type(launch.generic.task) != task::Type::F32)
        return refuse(action, "four at a time are floats, and this task is kept in doubles");
    launch.vector = numbers[0];
    return {};
}

Result<void> set_tile(Launch& launch, const Action& action) {
    CUPEL_TRY(const std::vector<int> numbers, numbers_of(action, 3));
    const auto found = product_of(launch.generic.task);
    if (!found) return refuse(action, found.error().text);
    if (schedule::real_type(launch.generic.task) != task::Type::F32)
        return refuse(action, "tiles are of floats, and this task is kept in doubles");
    launch.worker = Worker::Tile;
    launch.tiling.bm = numbers[0];
    launch.tiling.bn = numbers[1];
    launch.tiling.bk = numbers[2];
    return {};
}

Result<void> set_thread(Launch& launch, const Action& action) {
    CUPEL_TRY(const std::vector<int> numbers, numbers_of(action, 2));
    if (launch.worker != Worker::Tile) return refuse(action, "it is not tiled");
    if (launch.tiling.on_tensor_cores())
        return refuse(action, "its sums are those of warps, on tensor cores");
    launch.tiling.tm = numbers[0];
    launch.tiling.tn = numbers[1];
    return {};
}

Result<void> set_mma(Launch& launch, const Action& action) {
    CUPEL_TRY(const std::vector<int> numbers, numbers_of(action, 2));
    if (launch.worker != Worker::Tile) return refuse(action, "it is not tiled");
    const auto product = product_of(launch.generic.task);
    CUPEL_CHECK(product.has_value());
    const auto core = tensor_core_for(launch.generic.task, *product);
    if (!core) return refuse(action, core.error().text);
    launch.tiling.wm = numbers[0];
    launch.tiling.wn = numbers[1];
    return {};
}

Result<void> set_stages(Launch& launch, const Action& action) {
    CUPEL_TRY(const std::vector<int> numbers, numbers_of(action, 1));
    if (launch.worker != Worker::Tile) return refuse(action, "it is not tiled");
    const bool async = launch.tiling.on_tensor_cores();  // more than one step can be on its way
    if (numbers[0] > (async ? 4 : 2))
        return refuse(action, async ? "expected 1 to 4" : "expected 1 or 2");
    launch.tiling.stages = numbers[0];
    return {};
}

Result<void> set_online(Plan& plan, const Action& action) {
    CUPEL_DO(numbers_of(action, 0));
    for (Launch& launch : plan.launches) {
        const Task& task = launch.generic.task;
        for (std::size_t s = 0; s < task.stages.size(); s++) {
            if (task.tensor(task.stages[s].out).name != action.stage) continue;
            if (launch.worker != Worker::Warp && launch.worker != Worker::Block)
                return refuse(action, "its row is no warp's and no block's");
            if (online_partner(launch, s) == task.stages.size()) {
                return refuse(action,
                              "it is no maximum of a row with a sum of exponentials over "
                              "it right behind");
            }
            launch.online = true;
            return {};
        }
    }
    return refuse(action, "there is no such stage");
}

Result<void> apply(Plan& plan, const Action& action) {
    if (action.verb == "cut") return {};
    if (action.verb == "online") return set_online(plan, action);
    using Set = Result<void> (*)(Launch&, const Action&);
    static constexpr std::pair<std::string_view, Set> kVerbs[] = {
        {"row", set_row},       {"block", set_block}, {"vector", set_vector}, {"tile", set_tile},
        {"thread", set_thread}, {"mma", set_mma},     {"stages", set_stages}};
    const auto* const verb =
        std::ranges::find(kVerbs, action.verb, &std::pair<std::string_view, Set>::first);
    if (verb == std::end(kVerbs)) {
        return refuse(action,
                      "no such verb; there are cut, row, block, vector, online, tile, "
                      "thread, mma and stages");
    }
    // NOLINTNEXTLINE(misc-const-correctness): the verb changes it
    for (Launch& launch : plan.launches) {
        if (launch.generic.task.tensor(launch.fills()).name == action.stage)
            return verb->second(launch, action);
    }
    return refuse(action, "no launch fills that last");
}

// ---- what the sizes at hand allow

Result<void> check_grid(const Launch& launch, const Task& real) {
    const auto found = product_of(launch.generic.task);
    CUPEL_CHECK(found.has_value());
    if (steps_of(real, found->batch) > kMostGridYZ ||
        steps_of(real, found->m) / launch.tiling.bm >= kMostGridYZ)
        return fail(Errc::Invalid, "the grid is larger than CUDA allows");
    for (const auto* axes : {&found->m, &found->n, &found->k})
        if (steps_of(real, *axes) >= kMostRows) return fail(Errc::Invalid, "an axis is too long");
    return {};
}

Result<void> check_mma(const Launch& launch, const Task& real) {
    constexpr int kMostSums = 64 * 64;  // 128 registers of a thread, and as many again are needed
    const Tiling& t = launch.tiling;
    const Task& part = launch.generic.task;
    const auto no = [&](const std::string& why) {
        return fail(Errc::Invalid, fmt::format("`tile {0} {1} {2} {3}`, `mma {0} {4} {5}`: {6}",
                                               part.tensor(launch.fills()).name, t.bm, t.bn, t.bk,
                                               t.wm, t.wn, why));
    };
    const auto product = product_of(part);
    CUPEL_CHECK(product.has_value());
    CUPEL_TRY(const TensorCore core, tensor_core_for(part, *product));
    if (t.wm % 16 != 0 || t.wn % 16 != 0 || t.wm * t.wn > kMostSums)
        return no("a warp has whole sixteens of sums each way, 64 x 64 at most");
    if (t.bm % t.wm != 0 || t.bn % t.wn != 0 || t.warps() > 32)
        return no("the block is of no whole warps, or of more than 32");
    if (t.bk % core.depth != 0 || t.bk > 128)
        return no(fmt::format("a step of k is a multiple of {}, 128 at most", core.depth));
    const auto size = static_cast<std::int64_t>(task::type_size(core.type));
    // Which way the rows of a factor lie is the printer's; here the longer one counts.
    const std::int64_t along = std::int64_t{t.bk + core.row()} * (t.bm + t.bn);
    const std::int64_t across = std::int64_t{t.bk} * (t.bm + t.bn + 4 * core.row());
    const std::int64_t bytes = t.stages * size * std::max(along, across);
    if (bytes > kMostStatic) {
        return no(
            fmt::format("{} bytes of shared memory; the text may ask for {}", bytes, kMostStatic));
    }
    if (const auto fits = check_grid(launch, real); !fits) return no(fits.error().text);
    return {};
}

Result<void> check_tile(const Launch& launch, const Task& real) {
    const Tiling& t = launch.tiling;
    if (t.on_tensor_cores()) return check_mma(launch, real);
    const std::string name = launch.generic.task.tensor(launch.fills()).name;
    const auto no = [&](const std::string& why) {
        return fail(Errc::Invalid, fmt::format("`tile {} {} {} {}`, `thread {} {}`: {}", name, t.bm,
                                               t.bn, t.bk, t.tm, t.tn, why));
    };
    if (t.tm % 4 != 0 || t.tn % 4 != 0 || t.tm > 16 || t.tn > 16)
        return no("a thread keeps 4, 8, 12 or 16 sums each way");
    if (t.bm % t.tm != 0 || t.bn % t.tn != 0) return no("the block is of no whole threads");
    const int threads = t.bm / t.tm * (t.bn / t.tn);
    if (threads % 32 != 0 || threads > 1024)
        return no(fmt::format("{} threads are no whole warps, or more than 1024", threads));
    if (t.bk % 4 != 0 || t.bk > 64) return no("a step of k is a multiple of 4, 64 at most");
    const std::int64_t bytes = std::int64_t{4} * t.stages * t.bk * (t.bm + 4 + t.bn + 4);
    if (bytes > kMostStatic) {
        return no(
            fmt::format("{} bytes of shared memory; the text may ask for {}", bytes, kMostStatic));
    }
    if (const auto fits = check_grid(launch, real); !fits) return no(fits.error().text);
    return {};
}

Result<void> check_rows(const Launch& launch, const Task& real) {
    const Task& part = launch.generic.task;
    const std::string name = part.tensor(launch.fills()).name;
    const Stage& head = part.stages.front();
    const std::vector<AxisId> outer(head.keep.begin(),
                                    head.keep.begin() + static_cast<std::ptrdiff_t>(launch.depth));
    if (steps_of(real, outer) > kMostRows)
        return fail(Errc::Invalid, fmt::format("`row {}`: more rows than a grid has blocks", name));
    if (launch.worker == Worker::Block && (launch.block & (launch.block - 1)) != 0) {
        return fail(Errc::Invalid,
                    fmt::format("`block {} {}`: the warps of a row meet in pairs, so that a block "
                                "has 32, 64, 128, ... threads",
                                name, launch.block));
    }
    std::int64_t bytes = 0;
    for (const TensorId id : kept_rows(launch)) {
        const task::Tensor& tensor = real.tensor(id);
        if (!task::is_float(tensor.type)) {
            return fail(Errc::Invalid,
                        fmt::format("`row {}`: rows of {} are whole numbers", name, tensor.name));
        }
        std::int64_t row = static_cast<std::int64_t>(task::type_size(tensor.type));
        for (std::size_t d = launch.depth; d < tensor.shape.size(); d++)
            row *= tensor.shape[d];
        bytes += row;
    }
    if (launch.worker == Worker::Warp) bytes *= launch.block / 32;
    if (bytes > kMostShared) {
        return fail(Errc::Invalid,
                    fmt::format("`row {}`: the rows that a block keeps take {} bytes of shared "
                                "memory, and {} is the most",
                                name, bytes, kMostShared));
    }
    return {};
}

Result<void> check_launch(const Launch& launch, const Task& real) {
    if (launch.worker == Worker::Tile) return check_tile(launch, real);
    if (launch.worker != Worker::Thread) return check_rows(launch, real);
    const Task& part = launch.generic.task;
    const bool folds =
        std::ranges::any_of(part.stages, [](const Stage& stage) { return !stage.reduce.empty(); });
    if (folds && launch.vector > 1) {
        return fail(Errc::Invalid,
                    fmt::format("`vector {} {}`: a thread reduces for each of its elements",
                                part.tensor(launch.fills()).name, launch.vector));
    }
    return {};
}

}  // namespace

Result<schedule::Contraction> product_of(const Task& part) {
    return schedule::find_contraction(part, schedule::Stored::Rounded);
}

bool is_product(const Task& part) {
    return product_of(part).has_value();
}

bool is_elementwise(const Launch& launch) {
    return std::ranges::all_of(launch.generic.task.stages, [&](const Stage& stage) {
        return stage.keep.size() == launch.depth;
    });
}

std::vector<std::size_t> product_cuts(const Task& task) {
    std::set<std::size_t> cuts;
    for (std::size_t s = 0; s < task.stages.size();) {
        std::size_t end = s;
        for (std::size_t e = s + 1; e <= task.stages.size(); e++)
            if (is_product(part_of(task, s, e))) end = e;
        if (end > s) {
            cuts.insert(s);
            if (end < task.stages.size()) cuts.insert(end);
        }
        s = std::max(end, s + 1);
    }
    return {cuts.begin(), cuts.end()};
}

Result<Plan> plan_of(const Task& task, const Trace& trace) {
    CUPEL_TRY(const Generic known, generic(task));
    return plan_of(task, known, trace);
}

Result<Plan> plan_of(const Task& task, const Generic& known, const Trace& trace) {
    Plan plan{.generic = known, .launches = {}};
    CUPEL_DO(cut_into_launches(plan, trace));
    for (Launch& launch : plan.launches)
        if (!is_elementwise(launch) || folds_long(task, launch)) launch.worker = Worker::Block;
    for (const Action& action : trace)
        CUPEL_DO(apply(plan, action));
    for (const Launch& launch : plan.launches)
        CUPEL_DO(check_launch(launch, task));
    return plan;
}

Result<Plan> naive_plan(const Task& task) {
    Plan plan;
    CUPEL_TRY(plan.generic, generic(task));
    const Task& whole = plan.generic.task;
    for (std::size_t s = 0; s < whole.stages.size(); s++) {
        plan.launches.push_back(
            {.generic = {.task = part_of(whole, s, s + 1), .constants = plan.generic.constants},
             .first = s,
             .depth = whole.stages[s].keep.size()});
    }
    return plan;
}

}  // namespace cupel::device
