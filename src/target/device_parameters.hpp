// SPDX-License-Identifier: Apache-2.0
// The parameters of a kernel as its author spelt them. PTX knows how wide a parameter is and not
// what it points to, so what a launch gives is compared here, as far as the spelling tells.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "target/device_text.hpp"

namespace cupel::target {

// Of the types that there is no doubt about: `bytes` 0 is any other (a name of the author's, a
// vector, bytes as such), which may be anything.
struct ElementType {
    std::size_t bytes = 0;
    bool real = false;
};

struct DeviceParameter {
    std::string text;  // "const float* x", spaces as they stand
    bool known = false;
    bool pointer = false;
    ElementType element;  // of what it points to
};

// Of the one `__global__` function of that name; none where there is none in the text, or several.
[[nodiscard]] std::optional<std::vector<DeviceParameter>> parameters_of(const DeviceText& text,
                                                                        std::string_view kernel);

// "const unsigned int"; qualifiers do not matter.
[[nodiscard]] ElementType element_type(std::string_view type);

// Whether an array of the one can be what the other is a pointer to. Reals of 16 bits may be passed
// as whole numbers of 16 bits.
[[nodiscard]] bool may_point_to(const ElementType& pointee, const ElementType& array);

}  // namespace cupel::target
