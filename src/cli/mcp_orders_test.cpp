// SPDX-License-Identifier: Apache-2.0
#include "cli/mcp_orders.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "cli/mcp_answers.hpp"
#include "cli/mcp_tools.hpp"
#include "mcp/schema.hpp"

namespace cupel::cli {
namespace {

using Json = nlohmann::json;

// Words of the line that could be read as an option, beyond those that we wrote.
std::vector<std::string> options_in(const JobOrder& order) {
    std::vector<std::string> found;
    std::ranges::copy_if(order.arguments, std::back_inserter(found),
                         [](const std::string& word) { return word.starts_with('-'); });
    return found;
}

TEST(Orders, PutTextsIntoFilesAndNothingOfTheClientsIntoOptions) {
    const auto order = judge_order({{"task_text", "--help"},
                                    {"kernel", "--json\n-x"},
                                    {"sizes", {{"N", 64}, {"B", 2}}},
                                    {"threads", 1},
                                    {"target", "emu"}});
    ASSERT_TRUE(order) << order.error().text;
    EXPECT_EQ(order->arguments,
              (std::vector<std::string>{"judge", "task.task", "kernel.cu", "--set", "B=2", "--set",
                                        "N=64", "--threads", "1", "--target", "emu"}));
    ASSERT_EQ(order->files.size(), 2U);
    EXPECT_EQ(order->files[0].content, "--help");
    EXPECT_EQ(order->files[1].content, "--json\n-x");
    EXPECT_TRUE(order->own_task);
}

TEST(Orders, RefuseNamesThatAreNoWordsOrNoTasks) {
    for (const char* name : {"--help", "-h", "../softmax", "/etc/passwd", "softmax.task",
                             "soft max", ".", "", "softmax\n", "no_such_task", "\u00e9"}) {
        EXPECT_FALSE(judge_order({{"task", name}, {"kernel", "x"}, {"threads", 1}})) << name;
        EXPECT_FALSE(run_order({{"run", name}})) << name;
    }
    for (const char* size : {"--run", "-N", "", "N=1 --json", "N N", "=", "../N"}) {
        EXPECT_FALSE(judge_order(
            {{"task_text", "x"}, {"kernel", "x"}, {"threads", 1}, {"sizes", {{size, 1}}}}))
            << size;
    }
    EXPECT_FALSE(verify_order({{"certificate", "x"}, {"key", "--json"}}));
    EXPECT_FALSE(judge_order({{"task_text", "x"}, {"task", "softmax"}, {"kernel", "x"}}));
    EXPECT_FALSE(judge_order({{"task_text", "x"}, {"kernel", "x"}, {"threads", 4000}}));
}

TEST(Orders, NameOneContentOnceWhateverItsSpelling) {
    const auto content = [](Json more) {
        more.update({{"task_text", "x"}, {"kernel", "k"}});
        const auto order = judge_order(more);
        return order ? order->content : order.error().text;
    };
    EXPECT_EQ(content({{"threads", 1}}), content({{"threads", 1}, {"target", "cpu"}}));
    EXPECT_EQ(content({{"threads", 1}, {"wait_seconds", 3}}), content({{"threads", 1}}));
    EXPECT_NE(content({{"threads", 1}}), content({{"threads", 1}, {"sizes", {{"N", 3}}}}));
    EXPECT_NE(content({{"threads", 1}}), content({{"threads", 1}, {"target", "emu"}}));
    const auto other = judge_order({{"task_text", "x"}, {"kernel", "k2"}, {"threads", 1}});
    const auto one = judge_order({{"task_text", "x"}, {"kernel", "k"}, {"threads", 1}});
    ASSERT_TRUE(one && other);
    EXPECT_NE(one->content, other->content);
    EXPECT_EQ(one->conditions, other->conditions);
}

TEST(Orders, OfASearchNameNoModelAndAFolderInRuns) {
    const auto order = optimize_order({{"task_text", "x"}, {"threads", 1}, {"seconds", 5}});
    ASSERT_TRUE(order);
    EXPECT_EQ(options_in(*order), (std::vector<std::string>{"--threads", "--budget", "--run"}));
    EXPECT_NE(order->arguments.back().find("/runs/mcp-task-"), std::string::npos);
}

Job ended(std::string kind, int code, Json document) {
    Job job;
    job.handle = "0123456789abcdef";
    job.order.kind = std::move(kind);
    job.state = JobState::Done;
    job.code = code;
    job.document = std::move(document);
    return job;
}

TEST(Answers, AreFailuresUnlessTheKernelIsRight) {
    const auto failed = [](const char* kind, int code) {
        return job_answer(ended(kind, code, {{"status", "s"}, {"reason", "r"}}), {}).failed;
    };
    for (const int right : {0, 10, 11})
        EXPECT_FALSE(failed("judge", right)) << right;
    for (const int wrong : {2, 20, 21, 22, 23, 24, 25, 26, 30, 70})
        EXPECT_TRUE(failed("judge", wrong)) << wrong;
    EXPECT_TRUE(failed("verify", 11));  // not seen again here
    Job job = ended("judge", 0, nullptr);
    job.state = JobState::Cancelled;
    EXPECT_TRUE(job_answer(job, {}).failed);
}

TEST(Answers, TellNeitherSamplesNorSeeds) {
    const Json verdict = {{"status", "faster"}, {"samples", {1, 2}}, {"seed", {{"value", "s"}}}};
    for (const Json& document : {verdict, Json{{"verdict", verdict}}, Json{{"here", verdict}},
                                 Json{{"trials", Json::array({Json{{"verdict", verdict}}})}}}) {
        const mcp::Answer answer = job_answer(ended("judge", 0, document), {});
        const std::string told = answer.structured.dump();
        EXPECT_EQ(told.find("samples"), std::string::npos) << told;
        EXPECT_EQ(told.find("seed"), std::string::npos) << told;
        EXPECT_NE(told.find("faster"), std::string::npos) << told;
    }
}

TEST(Answers, FitTheSchemaThatIsPublished) {
    for (const JobState state : {JobState::Queued, JobState::Running, JobState::Done,
                                 JobState::Failed, JobState::Cancelled}) {
        Job job = ended("judge", 20, {{"status", "wrong"}});
        job.state = state;
        job.judged_here = 1;
        const Json told =
            job_answer(job, {.repeated = true, .ahead = 1, .progress = "p"}).structured;
        EXPECT_EQ(mcp::violation(job_schema(), told), std::nullopt) << told;
        EXPECT_EQ(told["state"], std::string(job_state_name(state)));
    }
}

TEST(Answers, ShowARunAPieceAtATime) {
    Json run = {{"run", "r"}, {"kernels", Json::array()}};
    for (int id = 1; id <= 9; ++id) {
        run["kernels"].push_back(
            {{"id", id},
             {"origin", "sweep"},
             {"trials", Json::array({Json{{"trial", "screen"},
                                          {"verdict", {{"status", "wrong"}, {"reason", "r"}}}}})}});
    }
    shorten_run(run, 4, 3);
    ASSERT_EQ(run["kernels"].size(), 3U);
    EXPECT_EQ(run["kernels"][0]["id"], 4);
    EXPECT_EQ(run["kernels"][0]["outcome"], "wrong");
    EXPECT_EQ(run["kernels_in_all"], 9);
}

TEST(Answers, BearWhateverAStrangersRunHolds) {
    for (
        const char* text :
        {R"({"kernels": [1, null, [], {"id": "x"}, {"id": 2, "trials": [3]}]})",
         R"({"kernels": [{"id": 5, "trials": [{"verdict": {"status": 1, "speedup": {"mid": ""}}}]}]})",
         R"({"kernels": {}})", R"({"error": 1, "trials": [1, {"verdict": 2}], "verdict": []})"}) {
        Json document = Json::parse(text);
        const Job job = ended("run", 0, document);
        EXPECT_TRUE(job_answer(job, {}).structured.is_object()) << text;
        shorten_run(document, 1, 10);
    }
}

TEST(Tools, AreListedInAFixedOrderWithObjectsForSchemas) {
    auto jobs = Jobs::open(std::nullopt);
    ASSERT_TRUE(jobs);
    std::vector<std::string> names;
    for (const auto& tool : make_tools(*jobs)) {
        const mcp::Description& about = tool->description();
        names.push_back(about.name);
        EXPECT_EQ(about.input["type"], "object") << about.name;
        EXPECT_EQ(about.input["additionalProperties"], false) << about.name;
        EXPECT_TRUE(about.input["properties"].is_object()) << about.name;
        EXPECT_TRUE(about.input["required"].is_array()) << about.name;
        EXPECT_EQ(about.output["type"], "object") << about.name;
        EXPECT_TRUE(about.output["required"].is_array()) << about.name;
    }
    EXPECT_EQ(names, (std::vector<std::string>{"tasks", "task", "judge", "optimize", "wait",
                                               "cancel", "history", "run", "verify", "doctor"}));
}

}  // namespace
}  // namespace cupel::cli
