// SPDX-License-Identifier: Apache-2.0
#include "cli/attack.hpp"

#include <gtest/gtest.h>

#include "os/files.hpp"

namespace cupel::cli {
namespace {

constexpr const char* kHead =
    "// SPDX-License-Identifier: Apache-2.0\n"
    "// attack: computes half of the rows\n"
    "// task: softmax\n"
    "// set: B=256 N=1024\n"
    "// expect: wrong|cheating|slower\n"
    "// reason: Row | column\n"
    "// twin: honest.cpp\n"
    "#include \"task.hpp\"\n"
    "// task: not in the head\n";
constexpr const char* kHonest = "// honest: softmax by rows\n// task: softmax\n";

verdict::Verdict says(verdict::Status status, std::string reason) {
    verdict::Verdict verdict;
    verdict.status = status;
    verdict.reason = std::move(reason);
    return verdict;
}

TEST(Attack, HeadSaysWhatItTriesAndWhatItMustGet) {
    const auto attack = parse_exhibit("half", kHead);
    ASSERT_TRUE(attack) << attack.error().text;
    EXPECT_FALSE(attack->honest);
    EXPECT_EQ(attack->what, "computes half of the rows");
    EXPECT_EQ(attack->task, "softmax");
    EXPECT_EQ(attack->court(), "softmax B=256 N=1024");
    EXPECT_EQ(attack->twin, "honest.cpp");
    EXPECT_EQ(attack->source, kHead);
}

TEST(Attack, VerdictMustHaveTheStatusAndOneOfTheReasons) {
    const auto attack = parse_exhibit("half", kHead);
    ASSERT_TRUE(attack) << attack.error().text;
    using verdict::Status;
    EXPECT_TRUE(is_expected(*attack, says(Status::Wrong, "row 7 was not written")));
    EXPECT_TRUE(is_expected(*attack, says(Status::Cheating, "Column 7 was not written")));
    EXPECT_FALSE(is_expected(*attack, says(Status::Wrong, "something else")));
    EXPECT_FALSE(is_expected(*attack, says(Status::Crashed, "row 7 was not written")));
    EXPECT_FALSE(is_expected(*attack, says(Status::Faster, "row 7 was not written")));
}

TEST(Attack, ThatItIsRightAndNoFasterNeedsNoReason) {
    const auto attack = parse_exhibit("half", kHead);
    ASSERT_TRUE(attack) << attack.error().text;
    EXPECT_TRUE(is_expected(*attack, says(verdict::Status::Slower, "")));
}

TEST(Attack, AnHonestKernelNamesItsTaskAndExpectsNothing) {
    const auto honest = parse_exhibit("honest", kHonest);
    ASSERT_TRUE(honest) << honest.error().text;
    EXPECT_TRUE(honest->honest);
    EXPECT_EQ(honest->court(), "softmax");
    EXPECT_FALSE(parse_exhibit("a", "// honest: x\n"));
    EXPECT_FALSE(parse_exhibit("a", std::string(kHonest) + "// expect: faster\n"));
    EXPECT_FALSE(parse_exhibit("a", std::string(kHonest) + "// attack: x\n"));
}

TEST(Attack, AnIncompleteHeadIsAnError) {
    EXPECT_FALSE(parse_exhibit("a", "#include \"task.hpp\"\n"));
    EXPECT_FALSE(parse_exhibit("a", "// attack: x\n// expect: wrong\n"));
    EXPECT_FALSE(parse_exhibit("a", "// attack: x\n// task: softmax\n"));
    EXPECT_FALSE(parse_exhibit("a", "// attack: x\n// task: softmax\n// expect: slain\n"));
    EXPECT_FALSE(
        parse_exhibit("a", "// attack: x\n// task: softmax\n// expect: wrong\n// set: B\n"));
}

class Folder : public testing::Test {
protected:
    void SetUp() override {
        auto made = os::TempDir::make("cupel-attacks-");
        ASSERT_TRUE(made) << made.error().text;
        folder_.emplace(std::move(*made));
    }
    void write(const std::string& name, std::string_view text) {
        ASSERT_TRUE(os::write_file_atomically(folder_->path() / name, text));
    }
    [[nodiscard]] auto read() const { return read_exhibits(folder_->path(), ".cpp"); }

private:
    std::optional<os::TempDir> folder_;
};

TEST_F(Folder, IsReadByNameAndOtherFilesAreLeftAlone) {
    write("half.cpp", kHead);
    write("honest.cpp", kHonest);
    write("notes.md", "no kernel");
    const auto exhibits = read();
    ASSERT_TRUE(exhibits) << exhibits.error().text;
    ASSERT_EQ(exhibits->size(), 2U);
    EXPECT_EQ(exhibits->front().name, "half");
    EXPECT_EQ(exhibits->back().name, "honest");
}

TEST_F(Folder, ATwinThatIsMissingOrOfAnotherTaskIsAnError) {
    write("half.cpp", kHead);
    EXPECT_FALSE(read());
    write("honest.cpp", "// honest: products\n// task: matmul\n");
    EXPECT_FALSE(read());
    write("honest.cpp", kHonest);
    EXPECT_TRUE(read());
}

TEST_F(Folder, AFileThatSaysNotWhatItIsIsAnError) {
    write("half.cpp", "// computes half of the rows\n");
    const auto exhibits = read();
    ASSERT_FALSE(exhibits);
    EXPECT_NE(exhibits.error().text.find("half"), std::string::npos) << exhibits.error().text;
}

}  // namespace
}  // namespace cupel::cli
