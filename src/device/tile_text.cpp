// SPDX-License-Identifier: Apache-2.0
#include "device/tile_text.hpp"

#include <cctype>
#include <numeric>

#include "schedule/nest.hpp"

namespace cupel::device {

using schedule::Factor;
using task::AxisId;
using task::Stage;

TileText::TileText(const Launch& launch, schedule::Names& names, FileText& file)
    : launch_(launch),
      task_(launch.generic.task),
      scope_(launch.generic, names),
      file_(file),
      walker_(launch, scope_, file, out_) {
    auto found = product_of(task_);
    CUPEL_CHECK(found.has_value());
    product_ = *std::move(found);
    bm_ = fresh("BM"), bn_ = fresh("BN"), bk_ = fresh("BK"), threads_ = fresh("THREADS");
    left_ = fresh("left"), right_ = fresh("right"), sum_ = fresh("sum");
    m0_ = fresh("m0"), n0_ = fresh("n0"), k0_ = fresh("k0");
    m_ = single(product_.m, "m"), n_ = single(product_.n, "n"), k_ = single(product_.k, "k");
    fill_ = fresh("fetch");
}

std::string TileText::expand(std::string_view text) {
    std::string made;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '$') {
            made += text[at++];
            continue;
        }
        const std::size_t begin = ++at;
        while (at < text.size() &&
               (std::isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '_'))
            at++;
        const std::string word(text.substr(begin, at - begin));
        std::string& name = locals_[word];
        if (name.empty()) name = fresh(word);
        made += name;
    }
    return made;
}

std::string TileText::single(const std::vector<AxisId>& axes, const std::string& otherwise) {
    return axes.size() == 1 ? scope_.names.axis(axes[0]) : fresh(otherwise);
}

TileText::Side TileText::left_side() const {
    return {product_.a, product_.m, m_, m0_, bm_, left_};
}
TileText::Side TileText::right_side() const {
    return {product_.b, product_.n, n_, n0_, bn_, right_};
}

void TileText::open_tile(const std::string& kernel, int threads) {
    const Tiling& t = launch_.tiling;
    const auto ceil = [&](const std::vector<AxisId>& axes, int by) {
        return fmt::format("ceil({} / {})", bracketed(scope_.size_of(axes)), by);
    };
    std::string grid = fmt::format("dim3({}, {}", ceil(product_.n, t.bn), ceil(product_.m, t.bm));
    if (!product_.batch.empty()) grid += ", " + scope_.size_of(product_.batch);
    std::vector<std::size_t> all(task_.stages.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    open_kernel(scope_, {.name = kernel, .grid = grid + ")", .block = std::to_string(threads)},
                parameters_of(task_, all), file_, out_);
    out_.line(
        fmt::format("constexpr int {} = {}, {} = {}, {} = {};  // of m, n and k: what a "
                    "block holds at a time",
                    bm_, t.bm, bn_, t.bn, bk_, t.bk));
}

void TileText::print_corner() {
    out_.line(
        fmt::format("const int {} = blockIdx.y * {}, {} = blockIdx.x * {};", m0_, bm_, n0_, bn_));
    if (product_.batch.empty()) return;
    const std::string batch = single(product_.batch, "batch");
    out_.line(fmt::format("const int {} = blockIdx.z;", batch));
    scope_.name_positions(product_.batch, batch, "int", out_);
}

// ---- fetching the factors

bool TileText::runs_along(const Factor& factor, const std::vector<AxisId>& axes) const {
    if (factor.access == task::kNone || launch_.vector == 1) return false;
    if (factor.reading != schedule::Reading::Linear) return false;
    return axes.size() == 1 && walker_.side_by_side(factor.access, axes[0]);
}

void TileText::print_places(const Side& side) {
    line("const int {} = {} + $in_block, {} = {} + $in_k;", side.place, side.first, k_, k0_);
}

void TileText::print_value(const Side& side) {
    line("float $value = 0.0f;");
    open("if ({} < {} && {} < {})", side.place, scope_.size_of(side.group), k_,
         scope_.size_of(product_.k));
    scope_.name_positions(side.group, side.place, "int", out_);
    scope_.name_positions(product_.k, k_, "int", out_);
    std::string value;
    for (const task::ExprId one : side.factor.product) {
        const std::string text = scope_.real(one);
        const bool plain = side.factor.product.size() == 1 || text.find(' ') == std::string::npos;
        value += (value.empty() ? "" : " * ") + (plain ? text : "(" + text + ")");
    }
    const std::string test = condition_of(side.factor);
    line("{}$value = {};", test.empty() ? "" : "if (" + test + ") ", value);
    out_.close();
}

std::string TileText::condition_of(const Factor& factor) const {
    std::string text;
    const auto also = [&](const std::string& one) { text += (text.empty() ? "" : " && ") + one; };
    const schedule::AxisName name = [&](AxisId id) { return scope_.axes.at(id); };
    for (const task::Bound& bound : factor.where) {
        const std::string& axis = scope_.axes.at(bound.axis);
        if (bound.low) also(fmt::format("{} >= {}", axis, schedule::affine(*bound.low, name)));
        if (bound.high) also(fmt::format("{} < {}", axis, schedule::affine(*bound.high, name)));
    }
    for (const task::ExprId mask : factor.masks)
        also("(" + scope_.truth(mask) + ")");
    return text;
}

// ---- what follows the sums

void TileText::name_finish(const Stage& stage) {
    const Stage& anchor = *product_.anchor;
    for (std::size_t d = 0; d < anchor.keep.size(); d++)
        scope_.axes[stage.keep[d]] = scope_.axes.at(anchor.keep[d]);
}

void TileText::print_element(const std::string& sum, const std::string& into) {
    scope_.name_positions(product_.n, n_, "int", out_);
    for (const Stage* const stage : product_.finish)
        name_finish(*stage);
    const auto tell = [&](const Stage& stage, const std::string& value) {
        if (&stage == &task_.stages.back()) {
            line("{} = {};", into.empty() ? scope_.element_of(stage) : into, value);
            return;
        }
        const std::string& name = scope_.names.tensor(stage.out);
        line("const float {} = {};", name, value);
        scope_.values[stage.out] = name;
    };
    tell(*product_.anchor, sum);
    for (const Stage* const stage : product_.finish)
        tell(*stage, scope_.value_of(*stage));
}

// The axes of n are the last of the output: its elements are neighbours, whatever those.
void TileText::print_put(std::string_view put, int count, const std::string& array) {
    const auto before = scope_.axes;
    const Stage& last = task_.stages.back();
    const std::string n_size = scope_.size_of(product_.n);
    scope_.name_positions(product_.n, expand("$first"), "int", out_);
    name_finish(last);
    line("{0}<{4} % {5} == 0>(&{2}, {3}, {1} - $first);", put, n_size, scope_.element_of(last),
         array, bracketed(n_size), count);
    scope_.axes = before;
}

}  // namespace cupel::device
