// SPDX-License-Identifier: Apache-2.0
#include "device/print_mma.hpp"

#include <fmt/format.h>

#include "device/tensor_core.hpp"
#include "device/tile_text.hpp"

namespace cupel::device {

using task::Type;

namespace {

// ---- functions that the kernels call

std::string use_fetch16(FileText& file) {
    file.functions["fetch16"] =
        "// Sixteen bytes of neighbours to shared memory, as far as there are so many: on their "
        "own way there\n"
        "// where rows are whole sixteens.\n"
        "template <bool whole, class T>\n"
        "__device__ void fetch16(T* to, const T* from, long long count) {\n"
        "    if constexpr (whole) {\n"
        "        const unsigned place = static_cast<unsigned>(__cvta_generic_to_shared(to));\n"
        "        asm volatile(\"cp.async.cg.shared.global [%0], [%1], 16, %2;\" ::\"r\"(place), "
        "\"l\"(from),\n"
        "                     \"r\"(count > 0 ? 16 : 0)\n"
        "                     : \"memory\");\n"
        "    } else {\n"
        "        for (int u = 0; u < 16 / sizeof(T); u++) to[u] = u < count ? from[u] : T(0.0f);\n"
        "    }\n"
        "}\n";
    return "fetch16";
}

std::string use_put2(FileText& file) {
    file.functions["put2"] =
        "// Puts two neighbours, as far as there are so many.\n"
        "template <bool whole, class T>\n"
        "__device__ void put2(T* to, const float (&from)[2], long long count) {\n"
        "    struct alignas(2 * sizeof(T)) Two { T first, second; };\n"
        "    if constexpr (whole) {\n"
        "        if (count > 0) *reinterpret_cast<Two*>(to) = Two{T(from[0]), T(from[1])};\n"
        "    } else {\n"
        "        for (int u = 0; u < 2; u++)\n"
        "            if (u < count) to[u] = from[u];\n"
        "    }\n"
        "}\n";
    return "put2";
}

std::string use_load_matrices(FileText& file) {
    const auto load = [](std::string_view way) {
        return fmt::format(
            "asm volatile(\"ldmatrix.sync.aligned.m8n8.x4{}.shared.b16 {{%0, %1, %2, %3}}, "
            "[%4];\"\n"
            "                     : \"=r\"(to[0]), \"=r\"(to[1]), \"=r\"(to[2]), \"=r\"(to[3])\n"
            "                     : \"r\"(place)\n"
            "                     : \"memory\");\n",
            way);
    };
    file.functions["load_matrices"] =
        "// Four matrices of 8 rows of sixteen bytes, shared among the lanes as mma.sync wants "
        "them: "
        "`row` is where\n"
        "// the row begins that this lane names, lanes 0 to 7 those of the first matrix.\n"
        "template <bool transposed>\n"
        "__device__ void load_matrices(unsigned (&to)[4], const void* row) {\n"
        "    const unsigned place = static_cast<unsigned>(__cvta_generic_to_shared(row));\n"
        "    if constexpr (transposed) {\n"
        "        " +
        load(".trans") + "    } else {\n        " + load("") + "    }\n}\n";
    return "load_matrices";
}

std::string use_multiply(const TensorCore& core, FileText& file) {
    file.functions["multiply"] = fmt::format(
        "// sum += a * b on tensor cores: a warp's 16 x {0} of the one factor, {0} x 8 of the "
        "other.\n"
        "__device__ void multiply(float (&sum)[4], const unsigned (&a)[4], const unsigned* b) "
        "{{\n"
        "    asm volatile(\"mma.sync.aligned.m16n8k{0}.row.col.f32.{1}.{1}.f32 {{%0, %1, %2, %3}}, "
        "\"\n"
        "                 \"{{%4, %5, %6, %7}}, {{%8, %9}}, {{%0, %1, %2, %3}};\"\n"
        "                 : \"+f\"(sum[0]), \"+f\"(sum[1]), \"+f\"(sum[2]), \"+f\"(sum[3])\n"
        "                 : \"r\"(a[0]), \"r\"(a[1]), \"r\"(a[2]), \"r\"(a[3]), \"r\"(b[0]), "
        "\"r\"(b[1]));\n"
        "}}\n",
        core.depth, core.name);
    return "multiply";
}

std::string use_to_tf32(FileText& file) {
    file.functions["to_tf32"] =
        "// The bits of the nearest number with eleven of them, which is all that tensor cores "
        "keep "
        "of a float.\n"
        "__device__ unsigned to_tf32(float v) {\n"
        "    unsigned bits;\n"
        "    asm(\"cvt.rna.tf32.f32 %0, %1;\" : \"=r\"(bits) : \"f\"(v));\n"
        "    return bits;\n"
        "}\n";
    return "to_tf32";
}

// ---- the kernel

class MmaPrinter : TileText {
public:
    MmaPrinter(const Launch& launch, schedule::Names& names, FileText& file)
        : TileText(launch, names, file) {
        const auto core = tensor_core_for(task_, product_);
        CUPEL_CHECK(core.has_value());
        core_ = *core;
        wm_ = fresh("WM"), wn_ = fresh("WN");
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
    [[nodiscard]] int stages() const { return launch_.tiling.stages; }
    [[nodiscard]] bool rounds() const { return core_.type == Type::F32; }

    void print_constants(const std::string& kernel) {
        const Tiling& t = launch_.tiling;
        const int threads = t.warps() * 32;
        open_tile(kernel, threads);
        out_.line(fmt::format("constexpr int {} = {}, {} = {};  // of m and n: what a warp sums",
                              wm_, t.wm, wn_, t.wn));
        out_.line(fmt::format("constexpr int {} = {};", threads_, threads));
        if (stages() > 1) {
            line("constexpr int $STAGES = {};  // steps of k that are on their way or in use",
                 stages());
        }
    }

    // As the factor lies in memory, so that sixteen bytes of it stay together.
    [[nodiscard]] static bool lies_along_k(const Side& side) {
        return side.factor.reading == schedule::Reading::Linear && side.factor.k_stride == 1;
    }

    // Rows whose beginnings lie sixteen bytes apart from multiples of 128: eight of them, which
    // ldmatrix takes at a time, are in different banks. Floats across k are loaded one by one, by
    // four rows of eight lanes.
    void print_array(const Side& side) {
        const bool along_k = lies_along_k(side);
        const int more = rounds() && !along_k ? 2 * core_.row() : core_.row();
        line("__shared__ __align__(16) {} {}[{}][{}][{} + {}];", core_.element, side.array,
             stages() > 1 ? "$STAGES" : "1", along_k ? side.block : bk_, along_k ? bk_ : side.block,
             more);
    }

    void print_frame() {
        out_.line("// Rows are longer than what is used of them: neighbours begin in other banks.");
        print_array(left_side());
        print_array(right_side());
        print_corner();
        line("const int $lane = threadIdx.x % 32, $warp = threadIdx.x / 32;");
        line("const int $of_m = $warp / ({0} / {1}) * {2}, $of_n = $warp % ({0} / {1}) * {1};", bn_,
             wn_, wm_);
    }

    // ---- fetching the factors

    void print_fills() {
        out_.line();
        line("// One step of k of both factors; zeros beyond their ends.");
        open("const auto {} = [&](int $stage, int {})", fill_, k0_);
        for (const Side& side : {left_side(), right_side()}) {
            const bool along_k = lies_along_k(side);
            const bool single = product_.k.size() == 1 && side.group.size() == 1;
            if (single && runs_along(side.factor, along_k ? product_.k : side.group) &&
                type_of(side.factor) == core_.type) {
                print_fill_sixteen(side, along_k);
            } else {
                print_fill_one(side, along_k);
            }
        }
        out_.close(";");
    }

    [[nodiscard]] static std::string place_in(const Side& side, bool along_k) {
        return fmt::format("{}[$stage]{}", side.array,
                           along_k ? "[$in_block][$in_k]" : "[$in_k][$in_block]");
    }

    void print_fill_sixteen(const Side& side, bool along_k) {
        async_ = true;
        const std::string inner = along_k ? bk_ : side.block;
        const int count = core_.row();
        open("for (int $e = threadIdx.x; $e < {} * {} / {}; $e += {})", side.block, bk_, count,
             threads_);
        const std::string fast = fmt::format("{0} * ($e % ({1} / {0}))", count, inner);
        const std::string slow = fmt::format("$e / ({} / {})", inner, count);
        line("const int $in_k = {}, $in_block = {};", along_k ? fast : slow, along_k ? slow : fast);
        print_places(side);
        scope_.axes[side.group[0]] = side.place;
        scope_.axes[product_.k[0]] = k_;
        const std::string moving = along_k ? k_ : side.place;
        const std::string still = along_k ? side.place : k_;
        const std::string moving_end = scope_.size_of(along_k ? product_.k : side.group);
        const std::string still_end = scope_.size_of(along_k ? side.group : product_.k);
        line("{0}<{1} % {2} == 0>(&{3}, &{4}, {5} < {6} ? {1} - {7} : 0);", use_fetch16(file_),
             moving_end, count, place_in(side, along_k), scope_.load(side.factor.access), still,
             still_end, moving);
        out_.close();
    }

    void print_fill_one(const Side& side, bool along_k) {
        const std::string inner = along_k ? bk_ : side.block;
        open("for (int $e = threadIdx.x; $e < {} * {}; $e += {})", side.block, bk_, threads_);
        line("const int {} = $e % {}, {} = $e / {};", along_k ? "$in_k" : "$in_block", inner,
             along_k ? "$in_block" : "$in_k", inner);
        print_places(side);
        print_value(side);
        line("{} = $value;", place_in(side, along_k));
        out_.close();
    }

    // ---- the sums

    void print_loop() {
        const std::string k_size = scope_.size_of(product_.k);
        out_.line();
        line("float {}[{} / 16][{} / 8][4] = {{}};", sum_, wm_, wn_);
        if (stages() == 1) {
            open("for (int {0} = 0; {0} < {1}; {0} += {2})", k0_, k_size, bk_);
            line("{}(0, {});", fill_, k0_);
            if (async_) line("asm volatile(\"cp.async.wait_all;\" ::: \"memory\");");
            line("__syncthreads();");
            print_step("0");
            line("__syncthreads();");
            out_.close();
            return;
        }
        const auto commit = [&] {
            if (async_) line("asm volatile(\"cp.async.commit_group;\" ::: \"memory\");");
        };
        open("for (int $ahead = 0; $ahead < $STAGES - 1; $ahead++)");
        line("if ($ahead * {0} < {1}) {2}($ahead, $ahead * {0});", bk_, k_size, fill_);
        commit();
        out_.close();
        open("for (int {0} = 0, $now = 0; {0} < {1}; {0} += {2}, $now = ($now + 1) % $STAGES)", k0_,
             k_size, bk_);
        if (async_)
            line("asm volatile(\"cp.async.wait_group %0;\" ::\"n\"($STAGES - 2) : \"memory\");");
        line("__syncthreads();  // this step is there, and nobody reads the one before any more");
        line("const int $next = {} + ($STAGES - 1) * {};", k0_, bk_);
        line("if ($next < {}) {}(($now + $STAGES - 1) % $STAGES, $next);", k_size, fill_);
        commit();
        print_step("$now");
        out_.close();
    }

    void print_step(const std::string& stage) {
        out_.line("#pragma unroll");
        open("for (int $in_k = 0; $in_k < {}; $in_k += {})", bk_, core_.depth);
        line("unsigned $of_left[{} / 16][4], $of_right[{} / 16][4];", wm_, wn_);
        open("for (int $p = 0; $p < {} / 16; $p++)", wm_);
        print_left(stage);
        out_.close();
        open("for (int $q = 0; $q < {} / 16; $q++)", wn_);
        print_right(stage);
        out_.close();
        line("for (int $p = 0; $p < {} / 16; $p++)", wm_);
        line("    for (int $q = 0; $q < {} / 8; $q++)", wn_);
        line("        {}({}[$p][$q], $of_left[$p], &$of_right[$q / 2][$q % 2 * 2]);",
             use_multiply(core_, file_), sum_);
        out_.close();
    }

    // Matrices of a: the upper 8 rows, the lower ones, and both of the next steps of k.
    void print_left(const std::string& stage) {
        const std::string row = "$of_m + $p * 16";
        if (lies_along_k(left_side())) {
            load_along_k("$of_left[$p]", left_, stage, row + " + $lane % 16",
                         fmt::format("$lane / 16 * {}", core_.row()));
        } else if (rounds()) {
            load_across_k("$of_left[$p]", left_, stage, "$in_k + $lane % 4 + $e / 2 * 4",
                          row + " + $lane / 4 + $e % 2 * 8");
        } else {
            line(
                "{}<true>($of_left[$p], &{}[{}][$in_k + $lane % 8 + $lane / 16 * 8][{} + $lane / 8 "
                "% 2 "
                "* 8]);",
                use_load_matrices(file_), left_, stage, row);
        }
    }

    // Matrices of b: 8 columns, the same of the next steps of k, and both of the next 8 columns.
    void print_right(const std::string& stage) {
        const std::string column = "$of_n + $q * 16";
        if (lies_along_k(right_side())) {
            load_along_k("$of_right[$q]", right_, stage, column + " + $lane % 8 + $lane / 16 * 8",
                         fmt::format("$lane / 8 % 2 * {}", core_.row()));
        } else if (rounds()) {
            load_across_k("$of_right[$q]", right_, stage, "$in_k + $lane % 4 + $e % 2 * 4",
                          column + " + $lane / 4 + $e / 2 * 8");
        } else {
            line("{}<true>($of_right[$q], &{}[{}][$in_k + $lane % 16][{} + $lane / 16 * 8]);",
                 use_load_matrices(file_), right_, stage, column);
        }
    }

    void load_along_k(const std::string& to, const std::string& from, const std::string& stage,
                      const std::string& row, const std::string& in_k) {
        line("{}<false>({}, &{}[{}][{}][$in_k + {}]);", use_load_matrices(file_), to, from, stage,
             row, in_k);
        if (rounds()) {
            line("for (unsigned& $one : {}) $one = {}(__uint_as_float($one));", to,
                 use_to_tf32(file_));
        }
    }

    // ldmatrix moves pairs of halves, so it turns no floats around.
    void load_across_k(const std::string& to, const std::string& from, const std::string& stage,
                       const std::string& row, const std::string& column) {
        line("for (int $e = 0; $e < 4; $e++)");
        line("    {}[$e] = {}({}[{}][{}][{}]);", to, use_to_tf32(file_), from, stage, row, column);
    }

    // ---- what follows the sums

    void print_finish() {
        out_.line();
        out_.line("#pragma unroll");
        open("for (int $p = 0; $p < {} / 8; $p++)", wm_);
        line("const int {} = {} + $of_m + $p * 8 + $lane / 4;", m_, m0_);
        line("if ({} >= {}) continue;", m_, scope_.size_of(product_.m));
        scope_.name_positions(product_.m, m_, "int", out_);
        out_.line("#pragma unroll");
        open("for (int $q = 0; $q < {} / 8; $q++)", wn_);
        line("const int $first = {} + $of_n + $q * 8 + $lane % 4 * 2;", n0_);
        const std::string sum = fmt::format("{}[$p / 2][$q][$p % 2 * 2 + $u]", sum_);
        const std::string n_size = scope_.size_of(product_.n);
        if (launch_.vector > 1) {
            const std::string array = fresh(scope_.names.tensor(product_.out) + "2");
            line("if ($first >= {}) continue;", n_size);
            line("float {}[2];", array);
            open("for (int $u = 0; $u < 2; $u++)");
            line("const int {} = $first + $u;", n_);
            open("if ({2} % 2 == 0 || {0} < {1})", n_, n_size, bracketed(n_size));
            print_element(sum, array + "[$u]");
            out_.close();
            out_.close();
            print_put(use_put2(file_), 2, array);
        } else {
            open("for (int $u = 0; $u < 2; $u++)");
            line("const int {} = $first + $u;", n_);
            line("if ({} >= {}) continue;", n_, n_size);
            print_element(sum, "");
            out_.close();
        }
        out_.close();
        out_.close();
    }

    TensorCore core_;
    std::string wm_, wn_;
    bool async_ = false;  // a factor is fetched by asynchronous copies
};

}  // namespace

void print_mma(const Launch& launch, const std::string& kernel, schedule::Names& names,
               FileText& file) {
    MmaPrinter(launch, names, file).print(kernel);
}

}  // namespace cupel::device
