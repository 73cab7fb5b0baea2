// SPDX-License-Identifier: Apache-2.0
#include "target/device_source.hpp"

#include <fmt/format.h>

#include <array>
#include <tuple>

namespace cupel::target {
namespace {

constexpr const char* kLimits =
    "#pragma once\n"
    "#ifndef CHAR_BIT\n#define CHAR_BIT 8\n#endif\n"
    "#ifndef SCHAR_MAX\n#define SCHAR_MIN (-128)\n#define SCHAR_MAX 127\n#define UCHAR_MAX "
    "255\n#endif\n"
    "#ifndef SHRT_MAX\n#define SHRT_MIN (-32768)\n#define SHRT_MAX 32767\n#define USHRT_MAX 65535\n"
    "#endif\n"
    "#ifndef INT_MAX\n#define INT_MIN (-2147483647 - 1)\n#define INT_MAX 2147483647\n"
    "#define UINT_MAX 4294967295U\n#endif\n"
    "#ifndef LONG_MAX\n#define LONG_MIN (-9223372036854775807L - 1)\n"
    "#define LONG_MAX 9223372036854775807L\n#define ULONG_MAX 18446744073709551615UL\n#endif\n"
    "#ifndef LLONG_MAX\n#define LLONG_MIN (-9223372036854775807LL - 1)\n"
    "#define LLONG_MAX 9223372036854775807LL\n#define ULLONG_MAX 18446744073709551615ULL\n#endif\n";

constexpr const char* kFloats =
    "#pragma once\n"
    "#ifndef FLT_MAX\n#define FLT_MAX 3.402823466e+38F\n#define FLT_MIN 1.175494351e-38F\n"
    "#define FLT_EPSILON 1.192092896e-07F\n#define FLT_DIG 6\n#define FLT_MANT_DIG 24\n#endif\n"
    "#ifndef DBL_MAX\n#define DBL_MAX 1.7976931348623157e+308\n"
    "#define DBL_MIN 2.2250738585072014e-308\n#define DBL_EPSILON 2.2204460492503131e-16\n"
    "#define DBL_DIG 15\n#define DBL_MANT_DIG 53\n#endif\n";

// As <math.h> of a host has them, which nvcc includes unasked.
constexpr auto kConstants = std::to_array<std::pair<const char*, const char*>>({
    {"M_E", "2.7182818284590452354"},
    {"M_LOG2E", "1.4426950408889634074"},
    {"M_LOG10E", "0.43429448190325182765"},
    {"M_LN2", "0.69314718055994530942"},
    {"M_LN10", "2.30258509299404568402"},
    {"M_PI", "3.14159265358979323846"},
    {"M_PI_2", "1.57079632679489661923"},
    {"M_PI_4", "0.78539816339744830962"},
    {"M_1_PI", "0.31830988618379067154"},
    {"M_2_PI", "0.63661977236758134308"},
    {"M_2_SQRTPI", "1.12837916709551257390"},
    {"M_SQRT2", "1.41421356237309504880"},
    {"M_SQRT1_2", "0.70710678118654752440"},
    {"HUGE_VALF", "INFINITY"},
    {"HUGE_VAL", "((double)INFINITY)"},
});

// Built in for `float` and `double`; of whole numbers they are those of `double`.
constexpr auto kOfOne = std::to_array<const char*>(
    {"sqrt",  "exp",   "exp2", "expm1",  "log",    "log2",     "log10", "log1p", "sin",
     "cos",   "tan",   "asin", "acos",   "atan",   "sinh",     "cosh",  "tanh",  "asinh",
     "acosh", "atanh", "erf",  "erfc",   "cbrt",   "fabs",     "floor", "ceil",  "round",
     "trunc", "rint",  "logb", "tgamma", "lgamma", "nearbyint"});
constexpr auto kOfTwo = std::to_array<const char*>({"pow", "atan2", "fmax", "fmin", "fdim", "fmod",
                                                    "remainder", "hypot", "copysign", "nextafter"});
constexpr auto kOthers =
    std::to_array<const char*>({"fma", "ldexp", "frexp", "modf", "scalbn", "scalbln", "ilogb",
                                "remquo", "lrint", "llrint", "lround", "llround", "nan"});
constexpr auto kWithoutSuffix =
    std::to_array<const char*>({"abs", "isnan", "isinf", "isfinite", "signbit"});

// Which types are no `float` beside a `float`: without these an `exp(1)` has two meanings.
constexpr const char* kPromotions =
    "namespace cupel_math {\n"
    "template <class> struct Whole {};\n"
    "#define CUPEL_WHOLE(T) \\\n"
    "template <> struct Whole<T> { using type = double; }; \\\n"
    "template <> struct Whole<unsigned T> { using type = double; };\n"
    "CUPEL_WHOLE(char) CUPEL_WHOLE(short) CUPEL_WHOLE(int) CUPEL_WHOLE(long)\n"
    "CUPEL_WHOLE(long long)\n"
    "#undef CUPEL_WHOLE\n"
    "template <> struct Whole<signed char> { using type = double; };\n"
    "template <> struct Whole<bool> { using type = double; };\n"
    "template <class> using Always = void;\n"
    "template <class, class, class = void> struct Mixed {};\n"
    "template <> struct Mixed<float, double> { using type = double; };\n"
    "template <> struct Mixed<double, float> { using type = double; };\n"
    "template <class T, class U> struct Mixed<T, U, Always<decltype(\n"
    "    typename Whole<T>::type() + typename Whole<U>::type())>> { using type = double; };\n"
    "}\n";

// Others than the built-in `min` and `max` they give the first of equal ones, and take any type.
constexpr const char* kLeastAndMost =
    "namespace std {\n"
    "template <class T> __device__ constexpr const T& min(const T& a, const T& b) {\n"
    "    return b < a ? b : a;\n}\n"
    "template <class T> __device__ constexpr const T& max(const T& a, const T& b) {\n"
    "    return a < b ? b : a;\n}\n"
    "}\n";

constexpr const char* kAlgorithm =
    "#pragma once\n#include <cmath>\n#include <utility>\n"
    "namespace std {\n"
    "template <class T> __device__ constexpr const T& clamp(const T& v, const T& a, const T& b) {\n"
    "    return v < a ? a : b < v ? b : v;\n}\n"
    "}\n";

// NVIDIA's <cuda/std/cmath> of CUDA 13 has no erf() and no fma() for NVRTC, and costs a second.
std::string mathematics() {
    std::string text = "#pragma once\n";
    for (const auto& [name, value] : kConstants)
        text += fmt::format("#ifndef {0}\n#define {0} {1}\n#endif\n", name, value);
    text += kPromotions;
    for (const char* const name : kOfOne) {
        text += fmt::format(
            "template <class T> __device__ inline typename cupel_math::Whole<T>::type {0}(T v) {{\n"
            "    return ::{0}(static_cast<double>(v));\n}}\n",
            name);
    }
    for (const char* const name : kOfTwo) {
        text += fmt::format(
            "template <class T, class U>\n"
            "__device__ inline typename cupel_math::Mixed<T, U>::type {0}(T v, U w) {{\n"
            "    return ::{0}(static_cast<double>(v), static_cast<double>(w));\n}}\n",
            name);
    }
    text += "namespace std {\n";
    const auto use = [&](const auto& names, bool suffixed) {
        for (const char* const name : names) {
            text += fmt::format("using ::{};\n", name);
            if (suffixed) text += fmt::format("using ::{}f;\n", name);
        }
    };
    use(kOfOne, true);
    use(kOfTwo, true);
    use(kOthers, true);
    use(kWithoutSuffix, false);
    return text + "}\n" + kLeastAndMost;
}

// The types are those of NVIDIA's own <cuda/std/cstdint> for NVRTC: a file may use both.
std::string integers() {
    std::string text = "#pragma once\n#include <climits>\n";
    std::string in_std = "namespace std {\n";
    for (const auto& [bits, base, limit] :
         {std::tuple(8, "char", "CHAR"), std::tuple(16, "short", "SHRT"),
          std::tuple(32, "int", "INT"), std::tuple(64, "long long", "LLONG")}) {
        const char* const low = bits == 8 ? "S" : "";
        text += fmt::format(
            "using int{0}_t = signed {1};\nusing uint{0}_t = unsigned {1};\n#ifndef INT{0}_MAX\n"
            "#define INT{0}_MIN {3}{2}_MIN\n#define INT{0}_MAX {3}{2}_MAX\n#define UINT{0}_MAX "
            "U{2}_MAX\n#endif\n",
            bits, base, limit, low);
        in_std += fmt::format("using ::int{0}_t;\nusing ::uint{0}_t;\n", bits);
    }
    for (const char* name : {"intptr_t", "intmax_t"}) {
        text += fmt::format("using {0} = int64_t;\nusing u{0} = uint64_t;\n", name);
        in_std += fmt::format("using ::{0};\nusing ::u{0};\n", name);
    }
    return text + in_std + "}\n";
}

std::string anew(const char* header, std::initializer_list<const char*> macros) {
    std::string text;
    for (const char* const macro : macros)
        text += fmt::format("#undef {}\n", macro);
    return text + fmt::format("#include_next <{}>\n", header);
}

std::vector<std::pair<std::string, std::string>> make_headers() {
    const std::string once = "#pragma once\n";
    const std::string sizes = once +
                              "using size_t = decltype(sizeof(0));\nnamespace std {\n"
                              "using ::size_t;\n}\n";
    std::vector<std::pair<std::string, std::string>> headers;
    const auto add = [&](std::initializer_list<const char*> names, const std::string& content) {
        for (const char* name : names)
            headers.emplace_back(name, content);
    };
    add({"cstdint", "stdint.h"}, integers());
    add({"climits", "limits.h"}, kLimits);
    add({"cfloat", "float.h"}, kFloats);
    add({"cmath"}, mathematics());
    add({"math.h"}, once + "#include <cmath>\n");
    add({"algorithm"}, kAlgorithm);
    // NVIDIA's define these anew.
    add({"cuda/std/cmath"}, once + anew("cuda/std/cmath", {"INFINITY", "NAN"}));
    add({"cuda/std/climits"},
        once + anew("cuda/std/climits",
                    {"CHAR_BIT", "SCHAR_MIN", "SCHAR_MAX", "UCHAR_MAX", "SHRT_MIN", "SHRT_MAX",
                     "USHRT_MAX", "INT_MIN", "INT_MAX", "UINT_MAX", "LONG_MIN", "LONG_MAX",
                     "ULONG_MAX", "LLONG_MIN", "LLONG_MAX", "ULLONG_MAX"}));
    add({"cstddef", "stddef.h"}, sizes);
    // printf() and assert() are built in.
    add({"cuda_runtime.h", "cuda_runtime_api.h", "device_launch_parameters.h", "cstdio", "stdio.h",
         "cassert", "assert.h"},
        once);
    // NVIDIA's own, where they are: NVRTC has none of the host's.
    for (const char* const name : {"limits", "type_traits", "utility"}) {
        headers.emplace_back(name, fmt::format("{}#include <cuda/std/{}>\nnamespace std {{\n"
                                               "using namespace ::cuda::std;\n}}\n",
                                               once, name));
    }
    return headers;
}

// Whether the bracket ends `[[...]]`, and no capture such as `[v = a[0]]`.
bool is_attribute(std::string_view code, std::size_t close) {
    int depth = 0;
    for (std::size_t at = close + 1; at-- > 0;) {
        if (code[at] == ']') depth++;
        if (code[at] == '[' && --depth == 0) return code[at + 1] == '[';
        if (code[at] == ';' || code[at] == '{' || code[at] == '}') break;
    }
    return false;
}

std::string_view space_at(std::string_view code, std::size_t at) {
    for (const std::string_view word : {"__device__", "__host__"}) {
        const auto end = at + word.size();
        if (code.substr(at).starts_with(word) && (end == code.size() || !is_name_byte(code[end])))
            return word;
    }
    return {};
}

}  // namespace

std::string without_cupel_pragmas(const DeviceText& text) {
    std::string plain(text.source);
    for (const auto& directive : text.directives) {
        std::size_t after = 0;
        if (!is_cupel_pragma(text, directive, after)) continue;
        for (auto at = text.origin[directive.begin]; at < text.origin[directive.end]; at++) {
            if (plain[at] != '\n') plain[at] = ' ';
        }
    }
    return plain;
}

std::string without_spaces_of_lambdas(const DeviceText& text, std::string plain) {
    const std::string_view code = text.code;
    for (auto close = code.find(']'); close != code.npos; close = code.find(']', close + 1)) {
        if (is_attribute(code, close)) continue;
        auto at = code.find_first_not_of(" \t\r\n", close + 1);
        while (at != code.npos) {
            const auto word = space_at(code, at);
            if (word.empty()) break;
            for (std::size_t i = at; i < at + word.size(); i++)
                plain[text.origin[i]] = ' ';
            at = code.find_first_not_of(" \t\r\n", at + word.size());
        }
    }
    return plain;
}

std::string device_prelude(const task::Task& task) {
    std::string text =
        fmt::format("// What a kernel of the task `{}` finds declared.\n", task.name);
    // What nvcc has included before a file begins; constant expressions, as a host's are.
    text +=
        "#ifdef __CUDACC_RTC__\n"
        "#define INFINITY __builtin_bit_cast(float, 0x7f800000)\n"
        "#define NAN __builtin_bit_cast(float, 0x7fffffff)\n"
        "#include <cmath>\n"
        "using int8_t = signed char;\nusing int16_t = signed short;\n"
        "using int32_t = signed int;\nusing int64_t = signed long long;\n#endif\n";
    for (const auto& size : task.sizes) {
        text +=
            fmt::format("[[maybe_unused]] constexpr long long {} = {};\n", size.name, size.value);
    }
    return text;
}

const std::vector<std::pair<std::string, std::string>>& device_headers() {
    static const auto kHeaders = make_headers();
    return kHeaders;
}

}  // namespace cupel::target
