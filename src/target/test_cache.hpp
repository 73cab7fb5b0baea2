// SPDX-License-Identifier: Apache-2.0
// For the tests of this room: a cache folder of their own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "os/files.hpp"

namespace cupel::target {

class PrivateCache : public testing::Test {
protected:
    PrivateCache() { setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1); }

private:
    os::TempDir folder_ = os::TempDir::make("cupel-target-test-").value();
};

}  // namespace cupel::target
