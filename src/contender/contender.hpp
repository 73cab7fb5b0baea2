// SPDX-License-Identifier: Apache-2.0
// Untrusted: the process that holds a kernel. It maps what it was given, gives up everything else,
// loads the kernel and answers questions. Nothing here protects the referee: a kernel can overwrite
// all of it. It is written to be small, so that windows cost little, and to describe its own end.
#pragma once

#include <array>
#include <cstddef>

#include "wire/control.hpp"

namespace cupel::contender {

// What the start-up leaves behind: the page, and where each argument of question 0 lies.
struct Stage {
    wire::Control* control = nullptr;
    std::size_t arguments = 0;
    std::array<std::byte*, wire::kMaxArguments> first = {};
    std::array<std::size_t, wire::kMaxArguments> stride = {};  // bytes to the next question
};

// Tells the referee how far start-up has come.
void announce(wire::Control& control, wire::State state);

// Maps the control page and both regions, and closes every descriptor but 0, 1, 2 and the filter.
// False: the reason is in `control->state`, as far as there is a page.
[[nodiscard]] bool set_stage(Stage& stage);

// Writes signal, address and system call of a crash into the page, then dies of it.
void describe_crashes(wire::Control& control);

// Installs the filter of descriptor kFilterFd for all threads, for good.
[[nodiscard]] bool lock_in();

// The kernel, type-erased. Its arguments are those of Control::argument, in order.
using Kernel = void (*)();
[[nodiscard]] Kernel load(const char* path, wire::Control& control);

// Answers one window of questions after the other; never returns; ends the
// process where no bell rings for an hour.
[[noreturn]] void answer(const Stage& stage, Kernel kernel);

}  // namespace cupel::contender
