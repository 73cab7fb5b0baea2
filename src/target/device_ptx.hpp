// SPDX-License-Identifier: Apache-2.0
// What is read from PTX, and changed in it, without understanding it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cupel::target {

// The names behind `.entry`, in order; comments and literals do not count.
[[nodiscard]] std::vector<std::string> ptx_entries(std::string_view ptx);

// The plain name in a mangled one (Itanium C++ ABI) of a function that is in no class:
// "_ZN1a1kILi4EEvPi" is "k". A name that is not mangled is returned as it is; what is not
// understood, empty. Not the demangler of the C++ library, which can be made to eat memory by a
// name of a few hundred bytes.
[[nodiscard]] std::string plain_name(std::string_view name);

// Every `.file N "from"` with another name; bytes that PTX could not quote become `_`. Compilers
// put a folder before what a `#line` names: of those that end in one of `files` it is taken away.
[[nodiscard]] std::string rename_files(std::string_view ptx, std::string_view from,
                                       std::string_view to,
                                       const std::vector<std::string>& files = {});

}  // namespace cupel::target
