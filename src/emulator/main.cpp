// SPDX-License-Identifier: Apache-2.0
// cupel-emulator FOLDER: does the job whose three files lie in the folder (job.hpp) and writes the
// result to its standard output. The referee starts it in a cell: it needs to read files, to
// allocate, and nothing else. Exit status: job_program.hpp.
#include <cstdio>

#include "emulator/job_program.hpp"

int main(int count, char** words) {
    namespace emulator = cupel::emulator;
    if (count == 2) {
        return emulator::do_job("cupel-emulator", words[1],
                                [](const emulator::Job& job) { return emulator::run(job); });
    }
    (void)std::fputs("usage: cupel-emulator FOLDER\n", stderr);
    return 2;
}
