// SPDX-License-Identifier: Apache-2.0
#include "os/append.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "os/fd.hpp"
#include "os/files.hpp"

namespace cupel::os {
namespace {

// Where the last `most` lines begin.
std::size_t tail_of(std::string_view text, std::size_t most) {
    std::size_t at = text.size();
    for (std::size_t lines = 0; at > 0; --at) {
        if (text[at - 1] == '\n' && at != text.size() && ++lines == most) break;
    }
    return at;
}

}  // namespace

Result<void> append_line(const std::filesystem::path& file, std::string_view line,
                         std::size_t most) {
    std::error_code error;
    std::filesystem::create_directories(file.parent_path(), error);
    if (error) return fail_errno("create " + file.parent_path().string(), error.value());
    // The folder is locked, not the file, which may be replaced.
    const Fd folder(open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.valid()) return fail_errno("open " + file.parent_path().string());
    while (flock(folder.get(), LOCK_EX) != 0) {
        if (errno != EINTR) return fail_errno("lock " + file.parent_path().string());
    }
    std::string text = read_file(file).value_or("");
    const bool torn = !text.empty() && text.back() != '\n';
    std::string added = (torn ? "\n" : "") + std::string(line) + "\n";
    text += added;
    if (static_cast<std::size_t>(std::ranges::count(text, '\n')) > 2 * most)
        return write_file_atomically(file, std::string_view(text).substr(tail_of(text, most)));
    // Non-blocking, as a named pipe without a reader would be waited for: it is refused instead.
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const Fd fd(open(file.c_str(), kFlags, 0666));
    if (!fd.valid()) return fail_errno("open " + file.string());
    // One write: whoever reads meanwhile sees the line whole, or not yet.
    if (write(fd.get(), added.data(), added.size()) != static_cast<ssize_t>(added.size()))
        return fail_errno("write " + file.string());
    return {};
}

}  // namespace cupel::os
