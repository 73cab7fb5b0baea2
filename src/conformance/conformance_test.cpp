// SPDX-License-Identifier: Apache-2.0
// The emulator against silicon: every instruction form, every whole kernel, every racy mutant.
// docs/conformance.md is what these tests find, and must stay so.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "conformance/kernel_replay.hpp"
#include "conformance/seal.hpp"
#include "emulator/emulator.hpp"

namespace cupel::emulator::conformance {
namespace {

const std::string kRoot = CUPEL_ROOT;

std::string read_all(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Row {
    std::string name;
    std::string text;
};
using Rows = std::map<Outcome, std::vector<Row>>;

Rows replay_forms() {
    const Golden golden = load_golden(kRoot + "/src/emulator/golden/forms.golden").value();
    const auto device = make_emulator();
    Rows rows;
    for (std::size_t i = 0; i < all_forms().size(); ++i) {
        const Replay replayed = replay(*device, form_case(golden, i));
        rows[replayed.outcome].push_back({all_forms()[i].name, replayed.text});
    }
    return rows;
}

struct Kernels {
    Rows honest, racy;
};

Kernels replay_kernels() {
    const GoldenKernels golden =
        read_golden_kernels(read_all(kRoot + "/src/emulator/golden/kernels.txt")).value();
    const auto device = make_emulator();
    Kernels all;
    const auto add = [&](Rows& rows, const KernelCase& kernel, const std::string& variant) {
        const std::string ptx = read_all(kRoot + "/src/emulator/kernels/ptx/" + variant + ".ptx");
        const Replay replayed = replay_kernel(*device, kernel, variant, ptx, golden);
        rows[replayed.outcome].push_back({variant, replayed.text});
    };
    for (const KernelCase& kernel : kernel_cases()) {
        for (const std::string& variant : honest_variants(kernel))
            add(all.honest, kernel, variant);
        for (const std::string& variant : racy_variants(kernel))
            add(all.racy, kernel, variant);
    }
    return all;
}

// Without how often it was seen, which says nothing of what was found.
std::string escaped(std::string text) {
    if (text.ends_with(" times)")) text.erase(text.rfind(" ("));
    for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
        text.insert(at, "\\");
    return text;
}

std::string table(const std::string& title, const std::vector<Row>& rows) {
    if (rows.empty()) return "";
    std::string text = fmt::format("\n### {}\n\n| name | what |\n| --- | --- |\n", title);
    for (const Row& row : rows)
        text += fmt::format("| `{}` | {} |\n", escaped(row.name), escaped(row.text));
    return text;
}

// The names alone, by opcode: why is always that the emulator does not know them.
std::string refused(const std::vector<Row>& rows) {
    std::map<std::string, std::vector<std::string>> by_opcode;
    for (const Row& row : rows)
        by_opcode[row.name.substr(0, row.name.find_first_of(". "))].push_back(row.name);
    std::string text = "\n### Refused\n\n| opcode | forms | which |\n| --- | --- | --- |\n";
    for (const auto& [opcode, names] : by_opcode) {
        text += fmt::format("| `{}` | {} |", opcode, names.size());
        for (const std::string& name : names)
            text += fmt::format(" `{}`", escaped(name));
        text += " |\n";
    }
    return rows.empty() ? "" : text;
}

std::string document(Rows& forms, Kernels& kernels) {
    std::string text =
        "# The emulator against silicon\n\n"
        "Written by the test `Conformance.IsWhatTheDocumentSays`, which fails where this page is "
        "not what\n"
        "it finds and says where the page as it should be lies. What the emulator is held to was "
        "recorded\n"
        "on an NVIDIA H200 (driver 580.159.04): docs/formats/golden.md.\n\n## Instruction forms\n\n"
        "| outcome | forms |\n| --- | --- |\n";
    for (const Outcome outcome :
         {Outcome::Right, Outcome::Wrong, Outcome::Accused, Outcome::NotHeld, Outcome::Refused})
        text += fmt::format("| {} | {} |\n", name_of(outcome), forms[outcome].size());
    text += table("Wrong", forms[Outcome::Wrong]) + table("Accused", forms[Outcome::Accused]) +
            table("Not held: PTX leaves the result open", forms[Outcome::NotHeld]) +
            refused(forms[Outcome::Refused]) + "\n## Whole kernels\n";
    for (const Outcome outcome :
         {Outcome::Right, Outcome::Wrong, Outcome::Accused, Outcome::Refused})
        text += table(fmt::format("Honest, and {}", name_of(outcome)), kernels.honest[outcome]);
    for (const Outcome outcome :
         {Outcome::Accused, Outcome::Right, Outcome::Wrong, Outcome::Refused})
        text += table(fmt::format("Racy, and {}", name_of(outcome)), kernels.racy[outcome]);
    return text;
}

TEST(Conformance, IsWhatTheDocumentSays) {
    Rows forms = replay_forms();
    Kernels kernels = replay_kernels();
    const std::string now = document(forms, kernels);
    if (now == read_all(kRoot + "/docs/conformance.md")) return;
    const auto fresh = std::filesystem::temp_directory_path() / "cupel_conformance.md";
    std::ofstream(fresh) << now;
    FAIL() << "right " << forms[Outcome::Right].size() << ", wrong " << forms[Outcome::Wrong].size()
           << ", refused " << forms[Outcome::Refused].size()
           << "; docs/conformance.md should be as " << fresh;
}

TEST(Conformance, AccusesEveryRacyKernelAndNoHonestOne) {
    Kernels kernels = replay_kernels();
    for (const Row& row : kernels.honest[Outcome::Accused])
        ADD_FAILURE() << row.name << ": " << row.text;
    EXPECT_EQ(kernels.racy[Outcome::Accused].size(), 9U);
}

TEST(Conformance, HasTheBitsOfSiliconInKernelsWithoutContraction) {
    // Those that are refused are in the document; none may be wrong.
    Kernels kernels = replay_kernels();
    for (const Row& row : kernels.honest[Outcome::Wrong])
        ADD_FAILURE() << row.name << ": " << row.text;
    EXPECT_GE(kernels.honest[Outcome::Right].size(), 28U);
}

}  // namespace
}  // namespace cupel::emulator::conformance
