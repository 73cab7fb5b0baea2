// SPDX-License-Identifier: Apache-2.0
// Two answers to the same question, compared whole: where do they differ most? The comparison
// accuses nobody; it only names the elements that the oracle is asked about next. So one wrong
// element among millions is seen whenever it stands out from the other answer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "task/task.hpp"

namespace cupel::referee {

// At most `most` element numbers, the largest absolute and the largest relative differences first;
// differing NaNs before all. Both spans hold elements of the type and are equally long.
[[nodiscard]] std::vector<std::uint64_t> suspects(std::span<const std::byte> a,
                                                  std::span<const std::byte> b, task::Type type,
                                                  std::size_t most, int threads);

}  // namespace cupel::referee
