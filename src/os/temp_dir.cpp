// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "os/files.hpp"

namespace cupel::os {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRandomPart = "XXXXXX";  // what mkdtemp fills in

fs::path temporary_folder() {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in Cupel changes the environment
    const char* const chosen = std::getenv("TMPDIR");
    return chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
}

bool is_name_of_ours(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return false;
    name.remove_prefix(prefix.size());
    return name.size() == kRandomPart.size() && std::ranges::all_of(name, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
           });
}

// As mkdtemp leaves it: a folder of this user's that nobody else can enter.
bool is_private_folder(const Fd& folder) {
    struct stat status{};
    constexpr mode_t kPermissions = 0777;
    return fstat(folder.get(), &status) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == geteuid() && (status.st_mode & kPermissions) == S_IRWXU;
}

// Whether the name still leads to the folder that was opened.
bool still_leads_to(const fs::path& path, const Fd& folder) {
    struct stat named{};
    struct stat opened{};
    return lstat(path.c_str(), &named) == 0 && fstat(folder.get(), &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

Fd open_folder(const fs::path& path) {
    return Fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Only what was just left behind can be locked: an owner holds the lock until it is gone.
void remove_if_left(const fs::path& path) {
    const Fd folder = open_folder(path);
    if (!folder.valid() || !is_private_folder(folder)) return;
    if (flock(folder.get(), LOCK_EX | LOCK_NB) != 0 || !still_leads_to(path, folder)) return;
    std::error_code ignored;
    fs::remove_all(path, ignored);  // follows no link
}

}  // namespace

Result<TempDir> TempDir::make(std::string_view prefix) {
    const std::string pattern = (temporary_folder() / prefix).string().append(kRandomPart);
    for (;;) {
        std::string name = pattern;
        if (mkdtemp(name.data()) == nullptr) return fail_errno("make temporary folder " + name);
        TempDir made;
        made.path_ = name;
        made.lock_ = open_folder(made.path_);
        if (!made.lock_.valid() && errno != ENOENT) return fail_errno("open " + name);
        // A file system without locks (ENOLCK) has no sweep either: whatever cannot be locked
        // stays.
        if (made.lock_.valid()) (void)flock(made.lock_.get(), LOCK_EX);
        // A sweep that came in between has taken this one: make another.
        if (made.lock_.valid() && still_leads_to(made.path_, made.lock_)) return made;
    }
}

void TempDir::sweep(std::string_view prefix) {
    const fs::path parent = temporary_folder();
    std::error_code problem;
    for (fs::directory_iterator at(parent, problem), end; !problem && at != end;
         at.increment(problem)) {
        if (is_name_of_ours(at->path().filename().string(), prefix)) remove_if_left(at->path());
    }
}

TempDir::TempDir(TempDir&& other) noexcept
    : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
}

TempDir::~TempDir() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace cupel::os
