// SPDX-License-Identifier: Apache-2.0
#include "archive/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <system_error>
#include <utility>

namespace cupel::archive {

namespace {

constexpr int kBusyMilliseconds = 10'000;

Errc errc_of(int code) {
    switch (code & 0xff) {  // the primary code
        case SQLITE_FULL:
            return Errc::Full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Errc::Corrupt;
        default:
            return Errc::Io;
    }
}

std::unexpected<Error> refused(int code, sqlite3* connection) {
    const char* words = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    return fail(errc_of(code), words);
}

// As a URI, in which SQLite takes options.
std::string uri_of(const std::filesystem::path& path) {
    std::string uri = "file:";
    for (const char c : path.string()) {
        if (c == '%' || c == '?' || c == '#') {
            uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        } else {
            uri += c;
        }
    }
    return uri;
}

// A reader too needs the log and its index beside the file. In a folder that cannot be written, and
// where no log was left, the file is all there is and nobody changes it.
bool is_immutable(const std::filesystem::path& path) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    std::error_code ignored;
    return access(folder.c_str(), W_OK) != 0 &&
           !std::filesystem::exists(path.string() + "-wal", ignored);
}

// Opening a pipe waits for whoever writes into it, for ever. SQLite opens what lies beside the file
// as well.
Result<void> check_files(const std::filesystem::path& path) {
    for (const char* companion : {"", "-journal", "-wal", "-shm"}) {
        const std::filesystem::path file = path.string() + companion;
        std::error_code ignored;
        if (std::filesystem::exists(file, ignored) &&
            !std::filesystem::is_regular_file(file, ignored)) {
            return fail(Errc::Io, file.filename().string() + " is not a file");
        }
    }
    return {};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

int Statement::next() {
    return ++bound_;
}

Statement& Statement::bind(std::string_view text) {
    const char* data = text.empty() ? "" : text.data();  // a null pointer would bind NULL
    const int code = sqlite3_bind_text64(statement_.get(), next(), data, text.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8);
    if (failed_ == SQLITE_OK) failed_ = code;
    return *this;
}

Statement& Statement::bind(double number) {
    const int code = sqlite3_bind_double(statement_.get(), next(), number);
    if (failed_ == SQLITE_OK) failed_ = code;
    return *this;
}

Statement& Statement::bind(std::int64_t integer) {
    const int code = sqlite3_bind_int64(statement_.get(), next(), integer);
    if (failed_ == SQLITE_OK) failed_ = code;
    return *this;
}

Statement& Statement::bind(std::optional<std::int64_t> integer) {
    if (integer) return bind(*integer);
    const int code = sqlite3_bind_null(statement_.get(), next());
    if (failed_ == SQLITE_OK) failed_ = code;
    return *this;
}

Result<bool> Statement::step() {
    sqlite3* connection = sqlite3_db_handle(statement_.get());
    if (failed_ != SQLITE_OK) return refused(failed_, nullptr);
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return refused(code, connection);
}

Result<void> Statement::run() {
    CUPEL_TRY(const bool row, step());
    CUPEL_CHECK(!row);
    return {};
}

std::string Statement::text(int column) const {
    const unsigned char* data = sqlite3_column_text(statement_.get(), column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return data == nullptr ? std::string() : std::string(data, data + size);
}

double Statement::number(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* connection) const noexcept {
    sqlite3_close_v2(connection);
}

Result<Database> Database::open(const std::filesystem::path& path, Mode mode) {
    CUPEL_DO(check_files(path));
    const bool reads = mode == Mode::ReadOnly;
    const int flags = reads ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    const std::string uri = uri_of(path) + (reads && is_immutable(path) ? "?immutable=1" : "");
    sqlite3* connection = nullptr;
    const int code = sqlite3_open_v2(uri.c_str(), &connection, flags | SQLITE_OPEN_URI, nullptr);
    Database database(connection);  // SQLite gives a connection to close even where it refuses
    if (code != SQLITE_OK) return refused(code, connection);
    sqlite3_extended_result_codes(connection, 1);
    sqlite3_busy_timeout(connection, kBusyMilliseconds);
    // A run folder may come from a stranger: its schema gets no powers.
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    return database;
}

Result<void> Database::run(const std::string& sql) {
    const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return refused(code, connection_.get());
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
    if (code != SQLITE_OK) return refused(code, connection_.get());
    return Statement(statement);
}

Result<std::int64_t> Database::ask(std::string_view sql) {
    CUPEL_TRY(Statement statement, prepare(sql));
    CUPEL_TRY(const bool row, statement.step());
    return row ? statement.integer(0) : 0;
}

std::int64_t Database::last_insert_id() const {
    return sqlite3_last_insert_rowid(connection_.get());
}

Result<Transaction> Transaction::begin(Database& database) {
    CUPEL_DO(database.run("BEGIN IMMEDIATE"));
    return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
    // A rollback can only fail where SQLite has rolled back already.
    if (database_ != nullptr) static_cast<void>(database_->run("ROLLBACK"));
}

Result<void> Transaction::commit() {
    CUPEL_DO(database_->run("COMMIT"));
    database_ = nullptr;
    return {};
}

}  // namespace cupel::archive
