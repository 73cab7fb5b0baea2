// SPDX-License-Identifier: Apache-2.0
// Runs the microbenchmarks and writes calibration.txt, one measurement a line.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "conformance/calibration.hpp"
#include "recorder/record.hpp"

namespace cupel::emulator::conformance::device {
namespace {

struct Bench {
    Driver& driver;
    void* module = nullptr;
    std::FILE* file = nullptr;
    int failed = 0;

    void note(const std::string& what, const std::string& error) {
        if (error.empty()) return;
        ++failed;
        std::printf("calibration: FAILED %s: %s\n", what.c_str(), error.c_str());
        std::fflush(stdout);
    }
    // The least time of five, in milliseconds; 0 when it failed.
    double least(const std::string& name, const Driver::Shape& shape, Arguments& arguments,
                 unsigned times = 1) {
        void* function = nullptr;
        std::string error = driver.function(module, name, function);
        double best = 0;
        for (int i = 0; i < 5 && error.empty(); ++i) {
            double now = 0;
            error = driver.time(function, shape, arguments.pointers(), times, now);
            best = i == 0 ? now : std::min(best, now);
        }
        note(name, error);
        return best / times;
    }
};

void measure_banks(Bench& bench) {
    for (const unsigned width : {4U, 8U, 16U})
        for (const std::string kind : {"load", "store"})
            for (const unsigned warps : {1U, 4U}) {
                const std::vector<BankPattern> patterns = bank_patterns(width);
                std::vector<std::uint32_t> offsets, cycles(patterns.size());
                for (const BankPattern& p : patterns)
                    offsets.insert(offsets.end(), p.offsets.begin(), p.offsets.end());
                Buffer in(bench.driver, offsets.size() * 4), out(bench.driver, cycles.size() * 4),
                    sink(bench.driver, 64);
                const std::string name = "banks_" + kind + std::to_string(width);
                void* function = nullptr;
                std::string error = bench.driver.function(bench.module, name, function);
                if (error.empty())
                    error = bench.driver.put(in.address(), offsets.data(), offsets.size() * 4);
                Arguments arguments;
                arguments.add(in.address()).add(out.address()).add(sink.address());
                Driver::Shape shape;
                shape.grid[0] = static_cast<unsigned>(patterns.size());
                shape.block[0] = 32 * warps;
                shape.shared = 32768;
                if (error.empty())
                    error = bench.driver.launch(function, shape, arguments.pointers());
                if (error.empty()) error = bench.driver.wait();
                if (error.empty())
                    error = bench.driver.get(cycles.data(), out.address(), cycles.size() * 4);
                bench.note(name, error);
                if (!error.empty()) continue;
                for (std::size_t i = 0; i < patterns.size(); ++i)
                    std::fprintf(bench.file, "banks %s %u warps %u cycles %.4f pattern %s\n",
                                 kind.c_str(), width, warps, cycles[i] / 1024.0 / warps,
                                 patterns[i].name.c_str());
            }
}

void measure_scatter(Bench& bench, std::uint64_t memory, std::uint64_t sink) {
    for (const std::uint64_t bytes : {std::uint64_t{16} << 20, std::uint64_t{2} << 30})
        for (const unsigned width : {4U, 8U, 16U})
            for (const unsigned stride : {1U, 2U, 3U, 4U, 8U, 16U, 32U})
                for (const unsigned shift : {0U, 1U}) {
                    if (shift == 1 && stride > 1) continue;
                    Arguments arguments;
                    constexpr std::uint32_t kRequests = 128;
                    arguments.add(memory)
                        .add(bytes)
                        .add(stride * width)
                        .add(shift * width)
                        .add(kRequests)
                        .add(sink);
                    Driver::Shape shape;
                    shape.grid[0] = 132 * 8;
                    shape.block[0] = 256;
                    const double ms =
                        bench.least("scattered" + std::to_string(width), shape, arguments);
                    const double requests = 132.0 * 8 * 8 * kRequests;
                    std::fprintf(bench.file,
                                 "scatter %u stride %u shift %u window_mb %llu ns %.4f gb %.1f\n",
                                 width, stride * width, shift * width,
                                 static_cast<unsigned long long>(bytes >> 20), ms * 1e6 / requests,
                                 requests * 32 * width / ms / 1e6);
                }
}

void measure_streams(Bench& bench, std::uint64_t memory) {
    constexpr std::uint64_t kGiga = std::uint64_t{1} << 30;
    for (const std::string kind : {"copy", "read", "write"})
        for (const std::uint64_t bytes : {2 * kGiga, kGiga / 64, kGiga / 128}) {
            Arguments arguments;
            arguments.add(memory).add(memory + 2 * kGiga).add(bytes / 16);
            Driver::Shape shape;
            shape.grid[0] = 132 * 16;
            shape.block[0] = 512;
            const double ms =
                bench.least("stream_" + kind, shape, arguments, bytes < kGiga ? 20 : 2);
            std::fprintf(bench.file, "stream %s mb %llu gb %.1f\n", kind.c_str(),
                         static_cast<unsigned long long>(bytes >> 20),
                         static_cast<double>(bytes) * (kind == "copy" ? 2 : 1) / ms / 1e6);
        }
}

void measure_peaks(Bench& bench, std::uint64_t sink) {
    struct Peak {
        const char* name;
        double operations;  // of a thread and round
        std::uint32_t rounds;
    };
    // Chains: 64 operations a round, a fused multiply-add counts as two. Matrices: of a warp.
    for (const Peak& p : {Peak{"peak_f32", 128, 4096},
                          {"peak_f64", 128, 4096},
                          {"peak_i32", 128, 4096},
                          {"peak_f16x2", 256, 4096},
                          {"peak_ex2", 64, 1024},
                          {"peak_mma_f16", 4 * 4096.0 / 32, 8192},
                          {"peak_mma_bf16", 4 * 4096.0 / 32, 8192},
                          {"peak_mma_tf32", 4 * 2048.0 / 32, 8192},
                          {"peak_mma_e4m3", 4 * 8192.0 / 32, 8192},
                          {"peak_mma_s8", 4 * 8192.0 / 32, 8192},
                          {"peak_mma_f64", 8 * 512.0 / 32, 8192}}) {
        Arguments arguments;
        arguments.add(sink).add(p.rounds);
        Driver::Shape shape;
        shape.grid[0] = 132 * 4;
        shape.block[0] = 512;
        const double ms = bench.least(p.name, shape, arguments);
        const double total = p.operations * p.rounds * 132 * 4 * 512;
        std::fprintf(bench.file, "peak %s tera %.2f\n", p.name + 5, total / ms / 1e9);
    }
    Arguments none;
    Driver::Shape one;
    const double back_to_back = bench.least("nothing", one, none, 2000);
    void* function = nullptr;
    bench.note("nothing", bench.driver.function(bench.module, "nothing", function));
    const auto start = std::chrono::steady_clock::now();
    constexpr int kTimes = 500;
    for (int i = 0; i < kTimes; ++i) {
        bench.note("nothing", bench.driver.launch(function, one, none.pointers()));
        bench.note("nothing", bench.driver.wait());
    }
    const double each =
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start)
            .count() /
        kTimes;
    std::fprintf(bench.file, "launch back_to_back_us %.3f waited_us %.3f\n", back_to_back * 1000,
                 each);
}

void show_device(const Bench& bench) {
    std::fprintf(bench.file, "memory_mb %zu\n", bench.driver.memory() >> 20);
    for (int which = 1; which <= 146; ++which)
        std::fprintf(bench.file, "attribute %d %d\n", which, bench.driver.attribute(which));
}

}  // namespace

int record_calibration(Driver& driver, const Folders& folders) {
    Bench bench{driver};
    bench.file = std::fopen((folders.out + "/calibration.txt").c_str(), "a");
    if (bench.file == nullptr) return 1;
    show_device(bench);
    bench.note("module", driver.load(folders.modules + "/calibration.cubin", bench.module));
    Buffer memory(driver, std::size_t{5} << 30);
    Buffer sink(driver, 4096);
    bench.note("memory", memory.error() + sink.error());
    if (bench.failed == 0) {
        bench.note("fill", driver.fill(memory.address(), 1, std::size_t{5} << 30));
        measure_peaks(bench, sink.address());
        std::fflush(bench.file);
        measure_banks(bench);
        std::fflush(bench.file);
        measure_streams(bench, memory.address());
        std::fflush(bench.file);
        measure_scatter(bench, memory.address(), sink.address());
    }
    std::fclose(bench.file);
    std::printf("calibration: %d failed\n", bench.failed);
    return bench.failed == 0 ? 0 : 1;
}

}  // namespace cupel::emulator::conformance::device
