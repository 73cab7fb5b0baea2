// SPDX-License-Identifier: Apache-2.0
// libFuzzer: no text crashes the parser, and what parses also prints and parses again.
#include <cstddef>
#include <cstdint>

#include "task/task.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace task = cupel::task;
    const std::string text(data, data + size);
    const auto parsed = task::parse(text, "fuzz.task");
    if (!parsed) return 0;
    const task::Counts counts = task::count(*parsed);
    CUPEL_CHECK(counts.flops >= 0 && counts.transcendentals >= 0);
    const std::string printed = task::print(*parsed);
    const auto again = task::parse(printed, "again.task");
    CUPEL_CHECK(again.has_value());
    CUPEL_CHECK(task::print(*again) == printed);
    return 0;
}
