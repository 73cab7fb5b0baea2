// SPDX-License-Identifier: Apache-2.0
#include "conformance/kernel_golden.hpp"

#include <fmt/format.h>

#include <sstream>

#include "conformance/seal.hpp"

namespace cupel::emulator::conformance {
namespace {

constexpr std::string_view kTitle = "cupel golden kernels 1: ";

// Reads "word value" pairs; fails the stream where another word stands.
std::istream& named(std::istream& in, std::string_view name, auto& value) {
    std::string word;
    if (in >> word && word == name) {
        in >> value;
    } else {
        in.setstate(std::ios::failbit);
    }
    return in;
}

bool take_output(std::istream& in, GoldenKernels& golden) {
    GoldenOutput out;
    in >> out.variant >> out.array;
    named(in, "bytes", out.bytes);
    in >> std::hex;
    named(in, "hash", out.hash);
    named(in, "deviation", out.deviation);
    std::string word;
    in >> word;
    if (!in || word != "words") return false;
    for (std::uint32_t value = 0; in >> value;)
        out.words.push_back(value);
    golden.outputs.push_back(std::move(out));
    return in.eof();
}

bool take_racy(std::istream& in, GoldenKernels& golden) {
    RacyRecord racy;
    in >> racy.variant;
    named(in, "different", racy.different);
    named(in, "runs", racy.runs);
    named(in, "least", racy.least);
    named(in, "greatest", racy.greatest);
    const bool good = !in.fail();
    golden.racy.push_back(std::move(racy));
    return good && (in >> std::ws).eof();
}

}  // namespace

std::string write_golden_kernels(const GoldenKernels& golden) {
    std::string text = fmt::format("{}{}\n", kTitle, golden.device);
    for (const GoldenOutput& out : golden.outputs) {
        text += fmt::format("output {} {} bytes {} hash {:016x} deviation {} words", out.variant,
                            out.array, out.bytes, out.hash, out.deviation);
        for (const std::uint32_t word : out.words)
            text += fmt::format(" {:08x}", word);
        text += '\n';
    }
    for (const RacyRecord& racy : golden.racy) {
        text += fmt::format("racy {} different {} runs {} least {} greatest {}\n", racy.variant,
                            racy.different, racy.runs, racy.least, racy.greatest);
    }
    return seal(std::move(text));
}

Result<GoldenKernels> read_golden_kernels(std::string_view text) {
    CUPEL_TRY(const std::string_view content, unseal(text));
    std::istringstream lines{std::string(content)};
    std::string line;
    std::getline(lines, line);
    if (!line.starts_with(kTitle)) return fail(Errc::Corrupt, "line 1: no title");
    GoldenKernels golden;
    golden.device = line.substr(kTitle.size());
    for (unsigned number = 2; std::getline(lines, line); ++number) {
        std::istringstream in(line);
        std::string kind;
        in >> kind;
        const bool good =
            kind == "output" ? take_output(in, golden) : kind == "racy" && take_racy(in, golden);
        if (!good) return fail(Errc::Corrupt, fmt::format("line {}: not understood", number));
    }
    return golden;
}

}  // namespace cupel::emulator::conformance
