// SPDX-License-Identifier: Apache-2.0
#include "referee/admit_record.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "base/hash.hpp"
#include "os/files.hpp"

namespace cupel::referee {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLargestProgram = std::size_t{1} << 30;
constexpr std::size_t kLargestRecord = std::size_t{4} << 20;

Result<fs::path> record_path(std::string_view key) {
    CUPEL_TRY(const fs::path cache, os::cache_folder());
    return cache / "admissions" / fmt::format("{}.json", key);
}

// Who examines: this program and the oracle beside it.
std::optional<std::string> examiners() {
    static const std::optional<std::string> kHash = []() -> std::optional<std::string> {
        std::string hashes;
        for (const fs::path& path :
             {fs::path("/proc/self/exe"), os::program_folder() / "cupel-oracle"}) {
            const auto bytes = os::read_file(path, kLargestProgram);
            if (!bytes) return std::nullopt;
            hashes += hash_hex(*bytes);
        }
        return hash_hex(hashes);
    }();
    return kHash;
}

}  // namespace

std::optional<std::string> admission_key(const task::Task& task, int threads) {
    const std::optional<std::string> programs = examiners();
    if (!programs) return std::nullopt;
    return hash_hex(
        fmt::format("admission 1\n{}\nthreads {}\n{}", *programs, threads, task::print(task)));
}

std::string to_text(const Referee::Admission& admission, std::string_view key) {
    auto controls = nlohmann::json::array();
    for (const Referee::Control& control : admission.controls) {
        controls.push_back({{"kind", control.kind},
                            {"name", control.name},
                            {"ruling", static_cast<int>(control.ruling)},
                            {"how", control.how},
                            {"margin", control.margin}});
    }
    const nlohmann::json record = {{"key", key},
                                   {"admitted", admission.admitted},
                                   {"reason", admission.reason},
                                   {"controls", std::move(controls)}};
    return record.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::optional<Referee::Admission> from_text(std::string_view text, std::string_view key) {
    const auto record = nlohmann::json::parse(text, nullptr, false);
    if (!record.is_object() || record.value("key", nlohmann::json()) != key) return std::nullopt;
    try {
        Referee::Admission admission;
        admission.admitted = record.at("admitted").get<bool>();
        admission.reason = record.at("reason").get<std::string>();
        bool accepted = false;
        for (const nlohmann::json& one : record.at("controls")) {
            Referee::Control control;
            control.kind = one.at("kind").get<std::string>();
            control.name = one.at("name").get<std::string>();
            const int ruling = one.at("ruling").get<int>();
            if (ruling < 0 || ruling > static_cast<int>(Referee::Ruling::Accepted))
                return std::nullopt;
            control.ruling = static_cast<Referee::Ruling>(ruling);
            control.rejected = control.ruling == Referee::Ruling::Rejected;
            control.how = one.at("how").get<std::string>();
            if (one.at("margin").is_number()) control.margin = one.at("margin").get<double>();
            accepted = accepted || control.ruling == Referee::Ruling::Accepted;
            admission.controls.push_back(std::move(control));
        }
        // A record that contradicts itself says nothing.
        if (admission.admitted && (accepted || admission.controls.empty())) return std::nullopt;
        return admission;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

std::optional<Referee::Admission> find_admission(std::string_view key) {
    const auto path = record_path(key);
    if (!path) return std::nullopt;
    const auto text = os::read_file(*path, kLargestRecord);
    if (!text) return std::nullopt;
    return from_text(*text, key);
}

void keep_admission(const Referee::Admission& admission, std::string_view key) {
    const auto path = record_path(key);
    if (!path) return;
    std::error_code ignored;
    fs::create_directories(path->parent_path(), ignored);
    const auto kept = os::write_file_atomically(*path, to_text(admission, key));
    (void)kept;
}

}  // namespace cupel::referee
