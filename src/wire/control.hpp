// SPDX-License-Identifier: Apache-2.0
// The page that the referee and a contender share, and the order in which it is used.
//
//   referee                               contender (frozen between windows)
//   fills inputs, poisons outputs
//   questions = n; bell = w; clock starts; thaw, wake
//                                         sees bell == w, answers questions 0 .. n-1
//                                         done = w; wake
//   sees done == w, freezes, clock stops
//   reads answers from its own mapping
//
// Trusted by the referee: nothing in this page but "done == w", and that only to know when to
// freeze. A kernel can write here; it can thereby only harm its own time or be caught with
// unfinished answers. `report` is shown to people as the contender's own words, and never used.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace cupel::wire {

inline constexpr std::uint32_t kMagic = 0x4355504c;
inline constexpr std::uint32_t kVersion = 1;
inline constexpr int kMaxArguments = 16;

// File descriptors a contender is started with, by number.
inline constexpr int kControlFd = 10;  // the control page, read-write
inline constexpr int kInputFd = 11;    // the input region, opened read-only
inline constexpr int kOutputFd = 12;   // the output region, read-write
inline constexpr int kFilterFd = 13;   // BPF to be installed before the kernel is loaded
// The compiled kernel is no descriptor but a file in its cell, whose path is the first argument:
// a descriptor could only be loaded through /proc, which a cell does not have.

struct Argument {
    std::uint64_t offset = 0;  // bytes from the start of its region, for question 0
    std::uint32_t is_output = 0;
    std::uint32_t reserved = 0;
};

enum class State : std::uint32_t {  // how far start-up has come; progress messages only
    Starting = 0,
    Mapped = 1,
    Loaded = 2,
    Ready = 3,
    NoFunction = 101,
    NoLibrary = 102,
    NoMapping = 103,
    NoFilter = 104,
};

struct Control {
    std::uint32_t magic = kMagic;
    std::uint32_t version = kVersion;
    std::atomic<std::uint32_t> bell{
        0};  // written by the referee, waited for by the contender (futex)
    std::atomic<std::uint32_t> done{
        0};  // written by the contender, waited for by the referee (futex)
    std::atomic<std::uint32_t> state{0};  // State; the contender wakes `done` when it changes
    std::uint32_t questions = 0;          // in the current window
    std::uint32_t arguments = 0;
    std::uint32_t threads = 1;
    std::uint64_t input_stride = 0;  // bytes between questions
    std::uint64_t output_stride = 0;
    std::uint64_t input_size = 0;  // bytes of the regions
    std::uint64_t output_size = 0;
    Argument argument[kMaxArguments];
    // The contender's own words about its end (untrusted, shown only).
    std::uint32_t fault_signal = 0;
    std::uint32_t fault_syscall = 0;
    std::uint64_t fault_address = 0;
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(sizeof(Control) <= 4096);

}  // namespace cupel::wire
