// SPDX-License-Identifier: Apache-2.0
#include "cli/mcp_jobs.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "cli/options.hpp"
#include "mcp/message.hpp"
#include "os/clock.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kFolderPrefix = "cupel-mcp-";
constexpr std::size_t kMostQueued = 16;
constexpr std::size_t kMostRemembered = 256;
constexpr std::size_t kMostBytesRemembered = std::size_t{64} << 20;
constexpr std::size_t kMostBytesOfOutput = std::size_t{16} << 20;
constexpr const char* kOutput = "output.json";
constexpr const char* kNotes = "notes.txt";
constexpr const char* kWork = "work";
constexpr const char* kTemporary = "tmp";

os::Fd new_file(const fs::path& path) {
    return os::Fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

// This process's own, so that a verdict is the one of the command line; but what the child leaves
// behind when it is killed lies where it is removed.
// A task may name calls of libraries, which are C++ of whoever wrote it: those of a client are not
// run.
std::vector<std::string> child_environment(const fs::path& temporary, bool own_task) {
    std::vector<std::string> all;
    for (char** each = environ; *each != nullptr; ++each) {
        const std::string_view pair = *each;
        const bool ours =
            pair.starts_with("TMPDIR=") || (own_task && pair.starts_with("CUPEL_RIVALS="));
        if (!ours) all.emplace_back(pair);
    }
    all.push_back("TMPDIR=" + temporary.string());
    if (own_task) all.emplace_back("CUPEL_RIVALS=none");
    return all;
}

// Neither a verdict nor anything else that a second try must not change: such a one is tried again.
bool is_final(const Job& job) {
    constexpr int kFirstFailureOfTheWorld = 30;
    return job.state == JobState::Done && job.code != 2 && job.code < kFirstFailureOfTheWorld;
}

std::string last_line(const fs::path& path) {
    constexpr std::size_t kTail = 400;
    const os::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const off_t size = file.valid() ? lseek(file.get(), 0, SEEK_END) : 0;
    std::array<char, kTail> tail{};
    const off_t from = std::max<off_t>(0, size - static_cast<off_t>(kTail));
    const ssize_t got = file.valid() ? pread(file.get(), tail.data(), kTail, from) : 0;
    const std::string_view text =
        trim(std::string_view(tail.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got))));
    const std::size_t newline = text.rfind('\n');
    return std::string(newline == std::string_view::npos ? text : text.substr(newline + 1));
}

}  // namespace

std::string_view job_state_name(JobState state) {
    switch (state) {
        case JobState::Queued:
            return "queued";
        case JobState::Running:
            return "running";
        case JobState::Done:
            return "done";
        case JobState::Failed:
            return "failed";
        case JobState::Cancelled:
            return "cancelled";
    }
    return "unknown";
}

Result<Jobs> Jobs::open(std::optional<double> budget) {
    os::TempDir::sweep(kFolderPrefix);
    CUPEL_TRY(os::TempDir folder, os::TempDir::make(kFolderPrefix));
    Jobs jobs(std::move(folder));
    jobs.budget_ = budget;
    return jobs;
}

fs::path Jobs::folder_of(const Job& job) const {
    return folder_.path() / job.handle;
}

std::optional<double> Jobs::seconds_left() const {
    if (!budget_) return std::nullopt;
    double spent = spent_;
    for (const auto& job : jobs_) {
        if (job->state == JobState::Running && job->order.measures)
            spent += os::seconds_since(job->begun_ns);
    }
    return std::max(0.0, *budget_ - spent);
}

Result<std::string> Jobs::submit(JobOrder order) {
    if (order.measures && budget_ && seconds_left().value_or(0) <= 0) {
        return fail(Errc::Full, fmt::format("the {} s that this server may measure are spent; its "
                                            "user started it with --budget",
                                            *budget_));
    }
    const auto open_jobs =
        std::ranges::count_if(jobs_, [](const auto& job) { return !job->ended(); });
    if (static_cast<std::size_t>(open_jobs) >= kMostQueued) {
        return fail(Errc::Full, fmt::format("{} jobs are under way or queued; wait for one, or "
                                            "cancel one",
                                            open_jobs));
    }
    auto job = std::make_unique<Job>();
    job->handle = fmt::format("{:016x}", random_u64());
    const fs::path folder = folder_of(*job);
    std::error_code wrong;
    for (const fs::path& each : {folder, folder / kWork, folder / kTemporary}) {
        if (!fs::create_directory(each, wrong))
            return fail(Errc::Io, fmt::format("make {}: {}", each.string(), wrong.message()));
    }
    for (JobFile& file : order.files) {
        CUPEL_DO(os::write_new_file(folder / kWork / file.name, file.content));
        file.content = {};
    }
    job->order = std::move(order);
    std::string handle = job->handle;
    jobs_.push_back(std::move(job));
    return handle;
}

// Results are kept until so many newer ones are there, or so many bytes; the answer to a question
// until it was given. What is under way is never forgotten.
void Jobs::forget() {
    std::erase_if(jobs_, [](const auto& job) {
        return job->ended() && !job->order.measures && job->waiting == 0;
    });
    std::size_t bytes = 0;
    for (const auto& job : jobs_)
        bytes += job->bytes;
    while (jobs_.size() > kMostRemembered || bytes > kMostBytesRemembered) {
        const auto oldest = std::ranges::find_if(
            jobs_, [](const auto& job) { return job->ended() && job->waiting == 0; });
        if (oldest == jobs_.end()) return;
        bytes -= (*oldest)->bytes;
        jobs_.erase(oldest);
    }
}

Job* Jobs::find(std::string_view handle) {
    const auto found =
        std::ranges::find_if(jobs_, [&](const auto& job) { return job->handle == handle; });
    return found == jobs_.end() ? nullptr : found->get();
}

Job* Jobs::find_content(std::string_view content) {
    const auto found = std::ranges::find_if(jobs_, [&](const auto& job) {
        const bool open = !job->ended() && job->asked == 0;
        return job->order.content == content && (open || is_final(*job));
    });
    return found == jobs_.end() || content.empty() ? nullptr : found->get();
}

int Jobs::ahead_of(const Job& job) const {
    int ahead = 0;
    for (const auto& other : jobs_) {
        if (other.get() == &job) return ahead;
        if (other->order.measures && !other->ended()) ++ahead;
    }
    return ahead;
}

int Jobs::judged(std::string_view conditions) const {
    return static_cast<int>(std::ranges::count_if(jobs_, [&](const auto& job) {
        return job->order.conditions == conditions && is_final(*job);
    }));
}

std::string Jobs::progress(const Job& job) const {
    return job.state == JobState::Running ? last_line(folder_of(job) / kNotes)
                                          : std::string(job_state_name(job.state));
}

std::vector<int> Jobs::descriptors() const {
    std::vector<int> all;
    for (const auto& job : jobs_) {
        if (job->state == JobState::Running) all.push_back(job->child.pidfd().get());
    }
    return all;
}

Result<void> Jobs::begin(Job& job) {
    const fs::path folder = folder_of(job);
    const os::Fd out = new_file(folder / kOutput);
    const os::Fd notes = new_file(folder / kNotes);
    if (!out.valid() || !notes.valid()) return fail_errno("make the files of a job");
    os::Command command;
    // The program that runs, whatever now lies at the path that it was started from.
    command.argv = {"/proc/self/exe"};
    std::ranges::copy(job.order.arguments, std::back_inserter(command.argv));
    command.argv.emplace_back("--json");
    command.environment = child_environment(folder / kTemporary, job.order.own_task);
    if (!job.order.files.empty()) command.folder = folder / kWork;
    command.out = &out;
    command.err = &notes;
    CUPEL_TRY(job.child, os::Child::start(command));
    job.begun_ns = os::now_ns();
    job.state = JobState::Running;
    if (job.order.measures && budget_)
        job.order.longest = std::min(job.order.longest, *budget_ - spent_);
    return {};
}

void Jobs::close(Job& job, JobState state) {
    job.state = state;
    job.child = os::Child();
    std::error_code ignored;
    fs::remove_all(folder_of(job), ignored);
}

void Jobs::take_document(Job& job, const os::Exit& exit) {
    const auto text = os::read_file(folder_of(job) / kOutput, kMostBytesOfOutput);
    // Of a run it may hold what lay in a stranger's folder.
    if (text && !mcp::nests_too_deeply(*text)) job.document = Json::parse(*text, nullptr, false);
    if (!exit.by_signal && job.document.is_object()) {
        job.code = exit.code;
        job.bytes = text->size();
        return;
    }
    job.document = nullptr;
    const std::string end = exit.by_signal ? signal_name(exit.code)
                                           : fmt::format("exit code {} and no result", exit.code);
    job.failure = fmt::format("cupel {} ended with {}", job.order.arguments.front(), end);
    if (!text) job.failure += ": " + text.error().text;
}

void Jobs::finish(Job& job, const os::Exit& exit) {
    job.seconds = os::seconds_since(job.begun_ns);
    if (job.order.measures) spent_ += job.seconds;
    take_document(job, exit);
    const bool overran = job.asked > 0 && job.seconds > job.order.longest;
    JobState state = JobState::Done;
    if (job.document.is_null() || job.code == kInterrupted) state = JobState::Failed;
    if (state == JobState::Failed && job.asked > 0) state = JobState::Cancelled;
    if (state == JobState::Cancelled && overran) {
        state = JobState::Failed;
        job.failure = fmt::format("it was ended after {:.0f} s, which is all that it may take",
                                  job.order.longest);
    }
    close(job, state);
    if (!job.order.conditions.empty()) job.judged_here = judged(job.order.conditions);
}

void Jobs::ask_to_end(Job& job) {
    ++job.asked;
    if (!job.asked_to_end_ns) job.asked_to_end_ns = os::now_ns();
    job.child.kill(SIGTERM);
}

void Jobs::cancel(Job& job) {
    if (job.state == JobState::Queued) close(job, JobState::Cancelled);
    if (job.state == JobState::Running) ask_to_end(job);
}

// The child leads a group of its own, and is not reaped yet, so the number is still its own. What
// it started in other groups dies with it (PR_SET_PDEATHSIG).
void Jobs::watch(Job& job) {
    if (const auto exit = job.child.wait(std::chrono::nanoseconds(0))) return finish(job, *exit);
    if (!job.asked_to_end_ns && os::seconds_since(job.begun_ns) > job.order.longest)
        ask_to_end(job);
    if (job.asked_to_end_ns && os::seconds_since(*job.asked_to_end_ns) > job.order.grace)
        (void)::kill(-job.child.pid(), SIGKILL);
}

void Jobs::step() {
    bool measuring = false;
    for (const auto& job : jobs_) {
        if (job->state == JobState::Running) watch(*job);
        measuring = measuring || (job->state == JobState::Running && job->order.measures);
    }
    for (const auto& job : jobs_) {
        if (job->state != JobState::Queued || (measuring && job->order.measures)) continue;
        if (job->order.measures && seconds_left().value_or(1) <= 0) {
            job->failure = "the seconds that this server may measure were spent before its turn";
            close(*job, JobState::Failed);
            continue;
        }
        if (const auto begun = begin(*job); !begun) {
            job->failure = begun.error().text;
            close(*job, JobState::Failed);
            continue;
        }
        measuring = measuring || job->order.measures;
    }
    forget();
}

void Jobs::end() {
    // Clients kill a server that takes longer than some four seconds to end.
    constexpr double kPatience = 2.5;  // seconds
    const std::int64_t begun = os::now_ns();
    for (const auto& job : jobs_)
        cancel(*job);
    for (const auto& job : jobs_) {
        if (job->state != JobState::Running) continue;
        const double left = std::max(0.0, kPatience - os::seconds_since(begun));
        const auto patience = std::chrono::nanoseconds(static_cast<std::int64_t>(left * 1e9));
        if (!job->child.wait(patience)) (void)::kill(-job->child.pid(), SIGKILL);
        close(*job, JobState::Cancelled);  // reaps it
    }
}

}  // namespace cupel::cli
