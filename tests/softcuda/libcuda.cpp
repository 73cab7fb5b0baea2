// SPDX-License-Identifier: Apache-2.0
// A CUDA driver for machines without a GPU, for tests: the calls that Cupel makes of libcuda.so.1,
// done by the emulator. Memory is the host's, addresses are its own; kernels run when the caller
// waits. What the emulator calls an error of the kernel becomes the driver's error for it.
//
// Not modelled: variables of a module that one launch leaves for the next, streams, two contexts.
#include <chrono>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "emulator/device.hpp"
#include "emulator/emulator.hpp"

namespace {

using namespace cupel;
using emulator::BufferId;

constexpr int kSuccess = 0;
constexpr int kInvalidValue = 1;
constexpr int kOutOfMemory = 2;
constexpr int kInvalidPtx = 218;
constexpr int kNotFound = 500;
constexpr int kLaunchOutOfResources = 701;
constexpr std::size_t kMemory = std::size_t{4} << 30;

struct Function {
    const std::string* ptx = nullptr;
    emulator::KernelInfo kernel;
};

struct Module {
    std::string ptx;
    std::map<std::string, Function> functions;
};

struct State {
    std::map<std::uint64_t, std::vector<std::byte>> memory;  // by address
    std::size_t taken = 0;
    int spoiled = kSuccess;  // of a context that a kernel broke
};
State& state() {
    static State one;
    return one;
}

// The allocation that holds so many bytes from the address on.
std::byte* found(std::uint64_t address, std::size_t bytes) {
    auto& memory = state().memory;
    auto after = memory.upper_bound(address);
    if (after == memory.begin()) return nullptr;
    auto& [base, held] = *--after;
    if (address - base > held.size() || bytes > held.size() - (address - base)) return nullptr;
    return held.data() + (address - base);
}

// The driver's error for it; nothing of what a GPU does not notice.
int code_for(emulator::Fault fault) {
    using emulator::Fault;
    static const std::map<Fault, int> codes = {{Fault::OutOfBounds, 700}, {Fault::NotFinished, 702},
                                               {Fault::Deadlock, 702},    {Fault::Assertion, 710},
                                               {Fault::Misaligned, 716},  {Fault::Trap, 719}};
    const auto one = codes.find(fault);
    return one == codes.end() ? kSuccess : one->second;
}

// One launch, over all memory that there is.
int run(const Function& function, const emulator::Extent& grid, const emulator::Extent& block,
        unsigned shared, void** arguments) {
    const auto device = emulator::make_emulator(1);
    if (!device->load(*function.ptx, "kernel.ptx")) return kInvalidPtx;
    std::vector<std::uint64_t> bases;
    for (auto& [base, bytes] : state().memory) {
        if (!device->allocate({.name = "memory",
                               .role = emulator::Role::InOut,
                               .bytes = bytes.size(),
                               .values = bytes}))
            return kOutOfMemory;
        bases.push_back(base);
    }
    emulator::Launch launch{.kernel = function.kernel.name, .grid = grid, .block = block};
    launch.shared_bytes = shared;
    launch.due = emulator::Due::Later;
    for (std::size_t i = 0; i < function.kernel.parameters.size(); i++) {
        const emulator::ParameterInfo& parameter = function.kernel.parameters[i];
        std::vector<std::byte> value(parameter.bytes);
        std::memcpy(value.data(), arguments[i], value.size());
        std::uint64_t address = 0;
        if (parameter.pointer_sized) std::memcpy(&address, value.data(), sizeof address);
        std::size_t which = bases.size();
        for (std::size_t k = 0; k < bases.size(); k++) {
            const std::size_t size = state().memory.at(bases[k]).size();
            if (address >= bases[k] && address - bases[k] < size) which = k;
        }
        if (parameter.pointer_sized && which < bases.size()) {
            launch.arguments.emplace_back(emulator::Address{.buffer = static_cast<BufferId>(which),
                                                            .offset = address - bases[which]});
        } else {
            launch.arguments.emplace_back(std::move(value));
        }
    }
    const auto report = device->launch(launch, {.checks = false});
    if (!report) return kLaunchOutOfResources;
    for (const emulator::Finding& one : report->findings)
        if (const int code = code_for(one.fault); code != kSuccess) return code;
    for (std::size_t k = 0; k < bases.size(); k++) {
        const auto bytes = device->read(static_cast<BufferId>(k));
        if (!bytes) return kInvalidValue;
        state().memory.at(bases[k]) = *bytes;
    }
    return kSuccess;
}

using Clock = std::chrono::steady_clock;

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int cuInit(unsigned /*flags*/) {
    return kSuccess;
}
int cuDriverGetVersion(int* version) {
    *version = 13000;
    return kSuccess;
}
int cuDeviceGet(int* device, int ordinal) {
    *device = ordinal;
    return ordinal == 0 ? kSuccess : 101;
}
int cuDeviceGetName(char* name, int length, int /*device*/) {
    std::strncpy(name, "no GPU, but the emulator", static_cast<std::size_t>(length));
    return kSuccess;
}
int cuDeviceTotalMem_v2(std::size_t* bytes, int /*device*/) {
    *bytes = kMemory;
    return kSuccess;
}
int cuDeviceGetAttribute(int* value, int attribute, int /*device*/) {
    *value = attribute == 38 ? 1 << 16 : attribute == 75 ? 9 : 0;
    return kSuccess;
}
int cuDevicePrimaryCtxRetain(void** context, int /*device*/) {
    state().spoiled = kSuccess;  // as in a process that starts anew
    *context = &state();
    return kSuccess;
}
int cuCtxSetCurrent(void* /*context*/) {
    return kSuccess;
}
int cuModuleLoadDataEx(void** module, const void* image, unsigned count, const int* options,
                       void** values) {
    auto made = std::make_unique<Module>();
    made->ptx = static_cast<const char*>(image);
    const auto reader = emulator::make_emulator(1);
    if (const auto loaded = reader->load(made->ptx, "kernel.ptx"); !loaded) {
        std::size_t room = 0;
        for (unsigned i = 0; i < count; i++)
            if (options[i] == 6) std::memcpy(&room, &values[i], sizeof room);
        for (unsigned i = 0; i < count; i++)
            if (options[i] == 5 && room > 0)
                std::strncpy(static_cast<char*>(values[i]), loaded.error().text.c_str(), room - 1);
        return kInvalidPtx;
    }
    for (const emulator::KernelInfo& one : reader->kernels())
        made->functions[one.name] = {.ptx = &made->ptx, .kernel = one};
    *module = made.release();
    return kSuccess;
}
int cuModuleUnload(void* module) {
    delete static_cast<Module*>(module);
    return state().spoiled;
}
int cuModuleGetFunction(void** function, void* module, const char* name) {
    auto& functions = static_cast<Module*>(module)->functions;
    const auto one = functions.find(name);
    if (one == functions.end()) return kNotFound;
    *function = &one->second;
    return state().spoiled;
}
int cuFuncSetAttribute(void* /*function*/, int attribute, int value) {
    return attribute == 8 && value > 227 * 1024 ? kInvalidValue : state().spoiled;
}
int cuMemAlloc_v2(std::uint64_t* address, std::size_t bytes) {
    if (state().spoiled != kSuccess) return state().spoiled;
    if (bytes == 0) return kInvalidValue;
    if (bytes > kMemory - state().taken) return kOutOfMemory;
    // Addresses aligned as the real one's, with room between them that is nobody's.
    static std::uint64_t next = 0x7f0000000000;
    *address = next;
    next += (bytes + (std::size_t{1} << 21)) & ~std::size_t{511};
    state().memory[*address].assign(bytes, std::byte{0xcd});
    state().taken += bytes;
    return kSuccess;
}
int cuMemFree_v2(std::uint64_t address) {
    const auto one = state().memory.find(address);
    if (one == state().memory.end()) return kInvalidValue;
    state().taken -= one->second.size();
    state().memory.erase(one);
    return state().spoiled;
}
int cuMemcpyHtoD_v2(std::uint64_t to, const void* from, std::size_t bytes) {
    std::byte* const place = found(to, bytes);
    if (place == nullptr) return kInvalidValue;
    std::memcpy(place, from, bytes);
    return state().spoiled;
}
int cuMemcpyDtoH_v2(void* to, std::uint64_t from, std::size_t bytes) {
    const std::byte* const place = found(from, bytes);
    if (place == nullptr) return kInvalidValue;
    if (bytes > 0) std::memcpy(to, place, bytes);
    return state().spoiled;
}
int cuMemcpyDtoD_v2(std::uint64_t to, std::uint64_t from, std::size_t bytes) {
    std::byte* const place = found(to, bytes);
    const std::byte* const source = found(from, bytes);
    if (place == nullptr || source == nullptr) return kInvalidValue;
    std::memmove(place, source, bytes);
    return state().spoiled;
}
int cuMemsetD8_v2(std::uint64_t to, unsigned char byte, std::size_t bytes) {
    std::byte* const place = found(to, bytes);
    if (place == nullptr) return kInvalidValue;
    std::memset(place, byte, bytes);
    return state().spoiled;
}
int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                   unsigned bz, unsigned shared, void* /*stream*/, void** arguments,
                   void** /*extra*/) {
    if (state().spoiled != kSuccess) return state().spoiled;
    const int code = run(*static_cast<Function*>(function), {.x = gx, .y = gy, .z = gz},
                         {.x = bx, .y = by, .z = bz}, shared, arguments);
    if (code == kLaunchOutOfResources || code < 700) return code;
    state().spoiled = code;
    return kSuccess;
}
int cuCtxSynchronize() {
    return state().spoiled;
}
int cuEventCreate(void** event, unsigned /*flags*/) {
    *event = std::make_unique<Clock::time_point>().release();
    return state().spoiled;
}
int cuEventRecord(void* event, void* /*stream*/) {
    *static_cast<Clock::time_point*>(event) = Clock::now();
    return state().spoiled;
}
int cuEventSynchronize(void* /*event*/) {
    return state().spoiled;
}
int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
    *milliseconds =
        std::chrono::duration<float, std::milli>(*static_cast<Clock::time_point*>(end) -
                                                 *static_cast<Clock::time_point*>(start))
            .count();
    return state().spoiled;
}
int cuEventDestroy_v2(void* event) {
    delete static_cast<Clock::time_point*>(event);
    return state().spoiled;
}
int cuGetErrorName(int code, const char** name) {
    static const std::map<int, const char*> names = {
        {kInvalidValue, "CUDA_ERROR_INVALID_VALUE"},
        {kOutOfMemory, "CUDA_ERROR_OUT_OF_MEMORY"},
        {kInvalidPtx, "CUDA_ERROR_INVALID_PTX"},
        {kNotFound, "CUDA_ERROR_NOT_FOUND"},
        {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
        {kLaunchOutOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"},
        {702, "CUDA_ERROR_LAUNCH_TIMEOUT"},
        {710, "CUDA_ERROR_ASSERT"},
        {716, "CUDA_ERROR_MISALIGNED_ADDRESS"},
        {719, "CUDA_ERROR_LAUNCH_FAILED"}};
    const auto one = names.find(code);
    *name = one == names.end() ? "CUDA_ERROR_UNKNOWN" : one->second;
    return kSuccess;
}

}  // extern "C"
#pragma GCC visibility pop
