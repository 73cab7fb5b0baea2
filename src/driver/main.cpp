// SPDX-License-Identifier: Apache-2.0
// cupel-gpu FOLDER: does the job whose three files lie in the folder (emulator/job.hpp) on the GPU
// and writes the result to its standard output. cupel-gpu alone says which GPU there is. Exit
// status: emulator/job_program.hpp.
#include <cstdio>

#include "driver/gpu.hpp"
#include "emulator/job_program.hpp"

namespace {

using cupel::Result;
using cupel::driver::Driver;
using cupel::emulator::Job;
using cupel::emulator::JobResult;

Result<JobResult> run_on_gpu(const Job& job) {
    CUPEL_TRY(Driver driver, Driver::open());
    const std::string device = cupel::driver::describe(driver);
    const auto gpu = cupel::driver::make_gpu(std::move(driver), job.seed);
    CUPEL_TRY(JobResult result, cupel::emulator::run(job, *gpu));
    result.device = device;
    return result;
}

int name_the_gpu() {
    const auto driver = Driver::open();
    if (!driver) {
        (void)std::fputs((driver.error().text + "\n").c_str(), stderr);
        return 4;
    }
    (void)std::puts(cupel::driver::describe(*driver).c_str());
    return 0;
}

}  // namespace

int main(int count, char** words) {
    if (count == 1) return name_the_gpu();
    if (count == 2) return cupel::emulator::do_job("cupel-gpu", words[1], run_on_gpu);
    (void)std::fputs("usage: cupel-gpu [FOLDER]\n", stderr);
    return 2;
}
