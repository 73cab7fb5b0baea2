// SPDX-License-Identifier: Apache-2.0
// Which kernels of PTX files the emulator knows every instruction of: see bench/survey.
//   cupel-survey FILE.ptx ...
// For each kernel a line of FILE, kernel and "decodes", or a line for each kind of instruction that
// is refused: FILE, kernel, "refused", the instruction, and why. Tabs between.
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "emulator/census.hpp"

namespace {

namespace emulator = cupel::emulator;

void say(const std::string& file, const std::string& kernel, const emulator::Refusal& refusal) {
    std::string why = refusal.why.substr(0, refusal.why.find('\n'));
    std::ranges::replace(why, '\t', ' ');
    std::printf("%s\t%s\trefused\t%s\t%s\n", file.c_str(), kernel.c_str(), refusal.what.c_str(),
                why.c_str());
}

void say_all(const std::string& file, const emulator::Decoding& decoding) {
    if (decoding.refusals.empty()) {
        std::printf("%s\t%s\tdecodes\n", file.c_str(), decoding.kernel.c_str());
    }
    for (const emulator::Refusal& refusal : decoding.refusals)
        say(file, decoding.kernel, refusal);
}

// What does not even parse refuses all of its kernels.
void say_module(const std::string& file, const std::string& ptx, const std::string& why) {
    constexpr std::string_view kEntry = ".entry ";
    for (std::size_t at = ptx.find(kEntry); at != std::string::npos; at = ptx.find(kEntry, at)) {
        at += kEntry.size();
        say(file, ptx.substr(at, ptx.find_first_of("( \n", at) - at),
            {.what = "module", .why = why});
    }
}

}  // namespace

int main(int count, char** arguments) {
    for (int i = 1; i < count; i++) {
        const std::string name = arguments[i];
        std::ifstream stream(name);
        const std::string ptx(std::istreambuf_iterator<char>(stream), {});
        if (!stream) {
            std::fprintf(stderr, "cupel-survey: cannot read %s\n", name.c_str());
            return 1;
        }
        const auto found = emulator::census(ptx, name);
        if (!found) say_module(name, ptx, found.error().text);
        for (const emulator::Decoding& decoding : found.value_or(std::vector<emulator::Decoding>()))
            say_all(name, decoding);
    }
    return 0;
}
