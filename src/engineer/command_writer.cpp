// SPDX-License-Identifier: Apache-2.0
#include "engineer/command_writer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "engineer/feedback.hpp"
#include "engineer/reply.hpp"
#include "os/files.hpp"

namespace cupel::engineer {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAuthor = "command";

std::string answer_of(const Brief& brief) {
    return "kernel." + brief.extension;
}

std::string instructions(const Brief& brief) {
    std::string text = fmt::format(
        "# What to do\n\nWrite a kernel that is faster than best.{0} into the file kernel.{0}, in "
        "this folder. The task is in task.txt, a right and slow kernel in reference.{0}, what the "
        "referee said of the kernel before in feedback.txt. Where a number could be one of "
        "several, write CUPEL_TUNE(name, guess, other, ...): the others are tried for you. A "
        "referee {1}; it believes nothing that a kernel says of itself.\n\n# The "
        "contract\n\n{2}\n# The machine\n\n{3}",
        brief.extension, brief.judged, brief.contract, brief.machine);
    for (const std::string& rule : brief.rules)
        text += "\n- " + rule;
    return text + "\n";
}

Result<std::string> read_answer(const fs::path& folder, const std::string& name) {
    std::error_code problem;
    // A link may point to anything.
    if (fs::is_symlink(folder / name, problem) || !fs::is_regular_file(folder / name, problem))
        return fail(Errc::NotFound, fmt::format("it left no {}", name));
    return os::read_file(folder / name, kLongestKernel);
}

}  // namespace

fs::path CommandWriter::folder_of(int call) const {
    return options_.folder / fmt::format("{:04}", call);
}

// Beside the folder, where the program does not work: it was there and has ended.
fs::path CommandWriter::mark_of(int call) const {
    return options_.folder / fmt::format("{:04}.done", call);
}

void CommandWriter::mark(const std::string& text) const {
    std::string lines = fmt::format("{}\n{:.3f}\n", hash_hex(text), seconds_);
    for (const std::string& parent : parent_hashes_)
        lines += parent + "\n";
    // Without it the program is only called once more.
    static_cast<void>(os::write_file_atomically(mark_of(calls_), lines));
}

// What the program left when it was called last, where the run was killed before anybody took note
// of that. None: it must be called.
Result<std::optional<std::string>> CommandWriter::left_behind() {
    constexpr std::size_t kMostMark = 4096;
    const auto lines = os::read_file(mark_of(calls_), kMostMark);
    if (!lines) return std::nullopt;
    const std::vector<std::string> words = split(*lines, '\n');
    auto text = read_answer(folder_of(calls_), answer_of(options_.brief));
    if (!text || words.size() < 2 || hash_hex(*text) != words[0]) return std::nullopt;
    parents_.clear();
    parent_hashes_.clear();
    for (std::size_t i = 2; i < words.size(); ++i) {
        if (words[i].empty()) continue;
        CUPEL_TRY(const auto parent, archive_.find(words[i]));
        if (!parent || parent->quarantined) return std::nullopt;
        parents_.push_back(parent->id);
        parent_hashes_.push_back(words[i]);
    }
    seconds_ = 0;
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), seconds_);
    return *text;
}

// Settings of its kernel that were not tried any more, if the file is still what it was.
Result<void> CommandWriter::recall_sweep(int call, archive::KernelId first) {
    const auto text = read_answer(folder_of(call), answer_of(options_.brief));
    const auto tuned = text ? TunedText::read(*text) : Result<TunedText>();
    if (!text || !tuned || tuned->knobs().empty()) return {};
    CUPEL_TRY(const auto kernel, archive_.kernel(first));
    if (!kernel || kernel->kernel.source != tuned->at(tuned->first())) return {};
    CUPEL_DO(intake_.offer_again(*text, kernel->parents, "command"));
    return {};
}

Result<void> CommandWriter::recall() {
    CUPEL_TRY(Earlier earlier, Earlier::read(archive_));
    intake_.remember(std::move(earlier));
    CUPEL_TRY(const std::vector<archive::Ask> asks, archive_.asks());
    for (const archive::Ask& ask : asks) {
        if (ask.author != kAuthor) continue;
        ++calls_;
        feedback_.clear();
        if (!ask.kernel) continue;
        CUPEL_TRY(const std::vector<archive::VerdictRecord> verdicts,
                  archive_.verdicts(*ask.kernel));
        if (!verdicts.empty()) feedback_ = feedback_of(verdicts.front().verdict);
        CUPEL_DO(recall_sweep(calls_ - 1, *ask.kernel));
    }
    return {};
}

bool CommandWriter::done() const {
    return intake_.empty() && open_ == 0 && fruitless_ >= options_.fruitless;
}

// The kernel's text that the program left.
Result<std::string> CommandWriter::call(const Standings& standings) {
    const fs::path folder = folder_of(calls_);
    std::error_code problem;
    fs::create_directories(folder, problem);
    if (problem) return fail(Errc::Io, fmt::format("{}: {}", folder.string(), problem.message()));
    fs::remove(mark_of(calls_), problem);
    fs::remove(folder / answer_of(options_.brief), problem);
    parents_.clear();
    parent_hashes_.clear();
    std::string best = as_shown(options_.brief.reference);
    if (const Standing* incumbent = standings.incumbent(); incumbent != nullptr) {
        CUPEL_TRY(const auto record, archive_.kernel(incumbent->id));
        CUPEL_TRY(const auto verdict, archive_.latest_screen(incumbent->id));
        if (!record) return fail(Errc::Corrupt, "the archive lacks the best kernel");
        best = as_shown(record->kernel.source);
        parents_ = {incumbent->id};
        parent_hashes_ = {record->hash};
        best.insert(0, fmt::format("// {}\n",
                                   standing_of(verdict, incumbent->score, incumbent->half_width)));
    }
    const std::string& ending = options_.brief.extension;
    const std::vector<std::pair<std::string, std::string>> files = {
        {"README.md", instructions(options_.brief)},
        {"task.txt", options_.brief.task},
        {"reference." + ending, as_shown(options_.brief.reference)},
        {"best." + ending, best},
        {"feedback.txt", feedback_}};
    for (const auto& [name, text] : files)
        CUPEL_DO(os::write_file_atomically(folder / name, text));
    const auto begin = std::chrono::steady_clock::now();
    const auto ran = options_.run(options_.command, folder, options_.seconds);
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    CUPEL_DO(ran);
    CUPEL_TRY(std::string text, read_answer(folder, answer_of(options_.brief)));
    mark(text);
    return text;
}

Result<std::vector<Draft>> CommandWriter::write(const Standings& standings, std::size_t most,
                                                bool /*idle*/) {
    const bool stopped = options_.stop && options_.stop();
    if (intake_.empty() && open_ == 0 && fruitless_ < options_.fruitless && !stopped) {
        CUPEL_TRY(auto left, left_behind());
        const auto text = left ? Result<std::string>(std::move(*left)) : call(standings);
        // A call that was cut short says nothing of the program: it is made again.
        if (!text && options_.stop && options_.stop()) return std::vector<Draft>{};
        ++calls_;
        Result<std::uint64_t> ticket = 0;
        if (text) ticket = intake_.offer(*text, parents_, "command");
        const std::string why = !text     ? text.error().text
                                : !ticket ? ticket.error().text
                                          : std::string();
        if (why.empty()) {
            open_ = *ticket;
        } else {
            ++fruitless_;
            complaints_.push_back("--proposer-command: " + why);
            feedback_ = "No kernel was read: " + why + "\n";
            CUPEL_DO(close("no kernel: " + why, nullptr));
        }
    }
    std::vector<Draft> drafts;
    while (drafts.size() < most) {
        auto draft = intake_.next();
        if (!draft) break;
        drafts.push_back(std::move(*draft));
    }
    return drafts;
}

Result<void> CommandWriter::close(std::string outcome, const Trial* trial) {
    archive::Ask ask;
    const std::string number = fmt::format("{} {}", options_.folder.string(), calls_);
    const std::string question =
        trial != nullptr ? fmt::format("{} {}", number, trial->kernel) : number;
    ask.hash = hash_hex("command " + question);
    ask.author = kAuthor;
    ask.way = kAuthor;
    ask.parents = parent_hashes_;
    if (trial != nullptr) {
        ask.kernel = trial->kernel;
        ask.gain = trial->gain;
    }
    ask.outcome = std::move(outcome);
    ask.seconds = seconds_;
    return archive_.record_ask(ask);
}

Result<void> CommandWriter::passed_over(const Draft& draft) {
    intake_.dropped(draft);
    if (std::exchange(open_, draft.ticket == open_ ? 0 : open_) != draft.ticket) return {};
    ++fruitless_;
    feedback_ = "That kernel was tried before.\n";
    return close("known", nullptr);
}

Result<void> CommandWriter::tried(const Draft& draft, const Trial& trial) {
    static_cast<void>(intake_.tried(draft, trial, trial.score));
    if (draft.ticket != open_) return {};
    open_ = 0;
    fruitless_ = verdict::is_right(trial.verdict.status) ? 0 : fruitless_ + 1;
    feedback_ = feedback_of(trial.verdict);
    return close(std::string(verdict::status_name(trial.verdict.status)), &trial);
}

std::vector<std::string> CommandWriter::take_complaints() {
    return std::exchange(complaints_, {});
}

}  // namespace cupel::engineer
