// SPDX-License-Identifier: Apache-2.0
// Owners of descriptors and mappings. Move-only; destruction never fails and never throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hpp"

namespace cupel::os {

class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) noexcept : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] bool valid() const noexcept { return fd_ >= 0; }
    void reset(int fd = -1) noexcept;
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_ = -1;
};

enum class Access { ReadOnly, ReadWrite };

// An anonymous shared file of fixed size: sealed against growing and shrinking.
[[nodiscard]] Result<Fd> make_shared_memory(std::string_view name, std::size_t bytes);
// The same file opened again read-only, so that no writable mapping can be made from the result.
[[nodiscard]] Result<Fd> reopen_read_only(const Fd& fd);
[[nodiscard]] Result<Fd> make_sealed_file(std::string_view name, std::string_view content);

class Mapping {
public:
    Mapping() = default;
    Mapping(Mapping&& other) noexcept;
    Mapping& operator=(Mapping&& other) noexcept;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();

    // MAP_SHARED over the whole range; pages are touched in advance where `populate`.
    [[nodiscard]] static Result<Mapping> map(const Fd& fd, std::size_t bytes, Access access,
                                             bool populate);

    [[nodiscard]] std::byte* data() const noexcept { return data_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<std::byte> bytes() const noexcept { return {data_, size_}; }

private:
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace cupel::os
