// SPDX-License-Identifier: Apache-2.0
// cupel-emulator FOLDER: does the job whose three files lie in the folder (job.hpp) and writes the
// result to its standard output. The referee starts it in a cell: it needs to read files, to
// allocate, and nothing else. Exit status: 0 where there is a result, 3 for a malformed job.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <span>
#include <string>

#include "emulator/job.hpp"

namespace {

cupel::Result<std::string> read_whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return cupel::fail(cupel::Errc::Io, path + " cannot be read");
    return std::string{std::istreambuf_iterator<char>(file), {}};
}

cupel::Result<void> write_whole(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t done = write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (done <= 0) return cupel::fail(cupel::Errc::Io, "the result cannot be written");
        bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    return {};
}

cupel::Result<void> run(const std::string& folder) {
    using namespace cupel::emulator;
    CUPEL_TRY(const std::string text, read_whole(folder + "/" + std::string(kJobFile)));
    CUPEL_TRY(Job job, job_from_json(text));
    CUPEL_TRY(job.ptx, read_whole(folder + "/" + std::string(kPtxFile)));
    CUPEL_TRY(const std::string values, read_whole(folder + "/" + std::string(kValuesFile)));
    const auto bytes = std::as_bytes(std::span(values));
    job.values.assign(bytes.begin(), bytes.end());
    CUPEL_TRY(const JobResult result, cupel::emulator::run(job));
    return write_whole(encode(result));
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) {
        (void)std::fputs("usage: cupel-emulator FOLDER\n", stderr);
        return 2;
    }
    try {
        const cupel::Result<void> done = run(words[1]);
        if (done) return 0;
        (void)std::fputs(("cupel-emulator: " + done.error().text + "\n").c_str(), stderr);
        return done.error().code == cupel::Errc::Invalid ? 3 : 1;
    } catch (const std::exception& error) {
        (void)std::fputs(error.what(), stderr);
        return 1;
    }
}
