// SPDX-License-Identifier: Apache-2.0
#include "archive/archive.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <system_error>
#include <utility>

#include "archive/schema.hpp"
#include "base/hash.hpp"
#include "os/clock.hpp"

namespace cupel::archive {

namespace {

using Path = std::filesystem::path;

struct TrialRow {
    Trial trial;
    std::string_view name;
};
constexpr std::array kTrials = {TrialRow{Trial::Screen, "screen"}, TrialRow{Trial::Judge, "judge"},
                                TrialRow{Trial::Confirm, "confirm"}};

bool broke_a_law(verdict::Status status) {
    return status == verdict::Status::Cheating || status == verdict::Status::Impossible;
}

// The file, its write-ahead log and its index travel together.
Result<Path> move_aside(const Path& path) {
    const std::string stem = path.string() + ".corrupt-" + os::utc_timestamp();
    Path target = stem;
    std::error_code error;
    for (int copy = 2; std::filesystem::exists(target, error); ++copy) {
        target = fmt::format("{}-{}", stem, copy);
    }
    std::filesystem::rename(path, target, error);
    if (error) return fail(Errc::Io, "move aside the damaged archive: " + error.message());
    for (const char* companion : {"-wal", "-shm"}) {
        const Path from = path.string() + companion;
        if (!std::filesystem::exists(from, error)) continue;
        std::filesystem::rename(from, target.string() + companion, error);
        if (error) return fail(Errc::Io, from.string() + ": " + error.message());
    }
    return target;
}

// SQLite reads a damaged page only when it is asked for; a run must not find out in the middle.
Result<void> check_sound(Database& database) {
    CUPEL_TRY(Statement check, database.prepare("PRAGMA quick_check(1)"));
    CUPEL_TRY(const bool row, check.step());
    if (!row || check.text(0) != "ok") {
        return fail(Errc::Corrupt, row ? check.text(0) : "no answer from quick_check");
    }
    return {};
}

// An empty database is ours to fill; any other must carry our mark and a version that we know.
Result<std::int64_t> check_version(Database& database) {
    CUPEL_TRY(const std::int64_t tables, database.ask("SELECT count(*) FROM sqlite_schema"));
    CUPEL_TRY(const std::int64_t version, database.ask("PRAGMA user_version"));
    CUPEL_TRY(const std::int64_t application, database.ask("PRAGMA application_id"));
    if (tables == 0 && version == 0) return 0;
    if (application != kApplicationId) return fail(Errc::Invalid, "a database of another program");
    const auto known = static_cast<std::int64_t>(kMigrations.size());
    if (version < 1 || version > known) {
        return fail(Errc::Invalid,
                    fmt::format("made by a newer Cupel (version {} of the format; this "
                                "one knows {})",
                                version, known));
    }
    return version;
}

Result<Trial> trial_from(std::string_view name) {
    const auto* row = std::ranges::find(kTrials, name, &TrialRow::name);
    if (row == kTrials.end())
        return fail(Errc::Corrupt, "unknown trial '" + std::string(name) + "'");
    return row->trial;
}

constexpr std::string_view kKernelColumns =
    "id, hash, source, schedule, origin, phase, quarantined, at";

}  // namespace

std::string_view trial_name(Trial trial) {
    return std::ranges::find(kTrials, trial, &TrialRow::trial)->name;
}

Result<Archive> Archive::open(const Path& path) {
    Result<Archive> archive = open_sound(path);
    if (archive || archive.error().code != Errc::Corrupt) {
        if (!archive) return std::unexpected(std::move(archive.error()).in(path.string()));
        return archive;
    }
    CUPEL_TRY(Path aside, move_aside(path));
    CUPEL_TRY(Archive fresh, open_sound(path));
    fresh.set_aside_ = std::move(aside);
    fresh.damage_ = std::move(archive.error().text);
    return fresh;
}

Result<Archive> Archive::open_sound(const Path& path) {
    CUPEL_TRY(Database database, Database::open(path, Database::Mode::ReadWrite));
    CUPEL_DO(check_sound(database));
    CUPEL_DO(check_version(database));
    // Nothing above writes: only a database that is ours is changed.
    CUPEL_DO(
        database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                     "PRAGMA foreign_keys = ON"));
    Archive archive(std::move(database));
    CUPEL_DO(archive.migrate());
    CUPEL_DO(archive.check_rows());
    archive.path_ = path;
    return archive;
}

Result<Archive> Archive::open_read_only(const Path& path) {
    const auto opened = [&]() -> Result<Archive> {
        std::error_code error;
        if (!std::filesystem::exists(path, error)) return fail(Errc::NotFound, "no archive here");
        CUPEL_TRY(Database database, Database::open(path, Database::Mode::ReadOnly));
        CUPEL_DO(check_sound(database));
        CUPEL_TRY(const std::int64_t version, check_version(database));
        if (version < 1) {
            return fail(Errc::Invalid, "an archive that no run has begun yet");
        }
        Archive archive(std::move(database));
        archive.path_ = path;
        return archive;
    };
    Result<Archive> archive = opened();
    if (!archive) return std::unexpected(std::move(archive.error()).in(path.string()));
    return archive;
}

Result<void> Archive::migrate() {
    // The version is read again under the write lock: two processes may open a new archive at once.
    CUPEL_TRY(Transaction transaction, Transaction::begin(database_));
    CUPEL_TRY(const std::int64_t version, check_version(database_));
    for (auto step = static_cast<std::size_t>(version); step < kMigrations.size(); ++step) {
        CUPEL_DO(database_.run(kMigrations[step]));
    }
    CUPEL_DO(database_.run(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                       kApplicationId, kMigrations.size())));
    return transaction.commit();
}

// What SQLite finds sound may still be no archive: rows that somebody edited or deleted. A search
// reads all of them as it goes on, and could neither use such a row nor go on without it.
Result<void> Archive::check_rows() {
    CUPEL_TRY(Statement orphan, database_.prepare("PRAGMA foreign_key_check"));
    CUPEL_TRY(const bool found, orphan.step());
    if (found) {
        return fail(Errc::Corrupt, fmt::format("{}: row {} names a kernel that is not there",
                                               orphan.text(0), orphan.text(1)));
    }
    CUPEL_DO(each_kernel([](const KernelRecord&) -> Result<void> { return {}; }));
    return each_verdict([](const VerdictRecord&) -> Result<void> { return {}; });
}

std::unexpected<Error> Archive::corrupt(std::string text) const {
    std::unexpected<Error> error = fail(Errc::Corrupt, std::move(text));
    // None while it is opened: who opens it says which it is.
    if (!path_.empty()) error = std::unexpected(std::move(error.error()).in(path_.string()));
    return error;
}

Result<void> Archive::set_meta(std::string_view key, std::string_view value) {
    CUPEL_TRY(Statement insert,
              database_.prepare("INSERT INTO meta VALUES (?, ?) "
                                "ON CONFLICT (key) DO UPDATE SET value = excluded.value"));
    return insert.bind(key).bind(value).run();
}

Result<std::optional<std::string>> Archive::meta(std::string_view key) {
    CUPEL_TRY(Statement query, database_.prepare("SELECT value FROM meta WHERE key = ?"));
    CUPEL_TRY(const bool row, query.bind(key).step());
    if (!row) return std::nullopt;
    return query.text(0);
}

Result<KernelId> Archive::record_kernel(const NewKernel& kernel) {
    const std::string hash = hash_hex(kernel.kernel.source);
    CUPEL_TRY(Transaction transaction, Transaction::begin(database_));
    CUPEL_TRY(Statement known, database_.prepare("SELECT id FROM kernels WHERE hash = ?"));
    CUPEL_TRY(const bool there, known.bind(hash).step());
    if (there) return known.integer(0);
    CUPEL_TRY(Statement insert,
              database_.prepare("INSERT INTO kernels (hash, source, schedule, origin, "
                                "phase, at) VALUES (?, ?, ?, ?, ?, ?)"));
    CUPEL_DO(insert.bind(hash)
                 .bind(kernel.kernel.source)
                 .bind(kernel.kernel.schedule)
                 .bind(kernel.kernel.origin)
                 .bind(kernel.phase)
                 .bind(os::utc_timestamp())
                 .run());
    const KernelId id = database_.last_insert_id();
    for (const KernelId parent : kernel.parents) {
        CUPEL_TRY(Statement link, database_.prepare("INSERT OR IGNORE INTO parents VALUES (?, ?)"));
        CUPEL_DO(link.bind(id).bind(parent).run());
    }
    CUPEL_TRY(Statement inherit,
              database_.prepare(
                  "UPDATE kernels SET quarantined = 1 WHERE id = ?1 AND EXISTS (SELECT 1 FROM "
                  "parents p JOIN kernels k ON k.id = p.parent WHERE p.kernel = ?1 AND "
                  "k.quarantined)"));
    CUPEL_DO(inherit.bind(id).run());
    CUPEL_DO(transaction.commit());
    return id;
}

Result<void> Archive::record_verdict(const NewVerdict& verdict) {
    const verdict::Status status = verdict.verdict.status;
    CUPEL_TRY(Transaction transaction, Transaction::begin(database_));
    CUPEL_TRY(Statement insert,
              database_.prepare(
                  "INSERT INTO verdicts (kernel, trial, incumbent, status, is_right, score, "
                  "json, seconds, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    CUPEL_DO(insert.bind(verdict.kernel)
                 .bind(trial_name(verdict.trial))
                 .bind(verdict.incumbent)
                 .bind(verdict::status_name(status))
                 .bind(std::int64_t{verdict::is_right(status) ? 1 : 0})
                 .bind(std::isfinite(verdict.score) ? verdict.score
                                                    : std::nan(""))  // NaN is stored as NULL
                 .bind(verdict::to_json(verdict.verdict).dump())
                 .bind(std::isfinite(verdict.seconds) ? verdict.seconds : 0.0)
                 .bind(os::utc_timestamp())
                 .run());
    if (broke_a_law(status)) CUPEL_DO(mark_quarantined(verdict.kernel));
    return transaction.commit();
}

Result<void> Archive::quarantine(KernelId kernel) {
    CUPEL_TRY(Transaction transaction, Transaction::begin(database_));
    CUPEL_DO(mark_quarantined(kernel));
    return transaction.commit();
}

Result<void> Archive::mark_quarantined(KernelId kernel) {
    CUPEL_TRY(Statement update,
              database_.prepare(
                  "WITH RECURSIVE tainted (id) AS (SELECT ? UNION SELECT p.kernel FROM "
                  "parents p JOIN tainted t ON p.parent = t.id) "
                  "UPDATE kernels SET quarantined = 1 WHERE id IN (SELECT id FROM tainted)"));
    return update.bind(kernel).run();
}

Result<void> Archive::record_event(const Event& event) {
    CUPEL_TRY(Statement insert, database_.prepare("INSERT INTO events (kind, text, seconds, at) "
                                                  "VALUES (?, ?, ?, ?)"));
    return insert.bind(event.kind)
        .bind(event.text)
        .bind(std::isfinite(event.seconds) ? event.seconds : 0.0)
        .bind(event.at.empty() ? os::utc_timestamp() : event.at)
        .run();
}

Result<KernelRecord> Archive::read_kernel(const Statement& row) {
    KernelRecord record{
        .id = row.integer(0),
        .hash = row.text(1),
        .kernel = {.source = row.text(2), .schedule = row.text(3), .origin = row.text(4)},
        .phase = row.text(5),
        .parents = {},
        .quarantined = row.integer(6) != 0,
        .at = row.text(7)};
    if (hash_hex(record.kernel.source) != record.hash) {
        return corrupt(
            fmt::format("kernel {}: its text is not the one that was recorded (another "
                        "hash)",
                        record.id));
    }
    CUPEL_TRY(Statement parents,
              database_.prepare("SELECT parent FROM parents WHERE kernel = ? ORDER BY parent"));
    parents.bind(record.id);
    while (true) {
        CUPEL_TRY(const bool more, parents.step());
        if (!more) return record;
        record.parents.push_back(parents.integer(0));
    }
}

Result<std::optional<KernelRecord>> Archive::find(std::string_view hash) {
    CUPEL_TRY(Statement query, database_.prepare(fmt::format(
                                   "SELECT {} FROM kernels WHERE hash = ?", kKernelColumns)));
    CUPEL_TRY(const bool row, query.bind(hash).step());
    if (!row) return std::nullopt;
    return read_kernel(query);
}

Result<std::optional<KernelRecord>> Archive::kernel(KernelId id) {
    CUPEL_TRY(Statement query, database_.prepare(fmt::format("SELECT {} FROM kernels WHERE id = ?",
                                                             kKernelColumns)));
    CUPEL_TRY(const bool row, query.bind(id).step());
    if (!row) return std::nullopt;
    return read_kernel(query);
}

Result<std::vector<KernelRecord>> Archive::kernels() {
    std::vector<KernelRecord> records;
    CUPEL_DO(each_kernel([&](const KernelRecord& record) -> Result<void> {
        records.push_back(record);
        return {};
    }));
    return records;
}

Result<void> Archive::each_kernel(const std::function<Result<void>(const KernelRecord&)>& take) {
    CUPEL_TRY(Statement query,
              database_.prepare(fmt::format("SELECT {} FROM kernels ORDER BY id", kKernelColumns)));
    while (true) {
        CUPEL_TRY(const bool more, query.step());
        if (!more) return {};
        CUPEL_TRY(const KernelRecord record, read_kernel(query));
        CUPEL_DO(take(record));
    }
}

Result<verdict::Verdict> Archive::verdict_of(KernelId kernel, const std::string& text) const {
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    Result<verdict::Verdict> read =
        json.is_discarded() ? fail(Errc::Corrupt, "no JSON") : verdict::verdict_from_json(json);
    if (!read) return corrupt(fmt::format("verdict of kernel {}: {}", kernel, read.error().text));
    return read;
}

Result<void> Archive::each_verdict_of(
    Statement rows, const std::function<Result<void>(VerdictRecord)>& take) const {
    while (true) {
        CUPEL_TRY(const bool more, rows.step());
        if (!more) return {};
        VerdictRecord record;
        record.kernel = rows.integer(0);
        CUPEL_TRY(record.trial, trial_from(rows.text(1)));
        if (!rows.is_null(2)) record.incumbent = rows.integer(2);
        if (!rows.is_null(3)) record.score = rows.number(3);
        CUPEL_TRY(record.verdict, verdict_of(record.kernel, rows.text(4)));
        record.seconds = rows.number(5);
        record.at = rows.text(6);
        CUPEL_DO(take(std::move(record)));
    }
}

Result<std::vector<VerdictRecord>> Archive::verdicts(KernelId kernel) {
    CUPEL_TRY(
        Statement query,
        database_.prepare("SELECT kernel, trial, incumbent, score, json, seconds, at FROM verdicts "
                          "WHERE kernel = ? ORDER BY id"));
    query.bind(kernel);
    std::vector<VerdictRecord> records;
    CUPEL_DO(each_verdict_of(std::move(query), [&](VerdictRecord record) -> Result<void> {
        records.push_back(std::move(record));
        return {};
    }));
    return records;
}

Result<std::vector<VerdictRecord>> Archive::verdicts() {
    std::vector<VerdictRecord> records;
    CUPEL_DO(each_verdict([&](VerdictRecord record) -> Result<void> {
        records.push_back(std::move(record));
        return {};
    }));
    return records;
}

Result<void> Archive::each_verdict(const std::function<Result<void>(VerdictRecord)>& take) {
    CUPEL_TRY(Statement query,
              database_.prepare("SELECT kernel, trial, incumbent, score, json, seconds, at "
                                "FROM verdicts ORDER BY id"));
    return each_verdict_of(std::move(query), take);
}

Result<verdict::Verdict> Archive::latest_screen(KernelId kernel) {
    CUPEL_TRY(Statement query,
              database_.prepare("SELECT json FROM verdicts WHERE kernel = ? AND trial = 'screen' "
                                "ORDER BY id DESC LIMIT 1"));
    CUPEL_TRY(const bool row, query.bind(kernel).step());
    if (!row) return verdict::Verdict{};
    return verdict_of(kernel, query.text(0));
}

Result<std::vector<Event>> Archive::events() {
    CUPEL_TRY(Statement query,
              database_.prepare("SELECT kind, text, seconds, at FROM events ORDER BY id"));
    std::vector<Event> events;
    while (true) {
        CUPEL_TRY(const bool more, query.step());
        if (!more) return events;
        events.push_back({query.text(0), query.text(1), query.number(2), query.text(3)});
    }
}

Result<std::vector<Ranked>> Archive::ranking(std::int64_t most) {
    CUPEL_TRY(Statement query,
              database_.prepare(fmt::format("SELECT {}, (SELECT v.score FROM verdicts v WHERE "
                                            "v.kernel = k.id AND v.trial = 'screen' "
                                            "ORDER BY v.id DESC LIMIT 1) AS score FROM kernels k "
                                            "WHERE NOT quarantined AND score IS NOT "
                                            "NULL AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE "
                                            "v.kernel = k.id AND NOT v.is_right) "
                                            "ORDER BY score DESC, id LIMIT ?",
                                            kKernelColumns)));
    query.bind(most);
    std::vector<Ranked> ranking;
    while (true) {
        CUPEL_TRY(const bool more, query.step());
        if (!more) return ranking;
        CUPEL_TRY(KernelRecord record, read_kernel(query));
        ranking.push_back({std::move(record), query.number(8)});
    }
}

Result<std::optional<Ranked>> Archive::best() {
    CUPEL_TRY(std::vector<Ranked> first, ranking(1));
    if (first.empty()) return std::nullopt;
    return std::move(first.front());
}

Result<Totals> Archive::totals() {
    CUPEL_TRY(
        Statement query,
        database_.prepare(
            "SELECT (SELECT count(*) FROM kernels), (SELECT count(DISTINCT kernel) FROM verdicts), "
            "(SELECT count(*) FROM (SELECT kernel FROM verdicts GROUP BY kernel HAVING "
            "min(is_right))), "
            "(SELECT count(*) FROM kernels WHERE quarantined), (SELECT count(*) FROM verdicts), "
            "(SELECT coalesce(sum(seconds), 0) FROM verdicts)"));
    CUPEL_TRY(const bool row, query.step());
    CUPEL_CHECK(row);
    return Totals{.kernels = query.integer(0),
                  .tried = query.integer(1),
                  .right = query.integer(2),
                  .quarantined = query.integer(3),
                  .verdicts = query.integer(4),
                  .seconds = query.number(5)};
}

}  // namespace cupel::archive
