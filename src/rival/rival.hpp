// SPDX-License-Identifier: Apache-2.0
// Baselines that call libraries: the strongest that can be had, where they are installed. A task
// names them, one `baseline LIBRARY CALL` a line. The call is C++ over the task's tensors: for
// OpenBLAS and oneDNN one of the functions below, for PyTorch whatever ATen has (its `_out`
// functions, so that nothing is allocated).
//
//   openblas  sgemm(a, b, c)  sgemv(a, x, y)  strmm(a, b, c): lower triangle
//   onednn    softmax(x, y)  log_softmax(x, y)  layer_norm(x, g, b, y)  batch_norm(x, g, b, y)
//             add_gelu(x, b, y)  matmul(a, b, c)  linear_gelu(x, w, b, y)  linear_relu(x, w, b, y)
//             reduce_max(x, y)  reduce_sum(x, y)  max_pool(x, y, WINDOW, STRIDE, PADDING)
//             avg_pool(...)  convolution(x, w, b, y, STRIDE, PADDING, GROUPS)
//             deconvolution(x, w, b, y, STRIDE, PADDING)
// transposed(a) swaps the last two dimensions of an operand of sgemm or matmul.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::rival {

// As it is installed here.
struct Library {
    std::string name;                      // "onednn"
    std::string version;                   // the file that is linked: "libdnnl.so.2.6"
    std::vector<std::string> link;         // for the compiler: "-ldnnl"
    std::vector<std::string> shared;       // as the loader is asked for it: "libdnnl.so.2"
    std::vector<std::string> environment;  // holds it to this machine's best instructions
};

// Invalid: no such library is known. Missing: it is not installed; names the Debian package.
// `vector_bytes` of the processor's widest vectors; `threads` that a call may use.
[[nodiscard]] Result<Library> find(std::string_view name, int vector_bytes, int threads);

// "onednn softmax(x, y)": its first word, and the rest.
struct Line {
    std::string library;
    std::string call;
};
[[nodiscard]] Line read(std::string_view baseline);

// The kernel that makes the call, under the CPU contract.
[[nodiscard]] std::string print(const task::Task& task, const Line& line);

}  // namespace cupel::rival
