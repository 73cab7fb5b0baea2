// SPDX-License-Identifier: Apache-2.0
// What the referee asks the oracle, over a socket. Both ends are trusted; they are separate
// processes so that the truth is never in an address space that also holds a kernel.
//
//   start:    descriptor kSocketFd, the input region on kInputFd (read-only), the task text on
//   kTaskFd request:  Request, then `positions` times Position reply:    Reply, then `positions`
//   times Truth, in the same order
#pragma once

#include <cstdint>

namespace cupel::wire::oracle {

inline constexpr int kSocketFd = 10;
inline constexpr int kInputFd = 11;
inline constexpr int kTaskFd = 12;

// How many honest fp32 summation orders the oracle computes beside the truth:
// sequential, 8 lanes then a tree, and pairwise halves of blocks.
inline constexpr int kPanel = 3;
inline constexpr int kMaxInputs = 16;

struct Request {
    std::uint64_t positions = 0;
    std::uint64_t input_offset[kMaxInputs] = {};  // bytes from the start of the region, per input
};
struct Position {
    std::uint32_t output = 0;  // 0: the first output
    std::uint32_t reserved = 0;
    std::uint64_t element = 0;  // row-major
};
struct Reply {
    std::uint64_t positions = 0;
    double seconds = 0;  // spent computing
};
struct Truth {
    double value = 0;  // float64
    // How much error one rounding unit everywhere would cause, in units of u (first-order running
    // error with each reduction counted once): |error| / (u * scale) is comparable between
    // elements.
    double scale = 0;
    double panel[kPanel] = {};  // the same element by honest arithmetic at the task's precision
};

}  // namespace cupel::wire::oracle
