// SPDX-License-Identifier: Apache-2.0
#include "cli/run_conditions.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/text.hpp"
#include "cli/document.hpp"
#include "target/machine.hpp"

namespace cupel::cli {
namespace {

using nlohmann::json;

constexpr const char* kConditions = "conditions";

// What is kept of a baseline, and shown.
struct Baseline {
    std::string name;
    std::string library;
};

struct Kept {
    std::optional<target::Machine> machine;
    std::string compiler;
    std::vector<Baseline> panel;
    std::vector<std::string> absent;
    std::string gpu;
    std::optional<std::uint64_t> seed;
};

Result<void> keep(archive::Archive& archive, const json& conditions) {
    // Names of libraries and compilers need not be UTF-8.
    return archive.set_meta(kConditions,
                            conditions.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::vector<json> list(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || !found->is_array()) return {};
    return {found->begin(), found->end()};
}

// Anybody's text: what is not as expected is passed over.
Kept read_kept(const std::string& text) {
    Kept kept;
    const json conditions = json::parse(text, nullptr, false);
    if (!conditions.is_object()) return kept;
    if (auto machine = target::machine_from_json(conditions.value("machine", json())))
        kept.machine = std::move(*machine);
    kept.compiler = word(conditions, "compiler");
    kept.gpu = word(conditions, "gpu");
    for (const json& member : list(conditions, "panel")) {
        if (!member.is_object()) continue;
        kept.panel.push_back({.name = word(member, "name"), .library = word(member, "library")});
    }
    for (const json& absent : list(conditions, "absent"))
        if (absent.is_string()) kept.absent.push_back(absent.get<std::string>());
    const json seed = conditions.value("seed", json());
    if (seed.is_number_unsigned()) kept.seed = seed.get<std::uint64_t>();
    return kept;
}

Kept kept_of(const referee::Certificate& certificate) {
    Kept kept;
    kept.machine = certificate.machine;
    kept.compiler = certificate.compiler_version;
    for (const referee::Certificate::Member& member : certificate.panel)
        kept.panel.push_back({.name = member.name, .library = member.library});
    kept.absent = certificate.absent;
    return kept;
}

std::vector<std::string> machine_lines(const target::Machine& machine) {
    std::string caches;
    for (const auto& [name, bytes] :
         {std::pair("L1", machine.l1_bytes), std::pair("L2", machine.l2_bytes),
          std::pair("L3", machine.l3_bytes)}) {
        if (bytes > 0)
            caches += fmt::format(", {} {}", format_bytes(static_cast<double>(bytes)), name);
    }
    std::vector<std::string> lines = {
        machine.processor,
        fmt::format("{} processor{} usable, {}{}", machine.cpus, machine.cpus == 1 ? "" : "s",
                    machine.isa, caches),
        "system " + machine.kernel};
    if (!machine.virtualised.empty()) lines.back() += ", virtualised by " + machine.virtualised;
    return lines;
}

}  // namespace

Result<void> keep_conditions(archive::Archive& archive, const referee::Referee& referee,
                             std::uint64_t seed) {
    json panel = json::array();
    for (const referee::Baseline& baseline : referee.panel())
        panel.push_back({{"name", baseline.name}, {"library", baseline.library.version}});
    return keep(archive, {{"machine", target::to_json(referee.machine())},
                          {"compiler", referee.compiler().version},
                          {"panel", std::move(panel)},
                          {"absent", referee.options().absent},
                          {"seed", seed}});
}

Result<void> keep_device_conditions(archive::Archive& archive, const std::string& gpu,
                                    std::uint64_t seed) {
    return keep(
        archive,
        {{"machine", target::to_json(target::this_machine())}, {"gpu", gpu}, {"seed", seed}});
}

Result<RunConditions> read_conditions(archive::Archive& archive,
                                      const std::optional<referee::Certificate>& certificate) {
    CUPEL_TRY(const std::optional<std::string> text, archive.meta(kConditions));
    const Kept kept = text ? read_kept(*text) : certificate ? kept_of(*certificate) : Kept{};
    RunConditions conditions{.facts = {}, .seed = kept.seed};
    const auto tell = [&](const char* label, std::vector<std::string> lines) {
        conditions.facts.push_back({.label = label, .lines = std::move(lines)});
    };
    tell("machine",
         kept.machine ? machine_lines(*kept.machine) : std::vector<std::string>{"not recorded"});
    if (!kept.compiler.empty()) tell("compiler", {kept.compiler});
    if (!kept.gpu.empty()) {
        tell("bounds by", {"the data sheet of " + kept.gpu + "; no GPU was used"});
        return conditions;
    }
    std::vector<std::string> panel(kept.panel.size());
    std::ranges::transform(kept.panel, panel.begin(), [](const Baseline& baseline) {
        return baseline.library.empty() ? baseline.name
                                        : fmt::format("{} ({})", baseline.name, baseline.library);
    });
    if (panel.empty()) panel.emplace_back("not recorded");
    tell("baselines", std::move(panel));
    if (text || certificate)
        tell("absent", kept.absent.empty() ? std::vector<std::string>{"none"} : kept.absent);
    return conditions;
}

}  // namespace cupel::cli
