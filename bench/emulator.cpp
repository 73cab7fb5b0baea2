// SPDX-License-Identifier: Apache-2.0
// How fast the emulator runs a kernel: see bench/emulator.
#include "emulator/emulator.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

namespace {

namespace emulator = cupel::emulator;

struct Run {
    double rate = 0;  // warp instructions a second
    double flops = 0;
};

Run run(const std::string& ptx, unsigned n, bool checks, unsigned threads) {
    const std::vector<float> values(std::size_t{n} * n, 1.0F);
    const auto device = emulator::make_emulator();
    if (!device->load(ptx, "gemm.ptx")) std::exit(1);
    const auto input = [&](const char* name) {
        return *device->allocate({.name = name,
                                  .role = emulator::Role::Input,
                                  .bytes = values.size() * 4,
                                  .values = std::as_bytes(std::span(values))});
    };
    emulator::Launch launch{
        .kernel = "gemm", .grid = {(n + 15) / 16, (n + 15) / 16, 1}, .block = {16, 16, 1}};
    launch.arguments = {emulator::Address{input("a")}, emulator::Address{input("b")}};
    const auto output =
        device->allocate({.name = "c", .role = emulator::Role::Output, .bytes = values.size() * 4});
    launch.arguments.emplace_back(emulator::Address{*output});
    launch.arguments.push_back(emulator::argument(n));
    const auto start = std::chrono::steady_clock::now();
    const auto report = device->launch(launch, {.checks = checks, .threads = threads});
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!report || (checks && !report->clean())) std::exit(1);
    return {.rate = static_cast<double>(report->counters.warp_instructions) / seconds,
            .flops = 2.0 * n * n * n / seconds};
}

Run median(std::vector<Run> runs) {
    std::ranges::sort(runs, {}, &Run::rate);
    return runs[runs.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) return 2;
    std::ifstream file(arguments[1]);
    const std::string ptx(std::istreambuf_iterator<char>(file), {});
    const unsigned n = count > 2 ? static_cast<unsigned>(std::atoi(arguments[2])) : 256;
    const int rounds = count > 3 ? std::atoi(arguments[3]) : 7;
    const unsigned threads = std::max(2U, std::thread::hardware_concurrency());
    struct Way {
        const char* name;
        bool checks;
        unsigned threads;
        std::vector<Run> runs = {};
    };
    std::vector<Way> ways = {{"unchecked", false, 1},
                             {"checked", true, 1},
                             {"unchecked", false, threads},
                             {"checked", true, threads}};
    for (int i = 0; i < rounds; i++) {
        for (Way& way : ways)
            way.runs.push_back(run(ptx, n, way.checks, way.threads));
    }
    std::printf("%-10s %8s %24s %12s\n", "", "threads", "warp instructions/s", "Mflop/s");
    for (const Way& way : ways) {
        const Run middle = median(way.runs);
        std::printf("%-10s %8u %22.1f M %12.0f\n", way.name, way.threads, middle.rate / 1e6,
                    middle.flops / 1e6);
    }
    std::printf("checks cost a factor of %.1f\n",
                median(ways[0].runs).rate / median(ways[1].runs).rate);
    return 0;
}
