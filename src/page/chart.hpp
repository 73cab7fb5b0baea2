// SPDX-License-Identifier: Apache-2.0
// How the best came to be: figures by number of kernel.
#pragma once

#include <vector>

#include "page/account.hpp"
#include "page/markup.hpp"

namespace cupel::page {

// A logarithmic axis: where a figure lies, from 0 at its low end to 1.
struct Scale {
    double low = 1;
    double high = 2;
    [[nodiscard]] double place(double figure) const;  // within 0 .. 1, whatever the figure
};
// Of the figures that are shown; what is far from the best lies at its end.
[[nodiscard]] Scale scale_of(const Account& run);
// Round figures within it, at most eight or so.
[[nodiscard]] std::vector<double> ticks_of(const Scale& scale);

// Marks take at most some 200 KB: where there are too many, one stands for all that lie within a
// few pixels.
void draw_chart(Markup& out, const Account& run);

}  // namespace cupel::page
