// SPDX-License-Identifier: Apache-2.0
// Admissions on disk, so that a task which was admitted once is not examined again before each
// judgement: <cache>/admissions/<key>.json. The key is a hash of the task's normal form (its sizes
// are in it as numbers), the number of threads and the programs that examined it, so a changed
// referee examines again. The folder is the user's own, as the artefacts' is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "referee/referee.hpp"

namespace cupel::referee {

// Nothing where the programs that are running cannot be read.
[[nodiscard]] std::optional<std::string> admission_key(const task::Task& task, int threads);

[[nodiscard]] std::string to_text(const Referee::Admission& admission, std::string_view key);
// Nothing where the text is not such a record, or one of another key.
[[nodiscard]] std::optional<Referee::Admission> from_text(std::string_view text,
                                                          std::string_view key);

// A cache that cannot be used is no error: the task is examined again.
[[nodiscard]] std::optional<Referee::Admission> find_admission(std::string_view key);
void keep_admission(const Referee::Admission& admission, std::string_view key);

}  // namespace cupel::referee
