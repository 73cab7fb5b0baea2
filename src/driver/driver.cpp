// SPDX-License-Identifier: Apache-2.0
#include "driver/driver.hpp"

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/text.hpp"

namespace cupel::driver {

struct Driver::Calls {
    int (*init)(unsigned);
    int (*driver_version)(int*);
    int (*device_get)(int*, int);
    int (*device_name)(char*, int, int);
    int (*device_memory)(std::size_t*, int);
    int (*device_attribute)(int*, int, int);
    int (*retain)(void**, int);
    int (*set_current)(void*);
    int (*load)(void**, const void*, unsigned, int*, void**);
    int (*unload)(void*);
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

class Library {
public:
    explicit Library(const char* path) : handle_(dlopen(path, RTLD_NOW)) {
        if (handle_ == nullptr) lacks_ = dlerror();  // NOLINT(concurrency-mt-unsafe): glibc's is
    }
    template <class Function>
    void find(const char* name, Function& function) {
        if (!lacks_.empty()) return;
        void* const symbol = dlsym(handle_, name);
        static_assert(sizeof symbol == sizeof function);
        function = reinterpret_cast<Function>(symbol);
        if (symbol == nullptr) lacks_ = std::string("the driver has no ") + name;
    }
    [[nodiscard]] const std::string& lacks() const { return lacks_; }

private:
    void* handle_;
    std::string lacks_;
};

}  // namespace

Result<Driver> Driver::open() {
    static Calls c;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in Cupel changes the environment
    const char* const chosen = std::getenv("CUPEL_LIBCUDA");
    Library library(chosen != nullptr && *chosen != '\0' ? chosen : "libcuda.so.1");
    library.find("cuInit", c.init);
    library.find("cuDriverGetVersion", c.driver_version);
    library.find("cuDeviceGet", c.device_get);
    library.find("cuDeviceGetName", c.device_name);
    library.find("cuDeviceTotalMem_v2", c.device_memory);
    library.find("cuDeviceGetAttribute", c.device_attribute);
    library.find("cuDevicePrimaryCtxRetain", c.retain);
    library.find("cuCtxSetCurrent", c.set_current);
    library.find("cuModuleLoadDataEx", c.load);
    library.find("cuModuleUnload", c.unload);
    library.find("cuModuleGetFunction", c.get_function);
    library.find("cuFuncSetAttribute", c.set_attribute);
    library.find("cuMemAlloc_v2", c.allocate);
    library.find("cuMemFree_v2", c.release);
    library.find("cuMemcpyHtoD_v2", c.to_device);
    library.find("cuMemcpyDtoH_v2", c.to_host);
    library.find("cuMemcpyDtoD_v2", c.copy);
    library.find("cuMemsetD8_v2", c.fill);
    library.find("cuLaunchKernel", c.launch);
    library.find("cuCtxSynchronize", c.synchronize);
    library.find("cuEventCreate", c.event_create);
    library.find("cuEventRecord", c.event_record);
    library.find("cuEventSynchronize", c.event_wait);
    library.find("cuEventElapsedTime", c.event_time);
    library.find("cuEventDestroy_v2", c.event_destroy);
    library.find("cuGetErrorName", c.error_name);
    if (!library.lacks().empty()) return fail(Errc::Missing, "no CUDA driver: " + library.lacks());
    Driver driver;
    driver.calls_ = &c;
    void* context = nullptr;
    std::array<char, 200> name{};
    int code = c.init(0);
    if (code == 0) code = c.driver_version(&driver.version_);
    if (code == 0) code = c.device_get(&driver.device_, 0);
    if (code == 0) code = c.device_name(name.data(), name.size() - 1, driver.device_);
    if (code == 0) code = c.device_memory(&driver.memory_, driver.device_);
    if (code == 0) code = c.retain(&context, driver.device_);
    if (code == 0) code = c.set_current(context);
    driver.name_ = name.data();
    if (auto opened = driver.told(code, "open the first GPU"); !opened)
        return fail(Errc::Missing, opened.error().text);
    return driver;
}

Result<void> Driver::told(int code, std::string_view what) const {
    if (code == 0) return {};
    code_ = static_cast<Code>(code);
    const char* name = nullptr;
    calls_->error_name(code, &name);
    return fail(code_ == Code::OutOfMemory ? Errc::Full : Errc::Io,
                std::string(what) + ": " + (name != nullptr ? name : std::to_string(code).c_str()));
}

Result<void> Driver::load(const std::string& image, void*& module) const {
    // CU_JIT_ERROR_LOG_BUFFER and its size, CU_JIT_LOG_VERBOSE aside: values in place of pointers.
    std::array<char, 4096> log{};
    std::array<int, 2> options = {5, 6};
    std::array<void*, 2> values = {log.data(), nullptr};
    const std::uintptr_t size = log.size() - 1;
    std::memcpy(static_cast<void*>(&values[1]), &size, sizeof size);
    const int code =
        calls_->load(&module, image.c_str(), options.size(), options.data(), values.data());
    auto done = told(code, "load the module");
    if (!done) {
        const std::string_view words = trim(log.data());
        return fail(Errc::Invalid,
                    done.error().text + (words.empty() ? "" : ": " + std::string(words)));
    }
    return done;
}
Result<void> Driver::unload(void* module) const {
    return told(calls_->unload(module), "unload");
}
Result<void> Driver::function(void* module, const std::string& name, void*& function) const {
    return told(calls_->get_function(&function, module, name.c_str()), "find " + name);
}
Result<void> Driver::allocate(std::size_t bytes, std::uint64_t& address) const {
    return told(calls_->allocate(&address, bytes), "allocate");
}
Result<void> Driver::release(std::uint64_t address) const {
    return told(calls_->release(address), "release");
}
Result<void> Driver::put(std::uint64_t to, const void* from, std::size_t bytes) const {
    return told(calls_->to_device(to, from, bytes), "copy to the device");
}
Result<void> Driver::get(void* to, std::uint64_t from, std::size_t bytes) const {
    return told(calls_->to_host(to, from, bytes), "copy from the device");
}
Result<void> Driver::fill(std::uint64_t to, unsigned char byte, std::size_t bytes) const {
    return told(calls_->fill(to, byte, bytes), "fill");
}
Result<void> Driver::copy(std::uint64_t to, std::uint64_t from, std::size_t bytes) const {
    return told(calls_->copy(to, from, bytes), "copy on the device");
}
Result<void> Driver::allow_shared(void* function, unsigned bytes) const {
    constexpr int kMaxDynamicShared = 8;  // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    return told(calls_->set_attribute(function, kMaxDynamicShared, static_cast<int>(bytes)),
                "allow shared memory");
}

Result<void> Driver::launch(void* function, const Shape& s, std::span<void*> arguments) const {
    return told(calls_->launch(function, s.grid[0], s.grid[1], s.grid[2], s.block[0], s.block[1],
                               s.block[2], s.shared, nullptr, arguments.data(), nullptr),
                "launch");
}

Result<void> Driver::wait() const {
    return told(calls_->synchronize(), "run");
}

int Driver::attribute(int which) const {
    int value = 0;
    return calls_->device_attribute(&value, which, device_) == 0 ? value : -1;
}

Stopwatch::~Stopwatch() {
    if (start_ != nullptr) driver_.calls_->event_destroy(start_);
    if (end_ != nullptr) driver_.calls_->event_destroy(end_);
}

Result<void> Stopwatch::start() {
    int code = start_ != nullptr ? 0 : driver_.calls_->event_create(&start_, 0);
    if (code == 0 && end_ == nullptr) code = driver_.calls_->event_create(&end_, 0);
    if (code == 0) code = driver_.calls_->event_record(start_, nullptr);
    return driver_.told(code, "start the clock");
}

Result<double> Stopwatch::stop() {
    float milliseconds = 0;
    int code = driver_.calls_->event_record(end_, nullptr);
    if (code == 0) code = driver_.calls_->event_wait(end_);
    if (code == 0) code = driver_.calls_->event_time(&milliseconds, start_, end_);
    CUPEL_DO(driver_.told(code, "stop the clock"));
    return static_cast<double>(milliseconds) * 1e-3;
}

Result<double> time_launches(const Driver& driver, void* function, const Shape& shape,
                             std::span<void*> arguments, unsigned times) {
    Stopwatch watch(driver);
    CUPEL_DO(watch.start());
    for (unsigned i = 0; i < times; ++i)
        CUPEL_DO(driver.launch(function, shape, arguments));
    return watch.stop();
}

Arguments& Arguments::bytes(const void* value, std::size_t size) {
    CUPEL_CHECK(size <= sizeof(std::uint64_t));
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

Result<Buffer> Buffer::make(const Driver& driver, std::size_t bytes) {
    std::uint64_t address = 0;
    CUPEL_DO(driver.allocate(bytes, address));
    return Buffer(driver, address);
}

Buffer::Buffer(Buffer&& other) noexcept
    : driver_(other.driver_), address_(std::exchange(other.address_, 0)) {}

Buffer::~Buffer() {
    if (address_ != 0) static_cast<void>(driver_.release(address_));
}

}  // namespace cupel::driver
