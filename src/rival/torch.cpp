// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "rival/preludes.hpp"

namespace cupel::rival {
namespace {

bool is_name_part(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// What `call` calls or names with its namespace, but for members (`y.copy_`) and what is of std:
// "softmax_out".
std::set<std::string> called_in(std::string_view call) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < call.size();) {
        std::size_t end = i;
        while (end < call.size() && is_name_part(call[end]))
            ++end;
        if (end == i) {
            ++i;
            continue;
        }
        const std::string_view before = call.substr(0, i);
        const std::size_t next = call.find_first_not_of(" \t", end);
        const bool is_called = next != std::string_view::npos && call[next] == '(';
        const bool is_needed = is_called || before.ends_with("::");
        if (is_needed && !before.ends_with('.') && !before.ends_with("std::"))
            names.emplace(call.substr(i, end - i));
        i = end;
    }
    return names;
}

// Operators that the functions below use, and those functions.
constexpr std::array kOperators = {"baddbmm",     "bmm",  "empty", "from_blob", "full", "gather",
                                   "log_softmax", "mean", "mul",   "softmax",   "sub"};
constexpr std::array<std::string_view, 6> kFunctions = {
    "spare", "attention", "causal_attention", "cross_entropy", "squared_error", "rms_norm"};

}  // namespace

// All of ATen.h takes a compiler 8 s, the headers of a few operators 4: each is found by the name
// of what is called. A name without one (Slice, say) is somewhere in all of it.
std::string torch_includes(std::string_view call) {
    std::set<std::string> operators(kOperators.begin(), kOperators.end());
    for (std::string name : called_in(call)) {
        if (std::ranges::find(kFunctions, name) != kFunctions.end()) continue;
        if (name.ends_with("_out")) name.resize(name.size() - 4);
        if (name.ends_with('_')) name.pop_back();
        operators.insert(std::move(name));
    }
    std::string present;
    std::string included;
    for (const std::string& name : operators) {
        present += fmt::format("{}__has_include(<ATen/ops/{}.h>)",
                               present.empty() ? "" : " && \\\n    ", name);
        included += fmt::format("#include <ATen/ops/{}.h>\n", name);
    }
    return fmt::format(
        "#if {}\n#define AT_PER_OPERATOR_HEADERS\n#include <ATen/TensorOperators.h>\n"
        "#include <ATen/core/Tensor.h>\n{}#else\n#include <ATen/ATen.h>\n#endif\n",
        present, included);
}

const std::string_view kTorch =
    R"text(#include <c10/core/InferenceMode.h>

#include <cmath>
#include <limits>

namespace rival {

using namespace at;

inline constexpr auto F64 = at::kDouble;
inline constexpr auto F32 = at::kFloat;
inline constexpr auto F16 = at::kHalf;
inline constexpr auto BF16 = at::kBFloat16;
inline constexpr auto I64 = at::kLong;
inline constexpr auto I32 = at::kInt;
inline constexpr auto I8 = at::kChar;

// No gradients are recorded. (One for the thread that calls, for as long as it lives.)
inline thread_local const c10::InferenceMode no_gradients;

inline Tensor view(const void* data, ScalarType type, IntArrayRef shape) {
  (void)&no_gradients;
  return at::from_blob(const_cast<void*>(data), shape, TensorOptions().dtype(type));
}
// Room for what a call makes on the way, of its own for each place in the text, made
// once.
template <class Place = decltype([] {})> Tensor& spare(IntArrayRef shape) {
  static Tensor room = at::empty(shape);
  return room;
}

// What PyTorch has no one call for that writes to a given answer.
inline void attention_of(const Tensor& q, const Tensor& k, const Tensor& v, Tensor o,
                         Tensor* mask) {
  Tensor& s = spare({q.size(0), q.size(1), k.size(1)});
  const double scale = 1 / std::sqrt(double(q.size(2)));
  if (mask)
    at::baddbmm_out(s, *mask, q, k.transpose(1, 2), 1, scale);
  else
    at::baddbmm_out(s, s, q, k.transpose(1, 2), 0, scale);
  at::softmax_out(s, s, -1);
  at::bmm_out(o, s, v);
}
inline void attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& o) {
  attention_of(q, k, v, o, nullptr);
}
inline void causal_attention(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& o) {
  static Tensor mask =
      at::full({1, q.size(1), q.size(1)}, -std::numeric_limits<float>::infinity()).triu(1);
  attention_of(q, k, v, o, &mask);
}
inline void cross_entropy(const Tensor& x, const Tensor& t, Tensor y) {
  Tensor& logs = spare({x.size(0), x.size(1)});
  at::log_softmax_out(logs, x, 1);
  Tensor column = y.unsqueeze(1);
  at::gather_out(column, logs, 1, t.unsqueeze(1));
  y.neg_();
}
inline void squared_error(const Tensor& a, const Tensor& b, Tensor y) {
  Tensor& apart = spare({a.size(0), a.size(1)});
  at::sub_out(apart, a, b);
  apart.mul_(apart);
  at::mean_out(y, apart, 1);
}
inline void rms_norm(const Tensor& x, const Tensor& g, Tensor y, double epsilon) {
  Tensor& square = spare({x.size(0), 1});
  at::mul_out(y, x, x);
  at::mean_out(square, y, 1, true);
  square.add_(epsilon).rsqrt_();
  at::mul_out(y, x, square);
  y.mul_(g);
}

} // namespace rival
)text";

}  // namespace cupel::rival
