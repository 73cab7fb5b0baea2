// SPDX-License-Identifier: Apache-2.0
#include "engineer/reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

namespace cupel::engineer {
namespace {

using ::testing::HasSubstr;

std::string edit(std::string_view search, std::string_view replace) {
    return "<<<<<<< SEARCH\n" + std::string(search) + "=======\n" + std::string(replace) +
           ">>>>>>> REPLACE\n";
}

TEST(Reply, TakesTheOneBlockAndPassesOverTheRest) {
    EXPECT_EQ(read_block("Sure!\n```cpp\nint a;  \r\n\nint b;\n```\nHope it helps.").value(),
              "int a;\n\nint b;\n");
    EXPECT_EQ(read_block("```\nx\n```").value(), "x\n");
}

TEST(Reply, IsOneKernelWhereItHoldsSeveralFiles) {
    const std::string kernel = "#include \"tile.hpp\"\nvoid kernel() { return tile(); }\n";
    for (const char* fence :
         {"```cpp tile.hpp\n", "```tile.hpp\n", "```cpp:tile.hpp\n", "```cpp title=\"tile.hpp\"\n",
          "```cpp\n// tile.hpp\n", "```cpp\n// file: tile.hpp\n", "```\n/* tile.hpp */\n"}) {
        const std::string tile = std::string(fence) + "void tile();\n```\n";
        for (const std::string& reply :
             {tile + "```cpp\n" + kernel + "```\n", "```cpp kernel.cpp\n" + kernel + "```\n" + tile,
              "```kernel.cpp\n" + kernel + "```\n" + tile}) {
            const auto text = read_block(reply);
            ASSERT_TRUE(text) << reply << text.error().text;
            EXPECT_THAT(*text,
                        testing::EndsWith("void tile();\nvoid kernel() { return tile(); }\n"));
            EXPECT_THAT(*text, testing::Not(HasSubstr("#line")))
                << "lines are told as those of one";
        }
    }
    // Kernels of several files: the one that no other includes.
    EXPECT_EQ(read_block("```cu\n// rows.cuh\n__global__ void rows() {}\n```\n"
                         "```cu\n#include \"rows.cuh\"\n__global__ void all() {}\n```\n")
                  .value(),
              "// rows.cuh\n__global__ void rows() {}\n__global__ void all() {}\n");
    EXPECT_FALSE(
        read_block("```cu\n// a.cuh\n#include \"b.cuh\"\n__global__ void a() {}\n```\n"
                   "```cu\n// b.cuh\n#include \"a.cuh\"\n__global__ void b() {}\n```\n"));
}

// What a model writes goes to a provider again: it must not hold what lies on the user's disk.
TEST(Reply, NeverReadsAFile) {
    std::error_code ignored;
    std::ofstream("reply_secret.hpp") << "PASSWORD\n";
    for (const char* name : {"reply_secret.hpp", "./reply_secret.hpp", "../secret.hpp",
                             "/etc/hostname", "/etc/passwd", "task.hpp", "tile.hpp"}) {
        const std::string code = "#include \"" + std::string(name) + "\"\nvoid kernel() {}\n";
        EXPECT_EQ(read_block("```cpp\n" + code + "```\n").value(), code);
        EXPECT_EQ(
            read_block("```cpp\n" + code + "```\n```cpp other.hpp\n// task.hpp\nint a;\n```\n")
                .value(),
            code);
        EXPECT_EQ(apply_edits("a;\n", {{"a;\n", code}}).value(), code);
    }
    std::filesystem::remove("reply_secret.hpp", ignored);
}

TEST(Reply, PassesOverThoughts) {
    const std::string draft =
        "First:\n```cpp\nfor (;;) {}\n```\nIDEA: draft\n" + edit("a\n", "b\n");
    const std::string said = "\n\nIDEA: tile\n```cpp\nint a;\n```\n";
    for (const auto& [open, close] : std::vector<std::pair<std::string, std::string>>{
             {"<think>\n", "</think>"},
             {"", "\n</think>"},
             {"<think>```", "</think> more ``` </think>"},
             {" <thinking>", "</thinking>"},
             {"[THINK]", "[/THINK]"}}) {
        const std::string before = open + draft + close;
        EXPECT_EQ(read_block(before + said).value(), "int a;\n") << before;
        EXPECT_EQ(read_idea(before + said), "tile");
        const auto edits = read_edits(before + said + edit("c\n", "d\n"));
        ASSERT_TRUE(edits.has_value());
        EXPECT_EQ(*edits, (std::vector<Replacement>{{"c\n", "d\n"}}));
        EXPECT_THAT(read_block(before).error().text, HasSubstr("no block"));
    }
    // Cut while it thought: drafts are no answer.
    for (const std::string& cut : {"<think>\n" + draft, "<think></think>\n<think>" + draft}) {
        EXPECT_THAT(read_block(cut).error().text, HasSubstr("within the model's thoughts"));
        EXPECT_THAT(read_edits(cut).error().text, HasSubstr("within the model's thoughts"));
        EXPECT_EQ(read_idea(cut), "");
    }
    EXPECT_EQ(read_block("```\nvector<think> a;\n```").value(), "vector<think> a;\n");
}

TEST(Reply, TakesTheOnlyBlockThatCouldBeTheKernel) {
    const std::string kernel = "extern \"C\" void kernel(const float* x, float* y) {}\n";
    const std::string device = "__global__ void rows(const float* x) {}\n";
    const auto block = [](std::string_view label, std::string_view text) {
        return "```" + std::string(label) + "\n" + std::string(text) + "```\n";
    };
    for (const char* label : {"cpp", "", " C++", "c", "cpp title=kernel.cpp"}) {
        EXPECT_EQ(
            read_block(block(label, kernel) + "Compile:\n" + block("sh", "g++ -O3\n")).value(),
            kernel);
    }
    EXPECT_EQ(read_block(block("text", "1.5x\n") + block("cuda", device)).value(), device);
    EXPECT_EQ(
        read_block(block("cpp", kernel) + block("cpp", "kernel(x, y);  // void kernel(\n")).value(),
        kernel);
    for (const std::string& none : {block("cpp", kernel) + block("cpp", kernel),
                                    block("sh", kernel) + block("python", kernel),
                                    block("cpp", "int a;\n") + block("sh", "g++\n")})
        EXPECT_THAT(read_block(none).error().text, HasSubstr("2 blocks"));
}

TEST(Reply, SaysWhyThereIsNoBlock) {
    for (const auto& [reply, words] : std::vector<std::pair<std::string, std::string>>{
             {"", "no block"},
             {"int a;", "no block"},
             {"```cpp\nint a;", "does not end"},
             {"```\na\n```\n```\nb\n```", "2 blocks"},
             {"```\n\n```", "empty"},
             {"```\n" + std::string(300'000, 'x') + "\n```", "longer than"}}) {
        const auto block = read_block(reply);
        ASSERT_FALSE(block.has_value()) << reply.substr(0, 40);
        EXPECT_EQ(block.error().code, Errc::Invalid);
        EXPECT_THAT(block.error().text, HasSubstr(words));
    }
}

TEST(Reply, AppliesEditsOneAfterAnother) {
    const std::string source = "int a = 1;\nint b = 2;\nint c = 3;\n";
    const auto edits = read_edits("Here:\n" + edit("int b = 2;  \n", "int b = 4;\nint d = 5;\n") +
                                  "and\n" + edit("int d = 5;\nint c = 3;\n", ""));
    ASSERT_TRUE(edits.has_value()) << edits.error().text;
    EXPECT_EQ(edits->size(), 2U);
    EXPECT_EQ(apply_edits(source, *edits).value(), "int a = 1;\nint b = 4;\n");
}

TEST(Reply, AppliesNoEditThatIsAmbiguousOrLost) {
    const std::string source = "a\nb\na\nc\n";
    EXPECT_THAT(apply_edits(source, {{"a\n", "x\n"}}).error().text, HasSubstr("more than once"));
    EXPECT_THAT(apply_edits(source, {{"z\n", "x\n"}}).error().text, HasSubstr("do not stand"));
    EXPECT_THAT(apply_edits(source, {{"c\n", "c \n"}}).error().text, HasSubstr("change nothing"));
    EXPECT_THAT(apply_edits(source, {{"c\n", std::string(300'000, 'x')}}).error().text,
                HasSubstr("too long"));
    EXPECT_EQ(apply_edits(source, {{"a\nc\n", "x\n"}}).value(), "a\nb\nx\n");
}

TEST(Reply, SaysWhatIsWrongWithEdits) {
    for (const auto& [reply, words] : std::vector<std::pair<std::string, std::string>>{
             {"no", "no edit"},
             {"<<<<<<< SEARCH\na\n", "does not end"},
             {"<<<<<<< SEARCH\na\n=======\nb\n", "does not end"},
             {">>>>>>> REPLACE\n", "out of order"},
             {"<<<<<<< SEARCH\na\n<<<<<<< SEARCH\n", "out of order"},
             {edit("\n", "x\n"), "searches for nothing"}}) {
        const auto edits = read_edits(reply);
        ASSERT_FALSE(edits.has_value()) << reply;
        EXPECT_THAT(edits.error().text, HasSubstr(words));
    }
}

TEST(Reply, SurvivesWhateverItIsGiven) {
    std::mt19937 random(7);
    const std::vector<std::string> words = {
        "```",   "```cpp", "<<<<<<< SEARCH", "=======", "a",       ">>>>>>> REPLACE", "\r",
        "IDEA:", "",       "\xFF",           "<think>", "</think>"};
    for (int i = 0; i < 3000; ++i) {
        std::string reply;
        for (int line = 0; line < 12; ++line)
            reply += words[random() % words.size()] + "\n";
        static_cast<void>(read_block(reply));
        static_cast<void>(read_idea(reply));
        if (const auto edits = read_edits(reply))
            static_cast<void>(apply_edits("a\nb\na\n", *edits));
    }
}

TEST(Reply, ReadsTheIdeaAsOnePrintableLine) {
    EXPECT_EQ(read_idea("x\n IDEA:  tile the rows \x1b[31m\nIDEA: b"), "tile the rows [31m");
    EXPECT_EQ(read_idea("none"), "");
    EXPECT_EQ(read_idea("IDEA: " + std::string(1000, 'x')).size(), 200U);
}

}  // namespace
}  // namespace cupel::engineer
