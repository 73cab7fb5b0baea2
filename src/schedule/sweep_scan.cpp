// SPDX-License-Identifier: Apache-2.0
// Running sums in vectors. One element after the other waits for an addition each time; here only
// one addition per vector is waited for, that of what all vectors before add up to.
#include <fmt/format.h>

#include "schedule/sweep_print.hpp"

namespace cupel::schedule::sweep {

void SweepPrinter::print_running(std::size_t s) {
    const std::optional<Scan> found = scan_of(task_, stage(s));
    CUPEL_CHECK(found.has_value());
    const Scan& scan = *found;
    loop_names_[scan.reduced] = axis(scan.along);
    const Steps walk = steps(s);
    at_lane(s, walk.lane);
    const std::string before = names_.fresh("before");
    const std::string here = names_.fresh("here");
    out_.line(fmt::format("vec {} = {{}};  // what all that came before adds up to", before));
    if (walk.unroll > 1) out_.line(fmt::format("#pragma GCC unroll {}", walk.unroll));
    out_.open(loop_to(walk, 0, walk.whole, 1));
    out_.line(fmt::format("const vec {} = {}({});", here, maths_.use("scan_add"), vector_value(s)));
    write_vector(s, here + " + " + before);
    out_.line(fmt::format("{} += {}({}[W - 1]);", before, maths_.use("splat"), here));
    out_.close();
    if (walk.whole == walk.extent) return;
    const Sum sum{.name = names_.fresh("total"), .position = {}};
    out_.line(fmt::format("{} {} = {}[0];", real_name(task_), sum.name, before));
    out_.open(loop_to(walk, walk.whole, walk.extent, 0));
    step(stage(s), sum);
    end(stage(s), sum);
    out_.close();
}

}  // namespace cupel::schedule::sweep
