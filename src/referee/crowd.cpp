// SPDX-License-Identifier: Apache-2.0
#include "referee/crowd.hpp"

#include <algorithm>

namespace cupel::referee {

bool Crowd::stays(int alive, std::vector<int> others) {
    if (alive <= granted_) {
        before_.clear();
        return false;
    }
    const auto stayed = 1 + std::ranges::count_if(others, [&](int id) {
                            return std::ranges::find(before_, id) != before_.end();
                        });
    before_ = std::move(others);
    return stayed > granted_;
}

}  // namespace cupel::referee
