// SPDX-License-Identifier: Apache-2.0
// Stages as plain loops. The naive kernel is nothing else; a sweep prints vector loops where it can
// and these where it cannot.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "schedule/nest.hpp"
#include "schedule/text.hpp"
#include "task/task.hpp"

namespace cupel::schedule {

class LoopPrinter {
public:
    LoopPrinter(const task::Task& task, Nest nest);
    virtual ~LoopPrinter() = default;
    LoopPrinter(const LoopPrinter&) = delete;
    LoopPrinter& operator=(const LoopPrinter&) = delete;
    LoopPrinter(LoopPrinter&&) = delete;
    LoopPrinter& operator=(LoopPrinter&&) = delete;

    // Invalid: the intermediates take more than 1 GiB.
    [[nodiscard]] Result<std::string> print(std::string_view title);
    // Without headers and prelude. A serial one leaves threads to its caller.
    [[nodiscard]] Result<std::string> print_part(bool serial);

protected:
    // What a kernel of another kind adds.
    [[nodiscard]] virtual std::string prelude() { return {}; }
    virtual void before(const Group& /*group*/) {}
    virtual void print_body(const Group& group, bool alone);
    [[nodiscard]] virtual bool streams(const Group& /*group*/) const { return false; }
    // How far one step of a shared loop goes.
    [[nodiscard]] virtual std::int64_t stride(task::AxisId /*axis*/) const { return 1; }
    Result<void> scratch();

    [[nodiscard]] std::string shape(task::TensorId id, std::size_t first) const;

    // ---- names within one group
    void enter(const Group& group);

    [[nodiscard]] std::string axis(task::AxisId id) const;
    [[nodiscard]] Leaves leaves() const;

    [[nodiscard]] virtual std::string load(const task::Access& access) const;
    [[nodiscard]] std::string target(const task::Stage& stage) const;

    // A tensor of one element that is its own variable.
    [[nodiscard]] bool is_variable(task::TensorId id) const;

    // ---- loops
    void print_group(const Group& group);

    void open(const task::Stage& stage, const std::vector<task::AxisId>& axes);
    void close(const std::vector<task::AxisId>& axes);
    [[nodiscard]] std::vector<task::AxisId> inner(const Group& group, std::size_t s) const;

    void declare(const task::Stage& stage);

    // True if `next` reduces exactly what `stage` has just filled, element by element: one loop.
    [[nodiscard]] bool summed_in_passing(const Group& group, const task::Stage& stage,
                                         const task::Stage& next) const;
    void print_pair(const Group& group, const task::Stage& stage, const task::Stage& next);

    void print_stage(const task::Stage& stage, std::vector<task::AxisId> kept, bool alone);
    void assign(const task::Stage& stage, const std::string& to);

    // The body in the type of the tensor it is for.
    [[nodiscard]] std::string value(const task::Stage& stage) const;
    [[nodiscard]] std::string count_of(const task::Stage& stage, double number) const;

    // ---- reductions

    struct Sum {
        std::string name;      // the variable that the reduction runs in
        std::string position;  // ArgMax, ArgMin: where the best one is
        bool whole = false;    // the variable is a long
    };

    // Where nothing is kept, threads share the reduction itself.
    void share(const task::Stage& stage, const Sum& sum);
    Sum begin(const task::Stage& stage);

    [[nodiscard]] std::string first(const task::Stage& stage, bool whole) const;
    void step(const task::Stage& stage, const Sum& sum);

    // The position among all reduce axes, row-major.
    [[nodiscard]] std::string flat(const task::Stage& stage) const;
    void end(const task::Stage& stage, const Sum& sum);

    void print_scan(const task::Stage& stage, const Scan& scan);

    const task::Task& task_;
    Names names_;
    Nest nest_;
    bool serial_ = false;
    Writer out_;
    mutable std::map<task::AxisId, std::string> loop_names_;  // inlining renames on the way
};

}  // namespace cupel::schedule
