// SPDX-License-Identifier: Apache-2.0
// Runs every form twice and appends its results to forms.bin: 32-bit place in the list, lanes,
// bytes, then the results in the kernel's layout. forms.next holds where to go on after a crash.
#include <cstdio>
#include <fstream>
#include <vector>

#include "conformance/form.hpp"
#include "recorder/record.hpp"

namespace cupel::emulator::conformance::device {
namespace {

std::size_t read_number(const std::string& path) {
    std::size_t number = 0;
    std::ifstream(path) >> number;
    return number;
}

void write_number(const std::string& path, std::size_t number) {
    std::ofstream(path) << number << '\n';
}

struct Run {
    std::string error;
    bool stable = true;
    std::vector<std::uint8_t> results;
};

Run run_form(Driver& driver, void* function, std::size_t index) {
    const Form& form = all_forms()[index];
    const unsigned lanes = lanes_of(index);
    const std::vector<std::uint8_t> operands = operands_of(index);
    Run run;
    run.results.resize(lanes * bytes_per_lane(form.out));
    std::vector<std::uint8_t> again(run.results.size());
    Buffer in(driver, operands.size() + 256);
    Buffer out(driver, run.results.size() + 256);
    run.error = in.error() + out.error();
    if (run.error.empty() && !operands.empty())
        run.error = driver.put(in.address(), operands.data(), operands.size());
    for (std::vector<std::uint8_t>* results : {&run.results, &again}) {
        Arguments arguments;
        arguments.add(in.address()).add(out.address()).add(std::uint32_t{lanes});
        Driver::Shape shape;
        shape.grid[0] = lanes / kBlock;
        shape.block[0] = kBlock;
        if (run.error.empty()) run.error = driver.fill(out.address(), 0xa5, results->size());
        if (run.error.empty()) run.error = driver.launch(function, shape, arguments.pointers());
        if (run.error.empty()) run.error = driver.wait();
        if (run.error.empty())
            run.error = driver.get(results->data(), out.address(), results->size());
    }
    run.stable = run.results == again;
    return run;
}

void append(std::ofstream& file, std::size_t index, const Run& run) {
    const std::uint32_t head[3] = {static_cast<std::uint32_t>(index), lanes_of(index),
                                   static_cast<std::uint32_t>(run.results.size())};
    file.write(reinterpret_cast<const char*>(head), sizeof head);
    file.write(reinterpret_cast<const char*>(run.results.data()),
               static_cast<std::streamsize>(run.results.size()));
    file.flush();
}

}  // namespace

int record_forms(Driver& driver, const Folders& folders) {
    const std::string next_path = folders.out + "/forms.next";
    const std::size_t first = read_number(next_path);
    std::ofstream file(folders.out + "/forms.bin", std::ios::binary | std::ios::app);
    std::size_t failed = 0, unstable = 0, done = 0;
    for (const Range& range : modules()) {
        if (range.first + range.count <= first) continue;
        void* module = nullptr;
        if (const std::string error = driver.load(
                folders.modules + "/forms_" + kernel_name(range.first) + ".cubin", module);
            !error.empty()) {
            std::printf("forms: %s\n", error.c_str());
            failed += range.count;
            continue;
        }
        for (std::size_t i = std::max(first, range.first); i < range.first + range.count; ++i) {
            write_number(next_path, i + 1);
            void* function = nullptr;
            Run run;
            run.error = driver.function(module, kernel_name(i), function);
            if (run.error.empty()) run = run_form(driver, function, i);
            if (!run.error.empty()) {
                ++failed;
                std::printf("forms: FAILED %zu %s: %s\n", i, all_forms()[i].name.c_str(),
                            run.error.c_str());
                std::fflush(stdout);
                if (!driver.wait().empty()) return 3;
                continue;
            }
            if (!run.stable) {
                ++unstable;
                std::printf("forms: UNSTABLE %zu %s\n", i, all_forms()[i].name.c_str());
            }
            append(file, i, run);
            ++done;
        }
        std::printf("forms: up to %zu of %zu\n", range.first + range.count, all_forms().size());
        std::fflush(stdout);
    }
    std::printf("forms: %zu recorded, %zu failed, %zu unstable\n", done, failed, unstable);
    return failed == 0 ? 0 : 1;
}

}  // namespace cupel::emulator::conformance::device
