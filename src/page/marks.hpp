// SPDX-License-Identifier: Apache-2.0
// Shapes, classes of colour and words that chart, tree and table share. Nothing is told by colour
// alone.
#pragma once

#include <string>
#include <string_view>

#include "page/account.hpp"
#include "page/markup.hpp"

namespace cupel::page {

[[nodiscard]] std::string_view words_of(Maker maker);  // "schedule"
[[nodiscard]] std::string_view words_of(Fate fate);    // "does not compile"
[[nodiscard]] std::string_view class_of(Maker maker);  // of the stylesheet
[[nodiscard]] std::string_view class_of(Fate fate);
// Around a centre, some 5 pixels each way: a path that is closed.
[[nodiscard]] std::string shape_of(Maker maker, double x, double y);
[[nodiscard]] std::string shape_of(Fate fate, double x, double y);
[[nodiscard]] std::string star(double x, double y);

// "5.31x [5.28, 5.34]"; of bounds "27.8 us, ranks as 30.1 us".
[[nodiscard]] std::string figure_text(const Account& run, const verdict::Interval& figure);
// "edit by openai:..."
[[nodiscard]] std::string made_by(const Kernel& kernel);
// A small drawing of the shape, for a legend or a cell: it says nothing to who hears the page.
void draw_key(Markup& out, std::string_view colour, const std::string& path);
inline constexpr double kKeyCentre = 8;  // of the shape in such a drawing

}  // namespace cupel::page
