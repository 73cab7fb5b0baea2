// SPDX-License-Identifier: Apache-2.0
// The real program, the real referee, and a model that is a server of this process.
#include "cli/writers.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "model/test_server.hpp"
#include "os/child.hpp"
#include "os/files.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kSecret = "sk-test-0123456789abcdef";

// Half of the rows: wrong, so that no winner has to be judged, which takes most of a run's time.
std::string wrong_kernel(int rows) {
    return fmt::format(R"(#include "task.hpp"
#include <math.h>
extern "C" void kernel(const float* x, float* y) {{
  for (int b = 0; b < {}; ++b) {{
    float m = x[b * 256], s = 0;
    for (int n = 1; n < 256; ++n) m = fmaxf(m, x[b * 256 + n]);
    for (int n = 0; n < 256; ++n) s += y[b * 256 + n] = expf(x[b * 256 + n] - m);
    for (int n = 0; n < 256; ++n) y[b * 256 + n] /= s;
  }}
}}
)",
                       rows);
}

std::string as_json_string(const std::string& text) {
    const std::string quoted = nlohmann::json(text).dump();
    return quoted.substr(1, quoted.size() - 2);
}

struct OptimizeWithWriters : ::testing::Test {
    os::TempDir folder = os::TempDir::make("cupel-optimize").value();
    std::string said;
    nlohmann::json document;

    int run(std::vector<std::string> arguments) {
        os::Command command;
        command.argv = {(os::program_folder() / "cupel").string()};
        std::ranges::move(arguments, std::back_inserter(command.argv));
        command.folder = folder.path().string();
        const fs::path cache = os::program_folder().parent_path() / "test_cache";
        command.environment = {"PATH=/usr/bin:/bin",
                               "CUPEL_RIVALS=none",
                               "XDG_CACHE_HOME=" + cache.string(),
                               "XDG_CONFIG_HOME=" + (folder.path() / "config").string(),
                               "XDG_DATA_HOME=" + (folder.path() / "data").string(),
                               "MY_KEY=" + std::string(kSecret)};
        const auto output = os::run(std::move(command), std::chrono::seconds(120));
        EXPECT_TRUE(output.has_value());
        said = output ? output->text : "";
        const std::size_t at = said.find("\n{") == std::string::npos ? 0 : said.find("\n{");
        document = nlohmann::json::parse(said.substr(at, said.rfind('}') + 1 - at), nullptr, false);
        return output ? output->exit.code : -1;
    }
    // Nothing that is tried is right, so there is no winner.
    void optimize(std::vector<std::string> arguments) {
        std::vector<std::string> all = {"optimize", "softmax",   "--set", "B=32",  "--set",
                                        "N=256",    "--threads", "1",     "--json"};
        std::ranges::move(arguments, std::back_inserter(all));
        EXPECT_EQ(run(std::move(all)), 11) << said;
    }
    static std::string texts_in(const fs::path& place) {
        std::string all;
        for (const auto& entry : fs::recursive_directory_iterator(place))
            if (entry.is_regular_file()) all += os::read_file(entry.path()).value();
        return all;
    }
    // Every byte that is left in the folder.
    std::string leavings() const { return texts_in(folder.path()); }
};

TEST_F(OptimizeWithWriters, AsksAModelKeepsItsAnswersAndLosesTheKey) {
    model::testing::Server server([](const model::testing::Call&, model::testing::Peer& peer) {
        peer.send(model::testing::chat_stream(
            {as_json_string("IDEA: half\n```cpp\n" + wrong_kernel(16) + "```\n")}));
    });
    ASSERT_TRUE(os::write_file_atomically(folder.path() / "prices.json",
                                          R"({"chat:m": {"input": 1, "output": 2,
                                              "max_output": 4096}})"));
    optimize({"--budget", "1evals", "--run", "a", "--model", "chat:m", "--base-url", server.url(),
              "--key-env", "MY_KEY", "--prices", "prices.json", "--dollars", "1"});
    ASSERT_EQ(server.calls().size(), 1U);
    EXPECT_EQ(document.at("calls").get<int>(), 1) << said;
    EXPECT_NEAR(document.at("dollars").get<double>(), 180e-6, 1e-9);
    EXPECT_THAT(server.calls().at(0).head, HasSubstr("Bearer " + std::string(kSecret)));
    EXPECT_THAT(server.calls().at(0).body, HasSubstr("task softmax"));
    EXPECT_THAT(server.calls().at(0).body, HasSubstr(R"("max_tokens":4096)"));
    EXPECT_THAT(said, Not(HasSubstr(std::string(kSecret))));
    EXPECT_THAT(leavings(), Not(HasSubstr(std::string(kSecret))));

    EXPECT_EQ(run({"show", "a", "--trajectories"}), 0);
    const auto trajectory = nlohmann::json::parse(said);
    EXPECT_THAT(trajectory.at("ask").at("prompt").dump(), HasSubstr("task softmax"));
    EXPECT_THAT(trajectory.at("ask").at("reply").get<std::string>(), HasSubstr("IDEA: half"));
    EXPECT_EQ(trajectory.at("ask").at("idea"), "half");
    EXPECT_EQ(trajectory.at("ask").at("input"), 100);
    EXPECT_EQ(trajectory.at("ask").at("cached"), 60);
    EXPECT_TRUE(trajectory.at("ask").at("written").is_null());
    EXPECT_EQ(trajectory.at("ask").at("reasoning"), 25);
    EXPECT_EQ(trajectory.at("kernel").at("source"), wrong_kernel(16));
    EXPECT_EQ(trajectory.at("trials").at(0).at("verdict").at("status"), "wrong");

    // The same kernel again, with nobody to ask.
    optimize({"--budget", "1evals", "--run", "b", "--replay", "a"});
    EXPECT_EQ(server.calls().size(), 1U);
    EXPECT_EQ(run({"show", "b", "--trajectories"}), 0);
    EXPECT_EQ(nlohmann::json::parse(said).at("kernel").at("source"), wrong_kernel(16));
}

TEST_F(OptimizeWithWriters, TriesWhatAProgramWritesAndForgetsWhatIsWrong) {
    for (const int rows : {8, 16}) {
        ASSERT_TRUE(os::write_file_atomically(folder.path() / fmt::format("rows_{}.cpp", rows),
                                              wrong_kernel(rows)));
    }
    const std::string agent =
        "test -s README.md || exit 9\n"
        "case $PWD in *0000) from=rows_8.cpp;; *) from=rows_16.cpp;; esac\n"
        "cp ../../../$from kernel.cpp";
    // Its turn comes again when the schedules have had theirs, which may well win.
    const int code =
        run({"optimize", "softmax", "--set", "B=32", "--set", "N=256", "--threads", "1", "--json",
             "--budget", "24evals", "--run", "c", "--proposer-command", agent});
    EXPECT_THAT(code, ::testing::AnyOf(0, 10, 11)) << said;
    EXPECT_EQ(run({"show", "c", "--json"}), 0);
    int of_program = 0;
    for (const auto& kernel : document.at("kernels")) {
        if (kernel.at("origin") != "command") continue;
        ++of_program;
        EXPECT_EQ(kernel.at("trials").at(0).at("verdict").at("status"), "wrong");
    }
    EXPECT_EQ(of_program, 2) << said;
    const fs::path second = folder.path() / "c" / "command" / "0001";
    EXPECT_THAT(os::read_file(second / "feedback.txt").value(), HasSubstr("its answer is wrong"));
    // What was wrong is not what the next call is shown, and nothing of it is remembered.
    EXPECT_THAT(os::read_file(second / "best.cpp").value(), Not(HasSubstr("b < 8;")));
    if (const fs::path data = folder.path() / "data"; fs::exists(data)) {
        EXPECT_THAT(texts_in(data), Not(HasSubstr("b < 8;")));
        EXPECT_THAT(texts_in(data), Not(HasSubstr("b < 16;")));
    }

    // The same kernels again, where there is no such program; and a recording holds no command
    // line.
    EXPECT_THAT(leavings(), Not(HasSubstr("test -s README.md")));
    for (const int rows : {8, 16})
        fs::remove(folder.path() / fmt::format("rows_{}.cpp", rows));
    optimize({"--budget", "2evals", "--run", "d", "--replay", "c"});
    EXPECT_EQ(run({"show", "d", "--trajectories"}), 0);
    const std::vector<std::string> again = split(said, '\n');
    ASSERT_GE(again.size(), 2U) << said;
    for (const std::size_t i : {0U, 1U}) {
        const auto kernel = nlohmann::json::parse(again[i]).at("kernel");
        EXPECT_EQ(kernel.at("source"), wrong_kernel(i == 0 ? 8 : 16));
        EXPECT_EQ(kernel.at("origin"), "command");
    }
    EXPECT_EQ(run({"optimize", "sum_rows", "--run", "e", "--replay", "c"}), 2) << said;
    EXPECT_THAT(said, HasSubstr("its kernels are of softmax, and this run is of sum_rows"));
    EXPECT_FALSE(fs::exists(folder.path() / "e"));
    EXPECT_EQ(run({"show", "c", "--trajectories"}), 0);
    nlohmann::json asked;
    for (const std::string& line : split(said, '\n')) {
        const auto ask = nlohmann::json::parse(line, nullptr, false);
        if (ask.is_object() && !ask.at("ask").is_null()) asked = ask.at("ask");
        if (asked.is_object() && asked.at("prompt").dump().contains("its answer is wrong")) break;
    }
    EXPECT_THAT(asked.at("prompt").dump(), HasSubstr("its answer is wrong"));
    EXPECT_EQ(asked.at("reply"), wrong_kernel(16));
}

TEST_F(OptimizeWithWriters, ForgetsForEverWhatTheArchiveHasQuarantined) {
    for (const int rows : {8, 16}) {
        ASSERT_TRUE(os::write_file_atomically(folder.path() / fmt::format("rows_{}.cpp", rows),
                                              wrong_kernel(rows)));
    }
    const std::string agent =
        "case $PWD in *0000) from=8;; *) from=16;; esac; cp ../../../rows_$from.cpp kernel.cpp";
    optimize({"--budget", "1evals", "--run", "q", "--proposer-command", agent});
    const fs::path forgotten = folder.path() / "data" / "cupel" / "memory" / "forgotten.txt";
    EXPECT_FALSE(fs::exists(forgotten));
    {
        auto archive = archive::Archive::open(folder.path() / "q" / "archive.db").value();
        ASSERT_TRUE(archive.quarantine(archive.find(hash_hex(wrong_kernel(8))).value()->id));
    }
    // Schedules have their turns, too.
    run({"optimize", "--resume", "q", "--budget", "4evals", "--proposer-command", agent});
    // It, and not the one that is only wrong.
    EXPECT_EQ(os::read_file(forgotten).value_or(""), hash_hex(wrong_kernel(8)) + "\n") << said;
}

TEST_F(OptimizeWithWriters, TellsWhatWasSpentThoughNothingCameOfIt) {
    model::testing::Server server([](const model::testing::Call&, model::testing::Peer& peer) {
        // Not counted, and no kernel.
        peer.send(model::testing::kStreamHead + model::testing::chat_pieces({"IDEA"}) +
                  model::testing::kChatStop + model::testing::kChatDone);
    });
    ASSERT_TRUE(os::write_file_atomically(folder.path() / "prices.json",
                                          R"({"chat:m": {"input": 1, "output": 2}})"));
    for (const int rows : {8, 16}) {
        ASSERT_TRUE(os::write_file_atomically(folder.path() / fmt::format("rows_{}.cpp", rows),
                                              wrong_kernel(rows)));
    }
    // The one kernel that each part tries.
    const std::vector<std::string> how = {
        "--budget",
        "1evals",
        "--model",
        "chat:m",
        "--base-url",
        server.url(),
        "--prices",
        "prices.json",
        "--dollars",
        "0.12",
        "--proposer-command",
        "case $PWD in *0000) from=8;; *) from=16;; esac; cp ../../../rows_$from.cpp kernel.cpp"};
    std::vector<std::string> all = {"--run", "m"};
    all.insert(all.end(), how.begin(), how.end());
    optimize(all);
    const std::size_t calls = server.calls().size();
    ASSERT_GE(calls, 1U) << said;
    const double dollars = document.at("dollars").get<double>();
    EXPECT_GT(dollars, 0.03 * static_cast<double>(calls)) << said;
    EXPECT_LE(dollars, 0.12) << said;
    EXPECT_GT(document.at("tokens").get<int>(), 16'384 * static_cast<int>(calls)) << said;
    ASSERT_EQ(document.at("spending").size(), 2U) << said;
    const nlohmann::json& spent = document.at("spending").at(0);
    EXPECT_EQ(spent.at("model"), "chat:m");
    EXPECT_TRUE(spent.at("operator").is_string());
    EXPECT_EQ(spent.at("calls"), calls);
    EXPECT_EQ(spent.at("kernels"), 0);
    EXPECT_DOUBLE_EQ(spent.at("dollars").get<double>(), dollars);
    EXPECT_EQ(spent.at("tokens"), document.at("tokens"));
    EXPECT_GT(spent.at("seconds").get<double>(), 0);
    EXPECT_EQ(document.at("spending").at(1).at("model"), "command");
    EXPECT_EQ(document.at("spending").at(1).at("kernels"), 1);

    // The prices are in the run.
    all = {"optimize", "--resume", "m", "--json"};
    std::ranges::copy_if(how, std::back_inserter(all), [](const std::string& word) {
        return word != "--prices" && word != "prices.json";
    });
    EXPECT_EQ(run(std::move(all)), 11) << said;
    EXPECT_EQ(server.calls().size(), calls) << said;
    EXPECT_DOUBLE_EQ(document.at("dollars").get<double>(), dollars) << said;
}

// Those with such words, wherever they run.
std::vector<std::string> processes_of(std::string_view words) {
    std::vector<std::string> found;
    for (const fs::directory_entry& process : fs::directory_iterator("/proc")) {
        const auto line = os::read_file(process.path() / "cmdline");
        std::string text = line.value_or("");
        std::ranges::replace(text, '\0', ' ');
        if (text.starts_with(words)) found.push_back(text);
    }
    return found;
}

// Also those that it put into a session of their own.
TEST_F(OptimizeWithWriters, EndsAProgramAndItsChildrenWhenTheTimeIsOver) {
    const auto begin = std::chrono::steady_clock::now();
    run({"optimize", "softmax", "--set", "B=32", "--set", "N=256", "--threads", "1", "--json",
         "--budget", "2s", "--run", "t", "--proposer-command",
         "setsid sleep 45.25 & sleep 45.5 & wait"});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took.count(), 35) << said;
    EXPECT_TRUE(processes_of("sleep 45.").empty());
    // Nothing can be said against a program that was not given its time: it is called again.
    EXPECT_THAT(said, Not(HasSubstr("--proposer-command:")));
    EXPECT_TRUE(document.at("spending").empty()) << said;
}

TEST_F(OptimizeWithWriters, NamesTheIdeaThatAKernelCarriesOut) {
    struct Thinker final : model::Client {
        model::Answer ask(const model::Request& request) override {
            model::Reply reply;
            reply.text = request.note == "plan 0" ? "IDEA: tile\nIDEA: pack\n" : "I cannot.";
            return reply;
        }
    } thinker;
    auto archive = archive::Archive::open(folder.path() / "e.db").value();
    fs::create_directory(folder.path() / "e");
    auto recording =
        model::Recording::open(folder.path() / "e" / "model", model::Recording::Mode::Record)
            .value();
    model::RecordingClient client(recording, "chat", &thinker, {});
    std::string plan;
    for (const bool planning : {true, false}) {
        model::Request request;
        request.model = "m";
        request.sample = planning ? 0 : 1;
        request.note = planning ? "plan 0" : "write 0 idea:" + plan.substr(0, 12) + ".2";
        ASSERT_TRUE(client.ask(request).has_value());
        archive::Ask ask;
        ask.hash = model::request_hash("chat", request);
        ask.way = planning ? "plan" : "write";
        ASSERT_TRUE(archive.record_ask(ask));
        plan = planning ? ask.hash : plan;
    }
    archive = archive::Archive::open(":memory:").value();
    fs::rename(folder.path() / "e.db", folder.path() / "e" / "archive.db");
    EXPECT_EQ(run({"show", "e", "--trajectories"}), 0) << said;
    const auto written = nlohmann::json::parse(split(said, '\n').at(1)).at("ask");
    EXPECT_EQ(written.at("carries_out").at("text"), "pack") << said;
    EXPECT_EQ(written.at("carries_out").at("question"), plan);
}

TEST_F(OptimizeWithWriters, SaysWhatIsMissingBeforeAFolderIsMade) {
    EXPECT_EQ(run({"optimize", "softmax", "--model", "openai:m", "--run", "d"}), 2);
    EXPECT_THAT(said, HasSubstr("what does openai:m cost?"));
    EXPECT_EQ(run({"optimize", "softmax", "--replay", "nowhere", "--run", "d"}), 2);
    EXPECT_THAT(said, HasSubstr("no recording is there"));
    EXPECT_FALSE(fs::exists(folder.path() / "d"));
}

}  // namespace
}  // namespace cupel::cli
