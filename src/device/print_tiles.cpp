// SPDX-License-Identifier: Apache-2.0
#include "device/print_tiles.hpp"

#include <fmt/format.h>

#include <cctype>
#include <map>

#include "device/walk.hpp"
#include "schedule/contraction.hpp"
#include "schedule/nest.hpp"

namespace cupel::device {

using schedule::Contraction;
using schedule::Factor;
using schedule::Writer;
using task::AxisId;
using task::Stage;

namespace {

class TilePrinter {
public:
    TilePrinter(const Launch& launch, schedule::Names& names, FileText& file)
        : launch_(launch),
          task_(launch.generic.task),
          scope_(launch.generic, names),
          file_(file),
          walker_(launch, scope_, file, out_) {
        auto found = schedule::find_contraction(task_);
        CUPEL_CHECK(found.has_value());
        product_ = *std::move(found);
    }

    void print(const std::string& kernel) {
        name_everything();
        print_constants(kernel);
        print_frame();
        print_fills();
        print_loop();
        print_finish();
        out_.close();
        file_.kernels += out_.take() + "\n";
    }

private:
    // ---- names

    std::string fresh(const std::string& wish) { return scope_.names.fresh(wish); }

    // Words that begin with $ are variables of the kernel's own, under names that are free.
    std::string expand(std::string_view text) {
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
    template <class... Values>
    void line(fmt::format_string<const Values&...> text, const Values&... values) {
        out_.line(expand(fmt::format(text, values...)));
    }
    template <class... Values>
    void open(fmt::format_string<const Values&...> text, const Values&... values) {
        out_.open(expand(fmt::format(text, values...)));
    }

    void name_everything() {
        bm_ = fresh("BM"), bn_ = fresh("BN"), bk_ = fresh("BK");
        tm_ = fresh("TM"), tn_ = fresh("TN"), threads_ = fresh("THREADS");
        left_ = fresh("left"), right_ = fresh("right"), sum_ = fresh("sum");
        m0_ = fresh("m0"), n0_ = fresh("n0"), k0_ = fresh("k0");
        tx_ = fresh("tx"), ty_ = fresh("ty");
        m_ = single(product_.m, "m"), n_ = single(product_.n, "n"), k_ = single(product_.k, "k");
    }
    // The place along a group of axes: called by the axis where it is one.
    std::string single(const std::vector<AxisId>& axes, const std::string& otherwise) {
        return axes.size() == 1 ? scope_.names.axis(axes[0]) : fresh(otherwise);
    }

    // Within the kernel, since launches of one file may have tiles of different sizes.
    void print_constants(const std::string& kernel) {
        const Tiling& t = launch_.tiling;
        const int threads = t.bm / t.tm * (t.bn / t.tn);
        const auto ceil = [&](const std::vector<AxisId>& axes, int by) {
            return fmt::format("ceil({} / {})", bracketed(scope_.size_of(axes)), by);
        };
        std::string grid =
            fmt::format("dim3({}, {}", ceil(product_.n, t.bn), ceil(product_.m, t.bm));
        if (!product_.batch.empty()) grid += ", " + scope_.size_of(product_.batch);
        std::vector<std::size_t> all;
        for (std::size_t s = 0; s < task_.stages.size(); s++)
            all.push_back(s);
        open_kernel(scope_, {.name = kernel, .grid = grid + ")", .block = std::to_string(threads)},
                    parameters_of(task_, all), file_, out_);
        out_.line(
            fmt::format("constexpr int {} = {}, {} = {}, {} = {};  // of m, n and k: what a "
                        "block holds at a time",
                        bm_, t.bm, bn_, t.bn, bk_, t.bk));
        out_.line(fmt::format("constexpr int {} = {}, {} = {};  // of m and n: what a thread sums",
                              tm_, t.tm, tn_, t.tn));
        out_.line(fmt::format("constexpr int {} = {};", threads_, threads));
    }

    void print_frame() {
        const int stages = launch_.tiling.stages;
        out_.line("// Four more than are used: neighbours in k then lie in other banks.");
        out_.line(fmt::format("__shared__ __align__(16) float {}[{}][{}][{} + 4];", left_, stages,
                              bk_, bm_));
        out_.line(fmt::format("__shared__ __align__(16) float {}[{}][{}][{} + 4];", right_, stages,
                              bk_, bn_));
        out_.line(fmt::format("const int {} = blockIdx.y * {}, {} = blockIdx.x * {};", m0_, bm_,
                              n0_, bn_));
        out_.line(
            fmt::format("const int {0} = threadIdx.x % ({2} / {3}), {1} = threadIdx.x / ({2} "
                        "/ {3});",
                        tx_, ty_, bn_, tn_));
        if (product_.batch.empty()) return;
        const std::string batch = single(product_.batch, "batch");
        out_.line(fmt::format("const int {} = blockIdx.z;", batch));
        scope_.name_positions(product_.batch, batch, "int", out_);
    }

    // ---- fetching the factors

    struct Side {
        const Factor& factor;
        const std::vector<AxisId>& group;
        std::string place;  // along the group: "i"
        std::string first;  // of the block: "m0"
        std::string block;  // "BM"
        std::string array;  // "left"
    };

    void print_fills() {
        const Side a{product_.a, product_.m, m_, m0_, bm_, left_};
        const Side b{product_.b, product_.n, n_, n0_, bn_, right_};
        fill_ = fresh("fetch");
        out_.line();
        line("// One step of k of both factors; zeros beyond their ends.");
        open("const auto {} = [&](int $stage, int {})", fill_, k0_);
        for (const Side& side : {a, b})
            print_fill(side);
        out_.close(";");
    }

    // The access of a factor that is one, where its neighbours lie side by side along that axis.
    [[nodiscard]] bool runs_along(const Factor& factor, const std::vector<AxisId>& axes) const {
        if (factor.access == task::kNone || launch_.vector != 4) return false;
        if (factor.reading != schedule::Reading::Linear) return false;
        return axes.size() == 1 && walker_.side_by_side(factor.access, axes[0]);
    }

    void print_fill(const Side& side) {
        if (side.group.size() == 1 && runs_along(side.factor, product_.k)) {
            print_fill_four(side, true);
        } else if (product_.k.size() == 1 && runs_along(side.factor, side.group)) {
            print_fill_four(side, false);
        } else {
            print_fill_one(side);
        }
    }

    void print_places(const Side& side) {
        line("const int {} = {} + $in_block, {} = {} + $in_k;", side.place, side.first, k_, k0_);
    }

    void print_fill_four(const Side& side, bool along_k) {
        const std::string inner = along_k ? bk_ : side.block;
        open("for (int $e = threadIdx.x; $e < {} * {} / 4; $e += {})", side.block, bk_, threads_);
        const std::string fast = fmt::format("4 * ($e % ({} / 4))", inner);
        const std::string slow = fmt::format("$e / ({} / 4)", inner);
        line("const int $in_k = {}, $in_block = {};", along_k ? fast : slow, along_k ? slow : fast);
        print_places(side);
        scope_.axes[side.group[0]] = side.place;
        scope_.axes[product_.k[0]] = k_;
        const std::string moving = along_k ? k_ : side.place;
        const std::string still = along_k ? side.place : k_;
        const std::string moving_end = scope_.size_of(along_k ? product_.k : side.group);
        const std::string still_end = scope_.size_of(along_k ? side.group : product_.k);
        line("float $four[4];");
        line("{0}<{1} % 4 == 0>($four, &{2}, {3} < {4} ? {1} - {5} : 0);", use_take4(file_),
             moving_end, scope_.load(side.factor.access), still, still_end, moving);
        line("for (int $u = 0; $u < 4; $u++) {}[$stage][{}][{}] = $four[$u];", side.array,
             along_k ? "$in_k + $u" : "$in_k", along_k ? "$in_block" : "$in_block + $u");
        out_.close();
    }

    void print_fill_one(const Side& side) {
        // Consecutive threads go along what is contiguous in memory.
        const bool by_k =
            side.factor.reading == schedule::Reading::Linear && side.factor.k_stride == 1;
        const std::string inner = by_k ? bk_ : side.block;
        open("for (int $e = threadIdx.x; $e < {} * {}; $e += {})", side.block, bk_, threads_);
        line("const int {} = $e % {}, {} = $e / {};", by_k ? "$in_k" : "$in_block", inner,
             by_k ? "$in_block" : "$in_k", inner);
        print_places(side);
        line("float $value = 0.0f;");
        open("if ({} < {} && {} < {})", side.place, scope_.size_of(side.group), k_,
             scope_.size_of(product_.k));
        scope_.name_positions(side.group, side.place, "int", out_);
        scope_.name_positions(product_.k, k_, "int", out_);
        std::string value;
        for (const task::ExprId one : side.factor.product) {
            const std::string text = scope_.real(one);
            const bool plain =
                side.factor.product.size() == 1 || text.find(' ') == std::string::npos;
            value += (value.empty() ? "" : " * ") + (plain ? text : "(" + text + ")");
        }
        const std::string test = condition_of(side.factor);
        line("{}$value = {};", test.empty() ? "" : "if (" + test + ") ", value);
        out_.close();
        line("{}[$stage][$in_k][$in_block] = $value;", side.array);
        out_.close();
    }

    [[nodiscard]] std::string condition_of(const Factor& factor) const {
        std::string text;
        const auto also = [&](const std::string& one) {
            text += (text.empty() ? "" : " && ") + one;
        };
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

    // ---- the sums

    void print_loop() {
        const std::string k_size = scope_.size_of(product_.k);
        const bool two = launch_.tiling.stages == 2;
        out_.line();
        line("float {}[{}][{}] = {{}};", sum_, tm_, tn_);
        if (two) {
            line("{}(0, 0);", fill_);
            line("__syncthreads();");
            open("for (int {0} = 0, $now = 0; {0} < {1}; {0} += {2}, $now ^= 1)", k0_, k_size, bk_);
            line("// While this step is summed up, the next one is on its way.");
            line("if ({0} + {1} < {2}) {3}($now ^ 1, {0} + {1});", k0_, bk_, k_size, fill_);
        } else {
            open("for (int {0} = 0; {0} < {1}; {0} += {2})", k0_, k_size, bk_);
            line("{}(0, {});", fill_, k0_);
            line("__syncthreads();");
        }
        out_.line("#pragma unroll");
        open("for (int $in_k = 0; $in_k < {}; $in_k++)", bk_);
        print_step(two ? "$now" : "0");
        out_.close();
        line("__syncthreads();");
        out_.close();
    }

    // Rows and columns of a thread are fours of neighbours, so that one access to shared memory
    // brings four, and the fours of neighbouring threads are neighbours.
    [[nodiscard]] static std::string place_of(const std::string& i, const std::string& thread,
                                              const std::string& block, const std::string& tile) {
        return fmt::format("{0} / 4 * ({1} / {2} * 4) + {3} * 4", i, block, tile, thread);
    }

    void print_step(const std::string& stage) {
        line("__align__(16) float $of_left[{}], $of_right[{}];", tm_, tn_);
        const auto copy = [&](const std::string& to, const std::string& tile,
                              const std::string& from, const std::string& place) {
            line("for (int $i = 0; $i < {}; $i += 4)", tile);
            line("    *reinterpret_cast<float4*>(&{}[$i]) =", to);
            line("        *reinterpret_cast<const float4*>(&{}[{}][$in_k][{}]);", from, stage,
                 place);
        };
        copy("$of_left", tm_, left_, place_of("$i", ty_, bm_, tm_));
        copy("$of_right", tn_, right_, place_of("$i", tx_, bn_, tn_));
        line("for (int $i = 0; $i < {}; $i++)", tm_);
        line("    for (int $j = 0; $j < {}; $j++)", tn_);
        line("        {}[$i][$j] += $of_left[$i] * $of_right[$j];", sum_);
    }

    // ---- what follows the sums

    void print_finish() {
        out_.line();
        open("for (int $i = 0; $i < {}; $i++)", tm_);
        line("const int {} = {} + {} + $i % 4;", m_, m0_, place_of("$i", ty_, bm_, tm_));
        line("if ({} >= {}) continue;", m_, scope_.size_of(product_.m));
        scope_.name_positions(product_.m, m_, "int", out_);
        const bool four = launch_.vector == 4;
        open("for (int $j = 0; $j < {}; {})", tn_, four ? "$j += 4" : "$j++");
        four ? print_four_results() : print_one_result();
        out_.close();
        out_.close();
    }

    void print_one_result() {
        line("const int {} = {} + {} + $j % 4;", n_, n0_, place_of("$j", tx_, bn_, tn_));
        line("if ({} >= {}) continue;", n_, scope_.size_of(product_.n));
        print_element(fmt::format("{}[$i][$j]", sum_), "");
    }

    void print_four_results() {
        const std::string n_size = scope_.size_of(product_.n);
        const std::string array = fresh(scope_.names.tensor(product_.out) + "4");
        line("const int $first = {} + {};", n0_, place_of("$j", tx_, bn_, tn_));
        line("if ($first >= {}) continue;", n_size);
        line("float {}[4];", array);
        open("for (int $u = 0; $u < 4; $u++)");
        line("const int {} = $first + $u;", n_);
        open("if ({2} % 4 == 0 || {0} < {1})", n_, n_size, bracketed(n_size));
        print_element(fmt::format("{}[$i][$j + $u]", sum_), array);
        out_.close();
        out_.close();
        // The axes of n are the last of the output: its elements are neighbours, whatever those.
        const auto before = scope_.axes;
        const Stage& last = task_.stages.back();
        scope_.name_positions(product_.n, expand("$first"), "int", out_);
        name_finish(last);
        line("{0}<{4} % 4 == 0>(&{2}, {3}, {1} - $first);", use_put4(file_), n_size,
             scope_.element_of(last), array, bracketed(n_size));
        scope_.axes = before;
    }

    // Axes of a later stage are the anchor's by position.
    void name_finish(const Stage& stage) {
        const Stage& anchor = *product_.anchor;
        for (std::size_t d = 0; d < anchor.keep.size(); d++)
            scope_.axes[stage.keep[d]] = scope_.axes.at(anchor.keep[d]);
    }

    // Where the place is known, the maps after the sum, and the result.
    void print_element(const std::string& sum, const std::string& array) {
        scope_.name_positions(product_.n, n_, "int", out_);
        for (const Stage* const stage : product_.finish)
            name_finish(*stage);
        const auto tell = [&](const Stage& stage, const std::string& value) {
            if (&stage == &task_.stages.back()) {
                line("{} = {};", array.empty() ? scope_.element_of(stage) : array + "[$u]", value);
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

    const Launch& launch_;
    const task::Task& task_;
    Scope scope_;
    FileText& file_;
    Writer out_;
    Walker walker_;
    Contraction product_;
    std::string bm_, bn_, bk_, tm_, tn_, threads_;
    std::string left_, right_, sum_, m0_, n0_, k0_, tx_, ty_;
    std::string m_, n_, k_;  // places along the groups of axes
    std::string fill_;
    std::map<std::string, std::string> locals_;
};

}  // namespace

void print_tiles(const Launch& launch, const std::string& kernel, schedule::Names names,
                 FileText& file) {
    TilePrinter(launch, names, file).print(kernel);
}

}  // namespace cupel::device
