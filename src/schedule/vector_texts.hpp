// SPDX-License-Identifier: Apache-2.0
// The vector functions as tables of text.
#pragma once

#include <span>
#include <string_view>

namespace cupel::schedule {

struct VectorText {
    std::string_view name;
    std::string_view needs;  // names separated by spaces
    std::string_view text;   // with letters after '@': T is the element type, the others as in
                             // vector_maths.cpp
};

// In an order that compiles: what a function needs stands before it. All may need these, which
// load and store.
[[nodiscard]] std::span<const VectorText> memory_texts();

}  // namespace cupel::schedule
