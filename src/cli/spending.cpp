// SPDX-License-Identifier: Apache-2.0
#include "cli/spending.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "cli/writers.hpp"
#include "model/recording.hpp"

namespace cupel::cli {
namespace {

// The archive counts what was answered; of what came to nothing the recording knows.
std::int64_t tokens_of(const archive::Ask& ask, const std::optional<model::Exchange>& exchange) {
    return exchange ? model::paid_for(*exchange).tokens : ask.input + ask.output;
}

}  // namespace

Result<SpendingTable> SpendingTable::read(archive::Archive& archive, const RunFolder& folder,
                                          const engineer::Outcome& search) {
    std::optional<model::Recording> recording;
    const std::filesystem::path place = folder.path() / kRecording;
    std::error_code ignored;
    if (std::filesystem::is_directory(place, ignored)) {
        CUPEL_TRY(recording, model::Recording::open(place, model::Recording::Mode::Replay));
    }
    std::map<std::pair<std::string, std::string>, Spent> rows;
    CUPEL_TRY(const std::vector<archive::Ask> asks, archive.asks());
    for (const archive::Ask& ask : asks) {
        std::optional<model::Exchange> exchange;
        if (recording) {
            CUPEL_TRY(exchange, recording->find(ask.hash));
        }
        Spent& row = rows[{ask.author, ask.way}];
        row.author = ask.author;
        row.way = ask.way;
        ++row.calls;
        row.kernels += ask.kernel ? 1 : 0;
        row.gain += ask.gain;
        row.dollars += ask.dollars;
        row.tokens += tokens_of(ask, exchange);
        row.seconds += ask.seconds;
    }
    SpendingTable table{
        .rows = {}, .ended = search.spending.ended, .bounds = search.best && search.best->bound};
    for (auto& [who, row] : rows)
        table.rows.push_back(std::move(row));
    return table;
}

std::vector<std::string> SpendingTable::lines() const {
    std::vector<std::string> lines;
    for (const Spent& row : rows) {
        const std::string who =
            row.author == row.way ? row.author : fmt::format("{} {}", row.author, row.way);
        lines.push_back(fmt::format(
            "{}: asked {}, {} kernel{}, {}{:+.0f} % while searching, "
            "${:.4f}",
            who, row.calls, row.kernels, row.kernels == 1 ? "" : "s", bounds ? "bound " : "",
            100 * std::expm1(bounds ? -row.gain : row.gain), row.dollars));
    }
    if (!ended.empty()) lines.push_back("asked no more: " + ended);
    return lines;
}

nlohmann::json SpendingTable::json() const {
    nlohmann::json list = nlohmann::json::array();
    for (const Spent& row : rows) {
        list.push_back({{"model", row.author},
                        {"operator", row.way},
                        {"calls", row.calls},
                        {"kernels", row.kernels},
                        {"dollars", row.dollars},
                        {"tokens", row.tokens},
                        {"seconds", row.seconds}});
    }
    return list;
}

}  // namespace cupel::cli
