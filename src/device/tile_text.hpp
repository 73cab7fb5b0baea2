// SPDX-License-Identifier: Apache-2.0
// What kernels of tiles have in common, whoever adds the products up: their names, their grid, how
// a factor is fetched element by element, and what is done with a sum when it is there.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "device/kernel_text.hpp"
#include "device/plan.hpp"
#include "device/scope.hpp"
#include "device/walk.hpp"
#include "schedule/contraction.hpp"

namespace cupel::device {

class TileText {
protected:
    TileText(const Launch& launch, schedule::Names& names, FileText& file);

    std::string fresh(const std::string& wish) { return scope_.names.fresh(wish); }

    // Words that begin with $ are variables of the kernel's own, under names that are free.
    std::string expand(std::string_view text);
    template <class... Values>
    void line(fmt::format_string<const Values&...> text, const Values&... values) {
        out_.line(expand(fmt::format(text, values...)));
    }
    template <class... Values>
    void open(fmt::format_string<const Values&...> text, const Values&... values) {
        out_.open(expand(fmt::format(text, values...)));
    }

    // One factor, and how a block keeps its part of it.
    struct Side {
        const schedule::Factor& factor;
        const std::vector<task::AxisId>& group;
        std::string place;  // along the group: "i"
        std::string first;  // of the block: "m0"
        std::string block;  // "BM"
        std::string array;  // "left"
    };
    [[nodiscard]] Side left_side() const;
    [[nodiscard]] Side right_side() const;

    // The pragma, the signature, and the sizes of a block within the kernel: launches of one file
    // may have tiles of different sizes.
    void open_tile(const std::string& kernel, int threads);
    // Where the block's sums begin, and which of a batch they are.
    void print_corner();

    // The access of a factor that is one, where its neighbours lie side by side along that axis.
    [[nodiscard]] bool runs_along(const schedule::Factor& factor,
                                  const std::vector<task::AxisId>& axes) const;
    // The type of a factor that is one access.
    [[nodiscard]] task::Type type_of(const schedule::Factor& factor) const {
        return task_.tensor(task_.access(factor.access).tensor).type;
    }
    // Places in the tensors of what stands at $in_block and $in_k of a step.
    void print_places(const Side& side);
    // Declares $value: that element, or zero beyond the ends.
    void print_value(const Side& side);

    // Where m is known, the maps after the sum at the place n, and the result: into the output, or
    // into `into` where that is given.
    void print_element(const std::string& sum, const std::string& into);
    // Axes of a later stage are the anchor's by position.
    void name_finish(const task::Stage& stage);
    // Puts the neighbours in `array` where the output has those from $first on.
    void print_put(std::string_view put, int count, const std::string& array);
    [[nodiscard]] const task::Tensor& output() const { return task_.tensor(product_.out); }

    const Launch& launch_;
    const task::Task& task_;
    Scope scope_;
    FileText& file_;
    schedule::Writer out_;
    Walker walker_;
    schedule::Contraction product_;
    std::string bm_, bn_, bk_, threads_;
    std::string left_, right_, sum_, m0_, n0_, k0_, fill_;
    std::string m_, n_, k_;  // places along the groups of axes

private:
    // The place along a group of axes: called by the axis where it is one.
    std::string single(const std::vector<task::AxisId>& axes, const std::string& otherwise);
    [[nodiscard]] std::string condition_of(const schedule::Factor& factor) const;

    std::map<std::string, std::string> locals_;
};

}  // namespace cupel::device
