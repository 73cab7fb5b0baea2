// SPDX-License-Identifier: Apache-2.0
#include "os/source_file.hpp"

#include <optional>

#include "base/bundle.hpp"
#include "os/files.hpp"

namespace cupel::os {

Result<std::string> with_includes(std::string_view text, const std::filesystem::path& file,
                                  std::size_t max_bytes) {
    const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
    const auto read = [&](const std::string& path) -> Result<std::optional<std::string>> {
        auto found = read_beneath(folder, path, max_bytes);
        if (found) return *std::move(found);
        if (found.error().code == Errc::NotFound) return std::nullopt;
        return std::unexpected(std::move(found).error());
    };
    return bundle(text, {.file = file.filename().string(), .most_bytes = max_bytes}, read);
}

}  // namespace cupel::os
