// SPDX-License-Identifier: Apache-2.0
// The kernels of a run, and what they cost, as a page shows them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "page/account.hpp"

namespace cupel::cli {

// A kernel that was chosen by one judgement, and judged again.
struct TwiceJudged {
    std::size_t kernel = 0;                    // a place in PageKernels::kernels
    std::optional<verdict::Verdict> selected;  // none: of device code only the second is one
    verdict::Verdict again;
};

struct PageKernels {
    std::vector<page::Kernel> kernels;
    std::map<std::int64_t, std::size_t> places;  // by number
    std::vector<archive::Ask> asks;
    std::map<std::size_t, std::size_t> asked;  // by place the first ask that it came of
    std::optional<TwiceJudged> last;           // the last one
    std::optional<std::size_t> incumbent;      // the last one that others were measured against
    std::string began;                         // UTC
    std::string ended;

    // One kernel and one verdict at a time.
    [[nodiscard]] static Result<PageKernels> read(archive::Archive& archive);
    [[nodiscard]] std::vector<page::Spent> spending() const;
    // What was measured against last, if it still is a result.
    [[nodiscard]] std::optional<std::size_t> best() const;
    [[nodiscard]] Result<page::Texts> texts(archive::Archive& archive, std::size_t place,
                                            bool whole) const;
};

}  // namespace cupel::cli
