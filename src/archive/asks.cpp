// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "archive/archive.hpp"
#include "base/text.hpp"
#include "os/clock.hpp"

namespace cupel::archive {

Result<void> Archive::record_ask(const Ask& ask) {
    CUPEL_TRY(Statement insert,
              database_.prepare("INSERT OR IGNORE INTO asks (hash, author, way, parents, kernel, "
                                "outcome, idea, gain, dollars, seconds, input, output, at, "
                                "cached, written, reasoning) "
                                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    return insert.bind(ask.hash)
        .bind(ask.author)
        .bind(ask.way)
        .bind(join(ask.parents, " "))
        .bind(ask.kernel)
        .bind(ask.outcome)
        .bind(ask.idea)
        .bind(ask.gain)
        .bind(ask.dollars)
        .bind(ask.seconds)
        .bind(ask.input)
        .bind(ask.output)
        .bind(os::utc_timestamp())
        .bind(ask.cached)
        .bind(ask.written)
        .bind(ask.reasoning)
        .run();
}

Result<std::vector<Ask>> Archive::asks() {
    std::vector<Ask> asks;
    // An archive that is only read may be older than the table, or than its last columns.
    CUPEL_TRY(const std::int64_t columns,
              database_.ask("SELECT count(*) FROM pragma_table_info('asks')"));
    if (columns == 0) return asks;
    CUPEL_TRY(const std::int64_t counts,
              database_.ask("SELECT count(*) FROM pragma_table_info('asks') "
                            "WHERE name IN ('cached', 'written', 'reasoning')"));
    CUPEL_TRY(Statement query,
              database_.prepare(fmt::format(
                  "SELECT hash, author, way, parents, kernel, outcome, idea, gain, dollars, "
                  "seconds, input, output, at, {} FROM asks ORDER BY id",
                  counts == 3 ? "cached, written, reasoning" : "NULL, NULL, NULL")));
    const auto count = [&query](int column) {
        return query.is_null(column) ? std::nullopt : std::optional(query.integer(column));
    };
    while (true) {
        CUPEL_TRY(const bool more, query.step());
        if (!more) return asks;
        Ask ask;
        ask.hash = query.text(0);
        ask.author = query.text(1);
        ask.way = query.text(2);
        if (const std::string parents = query.text(3); !parents.empty())
            ask.parents = split(parents, ' ');
        if (!query.is_null(4)) ask.kernel = query.integer(4);
        ask.outcome = query.text(5);
        ask.idea = query.text(6);
        ask.gain = query.number(7);
        ask.dollars = query.number(8);
        ask.seconds = query.number(9);
        ask.input = query.integer(10);
        ask.output = query.integer(11);
        ask.at = query.text(12);
        ask.cached = count(13);
        ask.written = count(14);
        ask.reasoning = count(15);
        asks.push_back(std::move(ask));
    }
}

Result<bool> Archive::is_quarantined(KernelId kernel) {
    CUPEL_TRY(Statement query, database_.prepare("SELECT quarantined FROM kernels WHERE id = ?"));
    CUPEL_TRY(const bool row, query.bind(kernel).step());
    return row && query.integer(0) != 0;
}

}  // namespace cupel::archive
