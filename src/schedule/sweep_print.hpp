// SPDX-License-Identifier: Apache-2.0
// A sweep as text: LoopPrinter with vector loops in the place of plain ones.
#pragma once

#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "schedule/loops.hpp"
#include "schedule/sweep_passes.hpp"
#include "schedule/sweep_plan.hpp"
#include "schedule/sweep_slide.hpp"
#include "schedule/vector_maths.hpp"

namespace cupel::schedule::sweep {

class SweepPrinter : public LoopPrinter {
public:
    // wrapped: in a namespace of its own, for tasks whose sizes have our names (W).
    SweepPrinter(const task::Task& task, Plan plan, int vector_bytes, bool wrapped);

    [[nodiscard]] const VectorMaths& maths() const { return maths_; }

protected:
    std::string prelude() override;
    void before(const Group& group) override;
    void print_body(const Group& group, bool alone) override;
    [[nodiscard]] bool streams(const Group& group) const override;
    [[nodiscard]] std::int64_t stride(task::AxisId axis) const override;
    [[nodiscard]] std::string load(const task::Access& access) const override;

private:
    using Sums = std::map<std::size_t, Sum>;  // by stage
    struct Steps {
        std::string lane;         // the loop variable
        std::int64_t extent = 0;  // of the lane axis
        std::int64_t begin = 0;   // from here on vectors are inside; 0 but for columns
        std::int64_t unroll = 1;
        std::int64_t bulk = 0;   // up to here `unroll` vectors at a time
        std::int64_t whole = 0;  // ... and up to here single vectors, as far as they are inside
        std::string until;       // a variable that holds where to end before; empty: none
    };

    [[nodiscard]] const task::Stage& stage(std::size_t s) const { return task_.stages[s]; }
    [[nodiscard]] bool inlined(task::TensorId id) const { return plan_.inlined.contains(id); }
    [[nodiscard]] Steps steps(std::size_t s) const;

    // Several rows side by side (sweep_rows.cpp).
    void print_rows(const Group& group, std::int64_t rows);
    void print_row_pass(const Pass& pass, std::int64_t rows);
    void open_row_lanes(std::size_t s, std::int64_t rows, std::int64_t unroll);
    void print_row_steps(const Pass& pass, const std::string& loop, std::int64_t rows,
                         std::int64_t unroll);
    void at_row(const Group& group, const std::string& row);
    void print_scalar(std::size_t s);
    // True if a later pass needs the value that the stage computes of a row.
    [[nodiscard]] bool carries(const std::vector<Leg>& legs, std::size_t leg, std::size_t s) const;
    // Outputs are written when all that a step reads has been read: a read waits for a write to the
    // same place in another page that is still on its way.
    void hold(const Pass& pass, std::int64_t count, const std::string& index);
    void write_held(const Pass& pass);

    // Each pass a row behind the one before (sweep_skew.cpp).
    struct Lag {
        std::string runs;        // the flag that the pass has a row in this step
        std::string row;         // its row, within those that are skewed
        std::string place = {};  // ... and among all
        std::map<task::TensorId, std::string> results = {};  // of earlier passes over it
    };
    void print_skewed(const Group& group, std::int64_t rows);
    void declare_skewed(const std::vector<Leg>& legs, std::int64_t rows);
    void take_carried(const std::vector<Leg>& legs, std::vector<Lag>& lags);
    void print_skewed_step(const Group& group, const std::vector<Leg>& legs,
                           const std::vector<Lag>& lags);
    // asks: which passes have a row.
    void print_skewed_vectors(const Group& group, const std::vector<Leg>& legs,
                              const std::vector<Lag>& lags, bool asks);
    [[nodiscard]] std::vector<std::size_t> order_of(const std::vector<Leg>& legs) const;
    void print_results(const std::vector<Leg>& legs, std::size_t k, const Lag& lag);

    void print_pass(const Pass& pass, bool alone);
    void enter_pass(const Pass& pass);
    void print_vectors(const Pass& pass, const Steps& steps);
    void print_vectors(const Pass& pass, const Steps& steps, const std::string& loop, bool inner);
    void print_vectors_until(const Pass& pass, const Steps& steps, bool inner);
    void fetch_next_rows(std::size_t s);
    // The numbers of rows that all vectors of a pass gather from, and of those that it fetches, as
    // variables (sweep_gather.cpp).
    using Numbers = std::vector<std::pair<task::Access, std::string>>;
    void take_numbers(const Pass& pass);
    void take_number(const task::Access& access, const std::string& name, Numbers& into);
    [[nodiscard]] std::string row_ahead(const NextRows& rows) const;
    void print_last(const Pass& pass, const Steps& steps);
    void print_column(std::size_t s, bool alone);
    void fetch_next_window(std::size_t s);
    // The stage whose sums the loop takes: the one that is inlined, or its own.
    [[nodiscard]] std::size_t column_of(std::size_t s) const {
        return plan_.stages[s].column.value_or(s);
    }
    void print_whole_row(std::size_t s, const Steps& steps);
    void print_columns(std::size_t s, const Steps& steps, const std::string& loop,
                       std::int64_t unroll);
    // Writes a vector of sums, or what follows them.
    void finish_columns(std::size_t s, const std::string& sums);
    void open_reductions(std::size_t s);
    // Windows that slide over columns (sweep_slide.cpp).
    struct Sliding {
        Slide slide;
        std::size_t columns = 0;  // the stage that it slides over
        // What the text calls things; by whether places are checked, or are odd.
        std::array<std::string, 2> at;
        std::string from, low, high;
        std::array<std::string, 2> places, before;
    };
    void enter_slide(std::size_t s);
    void print_columns_at(bool checked);
    void print_places(const std::string& from, bool checked, bool before);
    [[nodiscard]] bool is_inside(std::int64_t lane) const;
    [[nodiscard]] bool begins_outside() const;
    [[nodiscard]] std::vector<std::int64_t> taken_at(const Steps& steps) const;
    void print_first_places();
    void print_places_before(std::int64_t lane);
    void print_slide_steps(std::size_t s, const Steps& steps, const std::string& loop,
                           bool checked);
    void print_slide_row(std::size_t s, const Steps& steps);
    [[nodiscard]] std::string inside_test(std::size_t s) const;
    void print_find(std::size_t s);
    void find_lanes(std::size_t s, const std::string& index);
    void print_running(std::size_t s);
    void print_bounded(std::size_t s);

    // Folds: `vec lanes[U]`, one step, and the lanes brought together.
    void open_lanes(std::size_t s, std::int64_t unroll);
    void fold_lanes(std::size_t s, const std::string& index);
    void close_lanes(std::size_t s, std::int64_t unroll, const Sum& sum, bool declared);
    [[nodiscard]] std::string combined(std::size_t s, const std::string& a, const std::string& b);

    void map_vector(const Pass& pass, std::size_t s);
    void write_vector(std::size_t s, const std::string& value);
    [[nodiscard]] std::string vector_value(std::size_t s) const;
    // The function that loads or stores a vector of the tensor: "load", "load_bf16", ...
    [[nodiscard]] std::string moved(const std::string& way, task::TensorId tensor) const;
    [[nodiscard]] std::string vector_load(int access) const;
    [[nodiscard]] std::string vector_place(std::size_t s) const;
    [[nodiscard]] std::string place_of(const task::Access& access) const;
    [[nodiscard]] std::string product(task::TensorId tensor, std::size_t depth) const;
    void at_lane(std::size_t s, const std::string& name);
    [[nodiscard]] std::string loop_to(const Steps& steps, std::int64_t from, std::int64_t to,
                                      std::int64_t unroll) const;
    [[nodiscard]] std::string last_vector(const Steps& steps) const;
    // Names the axes of an inlined stage as its reader's access has them.
    void follow(const task::Access& access) const;

    Plan plan_;
    mutable VectorMaths maths_;
    bool wrapped_;
    std::string u_;  // counts vectors of a step, and ...
    std::string r_;  // ... rows at a time: no axis, tensor or size is called so
    std::int64_t left_ =
        0;               // of the vector being printed, the lanes that no sum has counted; 0: all
    bool asks_ = false;  // vectors ask whether they are inside, but for the axis of their lanes
    bool edge_ = false;  // ... and lanes whether they are
    mutable task::AxisId lane_ = task::kNone;                // of the stage being printed
    mutable std::map<task::TensorId, std::string> at_hand_;  // elements of this step, as variables
    std::map<std::size_t, std::string> lanes_;               // by stage
    struct Found {
        std::string value;
        std::string better;  // the lanes in which the value is better than the best so far
        std::string at;      // where the best of each lane was
    };
    bool slides_ = false;  // the stage being printed does, ...
    Sliding slide_;        // ... so
    Found found_;          // the variables of the stage that looks for a position
    std::map<task::TensorId, std::string> aligned_;  // of streamed outputs: the flag
    // Where several rows are on their way at once: what holds a row's value, the buffers that have
    // a row for each, the vectors that are written at the end of a step, and the next row.
    std::map<task::TensorId, std::string> carried_;
    std::set<task::TensorId> buffers_;
    std::map<std::size_t, std::string> held_;
    std::string next_row_;
    Numbers numbers_;
    Numbers next_numbers_;
};

}  // namespace cupel::schedule::sweep
