// SPDX-License-Identifier: Apache-2.0
#include "task/cpp_words.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace cupel::task {
namespace {

// Of C++20, which kernels may be older than.
constexpr auto kKeywords =
    std::to_array<std::string_view>({"alignas",       "alignof",     "and",
                                     "and_eq",        "asm",         "auto",
                                     "bitand",        "bitor",       "bool",
                                     "break",         "case",        "catch",
                                     "char",          "char16_t",    "char32_t",
                                     "char8_t",       "class",       "co_await",
                                     "co_return",     "co_yield",    "compl",
                                     "concept",       "const",       "const_cast",
                                     "consteval",     "constexpr",   "constinit",
                                     "continue",      "decltype",    "default",
                                     "delete",        "do",          "double",
                                     "dynamic_cast",  "else",        "enum",
                                     "explicit",      "export",      "extern",
                                     "false",         "float",       "for",
                                     "friend",        "goto",        "if",
                                     "inline",        "int",         "long",
                                     "mutable",       "namespace",   "new",
                                     "noexcept",      "not",         "not_eq",
                                     "nullptr",       "operator",    "or",
                                     "or_eq",         "private",     "protected",
                                     "public",        "register",    "reinterpret_cast",
                                     "requires",      "return",      "short",
                                     "signed",        "sizeof",      "static",
                                     "static_assert", "static_cast", "struct",
                                     "switch",        "template",    "this",
                                     "thread_local",  "throw",       "true",
                                     "try",           "typedef",     "typeid",
                                     "typename",      "union",       "unsigned",
                                     "using",         "virtual",     "void",
                                     "volatile",      "wchar_t",     "while",
                                     "xor",           "xor_eq"});

// Of the headers that printed kernels include, and of compilers that were not told to be strict.
constexpr auto kMacros = std::to_array<std::string_view>({"NULL",
                                                          "EOF",
                                                          "errno",
                                                          "NAN",
                                                          "INFINITY",
                                                          "HUGE_VAL",
                                                          "HUGE_VALF",
                                                          "HUGE_VALL",
                                                          "MAXFLOAT",
                                                          "SNAN",
                                                          "SNANF",
                                                          "SNANL",
                                                          "math_errhandling",
                                                          "MATH_ERRNO",
                                                          "MATH_ERREXCEPT",
                                                          "BIG_ENDIAN",
                                                          "LITTLE_ENDIAN",
                                                          "PDP_ENDIAN",
                                                          "BYTE_ORDER",
                                                          "EXIT_SUCCESS",
                                                          "EXIT_FAILURE",
                                                          "RAND_MAX",
                                                          "BUFSIZ",
                                                          "FD_SETSIZE",
                                                          "NFDBITS",
                                                          "WNOHANG",
                                                          "WUNTRACED",
                                                          "WSTOPPED",
                                                          "WEXITED",
                                                          "WCONTINUED",
                                                          "WNOWAIT",
                                                          "CHAR_BIT",
                                                          "CLOCKS_PER_SEC",
                                                          "EDOM",
                                                          "ERANGE",
                                                          "EINVAL",
                                                          "ENOMEM",
                                                          "stdin",
                                                          "stdout",
                                                          "stderr",
                                                          "linux",
                                                          "unix"});
constexpr auto kMacroFamilies =
    std::to_array<std::string_view>({"M_", "FP_", "FLT_", "DBL_", "LDBL_"});

// The limits of integers: INT64_MAX, but not N_MAX.
constexpr auto kIntegers = std::to_array<std::string_view>(
    {"CHAR", "SCHAR", "UCHAR", "SHRT", "USHRT", "INT", "UINT", "LONG", "ULONG", "LLONG", "ULLONG",
     "LONG_LONG", "SIZE", "SSIZE", "PTRDIFF", "WCHAR", "WINT", "SIG_ATOMIC", "BOOL"});
constexpr auto kLimits = std::to_array<std::string_view>({"_MAX", "_MIN", "_WIDTH"});

// What is declared where CUDA is, and the types of our contract.
constexpr auto kDeclared =
    std::to_array<std::string_view>({"threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize",
                                     "dim3", "half", "half2", "bfloat16", "nv_bfloat16"});

// float4, ulonglong2.
constexpr auto kVectors =
    std::to_array<std::string_view>({"char", "uchar", "short", "ushort", "int", "uint", "long",
                                     "ulong", "longlong", "ulonglong", "float", "double"});

// Of the contract, and of the header of mathematics, which all printed kernels include.
constexpr auto kGlobal = std::to_array<std::string_view>(
    {"kernel",    "main",       "std",    "kThreads",    "abs",    "acos",   "acosh",
     "asin",      "asinh",      "atan",   "atan2",       "atanh",  "cbrt",   "ceil",
     "copysign",  "cos",        "cosh",   "div",         "drem",   "erf",    "erfc",
     "exp",       "exp10",      "exp2",   "expm1",       "fabs",   "fdim",   "floor",
     "fma",       "fmax",       "fmin",   "fmod",        "frexp",  "gamma",  "hypot",
     "ilogb",     "j0",         "j1",     "jn",          "labs",   "ldexp",  "lgamma",
     "llabs",     "lldiv",      "llrint", "llround",     "log",    "log10",  "log1p",
     "log2",      "logb",       "lrint",  "lround",      "modf",   "nan",    "nearbyint",
     "nextafter", "nexttoward", "pow",    "remainder",   "remquo", "rint",   "round",
     "scalb",     "scalbln",    "scalbn", "significand", "sin",    "sincos", "sinh",
     "sqrt",      "tan",        "tanh",   "tgamma",      "trunc",  "y0",     "y1",
     "yn"});

bool is_of(std::span<const std::string_view> list, std::string_view name) {
    return std::ranges::find(list, name) != list.end();
}

bool is_limit(std::string_view name) {
    return std::ranges::any_of(kLimits, [&](std::string_view end) {
        if (!name.ends_with(end)) return false;
        const std::string_view type = name.substr(0, name.size() - end.size());
        // INT64, INT_FAST8, UINTPTR: all that begin so.
        return is_of(kIntegers, type) || type.starts_with("INT") || type.starts_with("UINT");
    });
}

bool is_macro(std::string_view name) {
    const auto begins = [&](std::string_view family) { return name.starts_with(family); };
    return is_of(kMacros, name) || std::ranges::any_of(kMacroFamilies, begins) || is_limit(name);
}

bool is_vector(std::string_view name) {
    return !name.empty() && name.back() >= '1' && name.back() <= '4' &&
           is_of(kVectors, name.substr(0, name.size() - 1));
}

bool is_the_compilers(std::string_view name) {
    return name.starts_with("__") ||
           (name.size() > 1 && name[0] == '_' && name[1] >= 'A' && name[1] <= 'Z');
}

}  // namespace

std::string_view meaning_in_cpp(std::string_view name) {
    if (is_of(kKeywords, name)) return "a word of C++";
    if (is_the_compilers(name)) return "kept by C++ for its compilers";
    if (is_macro(name)) return "a macro of C++";
    if (is_of(kDeclared, name) || is_vector(name)) return "declared in kernels already";
    return "";
}

std::string_view meaning_of_global(std::string_view name) {
    return is_of(kGlobal, name) ? "declared in kernels already" : meaning_in_cpp(name);
}

}  // namespace cupel::task
