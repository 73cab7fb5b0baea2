// SPDX-License-Identifier: Apache-2.0
#include "emulator/job_program.hpp"

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <span>

namespace cupel::emulator {
namespace {

Result<std::string> read_whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(Errc::Io, path + " cannot be read");
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

Result<void> write_whole(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t done = write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (done <= 0) return fail(Errc::Io, "the result cannot be written");
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

Result<void> done(const std::string& folder,
                  const std::function<Result<JobResult>(const Job&)>& run) {
    CUPEL_TRY(const std::string text, read_whole(folder + "/" + std::string(kJobFile)));
    CUPEL_TRY(Job job, job_from_json(text));
    CUPEL_TRY(job.ptx, read_whole(folder + "/" + std::string(kPtxFile)));
    CUPEL_TRY(const std::string values, read_whole(folder + "/" + std::string(kValuesFile)));
    const auto bytes = std::as_bytes(std::span(values));
    job.values.assign(bytes.begin(), bytes.end());
    CUPEL_TRY(const JobResult result, run(job));
    return write_whole(encode(result));
}

int status_of(Errc code) {
    return code == Errc::Invalid ? 3 : code == Errc::Missing ? 4 : 1;
}

}  // namespace

int do_job(const std::string& program, const std::string& folder,
           const std::function<Result<JobResult>(const Job&)>& run) {
    try {
        const Result<void> ended = done(folder, run);
        if (ended) return 0;
        (void)std::fputs((program + ": " + ended.error().text + "\n").c_str(), stderr);
        return status_of(ended.error().code);
    } catch (const std::exception& error) {
        (void)std::fputs((program + ": " + error.what() + "\n").c_str(), stderr);
        return 1;
    }
}

}  // namespace cupel::emulator
