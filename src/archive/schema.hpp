// SPDX-License-Identifier: Apache-2.0
// The tables of an archive, as numbered steps: step n brings a database of version n to n + 1. A
// step that has been released is never edited. docs/formats/archive.md says what the columns mean.
#pragma once

#include <array>
#include <cstdint>

namespace cupel::archive {

inline constexpr std::int64_t kApplicationId = 0x4355504c;  // "CUPL", in SQLite's file header

inline constexpr std::array kMigrations = {
    R"sql(
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE kernels (
    id          INTEGER PRIMARY KEY,
    hash        TEXT NOT NULL UNIQUE,
    source      TEXT NOT NULL,
    schedule    TEXT NOT NULL,
    origin      TEXT NOT NULL,
    phase       TEXT NOT NULL,
    quarantined INTEGER NOT NULL DEFAULT 0 CHECK (quarantined IN (0, 1)),
    at          TEXT NOT NULL
) STRICT;

CREATE TABLE parents (
    kernel INTEGER NOT NULL REFERENCES kernels (id),
    parent INTEGER NOT NULL REFERENCES kernels (id) CHECK (parent <> kernel),
    PRIMARY KEY (kernel, parent)
) STRICT, WITHOUT ROWID;
CREATE INDEX parents_by_parent ON parents (parent);

CREATE TABLE verdicts (
    id        INTEGER PRIMARY KEY,
    kernel    INTEGER NOT NULL REFERENCES kernels (id),
    trial     TEXT NOT NULL CHECK (trial IN ('screen', 'judge', 'confirm')),
    incumbent INTEGER REFERENCES kernels (id),
    status    TEXT NOT NULL,
    is_right  INTEGER NOT NULL CHECK (is_right IN (0, 1)),
    score     REAL,
    json      TEXT NOT NULL,
    seconds   REAL NOT NULL,
    at        TEXT NOT NULL
) STRICT;
CREATE INDEX verdicts_by_kernel ON verdicts (kernel);

CREATE TABLE events (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    text    TEXT NOT NULL,
    seconds REAL NOT NULL,
    at      TEXT NOT NULL
) STRICT;
)sql",
    R"sql(
CREATE TABLE asks (
    id       INTEGER PRIMARY KEY,
    hash     TEXT NOT NULL UNIQUE,
    author   TEXT NOT NULL,
    way      TEXT NOT NULL,
    parents  TEXT NOT NULL,
    kernel   INTEGER REFERENCES kernels (id),
    outcome  TEXT NOT NULL,
    idea     TEXT NOT NULL,
    gain     REAL NOT NULL,
    dollars  REAL NOT NULL,
    seconds  REAL NOT NULL,
    input    INTEGER NOT NULL,
    output   INTEGER NOT NULL,
    at       TEXT NOT NULL
) STRICT;
)sql",
    R"sql(
ALTER TABLE asks ADD COLUMN cached INTEGER;
ALTER TABLE asks ADD COLUMN written INTEGER;
ALTER TABLE asks ADD COLUMN reasoning INTEGER;
)sql",
};

}  // namespace cupel::archive
