// SPDX-License-Identifier: Apache-2.0
// What a provider means that gives no reply: by a status, by an error in place of one, or by words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/client.hpp"

namespace cupel::model {

// What an HTTP status other than 200 means.
struct Refusal {
    int status = 0;
    std::string body;  // the beginning of it
    std::optional<double> retry_after;
    std::string location;  // of a redirection
};
[[nodiscard]] Fault read_refusal(const Refusal& refusal);

// An error under status 200: the whole body, or what an event of a stream holds. `begun`: something
// of the reply had come.
[[nodiscard]] Fault read_error(std::string_view text, bool begun);

// Of what a stranger says. It is shortened by whoever has taken the key out of it: half a key is
// none the less one.
[[nodiscard]] std::string one_line(std::string_view text);

}  // namespace cupel::model
