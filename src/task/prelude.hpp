// SPDX-License-Identifier: Apache-2.0
// Activations and losses, written in the language itself; every file begins as if with these lines.
#pragma once

#include <string_view>

namespace cupel::task {

inline constexpr std::string_view kPrelude = R"(
def rsqrt(x) = 1 / sqrt(x)
def sq(x) = x * x
def recip(x) = 1 / x
def sign(x) = x < 0 ? -1 : x > 0 ? 1 : 0
def relu(x) = max(x, 0)
def relu6(x) = min(max(x, 0), 6)
def leaky_relu(x, a) = x < 0 ? a * x : x
def elu(x, a) = x < 0 ? a * (exp(x) - 1) : x
def selu(x) = 1.0507009873554805 * (x < 0 ? 1.6732632423543772 * (exp(x) - 1) : x)
def sigmoid(x) = 1 / (1 + exp(-x))
def silu(x) = x / (1 + exp(-x))
def swish(x) = x / (1 + exp(-x))
def gelu(x) = 0.5 * x * (1 + erf(x * 0.7071067811865476))
def gelu_tanh(x) = 0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))
def softplus(x) = max(x, 0) + log(1 + exp(-abs(x)))
def softsign(x) = x / (1 + abs(x))
def mish(x) = x * tanh(max(x, 0) + log(1 + exp(-abs(x))))
def clamp(x, low, high) = min(max(x, low), high)
def hardtanh(x) = min(max(x, -1), 1)
def hardsigmoid(x) = min(max(x / 6 + 0.5, 0), 1)
def hardswish(x) = x * min(max(x / 6 + 0.5, 0), 1)
def huber(x, d) = abs(x) <= d ? 0.5 * x * x : d * (abs(x) - 0.5 * d)
)";

}  // namespace cupel::task
