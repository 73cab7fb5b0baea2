// SPDX-License-Identifier: Apache-2.0
// For tests: a task's text, inputs laid into a region, and the oracle's answers about them.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string_view>
#include <vector>

#include "oracle/oracle.hpp"

namespace cupel::oracle::testing {

struct Inputs {
    std::vector<std::byte> region;
    wire::oracle::Request request;
    std::size_t count = 0;
    std::mt19937_64 random{20250220};

    template <class S>
    void add(const std::vector<S>& values) {
        region.resize((region.size() + 63) / 64 * 64);
        request.input_offset[count++] = region.size();
        const auto bytes = std::as_bytes(std::span(values));
        region.insert(region.end(), bytes.begin(), bytes.end());
    }
    template <class S>
    std::vector<S> normal(std::size_t elements) {
        std::normal_distribution<S> law;
        std::vector<S> values(elements);
        for (S& value : values)
            value = law(random);
        add(values);
        return values;
    }
};

[[nodiscard]] inline task::Task parsed(std::string_view text,
                                       std::span<const task::Override> overrides = {}) {
    auto task = task::parse(text, "test", overrides);
    if (!task) ADD_FAILURE() << task.error().text;
    return task ? std::move(*task) : task::Task{};
}

struct Asked {
    explicit Asked(std::string_view text) : task(parsed(text)) {}
    explicit Asked(task::Task given) : task(std::move(given)) {}

    [[nodiscard]] std::vector<wire::oracle::Truth> at(const std::vector<std::uint64_t>& elements,
                                                      std::uint32_t output = 0, int threads = 1) {
        std::vector<wire::oracle::Position> positions;
        for (const std::uint64_t element : elements)
            positions.push_back({output, 0, element});
        inputs.request.positions = positions.size();
        std::vector<wire::oracle::Truth> truths(positions.size());
        auto oracle = Oracle::make(task, threads);
        if (!oracle) {
            ADD_FAILURE() << oracle.error().text;
            return truths;
        }
        const auto done = oracle->answer(inputs.request, inputs.region, positions, truths);
        if (!done) ADD_FAILURE() << done.error().text;
        return truths;
    }
    [[nodiscard]] std::vector<wire::oracle::Truth> all(std::uint32_t output = 0, int threads = 1) {
        const task::Tensor& tensor = task.tensor(task.outputs.at(output));
        std::vector<std::uint64_t> elements(static_cast<std::size_t>(tensor.elements()));
        for (std::size_t i = 0; i < elements.size(); ++i)
            elements[i] = i;
        return at(elements, output, threads);
    }

    task::Task task;
    Inputs inputs;
};

}  // namespace cupel::oracle::testing
