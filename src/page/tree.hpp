// SPDX-License-Identifier: Apache-2.0
// The tree of descent, drawn: see descent.hpp for what is drawn where.
#pragma once

#include "page/account.hpp"
#include "page/markup.hpp"

namespace cupel::page {

// At most some 50 KB.
void draw_tree(Markup& out, const Account& run);

}  // namespace cupel::page
