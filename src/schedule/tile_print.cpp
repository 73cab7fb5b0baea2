// SPDX-License-Identifier: Apache-2.0
// The text around the packing functions: constants, the register tile, and the five loops.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "schedule/tile_finish.hpp"
#include "schedule/tile_reach.hpp"
#include "schedule/tile_words.hpp"

namespace cupel::schedule::tile {
namespace {

using task::AxisId;

// One operand of the register tile: how to step through it.
struct Steps {
    std::string lane;  // times the lane
    std::string k;     // times the step
};

Steps steps_of(const Words& words, const Operand& operand) {
    if (operand.packed) return {"1", operand.panel};
    const task::Access& access = words.task.access(operand.factor.access);
    return {words.stride(access, operand.group), words.stride(access, words.k)};
}

void print_constants(const Words& words, Writer& out) {
    const Plan& plan = words.plan;
    out.line(fmt::format("constexpr long MR = {}, NV = {}, NR = NV * W;  // the register tile",
                         plan.mr, plan.nv));
    out.line(fmt::format("constexpr long KC = {}, MC = {}, NC = {};  // blocks", plan.kc, plan.mc,
                         plan.nc));
    if (plan.once_a) {
        out.line(fmt::format("constexpr long MP = ({} + MR - 1) / MR * MR;  // in whole panels",
                             words.m.size));
    }
    const int threads = words.problem.threads();
    const bool parallel = threads > 1 && plan.shared != Shared::None;
    if (parallel) out.line(fmt::format("constexpr int THREADS = {};", threads));
    out.line();
    for (const Operand* operand : {&words.a, &words.b}) {
        if (!operand->packed) continue;
        out.line(fmt::format("alignas(64) {}{} {}{}[{}];",
                             words.problem.width.nested ? "thread_local " : "", words.real,
                             operand->panels, parallel && !operand->shared ? "[THREADS]" : "",
                             operand->once ? times("MP", words.k.size) : operand->block + " * KC"));
    }
    out.line();
}

// A whole tile in registers: each vector as it is stored, through `then` if the tile finishes it.
std::string stored(bool finishes, const std::string& load, const std::string& store) {
    const std::string sum = fmt::format("first ? acc[i][j] : {}(at) + acc[i][j]", load);
    if (!finishes) return fmt::format("{}(at, {});", store, sum);
    return fmt::format("const vec sum = {};\n        {}(at, last ? then(sum, i, j * W) : sum);",
                       sum, store);
}

std::string prefetched(const std::string& row) {
    return fmt::format(
        "  for (long i = 0; i < rows; i++) {{\n"
        "    __builtin_prefetch(y + {0}, 1);\n"
        "    __builtin_prefetch(y + {0} + NR - 1, 1);\n"
        "  }}\n",
        times("i", row));
}

void print_tile(const Words& words, bool finishes, VectorMaths& maths, Writer& out) {
    const Steps a = steps_of(words, words.a);
    const Steps b = steps_of(words, words.b);
    const std::string row = words.out_stride(words.m.axes.back());
    const std::string load = maths.use("load");
    const std::string store = maths.use("store");
    out.lines(fmt::format(
        R"(// One register tile of sums over `depth` steps, written to y or, after the first block of {k}, added to it.{last_block}
void tile(const {real}* a, const {real}* b, long depth, {real}* y, long rows, long cols,
          bool first{last}) {{
  vec acc[MR][NV] = {{}};
{prefetch}#pragma GCC unroll {unroll}
  for (long k = 0; k < depth; k++) {{
    vec bk[NV];
#pragma GCC unroll 8
    for (long j = 0; j < NV; j++) bk[j] = {load}(b + {b_k} + j * W);
#pragma GCC unroll 32
    for (long i = 0; i < MR; i++)
#pragma GCC unroll 8
      for (long j = 0; j < NV; j++) acc[i][j] += a[{a_i} + {a_k}] * bk[j];
  }}
  if (rows == MR && cols == NR) {{
#pragma GCC unroll 32
    for (long i = 0; i < MR; i++)
#pragma GCC unroll 8
      for (long j = 0; j < NV; j++) {{
        {real}* at = y + {y_i} + j * W;
        {keep}
      }}
  }} else {{
    {real} sum[MR][NR];
#pragma GCC unroll 32
    for (long i = 0; i < MR; i++)
#pragma GCC unroll 8
      for (long j = 0; j < NV; j++) {store}(sum[i] + j * W, acc[i][j]);
    for (long i = 0; i < rows; i++)
      for (long j = 0; j < cols; j++) y[{y_i} + j] = first ? sum[i][j] : y[{y_i} + j] + sum[i][j];
  }}
}}

)",
        fmt::arg("last_block", finishes ? " After the\n// last one, whole tiles are stored through "
                                          "`then`.\ntemplate <class Then>"
                                        : ""),
        fmt::arg("last", finishes ? ", bool last, Then then" : ""),
        fmt::arg("keep", stored(finishes, load, store)), fmt::arg("k", words.k.name),
        fmt::arg("real", words.real),
        fmt::arg("prefetch", words.plan.prefetch ? prefetched(row) : ""),
        fmt::arg("unroll", words.plan.unroll), fmt::arg("load", load), fmt::arg("store", store),
        fmt::arg("b_k", times("k", b.k)), fmt::arg("a_i", times("i", a.lane)),
        fmt::arg("a_k", times("k", a.k)), fmt::arg("y_i", times("i", row))));
}

// ---- The five loops

class Loops {
public:
    Loops(Words& words, const Finish& finish) : words_(words), finish_(finish) {}
    void print(Writer& out) const;

private:
    [[nodiscard]] bool parallel() const {
        return words_.problem.threads() > 1 && words_.plan.shared != Shared::None;
    }
    [[nodiscard]] std::string panels(const Operand& operand) const {
        return parallel() && !operand.shared ? operand.panels + "[thread]" : operand.panels;
    }
    void open_depth(Writer& out) const;
    void open_block(const Operand& operand, Writer& out) const;
    void pack(const Operand& operand, Writer& out) const;
    void print_once(Writer& out) const;
    void print_tiles(const Operand& outer, const Operand& inner, Writer& out) const;
    [[nodiscard]] std::string matrix(const Operand& operand, const std::string& at) const;

    const Words& words_;
    const Finish& finish_;
};

void Loops::open_depth(Writer& out) const {
    const Group& k = words_.k;
    out.open(fmt::format("for (long {0} = 0; {0} < {1}; {0} += KC)", k.start, k.end));
    out.line(fmt::format("const long depth = std::min(KC, {} - {});", k.end, k.start));
}

void Loops::pack(const Operand& operand, Writer& out) const {
    if (!operand.packed || operand.once) return;
    out.line(pack_call(words_, operand, panels(operand), operand.group.start, operand.some));
}

// All panels of a, of one block of k after the other.
void Loops::print_once(Writer& out) const {
    open_depth(out);
    out.line(pack_call(words_, words_.a, words_.a.panels + " + " + times(words_.k.start, "MP"), "0",
                       words_.m.size));
    out.close();
}

void Loops::open_block(const Operand& operand, Writer& out) const {
    out.open(fmt::format("for (long {0} = 0; {0} < {1}; {0} += {2})", operand.group.start,
                         operand.group.end, operand.block));
    out.line(fmt::format("const long {} = std::min({}, {} - {});", operand.some, operand.block,
                         operand.group.end, operand.group.start));
}

// Where the tile at `at` of the block finds its operand.
std::string Loops::matrix(const Operand& operand, const std::string& at) const {
    if (operand.once) {
        return fmt::format("{} + {} * MP + ({} + {}) * depth", operand.panels, words_.k.start,
                           operand.group.start, at);
    }
    if (operand.packed) return fmt::format("{} + {} * depth", panels(operand), at);
    const task::Access& access = words_.task.access(operand.factor.access);
    return fmt::format("{} + {} + {}", words_.base(operand),
                       times(fmt::format("({} + {})", operand.group.start, at),
                             words_.stride(access, operand.group)),
                       times(words_.k.start, words_.stride(access, words_.k)));
}

void Loops::print_tiles(const Operand& outer, const Operand& inner, Writer& out) const {
    const Group& m = words_.m;
    const Group& n = words_.n;
    for (const Operand* operand : {&outer, &inner}) {
        out.open(fmt::format("for (long {0} = 0; {0} < {1}; {0} += {2})", operand->group.name,
                             operand->some, operand->panel));
    }
    const std::string& y = words_.names.tensor(words_.contraction.out);
    std::string base = y;
    for (const AxisId axis : words_.contraction.batch) {
        base += " + " + times(words_.names.axis(axis), words_.out_stride(axis));
    }
    const std::string at =
        times(fmt::format("({} + {})", m.start, m.name), words_.out_stride(m.axes.back()));
    out.line(
        fmt::format("const long tall = std::min(MR, rows - {}), wide = std::min(NR, cols - {});",
                    m.name, n.name));
    if (const std::string unread = unread_from(words_); !unread.empty()) {
        out.line(fmt::format("if ({} + {} >= {}) continue;  // nobody reads it", n.start, n.name,
                             unread));
    }
    if (!words_.contraction.finish.empty()) {
        out.line(fmt::format("const bool last = {} + depth == {};", words_.k.start, words_.k.end));
    }
    const Reach reach = reach_of(words_);
    std::string steps = "depth";
    std::string first = matrix(words_.a, m.name);
    std::string second = matrix(words_.b, n.name);
    if (!reach.whole()) {
        out.line(
            fmt::format("const long until = {};", reach.until.empty() ? "depth" : reach.until));
        out.line(fmt::format("const long from = {};",
                             reach.from.empty() ? "0" : "std::min(until, " + reach.from + ")"));
        out.line(fmt::format("if (from < until || {} == 0{})", words_.k.start,
                             finish_.in_registers() ? " || last" : ""));
        steps = reach.from.empty() ? "until" : "until - from";
        if (!reach.from.empty()) {
            first += " + " + times("from", steps_of(words_, words_.a).k);
            second += " + " + times("from", steps_of(words_, words_.b).k);
        }
    }
    out.line(fmt::format("{}tile({}, {}, {},", reach.whole() ? "" : "  ", first, second, steps));
    out.line(fmt::format("     {} + {} + {} + {}, tall, wide, {} == 0{}", base, at, n.start, n.name,
                         words_.k.start, finish_.in_registers() ? ", last," : ");"));
    if (finish_.in_registers()) out.line(fmt::format("     {});", finish_.function()));
    if (!words_.contraction.finish.empty()) {
        out.line(finish_.in_registers() ? "if (last && (tall < MR || wide < NR))" : "if (last)");
        out.line(fmt::format("  {}, {} + {}, tall, {} + {}, wide);", finish_.call(base), m.start,
                             m.name, n.start, n.name));
    }
    out.close();
    out.close();
}

void Loops::print(Writer& out) const {
    const Operand& outer = words_.plan.n_outside ? words_.b : words_.a;
    const Operand& inner = words_.plan.n_outside ? words_.a : words_.b;
    const bool together = parallel() && shares_inner_loop(words_.plan);
    const auto batches = words_.contraction.batch.size();
    const std::size_t collapse = batches + (words_.plan.shared == Shared::Batch ? 0 : 1);
    out.open(signature(words_.task, words_.names));
    const bool region = together || (parallel() && words_.plan.once_a);
    if (region) {
        out.line("#pragma omp parallel num_threads(THREADS)");
        out.open("");
        out.line("const int thread = omp_get_thread_num();");
    }
    if (words_.plan.once_a) print_once(out);
    if (parallel() && !together) {
        out.line(fmt::format("#pragma omp {}for{} schedule(dynamic){}", region ? "" : "parallel ",
                             region ? "" : " num_threads(THREADS)",
                             collapse > 1 ? fmt::format(" collapse({})", collapse) : ""));
    }
    for (const AxisId axis : words_.contraction.batch) {
        out.open(fmt::format("for (long {0} = 0; {0} < {1}; {0}++)", words_.names.axis(axis),
                             extent(words_.task, axis)));
    }
    open_block(outer, out);
    if (parallel() && !region) out.line("const int thread = omp_get_thread_num();");
    open_depth(out);
    pack(outer, out);
    if (together) out.line("#pragma omp for schedule(dynamic)");
    open_block(inner, out);
    pack(inner, out);
    print_tiles(outer, inner, out);
    for (std::size_t i = 0; i < batches + 3 + (region ? 1 : 0); i++)
        out.close();
    out.close();
}

void print_header(const Words& words, const VectorMaths& maths, Writer& out) {
    out.line(fmt::format("// {}: a tiled contraction", words.task.name));
    for (const Group* group : {&words.m, &words.n, &words.k}) {
        const char* role = group == &words.m ? "m" : group == &words.n ? "n" : "k";
        if (group->name == role) continue;
        out.line(fmt::format("// {} = {}", role, group->name));
    }
    out.line("//");
    for (const Action& action : write_plan(words.problem, words.plan)) {
        out.line(fmt::format("//   {} {} {}", action.verb, action.stage,
                             fmt::join(action.arguments, " ")));
    }
    out.line("#include \"task.hpp\"");
    out.line();
    if (words.problem.threads() > 1 && words.plan.shared != Shared::None)
        out.line("#include <omp.h>\n");
    out.line("#include <algorithm>");
    out.line("#include <cmath>");
    out.line("#include <cstdint>");
    out.lines(maths.headers());
    out.line();
    out.line("namespace {");
    out.line();
}

}  // namespace

namespace {

// Packing, the tile and what follows the sum.
std::string functions(const Words& words, const Finish& finish, VectorMaths& maths) {
    Writer middle;
    for (const Operand* operand : {&words.a, &words.b}) {
        if (!operand->packed) continue;
        print_pack(words, *operand, maths, middle);
        middle.line();
    }
    if (!words.contraction.finish.empty()) finish.print(maths, middle);
    print_tile(words, finish.in_registers(), maths, middle);
    return middle.take();
}

}  // namespace

Result<std::string> print_part(const Problem& problem, const Plan& plan, VectorMaths& maths) {
    CUPEL_DO(check_plan(problem, plan));
    Words words(problem, plan);
    const Finish finish(words);
    Writer out;
    print_constants(words, out);
    out.lines(functions(words, finish, maths));
    Loops(words, finish).print(out);
    return out.take();
}

Result<std::string> print_plan(const Problem& problem, const Plan& plan) {
    CUPEL_DO(check_plan(problem, plan));
    Words words(problem, plan);
    const Finish finish(words);
    VectorMaths maths(problem.width.vector_bytes, real_type(problem.task));
    const std::string middle = functions(words, finish, maths);
    Writer out;
    print_header(words, maths, out);
    out.lines(maths.prelude());
    print_constants(words, out);
    out.lines(middle);
    out.line("}  // namespace");
    out.line();
    Loops(words, finish).print(out);
    return out.take();
}

}  // namespace cupel::schedule::tile
