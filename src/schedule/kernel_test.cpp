// SPDX-License-Identifier: Apache-2.0
// Printed kernels, compiled and run: naive and swept, at sizes that leave remainders, against loops
// in double written by hand here. All kernels of one task make one translation unit.
#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "schedule/schedule.hpp"
#include "schedule/sweep.hpp"
#include "task/task.hpp"

namespace cupel::schedule {
namespace {

using Reals = std::vector<double>;

struct Sizes {
    std::int64_t rows;
    std::int64_t columns;
};

// The right answer of a task of two sizes from its inputs, in double.
using Truth = std::function<Reals(Sizes, const std::vector<Reals>&)>;

struct Case {
    const char* name;
    const char* rows;     // the name of the first size
    const char* columns;  // ... and the second; the other sizes stay as they are
    double tolerance;     // relative to the largest magnitude, in single precision units
    Truth truth;
};

std::string run(const std::string& command) {
    std::string output;
    FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return "popen failed";
    std::array<char, 4096> buffer{};
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr)
        output += buffer.data();
    return pclose(pipe) == 0 ? std::string() : "failed: " + output;
}

class Folder {
public:
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "cupel-kernel-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

std::string header(const task::Task& task) {
    std::string text = "#include <cstdint>\n";
    for (const auto& size : task.sizes) {
        text += fmt::format("inline constexpr std::int64_t {} = {};\n", size.name, size.value);
    }
    return text;
}

// Kernels of one task beside each other: each in its own namespace, under its own symbol.
std::string unit(const task::Task& task, const std::vector<std::string>& kernels) {
    std::string text =
        "#include <algorithm>\n#include <cmath>\n#include <cstdint>\n#include <immintrin.h>\n" +
        header(task);
    for (std::size_t k = 0; k < kernels.size(); ++k) {
        text += fmt::format("#define kernel kernel{}\nnamespace n{} {{\n", k, k);
        std::string body = kernels[k];
        for (std::size_t at = body.find("#include"); at != std::string::npos;
             at = body.find("#include")) {
            body.erase(at, body.find('\n', at) - at);
        }
        text += body + "}\n#undef kernel\n";
    }
    return text;
}

std::string compile(const Folder& folder, const std::string& text, const std::string& flags) {
    std::ofstream(folder.file("k.cpp")) << text;
    return run(fmt::format(
        "g++ -std=c++23 -O2 {} -ffp-contract=fast -fno-math-errno -fno-trapping-math -fopenmp "
        "-shared -fPIC -o {} {}",
        flags, folder.file("k.so"), folder.file("k.cpp")));
}

class Buffers {
public:
    explicit Buffers(const task::Task& task) : task_(task) {
        std::mt19937 random(7);
        std::normal_distribution<float> normal;
        for (const auto id : task.inputs) {
            const task::Tensor& tensor = task.tensor(id);
            auto& bytes = bytes_.emplace_back(static_cast<std::size_t>(tensor.bytes()) + 64);
            auto& real = inputs_.emplace_back();
            for (std::int64_t i = 0; i < tensor.elements(); ++i) {
                if (tensor.type == task::Type::F32) {
                    reinterpret_cast<float*>(bytes.data())[i] = normal(random);
                    real.push_back(static_cast<double>(reinterpret_cast<float*>(bytes.data())[i]));
                } else {
                    reinterpret_cast<std::int64_t*>(bytes.data())[i] = i % 3;
                    real.push_back(static_cast<double>(i % 3));
                }
            }
        }
        bytes_.emplace_back(static_cast<std::size_t>(task.tensor(task.outputs[0]).bytes()) + 64);
    }
    [[nodiscard]] const std::vector<Reals>& inputs() const { return inputs_; }

    Reals call(void* symbol) {
        std::ranges::fill(bytes_.back(), '\x7f');
        std::array<void*, 4> p{};
        for (std::size_t k = 0; k < bytes_.size(); ++k)
            p.at(k) = bytes_[k].data();
        using F = void (*)(void*, void*, void*, void*);  // too many arguments do no harm here
        reinterpret_cast<F>(symbol)(p[0], p[1], p[2], p[3]);
        const task::Tensor& tensor = task_.tensor(task_.outputs[0]);
        Reals out;
        for (std::int64_t i = 0; i < tensor.elements(); ++i) {
            out.push_back(
                tensor.type == task::Type::F32
                    ? static_cast<double>(reinterpret_cast<float*>(bytes_.back().data())[i])
                    : static_cast<double>(
                          reinterpret_cast<std::int64_t*>(bytes_.back().data())[i]));
        }
        return out;
    }

private:
    const task::Task& task_;
    std::vector<std::vector<char>> bytes_;
    std::vector<Reals> inputs_;
};

// For truths that work on one row at a time.
Truth by_row(const std::function<Reals(const Reals&, const std::vector<Reals>&)>& row) {
    return [row](Sizes sizes, const std::vector<Reals>& inputs) {
        Reals out;
        for (std::int64_t r = 0; r < sizes.rows; ++r) {
            const auto from = inputs[0].begin() + r * sizes.columns;
            const Reals values = row(Reals(from, from + sizes.columns), inputs);
            out.insert(out.end(), values.begin(), values.end());
        }
        return out;
    };
}

double sum(const Reals& x) {
    double total = 0;
    for (const double value : x)
        total += value;
    return total;
}
Reals exps(const Reals& x) {
    Reals e = x;
    const double m = *std::ranges::max_element(x);
    for (double& value : e)
        value = std::exp(value - m);
    return e;
}
double square(const Reals& x, double mean) {
    double total = 0;
    for (const double value : x)
        total += (value - mean) * (value - mean);
    return total / static_cast<double>(x.size());
}

std::vector<Case> cases() {
    std::vector<Case> all;
    all.push_back({"softmax", "B", "N", 8, by_row([](const Reals& x, const auto&) {
                       Reals e = exps(x);
                       const double total = sum(e);
                       for (double& value : e)
                           value /= total;
                       return e;
                   })});
    all.push_back({"log_softmax", "B", "N", 8, by_row([](const Reals& x, const auto&) {
                       const double z = *std::ranges::max_element(x) + std::log(sum(exps(x)));
                       Reals y = x;
                       for (double& value : y)
                           value -= z;
                       return y;
                   })});
    all.push_back({"layernorm", "N", "D", 16, by_row([](const Reals& x, const auto& in) {
                       const double mean = sum(x) / static_cast<double>(x.size());
                       const double sd = std::sqrt(square(x, mean) + 1e-5);
                       Reals y = x;
                       for (std::size_t d = 0; d < y.size(); ++d)
                           y[d] = (x[d] - mean) / sd * in[1][d] + in[2][d];
                       return y;
                   })});
    all.push_back({"rmsnorm", "N", "D", 16, by_row([](const Reals& x, const auto& in) {
                       const double scale = 1 / std::sqrt(square(x, 0) + 1e-6);
                       Reals y = x;
                       for (std::size_t d = 0; d < y.size(); ++d)
                           y[d] = x[d] * scale * in[1][d];
                       return y;
                   })});
    all.push_back({"bias_gelu", "M", "N", 4, by_row([](const Reals& x, const auto& in) {
                       Reals y = x;
                       for (std::size_t d = 0; d < y.size(); ++d) {
                           const double v = x[d] + in[1][d];
                           y[d] = 0.5 * v * (1 + std::erf(v / std::sqrt(2.0)));
                       }
                       return y;
                   })});
    all.push_back({"sum_rows", "M", "N", 32,
                   by_row([](const Reals& x, const auto&) { return Reals{sum(x)}; })});
    all.push_back({"max_rows", "M", "N", 1, by_row([](const Reals& x, const auto&) {
                       return Reals{*std::ranges::max_element(x)};
                   })});
    all.push_back({"argmax_rows", "M", "N", 0, by_row([](const Reals& x, const auto&) {
                       return Reals{static_cast<double>(std::ranges::max_element(x) - x.begin())};
                   })});
    all.push_back({"cumsum", "M", "N", 64, by_row([](Reals x, const auto&) {
                       for (std::size_t d = 1; d < x.size(); ++d)
                           x[d] += x[d - 1];
                       return x;
                   })});
    all.push_back({"cosine_distance", "N", "D", 8, [](Sizes n, const std::vector<Reals>& in) {
                       Reals y;
                       for (std::int64_t r = 0; r < n.rows; ++r) {
                           double ab = 0;
                           double aa = 0;
                           double bb = 0;
                           for (std::int64_t d = 0; d < n.columns; ++d) {
                               const auto i = static_cast<std::size_t>(r * n.columns + d);
                               ab += in[0][i] * in[1][i];
                               aa += in[0][i] * in[0][i];
                               bb += in[1][i] * in[1][i];
                           }
                           y.push_back(1 - ab / std::sqrt(std::max(aa * bb, 1e-16)));
                       }
                       return y;
                   }});
    all.push_back({"mse", "M", "N", 64, [](Sizes n, const std::vector<Reals>& in) {
                       Reals y;
                       for (std::int64_t m = 0; m < n.rows; ++m) {
                           Reals difference;
                           for (std::int64_t i = m * n.columns; i < (m + 1) * n.columns; ++i) {
                               const auto at = static_cast<std::size_t>(i);
                               difference.push_back(in[0][at] - in[1][at]);
                           }
                           y.push_back(square(difference, 0));
                       }
                       return y;
                   }});
    return all;
}

class Kernels : public testing::TestWithParam<int> {};

void check(const Case& test, Sizes sizes, int vector_bytes) {
    SCOPED_TRACE(
        fmt::format("{} {} x {}, {} bytes", test.name, sizes.rows, sizes.columns, vector_bytes));
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    const std::vector<task::Override> overrides = {{test.rows, sizes.rows},
                                                   {test.columns, sizes.columns}};
    const auto task = task::load(test.name, folders, overrides);
    ASSERT_TRUE(task) << task.error().text;
    const Width width{.vector_bytes = vector_bytes, .l3_bytes = 1};  // small outputs stream, too
    std::vector<std::string> kernels = {print_naive(*task).value_or("")};
    const std::vector<Trace> traces = sweep::candidates(*task, width);
    for (const std::size_t pick : {std::size_t{0}, traces.size() / 2, traces.size() - 1}) {
        const auto kernel = sweep::print(*task, width, traces[pick]);
        ASSERT_TRUE(kernel) << kernel.error().text;
        kernels.push_back(*kernel);
    }
    const Folder folder;
    ASSERT_EQ(compile(folder, unit(*task, kernels), "-march=native"), "") << unit(*task, kernels);
    void* const library = dlopen(folder.file("k.so").c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << dlerror();
    Buffers buffers(*task);
    const Reals right = test.truth(sizes, buffers.inputs());
    double largest = 1e-30;
    for (const double value : right)
        largest = std::max(largest, std::abs(value));
    for (std::size_t k = 0; k < kernels.size(); ++k) {
        void* const symbol = dlsym(library, fmt::format("kernel{}", k).c_str());
        ASSERT_NE(symbol, nullptr);
        const Reals got = buffers.call(symbol);
        ASSERT_EQ(got.size(), right.size());
        for (std::size_t i = 0; i < got.size(); ++i) {
            ASSERT_LE(std::abs(got[i] - right[i]), test.tolerance * largest * 0x1p-24)
                << "element " << i << " is " << got[i] << ", not " << right[i] << "\n"
                << kernels[k];
        }
    }
}

TEST_P(Kernels, NaiveAndSweptAgreeWithDoubleAtSizesWithRemainders) {
    const Case test = cases().at(static_cast<std::size_t>(GetParam()));
    check(test, {7, 257}, 32);
    check(test, {33, 64}, 16);
    check(test, {1, 7}, 32);
}

std::string case_name(const testing::TestParamInfo<int>& parameter) {
    return cases().at(static_cast<std::size_t>(parameter.param)).name;
}
INSTANTIATE_TEST_SUITE_P(Tasks, Kernels, testing::Range(0, 11), case_name);

TEST(SweptKernels, CompileForVectorsOf64Bytes) {
    const std::vector<std::string> folders = {std::string(CUPEL_ROOT) + "/tasks"};
    for (const char* name : {"softmax", "bias_gelu"}) {
        const auto task = task::load(name, folders);
        ASSERT_TRUE(task);
        const Width width{.vector_bytes = 64};
        const auto kernel = print_kernel(*task, width, default_trace(*task, width));
        ASSERT_TRUE(kernel) << kernel.error().text;
        const Folder folder;
        EXPECT_EQ(compile(folder, unit(*task, {*kernel}), "-mavx512f"), "");
    }
}

}  // namespace
}  // namespace cupel::schedule
