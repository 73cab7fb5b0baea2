// SPDX-License-Identifier: Apache-2.0
#include "referee/admit_answers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/hash.hpp"
#include "referee/admit_inputs.hpp"
#include "referee/half.hpp"

namespace cupel::referee {
namespace {

constexpr std::int64_t kTile = 8;

// Transposes the first tile of the last two dimensions (of equal extents up to 8); a vector's is
// reversed.
void transpose_tile(const task::Tensor& tensor, std::span<std::byte> bytes) {
    const std::size_t size = task::type_size(tensor.type);
    const auto swap = [&](std::int64_t a, std::int64_t b) {
        std::swap_ranges(bytes.data() + static_cast<std::size_t>(a) * size,
                         bytes.data() + static_cast<std::size_t>(a + 1) * size,
                         bytes.data() + static_cast<std::size_t>(b) * size);
    };
    const std::size_t rank = tensor.shape.size();
    if (rank == 0) return;
    const std::int64_t columns = tensor.shape.back();
    const std::int64_t rows = rank > 1 ? tensor.shape[rank - 2] : 1;
    const std::int64_t side = std::min({kTile, rows, columns});
    if (side < 2) {
        for (std::int64_t i = 0, j = std::min(kTile, tensor.elements()) - 1; i < j; ++i, --j)
            swap(i, j);
        return;
    }
    for (std::int64_t i = 0; i < side; ++i) {
        for (std::int64_t j = i + 1; j < side; ++j)
            swap(i * columns + j, j * columns + i);
    }
}

bool is_narrow(task::Type type) {
    return type == task::Type::F32 || type == task::Type::F16 || type == task::Type::BF16;
}

float float_at(std::span<const std::byte> bytes, std::size_t element, task::Type type) {
    if (type == task::Type::F32) {
        float value = 0;
        std::memcpy(&value, bytes.data() + element * sizeof value, sizeof value);
        return value;
    }
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + element * sizeof bits, sizeof bits);
    return type == task::Type::F16 ? from_half(bits) : from_bfloat(bits);
}

void put_float(std::span<std::byte> bytes, std::size_t element, task::Type type, float value) {
    if (type == task::Type::F32) {
        std::memcpy(bytes.data() + element * sizeof value, &value, sizeof value);
        return;
    }
    const std::uint16_t bits = type == task::Type::F16 ? to_half(value) : to_bfloat(value);
    std::memcpy(bytes.data() + element * sizeof bits, &bits, sizeof bits);
}

// Mean of the finite elements, or of their sizes.
double mean_of(std::span<const std::byte> bytes, task::Type type, bool sizes) {
    const std::size_t count = bytes.size() / task::type_size(type);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const auto value = static_cast<double>(float_at(bytes, i, type));
        if (std::isfinite(value)) sum += sizes ? std::abs(value) : value;
    }
    return sum / static_cast<double>(count);
}

void nudge_element(const task::Tensor& tensor, std::span<std::byte> bytes, std::uint64_t element) {
    if (is_narrow(tensor.type)) {
        const float value = float_at(bytes, element, tensor.type);
        return put_float(bytes, element, tensor.type, value == 0 ? 0.01F : value * 1.01F);
    }
    std::byte* at = bytes.data() + element * task::type_size(tensor.type);
    if (tensor.type != task::Type::F64) {
        at[0] ^= std::byte{1};
        return;
    }
    double value = 0;
    std::memcpy(&value, at, sizeof value);
    value = value == 0 ? 0.01 : value * 1.01;
    std::memcpy(at, &value, sizeof value);
}

// In classes below fp32 one per cent is a few roundings, and of a small element less than one of
// the terms that it is the sum of.
void misplace_element(const task::Tensor& tensor, std::span<std::byte> bytes,
                      std::uint64_t element) {
    if (!is_narrow(tensor.type)) return nudge_element(tensor, bytes, element);
    const double usual = mean_of(bytes, tensor.type, true);
    put_float(bytes, element, tensor.type,
              float_at(bytes, element, tensor.type) + static_cast<float>(usual));
}

// Copies `from` over `to`, again and again until it is full.
void repeat(std::span<const std::byte> from, std::span<std::byte> to) {
    for (std::size_t at = 0; at < to.size(); at += from.size()) {
        std::ranges::copy(from.first(std::min(from.size(), to.size() - at)),
                          to.subspan(at).begin());
    }
}

void fill_with_mean(const task::Tensor& tensor, std::span<std::byte> bytes) {
    if (!is_narrow(tensor.type)) return;
    const auto mean = static_cast<float>(mean_of(bytes, tensor.type, false));
    for (std::size_t i = 0; i < bytes.size() / task::type_size(tensor.type); ++i)
        put_float(bytes, i, tensor.type, mean);
}

// The first row is right and stands for all others.
void repeat_first_row(const task::Tensor& tensor, std::span<std::byte> bytes) {
    if (tensor.shape.empty() || tensor.shape[0] < 2) return;
    const std::size_t row = bytes.size() / static_cast<std::size_t>(tensor.shape[0]);
    for (std::size_t at = row; at < bytes.size(); at += row)
        std::copy_n(bytes.data(), row, bytes.data() + at);
}

// Only the first half along a dimension was computed; the rest is 0.
void keep_half(const task::Tensor& tensor, std::size_t dimension, std::span<std::byte> bytes) {
    if (dimension >= tensor.shape.size() || tensor.shape[dimension] < 2) return;
    std::size_t inner = task::type_size(tensor.type);
    for (std::size_t d = dimension + 1; d < tensor.shape.size(); ++d)
        inner *= static_cast<std::size_t>(tensor.shape[d]);
    const auto extent = static_cast<std::size_t>(tensor.shape[dimension]);
    const std::size_t kept = extent / 2 * inner;
    for (std::size_t at = 0; at < bytes.size(); at += extent * inner)
        std::ranges::fill(bytes.subspan(at + kept, extent * inner - kept), std::byte{0});
}

class Collector {
public:
    using Change = std::function<void(const task::Tensor&, std::span<std::byte>)>;
    Collector(const task::Task& task, std::vector<Shortcut>& all) : task_(task), all_(all) {}

    // A shortcut that changes a finished answer.
    void add(std::string name, bool must_differ, Change change) {
        all_.push_back({.name = std::move(name),
                        .make =
                            [&task = task_, change = std::move(change)](const Exchange& exchange) {
                                Answer answer = exchange.honest;
                                for (std::size_t i = 0; i < answer.size(); ++i)
                                    change(task.tensor(task.outputs[i]), answer[i]);
                                return answer;
                            },
                        .must_differ = must_differ});
    }

private:
    const task::Task& task_;
    std::vector<Shortcut>& all_;
};

void add_parts(const task::Task& task, Collector& collector) {
    std::size_t rank = 0;
    for (const task::TensorId id : task.outputs)
        rank = std::max(rank, task.tensor(id).shape.size());
    for (std::size_t d = 0; d < rank; ++d) {
        collector.add(fmt::format("half of dimension {} of the answer computed", d + 1), true,
                      [d](const task::Tensor& tensor, std::span<std::byte> bytes) {
                          keep_half(tensor, d, bytes);
                      });
    }
    collector.add("1 % of the answer dropped", false,
                  [](const task::Tensor& tensor, std::span<std::byte> bytes) {
                      const auto kept = static_cast<std::size_t>(tensor.elements() * 99 / 100) *
                                        task::type_size(tensor.type);
                      std::ranges::fill(bytes.subspan(kept), std::byte{0});
                  });
}

void add_returned_inputs(const task::Task& task, std::vector<Shortcut>& all) {
    for (std::size_t i = 0; i < task.inputs.size(); ++i) {
        const task::Tensor& tensor = task.tensor(task.inputs[i]);
        const auto takes = [&task, type = tensor.type](task::TensorId id) {
            return task.tensor(id).type == type;
        };
        if (!is_narrow(tensor.type) || std::ranges::none_of(task.outputs, takes)) continue;
        all.push_back({.name = fmt::format("input {} returned", tensor.name),
                       .make = [&task, takes, i](const Exchange& exchange) {
                           Answer returned = exchange.honest;
                           for (std::size_t o = 0; o < returned.size(); ++o) {
                               if (takes(task.outputs[o]))
                                   repeat(exchange.question[i], returned[o]);
                           }
                           return returned;
                       }});
    }
}

}  // namespace

std::vector<Shortcut> shortcuts(const task::Task& task) {
    std::vector<Shortcut> all;
    Collector collector(task, all);
    collector.add("zeros", false, [](const task::Tensor&, std::span<std::byte> bytes) {
        std::ranges::fill(bytes, std::byte{0});
    });
    collector.add("a constant (the mean)", true, fill_with_mean);
    all.push_back({.name = std::string(kPreviousAnswer),
                   .make = [](const Exchange& exchange) { return exchange.previous; }});
    collector.add("the first row for all rows", true, repeat_first_row);
    add_parts(task, collector);
    const bool coarse = task.precision != "fp32" && task.precision != "fp64";
    collector.add(
        coarse ? "one element wrong by the size of a usual one" : "one element wrong by 1 %", false,
        [coarse](const task::Tensor& tensor, std::span<std::byte> bytes) {
            const auto elements = static_cast<std::uint64_t>(tensor.elements());
            const std::uint64_t element = random_u64() % elements;
            coarse ? misplace_element(tensor, bytes, element)
                   : nudge_element(tensor, bytes, element);
        });
    collector.add("a transposed tile", true, transpose_tile);
    for (const auto& [name, dropped] : {std::pair{"tf32 or fp16", 13U}, std::pair{"bf16", 16U}}) {
        if (task.precision != "fp32") break;
        collector.add(fmt::format("the answer rounded to {}", name), true,
                      [dropped](const task::Tensor& tensor, std::span<std::byte> bytes) {
                          if (tensor.type == task::Type::F32) round_floats(bytes, dropped);
                      });
    }
    add_returned_inputs(task, all);
    return all;
}

}  // namespace cupel::referee
