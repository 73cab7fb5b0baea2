// SPDX-License-Identifier: Apache-2.0
#include "emulator/job_program.hpp"

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>

namespace cupel::emulator {
namespace {

// Values may be hundreds of megabytes: in one piece, and where they stay.
template <class Bytes>
Result<void> read_whole(const std::string& path, Bytes& bytes) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    const std::streamoff size = file.tellg();
    if (!file || size < 0) return fail(Errc::Io, path + " cannot be read");
    bytes.resize(static_cast<std::size_t>(size));
    file.seekg(0);
    void* const place = bytes.data();
    if (size > 0 && !file.read(static_cast<char*>(place), size))
        return fail(Errc::Io, path + " cannot be read");
    return {};
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
    std::string text;
    CUPEL_DO(read_whole(folder + "/" + std::string(kJobFile), text));
    CUPEL_TRY(Job job, job_from_json(text));
    CUPEL_DO(read_whole(folder + "/" + std::string(kPtxFile), job.ptx));
    CUPEL_DO(read_whole(folder + "/" + std::string(kValuesFile), job.values));
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
