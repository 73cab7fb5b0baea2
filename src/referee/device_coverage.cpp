// SPDX-License-Identifier: Apache-2.0
#include "referee/device_coverage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "referee/check.hpp"

namespace cupel::referee {
namespace {

using emulator::Stretch;
using Stretches = std::vector<Stretch>;

// Both ascend, and so does what they have in common.
Stretches common(const Stretches& a, const Stretches& b) {
    Stretches both;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const std::uint64_t from = std::max(a[i].offset, b[j].offset);
        const std::uint64_t end_a = a[i].offset + a[i].bytes;
        const std::uint64_t end_b = b[j].offset + b[j].bytes;
        const std::uint64_t end = std::min(end_a, end_b);
        if (from < end) both.push_back({.offset = from, .bytes = end - from});
        (end_a <= end_b ? i : j)++;
    }
    return both;
}

}  // namespace

CoverageWatch::CoverageWatch(const task::Task& task) : task_(task), unread_(task.inputs.size()) {}

void CoverageWatch::add(const emulator::Job& job, const emulator::JobResult& result) {
    for (std::size_t i = 0; i < unread_.size(); i++) {
        Stretches missed = emulator::unread_stretches(result, job.buffers[i]);
        unread_[i] = runs_ == 0 ? std::move(missed) : common(unread_[i], missed);
    }
    runs_++;
}

std::vector<InputCoverage> CoverageWatch::take(const std::string& shape) const {
    std::vector<InputCoverage> all;
    for (std::size_t i = 0; i < unread_.size() && runs_ > 0; i++) {
        const task::Tensor& tensor = task_.tensor(task_.inputs[i]);
        InputCoverage one{
            .input = tensor.name, .shape = shape, .runs = runs_, .elements = tensor.elements()};
        const auto each = static_cast<std::uint64_t>(tensor.bytes() / tensor.elements());
        for (const Stretch& stretch : unread_[i]) {
            // An element of which a byte was read was read.
            const std::uint64_t from = (stretch.offset + each - 1) / each;
            const std::uint64_t end = (stretch.offset + stretch.bytes) / each;
            if (from >= end) continue;
            if (one.unread == 0) one.first = element_name(tensor, from);
            one.unread += static_cast<std::int64_t>(end - from);
        }
        all.push_back(std::move(one));
    }
    return all;
}

std::vector<std::string> coverage_words(const std::vector<InputCoverage>& coverage) {
    std::vector<std::string> words;
    std::vector<std::string> told;
    for (const InputCoverage& one : coverage) {
        if (one.unread == 0 || std::ranges::find(told, one.input) != told.end()) continue;
        told.push_back(one.input);
        const auto count = [&](auto holds) {
            return std::ranges::count_if(coverage, [&](const InputCoverage& other) {
                return other.input == one.input && holds(other);
            });
        };
        const auto shapes = count([](const InputCoverage&) { return true; });
        const auto missing = count([](const InputCoverage& other) { return other.unread > 0; });
        words.push_back(
            fmt::format("over {} run{} no thread reads {} of the {} elements of {}, {} the "
                        "first (at {}; so "
                        "at {} of {} shapes)",
                        one.runs, one.runs == 1 ? "" : "s",
                        one.unread == one.elements ? "any" : std::to_string(one.unread),
                        one.elements, one.input, one.first, one.shape, missing, shapes));
    }
    return words;
}

}  // namespace cupel::referee
