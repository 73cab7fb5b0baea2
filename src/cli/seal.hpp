// SPDX-License-Identifier: Apache-2.0
// What stands at the head of a certificate's card. A stranger's certificate may hold together and
// prove nothing: the seal says whose word it is, and only a signer whom the user knows makes it
// green.
#pragma once

#include <string>
#include <string_view>

#include "referee/certificate.hpp"
#include "report/card.hpp"

namespace cupel::cli {

// `wanted`: the fingerprint that the user demands, or empty. The user's own key is known too.
void seal(report::Card& card, std::string_view words, const referee::Certificate& certificate,
          std::string_view wanted);

}  // namespace cupel::cli
