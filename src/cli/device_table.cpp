// SPDX-License-Identifier: Apache-2.0
#include "cli/device_table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "base/text.hpp"

namespace cupel::cli {
namespace {

constexpr const char* kNaive = "naive";
constexpr std::size_t kMostRefusals = 6;  // in the table

// One verb a line; who wrote it, where it is no schedule.
std::string schedule_of(const archive::KernelRecord& kernel) {
    if (!kernel.kernel.schedule.empty()) return kernel.kernel.schedule;
    if (kernel.kernel.origin == "device") return kNaive;
    return fmt::format("by a {}: {}", kernel.kernel.origin, kernel.phase);
}

std::string one_line(const std::string& schedule) {
    std::vector<std::string> verbs;
    for (const std::string& line : split(schedule, '\n'))
        if (!line.empty()) verbs.push_back(line);
    return join(verbs, ", ");
}

std::string bound_text(const verdict::Verdict& verdict) {
    if (!verdict.bound) return "a bound that nothing was counted for";
    const verdict::Bound& bound = *verdict.bound;
    std::string text = fmt::format("{} ({})", format_seconds(bound.seconds), bound.binds);
    constexpr double kSame = 1.005;
    if (bound.weighed > kSame * bound.seconds)
        text += fmt::format(", few warps at work: ranks as {}", format_seconds(bound.weighed));
    return text;
}

}  // namespace

std::string best_by_bound(const verdict::Verdict& verdict) {
    return fmt::format("best by bound{}: {}", verdict.bound ? " on " + verdict.bound->gpu : "",
                       bound_text(verdict));
}

Result<DeviceTable> DeviceTable::read(archive::Archive& archive,
                                      std::optional<archive::KernelId> winner) {
    std::map<archive::KernelId, Line> all;
    CUPEL_DO(archive.each_verdict([&](const archive::VerdictRecord& record) -> Result<void> {
        const auto [found, fresh] = all.try_emplace(record.kernel);
        Line& line = found->second;
        line.id = record.kernel;
        line.right = (fresh || line.right) && verdict::is_right(record.verdict.status);
        line.score = line.right ? record.score : std::nullopt;
        return {};
    }));
    DeviceTable table;
    table.tried_ = all.size();
    for (auto& [id, line] : all) {
        CUPEL_TRY(const bool barred, archive.is_quarantined(id));
        line.right = line.right && !barred;
        table.right_ += line.right ? 1 : 0;
        table.lines_.push_back(std::move(line));
    }
    const auto rank = [&](const Line& line) {
        constexpr double kLast = -std::numeric_limits<double>::infinity();
        return std::tuple(line.id != winner, !line.right, -line.score.value_or(kLast));
    };
    std::ranges::stable_sort(table.lines_, {}, rank);
    if (table.lines_.size() > kMostListed) table.lines_.resize(kMostListed);
    for (Line& line : table.lines_) {
        CUPEL_TRY(auto kernel, archive.kernel(line.id));
        CUPEL_TRY(std::vector<archive::VerdictRecord> verdicts, archive.verdicts(line.id));
        if (kernel) line.kernel = std::move(*kernel);
        line.kernel.kernel.source.clear();
        if (!verdicts.empty()) line.verdict = std::move(verdicts.back().verdict);
    }
    table.any_ = winner && !table.lines_.empty();
    return table;
}

Result<void> DeviceTable::write_kernels(archive::Archive& archive, const RunFolder& folder) {
    std::size_t number = 0;
    for (Line& line : lines_) {
        if (!line.right || number == kMostFiles) continue;
        CUPEL_TRY(const auto kernel, archive.kernel(line.id));
        line.file = fmt::format("kernel-{:02}.cu", ++number);
        if (kernel) CUPEL_DO(folder.write(line.file, kernel->kernel.source));
    }
    return {};
}

report::Card DeviceTable::card(const Ended& ended) const {
    report::Card card{
        .title = ended.task + " in CUDA",
        .seal = any_ ? "verified, not timed" : "nothing verified",
        .tone = report::tone_of(any_ ? verdict::Status::Accepted : verdict::Status::NotResolved),
        .headline =
            any_ ? fmt::format("{}, {}", best_by_bound(lines_.front().verdict), lines_.front().file)
                 : std::string("no kernel was verified"),
        .rows = {},
        .footer = kNotTimed};
    std::size_t refusals = 0;
    for (const Line& line : lines_) {
        const std::string schedule = one_line(schedule_of(line.kernel));
        if (!line.file.empty()) {
            card.rows.push_back(
                {fmt::format("{}", card.rows.size() + 1),
                 {fmt::format("{}: not faster than {}", line.file, bound_text(line.verdict)),
                  schedule}});
        } else if (!line.right && ++refusals <= kMostRefusals) {
            card.rows.push_back({"refused", {verdict::headline(line.verdict), schedule}});
        }
    }
    card.rows.push_back(
        {"tried", {fmt::format("{} kernels, {} of them verified", tried_, right_)}});
    if (any_ && ended.bound) {
        if (!lines_.front().verdict.findings.empty())
            card.rows.push_back({"findings", lines_.front().verdict.findings});
        for (report::Row& row : bound_rows(*ended.bound))
            card.rows.push_back(std::move(row));
    }
    if (auto asked = ended.spending.lines(); !asked.empty())
        card.rows.push_back({"asked", std::move(asked)});
    card.rows.push_back({"run", {ended.folder}});
    return card;
}

nlohmann::json DeviceTable::json(const Ended& ended) const {
    nlohmann::json kernels = nlohmann::json::array();
    for (const Line& line : lines_) {
        nlohmann::json verdict = verdict::to_json(line.verdict);
        nlohmann::json object = {{"id", line.id},
                                 {"schedule", schedule_of(line.kernel)},
                                 {"origin", line.kernel.kernel.origin},
                                 {"status", verdict.at("status")},
                                 {"reason", verdict.at("reason")},
                                 {"findings", verdict.value("findings", nlohmann::json::array())},
                                 {"file", nullptr},
                                 {"bound", verdict.value("bound", nlohmann::json())}};
        if (!line.file.empty()) object["file"] = line.file;
        kernels.push_back(std::move(object));
    }
    if (any_ && ended.bound) kernels.front()["bound"].update(bound_json(*ended.bound));
    const engineer::Outcome& search = ended.search;
    nlohmann::json document = {{"run", ended.folder},
                               {"task", ended.task},
                               {"target", "cuda"},
                               {"timed", false},
                               {"note", kNotTimed},
                               {"gpu", ended.sheet.id},
                               {"tried", tried_},
                               {"verified", right_},
                               {"evaluations", search.evaluations},
                               {"seconds", search.seconds},
                               {"stopped", engineer::stop_reason(search.stop)},
                               {"calls", search.spending.calls},
                               {"dollars", search.spending.dollars},
                               {"tokens", search.spending.tokens},
                               {"models_ended", nullptr},
                               {"spending", ended.spending.json()},
                               {"kernels", std::move(kernels)}};
    if (!search.spending.ended.empty()) document["models_ended"] = search.spending.ended;
    return document;
}

}  // namespace cupel::cli
