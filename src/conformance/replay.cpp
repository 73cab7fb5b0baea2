// SPDX-License-Identifier: Apache-2.0
#include "conformance/replay.hpp"

#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "conformance/bound.hpp"

namespace cupel::emulator::conformance {
namespace {

// Place `k` of a lane among arrays of `types`, each with `lanes` elements.
std::uint64_t element(const std::vector<Type>& types, std::span<const std::uint8_t> bytes,
                      std::size_t lanes, std::size_t k, std::size_t lane) {
    std::size_t array = 0;
    for (std::size_t i = 0; i < k; ++i)
        array += lanes * bytes_of(types[i]);
    std::uint64_t word = 0;
    std::memcpy(&word, &bytes[array + lane * bytes_of(types[k])], bytes_of(types[k]));
    return word;
}

std::vector<std::uint64_t> operands_at(const FormCase& form, std::size_t lane) {
    std::vector<std::uint64_t> all;
    all.reserve(form.form->in.size());
    for (std::size_t k = 0; k < form.form->in.size(); ++k)
        all.push_back(element(form.form->in, form.operands, form.lanes, k, lane));
    return all;
}

std::string words(std::span<const std::uint64_t> values) {
    std::string text;
    for (const std::uint64_t value : values.first(std::min<std::size_t>(values.size(), 8)))
        text += fmt::format("{}{:x}", text.empty() ? "" : " ", value);
    return text;
}

// The first kept lane whose results cannot stand for the golden ones.
std::optional<std::string> first_difference(const FormCase& form,
                                            std::span<const std::uint8_t> results) {
    const Form& f = *form.form;
    const bool approximate = f.promise == Promise::Approximate;
    const Bound* const bound = approximate ? bound_of(f.name) : nullptr;
    for (std::size_t lane = 0; lane < form.golden->kept; ++lane) {
        for (std::size_t k = 0; k < f.out.size(); ++k) {
            const std::uint64_t got = element(f.out, results, form.lanes, k, lane);
            const std::uint64_t golden =
                element(f.out, form.golden->results, form.golden->kept, k, lane);
            if (got == golden) continue;
            const std::vector<std::uint64_t> operands = operands_at(form, lane);
            if (bound != nullptr && is_near(*bound, f.out[k], got, golden, operands)) continue;
            return fmt::format("lane {}: {} gave {:x}, silicon {:x}", lane, words(operands), got,
                               golden);
        }
    }
    return std::nullopt;
}

std::string first_wrong_warp(const FormCase& form, std::span<const std::uint8_t> results) {
    for (std::size_t warp = 0; warp < form.golden->warp_hashes.size(); ++warp) {
        if (warp_hash_of(form.index, results, warp) == form.golden->warp_hashes[warp]) continue;
        return fmt::format("a lane from {} to {}; there {} gave {:x}", warp * 32, warp * 32 + 31,
                           words(operands_at(form, warp * 32)),
                           element(form.form->out, results, form.lanes, 0, warp * 32));
    }
    return "a hash, but no warp: the golden record contradicts itself";
}

std::span<const std::byte> as_bytes(const std::vector<std::uint8_t>& bytes) {
    return std::as_bytes(std::span(bytes));
}

// Warp instructions: a form has some fifty, in at most a few hundred warps.
constexpr std::uint64_t kBudget = 1 << 22;

Result<Report> launch(Device& device, const FormCase& form, std::vector<std::uint8_t>& results) {
    CUPEL_DO(device.load(form.ptx, "form.ptx"));
    const std::vector<std::uint8_t> nothing(8);
    const std::vector<std::uint8_t>& operands = form.operands.empty() ? nothing : form.operands;
    CUPEL_TRY(const BufferId in, device.allocate({.name = "in",
                                                  .role = Role::Input,
                                                  .bytes = operands.size(),
                                                  .values = as_bytes(operands)}));
    CUPEL_TRY(const BufferId out,
              device.allocate({.name = "out",
                               .role = Role::Output,
                               .bytes = form.lanes * bytes_per_lane(form.form->out)}));
    const emulator::Launch grid{
        .kernel = "form",
        .grid = {.x = form.lanes / kBlock},
        .block = {.x = kBlock},
        .arguments = {Address{in, 0}, Address{out, 0}, argument(std::uint32_t{form.lanes})}};
    CUPEL_TRY(Report report, device.launch(grid, Options{.budget = kBudget}));
    CUPEL_TRY(const std::vector<std::byte> bytes, device.read(out));
    results.resize(bytes.size());
    std::memcpy(results.data(), bytes.data(), bytes.size());
    return report;
}

}  // namespace

std::string_view name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::Right:
            return "right";
        case Outcome::Wrong:
            return "wrong";
        case Outcome::Refused:
            return "refused";
        case Outcome::Accused:
            return "accused";
        case Outcome::NotHeld:
            return "not held";
    }
    return "";
}

FormCase form_case(const Golden& golden, std::size_t form_index) {
    const Form& form = all_forms().at(form_index);
    const std::string target = form.hopper_only ? "sm_90a" : "sm_90";
    return {.index = form_index,
            .form = &form,
            .golden = &golden.forms.at(form_index),
            .ptx = ".version 8.7\n.target " + target + "\n.address_size 64\n" +
                   kernel_text(form, "form"),
            .lanes = lanes_of(form_index),
            .operands = operands_of(form_index)};
}

Replay compare(const FormCase& form, std::span<const std::uint8_t> results) {
    CUPEL_CHECK(results.size() == std::size_t{form.lanes} * form.golden->lane_bytes);
    if (hash_of(results) == form.golden->result_hash) return {};
    const Promise promise = form.form->promise;
    const std::optional<std::string> difference = first_difference(form, results);
    if (promise == Promise::Approximate && !difference) return {};
    return {promise == Promise::Unspecified ? Outcome::NotHeld : Outcome::Wrong,
            difference ? *difference : first_wrong_warp(form, results)};
}

Replay replay(Device& device, const FormCase& form) {
    std::vector<std::uint8_t> results;
    const Result<Report> report = launch(device, form, results);
    if (!report) {
        const std::string& text = report.error().text;
        return {Outcome::Refused, text.substr(0, text.find('\n'))};
    }
    Replay compared = compare(form, results);
    if (compared.outcome == Outcome::Wrong || report->clean()) return compared;
    for (const Finding& finding : report->findings)
        if (finding.fault != Fault::Note) return {Outcome::Accused, finding.text};
    return {Outcome::Accused, "it has not come to its end"};
}

}  // namespace cupel::emulator::conformance
