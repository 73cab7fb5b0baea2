// SPDX-License-Identifier: Apache-2.0
#include "os/user_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "base/hash.hpp"
#include "os/fd.hpp"
#include "os/files.hpp"

namespace cupel::os {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kOthers = 0077;
constexpr mode_t kOthersWrite = 0022;
constexpr std::size_t kLargest = 4096;
constexpr std::string_view kHead = "cupel signing key 1\n";

std::unexpected<Error> no_place(const fs::path& path, int error_number) {
    return fail(Errc::Missing, "no signing key can be kept in " + path.string() + " (" +
                                   std::generic_category().message(error_number) +
                                   "); set XDG_CONFIG_HOME to a folder that can be written");
}

// The public half stands beside the secret: a damaged digit would otherwise be another key.
std::string text_of(const SigningKey& key) {
    return std::string(kHead) + "secret " + key.secret_hex() + "\npublic " + key.public_hex() +
           "\n";
}

std::optional<SigningKey> key_in(const std::string& text) {
    constexpr std::string_view kSecret = "secret ";
    constexpr std::size_t kDigits = 64;
    if (text.size() < kHead.size() + kSecret.size() + kDigits) return std::nullopt;
    auto key =
        SigningKey::from_hex(std::string_view(text).substr(kHead.size() + kSecret.size(), kDigits));
    if (!key || text_of(*key) != text) return std::nullopt;
    return key;
}

// Whoever may write the folder may put a key of theirs in place of the user's.
Result<void> check_folder(const fs::path& folder) {
    struct stat status{};
    if (stat(folder.c_str(), &status) != 0) return fail_errno("stat " + folder.string());
    if (status.st_uid != geteuid()) {
        return fail(Errc::Invalid, "folder of the signing key: " + folder.string() +
                                       " belongs to somebody else; set XDG_CONFIG_HOME to a folder "
                                       "of your own");
    }
    if ((status.st_mode & kOthersWrite) != 0) {
        return fail(Errc::Invalid, "folder of the signing key: others may write " +
                                       folder.string() + "; chmod 700 " + folder.string());
    }
    return {};
}

Result<SigningKey> read_key(const fs::path& path) {
    const std::string name = "signing key " + path.string() + ": ";
    const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid()) return fail(Errc::Invalid, fail_errno(name + "open").error().text);
    // Of the open file, so that it is the one that is read.
    struct stat status{};
    if (fstat(fd.get(), &status) != 0) return fail_errno(name + "stat");
    if (!S_ISREG(status.st_mode)) return fail(Errc::Invalid, name + "is not a file; remove it");
    if (status.st_uid != geteuid())
        return fail(Errc::Invalid, name + "belongs to somebody else; remove it");
    if ((status.st_mode & kOthers) != 0) {
        return fail(Errc::Invalid,
                    name + "others may read it, so that they could sign in your name; chmod 600 " +
                        path.string() + ", or remove it: a new key is made then");
    }
    std::string text(kLargest, '\0');
    const ssize_t got = read(fd.get(), text.data(), text.size());
    if (got < 0) return fail_errno(name + "read");
    text.resize(static_cast<std::size_t>(got));
    auto key = key_in(text);
    if (key) return *std::move(key);
    return fail(Errc::Corrupt, name +
                                   "it is damaged; put a copy in its place, or remove it: a new "
                                   "key, with another fingerprint, is made then");
}

// Drafted beside its place and linked there: it appears whole, and never over another.
Result<void> publish(const fs::path& path, const std::string& text) {
    const fs::path draft =
        path.parent_path() / (".signing.key." + std::to_string(random_u64()) + ".draft");
    const Fd fd(open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode));
    if (!fd.valid()) return no_place(path, errno);
    int problem = 0;
    // A key is far shorter than what a file system writes in one piece.
    if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        problem = errno != 0 ? errno : EIO;
    if (problem == 0 && fsync(fd.get()) != 0) problem = errno;
    if (problem == 0 && link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) problem = errno;
    (void)unlink(draft.c_str());
    if (problem != 0) return no_place(path, problem);
    return {};
}

}  // namespace

Result<fs::path> user_key_path() {
    fs::path folder;
    if (const char* chosen = environment("XDG_CONFIG_HOME")) {
        folder = fs::path(chosen) / "cupel";
    } else if (const char* home = environment("HOME")) {
        folder = fs::path(home) / ".config" / "cupel";
    } else {
        return fail(Errc::Missing, "no signing key: neither XDG_CONFIG_HOME nor HOME is set");
    }
    return folder / "signing.key";
}

Result<SigningKey> user_key() {
    CUPEL_TRY(const fs::path path, user_key_path());
    const fs::path folder = path.parent_path();
    std::error_code error;
    if (!fs::exists(folder, error)) {
        fs::create_directories(folder.parent_path(), error);
        if (!error && mkdir(folder.c_str(), kFolderMode) != 0 && errno != EEXIST)
            error = {errno, std::generic_category()};
        if (error) return no_place(path, error.value());
    }
    CUPEL_DO(check_folder(folder));
    if (!fs::exists(fs::symlink_status(path, error)))
        CUPEL_DO(publish(path, text_of(SigningKey::make())));
    return read_key(path);
}

}  // namespace cupel::os
