// SPDX-License-Identifier: Apache-2.0
// Files and folders: whole reads, writes that appear whole or not at all, temporary folders, locks,
// the user's cache.
#pragma once

#include <filesystem>
#include <string>

#include "os/fd.hpp"

namespace cupel::os {

[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t max_bytes = std::size_t{64} << 20);
// A file in the folder or below it, by a path of names ("parts/exp.hpp"). No link on the way or at
// its end is followed. NotFound: there is none; Invalid: it is no regular file, or too large, or
// the path could leave the folder.
[[nodiscard]] Result<std::string> read_beneath(const std::filesystem::path& folder,
                                               std::string_view path, std::size_t max_bytes);
// Writes beside the target, flushes to disk, renames over it: a reader sees the old file or the new
// one.
[[nodiscard]] Result<void> write_file_atomically(const std::filesystem::path& path,
                                                 std::string_view content);

// Of a folder that does not outlive us: nothing is flushed, and there must be no such file yet.
[[nodiscard]] Result<void> write_new_file(const std::filesystem::path& path,
                                          std::string_view content);

// The file, made where it is missing, locked for as long as the descriptor is open; not valid where
// another process holds it. The kernel takes the lock away from whoever is killed. A file system
// that knows no locks keeps nobody out.
[[nodiscard]] Result<Fd> lock_file(const std::filesystem::path& path);

// None where the variable is unset or empty.
[[nodiscard]] const char* environment(const char* name);

// A folder in $TMPDIR, removed with what it holds. As long as its owner lives it is locked; the
// kernel takes the lock away from whoever is killed, so that a sweep can tell what was left behind.
class TempDir {
public:
    [[nodiscard]] static Result<TempDir> make(std::string_view prefix);
    // Removes the folders that make(prefix) made and nobody owns any more. What is not certainly
    // one of them stays: links, files, folders of others, folders that others can enter.
    static void sweep(std::string_view prefix);
    TempDir(TempDir&& other) noexcept;
    TempDir& operator=(TempDir&& other) noexcept;
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir();
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    TempDir() = default;
    std::filesystem::path path_;
    Fd lock_;
};

// $XDG_CACHE_HOME/cupel or ~/.cache/cupel (created); an unusable one is an error that says so.
[[nodiscard]] Result<std::filesystem::path> cache_folder();
// The folder of this executable: its companions (cupel-contender, cupel-oracle) lie beside it.
[[nodiscard]] std::filesystem::path program_folder();
// Looks a program up in PATH.
[[nodiscard]] Result<std::filesystem::path> find_program(std::string_view name);

}  // namespace cupel::os
