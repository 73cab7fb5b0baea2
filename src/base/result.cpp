// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace cupel {
namespace {

Errc code_of(int error_number) {
    switch (error_number) {
        case ENOENT:
        case ENOTDIR:
            return Errc::NotFound;
        case ENOSPC:
        case EDQUOT:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
            return Errc::Full;
        case EINTR:
            return Errc::Interrupted;
        case ENOSYS:
            return Errc::Missing;
        default:
            return Errc::Io;
    }
}

}  // namespace

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
    return fail(code_of(error_number),
                std::string(what) + ": " + std::generic_category().message(error_number));
}

std::unexpected<Error> fail_errno(std::string_view what) {
    return fail_errno(what, errno);
}

void check_failed(const char* condition, const char* file, int line) {
    (void)std::fprintf(stderr, "cupel: our own bug: %s is false at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace cupel
