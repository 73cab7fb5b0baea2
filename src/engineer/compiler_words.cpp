// SPDX-License-Identifier: Apache-2.0
#include "engineer/compiler_words.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <iterator>
#include <sstream>

namespace cupel::engineer {
namespace {

// Of g++, clang and nvcc, in their errors: what tells an author what to mend.
constexpr std::string_view kCompilerWords = R"(
0 1 128 16 2 256 3 32 4 5 512 6 64 7 8 __attribute__ __bf16 __builtin __constant__ __device__
__global__ __half __half2 __host__ __m128 __m128d __m128i __m256 __m256d __m256i __m512 __m512d
__m512i __mmask16 __mmask8 __nv_bfloat16 __restrict __restrict__ __shared__ __vector _float16 a
access address after aka all allocator allowed ambiguous an and another any applied are argument
arguments around array as asm assertion assignment at atomic attribute auto available b32 b64 base
basic_string bb be been before being between bf16 binary bind binding bit bits block body bool
boolean both bound bounds braces brackets break builtin but by byte bytes call called calling
calls can candidate candidates cannot capture captured case cast casting char character class
clause clauses close closing code column comparison compatible compile complete compound concept
condition conditional const constant constexpr constraint constraints construct constructor
contain contains context continue control conversion conversions convert converted converting copy
core could count data dead deallocate decl declaration declarations declare declared decltype
deduce deduced deduction default define defined definition delete deleted denotes depend dependent
dereference destination destructor device different dim3 dimension direct directive discards
distinct div division do does double double2 duplicate duplicated dynamic each element elements
ellipsis else empty enclosing end entity enum enumeration equal error errors exceed exceeds
exception execution exist exists exit expand expansion expected explicit explicitly expression
extended extern extra f16 f32 f64 failed false few field file final first fixed float float2
float4 floating flow follow followed for form format found from function functions generic given
global goto greater group half half2 has have header here host i16 i32 i64 i8 identifier if
ignored illegal immediate implicit implicitly in inaccessible include incompatible incomplete
increment index indirection inherit initialization initialize initialized initializer
initializer_list initializers inline input inside insn instance instantiated instantiation instead
instruction instructions int int16 int16_t int2 int32 int32_t int4 int64 int64_t int8 int8_t
integer integral intended internal into invalid is isn it iteration iterator its kernel keyword
kind known label lambda large least left length less level library limit line linkage list literal
local location long loop lvalue macro main many map match matches matching mean member members
memory minimum mismatch mismatched missing mode modifiable modifier module more most must mutable
name named names namespace narrowing near need needed needs negative neither nested new no
noexcept non none nor not null nullptr nullptr_t number numeric object objects of offset old omp
on once one only open opening openmp operand operands operation operator option or ordered
original ostream other out outer output outside over overflow overload overloaded overloads pack
pair parallel parameter parameters parentheses parenthesis parse partial pass passed passing
permitted point pointer pointers position possible postfix pragma preceded precision previous
previously primary private prototype ptrdiff_t ptx public qualified qualifier qualifiers range
read real redeclaration redeclared redefined redefinition reduction ref reference references
register registers reinterpret relational requested require required requires restrict result
return returned returning returns right rvalue s32 s64 same scalar scope section see semicolon
sequence set shared shift shifted short should side sign signature signed simd single size size_t
sizeof some source space specialization specification specified specifier specifiers start
statement static std storage store stray string struct structure structured sub subscript
subscripted such suffix suggest suggested suitable support supported switch symbol syntax target
team template templates temporary terminated terminating tf32 than that the their them then there
this thread threads through to token tokens too top trailing true try two type typedef typename
types u16 u32 u64 u8 uint16 uint16_t uint32 uint32_t uint4 uint64 uint64_t uint8 uint8_t unable
unary undeclared undefined unexpected union unknown unnamed unqualified unrecognized unresolved
unsigned unsupported unterminated until up use used user uses using usual value values variable
variables variadic vector version virtual visible void volatile was way were when where which
while whose width with within without would write written wrong x you
)";

bool is_of_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

bool is_compilers(std::string_view word) {
    static const std::set<std::string, std::less<>> kAll = [] {
        std::istringstream words{std::string(kCompilerWords)};
        return std::set<std::string, std::less<>>(std::istream_iterator<std::string>(words), {});
    }();
    std::string lower(word);
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return kAll.contains(lower);
}

}  // namespace

std::optional<Diagnosis> read_error(std::string_view line) {
    constexpr std::string_view kError = ": error: ";
    for (const std::string_view file : {"kernel.cpp:", "kernel.cu:", "kernel.cu("}) {
        if (!line.starts_with(file)) continue;
        Diagnosis found;
        const char* const digits = line.data() + file.size();
        const auto read = std::from_chars(digits, line.data() + line.size(), found.line);
        if (read.ec != std::errc() || found.line == 0) return std::nullopt;
        // The column, or the end of the parenthesis: nothing else stands before the word.
        const std::string_view rest(read.ptr,
                                    static_cast<std::size_t>(line.data() + line.size() - read.ptr));
        const std::size_t at = rest.find_first_not_of(":)0123456789");
        const std::size_t error = rest.find(kError);
        if (error == std::string_view::npos || (at != std::string_view::npos && at < error))
            return std::nullopt;
        found.message = rest.substr(error + kError.size());
        return found;
    }
    return std::nullopt;
}

std::string compiler_words(std::string_view message,
                           const std::set<std::string, std::less<>>& names) {
    constexpr std::string_view kLeftOut = "...";
    std::string shown;
    while (!message.empty()) {
        const auto* const end = std::ranges::find_if_not(message, is_of_word);
        const std::string_view word(message.begin(), end);
        if (word.empty()) {
            const auto code = static_cast<unsigned char>(message.front());
            // No letters of other alphabets, which could be words as well.
            if (code >= ' ' && code < 0x7F) shown += message.front();
            message.remove_prefix(1);
            continue;
        }
        const std::string_view before = std::string_view(shown).substr(
            0,
            shown.find_last_not_of(' ') == std::string::npos ? 0 : shown.find_last_not_of(' ') + 1);
        if (is_compilers(word) || names.contains(word)) {
            shown += word;
        } else if (!before.ends_with(kLeftOut)) {
            shown += kLeftOut;
        }
        message.remove_prefix(word.size());
    }
    while (shown.ends_with(' '))
        shown.pop_back();
    return shown;
}

}  // namespace cupel::engineer
