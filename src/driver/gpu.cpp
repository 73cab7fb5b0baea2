// SPDX-License-Identifier: Apache-2.0
#include "driver/gpu.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "emulator/emulator.hpp"

namespace cupel::driver {
namespace {

using emulator::Argument;
using emulator::BufferId;
using emulator::BufferSpec;
using emulator::Fault;
using emulator::Finding;
using emulator::KernelInfo;
using emulator::Launch;
using emulator::Report;
using emulator::Role;
using emulator::Timing;

// Bytes before and after every buffer; the address that a kernel gets is aligned as cudaMalloc's.
constexpr std::uint64_t kGuard = 4096;
constexpr std::uint64_t kMostMemory = std::uint64_t{16} << 30;
constexpr unsigned kUsualShared = 48 * 1024;  // more has to be asked for
constexpr std::size_t kCacheTimes = 4;        // what is swept to empty the second cache

using Bytes = std::vector<std::byte>;

// SplitMix64 (Steele, Lea, Flood 2014): bytes that a kernel cannot have known, and that are no
// pattern.
void scramble(std::span<std::byte> bytes, std::uint64_t& state) {
    for (std::size_t i = 0; i < bytes.size(); i += sizeof(std::uint64_t)) {
        std::uint64_t word = state += 0x9e3779b97f4a7c15;
        word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
        word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
        word ^= word >> 31;
        std::memcpy(&bytes[i], &word, std::min(sizeof word, bytes.size() - i));
    }
}

struct Held {
    BufferSpec spec;  // without values
    Buffer memory;    // guard, buffer, guard
    Bytes before;     // all of it, as it was at first

    [[nodiscard]] std::uint64_t address() const { return memory.address() + kGuard; }
    [[nodiscard]] bool starts_as_poison() const {
        return spec.role == Role::Output || spec.role == Role::Scratch;
    }
};

// What a failed launch means for the kernel; nothing where the machine is at fault.
std::optional<std::pair<Fault, std::string_view>> meaning_of(Code code) {
    switch (code) {
        case Code::IllegalAddress:
        case Code::InvalidAddressSpace:
            return std::pair(Fault::OutOfBounds, "reads or writes an address that is no buffer's");
        case Code::MisalignedAddress:
            return std::pair(Fault::Misaligned, "uses an address that is not aligned");
        case Code::Assert:
            return std::pair(Fault::Assertion, "an assertion failed");
        case Code::LaunchTimeout:
            return std::pair(Fault::NotFinished, "did not come to its end");
        case Code::HardwareStackError:
        case Code::IllegalInstruction:
        case Code::InvalidPc:
        case Code::LaunchFailed:
            return std::pair(Fault::Trap, "stopped at an instruction that cannot go on");
        case Code::Success:
        case Code::OutOfMemory:
        case Code::LaunchOutOfResources:
            break;
    }
    return std::nullopt;
}

class Gpu final : public emulator::Device {
public:
    Gpu(Driver driver, std::uint64_t places) : driver_(std::move(driver)), state_(places) {}
    ~Gpu() override {
        if (module_ != nullptr) (void)driver_.unload(module_);
    }
    Gpu(const Gpu&) = delete;
    Gpu& operator=(const Gpu&) = delete;
    Gpu(Gpu&&) = delete;
    Gpu& operator=(Gpu&&) = delete;

    Result<void> load(std::string_view ptx, std::string_view file) override {
        // What kernels take is read where it is read for the emulator: the driver does not tell.
        const std::unique_ptr<Device> reader = emulator::make_emulator();
        CUPEL_DO(reader->load(ptx, file));
        buffers_.clear();
        if (module_ != nullptr) CUPEL_DO(driver_.unload(std::exchange(module_, nullptr)));
        CUPEL_DO(driver_.load(std::string(ptx), module_));
        kernels_ = reader->kernels();
        allocated_ = 0;
        return {};
    }

    [[nodiscard]] std::vector<KernelInfo> kernels() const override { return kernels_; }

    Result<BufferId> allocate(const BufferSpec& spec) override {
        if (module_ == nullptr) return fail(Errc::Usage, "no module is loaded");
        const bool has_values = spec.role == Role::Input || spec.role == Role::InOut;
        if (spec.values.size() != (has_values ? spec.bytes : 0)) {
            return fail(Errc::Usage, fmt::format("{}: {} bytes of values for a buffer of {}",
                                                 spec.name, spec.values.size(), spec.bytes));
        }
        if (spec.bytes > kMostMemory - allocated_)
            return fail(Errc::Full, fmt::format("{}: no room for {} bytes", spec.name, spec.bytes));
        allocated_ += spec.bytes;
        const std::uint64_t whole = spec.bytes + 2 * kGuard;
        CUPEL_TRY(Buffer memory, Buffer::make(driver_, whole));
        Held held{.spec = spec, .memory = std::move(memory), .before = Bytes(whole)};
        held.spec.values = {};
        scramble(held.before, state_);
        std::ranges::copy(spec.values, held.before.begin() + kGuard);
        CUPEL_DO(driver_.put(held.memory.address(), held.before.data(), whole));
        buffers_.push_back(std::move(held));
        return static_cast<BufferId>(buffers_.size() - 1);
    }

    [[nodiscard]] Result<Bytes> read(BufferId buffer) const override {
        if (buffer >= buffers_.size()) return fail(Errc::NotFound, "there is no such buffer");
        const Held& held = buffers_[buffer];
        Bytes bytes(held.spec.bytes);
        CUPEL_DO(driver_.get(bytes.data(), held.address(), bytes.size()));
        return bytes;
    }

    Result<Report> launch(const Launch& launch, const emulator::Options& options) override {
        if (options.sample > 0) return fail(Errc::Usage, "a GPU runs all blocks of a launch");
        CUPEL_DO(begin(launch));
        Report report;
        report.checks_made = {"bytes around buffers", "inputs unchanged"};
        report.checks_not_made = {
            "races, unwritten values, barriers and masks: a GPU does not tell"};
        if (const auto done = driver_.wait(); !done) {
            CUPEL_TRY(Finding fault, fault_of(done.error()));
            report.findings.push_back(std::move(fault));
            return report;
        }
        report.finished = true;
        report.blocks = std::uint64_t{launch.grid.x} * launch.grid.y * launch.grid.z;
        if (launch.due != emulator::Due::Later) CUPEL_DO(look_around(report.findings));
        return report;
    }

    Result<Timing> time(std::span<const Launch> launches, unsigned times) override {
        const int cache = driver_.attribute(Attribute::L2CacheSize);
        const std::size_t sweep = kCacheTimes * static_cast<std::size_t>(std::max(cache, 1 << 20));
        CUPEL_TRY(const Buffer swept, Buffer::make(driver_, sweep));
        // Poison is copied from where it lies on the device already.
        std::vector<Buffer> poison;
        for (const Held& held : buffers_) {
            if (!held.starts_as_poison()) continue;
            CUPEL_TRY(Buffer copy, Buffer::make(driver_, held.before.size()));
            CUPEL_DO(driver_.put(copy.address(), held.before.data(), held.before.size()));
            poison.push_back(std::move(copy));
        }
        Timing timing;
        Stopwatch watch(driver_);
        for (unsigned i = 0; i < times; i++) {
            auto from = poison.begin();
            for (const Held& held : buffers_) {
                if (!held.starts_as_poison()) continue;
                CUPEL_DO(
                    driver_.copy(held.memory.address(), (from++)->address(), held.before.size()));
            }
            // While the device is busy with this the launches queue up behind it, so that what is
            // timed is theirs alone.
            CUPEL_DO(driver_.fill(swept.address(), static_cast<unsigned char>(i), sweep));
            CUPEL_DO(watch.start());
            const Result<double> taken = measured(launches, watch);
            if (!taken) {
                CUPEL_TRY(Finding fault, fault_of(taken.error()));
                timing.findings.push_back(std::move(fault));
                timing.finished = false;
                return timing;
            }
            timing.seconds.push_back(*taken);
        }
        CUPEL_DO(look_around(timing.findings));
        return timing;
    }

private:
    // What one launch does wrong is told by the next one's calls, or at the end.
    Result<double> measured(std::span<const Launch> launches, Stopwatch& watch) {
        for (const Launch& one : launches)
            CUPEL_DO(begin(one));
        return watch.stop();
    }

    static Finding finding(Fault fault, std::string text) {
        Finding made;
        made.fault = fault;
        made.text = std::move(text);
        return made;
    }

    // What the kernel did, where the device says that it did something; else the error.
    [[nodiscard]] Result<Finding> fault_of(const Error& error) const {
        const auto meaning = meaning_of(driver_.code());
        if (!meaning) return std::unexpected(error);
        return finding(meaning->first, std::string(meaning->second));
    }

    Result<void> begin(const Launch& launch) {
        void* function = nullptr;
        CUPEL_DO(driver_.function(module_, std::string(launch.kernel), function));
        if (launch.shared_bytes > kUsualShared)
            CUPEL_DO(driver_.allow_shared(function, launch.shared_bytes));
        // Of any sizes, each where a parameter of its own may lie.
        std::vector<std::uint64_t> addresses(launch.arguments.size());
        std::vector<Bytes> values;
        std::vector<void*> pointers;
        for (std::size_t i = 0; i < launch.arguments.size(); i++) {
            if (const auto* const address = std::get_if<emulator::Address>(&launch.arguments[i])) {
                if (address->buffer >= buffers_.size())
                    return fail(Errc::NotFound, "there is no such buffer");
                addresses[i] = buffers_[address->buffer].address() + address->offset;
                pointers.push_back(&addresses[i]);
            } else {
                values.push_back(std::get<Bytes>(launch.arguments[i]));
                pointers.push_back(values.back().data());
            }
        }
        const auto& [grid, block] = std::pair(launch.grid, launch.block);
        return driver_.launch(function,
                              {.grid = {grid.x, grid.y, grid.z},
                               .block = {block.x, block.y, block.z},
                               .shared = launch.shared_bytes},
                              pointers);
    }

    // The bytes around all buffers, and inputs, as they are now and as they were.
    Result<void> look_around(std::vector<Finding>& findings) const {
        for (const Held& held : buffers_) {
            Bytes now(held.before.size());
            CUPEL_DO(driver_.get(now.data(), held.memory.address(), now.size()));
            const std::uint64_t end = kGuard + held.spec.bytes;
            for (std::uint64_t i = 0; i < now.size(); i++) {
                const bool within = i >= kGuard && i < end;
                if (within && held.spec.role != Role::Input) {
                    i = end - 1;
                    continue;
                }
                if (now[i] == held.before[i]) continue;
                findings.push_back(spoiled(held, i, end));
                break;
            }
        }
        return {};
    }

    static Finding spoiled(const Held& held, std::uint64_t at, std::uint64_t end) {
        const std::string& name = held.spec.name;
        const bool input = held.spec.role == Role::Input;
        std::string text = fmt::format("writes to the input {}, at its byte {}", name, at - kGuard);
        if (at < kGuard) text = fmt::format("writes {} bytes before {}", kGuard - at, name);
        if (at >= end) text = fmt::format("writes {} bytes behind the end of {}", at - end, name);
        const bool within = at >= kGuard && at < end;
        Finding made =
            finding(within && input ? Fault::WroteInput : Fault::OutOfBounds, std::move(text));
        made.memory = name;
        made.offset = at < kGuard ? 0 : at - kGuard;
        return made;
    }

    Driver driver_;
    std::uint64_t state_;
    void* module_ = nullptr;
    std::vector<KernelInfo> kernels_;
    std::vector<Held> buffers_;
    std::uint64_t allocated_ = 0;
};

}  // namespace

std::unique_ptr<emulator::Device> make_gpu(Driver driver, std::uint64_t places) {
    return std::make_unique<Gpu>(std::move(driver), places);
}

std::string describe(const Driver& driver) {
    return fmt::format("{}, driver for CUDA {}.{}", driver.name(), driver.version() / 1000,
                       driver.version() % 1000 / 10);
}

}  // namespace cupel::driver
