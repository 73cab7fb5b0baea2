// SPDX-License-Identifier: Apache-2.0
// SQLite, owned: a connection, a statement, a transaction. Every refusal becomes an Error with
// SQLite's words: Full (no space), Corrupt (not a database, damaged), Io (everything else the
// system would not do).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace cupel::archive {

class Database;

// One prepared statement. Parameters and columns count from 0. Bound text is copied.
class Statement {
public:
    Statement& bind(std::string_view text);
    Statement& bind(double number);
    Statement& bind(std::int64_t integer);
    Statement& bind(std::optional<std::int64_t> integer);

    // True while there is a row.
    [[nodiscard]] Result<bool> step();
    // For statements without rows.
    [[nodiscard]] Result<void> run();

    [[nodiscard]] std::string text(int column) const;
    [[nodiscard]] double number(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] bool is_null(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
    [[nodiscard]] int next();

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    int bound_ = 0;
    int failed_ = 0;  // first refusal of a bind, told by step
};

class Database {
public:
    enum class Mode { ReadOnly, ReadWrite };  // ReadWrite creates the file
    [[nodiscard]] static Result<Database> open(const std::filesystem::path& path, Mode mode);

    // Statements without parameters and rows, separated by semicolons.
    [[nodiscard]] Result<void> run(const std::string& sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    // The one value of a query such as a pragma.
    [[nodiscard]] Result<std::int64_t> ask(std::string_view sql);
    [[nodiscard]] std::int64_t last_insert_id() const;

private:
    struct Close {
        void operator()(sqlite3* connection) const noexcept;
    };
    explicit Database(sqlite3* connection) : connection_(connection) {}

    std::unique_ptr<sqlite3, Close> connection_;
};

// All or nothing: rolled back unless committed. Takes the write lock at once, so that two writers
// wait for each other instead of failing half-way.
class Transaction {
public:
    [[nodiscard]] static Result<Transaction> begin(Database& database);
    Transaction(Transaction&& other) noexcept;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    [[nodiscard]] Result<void> commit();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_;
};

}  // namespace cupel::archive
