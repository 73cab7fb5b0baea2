// SPDX-License-Identifier: Apache-2.0
#include "recorder/driver.hpp"

#include <dlfcn.h>

#include <cstring>

namespace cupel::emulator::conformance::device {

struct Driver::Calls {
    int (*init)(unsigned);
    int (*driver_version)(int*);
    int (*device_get)(int*, int);
    int (*device_name)(char*, int, int);
    int (*device_memory)(std::size_t*, int);
    int (*device_attribute)(int*, int, int);
    int (*retain)(void**, int);
    int (*set_current)(void*);
    int (*load_data)(void**, const char*);
    int (*get_function)(void**, void*, const char*);
    int (*set_attribute)(void*, int, int);
    int (*allocate)(std::uint64_t*, std::size_t);
    int (*release)(std::uint64_t);
    int (*to_device)(std::uint64_t, const void*, std::size_t);
    int (*to_host)(void*, std::uint64_t, std::size_t);
    int (*copy)(std::uint64_t, std::uint64_t, std::size_t);
    int (*fill)(std::uint64_t, unsigned char, std::size_t);
    int (*launch)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                  void*, void**, void**);
    int (*synchronize)();
    int (*event_create)(void**, unsigned);
    int (*event_record)(void*, void*);
    int (*event_wait)(void*);
    int (*event_time)(float*, void*, void*);
    int (*event_destroy)(void*);
    int (*error_name)(int, const char**);
};

namespace {

template <class Function>
bool find(void* library, const char* name, Function& function, std::string& why) {
    void* symbol = dlsym(library, name);
    static_assert(sizeof symbol == sizeof function);
    std::memcpy(&function, &symbol, sizeof symbol);
    if (symbol == nullptr) why = std::string("the driver has no ") + name;
    return symbol != nullptr;
}

}  // namespace

bool Driver::open(std::string& why) {
    static Calls c;
    void* library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library == nullptr) {
        why = dlerror();
        return false;
    }
    const bool found = find(library, "cuInit", c.init, why) &&
                       find(library, "cuDriverGetVersion", c.driver_version, why) &&
                       find(library, "cuDeviceGet", c.device_get, why) &&
                       find(library, "cuDeviceGetName", c.device_name, why) &&
                       find(library, "cuDeviceTotalMem_v2", c.device_memory, why) &&
                       find(library, "cuDeviceGetAttribute", c.device_attribute, why) &&
                       find(library, "cuDevicePrimaryCtxRetain", c.retain, why) &&
                       find(library, "cuCtxSetCurrent", c.set_current, why) &&
                       find(library, "cuModuleLoad", c.load_data, why) &&
                       find(library, "cuModuleGetFunction", c.get_function, why) &&
                       find(library, "cuFuncSetAttribute", c.set_attribute, why) &&
                       find(library, "cuMemAlloc_v2", c.allocate, why) &&
                       find(library, "cuMemFree_v2", c.release, why) &&
                       find(library, "cuMemcpyHtoD_v2", c.to_device, why) &&
                       find(library, "cuMemcpyDtoH_v2", c.to_host, why) &&
                       find(library, "cuMemcpyDtoD_v2", c.copy, why) &&
                       find(library, "cuMemsetD8_v2", c.fill, why) &&
                       find(library, "cuLaunchKernel", c.launch, why) &&
                       find(library, "cuCtxSynchronize", c.synchronize, why) &&
                       find(library, "cuEventCreate", c.event_create, why) &&
                       find(library, "cuEventRecord", c.event_record, why) &&
                       find(library, "cuEventSynchronize", c.event_wait, why) &&
                       find(library, "cuEventElapsedTime", c.event_time, why) &&
                       find(library, "cuEventDestroy_v2", c.event_destroy, why) &&
                       find(library, "cuGetErrorName", c.error_name, why);
    if (!found) return false;
    calls_ = &c;
    void* context = nullptr;
    char name[200] = "";
    int code = c.init(0);
    if (code == 0) code = c.driver_version(&version_);
    if (code == 0) code = c.device_get(&device_, 0);
    if (code == 0) code = c.device_name(name, sizeof name - 1, device_);
    if (code == 0) code = c.device_memory(&memory_, device_);
    if (code == 0) code = c.retain(&context, device_);
    if (code == 0) code = c.set_current(context);
    name_ = name;
    why = told(code, "open the device");
    return code == 0;
}

std::string Driver::told(int code, const char* what) const {
    if (code == 0) return "";
    const char* name = nullptr;
    calls_->error_name(code, &name);
    return std::string(what) + ": " + (name != nullptr ? name : std::to_string(code).c_str());
}

std::string Driver::load(const std::string& path, void*& module) {
    return told(calls_->load_data(&module, path.c_str()), ("load " + path).c_str());
}
std::string Driver::function(void* module, const std::string& name, void*& function) {
    return told(calls_->get_function(&function, module, name.c_str()), ("find " + name).c_str());
}
std::string Driver::allocate(std::size_t bytes, std::uint64_t& address) {
    return told(calls_->allocate(&address, bytes), "allocate");
}
std::string Driver::release(std::uint64_t address) {
    return told(calls_->release(address), "release");
}
std::string Driver::put(std::uint64_t to, const void* from, std::size_t bytes) {
    return told(calls_->to_device(to, from, bytes), "copy to the device");
}
std::string Driver::get(void* to, std::uint64_t from, std::size_t bytes) {
    return told(calls_->to_host(to, from, bytes), "copy from the device");
}
std::string Driver::fill(std::uint64_t to, unsigned char byte, std::size_t bytes) {
    return told(calls_->fill(to, byte, bytes), "fill");
}
std::string Driver::copy(std::uint64_t to, std::uint64_t from, std::size_t bytes) {
    return told(calls_->copy(to, from, bytes), "copy on the device");
}
std::string Driver::allow_shared(void* function, unsigned bytes) {
    constexpr int kMaxDynamicShared = 8;
    return told(calls_->set_attribute(function, kMaxDynamicShared, static_cast<int>(bytes)),
                "allow shared memory");
}

std::string Driver::launch(void* function, const Shape& s, std::span<void*> arguments) {
    return told(calls_->launch(function, s.grid[0], s.grid[1], s.grid[2], s.block[0], s.block[1],
                               s.block[2], s.shared, nullptr, arguments.data(), nullptr),
                "launch");
}

std::string Driver::wait() {
    return told(calls_->synchronize(), "run");
}

std::string Driver::time(void* function, const Shape& shape, std::span<void*> arguments,
                         unsigned times, double& milliseconds) {
    void* start = nullptr;
    void* end = nullptr;
    int code = calls_->event_create(&start, 0);
    if (code == 0) code = calls_->event_create(&end, 0);
    if (code == 0) code = calls_->event_record(start, nullptr);
    std::string error = told(code, "start the clock");
    for (unsigned i = 0; i < times && error.empty(); ++i)
        error = launch(function, shape, arguments);
    if (error.empty()) {
        float elapsed = 0;
        code = calls_->event_record(end, nullptr);
        if (code == 0) code = calls_->event_wait(end);
        if (code == 0) code = calls_->event_time(&elapsed, start, end);
        milliseconds = static_cast<double>(elapsed);
        error = told(code, "stop the clock");
    }
    if (start != nullptr) calls_->event_destroy(start);
    if (end != nullptr) calls_->event_destroy(end);
    return error;
}

int Driver::attribute(int which) const {
    int value = 0;
    return calls_->device_attribute(&value, which, device_) == 0 ? value : -1;
}

Arguments& Arguments::bytes(const void* value, std::size_t size) {
    words_.push_back(0);
    std::memcpy(&words_.back(), value, size);
    return *this;
}

std::span<void*> Arguments::pointers() {
    pointers_.clear();
    for (std::uint64_t& word : words_)
        pointers_.push_back(&word);
    return pointers_;
}

Buffer::Buffer(Driver& driver, std::size_t bytes) : driver_(driver) {
    error_ = driver_.allocate(bytes, address_);
}

Buffer::~Buffer() {
    if (address_ != 0) static_cast<void>(driver_.release(address_));
}

}  // namespace cupel::emulator::conformance::device
