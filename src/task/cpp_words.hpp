// SPDX-License-Identifier: Apache-2.0
// Names that mean something in C++ or CUDA before anything is declared. The names of a task stand
// in the kernels that are written for it.
#pragma once

#include <string_view>

namespace cupel::task {

// What a name is there: "a word of C++"; empty where a tensor, an axis or a size may have it.
[[nodiscard]] std::string_view meaning_in_cpp(std::string_view name);
// The same for a size, which is a constant for the whole of a text: no function of its headers may
// have its name.
[[nodiscard]] std::string_view meaning_of_global(std::string_view name);

}  // namespace cupel::task
