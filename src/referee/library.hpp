// SPDX-License-Identifier: Apache-2.0
// What a baseline that calls a library needs beside what every kernel has.
#pragma once

#include <string>
#include <vector>

namespace cupel::referee {

struct Library {
    std::string version = {};                   // "libdnnl.so.2.6"; empty: none is called
    std::vector<std::string> link = {};         // for the compiler: "-ldnnl"
    std::vector<std::string> shared = {};       // for the loader: "libdnnl.so.2"
    std::vector<std::string> environment = {};  // for the process: "OPENBLAS_CORETYPE=SKYLAKEX"
    [[nodiscard]] bool is_called() const { return !version.empty(); }
};

}  // namespace cupel::referee
