// SPDX-License-Identifier: Apache-2.0
#include "cli/mcp_answers.hpp"

#include <fmt/format.h>

#include <array>

#include "cli/document.hpp"
#include "os/clock.hpp"

namespace cupel::cli {
namespace {

using Json = nlohmann::json;

struct Hint {
    int code;
    std::string_view text;
    std::string_view kind = {};  // of tool; empty: of all
};
// By exit code (DESIGN section 8); the first that fits.
constexpr std::array kHints = {
    Hint{11,
         "Nothing faster was found with certainty (`result.stopped`). More seconds or a larger "
         "size may help.",
         "optimize"},
    Hint{10, "All that was found is right, and slower than a baseline. More seconds may help.",
         "optimize"},
    Hint{11,
         "The claim follows from its samples, but this machine does not see it "
         "(`result.reason`).",
         "verify"},
    Hint{20, "Do not believe the certificate: `result.problem` says what does not hold together.",
         "verify"},
    Hint{0, ""},
    Hint{2,
         "What was asked for makes no sense to cupel: `result.error` says what; change the "
         "arguments or the text of the task."},
    Hint{10,
         "It is right. A baseline is faster: `result.speedup` names it, `result.ceiling` says "
         "how far the machine would go."},
    Hint{11,
         "It is right. The measurement does not tell it from the baseline (`result.reason`): a "
         "larger size, a quieter machine or a faster kernel would; asking again would not."},
    Hint{20,
         "Its answers are not those of the formula: `result.reason` and `result.detail` say "
         "where they were seen to differ. Inputs and some sizes are hidden; handle all of "
         "them by the text of the task, not by examples."},
    Hint{21,
         "It crashed: look for accesses beyond the tensors, and for sizes that no vector or "
         "tile divides."},
    Hint{22, "It took too long: look for a loop that does not end, or try a smaller size."},
    Hint{23,
         "It does not compile: `result.detail` holds what the compiler said. The tool `task` "
         "shows the header and a kernel that compiles."},
    Hint{24,
         "It broke a rule of the referee (`result.law`, `result.reason`): a kernel computes "
         "its outputs from its inputs, within the call, and does nothing else."},
    Hint{25,
         "It was faster than this machine can compute or read what the formula needs; it "
         "cannot have done the work."},
    Hint{26,
         "The task does not pin its function down: wrong answers would pass. Change the text "
         "of the task (`result.reason`)."},
    Hint{30,
         "This machine lacks something, or a file could not be used: `result.error` names it; "
         "its user must act."},
    Hint{70, "A bug of cupel's own; the kernel is not judged. Tell its user what `result` says."},
};

std::string_view hint_of(const Job& job) {
    for (const Hint& hint : kHints) {
        if (hint.code == job.code && (hint.kind.empty() || hint.kind == job.order.kind))
            return hint.text;
    }
    return "";
}

// The verdict in a document: of `judge` it is all of it, of `optimize` a part.
const Json* verdict_in(const Json& document) {
    if (!document.is_object()) return nullptr;
    if (document.contains("status")) return &document;
    for (const char* name : {"verdict", "here"}) {
        const auto found = document.find(name);
        if (found != document.end() && found->is_object() && found->contains("status"))
            return &*found;
    }
    return nullptr;
}

std::string speedup_text(const Json& verdict) {
    const auto found = verdict.find("speedup");
    if (found == verdict.end() || !found->is_object()) return "";
    return fmt::format(", {:.3g}x ({:.3g} to {:.3g}) of {}", number(*found, "mid"),
                       number(*found, "low"), number(*found, "high"), word(*found, "baseline"));
}

std::string outcome_of(const Job& job) {
    if (job.state == JobState::Failed) return "failed: " + job.failure;
    if (job.state == JobState::Cancelled) return "cancelled";
    const auto error = job.document.find("error");
    if (error != job.document.end() && error->is_object()) return "error: " + word(*error, "text");
    if (job.order.kind == "verify") {
        const std::string problem = word(job.document, "problem");
        return problem.empty()
                   ? (job.code == 0 ? "the certificate holds"
                                    : "not reproduced here: " + word(job.document, "reason"))
                   : "the certificate does not hold: " + problem;
    }
    const Json* const verdict = verdict_in(job.document);
    if (verdict == nullptr) {
        const std::string stopped = word(job.document, "stopped");
        return stopped.empty() ? "done" : "ended: " + stopped;
    }
    const std::string reason = word(*verdict, "reason");
    return word(*verdict, "status") + speedup_text(*verdict) +
           (reason.empty() ? "" : ": " + reason);
}

// Whether it is what was asked for. A right kernel that is slower is; a claim that was not seen
// again is not.
bool is_good(const Job& job) {
    constexpr int kFirstWrong = 20;
    if (!job.ended()) return true;
    if (job.state != JobState::Done) return false;
    if (job.order.kind == "verify") return job.code == 0;
    return job.code < kFirstWrong && job.code != 2;
}

// Left out: the single windows, which are for a certificate to be recomputed from, and the seed.
Json told_document(const Json& document) {
    Json told = document;
    const auto strip = [](Json& verdict) {
        if (!verdict.is_object()) return;
        verdict.erase("samples");
        verdict.erase("seed");
    };
    strip(told);
    for (const char* name : {"verdict", "here"}) {
        if (told.is_object() && told.contains(name)) strip(told[name]);
    }
    const auto trials = told.is_object() ? told.find("trials") : told.end();
    if (trials == told.end() || !trials->is_array()) return told;
    for (Json& trial : *trials) {
        if (trial.is_object() && trial.contains("verdict")) strip(trial["verdict"]);
    }
    return told;
}

std::string headline(const Job& job, const JobView& view) {
    const std::string name = fmt::format("{} ({})", job.order.kind, job.order.what);
    if (job.state == JobState::Queued) {
        return fmt::format("{}: queued, {} before it. Call `wait` with handle {}.", name,
                           view.ahead, job.handle);
    }
    if (job.state == JobState::Running) {
        return fmt::format("{}: running ({}). Call `wait` with handle {}.", name, view.progress,
                           job.handle);
    }
    std::string text = fmt::format("{}: {}", name, outcome_of(job));
    if (const auto hint = hint_of(job); job.state == JobState::Done && !hint.empty())
        text += fmt::format("\nHint: {}", hint);
    if (view.repeated) text += "\nThis was judged before; it is not judged again.";
    return text;
}

}  // namespace

mcp::Answer job_answer(const Job& job, const JobView& view) {
    Json told = {
        {"handle", job.handle},
        {"tool", job.order.kind},
        {"what", job.order.what},
        {"state", job_state_name(job.state)},
        {"seconds", job.state == JobState::Running ? os::seconds_since(job.begun_ns) : job.seconds},
        {"repeated", view.repeated}};
    if (job.state == JobState::Queued) told["ahead"] = view.ahead;
    if (job.state == JobState::Running) told["progress"] = view.progress;
    if (job.ended()) told["outcome"] = outcome_of(job);
    if (job.state == JobState::Done) {
        told["exit_code"] = job.code;
        told["result"] = told_document(job.document);
        if (const auto hint = hint_of(job); !hint.empty()) told["hint"] = hint;
        if (job.judged_here > 0) told["judged_here"] = job.judged_here;
    }
    return {.text = headline(job, view), .structured = std::move(told), .failed = !is_good(job)};
}

Json job_schema() {
    const auto text = [](const char* what) {
        return Json{{"type", "string"}, {"description", what}};
    };
    const auto number = [](const char* type, const char* what) {
        return Json{{"type", type}, {"description", what}};
    };
    const Json properties = {
        {"handle", text("names this job in wait and cancel, until 256 newer ones are there")},
        {"tool", text("the tool that began it")},
        {"what", text("what it is about")},
        {"state",
         {{"type", "string"}, {"enum", {"queued", "running", "done", "failed", "cancelled"}}}},
        {"seconds", number("number", "that it ran")},
        {"repeated",
         {{"type", "boolean"},
          {"description", "an earlier call asked for the same, and this is what came of that"}}},
        {"ahead", number("integer", "queued: measurements that come before it")},
        {"progress", text("running: what it does now")},
        {"outcome", text("ended: what came of it, in one line")},
        {"exit_code", number("integer", "done: as of the command line (cupel --help)")},
        {"hint", text("done: what to do about it")},
        {"judged_here",
         number("integer",
                "done: different kernels that this server has judged under these conditions by "
                "then; of many, one looks faster by luck")},
        {"result",
         {{"type", "object"},
          {"description",
           "done: the document that the command line prints with --json; of a "
           "verdict docs/formats/verdict.md, without samples and seed"}}}};
    return {{"type", "object"},
            {"properties", properties},
            {"required", {"handle", "tool", "what", "state", "seconds", "repeated"}}};
}

Json job_line(const Job& job) {
    Json line = {{"handle", job.handle},
                 {"tool", job.order.kind},
                 {"what", job.order.what},
                 {"state", job_state_name(job.state)}};
    if (job.ended()) line["outcome"] = outcome_of(job);
    return line;
}

void shorten_run(Json& document, int first, int count) {
    const auto kernels = document.find("kernels");
    if (kernels == document.end() || !kernels->is_array()) return;
    auto shortened = Json::array();
    const std::size_t all = kernels->size();
    for (const Json& kernel : *kernels) {
        if (!kernel.is_object() || number(kernel, "id") < first ||
            shortened.size() >= static_cast<std::size_t>(count))
            continue;
        Json line = {{"id", kernel.value("id", Json())}, {"origin", word(kernel, "origin")}};
        const auto trials = kernel.find("trials");
        const bool tried = trials != kernel.end() && trials->is_array() && !trials->empty();
        const Json* const verdict = tried ? verdict_in(trials->back()) : verdict_in(kernel);
        if (verdict != nullptr) {
            line["outcome"] = word(*verdict, "status") + speedup_text(*verdict);
            line["reason"] = word(*verdict, "reason");
        }
        for (const char* name : {"parents", "schedule", "bound"}) {
            if (kernel.contains(name)) line[name] = kernel[name];
        }
        shortened.push_back(std::move(line));
    }
    *kernels = std::move(shortened);
    document["kernels_in_all"] = all;
}

}  // namespace cupel::cli
