// SPDX-License-Identifier: Apache-2.0
// Golden data against a Device: runs one form or one whole kernel, and says what differs. A test
// only loops over forms.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "conformance/form.hpp"
#include "conformance/golden.hpp"
#include "emulator/device.hpp"

namespace cupel::emulator::conformance {

// Everything that is needed to run a form, and what must come of it.
struct FormCase {
    std::size_t index = 0;  // in all_forms()
    const Form* form = nullptr;
    const GoldenForm* golden = nullptr;  // outlives the case
    std::string ptx;                     // a module with one kernel, "form"
    unsigned lanes = 0;                  // threads, in blocks of kBlock
    std::vector<std::uint8_t> operands;  // of all lanes, in the kernel's layout
};
[[nodiscard]] FormCase form_case(const Golden& golden, std::size_t form_index);

enum class Outcome : std::uint8_t {
    Right,  // the same bits, or within the bound of an approximation
    Wrong,
    Refused,  // the device does not understand the PTX
    Accused,  // right or not, it found a fault where there is none
    NotHeld,  // differs where the instruction set leaves the result open
};
[[nodiscard]] std::string_view name_of(Outcome outcome);

struct Replay {
    Outcome outcome = Outcome::Right;
    std::string text;  // the first difference, the refusal or the finding, in one line
};

// Right, Wrong or NotHeld. `results`: of all lanes, in the kernel's layout.
[[nodiscard]] Replay compare(const FormCase& form, std::span<const std::uint8_t> results);

[[nodiscard]] Replay replay(Device& device, const FormCase& form);

}  // namespace cupel::emulator::conformance
