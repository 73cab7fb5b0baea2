// SPDX-License-Identifier: Apache-2.0
// What a device is asked to do when it runs as a process of its own, and what it says then.
// Whoever asks writes three files; the answer is one text, a line of JSON and the bytes of the
// outputs after it. Both ways nothing is trusted: the first field that is not as it should be is
// named.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "emulator/device.hpp"

namespace cupel::emulator {

// Each member is initialised, so that callers may name only those they mean.
struct JobBuffer {
    std::string name;
    Role role = Role::Input;
    std::uint64_t bytes = 0;
};

struct JobArgument {
    enum class Kind { Buffer, Integer, Real };
    Kind kind = Kind::Integer;
    std::uint32_t buffer = 0;  // in Job::buffers
    std::int64_t integer = 0;
    double real = 0;
    std::string text = {};  // as its author wrote it
};

struct JobLaunch {
    std::string kernel = {};
    Extent grid = {};
    Extent block = {};
    std::uint32_t shared_bytes = 0;
    std::vector<JobArgument> arguments = {};
    int line = 0;  // where the author wrote it
};

struct Job {
    std::string file = {};  // what messages call the text
    std::string ptx = {};
    std::vector<JobBuffer> buffers = {};
    std::vector<std::byte> values = {};  // of the inputs, one after another
    std::vector<JobLaunch> launches = {};
    std::uint64_t seed = 0;    // of the order of warps and blocks, and of where buffers lie
    std::uint64_t budget = 0;  // warp instructions of each launch
    // Options::sample. Then all buffers but inputs that have values begin as zeros. Of one launch
    // that came to its end the answers are what was written of each output (Coverage::stretches),
    // one after another; of several launches there are none, as a later one reads what no block of
    // an earlier one wrote.
    std::uint64_t sample = 0;
    bool checks = true;    // Options::checks
    unsigned threads = 1;  // Options::threads
    // Device::time of all launches after they were made; the answers are those of the last time.
    unsigned times = 0;
};

struct JobResult {
    std::string refusal;             // why the job could not be run; empty: it was
    int line = 0;                    // of the launch that was refused; 0: it is the text
    std::vector<Report> reports;     // of the launches that were made, in order
    std::vector<std::byte> answers;  // the outputs one after another; empty where refused
    std::string device;              // what it ran on, where that is a GPU
    std::vector<double> seconds;     // Device::time
};

// Error: the job itself is malformed (not: what its kernels do), or the device is at fault.
[[nodiscard]] Result<JobResult> run(const Job& job, Device& device);
[[nodiscard]] Result<JobResult> run(const Job& job);  // on the emulator

// Of the files, as they lie in the job's folder.
inline constexpr std::string_view kJobFile = "job.json";
inline constexpr std::string_view kPtxFile = "kernel.ptx";
inline constexpr std::string_view kValuesFile = "values.bin";

[[nodiscard]] std::string job_to_json(const Job& job);  // without the text and the values
[[nodiscard]] Result<Job> job_from_json(std::string_view text);
[[nodiscard]] std::string encode(const JobResult& result);
[[nodiscard]] Result<JobResult> decode_result(std::string_view bytes);
// What the sampled blocks wrote of a buffer; empty where `result` does not say.
[[nodiscard]] std::vector<Stretch> sampled_stretches(const JobResult& result,
                                                     const JobBuffer& buffer);
// What no launch read of an input; empty where `result` does not say, as of a sample.
[[nodiscard]] std::vector<Stretch> unread_stretches(const JobResult& result,
                                                    const JobBuffer& buffer);
// Whether a result can be that of the job: a report for each launch, as far as launches ended, and
// then all bytes of the outputs. Who was subverted could otherwise leave a report out.
[[nodiscard]] Result<void> check_answers(const Job& job, const JobResult& result);

}  // namespace cupel::emulator
