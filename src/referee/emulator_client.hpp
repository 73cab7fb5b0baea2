// SPDX-License-Identifier: Apache-2.0
// The referee's end of what runs device code: one job in a process of its own, in a cell. The
// program is ours, but what it reads is a stranger's text: it can read the job, allocate, and write
// its answer. On a GPU it can besides use that, and the driver's own files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "emulator/job.hpp"

namespace cupel::referee {

struct Emulated {
    emulator::JobResult result;
    bool timed_out = false;                 // by the wall clock; then there is no result
    std::vector<std::string> parts = {};    // walls that stood
    std::vector<std::string> missing = {};  // and those that did not
};

// Error: the machine is at fault (no such program, no room), or the emulator itself is (Broken).
[[nodiscard]] Result<Emulated> emulate(const emulator::Job& job, double seconds);

// Several jobs, up to so many `at_once`, in cells of their own. In the order of the jobs, up to the
// first that ends otherwise than well, at least: none is begun after that.
[[nodiscard]] std::vector<Result<Emulated>> emulate_all(std::span<const emulator::Job> jobs,
                                                        double seconds, int at_once);

// The same on the first GPU. Missing: there is none, or no driver of it.
[[nodiscard]] Result<Emulated> run_on_gpu(const emulator::Job& job, double seconds);

// "NVIDIA H200, driver for CUDA 13.0". Missing: there is none, and why.
[[nodiscard]] Result<std::string> name_gpu();

}  // namespace cupel::referee
