// SPDX-License-Identifier: Apache-2.0
// The few functions of the CUDA driver that the recorder of golden data needs, loaded at run time.
// Every call's error is kept as a text; after one that spoils the context nothing else works, and
// the program has to be started again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cupel::emulator::conformance::device {

class Driver {
public:
    // Loads libcuda.so.1 and takes the first device; says why it cannot and returns false.
    [[nodiscard]] bool open(std::string& why);

    // All return an empty text when they succeed.
    [[nodiscard]] std::string load(const std::string& path, void*& module);
    [[nodiscard]] std::string function(void* module, const std::string& name, void*& function);
    [[nodiscard]] std::string allocate(std::size_t bytes, std::uint64_t& address);
    [[nodiscard]] std::string release(std::uint64_t address);
    [[nodiscard]] std::string put(std::uint64_t to, const void* from, std::size_t bytes);
    [[nodiscard]] std::string get(void* to, std::uint64_t from, std::size_t bytes);
    [[nodiscard]] std::string fill(std::uint64_t to, unsigned char byte, std::size_t bytes);
    [[nodiscard]] std::string copy(std::uint64_t to, std::uint64_t from, std::size_t bytes);
    [[nodiscard]] std::string allow_shared(void* function, unsigned bytes);
    struct Shape {
        unsigned grid[3] = {1, 1, 1};
        unsigned block[3] = {1, 1, 1};
        unsigned shared = 0;
    };
    [[nodiscard]] std::string launch(void* function, const Shape& shape,
                                     std::span<void*> arguments);
    [[nodiscard]] std::string wait();
    // Milliseconds on the device's clock for `times` launches in a row.
    [[nodiscard]] std::string time(void* function, const Shape& shape, std::span<void*> arguments,
                                   unsigned times, double& milliseconds);

    [[nodiscard]] std::string name() const { return name_; }
    [[nodiscard]] int attribute(int which) const;
    [[nodiscard]] int version() const { return version_; }
    [[nodiscard]] std::size_t memory() const { return memory_; }

private:
    struct Calls;
    [[nodiscard]] std::string told(int code, const char* what) const;

    const Calls* calls_ = nullptr;
    int device_ = 0;
    int version_ = 0;
    std::size_t memory_ = 0;
    std::string name_;
};

// Arguments of a launch: holds the values and the pointers to them.
class Arguments {
public:
    Arguments& add(std::uint64_t value) { return bytes(&value, sizeof value); }
    Arguments& add(std::uint32_t value) { return bytes(&value, sizeof value); }
    Arguments& add(std::int32_t value) { return bytes(&value, sizeof value); }
    Arguments& add(float value) { return bytes(&value, sizeof value); }
    [[nodiscard]] std::span<void*> pointers();

private:
    Arguments& bytes(const void* value, std::size_t size);

    std::vector<std::uint64_t> words_;
    std::vector<void*> pointers_;
};

// A piece of device memory; empty when there was none to be had.
class Buffer {
public:
    Buffer(Driver& driver, std::size_t bytes);
    ~Buffer();
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    [[nodiscard]] std::uint64_t address() const { return address_; }
    [[nodiscard]] const std::string& error() const { return error_; }

private:
    Driver& driver_;
    std::uint64_t address_ = 0;
    std::string error_;
};

}  // namespace cupel::emulator::conformance::device
