// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "base/text.hpp"
#include "report/card.hpp"
#include "report/style.hpp"

namespace cupel::report {
namespace {

TEST(Style, ColoursOnlyWhereAsked) {
    EXPECT_EQ(Style{false}.paint(Tone::Good, "x"), "x");
    EXPECT_EQ(Style{true}.paint(Tone::Good, "x"), "\x1b[1;32mx\x1b[0m");
}

TEST(Style, WidthCountsCharactersNotBytesNorEscapes) {
    EXPECT_EQ(display_width("│ab│"), 4U);
    EXPECT_EQ(display_width(Style{true}.paint(Tone::Bad, "é")), 1U);
    EXPECT_EQ(display_width("\x1b[1"), 0U);
}

TEST(Style, ShortenKeepsWholeCharacters) {
    EXPECT_EQ(shorten("abc", 3), "abc");
    EXPECT_EQ(shorten("äöüß", 3), "äö…");
    EXPECT_EQ(shorten("abc", 0), "");
}

TEST(Style, WrapBreaksAtSpacesAndCutsWhatHasNone) {
    EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
    EXPECT_EQ(wrap("abcdefgh", 3), (std::vector<std::string>{"abc", "def", "gh"}));
    EXPECT_EQ(wrap("", 3), (std::vector<std::string>{""}));
}

TEST(Style, BarIsAsWideAsAsked) {
    for (const double share :
         {-1.0, 0.0, 0.1, 0.37, 0.5, 0.99, 1.0, 7.0, std::numeric_limits<double>::quiet_NaN()}) {
        EXPECT_EQ(display_width(bar(share, 24)), 24U) << share;
    }
    EXPECT_EQ(bar(0.5, 4), "██··");
}

TEST(Style, StrangersCannotDriveTheTerminal) {
    EXPECT_EQ(printable("a\x1b[2Jb\tc\r\n"), "a[2Jb\tc\n");
    EXPECT_EQ(one_line("a\x1b[2Jb\tc\n"), "a[2Jb c ");
    EXPECT_EQ(printable("\u00e4 \u20ac \U0001F600 \uFFFD"), "\u00e4 \u20ac \U0001F600 \uFFFD");
    // No UTF-8, C1 in UTF-8, and marks that turn the direction of what follows.
    EXPECT_EQ(printable("a\x9b"
                        "31mb\xE2\x82"),
              "a\uFFFD31mb\uFFFD\uFFFD");
    for (const char* mark : {"\xC2\x80", "\xC2\x9B", "\u061C", "\u200E", "\u2028", "\u202A",
                             "\u202E", "\u2066", "\u2069"})
        EXPECT_EQ(printable(std::string("a") + mark + "b"), "a\uFFFDb") << mark;
}

verdict::Verdict faster() {
    verdict::Verdict verdict;
    verdict.status = verdict::Status::Faster;
    verdict.reason = "faster than naive";
    verdict.speedup = verdict::Speedup{{5.28, 5.31, 5.34, 0.95}, "naive"};
    verdict.ceiling = verdict::CeilingShare{"copy bandwidth, 2 threads", 0.78};
    verdict.seconds = 0.0124;
    verdict.evidence = {212, 1'700'000, 3'556'769'792, 0.31, 0.999999};
    verdict.isolation.parts = {"network", "files"};
    return verdict;
}

TEST(Card, EveryLineIsAsWideAsTheFrame) {
    Card card{"softmax",          "faster", Tone::Good, "5.31x faster", verdict_rows(faster()),
              "214 kernels tried"};
    card.rows.push_back({"file", {std::string(300, 'x')}});
    for (const std::size_t columns : {40U, 63U, 92U}) {
        const std::string drawn = draw(card, Style{}, columns);
        for (const std::string& line : split(trim(drawn), '\n'))
            EXPECT_EQ(display_width(line), columns) << line;
    }
}

TEST(Card, AHugeTitleOrSealDoesNotBreakIt) {
    const Card card{std::string(500, 't'), "sealed", Tone::Bad, "", {}, std::string(500, 'f')};
    for (const std::string& line : split(trim(draw(card, Style{}, 40)), '\n'))
        EXPECT_EQ(display_width(line), 40U);
}

TEST(Card, NoTextOfAStrangerBreaksItsBorder) {
    const std::string evil =
        "x\ny\x1b[31m\t\x9b"
        "2J\u202Ez";
    const Card card{evil, evil, Tone::Bad, evil, {{"file", {evil, "b"}}}, evil};
    const std::string drawn = draw(card, Style{}, 60);
    EXPECT_EQ(drawn.find('\x1b'), std::string::npos);
    EXPECT_EQ(drawn.find("\u202E"), std::string::npos);
    for (const std::string& line : split(trim(drawn), '\n'))
        EXPECT_EQ(display_width(line), 60U) << line;
}

TEST(Card, TellsSpeedCeilingChecksAndIsolation) {
    const std::string drawn =
        draw({"softmax", "faster", Tone::Good, "", verdict_rows(faster()), ""}, Style{}, 92);
    for (const char* words :
         {"5.310x [5.280, 5.340] over naive", "12.4 ms a call", "78 % of copy bandwidth",
          "212 answers", "full: network, files", "fp32, tier native, cpu, 1 thread"}) {
        EXPECT_NE(drawn.find(words), std::string::npos) << words << "\n" << drawn;
    }
}

std::vector<std::string> compiler_row(verdict::Status status, std::string detail) {
    verdict::Verdict verdict;
    verdict.status = status;
    verdict.detail = std::move(detail);
    for (const Row& row : verdict_rows(verdict))
        if (row.label == "compiler") return row.lines;
    return {};
}

TEST(Card, ShowsTheBeginningOfWhatTheCompilerSaid) {
    std::string page;
    for (int i = 0; i < 90; ++i)
        page += "note " + std::to_string(i) + "\n";
    const auto warned = compiler_row(verdict::Status::Slower, page);
    ASSERT_EQ(warned.size(), 5U);
    EXPECT_EQ(warned.front(), "note 0");
    EXPECT_EQ(warned.back(), "... 86 more lines; --json has them all");
    EXPECT_EQ(compiler_row(verdict::Status::Slower, "a\nb\n").size(), 2U);
    EXPECT_TRUE(compiler_row(verdict::Status::Slower, "\n").empty());
}

TEST(Card, ShowsOfARefusalTheFirstErrorAndWhereItIs) {
    const auto refused = compiler_row(verdict::Status::CompileError,
                                      "k.cpp:3:1: warning: unused variable 'p'\n"
                                      "    3 | int p;\n"
                                      "k.cpp: In function 'void kernel()':\n"
                                      "k.cpp:4:9: error: 'q' was not declared\n"
                                      "    4 | q = 1;\n");
    EXPECT_EQ(refused, (std::vector<std::string>{"k.cpp: In function 'void kernel()':",
                                                 "k.cpp:4:9: error: 'q' was not declared",
                                                 "    4 | q = 1;"}));
    // Words without an error among them (a killed compiler) are shown from their beginning.
    EXPECT_EQ(compiler_row(verdict::Status::CompileError, "Killed\n").front(), "Killed");
}

TEST(Card, SaysWhichWallsAreMissing) {
    verdict::Verdict verdict = faster();
    verdict.isolation.missing = {"user namespaces"};
    const std::string drawn =
        draw({"", "", Tone::Plain, "", verdict_rows(verdict), ""}, Style{}, 92);
    EXPECT_NE(drawn.find("reduced: network, files; missing: user namespaces"), std::string::npos)
        << drawn;
}

}  // namespace
}  // namespace cupel::report
