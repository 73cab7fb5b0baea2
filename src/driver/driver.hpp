// SPDX-License-Identifier: Apache-2.0
// The few functions of the CUDA driver that Cupel needs, loaded at run time: no CUDA is needed to
// build it. After a launch that spoils the context (an illegal address, say) nothing works any
// more, and the process has to be started again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cupel::driver {

// CUresult, as far as anything follows from it (cuda.h of CUDA 13.0, "CUresult").
enum class Code : int {
    Success = 0,
    OutOfMemory = 2,
    IllegalAddress = 700,
    LaunchOutOfResources = 701,
    LaunchTimeout = 702,
    Assert = 710,
    HardwareStackError = 714,
    IllegalInstruction = 715,
    MisalignedAddress = 716,
    InvalidAddressSpace = 717,
    InvalidPc = 718,
    LaunchFailed = 719,
};

// CUdevice_attribute, of those that are asked for.
enum class Attribute : int { L2CacheSize = 38, Major = 75, Minor = 76 };

struct Shape {
    unsigned grid[3] = {1, 1, 1};
    unsigned block[3] = {1, 1, 1};
    unsigned shared = 0;  // bytes, dynamic
};

// All memory is that of the device, addresses as kernels see them.
class Driver {
public:
    // The first device of $CUPEL_LIBCUDA, or else of libcuda.so.1 where the loader finds it.
    // Missing: there is none, and why.
    [[nodiscard]] static Result<Driver> open();

    // PTX or machine code. Invalid: with the words of the driver's own compiler.
    [[nodiscard]] Result<void> load(const std::string& image, void*& module) const;
    [[nodiscard]] Result<void> unload(void* module) const;
    [[nodiscard]] Result<void> function(void* module, const std::string& name,
                                        void*& function) const;
    [[nodiscard]] Result<void> allocate(std::size_t bytes, std::uint64_t& address) const;
    [[nodiscard]] Result<void> release(std::uint64_t address) const;
    [[nodiscard]] Result<void> put(std::uint64_t to, const void* from, std::size_t bytes) const;
    [[nodiscard]] Result<void> get(void* to, std::uint64_t from, std::size_t bytes) const;
    [[nodiscard]] Result<void> fill(std::uint64_t to, unsigned char byte, std::size_t bytes) const;
    [[nodiscard]] Result<void> copy(std::uint64_t to, std::uint64_t from, std::size_t bytes) const;
    [[nodiscard]] Result<void> allow_shared(void* function, unsigned bytes) const;
    [[nodiscard]] Result<void> launch(void* function, const Shape& shape,
                                      std::span<void*> arguments) const;
    // Until all that was begun is done; errors of launches show here.
    [[nodiscard]] Result<void> wait() const;

    // Of the last call that failed.
    [[nodiscard]] Code code() const { return code_; }

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] int attribute(int which) const;  // -1: not known
    [[nodiscard]] int attribute(Attribute which) const {
        return attribute(static_cast<int>(which));
    }
    [[nodiscard]] int version() const { return version_; }  // 13000: CUDA 13.0
    [[nodiscard]] std::size_t memory() const { return memory_; }

private:
    friend class Stopwatch;
    struct Calls;
    [[nodiscard]] Result<void> told(int code, std::string_view what) const;

    const Calls* calls_ = nullptr;
    int device_ = 0;
    int version_ = 0;
    std::size_t memory_ = 0;
    std::string name_;
    mutable Code code_ = Code::Success;
};

// The device's own clock, read between what is launched.
class Stopwatch {
public:
    explicit Stopwatch(const Driver& driver) : driver_(driver) {}
    ~Stopwatch();
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;
    Stopwatch(Stopwatch&&) = delete;
    Stopwatch& operator=(Stopwatch&&) = delete;

    [[nodiscard]] Result<void> start();
    // Waits. Seconds since the start.
    [[nodiscard]] Result<double> stop();

private:
    const Driver& driver_;
    void* start_ = nullptr;
    void* end_ = nullptr;
};

// Seconds of `times` launches in a row.
[[nodiscard]] Result<double> time_launches(const Driver& driver, void* function, const Shape& shape,
                                           std::span<void*> arguments, unsigned times);

// Arguments of a launch: holds the values and the pointers to them.
class Arguments {
public:
    Arguments& add(std::uint64_t value) { return bytes(&value, sizeof value); }
    Arguments& add(std::uint32_t value) { return bytes(&value, sizeof value); }
    Arguments& add(std::int32_t value) { return bytes(&value, sizeof value); }
    Arguments& add(float value) { return bytes(&value, sizeof value); }
    Arguments& bytes(const void* value, std::size_t size);  // at most 8
    [[nodiscard]] std::span<void*> pointers();

private:
    std::vector<std::uint64_t> words_;
    std::vector<void*> pointers_;
};

// A piece of device memory, given back at the end.
class Buffer {
public:
    [[nodiscard]] static Result<Buffer> make(const Driver& driver, std::size_t bytes);
    ~Buffer();
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&&) = delete;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    [[nodiscard]] std::uint64_t address() const { return address_; }

private:
    Buffer(const Driver& driver, std::uint64_t address) : driver_(driver), address_(address) {}

    const Driver& driver_;
    std::uint64_t address_;
};

}  // namespace cupel::driver
