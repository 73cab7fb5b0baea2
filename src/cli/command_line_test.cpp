// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"

#include <gtest/gtest.h>

#include "cli/complete.hpp"

namespace cupel::cli {
namespace {

Result<Parsed> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "cupel");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}
std::string error_of(std::vector<const char*> words) {
    const auto parsed = parse(std::move(words));
    return parsed ? "no error" : parsed.error().text;
}

TEST(CommandLine, ReadsEveryStableOption) {
    const auto parsed = parse({"optimize", "softmax", "--run", "r", "--budget", "30s", "--budget",
                               "9evals", "--threads", "1", "--target", "cpu", "--seed", "7",
                               "--set", "N=1024", "--set", "B=8", "--json"});
    ASSERT_TRUE(parsed) << parsed.error().text;
    const Options& options = std::get<Options>(*parsed);
    EXPECT_EQ(options.command, "optimize");
    EXPECT_EQ(options.subject, "softmax");
    EXPECT_EQ(options.run, "r");
    EXPECT_DOUBLE_EQ(*options.budget.seconds, 30);
    EXPECT_EQ(*options.budget.evaluations, 9);
    EXPECT_EQ(options.threads, 1);
    EXPECT_EQ(*options.seed, 7U);
    ASSERT_EQ(options.sizes.size(), 2U);
    EXPECT_EQ(options.sizes[1].value, 8);
    EXPECT_TRUE(options.json);
}

TEST(CommandLine, RepeatableOptionsDoNotSwallowTheTask) {
    const auto parsed = parse({"optimize", "--budget", "30s", "--set", "N=8", "softmax"});
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(std::get<Options>(*parsed).subject, "softmax");
}

TEST(CommandLine, NamesTheNearestCommandAndOption) {
    EXPECT_EQ(error_of({"optimise", "softmax"}),
              "unknown command optimise; did you mean optimize?");
    EXPECT_EQ(error_of({"judge", "softmax", "k.cpp", "--thread=1"}),
              "cupel judge: unknown option --thread; did you mean --threads?");
    EXPECT_EQ(error_of({"zzzzzzzzz"}), "unknown command zzzzzzzzz");
}

TEST(CommandLine, RefusesWhatIsMissingOrTooMuch) {
    EXPECT_NE(error_of({"judge", "softmax"}).find("KERNEL is required"), std::string::npos);
    EXPECT_EQ(error_of({"admit", "a", "b"}), "cupel admit: one argument too many: b");
    EXPECT_NE(error_of({"judge", "softmax", "k.cpp", "--threads", "0"}).find("leave it out"),
              std::string::npos);
    EXPECT_NE(error_of({"optimize", "softmax", "--threads", "two"}).find("--threads"),
              std::string::npos);
    EXPECT_EQ(error_of({"optimize", "softmax", "--seed", "-1"}),
              "cupel optimize: --seed: -1: expected a whole number, 0 .. 18446744073709551615");
    EXPECT_EQ(error_of({"optimize", "softmax", "--seed", "18446744073709551615"}), "no error");
    EXPECT_NE(error_of({"optimize", "softmax", "--seed", "18446744073709551616"}).find("expected"),
              std::string::npos);
    EXPECT_EQ(error_of({"show", "r", "--kernel", "0"}),
              "cupel show: --kernel: 0: expected a whole number, 1 .. 2147483647");
    EXPECT_EQ(error_of({"optimize", "t", "--dollars", "nan"}),
              "cupel optimize: --dollars: nan: expected a number from 0");
    EXPECT_EQ(error_of({"optimize", "t", "--gain-per-dollar", "0"}),
              "cupel optimize: --gain-per-dollar: 0: expected a number above 0");
    EXPECT_EQ(error_of({"judge", "t", "k.cpp", "--seconds", "0"}),
              "cupel judge: --seconds: 0: expected a number above 0");
    EXPECT_NE(error_of({}).find("--help"), std::string::npos);
    EXPECT_NE(error_of({"--json", "optimize"}).find("the command comes first"), std::string::npos);
}

TEST(CommandLine, EveryCommandHasHelpWithAnExample) {
    for (const CommandInfo& command : commands()) {
        const auto parsed = parse({command.name.c_str(), "--help"});
        ASSERT_TRUE(parsed) << command.name;
        const std::string& text = std::get<Text>(*parsed).text;
        EXPECT_NE(text.find("cupel " + command.name), std::string::npos) << text;
        if (command.name != "version") {
            EXPECT_NE(text.find("Examples:"), std::string::npos) << text;
        }
    }
}

TEST(CommandLine, JsonIsSeenEvenWhereTheRestMakesNoSense) {
    const char* const with[] = {"cupel", "nonsense", "--json"};
    const char* const without[] = {"cupel", "nonsense"};
    EXPECT_TRUE(wants_json(3, with));
    EXPECT_FALSE(wants_json(2, without));
    EXPECT_FALSE(wants_json(0, nullptr));
}

TEST(CommandLine, HelpOfACommandIsTheCommandsOwn) {
    const auto parsed = parse({"help", "judge"});
    ASSERT_TRUE(parsed);
    EXPECT_NE(std::get<Text>(*parsed).text.find("KERNEL"), std::string::npos);
}

TEST(CommandLine, FlagsTakeNoValueSoThatJsonMeansOneThing) {
    EXPECT_NE(error_of({"show", "--json=false"}), "no error");
}

std::string offered(const std::vector<std::string>& words) {
    return candidates_text(complete(words));
}

TEST(Completion, KnowsThreeShells) {
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const auto script = completion_script(shell);
        ASSERT_TRUE(script);
        EXPECT_NE(script->find(kCompleteCommand), std::string::npos) << shell;
    }
    EXPECT_FALSE(completion_script("csh"));
}

TEST(Completion, OffersCommandsThenTheirArguments) {
    for (const CommandInfo& command : commands())
        EXPECT_NE(offered({"op"}).find(command.name + "\t"), std::string::npos) << command.name;
    EXPECT_NE(offered({"judge", "x.task", ""}).find(":files\n"), std::string::npos);
    EXPECT_EQ(offered({"judge", "x.task", "x.cpp", ""}), "");
    EXPECT_EQ(offered({"completion", ""}), "bash\nzsh\nfish\n");
    EXPECT_EQ(offered({"doctor", ""}), "");
    EXPECT_EQ(offered({"nonsense", ""}), "");
    EXPECT_EQ(offered({"help", ""}), offered({""}));
}

TEST(Completion, OffersOptionsAndTheirValues) {
    EXPECT_NE(offered({"judge", "--thr"}).find("--threads\tthreads a kernel"), std::string::npos);
    EXPECT_EQ(offered({"optimize", "--target", ""}), "cpu\ncuda\nemu\n");
    EXPECT_EQ(offered({"optimize", "softmax", "--run", "r"}), ":folders\n");
    EXPECT_EQ(offered({"optimize", "--threads", ""}), "");
    // The value of an option is no argument, and a flag takes none.
    EXPECT_NE(offered({"judge", "--threads", "1", "x.task", "--json", ""}).find(":files"),
              std::string::npos);
}

}  // namespace
}  // namespace cupel::cli
