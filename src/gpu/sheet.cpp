// SPDX-License-Identifier: Apache-2.0
#include "gpu/sheet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <variant>

#include "base/text.hpp"
#include "os/files.hpp"

namespace cupel::gpu {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLargestSheet = std::size_t{64} << 10;
constexpr double kMega = 1e6;
constexpr double kGiga = 1e9;
constexpr double kTera = 1e12;

struct Field {
    std::string_view key;
    std::string_view unit;  // as written behind the number; empty: none
    double scale = 1;
    std::variant<double Sheet::*, std::int64_t Sheet::*> member;
};

const auto kFields = std::to_array<Field>({
    {"multiprocessors", "", 1, &Sheet::multiprocessors},
    {"fp32_cores", "per multiprocessor", 1, &Sheet::fp32_cores},
    {"boost_clock", "MHz", kMega, &Sheet::boost_clock},
    {"fp64_rate", "TFLOPS", kTera, &Sheet::fp64_rate},
    {"fp32_rate", "TFLOPS", kTera, &Sheet::fp32_rate},
    {"fp16_rate", "TFLOPS", kTera, &Sheet::fp16_rate},
    {"tf32_tensor_rate", "TFLOPS", kTera, &Sheet::tf32_tensor_rate},
    {"bf16_tensor_rate", "TFLOPS", kTera, &Sheet::bf16_tensor_rate},
    {"fp16_tensor_rate", "TFLOPS", kTera, &Sheet::fp16_tensor_rate},
    {"special_functions", "per clock and multiprocessor", 1, &Sheet::special_functions},
    {"warp_schedulers", "per multiprocessor", 1, &Sheet::warp_schedulers},
    {"load_store_bytes", "per clock and multiprocessor", 1, &Sheet::load_store_bytes},
    {"dram_bandwidth", "GB/s", kGiga, &Sheet::dram_bandwidth},
    {"l2_size", "MiB", 1 << 20, &Sheet::l2_size},
    {"threads_per_block", "", 1, &Sheet::threads_per_block},
    {"threads_per_sm", "", 1, &Sheet::threads_per_sm},
    {"warps_per_sm", "", 1, &Sheet::warps_per_sm},
    {"blocks_per_sm", "", 1, &Sheet::blocks_per_sm},
    {"registers_per_sm", "", 1, &Sheet::registers_per_sm},
    {"registers_per_block", "", 1, &Sheet::registers_per_block},
    {"registers_per_thread", "", 1, &Sheet::registers_per_thread},
    {"shared_per_sm", "KiB", 1 << 10, &Sheet::shared_per_sm},
    {"shared_per_block", "KiB", 1 << 10, &Sheet::shared_per_block},
    {"shared_reserved", "B", 1, &Sheet::shared_reserved},
    {"shared_granularity", "B", 1, &Sheet::shared_granularity},
    {"register_granularity", "per warp", 1, &Sheet::register_granularity},
    {"sub_partitions", "", 1, &Sheet::sub_partitions},
});

std::string_view take_word(std::string_view& rest) {
    rest = trim(rest);
    const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest = trim(rest.substr(end));
    return word;
}

class SheetReader {
public:
    explicit SheetReader(const std::string& id) { sheet_.id = id; }

    Result<Sheet> read(std::string_view text) {
        for (const std::string& line : split(text, '\n')) {
            line_++;
            const std::string_view bare = trim(line);
            if (bare.empty() || bare.starts_with('#')) continue;
            CUPEL_DO(bare.starts_with('[') ? read_source(bare) : read_entry(bare));
        }
        line_ = 0;
        CUPEL_DO(check_complete());
        return std::move(sheet_);
    }

private:
    [[nodiscard]] std::unexpected<Error> refuse(const std::string& why) const {
        const std::string place = line_ > 0 ? fmt::format(":{}", line_) : "";
        return fail(Errc::Invalid, fmt::format("{}.gpu{}: {}", sheet_.id, place, why));
    }

    Result<void> read_source(std::string_view line) {
        const std::size_t end = line.find(']');
        if (end == std::string_view::npos || end < 2 || trim(line.substr(end + 1)).empty())
            return refuse("expected `[name] where the numbers are published`");
        if (!known_sources_.emplace(line.substr(1, end - 1)).second)
            return refuse(fmt::format("the source {} is there twice", line.substr(0, end + 1)));
        sheet_.sources.emplace_back(line);
        return {};
    }

    Result<void> read_entry(std::string_view line) {
        std::string_view rest = line;
        const std::string key(take_word(rest));
        if (!seen_.insert(key).second) return refuse(key + " is there twice");
        if (key == "name") {
            if (rest.empty()) return refuse("name: nothing follows");
            sheet_.name = rest;
            return {};
        }
        CUPEL_TRY(const std::string_view value, without_source(key, rest));
        if (key == "architecture") return read_architecture(value);
        const auto* const field = std::ranges::find(kFields, key, &Field::key);
        if (field == kFields.end()) return refuse("unknown: " + key + did_you_mean(key));
        return read_number(*field, value);
    }

    static std::string did_you_mean(const std::string& key) {
        std::vector<std::string> names;
        names.reserve(kFields.size());
        for (const Field& field : kFields)
            names.emplace_back(field.key);
        const auto near = nearest_name(key, names);
        return near ? "; did you mean " + *near + "?" : "";
    }

    Result<std::string_view> without_source(const std::string& key, std::string_view rest) {
        const std::size_t begin = rest.rfind('[');
        if (begin == std::string_view::npos || !rest.ends_with(']'))
            return refuse(key + ": the line does not end with its [source]");
        const std::string source(rest.substr(begin + 1, rest.size() - begin - 2));
        used_sources_.emplace(source, line_);
        return trim(rest.substr(0, begin));
    }

    Result<void> read_architecture(std::string_view value) {
        const bool digits = value.size() > 4 && std::ranges::all_of(value.substr(3), [](char c) {
                                return c >= '0' && c <= '9';
                            });
        if (!value.starts_with("sm_") || !digits)
            return refuse(fmt::format("architecture {}: expected sm_ and its number", value));
        sheet_.architecture = value;
        return {};
    }

    Result<void> read_number(const Field& field, std::string_view value) {
        const std::string_view word = take_word(value);
        double number = 0;
        const char* const end = word.data() + word.size();
        const auto [stop, problem] = std::from_chars(word.data(), end, number);
        if (problem != std::errc() || stop != end || !(number > 0 && number < 1e9)) {
            return refuse(fmt::format("{}: {} is no positive number", field.key,
                                      word.empty() ? "nothing" : word));
        }
        if (value != field.unit) {
            return refuse(fmt::format("{}: the unit is {}, found {}", field.key,
                                      field.unit.empty() ? "none" : field.unit,
                                      value.empty() ? "none" : value));
        }
        const double scaled = number * field.scale;
        if (const auto* const real = std::get_if<double Sheet::*>(&field.member)) {
            sheet_.** real = scaled;
            return {};
        }
        if (scaled != std::floor(scaled))
            return refuse(fmt::format("{}: {} is no whole number", field.key, word));
        sheet_.*std::get<std::int64_t Sheet::*>(field.member) = static_cast<std::int64_t>(scaled);
        return {};
    }

    [[nodiscard]] Result<void> check_complete() {
        for (const std::string_view key : {"name", "architecture"})
            if (!seen_.contains(std::string(key))) return refuse(fmt::format("{} is missing", key));
        for (const Field& field : kFields) {
            if (!seen_.contains(std::string(field.key)))
                return refuse(fmt::format("{} is missing", field.key));
        }
        for (const auto& [source, line] : used_sources_) {
            if (known_sources_.contains(source)) continue;
            line_ = line;
            return refuse(fmt::format("the source [{}] is not in the file", source));
        }
        for (const std::string& source : known_sources_) {
            if (!used_sources_.contains(source))
                return refuse(fmt::format("the source [{}] is used by no number", source));
        }
        return {};
    }

    Sheet sheet_;
    int line_ = 0;
    std::set<std::string> seen_;
    std::set<std::string> known_sources_;
    std::map<std::string, int> used_sources_;  // with the first line
};

}  // namespace

Result<Sheet> read_sheet(std::string_view text, const std::string& id) {
    return SheetReader(id).read(text);
}

Result<Sheet> load_sheet(const std::string& id, std::span<const std::string> folders) {
    const bool plain = !id.empty() && std::ranges::all_of(id, [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '_' || c == '-';
    });
    for (const std::string& folder : folders) {
        const fs::path path = fs::path(folder) / (id + ".gpu");
        std::error_code ignored;
        if (!plain || !fs::exists(path, ignored)) continue;
        CUPEL_TRY(const std::string text, os::read_file(path, kLargestSheet));
        return read_sheet(text, id);
    }
    const std::vector<std::string> all = list_sheets(folders);
    const auto near = nearest_name(id, all);
    return fail(Errc::NotFound, fmt::format("no data sheet of a GPU `{}`{}", id,
                                            near          ? "; did you mean " + *near + "?"
                                            : all.empty() ? "; the folder gpus/ was not found"
                                                          : "; known are " + join(all, ", ")));
}

std::vector<std::string> list_sheets(std::span<const std::string> folders) {
    std::set<std::string> names;
    for (const std::string& folder : folders) {
        std::error_code problem;
        for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
             at.increment(problem)) {
            if (at->path().extension() == ".gpu") names.insert(at->path().stem().string());
        }
    }
    return {names.begin(), names.end()};
}

}  // namespace cupel::gpu
