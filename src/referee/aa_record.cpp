// SPDX-License-Identifier: Apache-2.0
#include "referee/aa_record.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "os/append.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"
#include "stats/sample.hpp"

namespace cupel::referee {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t kLargest = std::size_t{1} << 20;
constexpr std::size_t kLongestLine = 1024;

bool is_outcome(verdict::Status status) {
    return status == verdict::Status::Faster || status == verdict::Status::Slower ||
           status == verdict::Status::NotResolved;
}

bool is_share(double value) {
    return value >= 0 && value <= 1;
}

std::string line_of(const AaRun& run) {
    const json line = {{"written", run.written},
                       {"threads", run.threads},
                       {"outcome", verdict::status_name(run.outcome)},
                       {"mid", run.mid},
                       {"half_width", run.half_width},
                       {"seconds", run.seconds},
                       {"busy", run.busy},
                       {"stolen", run.stolen}};
    return line.dump();
}

std::optional<AaRun> run_of(const std::string& line) {
    if (line.size() > kLongestLine) return std::nullopt;
    try {
        const json fields = json::parse(line);
        const auto outcome = verdict::status_from(fields.at("outcome").get<std::string>());
        if (!outcome || !is_outcome(*outcome)) return std::nullopt;
        AaRun run{.written = fields.at("written"),
                  .threads = fields.at("threads"),
                  .outcome = *outcome,
                  .mid = fields.at("mid"),
                  .half_width = fields.at("half_width"),
                  .seconds = fields.at("seconds"),
                  .busy = fields.at("busy"),
                  .stolen = fields.at("stolen")};
        const bool sound = os::is_utc_timestamp(run.written) && run.threads >= 1 && run.mid > 0 &&
                           run.half_width >= 0 && run.seconds >= 0 && is_share(run.busy) &&
                           is_share(run.stolen);
        if (!sound) return std::nullopt;
        return run;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

}  // namespace

Result<fs::path> aa_path(std::string_view fingerprint) {
    CUPEL_TRY(const fs::path cache, os::cache_folder());
    return cache / "aa" / fmt::format("{}.jsonl", fingerprint);
}

Result<void> append_aa(const fs::path& file, const AaRun& run) {
    CUPEL_CHECK(is_outcome(run.outcome));
    const bool finite = std::isfinite(run.mid) && std::isfinite(run.half_width);
    if (!finite) return {};  // too little was measured: no evidence either way
    return os::append_line(file, line_of(run), kAaRuns);
}

AaRecord read_aa(const fs::path& file) {
    AaRecord record;
    const auto text = os::read_file(file, kLargest);
    if (!text) {
        record.damaged = text.error().code == Errc::NotFound ? 0 : 1;
        return record;
    }
    for (const std::string& line : split(*text, '\n')) {
        if (line.empty()) continue;
        if (auto run = run_of(line)) {
            record.runs.push_back(*std::move(run));
        } else {
            ++record.damaged;
        }
    }
    if (record.runs.size() > kAaRuns) {
        record.runs.erase(record.runs.begin(),
                          record.runs.end() - static_cast<std::ptrdiff_t>(kAaRuns));
    }
    return record;
}

AaSummary summarize(const AaRecord& record, int threads) {
    AaSummary summary;
    summary.threads = threads;
    summary.damaged = record.damaged;
    std::int64_t different = 0;
    std::vector<double> half_widths;
    double stolen = 0;
    for (const AaRun& run : record.runs) {
        if (run.threads != threads) continue;
        if (half_widths.empty()) summary.first = run.written;
        summary.last = run.written;
        half_widths.push_back(run.half_width);
        stolen += run.stolen;
        different += run.outcome != verdict::Status::NotResolved ? 1 : 0;
    }
    summary.test = stats::aa_test(different, static_cast<std::int64_t>(half_widths.size()));
    if (half_widths.empty()) return summary;
    summary.half_width = stats::median(half_widths);
    summary.stolen = stolen / static_cast<double>(half_widths.size());
    return summary;
}

json to_json(const AaSummary& summary) {
    return {{"runs", summary.test.runs},
            {"different", summary.test.different},
            {"promised", summary.test.promised},
            {"significance", summary.test.significance},
            {"p_value", summary.test.p_value},
            {"contradicted", summary.test.contradicted},
            {"threads", summary.threads},
            {"damaged", summary.damaged},
            {"half_width", summary.half_width},
            {"stolen", summary.stolen},
            {"first", summary.first},
            {"last", summary.last}};
}

}  // namespace cupel::referee
