// SPDX-License-Identifier: Apache-2.0
// How Cupel says that something went wrong. Three kinds, never mixed:
//   - what a kernel does wrong is a value (verdict/verdict.hpp), never an error;
//   - what the world does wrong (a full disk, a bad file, no compiler) is an Error in a Result;
//   - what we do wrong is a CUPEL_CHECK, which is on in every build and aborts.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace cupel {

// What a caller may branch on. The text is for people.
enum class Errc {
    Usage,        // the command line or an argument is wrong
    Invalid,      // a file, a text or a message is malformed
    NotFound,     // a named thing does not exist
    Missing,      // this machine lacks something that is needed (a compiler, user namespaces)
    Io,           // the operating system refused: permission, read-only, broken pipe
    Full,         // no space left, or a resource limit was met
    Corrupt,      // stored data does not hold together
    Interrupted,  // the user asked to stop
    Broken,       // something of our own that must not fail did: a baseline called wrong
};

struct Error {
    Errc code = Errc::Io;
    std::string text;

    // The same error with what was being done put in front: "open archive: no such file".
    [[nodiscard]] Error in(std::string_view what) && {
        text.insert(0, std::string(what) + ": ");
        return std::move(*this);
    }
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string text) {
    return std::unexpected(Error{code, std::move(text)});
}
// From errno, with the operating system's words; maps ENOSPC, EROFS, ENOENT and the like to a code.
[[nodiscard]] std::unexpected<Error> fail_errno(std::string_view what);
[[nodiscard]] std::unexpected<Error> fail_errno(std::string_view what, int error_number);

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace cupel

// Our own bug if false: prints and aborts, in every build.
#define CUPEL_CHECK(condition) \
    ((condition) ? void(0) : ::cupel::check_failed(#condition, __FILE__, __LINE__))

#define CUPEL_PASTE(a, b) a##b
#define CUPEL_CONCAT(a, b) CUPEL_PASTE(a, b)
#define CUPEL_TRY_NAMED(name, declaration, ...)                 \
    auto name = (__VA_ARGS__);                                  \
    if (!name) return std::unexpected(std::move(name).error()); \
    declaration = std::move(*name)

// CUPEL_TRY(auto fd, open_file(path)): declares fd, or returns the error to the caller.
#define CUPEL_TRY(declaration, ...) \
    CUPEL_TRY_NAMED(CUPEL_CONCAT(cupel_try_, __LINE__), declaration, __VA_ARGS__)

// CUPEL_DO(write(...)): the same for a Result<void>.
#define CUPEL_DO(...)                                            \
    do {                                                         \
        if (auto cupel_do = (__VA_ARGS__); !cupel_do)            \
            return std::unexpected(std::move(cupel_do).error()); \
    } while (false)
