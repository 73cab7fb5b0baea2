// SPDX-License-Identifier: Apache-2.0
// The text of a recorded exchange: the hash of the rest on a line, then one JSON document.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/recording.hpp"

namespace cupel::model {

[[nodiscard]] std::string exchange_text(const Exchange& exchange);
// Corrupt where a byte was changed, or it is no exchange.
[[nodiscard]] Result<Exchange> read_exchange(std::string_view text);

}  // namespace cupel::model
