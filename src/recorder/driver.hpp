// SPDX-License-Identifier: Apache-2.0
// The driver as the recorder uses it: every call's error is a text, empty where there is none,
// since most of them are printed and passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>

#include "driver/driver.hpp"

namespace cupel::emulator::conformance::device {

using driver::Arguments;

inline std::string told(const Result<void>& done) {
    return done ? "" : done.error().text;
}

class Driver {
public:
    using Shape = driver::Shape;

    explicit Driver(driver::Driver opened) : driver_(std::move(opened)) {}

    // From a file.
    [[nodiscard]] std::string load(const std::string& path, void*& module) {
        std::ifstream file(path, std::ios::binary);
        if (!file) return path + " cannot be read";
        return told(driver_.load({std::istreambuf_iterator<char>(file), {}}, module));
    }
    [[nodiscard]] std::string function(void* module, const std::string& name, void*& function) {
        return told(driver_.function(module, name, function));
    }
    [[nodiscard]] std::string allocate(std::size_t bytes, std::uint64_t& address) {
        return told(driver_.allocate(bytes, address));
    }
    [[nodiscard]] std::string release(std::uint64_t address) {
        return told(driver_.release(address));
    }
    [[nodiscard]] std::string put(std::uint64_t to, const void* from, std::size_t bytes) {
        return told(driver_.put(to, from, bytes));
    }
    [[nodiscard]] std::string get(void* to, std::uint64_t from, std::size_t bytes) {
        return told(driver_.get(to, from, bytes));
    }
    [[nodiscard]] std::string fill(std::uint64_t to, unsigned char byte, std::size_t bytes) {
        return told(driver_.fill(to, byte, bytes));
    }
    [[nodiscard]] std::string launch(void* function, const Shape& shape,
                                     std::span<void*> arguments) {
        return told(driver_.launch(function, shape, arguments));
    }
    [[nodiscard]] std::string wait() { return told(driver_.wait()); }
    // Milliseconds on the device's clock for `times` launches in a row.
    [[nodiscard]] std::string time(void* function, const Shape& shape, std::span<void*> arguments,
                                   unsigned times, double& milliseconds) {
        const auto seconds = driver::time_launches(driver_, function, shape, arguments, times);
        if (!seconds) return seconds.error().text;
        milliseconds = *seconds * 1e3;
        return "";
    }
    [[nodiscard]] int attribute(int which) const { return driver_.attribute(which); }
    [[nodiscard]] std::size_t memory() const { return driver_.memory(); }

private:
    driver::Driver driver_;
};

// A piece of device memory; empty, with an error, when there was none to be had.
class Buffer {
public:
    Buffer(Driver& driver, std::size_t bytes) : driver_(driver) {
        error_ = driver_.allocate(bytes, address_);
    }
    ~Buffer() {
        if (address_ != 0) static_cast<void>(driver_.release(address_));
    }
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
