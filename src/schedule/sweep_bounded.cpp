// SPDX-License-Identifier: Apache-2.0
// Reductions whose rows end where another axis says: whole vectors up to there, then single
// elements. A chain of scalar maxima or additions waits some four cycles for each element.
#include <fmt/format.h>

#include "schedule/sweep_print.hpp"

namespace cupel::schedule::sweep {

void SweepPrinter::print_bounded(std::size_t s) {
    const task::AxisId lane = plan_.stages[s].lane;
    const std::string j = axis(lane);
    const Ends ends = ends_of(task_, stage(s), lane, [this](task::AxisId id) { return axis(id); });
    const std::int64_t unroll = plan_.unroll[s];
    const Sum sum = begin(stage(s));
    open_lanes(s, unroll);
    const std::string end = names_.fresh(j + "_end");
    out_.line(fmt::format("const long {} = {};", end, ends.high));

    // From where `of` elements at a time end.
    const auto from = [&](const std::string& of) {
        return ends.low == "0"
                   ? fmt::format("{0} / {1} * {1}", end, of)
                   : fmt::format("{0} + ({1} - {0}) / {2} * {2}", "(" + ends.low + ")", end, of);
    };
    const std::string many = fmt::format("({} * W)", unroll);
    std::string begin_at = ends.low;
    if (unroll > 1) {
        out_.open(fmt::format("for (long {0} = {1}; {0} + {2} * W <= {3}; {0} += {2} * W)", j,
                              begin_at, unroll, end));
        out_.line(fmt::format("#pragma GCC unroll {}", unroll));
        out_.open(fmt::format("for (long {0} = 0; {0} < {1}; ++{0})", u_, unroll));
        at_lane(s, j + " + " + u_ + " * W");
        fold_lanes(s, "[" + u_ + "]");
        out_.close();
        out_.close();
        begin_at = from(many);
    }
    at_lane(s, j);
    out_.open(fmt::format("for (long {0} = {1}; {0} + W <= {2}; {0} += W)", j, begin_at, end));
    fold_lanes(s, unroll > 1 ? "[0]" : "");
    out_.close();
    out_.open(fmt::format("for (long {0} = {1}; {0} < {2}; ++{0})", j, from("W"), end));
    step(stage(s), sum);
    out_.close();
    close_lanes(s, unroll, sum, true);
    SweepPrinter::end(stage(s), sum);
}

}  // namespace cupel::schedule::sweep
