// SPDX-License-Identifier: Apache-2.0
// A search as it is told while it goes on, whatever its target: what was tried, the best so far,
// what it has cost, what is left of the budget.
#pragma once

#include <string>

#include "cli/console.hpp"
#include "cli/run_page.hpp"
#include "cli/writers.hpp"
#include "engineer/engineer.hpp"

namespace cupel::cli {

class LiveProgress final : public engineer::Observer {
public:
    LiveProgress(Console& console, Writers& writers, LivePage& page)
        : console_(console), writers_(writers), page_(page) {}
    void before(const engineer::Progress& progress) override;
    void after(const engineer::Progress& progress, const verdict::Verdict& verdict) override;

private:
    void show(const engineer::Progress& progress);
    Console& console_;
    Writers& writers_;
    LivePage& page_;
};

// "41 tried (37 right), best 5.12x [5.08, 5.16], 71 % of copy bandwidth, $0.0120 for 9 calls"
[[nodiscard]] std::string progress_text(const engineer::Progress& progress);

}  // namespace cupel::cli
