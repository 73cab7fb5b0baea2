// SPDX-License-Identifier: Apache-2.0
#include "model/key.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/sodium.hpp"
#include "base/text.hpp"
#include "os/fd.hpp"
#include "os/files.hpp"

namespace cupel::model {
namespace {

constexpr std::size_t kShortest = 8;  // shorter ones could not be taken out of a text safely
constexpr std::size_t kLongest = 4096;

}  // namespace

// NOLINTNEXTLINE(performance-move-constructor-init): what is copied is wiped
Key::Key(Key&& other) noexcept : secret_(other.secret_) {
    other.wipe();  // a short string is copied by a move, and stays where it was
}

Key& Key::operator=(Key&& other) noexcept {
    if (this != &other) {
        wipe();
        secret_ = other.secret_;
        other.wipe();
    }
    return *this;
}

Key::~Key() {
    wipe();
}

void Key::wipe() noexcept {
    sodium_memzero(secret_.data(), secret_.size());
    secret_.clear();
}

Result<Key> Key::from_text(std::string_view text, std::string_view where) {
    const std::string_view word = trim(text);
    if (word.empty()) return fail(Errc::Usage, fmt::format("{}: no key is there", where));
    if (word.size() < kShortest || word.size() > kLongest) {
        return fail(Errc::Usage, fmt::format("{}: {} characters are no key (from {} to {})", where,
                                             word.size(), kShortest, kLongest));
    }
    // It becomes part of a header: a line feed in it would begin another.
    if (!std::ranges::all_of(word, [](char c) { return c > ' ' && c <= '~'; })) {
        return fail(Errc::Usage,
                    fmt::format("{}: a key holds no spaces and no control characters", where));
    }
    Key key;
    key.secret_ = word;
    // A core dump would hold it.
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    CUPEL_CHECK(::setrlimit(RLIMIT_CORE, &none) == 0);
    return key;
}

Result<Key> Key::from_environment(const std::string& name) {
    const char* value = os::environment(name.c_str());
    if (value == nullptr) {
        return fail(Errc::Usage, fmt::format("the environment variable {} holds no key: set it, or "
                                             "name another by --key-env",
                                             name));
    }
    auto key = from_text(value, "environment variable " + name);
    if (!key) return key;
    // Where it lies it can be read from outside, in /proc: of a variable that is unset, too.
    std::memset(const_cast<char*>(value), 0, std::strlen(value));
    ::unsetenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): before any thread is
    return key;
}

Result<Key> Key::from_fd(int fd) {
    const os::Fd owned(fd);
    std::array<char, kLongest + 2> buffer{};
    std::size_t size = 0;
    while (size < buffer.size()) {
        const ssize_t got = ::read(fd, buffer.data() + size, buffer.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            auto error = fail_errno(fmt::format("--key-fd {}", fd));
            error.error().code = Errc::Usage;
            return error;
        }
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    auto key = from_text({buffer.data(), size}, fmt::format("--key-fd {}", fd));
    sodium_memzero(buffer.data(), buffer.size());
    return key;
}

std::string Key::redact(std::string text) const {
    if (empty()) return text;
    constexpr std::string_view kInstead = "[key]";
    for (std::size_t at = text.find(secret_); at != std::string::npos;
         at = text.find(secret_, at + kInstead.size()))
        text.replace(at, secret_.size(), kInstead);
    return text;
}

}  // namespace cupel::model
