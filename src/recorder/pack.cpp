// SPDX-License-Identifier: Apache-2.0
// Makes the files of src/emulator/golden of what the recorder has written.
#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

#include "conformance/form.hpp"
#include "conformance/golden.hpp"
#include "conformance/kernel_golden.hpp"
#include "conformance/seal.hpp"
#include "recorder/record.hpp"

namespace cupel::emulator::conformance::device {
namespace {

std::string read_all(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool write_all(const std::string& path, const std::string& bytes) {
    std::ofstream file(path, std::ios::binary);
    file << bytes;
    if (file.flush()) return true;
    std::printf("pack: cannot write %s\n", path.c_str());
    return false;
}

bool pack_forms(const Folders& folders, const std::string& device) {
    const std::string raw = read_all(folders.modules + "/forms.bin");
    Golden golden{device, {}};
    std::uint32_t head[3];
    std::size_t at = 0;
    while (at + sizeof head <= raw.size()) {
        std::memcpy(head, raw.data() + at, sizeof head);
        at += sizeof head;
        if (head[0] != golden.forms.size() || head[2] > raw.size() - at) break;
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(raw.data() + at);
        golden.forms.push_back(make_golden(head[0], {bytes, head[2]}));
        at += head[2];
    }
    if (at != raw.size() || golden.forms.size() != all_forms().size()) {
        std::printf("pack: forms.bin has %zu forms of %zu\n", golden.forms.size(),
                    all_forms().size());
        return false;
    }
    return write_all(folders.out + "/forms.golden", write_golden(golden));
}

// The lines of kernels.txt; the outputs' hashes and words come from kernels.bin.
bool pack_kernels(const Folders& folders, const std::string& device) {
    GoldenKernels golden{device, {}, {}};
    std::ifstream binary(folders.modules + "/kernels.bin", std::ios::binary);
    GoldenOutput output;
    while (binary >> output.variant >> output.array >> output.bytes) {
        binary.get();
        std::vector<std::uint8_t> bytes(output.bytes);
        binary.read(reinterpret_cast<char*>(bytes.data()), std::ssize(bytes));
        output.hash = hash_of(bytes);
        output.words.resize(std::min<std::size_t>(8, bytes.size() / 4));
        std::memcpy(output.words.data(), bytes.data(), output.words.size() * 4);
        golden.outputs.push_back(output);
    }
    std::ifstream text(folders.modules + "/kernels.txt");
    for (std::string line; std::getline(text, line);) {
        RacyRecord racy;
        racy.variant = line.substr(0, line.find(':'));
        const char* const rest = line.c_str() + std::min(line.size(), racy.variant.size());
        double deviation = 0;
        if (std::sscanf(rest, ": largest deviation %lf", &deviation) == 1) {
            for (GoldenOutput& of : golden.outputs)
                if (of.variant == racy.variant) of.deviation = deviation;
        } else if (std::sscanf(rest, ": %u different outputs in %u runs, deviation from %lf to %lf",
                               &racy.different, &racy.runs, &racy.least, &racy.greatest) == 4) {
            golden.racy.push_back(racy);
        } else {
            std::printf("pack: kernels.txt: %s\n", line.c_str());
            return false;
        }
    }
    return write_all(folders.out + "/kernels.txt", write_golden_kernels(golden));
}

bool pack_text(const Folders& folders, const std::string& name, const std::string& device) {
    const std::string title = fmt::format("cupel golden {} 1: {}\n", name, device);
    return write_all(folders.out + "/" + name + ".txt",
                     seal(title + read_all(folders.modules + "/" + name + ".txt")));
}

}  // namespace

int pack(const Folders& folders, const std::string& device) {
    const bool good = pack_forms(folders, device) && pack_kernels(folders, device) &&
                      pack_text(folders, "approximations", device) &&
                      pack_text(folders, "calibration", device);
    return good ? 0 : 1;
}

}  // namespace cupel::emulator::conformance::device
