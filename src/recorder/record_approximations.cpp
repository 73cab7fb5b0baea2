// SPDX-License-Identifier: Apache-2.0
// Runs the sweeps and writes approximations.txt: per instruction the greatest errors with the
// operands they happen at; and the tables of the 16-bit functions.
#include <bit>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "conformance/operand.hpp"
#include "recorder/record.hpp"

namespace cupel::emulator::conformance::device {
namespace {

// The layout of Sweep in approximations.cu.
struct Sweep {
    std::uint64_t worst_ulp, worst_absolute, worst_near, worst_middle, worst_relative;
    std::uint64_t distance[9];
    std::uint64_t near_ties, odd, first_odd;
};

void show_worst(std::FILE* file, const char* what, std::uint64_t worst) {
    const auto error = std::bit_cast<float>(static_cast<std::uint32_t>(worst >> 32));
    std::fprintf(file, " %s %.6g at %08x;", what, static_cast<double>(error),
                 static_cast<unsigned>(worst & 0xffffffff));
}

void show(std::FILE* file, const std::string& name, const Sweep& s) {
    std::fprintf(file, "%s:", name.c_str());
    show_worst(file, "ulp", s.worst_ulp);
    show_worst(file, "absolute", s.worst_absolute);
    show_worst(file, "near", s.worst_near);
    show_worst(file, "middle", s.worst_middle);
    show_worst(file, "relative", s.worst_relative);
    std::fprintf(file, " distances");
    for (const std::uint64_t count : s.distance)
        std::fprintf(file, " %llu", static_cast<unsigned long long>(count));
    std::fprintf(file, "; near ties %llu; odd %llu, first %08x\n",
                 static_cast<unsigned long long>(s.near_ties),
                 static_cast<unsigned long long>(s.odd),
                 static_cast<unsigned>(0xffffffff - (s.first_odd - 1)));
    std::fflush(file);
}

std::string sweep(Driver& driver, void* module, const std::string& name, Sweep& result,
                  double& milliseconds) {
    void* function = nullptr;
    if (std::string error = driver.function(module, name, function); !error.empty()) return error;
    Buffer buffer(driver, sizeof(Sweep));
    if (!buffer.error().empty()) return buffer.error();
    std::string error = driver.fill(buffer.address(), 0, sizeof(Sweep));
    Arguments arguments;
    arguments.add(buffer.address());
    Driver::Shape shape;
    shape.grid[0] = 132 * 8;
    shape.block[0] = 256;
    if (error.empty()) error = driver.time(function, shape, arguments.pointers(), 1, milliseconds);
    if (error.empty()) error = driver.get(&result, buffer.address(), sizeof result);
    return error;
}

// Runs a kernel that fills `count` words of `width` bytes and appends them to a file.
std::string write_table(Driver& driver, void* module, const std::string& name, std::size_t count,
                        std::size_t width, std::uint32_t dropped, const std::string& path) {
    void* function = nullptr;
    if (std::string error = driver.function(module, name, function); !error.empty()) return error;
    Buffer buffer(driver, count * width);
    if (!buffer.error().empty()) return buffer.error();
    Arguments arguments;
    arguments.add(buffer.address()).add(dropped);
    Driver::Shape shape;
    shape.grid[0] = static_cast<unsigned>(count / 256);
    shape.block[0] = 256;
    std::vector<char> bytes(count * width);
    std::string error = driver.launch(function, shape, arguments.pointers());
    if (error.empty()) error = driver.wait();
    if (error.empty()) error = driver.get(bytes.data(), buffer.address(), bytes.size());
    if (!error.empty()) return error;
    std::ofstream(path, std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return "";
}

std::uint64_t hash_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    return key_of({bytes.data(), bytes.size()});
}

constexpr const char* kSweeps[] = {
    "ex2_approx_f32",       "ex2_approx_ftz_f32",  "lg2_approx_f32",   "lg2_approx_ftz_f32",
    "rcp_approx_f32",       "rcp_approx_ftz_f32",  "rsqrt_approx_f32", "rsqrt_approx_ftz_f32",
    "sqrt_approx_f32",      "sqrt_approx_ftz_f32", "sin_approx_f32",   "sin_approx_ftz_f32",
    "cos_approx_f32",       "cos_approx_ftz_f32",  "tanh_approx_f32",  "div_approx_f32",
    "div_approx_ftz_f32",   "div_full_f32",        "div_full_ftz_f32", "rcp_approx_ftz_f64",
    "rsqrt_approx_ftz_f64", "rsqrt_approx_f64"};
constexpr const char* kTables[] = {"ex2_approx_f16", "ex2_approx_ftz_bf16", "tanh_approx_f16",
                                   "tanh_approx_bf16"};
constexpr const char* kSamples[] = {"sample_ex2",  "sample_lg2", "sample_rcp", "sample_rsqrt",
                                    "sample_sqrt", "sample_sin", "sample_cos", "sample_tanh"};

}  // namespace

int record_approximations(Driver& driver, const Folders& folders) {
    void* module = nullptr;
    if (const std::string error = driver.load(folders.modules + "/approximations.cubin", module);
        !error.empty()) {
        std::printf("approximations: %s\n", error.c_str());
        return 1;
    }
    int failed = 0;
    const auto note = [&](const std::string& name, const std::string& error) {
        if (error.empty()) return;
        ++failed;
        std::printf("approximations: FAILED %s: %s\n", name.c_str(), error.c_str());
    };
    std::FILE* file = std::fopen((folders.out + "/approximations.txt").c_str(), "a");
    if (file == nullptr) return 1;
    for (const char* name : kTables) {
        const std::string path = folders.out + "/" + name + ".bin";
        note(name, write_table(driver, module, name, 65536, 2, 0, path));
        std::fprintf(file, "table %s hash %016llx\n", name,
                     static_cast<unsigned long long>(hash_of_file(path)));
    }
    for (const char* name : kSweeps) {
        Sweep result = {};
        double milliseconds = 0;
        const std::string error = sweep(driver, module, name, result, milliseconds);
        note(name, error);
        if (error.empty()) show(file, name, result);
        std::printf("approximations: %s took %.0f ms\n", name, milliseconds);
        std::fflush(stdout);
    }
    std::fclose(file);
    constexpr unsigned kDropped = 13;
    for (const char* name : kSamples)
        note(name, write_table(driver, module, name, std::size_t{1} << (32 - kDropped), 4, kDropped,
                               folders.out + "/" + name + ".bin"));
    return failed == 0 ? 0 : 1;
}

}  // namespace cupel::emulator::conformance::device
