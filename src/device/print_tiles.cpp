// SPDX-License-Identifier: Apache-2.0
#include "device/print_tiles.hpp"

#include <fmt/format.h>

#include "device/tile_text.hpp"

namespace cupel::device {

using task::AxisId;

namespace {

class TilePrinter : TileText {
public:
    TilePrinter(const Launch& launch, schedule::Names& names, FileText& file)
        : TileText(launch, names, file) {
        tm_ = fresh("TM"), tn_ = fresh("TN");
        tx_ = fresh("tx"), ty_ = fresh("ty");
    }

    void print(const std::string& kernel) {
        print_constants(kernel);
        print_frame();
        print_fills();
        print_loop();
        print_finish();
        out_.close();
        file_.kernels += out_.take() + "\n";
    }

private:
    void print_constants(const std::string& kernel) {
        const Tiling& t = launch_.tiling;
        const int threads = t.bm / t.tm * (t.bn / t.tn);
        open_tile(kernel, threads);
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
        print_corner();
        out_.line(
            fmt::format("const int {0} = threadIdx.x % ({2} / {3}), {1} = threadIdx.x / ({2} "
                        "/ {3});",
                        tx_, ty_, bn_, tn_));
    }

    // ---- fetching the factors

    void print_fills() {
        out_.line();
        line("// One step of k of both factors; zeros beyond their ends.");
        open("const auto {} = [&](int $stage, int {})", fill_, k0_);
        for (const Side& side : {left_side(), right_side()})
            print_fill(side);
        out_.close(";");
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
        line("{0}<{1} % 4 == 0>($four, &{2}, {3} < {4} ? {1} - {5} : 0);",
             use_take4(type_of(side.factor), file_), moving_end, scope_.load(side.factor.access),
             still, still_end, moving);
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
        print_value(side);
        line("{}[$stage][$in_k][$in_block] = $value;", side.array);
        out_.close();
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
        print_element(fmt::format("{}[$i][$j + $u]", sum_), array + "[$u]");
        out_.close();
        out_.close();
        print_put(use_put4(output().type, file_), 4, array);
    }

    std::string tm_, tn_, tx_, ty_;
};

}  // namespace

void print_tiles(const Launch& launch, const std::string& kernel, schedule::Names names,
                 FileText& file) {
    TilePrinter(launch, names, file).print(kernel);
}

}  // namespace cupel::device
