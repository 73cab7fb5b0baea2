// SPDX-License-Identifier: Apache-2.0
// Where a run was made and against what, kept in its archive: what of it does not stand in a
// verdict is known for runs without a certificate, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "page/account.hpp"
#include "referee/certificate.hpp"
#include "referee/referee.hpp"

namespace cupel::cli {

// Of the last part of a run. Docs: meta `conditions` in docs/formats/archive.md.
[[nodiscard]] Result<void> keep_conditions(archive::Archive& archive,
                                           const referee::Referee& referee, std::uint64_t seed);
// Of device code: no panel, and a GPU that is bounded by.
[[nodiscard]] Result<void> keep_device_conditions(archive::Archive& archive, const std::string& gpu,
                                                  std::uint64_t seed);

struct RunConditions {
    std::vector<page::Fact> facts;      // what was not kept is said to be not recorded
    std::optional<std::uint64_t> seed;  // of the search: islands follow from it
};
// As kept, or, where nothing was, as the certificate has it.
[[nodiscard]] Result<RunConditions> read_conditions(
    archive::Archive& archive, const std::optional<referee::Certificate>& certificate);

}  // namespace cupel::cli
