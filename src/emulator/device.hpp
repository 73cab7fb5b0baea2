// SPDX-License-Identifier: Apache-2.0
// What runs kernels: the emulator (emulator.hpp), or a GPU through its driver (driver/gpu.hpp).
// Plain values in, plain values out.
// A launch never fails because of what a kernel does: that is in the Report. A Result is an error
// where the caller asked for something that does not exist, or the PTX is not understood.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace cupel::emulator {

struct Extent {
    std::uint32_t x = 1;
    std::uint32_t y = 1;
    std::uint32_t z = 1;
};

enum class Role {
    Input,    // may only be read
    Output,   // starts as poison; at the end every byte must be written, from known values
    InOut,    // starts with values; may be read and written
    Scratch,  // starts as poison; nobody looks at it afterwards
};

using BufferId = std::uint32_t;

struct BufferSpec {
    std::string name;  // for messages
    Role role = Role::Input;
    std::uint64_t bytes = 0;
    std::span<const std::byte> values{};  // of Input and InOut: exactly so many bytes
};

// The address of a buffer, or the bytes of a value.
struct Address {
    BufferId buffer = 0;
    std::uint64_t offset = 0;
};
using Argument = std::variant<Address, std::vector<std::byte>>;

template <class T>
[[nodiscard]] Argument argument(const T& value) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&value);
    return std::vector<std::byte>(bytes, bytes + sizeof value);
}

// Of a launch that is run whole: what the record of accesses can tell apart. A sample is of any
// grid to 2^32.
constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 22;

struct Options {
    std::uint64_t seed = 0;  // 0: warps and blocks in their natural order; else in a random one
    bool checks = true;      // without them only bounds are held, for speed
    std::uint64_t budget = std::uint64_t{1} << 33;  // of warp instructions
    // Blocks that have nothing to do with each other run side by side. Nothing that is said of a
    // launch depends on this number.
    unsigned threads = 1;
    // Only so many blocks, spread over the grid, or fewer where these are long: to count what a
    // launch does at sizes too large to be emulated whole. Races and outputs are not looked at.
    std::uint64_t sample = 0;  // 0: all of them
    // False: every lane of every access is looked at by itself. Tests hold the short ways to that.
    bool shortcuts = true;
};

// When the outputs must be complete.
enum class Due {
    Named,  // at the end of this launch, those that are among its arguments
    Later,  // another launch goes on with them
    All,    // at the end of this launch, all of them
};

struct Launch {
    std::string_view kernel;
    Extent grid = {};
    Extent block = {};
    std::uint32_t shared_bytes = 0;  // dynamic
    std::vector<Argument> arguments = {};
    Due due = Due::Named;
};

enum class Fault {
    OutOfBounds,
    Misaligned,
    WroteInput,
    Uninitialised,
    Environment,
    SharedRace,
    GlobalRace,
    SameValueRace,
    BarrierDivergence,
    MaskError,
    Deadlock,
    AsyncHazard,
    StaleRead,
    HiddenState,
    NotWritten,
    NotFinished,
    Assertion,
    Trap,
    Note,  // not wrong, but worth a look
};
[[nodiscard]] std::string_view name_of(Fault fault);

struct Place {  // of an instruction in the kernel's own source
    std::string file;
    std::uint32_t line = 0;  // 0: unknown, and `ptx_line` is all there is
    std::uint32_t ptx_line = 0;
    bool operator==(const Place&) const = default;
};

struct Actor {
    std::uint64_t block = 0;  // x fastest
    std::uint32_t thread = 0;
    Place place;
};

// All events of one kind between the same two lines are one finding; the actors are the first.
struct Finding {
    Fault fault = Fault::Note;
    std::string text;  // one line for a person
    Actor first;
    Actor second;              // of races; else like the first
    std::string memory;        // the buffer's name, or "shared memory"; may be empty
    std::uint64_t offset = 0;  // in bytes, where memory is meant
    std::uint64_t events = 1;
};

struct WorkCount {
    std::string name;
    std::uint64_t warps = 0;  // instructions of warps
    std::uint64_t lanes = 0;  // of threads
};

// Exact numbers of one launch; a bound and an explanation, not a prediction of time.
struct Counters {
    std::uint64_t warp_instructions = 0;
    std::uint64_t lane_instructions = 0;
    std::vector<WorkCount> work;
    std::uint64_t half_flops = 0;
    std::uint64_t single_flops = 0;
    std::uint64_t double_flops = 0;
    std::uint64_t tensor_flops = 0;
    std::uint64_t global_requests = 0;    // warp accesses to global memory
    std::uint64_t global_sectors = 0;     // 32-byte sectors that these touch
    std::uint64_t global_bytes = 0;       // bytes that lanes asked for
    std::uint64_t unique_bytes_read = 0;  // of buffers: the compulsory traffic
    std::uint64_t unique_bytes_written = 0;
    std::uint64_t shared_requests = 0;
    std::uint64_t shared_wavefronts = 0;  // equal to the requests where no bank conflicts and no
                                          // lane asks for more than 4 bytes
    std::uint64_t shared_conflicts = 0;   // of them, those that another layout would spare
    std::uint64_t barriers = 0;
    std::uint64_t branches = 0;
    std::uint64_t divergent_branches = 0;
    std::uint64_t atomics = 0;            // of lanes
    std::uint64_t atomic_collisions = 0;  // lanes at an address that another lane of the warp has
};

struct Stretch {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    bool operator==(const Stretch&) const = default;
};

struct Coverage {
    std::string buffer;
    Role role = Role::Input;
    std::uint64_t bytes = 0;
    std::uint64_t read = 0;  // distinct bytes
    std::uint64_t written = 0;
    std::vector<Stretch> stretches =
        {};  // of a sample: what it wrote, ascending, the first kMostStretches
    // Of an input that is judged (Launch::due), where all blocks were run: what neither this launch
    // nor one before it has read, as above.
    std::vector<Stretch> unread = {};
};

inline constexpr std::size_t kMostStretches = std::size_t{1} << 16;

struct Report {
    bool finished = false;
    std::vector<Finding> findings;
    std::vector<std::string> checks_made;
    std::vector<std::string> checks_not_made;  // each with its reason
    Counters counters;
    std::vector<Coverage> coverage;
    std::uint64_t blocks = 0;           // that were run to their end
    std::uint64_t shared_bytes = 0;     // of one block, static and dynamic
    std::uint32_t registers_named = 0;  // in PTX, before allocation: not what a GPU will use

    // Nothing but notes was found, and the kernel came to its end.
    [[nodiscard]] bool clean() const;
};

struct ParameterInfo {
    std::string name;
    std::uint64_t bytes = 0;
    bool pointer_sized = false;
    bool is_real = false;
};
struct KernelInfo {
    std::string name;
    std::vector<ParameterInfo> parameters;
};

struct Timing {
    // By the device's own clock, of all launches together, each time. Empty: it has no clock, and
    // nothing was launched.
    std::vector<double> seconds;
    bool finished = true;
    std::vector<Finding> findings;
};

class Device {
public:
    Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;
    Device(Device&&) = delete;
    Device& operator=(Device&&) = delete;
    virtual ~Device() = default;
    // Replaces what was loaded; all buffers are given back. Module variables get fresh values.
    [[nodiscard]] virtual Result<void> load(std::string_view ptx, std::string_view file) = 0;
    [[nodiscard]] virtual std::vector<KernelInfo> kernels() const = 0;
    [[nodiscard]] virtual Result<BufferId> allocate(const BufferSpec& spec) = 0;
    // The bytes as the kernels left them.
    [[nodiscard]] virtual Result<std::vector<std::byte>> read(BufferId buffer) const = 0;
    [[nodiscard]] virtual Result<Report> launch(const Launch& launch, const Options& options) = 0;
    // Makes the launches, in order, `times` times over; each time outputs and scratch start as
    // poison and caches cold. What a launch is watched for holds here too.
    [[nodiscard]] virtual Result<Timing> time(std::span<const Launch> launches, unsigned times) = 0;
};

}  // namespace cupel::emulator
