// SPDX-License-Identifier: Apache-2.0
// Holds matrix instructions against their rule on many tiles, and shows where they differ.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include "conformance/form.hpp"
#include "conformance/tensor_form.hpp"
#include "recorder/record.hpp"

namespace cupel::emulator::conformance::device {
namespace {

constexpr std::uint64_t kKey = 0x7e550;
constexpr unsigned kChunk = 32768;

void in_parallel(std::size_t count, const auto& work) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i)
        threads.emplace_back([&] {
            for (std::size_t at; (at = next.fetch_add(16)) < count;)
                for (std::size_t k = at; k < std::min(count, at + 16); ++k)
                    work(k);
        });
}

// Tiles and what the device made of them.
struct Batch {
    std::string error;
    std::vector<Tile> tiles;
    std::vector<std::uint8_t> results;
};

Batch run_tiles(Driver& driver, void* function, const TensorForm& form, std::uint64_t first,
                unsigned count) {
    Batch batch;
    const std::size_t lanes = std::size_t{count} * 32;
    std::vector<std::uint8_t> operands(bytes_per_lane(tensor_operands(form)) * lanes);
    batch.tiles.resize(count);
    batch.results.resize(bytes_per_lane(tensor_results(form)) * lanes);
    in_parallel(count, [&](std::size_t i) {
        batch.tiles[i] = make_tile(form, kKey, first + i);
        place_tile(form, batch.tiles[i], i, count, operands.data());
    });
    Buffer in(driver, operands.size());
    Buffer out(driver, batch.results.size());
    batch.error = in.error() + out.error();
    if (batch.error.empty())
        batch.error = driver.put(in.address(), operands.data(), operands.size());
    Arguments arguments;
    arguments.add(in.address()).add(out.address()).add(static_cast<std::uint32_t>(lanes));
    Driver::Shape shape;
    shape.grid[0] = static_cast<unsigned>(lanes / kBlock);
    shape.block[0] = kBlock;
    if (batch.error.empty()) batch.error = driver.launch(function, shape, arguments.pointers());
    if (batch.error.empty()) batch.error = driver.wait();
    if (batch.error.empty())
        batch.error = driver.get(batch.results.data(), out.address(), batch.results.size());
    return batch;
}

std::size_t mismatches(const TensorForm& form, const Batch& batch, std::size_t tile) {
    const std::vector<std::uint64_t> wanted = expected_tile(form, batch.tiles[tile]);
    std::size_t count = 0;
    for (unsigned row = 0; row < form.m; ++row)
        for (unsigned column = 0; column < form.n; ++column)
            count += result_at(form, batch.results, tile, {row, column}) !=
                     wanted[std::size_t{row} * form.n + column];
    return count;
}

void show_mismatches(std::FILE* report, const TensorForm& form, const Batch& batch,
                     std::size_t tile, std::uint64_t number, int& left) {
    const Tile& t = batch.tiles[tile];
    const std::vector<std::uint64_t> wanted = expected_tile(form, t);
    for (unsigned row = 0; row < form.m && left > 0; ++row)
        for (unsigned column = 0; column < form.n && left > 0; ++column) {
            const std::size_t at = std::size_t{row} * form.n + column;
            const std::uint64_t got = result_at(form, batch.results, tile, {row, column});
            if (got == wanted[at]) continue;
            --left;
            std::fprintf(report,
                         "    tile %llu class %llu (%u,%u): got %llx, model %llx, c %llx\n      a",
                         static_cast<unsigned long long>(number),
                         static_cast<unsigned long long>((form.warpgroup ? number / 4 : number) %
                                                         kTileClasses),
                         row, column, static_cast<unsigned long long>(got),
                         static_cast<unsigned long long>(wanted[at]),
                         static_cast<unsigned long long>(t.c[at]));
            const unsigned shown = std::min(form.k, 32U);
            for (unsigned k = 0; k < shown; ++k)
                std::fprintf(report, " %llx",
                             static_cast<unsigned long long>(t.a[std::size_t{row} * form.k + k]));
            std::fprintf(report, "\n      b");
            for (unsigned k = 0; k < shown; ++k)
                std::fprintf(
                    report, " %llx",
                    static_cast<unsigned long long>(t.b[std::size_t{column} * form.k + k]));
            std::fprintf(report, "\n");
        }
}

// Tries the rule on many tiles; counts by class.
std::string try_rule(Driver& driver, void* function, std::FILE* report, const TensorForm& form,
                     unsigned tiles) {
    std::atomic<std::size_t> by_class[kTileClasses] = {};
    int left = 24;
    for (unsigned first = 0; first < tiles; first += kChunk) {
        const unsigned count = std::min(kChunk, tiles - first);
        const Batch batch = run_tiles(driver, function, form, 1'000'000 + first, count);
        if (!batch.error.empty()) return batch.error;
        std::vector<std::size_t> wrong(count);
        in_parallel(count, [&](std::size_t i) { wrong[i] = mismatches(form, batch, i); });
        int from_class[kTileClasses] = {};
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t number = 1'000'000 + first + i;
            const std::uint64_t tile_class = (form.warpgroup ? number / 4 : number) % kTileClasses;
            by_class[tile_class] += wrong[i];
            if (wrong[i] == 0 || left <= 0 || from_class[tile_class] > 0) continue;
            int now = std::min(left, 3);
            left -= now;
            ++from_class[tile_class];
            show_mismatches(report, form, batch, i, number, now);
        }
    }
    std::size_t total = 0;
    for (const auto& count : by_class)
        total += count;
    std::fprintf(report, "%s: %s\n", form.name.c_str(), rule_of(form).c_str());
    std::fprintf(report, "  tried on %u tiles: %zu elements of %zu differ; by class:", tiles, total,
                 std::size_t{tiles} * form.m * form.n);
    for (const auto& count : by_class)
        std::fprintf(report, " %zu", count.load());
    std::fprintf(report, "\n");
    std::printf("tensors: %s: %zu differ over %u tiles under: %s\n", form.name.c_str(), total,
                tiles, rule_of(form).c_str());
    return "";
}

// A million tiles for what programs use most.
unsigned tiles_for(const TensorForm& form) {
    const bool plain = form.c == Accumulator::F32 || form.c == Accumulator::F16;
    const bool full = form.k * bits_of(form.a) == 256;
    const bool wide = bits_of(form.a) >= 16;
    if (plain && full && wide && !form.warpgroup) return 1U << 20;
    return plain ? 1U << 17 : 1U << 15;
}

}  // namespace

int record_tensors(Driver& driver, const Folders& folders) {
    std::FILE* report = std::fopen((folders.out + "/tensors.txt").c_str(), "a");
    if (report == nullptr) return 1;
    const auto start = std::chrono::steady_clock::now();
    int failed = 0;
    const Range* range = nullptr;
    const std::vector<Range> all = modules();
    const Range* loaded = nullptr;
    void* module = nullptr;
    const std::string next_path = folders.out + "/tensors.next";
    std::size_t first = 0;
    std::ifstream(next_path) >> first;
    for (std::size_t i = first; i < tensor_forms().size(); ++i) {
        std::ofstream(next_path) << i + 1 << '\n';
        const std::size_t index = first_tensor_form() + i;
        for (const Range& r : all)
            if (index >= r.first && index < r.first + r.count) range = &r;
        std::string error;
        if (range != loaded)
            error = driver.load(folders.modules + "/forms_" + kernel_name(range->first) + ".cubin",
                                module);
        loaded = range;
        void* function = nullptr;
        if (error.empty()) error = driver.function(module, kernel_name(index), function);
        if (error.empty())
            error =
                try_rule(driver, function, report, tensor_forms()[i], tiles_for(tensor_forms()[i]));
        if (!error.empty()) {
            ++failed;
            std::printf("tensors: FAILED %s: %s\n", tensor_forms()[i].name.c_str(), error.c_str());
            if (!driver.wait().empty()) return 3;
        }
        std::printf(
            "tensors: %zu of %zu after %.1f s\n", i + 1, tensor_forms().size(),
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        std::fflush(stdout);
    }
    std::fclose(report);
    return failed == 0 ? 0 : 1;
}

}  // namespace cupel::emulator::conformance::device
