// SPDX-License-Identifier: Apache-2.0
#include "os/fd.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace cupel::os {
namespace {

Result<Fd> make_memory_file(std::string_view name) {
    Fd fd(memfd_create(std::string(name).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.valid()) return fail_errno("memfd_create");
    return fd;
}

Result<void> seal(const Fd& fd, int seals) {
    if (fcntl(fd.get(), F_ADD_SEALS, seals | F_SEAL_SEAL) != 0) return fail_errno("seal a memfd");
    return {};
}

}  // namespace

void Fd::reset(int fd) noexcept {
    const int saved = errno;
    if (fd_ >= 0) (void)close(fd_);
    fd_ = fd;
    errno = saved;
}

Result<Fd> make_shared_memory(std::string_view name, std::size_t bytes) {
    CUPEL_TRY(Fd fd, make_memory_file(name));
    if (ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0) {
        return fail_errno("size shared memory to " + std::to_string(bytes) + " bytes");
    }
    CUPEL_DO(seal(fd, F_SEAL_GROW | F_SEAL_SHRINK));
    return fd;
}

Result<Fd> reopen_read_only(const Fd& fd) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd.get());
    Fd read_only(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!read_only.valid()) return fail_errno("open " + path + " read-only");
    return read_only;
}

Result<Fd> make_sealed_file(std::string_view name, std::string_view content) {
    CUPEL_TRY(const Fd fd, make_memory_file(name));
    for (std::string_view rest = content; !rest.empty();) {
        const ssize_t written = write(fd.get(), rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno("fill a memfd");
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    CUPEL_DO(seal(fd, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_WRITE));
    // Opened again: a position of its own, at the start.
    return reopen_read_only(fd);
}

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

Mapping::~Mapping() {
    if (data_ != nullptr) (void)munmap(data_, size_);
}

Result<Mapping> Mapping::map(const Fd& fd, std::size_t bytes, Access access, bool populate) {
    const int protection = access == Access::ReadWrite ? PROT_READ | PROT_WRITE : PROT_READ;
    const int flags = MAP_SHARED | (populate ? MAP_POPULATE : 0);
    void* const address = mmap(nullptr, bytes, protection, flags, fd.get(), 0);
    if (address == MAP_FAILED) return fail_errno("map " + std::to_string(bytes) + " bytes");
    Mapping mapping;
    mapping.data_ = static_cast<std::byte*>(address);
    mapping.size_ = bytes;
    return mapping;
}

}  // namespace cupel::os
