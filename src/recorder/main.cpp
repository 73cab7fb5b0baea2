// SPDX-License-Identifier: Apache-2.0
// Records golden data on a GPU, part by part:
//   cupel-golden ptx DIR                writes every module of forms as PTX
//   cupel-golden PART MODULES OUT       PART: forms, tensors, approximations, calibration, kernels
//   cupel-golden pack OUT GOLDEN NAME   makes golden files of it; NAME: of the device and its
//   driver
#include <cstdio>
#include <fstream>
#include <string>

#include "conformance/form.hpp"
#include "recorder/record.hpp"

namespace {

namespace device = cupel::emulator::conformance::device;
using cupel::emulator::conformance::all_forms;
using cupel::emulator::conformance::kernel_name;
using cupel::emulator::conformance::module_text;
using cupel::emulator::conformance::modules;
using cupel::emulator::conformance::Range;

int write_modules(const std::string& folder) {
    for (const Range& range : modules()) {
        std::ofstream file(folder + "/forms_" + kernel_name(range.first) + ".ptx");
        file << module_text(all_forms(), range.first, range.count);
        if (!file.flush()) return 1;
    }
    std::printf("%zu forms\n", all_forms().size());
    return 0;
}

int record(const std::string& part, const device::Folders& folders) {
    auto opened = cupel::driver::Driver::open();
    if (!opened) {
        std::printf("%s: no device: %s\n", part.c_str(), opened.error().text.c_str());
        return 77;
    }
    device::Driver driver(*std::move(opened));
    if (part == "forms") return device::record_forms(driver, folders);
    if (part == "tensors") return device::record_tensors(driver, folders);
    if (part == "approximations") return device::record_approximations(driver, folders);
    if (part == "calibration") return device::record_calibration(driver, folders);
    if (part == "kernels") return device::record_kernels(driver, folders);
    return 2;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == "ptx") return write_modules(argv[2]);
    if (argc == 5 && std::string(argv[1]) == "pack")
        return device::pack({argv[2], argv[3]}, argv[4]);
    if (argc == 4) return record(argv[1], {argv[2], argv[3]});
    static_cast<void>(std::fprintf(
        stderr, "usage: cupel-golden ptx DIR | PART MODULES OUT | pack OUT GOLDEN NAME\n"));
    return 2;
}
