// SPDX-License-Identifier: Apache-2.0
#include "os/files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace cupel::os {
namespace {

namespace fs = std::filesystem;

Result<void> write_all(const Fd& fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = write(fd.get(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno("write");
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
}

// A full disk may show itself only when the data are flushed or the file is closed. The path is a
// draft's, which nobody knows: the caller names the file.
Result<void> write_and_flush(const fs::path& path, std::string_view content) {
    Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
    if (!fd.valid()) return fail_errno("create");
    CUPEL_DO(write_all(fd, content));
    if (fsync(fd.get()) != 0) return fail_errno("flush");
    if (close(fd.release()) != 0) return fail_errno("close");
    return {};
}

Result<void> write_new(const fs::path& path, std::string_view content) {
    Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!fd.valid()) return fail_errno("create");
    CUPEL_DO(write_all(fd, content));
    if (close(fd.release()) != 0) return fail_errno("close");
    return {};
}

Result<std::string> read_open(const Fd& fd, const std::string& name, std::size_t max_bytes) {
    struct stat status{};
    if (fstat(fd.get(), &status) != 0) return fail_errno("stat " + name);
    if (!S_ISREG(status.st_mode)) return fail(Errc::Invalid, name + " is not a file");

    std::string content;
    constexpr std::size_t kChunk = std::size_t{64} << 10;
    for (;;) {
        const std::size_t filled = content.size();
        content.resize(filled + kChunk);
        const ssize_t got = read(fd.get(), content.data() + filled, kChunk);
        const int error_number = errno;
        content.resize(filled + (got > 0 ? static_cast<std::size_t>(got) : 0));
        if (got < 0 && error_number == EINTR) continue;
        if (got < 0) return fail_errno("read " + name, error_number);
        if (got == 0) return content;
        if (content.size() > max_bytes) {
            return fail(Errc::Invalid,
                        name + " is larger than " + std::to_string(max_bytes) + " bytes");
        }
    }
}

// The file that a link leads to, so that renaming replaces the file and not the link.
fs::path behind_links(const fs::path& path) {
    std::error_code error;
    const fs::path resolved = fs::canonical(path, error);
    return error ? path : resolved;
}

}  // namespace

const char* environment(const char* name) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in Cupel changes the environment
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

Result<std::string> read_file(const fs::path& path, std::size_t max_bytes) {
    // Non-blocking, so that a named pipe without a writer is refused below instead of waited for.
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) return fail_errno("open " + path.string());
    return read_open(fd, path.string(), max_bytes);
}

Result<std::string> read_beneath(const fs::path& folder, std::string_view path,
                                 std::size_t max_bytes) {
    Fd place(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place.valid()) return fail_errno("open " + folder.string());
    const std::vector<std::string> names = split(path, '/');
    for (const std::string& name : names) {
        if (name.empty() || name == "." || name == "..")
            return fail(Errc::Invalid, std::string(path) + " is no plain path");
        // Looked at before it is opened: to open a device may do something.
        struct stat status{};
        if (fstatat(place.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
            return fail_errno(path);
        const bool last = &name == &names.back();
        if (S_ISLNK(status.st_mode))
            return fail(Errc::Invalid, std::string(path) + ": " + name + " is a link");
        if (last ? !S_ISREG(status.st_mode) : !S_ISDIR(status.st_mode)) {
            return fail(Errc::Invalid,
                        std::string(path) + ": " + name + " is no " + (last ? "file" : "folder"));
        }
        const int how = last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;
        Fd next(openat(place.get(), name.c_str(), how | O_NOFOLLOW | O_CLOEXEC));
        if (!next.valid()) return fail_errno(path);
        place = std::move(next);
    }
    return read_open(place, std::string(path), max_bytes);
}

Result<void> write_file_atomically(const fs::path& path, std::string_view content) {
    const fs::path target = behind_links(path);
    std::error_code ignored;
    if (fs::exists(target, ignored) && !fs::is_regular_file(target, ignored)) {
        return fail(Errc::Invalid, path.string() + " exists and is not a file");
    }
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    const fs::path draft =
        folder / ("." + target.filename().string() + "." + std::to_string(random_u64()) + ".draft");
    auto written = write_and_flush(draft, content);
    if (written && rename(draft.c_str(), target.c_str()) != 0) {
        written = fail_errno("rename");
    }
    if (!written) {
        (void)unlink(draft.c_str());
        return std::unexpected(std::move(written).error().in("write " + path.string()));
    }
    // The name too must survive a crash; a file system that cannot flush folders is no error.
    const Fd parent(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.valid()) (void)fsync(parent.get());
    return {};
}

Result<void> write_new_file(const fs::path& path, std::string_view content) {
    auto written = write_new(path, content);
    if (!written) return std::unexpected(std::move(written).error().in("write " + path.string()));
    return {};
}

Result<Fd> lock_file(const fs::path& path) {
    // Not followed: a link in a folder of a stranger's making would have a file made elsewhere.
    Fd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!fd.valid()) return fail_errno("open " + path.string());
    if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) fd.reset();
    return fd;
}

Result<fs::path> cache_folder() {
    fs::path folder;
    if (const char* chosen = environment("XDG_CACHE_HOME")) {
        folder = fs::path(chosen) / "cupel";
    } else if (const char* home = environment("HOME")) {
        folder = fs::path(home) / ".cache" / "cupel";
    } else {
        return fail(Errc::Missing, "no cache folder: neither XDG_CACHE_HOME nor HOME is set");
    }
    std::error_code error;
    fs::create_directories(folder, error);
    const auto refused = [&](int error_number) {
        return fail(Errc::Missing, "cache folder " + folder.string() + ": " +
                                       std::generic_category().message(error_number) +
                                       "; set XDG_CACHE_HOME to a folder that can be written");
    };
    if (error) return refused(error.value());
    if (access(folder.c_str(), W_OK | X_OK) != 0) return refused(errno);
    return folder;
}

fs::path program_folder() {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    return error ? fs::path(".") : program.parent_path();
}

Result<fs::path> find_program(std::string_view name) {
    const auto usable = [](const fs::path& path) {
        std::error_code ignored;
        return fs::is_regular_file(path, ignored) && access(path.c_str(), X_OK) == 0;
    };
    const std::string wanted(name);
    if (name.contains('/')) {
        if (usable(wanted)) return fs::path(wanted);
        return fail(Errc::NotFound, wanted + " is not a program");
    }
    const char* const chosen = environment("PATH");
    std::string_view rest = chosen != nullptr ? chosen : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        const std::string_view folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
        fs::path candidate = fs::path(folder.empty() ? "." : folder) / wanted;
        if (!wanted.empty() && usable(candidate)) return candidate;
    }
    return fail(Errc::NotFound, "no program " + wanted + " in PATH");
}

}  // namespace cupel::os
