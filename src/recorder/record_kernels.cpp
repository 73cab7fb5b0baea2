// SPDX-License-Identifier: Apache-2.0
// Runs whole kernels. kernels.bin: for each variant and output a line "variant output bytes" and
// the bytes; kernels.txt: how far each is from the reference. The racy mutants run a thousand
// times: how many different outputs there were. kernels.next holds where to go on after a crash.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>

#include "conformance/kernel_case.hpp"
#include "conformance/operand.hpp"
#include "recorder/record.hpp"

namespace cupel::emulator::conformance::device {
namespace {

struct Variant {
    const KernelCase* kernel = nullptr;
    std::string name;  // of the module
    bool racy = false;
};

std::vector<Variant> variants() {
    std::vector<Variant> all;
    for (const KernelCase& kernel : kernel_cases()) {
        all.push_back({&kernel, kernel.name, false});
        all.push_back({&kernel, kernel.name + "_nofma", false});
    }
    for (const KernelCase& kernel : kernel_cases())
        for (int i = 1; i <= kernel.racy_mutants; ++i)
            all.push_back({&kernel, kernel.name + "_race" + std::to_string(i), true});
    return all;
}

using Bytes = std::vector<std::uint8_t>;

// A kernel ready to run again and again.
class Prepared {
public:
    Prepared(Driver& driver, const KernelCase& kernel) : driver_(driver), kernel_(kernel) {
        for (std::size_t i = 0; i < kernel.arrays.size(); ++i) {
            contents_.push_back(initial_bytes(kernel, i));
            std::uint64_t address = 0;
            if (error_.empty()) error_ = driver.allocate(contents_[i].size() + 256, address);
            addresses_.push_back(address);
        }
    }
    ~Prepared() {
        for (const std::uint64_t address : addresses_)
            if (address != 0) static_cast<void>(driver_.release(address));
    }
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;

    [[nodiscard]] std::string error() const { return error_; }

    // Outputs in the order of the arrays; the others stay empty.
    std::string run(void* module, std::vector<Bytes>& outputs, bool inputs_too) {
        std::string error = error_;
        for (std::size_t i = 0; i < contents_.size() && error.empty(); ++i) {
            const bool input = kernel_.arrays[i].fill != Array::Fill::Zero;
            if (input && !inputs_too) continue;
            error = driver_.put(addresses_[i], contents_[i].data(), contents_[i].size());
        }
        for (const Launch& launch : kernel_.launches)
            if (error.empty()) error = start(module, launch);
        if (error.empty()) error = driver_.wait();
        outputs.resize(contents_.size());
        for (std::size_t i = 0; i < contents_.size() && error.empty(); ++i) {
            if (!kernel_.arrays[i].output) continue;
            outputs[i].resize(contents_[i].size());
            error = driver_.get(outputs[i].data(), addresses_[i], outputs[i].size());
        }
        return error;
    }

private:
    std::string start(void* module, const Launch& launch) {
        void* function = nullptr;
        if (std::string error = driver_.function(module, launch.kernel, function); !error.empty())
            return error;
        Arguments arguments;
        for (const Launch::Argument& argument : launch.arguments) {
            if (argument.buffer >= 0)
                arguments.add(addresses_[static_cast<std::size_t>(argument.buffer)]);
            else
                arguments.add(argument.number);
        }
        const Driver::Shape shape{{launch.grid[0], launch.grid[1], launch.grid[2]},
                                  {launch.block[0], launch.block[1], launch.block[2]},
                                  0};
        return driver_.launch(function, shape, arguments.pointers());
    }

    Driver& driver_;
    const KernelCase& kernel_;
    std::vector<Bytes> contents_;
    std::vector<std::uint64_t> addresses_;
    std::string error_;
};

std::uint64_t hash_of(const std::vector<Bytes>& outputs) {
    std::uint64_t hash = 0;
    for (const Bytes& bytes : outputs)
        for (std::size_t i = 0; i < bytes.size(); ++i)
            hash = mixed(hash, bytes[i] + (i << 8));
    return hash;
}

double deviation(const KernelCase& kernel, const Columns& wanted,
                 const std::vector<Bytes>& outputs) {
    double worst = 0;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const std::vector<double> got = as_doubles(kernel.arrays[i].word, outputs[i]);
        for (std::size_t k = 0; k < got.size(); ++k) {
            const double off = std::fabs(got[k] - wanted[i][k]);
            if (!(off <= worst)) worst = off;
        }
    }
    return worst;
}

std::string run_honest(Driver& driver, const Variant& variant, void* module, std::FILE* text,
                       std::ofstream& binary) {
    Prepared prepared(driver, *variant.kernel);
    std::vector<Bytes> outputs, again;
    std::string error = prepared.run(module, outputs, true);
    bool stable = true;
    for (int i = 0; i < 20 && error.empty(); ++i) {
        error = prepared.run(module, again, false);
        stable = stable && again == outputs;
    }
    if (!error.empty()) return error;
    const double off = deviation(*variant.kernel, reference_columns(*variant.kernel), outputs);
    std::fprintf(text, "%s: largest deviation %.6g, %s, hash %016llx\n", variant.name.c_str(), off,
                 stable ? "stable" : "UNSTABLE", static_cast<unsigned long long>(hash_of(outputs)));
    std::printf("kernels: %s: largest deviation %.6g, %s\n", variant.name.c_str(), off,
                stable ? "stable" : "UNSTABLE");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (!variant.kernel->arrays[i].output) continue;
        binary << variant.name << ' ' << variant.kernel->arrays[i].name << ' ' << outputs[i].size()
               << '\n';
        binary.write(reinterpret_cast<const char*>(outputs[i].data()),
                     static_cast<std::streamsize>(outputs[i].size()));
    }
    binary.flush();
    return "";
}

std::string run_racy(Driver& driver, const Variant& variant, void* module, std::FILE* text) {
    constexpr int kTimes = 1000;
    Prepared prepared(driver, *variant.kernel);
    std::vector<Bytes> outputs;
    const Columns wanted = reference_columns(*variant.kernel);
    std::map<std::uint64_t, int> seen;
    double worst = 0, least = HUGE_VAL;
    const auto start = std::chrono::steady_clock::now();
    int times = 0;
    for (; times < kTimes; ++times) {
        if (std::string error = prepared.run(module, outputs, times == 0); !error.empty())
            return error;
        if (++seen[hash_of(outputs)] > 1) continue;
        const double off = deviation(*variant.kernel, wanted, outputs);
        worst = std::fmax(worst, off);
        least = std::fmin(least, off);
        if (std::chrono::steady_clock::now() - start > std::chrono::seconds(5)) break;
    }
    std::fprintf(text, "%s: %zu different outputs in %d runs, deviation from %.6g to %.6g\n",
                 variant.name.c_str(), seen.size(), times, least, worst);
    std::printf("kernels: %s: %zu different outputs in %d runs, deviation from %.6g to %.6g\n",
                variant.name.c_str(), seen.size(), times, least, worst);
    return "";
}

}  // namespace

int record_kernels(Driver& driver, const Folders& folders) {
    const std::string next_path = folders.out + "/kernels.next";
    std::size_t first = 0;
    std::ifstream(next_path) >> first;
    std::FILE* text = std::fopen((folders.out + "/kernels.txt").c_str(), "a");
    std::ofstream binary(folders.out + "/kernels.bin", std::ios::binary | std::ios::app);
    if (text == nullptr) return 1;
    int failed = 0;
    const std::vector<Variant> all = variants();
    for (std::size_t i = first; i < all.size(); ++i) {
        std::ofstream(next_path) << i + 1 << '\n';
        void* module = nullptr;
        std::string error = driver.load(folders.modules + "/" + all[i].name + ".cubin", module);
        if (error.empty())
            error = all[i].racy ? run_racy(driver, all[i], module, text)
                                : run_honest(driver, all[i], module, text, binary);
        std::fflush(text);
        if (!error.empty()) {
            ++failed;
            std::printf("kernels: FAILED %s: %s\n", all[i].name.c_str(), error.c_str());
            std::fflush(stdout);
            if (!driver.wait().empty()) return 3;
        }
        std::fflush(stdout);
    }
    std::fclose(text);
    return failed == 0 ? 0 : 1;
}

}  // namespace cupel::emulator::conformance::device
