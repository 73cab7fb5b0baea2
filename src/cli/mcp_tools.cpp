// SPDX-License-Identifier: Apache-2.0
#include "cli/mcp_tools.hpp"

#include <fmt/format.h>

#include <array>
#include <functional>

#include "cli/mcp_answers.hpp"
#include "cli/mcp_orders.hpp"
#include "cli/workplace.hpp"
#include "os/clock.hpp"

namespace cupel::cli {
namespace {

using mcp::Answer;
using mcp::Called;
using Json = nlohmann::json;

constexpr int kUsualWait = 30;  // seconds; clients give up on a call after a minute
constexpr int kLongestWait = 50;
constexpr int kCancelWait = 5;
constexpr int kMostRuns = 100;  // that the history names

// ---- schemas ----

Json a_text(const char* what, std::size_t longest) {
    return {{"type", "string"}, {"description", what}, {"maxLength", longest}};
}
Json a_choice(const char* what, std::vector<std::string> words) {
    return {{"type", "string"}, {"description", what}, {"enum", std::move(words)}};
}
Json a_number(const char* what, int least, int most) {
    return {{"type", "integer"}, {"description", what}, {"minimum", least}, {"maximum", most}};
}
Json arguments_schema(Json properties, std::vector<std::string> required = {}) {
    return {{"type", "object"},
            {"properties", std::move(properties)},
            {"required", std::move(required)},
            {"additionalProperties", false}};
}

// The task, its sizes and the threads, which most tools take.
Json with_task(Json more) {
    constexpr std::size_t kLongestTask = std::size_t{1} << 16;
    constexpr std::int64_t kLargestSize = std::int64_t{1} << 40;
    constexpr int kMostThreads = 4096;
    more["task"] = a_text("the name of a task that `tasks` lists", 100);
    more["task_text"] = a_text(
        "instead of task: a task file of your own, as `task` shows them. Libraries that it names "
        "are not called",
        kLongestTask);
    more["sizes"] = {
        {"type", "object"},
        {"description", "sizes of the task to replace, such as {\"N\": 1024}"},
        {"additionalProperties", {{"type", "integer"}, {"minimum", 1}, {"maximum", kLargestSize}}}};
    more["threads"] = a_number("threads that a kernel may use; all of the server's if not given", 1,
                               kMostThreads);
    return more;
}

Json with_wait(Json more) {
    more["wait_seconds"] = a_number(
        "the answer comes when the job ends, or after so long with a handle for `wait`; "
        "30 if not given",
        0, kLongestWait);
    return more;
}

Json gpu_choice() {
    return a_choice("device code: by whose data sheet bounds are; h200 if not given",
                    {"a100", "h100", "h200", "l40s", "rtx4090"});
}

Json handle_text() {
    return a_text("as judge, call_optimize, verify or doctor gave it", 64);
}

// ---- calls that wait for a job ----

struct Waiting {
    std::string handle;
    int seconds = kUsualWait;
    bool repeated = false;
    bool owns = true;                           // the job was begun for this call
    std::function<Answer(Answer)> finish = {};  // for what is not told as a job
};

class JobCall final : public mcp::Pending {
public:
    JobCall(Jobs& jobs, Waiting waiting)
        : jobs_(jobs), waiting_(std::move(waiting)), begun_ns_(os::now_ns()) {
        if (Job* const job = found()) ++job->waiting;
    }
    JobCall(const JobCall&) = delete;
    JobCall& operator=(const JobCall&) = delete;
    JobCall(JobCall&&) = delete;
    JobCall& operator=(JobCall&&) = delete;
    ~JobCall() override {
        if (Job* const job = found()) --job->waiting;
    }

    [[nodiscard]] std::optional<Answer> look() override {
        Job* const job = found();
        if (job == nullptr) return mcp::failure("the job was forgotten; newer ones took its place");
        const bool late = os::seconds_since(begun_ns_) >= waiting_.seconds;
        if (!job->ended() && !late) return std::nullopt;
        job->told = true;
        Answer answer = job_answer(*job, {.repeated = waiting_.repeated,
                                          .ahead = jobs_.ahead_of(*job),
                                          .progress = jobs_.progress(*job)});
        return waiting_.finish ? waiting_.finish(std::move(answer)) : std::move(answer);
    }
    [[nodiscard]] std::string progress() const override {
        const Job* const job = found();
        return job == nullptr ? "" : jobs_.progress(*job);
    }
    // Whoever has the handle may still want it, and so may another call.
    void cancel() override {
        Job* const job = found();
        if (job != nullptr && waiting_.owns && !job->told && job->waiting == 1) jobs_.cancel(*job);
    }

private:
    [[nodiscard]] Job* found() const { return jobs_.find(waiting_.handle); }

    Jobs& jobs_;
    Waiting waiting_;
    std::int64_t begun_ns_;
};

// ---- the tools ----

using Handler = std::function<Called(Jobs&, const Json&)>;

class JobTool final : public mcp::Tool {
public:
    JobTool(Jobs& jobs, mcp::Description description, Handler handler)
        : jobs_(jobs), description_(std::move(description)), handler_(std::move(handler)) {}
    [[nodiscard]] const mcp::Description& description() const override { return description_; }
    [[nodiscard]] Called call(const Json& arguments) override { return handler_(jobs_, arguments); }

private:
    Jobs& jobs_;
    mcp::Description description_;
    Handler handler_;
};

// A job for the order, or the one that an earlier call began for the same.
Called begin_job(Jobs& jobs, Result<JobOrder> order, Waiting waiting) {
    if (!order) return mcp::failure(order.error().text);
    if (const Job* const known = jobs.find_content(order->content)) {
        waiting.handle = known->handle;
        waiting.repeated = true;
    } else {
        auto handle = jobs.submit(std::move(*order));
        if (!handle) return mcp::failure(handle.error().text);
        waiting.handle = *std::move(handle);
    }
    auto call = std::make_unique<JobCall>(jobs, std::move(waiting));
    jobs.step();  // it may begin at once
    return call;
}

int wait_of(const Json& arguments) {
    return arguments.value("wait_seconds", kUsualWait);
}

// A question that nothing is measured for: its document is the answer, not a job.
Called ask(Jobs& jobs, Result<JobOrder> order, const char* name,
           const std::function<void(Json&)>& shorten = {}) {
    const auto finish = [=](Answer answer) {
        const Json& job = answer.structured;
        if (answer.failed || !job.contains("result")) {
            answer.failed = true;
            answer.structured = nullptr;
            return answer;
        }
        Json document = job["result"];
        if (shorten) shorten(document);
        answer.text = job.value("what", "");
        answer.structured = {{name, std::move(document)}};
        return answer;
    };
    return begin_job(jobs, std::move(order),
                     {.handle = {}, .seconds = kLongestWait, .finish = finish});
}

Called call_judge(Jobs& jobs, const Json& arguments) {
    return begin_job(jobs, judge_order(arguments), {.handle = {}, .seconds = wait_of(arguments)});
}

Called call_optimize(Jobs& jobs, const Json& arguments) {
    return begin_job(jobs, optimize_order(arguments), {.handle = {}, .seconds = 0});
}

Called call_verify(Jobs& jobs, const Json& arguments) {
    return begin_job(jobs, verify_order(arguments), {.handle = {}, .seconds = wait_of(arguments)});
}

Called call_doctor(Jobs& jobs, const Json& arguments) {
    return begin_job(jobs, doctor_order(arguments), {.handle = {}, .seconds = wait_of(arguments)});
}

Called call_tasks(Jobs& jobs, const Json&) {
    return ask(jobs, tasks_order(), "list");
}

Called call_task(Jobs& jobs, const Json& arguments) {
    return ask(jobs, task_order(arguments), "task");
}

Called call_run(Jobs& jobs, const Json& arguments) {
    const int first = arguments.value("first", 1);
    const int count = arguments.value("count", 50);
    return ask(jobs, run_order(arguments), "run",
               [=](Json& document) { shorten_run(document, first, count); });
}

Answer unknown_handle() {
    return mcp::failure(
        "no job of this server has that handle, or it was forgotten; `history` "
        "lists those that are known");
}

Called call_wait(Jobs& jobs, const Json& arguments) {
    const auto handle = arguments.at("handle").get<std::string>();
    if (jobs.find(handle) == nullptr) return unknown_handle();
    return std::make_unique<JobCall>(
        jobs, Waiting{.handle = handle, .seconds = wait_of(arguments), .owns = false});
}

Called call_cancel(Jobs& jobs, const Json& arguments) {
    const auto handle = arguments.at("handle").get<std::string>();
    Job* const job = jobs.find(handle);
    if (job == nullptr) return unknown_handle();
    jobs.cancel(*job);
    const auto finish = [](Answer answer) {
        answer.failed = false;  // it is what was asked for
        return answer;
    };
    return std::make_unique<JobCall>(
        jobs, Waiting{.handle = handle, .seconds = kCancelWait, .owns = false, .finish = finish});
}

Called call_history(Jobs& jobs, const Json&) {
    auto lines = Json::array();
    for (const auto& job : jobs.all()) {
        if (job->order.measures) lines.push_back(job_line(*job));
    }
    std::vector<std::string> runs = run_names();
    const std::size_t known = runs.size();
    if (known > kMostRuns) runs.erase(runs.begin(), runs.end() - kMostRuns);
    Json told = {{"jobs", std::move(lines)}, {"runs", runs}, {"runs_in_all", known}};
    if (const auto left = jobs.seconds_left()) told["seconds_left"] = *left;
    return Answer{
        .text = fmt::format("{} jobs of this server, {} runs in runs/", told["jobs"].size(), known),
        .structured = std::move(told)};
}

// The schema of an answer with one object in it.
Json one_object(const char* name, const char* what) {
    return {{"type", "object"},
            {"properties", {{name, {{"type", "object"}, {"description", what}}}}},
            {"required", Json::array({name})}};
}

Json history_schema() {
    const Json texts = {{"type", "array"}, {"items", {{"type", "string"}}}};
    return {{"type", "object"},
            {"properties",
             {{"jobs", {{"type", "array"}, {"items", {{"type", "object"}}}}},
              {"runs", texts},
              {"runs_in_all", {{"type", "integer"}}},
              {"seconds_left",
               {{"type", "number"},
                {"description", "that may still be measured, where the server has a budget"}}}}},
            {"required", {"jobs", "runs", "runs_in_all"}}};
}

struct Row {
    mcp::Description description;
    Handler handler;
};

Row tasks_row() {
    return {.description = {.name = "tasks",
                            .title = "List tasks",
                            .text = "The operators that kernels can be judged for.",
                            .input = arguments_schema(Json::object()),
                            .output = one_object("list", "tasks: name and title of each")},
            .handler = call_tasks};
}

Row task_row() {
    return {
        .description = {.name = "task",
                        .title = "Show a task",
                        .text = "What a kernel of a task must be: the formula, sizes, precision, "
                                "the header task.hpp with the function to define, the contracts "
                                "of C++ and of CUDA kernels, and an honest naive kernel of each, "
                                "to begin with. Read it before you write a kernel.",
                        .input = arguments_schema(with_task(Json::object())),
                        .output =
                            one_object("task", "as `cupel show TASK --brief --json` prints it")},
        .handler = call_task};
}

Row judge_row() {
    return {.description =
                {.name = "judge",
                 .title = "Judge a kernel",
                 .text = "The official verdict on a kernel: compiled, run in a sandbox on secret "
                         "inputs and sizes, checked against float64, and timed against the best "
                         "baseline (target cpu), or emulated and watched for races (target emu: "
                         "CUDA, never timed). A wrong kernel is an error with a hint. One thing "
                         "is measured at a time; calls queue. The same kernel under the same "
                         "conditions is judged once, and the verdict repeated. `faster` here is "
                         "one measurement: of many tries one looks faster by luck. A claim comes "
                         "only from a certificate, which `optimize` makes by measuring its "
                         "winner anew.",
                 .input = arguments_schema(
                     with_wait(with_task(
                         {{"kernel",
                           a_text("the text of the kernel: C++ that includes task.hpp, or CUDA "
                                  "device code with its launches declared",
                                  kLargestKernel)},
                          {"target",
                           a_choice("cpu (C++) or emu (CUDA); cpu if not given", {"cpu", "emu"})},
                          {"gpu", gpu_choice()}})),
                     {"kernel"}),
                 .output = job_schema()},
            .handler = call_judge};
}

Row optimize_row() {
    constexpr int kLongestSearch = 3600;  // seconds
    constexpr int kMostEvaluations = 1'000'000;
    return {
        .description =
            {.name = "optimize",
             .title = "Search for a fast kernel",
             .text = "Starts a search by schedules (no language model is asked), and answers "
                     "with a handle at once: take it to `wait`. It takes its budget, and then up "
                     "to some minutes to measure the winner again and certify it. Its folder "
                     "stays in runs/. `cancel` ends it early, with the best kernel so far.",
             .input = arguments_schema(with_task(
                 {{"seconds",
                   a_number("the budget of the search; 60 if not given", 1, kLongestSearch)},
                  {"evaluations", a_number("end after so many kernels", 1, kMostEvaluations)},
                  {"target",
                   a_choice(
                       "cpu, or cuda: emulated, ranked by bounds and never timed; cpu if not given",
                       {"cpu", "cuda"})},
                  {"gpu", gpu_choice()}})),
             .output = job_schema()},
        .handler = call_optimize};
}

Row wait_row() {
    return {.description = {.name = "wait",
                            .title = "Wait for a job",
                            .text = "The state of a job, when it ends or after wait_seconds.",
                            .input = arguments_schema(with_wait(Json{{"handle", handle_text()}}),
                                                      {"handle"}),
                            .output = job_schema()},
            .handler = call_wait};
}

Row cancel_row() {
    return {
        .description =
            {.name = "cancel",
             .title = "Cancel a job",
             .text =
                 "Ends a job: a queued one at once, a judgement within seconds; a search certifies "
                 "the best kernel so far, and is killed if cancelled again.",
             .input = arguments_schema(Json{{"handle", handle_text()}}, {"handle"}),
             .output = job_schema()},
        .handler = call_cancel};
}

Row history_row() {
    return {
        .description =
            {.name = "history",
             .title = "List jobs and runs",
             .text =
                 "What this server was asked to measure and what came of it, and the runs that are "
                 "in runs/.",
             .input = arguments_schema(Json::object()),
             .output = history_schema()},
        .handler = call_history};
}

Row run_row() {
    constexpr int kMostKernels = 1'000'000;
    return {.description =
                {.name = "run",
                 .title = "Show a run",
                 .text = "What a search left in runs/: its kernels, some at a time, each with "
                         "the last verdict; or one of them by its number, with its text and all "
                         "its verdicts.",
                 .input = arguments_schema(
                     {{"run", a_text("the name of its folder in runs/", 100)},
                      {"kernel", a_number("the number of one kernel", 1, kMostKernels)},
                      {"first", a_number("list kernels from this number on", 1, kMostKernels)},
                      {"count", a_number("list so many; 50 if not given", 1, 200)}},
                     {"run"}),
                 .output = one_object("run", "as `cupel show RUN --json` prints it, shortened")},
            .handler = call_run};
}

Row verify_row() {
    constexpr std::size_t kLongestCertificate = std::size_t{8} << 20;
    return {
        .description =
            {.name = "verify",
             .title = "Verify a certificate",
             .text = "Recomputes a certificate's claim from its samples, then tries its kernel "
                     "again here. An error if a byte was changed, or if this machine does not "
                     "see what it claims.",
             .input = arguments_schema(
                 with_wait(
                     {{"certificate", a_text("the text of certificate.json", kLongestCertificate)},
                      {"recompute_only",
                       {{"type", "boolean"}, {"description", "do not try the kernel here"}}},
                      {"key", a_text("demand a signature by the key of this fingerprint", 32)}}),
                 {"certificate"}),
             .output = job_schema()},
        .handler = call_verify};
}

Row doctor_row() {
    return {
        .description =
            {.name = "doctor",
             .title = "Examine this machine",
             .text =
                 "What this machine can and cannot promise: isolation, compiler, ceilings, noise.",
             .input = arguments_schema(with_wait(
                 {{"threads", a_number("threads to measure with; all if not given", 1, 4096)}})),
             .output = job_schema()},
        .handler = call_doctor};
}

// Clients ask their user less about these. Whatever runs a kernel or measures is none of them: it
// takes the machine's time, and leaves what it learned in the cache.
bool is_read_only(std::string_view name) {
    return name == "tasks" || name == "task" || name == "wait" || name == "history" ||
           name == "run";
}

}  // namespace

std::vector<std::unique_ptr<mcp::Tool>> make_tools(Jobs& jobs) {
    std::vector<std::unique_ptr<mcp::Tool>> tools;
    auto rows = std::to_array({tasks_row(), task_row(), judge_row(), optimize_row(), wait_row(),
                               cancel_row(), history_row(), run_row(), verify_row(), doctor_row()});
    for (Row& each : rows) {
        each.description.read_only = is_read_only(each.description.name);
        tools.push_back(
            std::make_unique<JobTool>(jobs, std::move(each.description), std::move(each.handler)));
    }
    return tools;
}

std::string tools_instructions() {
    return "Cupel is a referee of kernels: it says whether one is right, and whether it is faster, "
           "and cannot be talked into it. Begin with `tasks` and `task`, write a kernel, `judge` "
           "it, mend what the hint says. Long jobs give a handle for `wait`. A speedup may be "
           "claimed only with a certificate, which `optimize` makes and `verify` checks.";
}

}  // namespace cupel::cli
