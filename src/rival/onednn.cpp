// SPDX-License-Identifier: Apache-2.0
#include "rival/preludes.hpp"

namespace cupel::rival {

// Of version 2. Each place in the text makes its primitive once: `Place` is a type of its own for
// every call that is written.
const std::string_view kOneDnn =
    R"text(#include <dnnl.hpp>

#include <unordered_map>
#include <utility>

namespace rival {

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;
using Dims = memory::dims;
using Arguments = std::unordered_map<int, memory>;

inline constexpr auto F32 = memory::data_type::f32;

inline dnnl::engine& engine() {
  static dnnl::engine one(dnnl::engine::kind::cpu, 0);
  return one;
}
inline dnnl::stream& stream() {
  static dnnl::stream one(engine());
  return one;
}

struct View {
  void* data = nullptr;
  Dims shape, strides;
  memory::desc desc() const { return {shape, F32, strides}; }
  memory::desc any() const { return {shape, F32, memory::format_tag::any}; }
  memory in_place() const { return {desc(), engine(), data}; }
  int last() const { return int(shape.size()) - 1; }
};
inline View shaped(View a, Dims shape) {
  a.shape = std::move(shape);
  a.strides.assign(a.shape.size(), 1);
  for (std::size_t d = a.shape.size() - 1; d-- > 0;)
    a.strides[d] = a.strides[d + 1] * a.shape[d + 1];
  return a;
}
inline View view(const void* data, memory::data_type, Dims shape) {
  return shaped({const_cast<void*>(data), {}, {}}, std::move(shape));
}
inline View transposed(View a) {
  std::swap(a.shape[a.shape.size() - 1], a.shape[a.shape.size() - 2]);
  std::swap(a.strides[a.shape.size() - 1], a.strides[a.shape.size() - 2]);
  return a;
}
// One row, which is added to every one.
inline View row(View b) {
  return shaped(b, {1, b.shape.back()});
}
// A reduction keeps the dimension, as one.
inline View column(View y) {
  Dims shape = y.shape;
  shape.push_back(1);
  return shaped(y, shape);
}

inline void run(const dnnl::primitive& primitive, const Arguments& arguments) {
  primitive.execute(stream(), arguments);
  stream().wait();
}
inline dnnl::primitive_attr then(algorithm what) {
  dnnl::post_ops after;
  after.append_eltwise(1, what, 0, 0);
  dnnl::primitive_attr attributes;
  attributes.set_post_ops(after);
  return attributes;
}

template <class Place = decltype([] {})> void softmax(View x, View y) {
  static const dnnl::softmax_forward primitive(
      {{prop_kind::forward_inference, x.desc(), x.last()}, engine()});
  run(primitive, {{DNNL_ARG_SRC, x.in_place()}, {DNNL_ARG_DST, y.in_place()}});
}

template <class Place = decltype([] {})> void log_softmax(View x, View y) {
  static const dnnl::logsoftmax_forward primitive(
      {{prop_kind::forward_inference, x.desc(), x.last()}, engine()});
  run(primitive, {{DNNL_ARG_SRC, x.in_place()}, {DNNL_ARG_DST, y.in_place()}});
}

inline const auto kGainAndBias =
    dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

template <class Place = decltype([] {})> void layer_norm(View x, View g, View b, View y) {
  static const dnnl::layer_normalization_forward primitive(
      {{prop_kind::forward_inference, x.desc(), 1e-5F, kGainAndBias}, engine()});
  run(primitive, {{DNNL_ARG_SRC, x.in_place()},
                  {DNNL_ARG_SCALE, g.in_place()},
                  {DNNL_ARG_SHIFT, b.in_place()},
                  {DNNL_ARG_DST, y.in_place()}});
}

// With the statistics of the batch.
template <class Place = decltype([] {})> void batch_norm(View x, View g, View b, View y) {
  static const dnnl::batch_normalization_forward primitive(
      {{prop_kind::forward_inference, x.desc(), 1e-5F, kGainAndBias}, engine()});
  run(primitive, {{DNNL_ARG_SRC, x.in_place()},
                  {DNNL_ARG_SCALE, g.in_place()},
                  {DNNL_ARG_SHIFT, b.in_place()},
                  {DNNL_ARG_DST, y.in_place()}});
}

template <class Place = decltype([] {})> void add_gelu(View x, View b, View y) {
  const View bias = row(b);
  static const dnnl::binary primitive({{algorithm::binary_add, x.desc(), bias.desc(), y.desc()},
                                       then(algorithm::eltwise_gelu_erf),
                                       engine()});
  run(primitive, {{DNNL_ARG_SRC_0, x.in_place()},
                  {DNNL_ARG_SRC_1, bias.in_place()},
                  {DNNL_ARG_DST, y.in_place()}});
}

template <class Place = decltype([] {})> void matmul(View a, View b, View c) {
  static const dnnl::matmul primitive({{a.desc(), b.desc(), c.desc()}, engine()});
  run(primitive, {{DNNL_ARG_SRC, a.in_place()},
                  {DNNL_ARG_WEIGHTS, b.in_place()},
                  {DNNL_ARG_DST, c.in_place()}});
}

template <class Place = decltype([] {})>
void linear(View x, View w, View b, View y, algorithm after) {
  const View weights = transposed(w), bias = row(b);
  static const dnnl::matmul primitive(
      {{x.desc(), weights.desc(), bias.desc(), y.desc()}, then(after), engine()});
  run(primitive, {{DNNL_ARG_SRC, x.in_place()},
                  {DNNL_ARG_WEIGHTS, weights.in_place()},
                  {DNNL_ARG_BIAS, bias.in_place()},
                  {DNNL_ARG_DST, y.in_place()}});
}
template <class Place = decltype([] {})> void linear_gelu(View x, View w, View b, View y) {
  linear<Place>(x, w, b, y, algorithm::eltwise_gelu_erf);
}
template <class Place = decltype([] {})> void linear_relu(View x, View w, View b, View y) {
  linear<Place>(x, w, b, y, algorithm::eltwise_relu);
}

template <class Place = decltype([] {})> void reduce(View x, View y, algorithm how) {
  const View out = column(y);
  static const dnnl::reduction primitive({{how, x.desc(), out.desc(), 0, 0}, engine()});
  run(primitive, {{DNNL_ARG_SRC, x.in_place()}, {DNNL_ARG_DST, out.in_place()}});
}
template <class Place = decltype([] {})> void reduce_max(View x, View y) {
  reduce<Place>(x, y, algorithm::reduction_max);
}
template <class Place = decltype([] {})> void reduce_sum(View x, View y) {
  reduce<Place>(x, y, algorithm::reduction_sum);
}

// The padding that makes the answer as large as it is, where the last window ends early.
inline Dims right(const View& x, const View& y, Dims window, Dims stride, Dims padding) {
  Dims end(padding.size());
  for (std::size_t d = 0; d < end.size(); ++d)
    end[d] = (y.shape[d + 2] - 1) * stride[d] + window[d] - x.shape[d + 2] - padding[d];
  return end;
}

template <class Place = decltype([] {})>
void pool(View x, View y, Dims window, Dims stride, Dims padding, algorithm how) {
  static const dnnl::pooling_forward primitive(
      {{prop_kind::forward_inference, how, x.desc(), y.desc(), stride, window, padding,
        right(x, y, window, stride, padding)},
       engine()});
  run(primitive, {{DNNL_ARG_SRC, x.in_place()}, {DNNL_ARG_DST, y.in_place()}});
}
template <class Place = decltype([] {})>
void max_pool(View x, View y, Dims window, Dims stride, Dims padding) {
  pool<Place>(x, y, window, stride, padding, algorithm::pooling_max);
}
template <class Place = decltype([] {})>
void avg_pool(View x, View y, Dims window, Dims stride, Dims padding) {
  pool<Place>(x, y, window, stride, padding, algorithm::pooling_avg_include_padding);
}

// What a primitive wants in a layout of its own is copied there, and its answer back.
struct Copied {
  View outside;
  memory inside;
  bool same = false;
  dnnl::reorder reorder;
};
inline Copied copied(const View& outside, const memory::desc& wanted, bool in) {
  const bool same = wanted == outside.desc();
  memory inside = same ? outside.in_place() : memory(wanted, engine());
  dnnl::reorder reorder;
  if (!same)
    reorder =
        in ? dnnl::reorder(outside.in_place(), inside) : dnnl::reorder(inside, outside.in_place());
  return {outside, inside, same, reorder};
}
inline void bring(Copied& a, const View& now) {
  if (a.same)
    return a.inside.set_data_handle(now.data);
  memory from = now.in_place();
  a.reorder.execute(stream(), from, a.inside);
}
inline void take(Copied& a, const View& now) {
  if (a.same)
    return;
  memory to = now.in_place();
  a.reorder.execute(stream(), a.inside, to);
}

template <class Primitive> struct Filter {
  Copied x, w, y;
  Primitive primitive;
  template <class Description>
  Filter(const Description& pd, const View& x_, const View& w_, const View& y_)
      : x(copied(x_, pd.src_desc(), true)), w(copied(w_, pd.weights_desc(), true)),
        y(copied(y_, pd.dst_desc(), false)), primitive(pd) {}
  void operator()(const View& x_, const View& w_, const View& b, const View& y_) {
    bring(x, x_);
    bring(w, w_);
    if (y.same)
      y.inside.set_data_handle(y_.data);
    primitive.execute(stream(), {{DNNL_ARG_SRC, x.inside},
                                 {DNNL_ARG_WEIGHTS, w.inside},
                                 {DNNL_ARG_BIAS, b.in_place()},
                                 {DNNL_ARG_DST, y.inside}});
    take(y, y_);
    stream().wait();
  }
};

template <class Place = decltype([] {})>
void convolution(View x, View w, View b, View y, Dims stride, Dims padding, long groups = 1) {
  Dims window(w.shape.end() - long(stride.size()), w.shape.end());
  View weights = w;
  if (groups > 1) {
    Dims shape = {groups, y.shape[1] / groups, x.shape[1] / groups};
    shape.insert(shape.end(), window.begin(), window.end());
    weights = shaped(w, shape);
  }
  using Convolution = dnnl::convolution_forward;
  static Filter<Convolution> filter(
      Convolution::primitive_desc({prop_kind::forward_inference, algorithm::convolution_auto,
                                   x.any(), weights.any(), b.desc(), y.any(), stride, padding,
                                   right(x, y, window, stride, padding)},
                                  engine()),
      x, weights, y);
  filter(x, weights, b, y);
}

// Weights as PyTorch has them: input channels first.
template <class Place = decltype([] {})>
void deconvolution(View x, View w, View b, View y, Dims stride, Dims padding) {
  Dims window(w.shape.end() - long(stride.size()), w.shape.end());
  View weights = w;
  std::swap(weights.shape[0], weights.shape[1]);
  std::swap(weights.strides[0], weights.strides[1]);
  using Deconvolution = dnnl::deconvolution_forward;
  static Filter<Deconvolution> filter(
      Deconvolution::primitive_desc({prop_kind::forward_inference, algorithm::deconvolution_direct,
                                     x.any(), weights.any(), b.desc(), y.any(), stride, padding,
                                     right(y, x, window, stride, padding)},
                                    engine()),
      x, weights, y);
  filter(x, weights, b, y);
}

} // namespace rival
)text";

}  // namespace cupel::rival
