// SPDX-License-Identifier: Apache-2.0
#include "cli/show_run.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>

#include "archive/archive.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "cli/run_folder.hpp"
#include "cli/workplace.hpp"
#include "os/files.hpp"
#include "report/style.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;

struct Judged {
    archive::KernelRecord kernel;
    std::vector<archive::VerdictRecord> verdicts;
};

Result<archive::Archive> open_archive(const fs::path& folder) {
    return archive::Archive::open_read_only(folder / "archive.db");
}

Result<std::vector<Judged>> read_run(archive::Archive& archive) {
    CUPEL_TRY(std::vector<archive::KernelRecord> kernels, archive.kernels());
    CUPEL_TRY(std::vector<archive::VerdictRecord> verdicts, archive.verdicts());
    std::map<archive::KernelId, std::size_t> place;
    std::vector<Judged> lines;
    for (archive::KernelRecord& kernel : kernels) {
        place[kernel.id] = lines.size();
        lines.push_back({std::move(kernel), {}});
    }
    for (archive::VerdictRecord& verdict : verdicts) {
        const auto at = place.find(verdict.kernel);
        if (at != place.end()) lines[at->second].verdicts.push_back(std::move(verdict));
    }
    return lines;
}

// ---- every kernel ----

// A screen compares with an incumbent and ranks; only a judgement has an interval over naive.
std::string outcome_text(const archive::VerdictRecord& record) {
    const verdict::Verdict& verdict = record.verdict;
    if (!verdict::is_right(verdict.status)) return report::shorten(verdict::headline(verdict), 50);
    if (verdict.bound) {
        return fmt::format("verified, not timed; {} binds on {}", verdict.bound->binds,
                           verdict.bound->gpu);
    }
    if (record.trial == archive::Trial::Screen || !verdict.speedup) return "right";
    const verdict::Interval& ratio = verdict.speedup->ratio;
    std::string status(verdict::status_name(verdict.status));
    std::ranges::replace(status, '_', ' ');
    return fmt::format("{}, {:.2f} to {:.2f}", status, ratio.low, ratio.high);
}

std::string line_text(const Judged& line) {
    std::string text = fmt::format("{:>4}  {}  {:<9}", line.kernel.id,
                                   line.kernel.hash.substr(0, 10), line.kernel.kernel.origin);
    if (line.verdicts.empty()) return text + "  not tried";
    const archive::VerdictRecord& last = line.verdicts.back();
    text += fmt::format("  {:<7}  ", archive::trial_name(last.trial));
    if (last.verdict.bound) {
        text += fmt::format("{:>10}  ", format_seconds(last.verdict.bound->seconds));
    } else if (last.score && std::isfinite(*last.score)) {
        text += fmt::format("{:>9.2f}x  ", std::exp(*last.score));
    } else {
        text += "         -  ";
    }
    if (line.kernel.quarantined) text += "quarantined, ";
    return text + outcome_text(last);
}

nlohmann::json line_json(const Judged& line) {
    auto trials = nlohmann::json::array();
    for (const archive::VerdictRecord& record : line.verdicts) {
        auto verdict = verdict::to_json(record.verdict);
        verdict.erase("samples");
        trials.push_back(
            {{"trial", archive::trial_name(record.trial)}, {"verdict", std::move(verdict)}});
    }
    return {{"id", line.kernel.id},
            {"hash", line.kernel.hash},
            {"origin", line.kernel.kernel.origin},
            {"phase", line.kernel.phase},
            {"parents", line.kernel.parents},
            {"quarantined", line.kernel.quarantined},
            {"schedule", line.kernel.kernel.schedule},
            {"trials", std::move(trials)}};
}

std::string ending_text(const fs::path& folder, const archive::Totals& totals) {
    std::string text =
        fmt::format("\n{} kernel{}, {} tried, {} right, {} quarantined; {} of trials\n",
                    totals.kernels, totals.kernels == 1 ? "" : "s", totals.tried, totals.right,
                    totals.quarantined, format_seconds(totals.seconds));
    const std::string name = folder.string();
    std::error_code ignored;
    if (totals.kernels > 0) text += fmt::format("one of them:  cupel show {} --kernel ID\n", name);
    if (fs::exists(folder / "certificate.json", ignored))
        text += fmt::format("try it again: cupel verify {}\n", name);
    return text + fmt::format("search on:    cupel optimize --resume {}\n", name);
}

// ---- one kernel ----

std::string as_comments(std::string_view text) {
    std::string comments;
    for (const std::string& line : split(std::string(trim(text)), '\n'))
        comments += "// " + line + "\n";
    return comments;
}

void tell_kernel(const Judged& line, const std::string& where, Console& console) {
    auto document = line_json(line);
    document["source"] = line.kernel.kernel.source;
    console.document(document);
    std::string head =
        fmt::format("kernel {} of {}: {}{}\n", line.kernel.id, where, line.kernel.kernel.origin,
                    line.kernel.quarantined ? ", quarantined" : "");
    for (const archive::VerdictRecord& record : line.verdicts) {
        head += fmt::format("{}: {}\n", archive::trial_name(record.trial),
                            verdict::headline(record.verdict));
    }
    if (line.verdicts.empty()) head += "not tried\n";
    console.print(as_comments(head) + line.kernel.kernel.source);
}

}  // namespace

Result<int> show_run(const fs::path& folder, Console& console) {
    CUPEL_TRY(archive::Archive archive, open_archive(folder));
    CUPEL_TRY(const std::vector<Judged> lines, read_run(archive));
    CUPEL_TRY(const archive::Totals totals, archive.totals());
    auto kernels = nlohmann::json::array();
    const bool device = target_of_run(folder).name == "cuda";
    std::string text = fmt::format("  id  hash        origin     trial    {}  outcome\n",
                                   device ? "  bound   " : "over naive");
    for (const Judged& line : lines) {
        kernels.push_back(line_json(line));
        text += console.fit(line_text(line)) + "\n";
    }
    text += ending_text(folder, totals);
    console.document({{"run", folder.string()}, {"kernels", std::move(kernels)}});
    console.print(text);
    return 0;
}

Result<int> show_device_run(const fs::path& folder, Console& console) {
    CUPEL_TRY(const std::string kernels, os::read_file(folder / kDeviceKernels));
    CUPEL_TRY(const std::string table, os::read_file(folder / "summary.txt"));
    const nlohmann::json document = nlohmann::json::parse(kernels, nullptr, false);
    if (!document.is_object())
        return fail(Errc::Corrupt, (folder / kDeviceKernels).string() + " is damaged");
    console.document(document);
    console.print(table);
    return 0;
}

Result<int> show_kernel(const fs::path& folder, int number, Console& console) {
    CUPEL_TRY(archive::Archive archive, open_archive(folder));
    CUPEL_TRY(std::optional<archive::KernelRecord> kernel, archive.kernel(number));
    if (!kernel) {
        return fail(Errc::Usage, fmt::format("--kernel {}: no such kernel; `cupel show {}` lists "
                                             "them",
                                             number, folder.string()));
    }
    Judged line{std::move(*kernel), {}};
    CUPEL_TRY(line.verdicts, archive.verdicts(number));
    tell_kernel(line, folder.string(), console);
    return 0;
}

Result<int> show_kernel_file(const fs::path& file, Console& console) {
    CUPEL_TRY(const std::string source, read_kernel_text(file.string()));
    const std::string hash = hash_hex(source);
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (auto archive = open_archive(folder)) {
        CUPEL_TRY(const std::optional<archive::KernelRecord> known, archive->find(hash));
        if (known) return show_kernel(folder, static_cast<int>(known->id), console);
    }
    console.document({{"file", file.string()}, {"hash", hash}, {"source", source}});
    console.print(as_comments("a kernel file of no run; it is tried by\n  cupel judge TASK " +
                              file.string()) +
                  source);
    return 0;
}

}  // namespace cupel::cli
