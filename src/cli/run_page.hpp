// SPDX-License-Identifier: Apache-2.0
// The page of a run, gathered from its folder: docs/page.md says what is on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "archive/archive.hpp"
#include "base/result.hpp"
#include "cli/console.hpp"
#include "engineer/engineer.hpp"

namespace cupel::cli {

inline constexpr const char* kPage = "page.html";

// `ongoing`: a search is at work there.
[[nodiscard]] Result<std::string> page_of_run(archive::Archive& archive,
                                              const std::filesystem::path& folder,
                                              bool ongoing = false);
// Into the folder, whole or not at all. A page that cannot be written is said, and ends nothing.
void leave_page(archive::Archive& archive, const std::filesystem::path& folder, Console& console);
// show RUN --page FILE
[[nodiscard]] Result<int> show_page(const std::filesystem::path& folder, const std::string& file,
                                    Console& console);

// Writes the page while a search goes on: when another kernel is the best, and now and then.
class LivePage {
public:
    LivePage(archive::Archive& archive, std::filesystem::path folder);
    void update(const engineer::Progress& progress);

private:
    archive::Archive& archive_;
    std::filesystem::path folder_;
    archive::KernelId best_ = 0;
    std::int64_t next_ = 0;  // not before, by os::now_ns()
};

}  // namespace cupel::cli
