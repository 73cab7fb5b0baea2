// SPDX-License-Identifier: Apache-2.0
#include "target/device_source.hpp"

#include <fmt/format.h>

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

constexpr const char* kMath =
    "#pragma once\n"
    "#ifndef M_PI\n#define M_E 2.7182818284590452354\n#define M_LOG2E 1.4426950408889634074\n"
    "#define M_LN2 0.69314718055994530942\n#define M_PI 3.14159265358979323846\n"
    "#define M_SQRT2 1.41421356237309504880\n#endif\n"
    "#ifndef HUGE_VALF\n#define HUGE_VALF INFINITY\n#endif\n";

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
    add({"cmath", "math.h"}, kMath);
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

std::string device_prelude(const task::Task& task) {
    std::string text =
        fmt::format("// What a kernel of the task `{}` finds declared.\n", task.name);
    text +=
        "#ifndef INFINITY\n#define INFINITY __int_as_float(0x7f800000)\n#endif\n"
        "#ifndef NAN\n#define NAN __int_as_float(0x7fffffff)\n#endif\n";
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
