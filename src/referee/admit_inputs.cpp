// SPDX-License-Identifier: Apache-2.0
#include "referee/admit_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "referee/fill.hpp"

namespace cupel::referee {
namespace {

constexpr std::size_t kSkipEvery = 100;

float round_bits(float value, std::uint32_t dropped) {
    if (!std::isfinite(value)) return value;
    const std::uint32_t half = 1U << (dropped - 1);
    return std::bit_cast<float>((std::bit_cast<std::uint32_t>(value) + half) &
                                ~((1U << dropped) - 1));
}

double mean_of(const task::Values& values) {
    if (values.law == task::Law::Normal) return values.a;
    const double mean = (values.a + values.b) / 2;
    return values.law == task::Law::Integers ? std::floor(mean) : mean;
}

// One and the same value everywhere, drawn from a law that holds no other.
void fill_constant(std::span<std::byte> bytes, task::Type type, double value) {
    task::Values values;
    values.law = task::is_float(type) ? task::Law::Uniform : task::Law::Integers;
    values.a = value;
    values.b = task::is_float(type) ? value : value + 1;
    fill_values(bytes, type, values, fresh_key(), 1);
}

bool is_possible(const task::Tensor& tensor, const task::Values& values, double value) {
    if (task::is_float(tensor.type)) return true;
    return value >= values.a && value < values.b;  // an index must stay inside its table
}

// Zeros in the last slice along one dimension.
void drop_last(const task::Tensor& tensor, std::size_t dimension, std::span<std::byte> bytes) {
    std::size_t inner = task::type_size(tensor.type);
    for (std::size_t d = dimension + 1; d < tensor.shape.size(); ++d)
        inner *= static_cast<std::size_t>(tensor.shape[d]);
    const std::size_t block = inner * static_cast<std::size_t>(tensor.shape[dimension]);
    for (std::size_t end = block; end <= bytes.size(); end += block)
        std::ranges::fill(bytes.subspan(end - inner, inner), std::byte{0});
}

void add_ignored(const task::Task& task, std::size_t i, std::vector<Tampering>& all) {
    const task::Tensor& tensor = task.tensor(task.inputs[i]);
    const task::Values& values = task.values[i];
    const auto constant = [&](std::string_view what, double value) {
        if (!is_possible(tensor, values, value)) return;
        all.push_back({.name = fmt::format("input {} ignored ({})", tensor.name, what),
                       .input = i,
                       .ignores = true,
                       .change = [type = tensor.type, value](std::size_t, std::span<std::byte> b) {
                           fill_constant(b, type, value);
                       }});
    };
    constant("zeros", 0);
    constant("ones", 1);
    if (const double mean = mean_of(values); mean != 0 && mean != 1)
        constant(fmt::format("its mean, {}", mean), mean);
    all.push_back(
        {.name = fmt::format("input {} ignored (values of another question)", tensor.name),
         .input = i,
         .ignores = true,
         .change = [type = tensor.type, values](std::size_t, std::span<std::byte> b) {
             fill_values(b, type, values, fresh_key(), 1);
         }});
}

void add_partly_read(const task::Task& task, std::size_t i, std::vector<Tampering>& all) {
    const task::Tensor& tensor = task.tensor(task.inputs[i]);
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
        if (tensor.shape[d] < 2) continue;
        all.push_back({.name = fmt::format("the last of dimension {} of input {} not read", d + 1,
                                           tensor.name),
                       .input = i,
                       .change = [&tensor, d](std::size_t, std::span<std::byte> bytes) {
                           drop_last(tensor, d, bytes);
                       }});
    }
    const std::size_t size = task::type_size(tensor.type);
    if (tensor.elements() >= std::int64_t{kSkipEvery}) {
        all.push_back({.name = fmt::format("1 % of input {} not read", tensor.name),
                       .input = i,
                       .change = [size](std::size_t, std::span<std::byte> bytes) {
                           const std::size_t step = kSkipEvery * size;
                           for (std::size_t at = step; at <= bytes.size(); at += step)
                               std::ranges::fill(bytes.subspan(at - size, size), std::byte{0});
                       }});
    }
    if (tensor.shape.empty() || tensor.shape[0] < 2) return;
    const std::size_t row = static_cast<std::size_t>(tensor.elements() / tensor.shape[0]) * size;
    all.push_back({.name = fmt::format("the rows of input {} in another order", tensor.name),
                   .input = i,
                   .change = [row](std::size_t, std::span<std::byte> bytes) {
                       std::rotate(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(row),
                                   bytes.end());
                   }});
}

}  // namespace

void round_floats(std::span<std::byte> bytes, std::uint32_t dropped) {
    for (std::size_t i = 0; i + sizeof(float) <= bytes.size(); i += sizeof(float)) {
        float value = 0;
        std::memcpy(&value, bytes.data() + i, sizeof value);
        value = round_bits(value, dropped);
        std::memcpy(bytes.data() + i, &value, sizeof value);
    }
}

std::vector<Tampering> tamperings(const task::Task& task) {
    std::vector<Tampering> all;
    for (std::size_t i = 0; i < task.inputs.size(); ++i) {
        add_ignored(task, i, all);
        add_partly_read(task, i, all);
    }
    if (task.precision != "fp32") return all;
    for (const auto& [name, dropped] : {std::pair{"tf32 or fp16", 13U}, std::pair{"bf16", 16U}}) {
        // Whole numbers lose nothing, so there is nothing to reject.
        const bool lossy = std::ranges::any_of(task.values, [&](const task::Values& values) {
            return task.tensor(values.tensor).type == task::Type::F32 &&
                   values.law != task::Law::Integers;
        });
        if (!lossy) break;
        all.push_back({.name = fmt::format("operands rounded to {}", name),
                       .all_inputs = true,
                       .change = [&task, dropped](std::size_t input, std::span<std::byte> bytes) {
                           if (task.tensor(task.inputs[input]).type == task::Type::F32)
                               round_floats(bytes, dropped);
                       }});
    }
    return all;
}

}  // namespace cupel::referee
