// SPDX-License-Identifier: Apache-2.0
// What the server of `cupel mcp` has going: runs of this very program, each a child in a folder of
// its own, which is gone when the child is. One thing is measured at a time; the others queue.
#pragma once

#include <nlohmann/json.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/child.hpp"
#include "os/files.hpp"

namespace cupel::cli {

struct JobFile {
    std::string name;
    std::string content;
};
struct JobOrder {
    std::string kind;                    // the tool that ordered it
    std::string what;                    // one line, for whoever looks at the history
    std::vector<std::string> arguments;  // of cupel; --json is put behind them
    std::vector<JobFile> files;          // laid into the folder that it then works in
    bool own_task = false;               // of the client's: no library that it names is called
    bool measures = true;                // waits for its turn; otherwise it begins at once
    double longest = 0;                  // seconds that it may take
    double grace = 3;                    // ... between SIGTERM and SIGKILL
    std::string content;     // a hash of all that the outcome depends on; empty: of none
    std::string conditions;  // ... of all but the kernel
};

enum class JobState { Queued, Running, Done, Failed, Cancelled };
[[nodiscard]] std::string_view job_state_name(JobState state);

struct Job {
    std::string handle;  // 16 hex digits that nobody can guess
    JobOrder order;      // without the contents of its files
    JobState state = JobState::Queued;
    double seconds = 0;       // that it ran
    int code = 0;             // the exit code of a job that is Done
    nlohmann::json document;  // what it printed, of a job that is Done
    std::size_t bytes = 0;    // ... of that
    std::string failure;      // why a job Failed
    int judged_here = 0;      // Done: kernels that were judged under these conditions until then
    int waiting = 0;          // calls that wait for it
    bool told = false;        // the client knows the handle

    [[nodiscard]] bool ended() const {
        return state != JobState::Queued && state != JobState::Running;
    }

    // Of a job that runs.
    os::Child child;
    std::int64_t begun_ns = 0;
    std::optional<std::int64_t> asked_to_end_ns;
    int asked = 0;  // times that it was asked to end
};

class Jobs {
public:
    // `budget`: seconds that all measurements together may take; none: no end to them.
    [[nodiscard]] static Result<Jobs> open(std::optional<double> budget);

    // The handle, or why no more is taken on.
    [[nodiscard]] Result<std::string> submit(JobOrder order);
    // None where there is no such job, or it was forgotten.
    [[nodiscard]] Job* find(std::string_view handle);
    // One that is under way, or came to a verdict, on the same content.
    [[nodiscard]] Job* find_content(std::string_view content);
    [[nodiscard]] const std::deque<std::unique_ptr<Job>>& all() const { return jobs_; }
    // Measurements that come before it.
    [[nodiscard]] int ahead_of(const Job& job) const;
    // The last line that it said, of a job that runs.
    [[nodiscard]] std::string progress(const Job& job) const;
    // A search is asked to end, and certifies what it found; asked again it is killed.
    void cancel(Job& job);
    // Begins what can begin, ends what takes too long, takes the results of what has ended.
    void step();
    // Nothing runs any more, and nothing is left behind.
    void end();
    // Become readable when a job ends.
    [[nodiscard]] std::vector<int> descriptors() const;
    [[nodiscard]] std::optional<double> seconds_left() const;

private:
    explicit Jobs(os::TempDir folder) : folder_(std::move(folder)) {}
    [[nodiscard]] std::filesystem::path folder_of(const Job& job) const;
    [[nodiscard]] Result<void> begin(Job& job);
    void finish(Job& job, const os::Exit& exit);
    void take_document(Job& job, const os::Exit& exit);
    void close(Job& job, JobState state);
    void watch(Job& job);
    void ask_to_end(Job& job);
    void forget();
    [[nodiscard]] int judged(std::string_view conditions) const;

    os::TempDir folder_;
    std::optional<double> budget_;
    double spent_ = 0;                       // seconds of measurements that have ended
    std::deque<std::unique_ptr<Job>> jobs_;  // the oldest first
};

}  // namespace cupel::cli
