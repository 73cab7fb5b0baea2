// SPDX-License-Identifier: Apache-2.0
#include "engineer/compiler_words.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <functional>
#include <iterator>
#include <sstream>
#include <vector>

#include "base/bundle.hpp"
#include "base/text.hpp"
#include "engineer/cpp_text.hpp"
#include "engineer/prose_words.hpp"

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

using WordSet = std::set<std::string, std::less<>>;

bool is_of_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

WordSet split_words(std::string_view text) {
    std::istringstream words{std::string(text)};
    return {std::istream_iterator<std::string>(words), {}};
}

bool is_compilers(std::string_view word) {
    static const WordSet kAll = split_words(kCompilerWords);
    std::string lower(word);
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return kAll.contains(lower);
}

// Of types, as they stand between quotes, and of what Cupel itself quotes. There the kernel has its
// say: no words to talk with.
constexpr std::string_view kWordsOfTypes = R"(
0 1 2 3 4 5 6 7 8 16 32 64 128 256 512 __bf16 __half __half2 __m128 __m128d __m128i __m256 __m256d
__m256i __m512 __m512d __m512i __mmask16 __mmask8 __nv_bfloat16 __nv_bfloat162 __restrict
__restrict__ __device__ __global__ __vector _Float16 auto bfloat16 bool char char16_t char32_t char8_t
class const
constexpr decltype dim3 double double2 enum extern float float2 float4 half half2 inline int int16_t
int2 int32_t int4 int64_t int8_t long nullptr_t operator ptrdiff_t short signed size_t static std
struct template typename uint16_t uint2 uint32_t uint4 uint64_t uint8_t union unsigned void volatile
wchar_t cupel launch pragma scratch Size
)";

// What compilers say the most of kernels, with % for what they quote and @ for a number. A kernel
// that can make a compiler say whatever it likes makes it say no more than one of these.
constexpr std::string_view kKnownErrors = R"(
% was not declared in this scope
% has not been declared
% does not name a type
% is not a member of %
% has no member named %
% is not a type
% is not a class, namespace, or enumeration
% is not a template
% is not captured
% undeclared (first use in this function)
% redeclared as different kind of entity
% cannot be used as a function
% not specified in enclosing %
no matching function for call to %
no match for %
no match for % (operand types are % and %)
too few arguments to function %
too many arguments to function %
call of overloaded % is ambiguous
call to non-% function %
cannot convert % to %
cannot convert % to % in assignment
cannot convert % to % in initialization
cannot convert % to % in return
invalid conversion from % to %
conversion from % to non-scalar type % requested
narrowing conversion of % from % to %
could not convert % from % to %
redeclaration of %
redefinition of %
conflicting declaration %
declaration of % shadows a parameter
assignment of read-only variable %
assignment of read-only location %
assignment of read-only reference %
assignment of read-only parameter %
increment of read-only variable %
lvalue required as left operand of assignment
lvalue required as increment operand
lvalue required as unary % operand
invalid operands of types % and % to binary %
invalid type argument of unary % (have %)
invalid types % for array subscript
subscripted value is neither array nor pointer
binding reference of type % to % discards qualifiers
cannot bind non-const lvalue reference of type % to an rvalue of type %
cannot bind non-const lvalue reference of type % to a value of type %
inlining failed in call to % %: target specific option mismatch
the value of % is not usable in a constant expression
the last argument must be an @-bit immediate
array bound is not an integer constant before % token
size of array % is not an integral constant-expression
variable-sized object % may not be initialized
a function-definition is not allowed here before % token
template argument @ is invalid
wrong number of template arguments (@, should be @)
unable to deduce % from %
uninitialized const %
return-statement with no value, in function returning %
return-statement with a value, in function returning %
void value not ignored as it ought to be
jump to label %
label % used but not defined
break statement not within loop or switch
continue statement not within a loop
break statement used with OpenMP for loop
invalid controlling predicate
invalid increment expression
not enough perfectly nested loops
for statement expected before %
iteration variable % should not be reduction
user defined reduction not found for %
% is predetermined % for %
stray % in program
unterminated argument list invoking macro %
missing terminating % character
macro % requires @ arguments, but only @ given
macro % passed @ arguments, but takes just @
impossible constraint in %
unknown register name % in %
% operand has impossible constraints
use of undeclared identifier %
unknown type name %
no member named % in %
no template named %
no viable conversion from % to %
no matching constructor for initialization of %
cannot initialize a variable of type % with an lvalue of type %
cannot initialize a variable of type % with an rvalue of type %
cannot initialize a parameter of type % with an lvalue of type %
cannot initialize a parameter of type % with an rvalue of type %
assigning to % from incompatible type %
cannot assign to variable % with const-qualified type %
invalid operands to binary expression (% and %)
called object type % is not a function or function pointer
indirection requires pointer operand (% invalid)
subscripted value is not an array, pointer, or vector
call to % is ambiguous
variable % is not captured
always_inline function % requires target feature %, but would be inlined into function % that is compiled without support for %
identifier % is undefined
identifier % is undefined in device code
expected a %
name followed by % must be a class or namespace name
namespace % has no member %
class % has no member %
no instance of overloaded function % matches the argument list
no instance of function template % matches the argument list
no instance of constructor % matches the argument list
more than one instance of overloaded function % matches the argument list:
a value of type % cannot be used to initialize an entity of type %
a value of type % cannot be assigned to an entity of type %
argument of type % is incompatible with parameter of type %
no operator % matches these operands
no suitable conversion function from % to % exists
no suitable constructor exists to convert from % to %
expression must have integral or unscoped enum type
expression must have arithmetic or unscoped enum type
expression must be a modifiable lvalue
expression must be an lvalue or a function designator
expression must have a constant value
expression must have pointer-to-object type
expression must have pointer type
expression must have class type
too few arguments in function call
too many arguments in function call
% has already been declared in the current scope
variable % has already been defined
function % has already been defined
declaration is incompatible with %
return value type does not match the function type
return value type (%) does not match the function type (%)
type name is not allowed
incomplete type is not allowed
this declaration has no storage class or type specifier
unrecognized token
asm operand type size(@) does not match type/size implied by constraint %
the size of an array must be greater than zero
calling a __host__ function(%) from a __global__ function(%) is not allowed
calling a __host__ function(%) from a __device__ function(%) is not allowed
)";

// "expected primary-expression before 'x'" and its like.
constexpr std::string_view kExpectedWords = R"(
a an and asm at attribute attributes before after block body class constant constructor conversion
character declaration declarator destructor either end enclosing expected expression file for from
function id identifier in initializer input list literal member name nested namespace numeric of
operand operator or parameter parentheses primary qualifier qualified simple specifier statement
string template to token type typename unqualified user defined
)";

// Behind these stand words that the kernel chose: messages of #error, of static_assert and of
// attributes, reasons of what is deleted.
constexpr auto kAuthorsSay = std::to_array<std::string_view>(
    {"#error", "#warning", "static assertion failed", "static_assert failed",
     "call to % declared with attribute error", "call to % declared with attribute warning",
     "call to % declared with % attribute", "% was declared unavailable",
     "% was declared deprecated", "% is unavailable", "% is deprecated",
     "use of deleted function %", "call to deleted function %", "attempt to use a deleted function",
     "% has been explicitly marked deleted here", "% has been explicitly marked unavailable here",
     "% has been explicitly marked deprecated here",
     "function % cannot be referenced -- it is a deleted function", "% encountered"});

constexpr std::string_view kLeftOut = "...";

// A message, and what is not the compiler's in it.
struct Shape {
    std::string text;  // with % for each quote, and @ for each number
    std::vector<std::string> quotes;
    std::vector<std::string> numbers;
};

// A quote begins and ends at no letter: "isn't" is a word.
bool is_quote(std::string_view text, std::size_t at, bool begins) {
    if (text[at] != '\'' && text[at] != '"' && text[at] != '`') return false;
    if (begins) return at == 0 || !is_of_word(text[at - 1]);
    return at + 1 == text.size() || !is_of_word(text[at + 1]);
}

Shape shape_of(std::string_view message) {
    Shape shape;
    for (std::size_t at = 0; at < message.size();) {
        std::size_t end = message.find(message[at], at + 1);
        const bool opens = is_quote(message, at, true);
        while (opens && end != std::string_view::npos && !is_quote(message, end, false))
            end = message.find(message[at], end + 1);
        if (opens && end != std::string_view::npos) {
            shape.quotes.emplace_back(message.substr(at, end + 1 - at));
            shape.text += '%';
            at = end + 1;
        } else if (is_of_word(message[at])) {
            const std::size_t from = at;
            while (at < message.size() && is_of_word(message[at]))
                ++at;
            const std::string_view word = message.substr(from, at - from);
            const bool number = std::isdigit(static_cast<unsigned char>(word[0])) != 0;
            shape.text += number ? "@" : word;
            if (number) shape.numbers.emplace_back(word);
        } else {
            // The marks stand for something, whoever wrote them.
            shape.text += message[at] == '%' || message[at] == '@' ? '?' : message[at];
            ++at;
        }
    }
    return shape;
}

// Words that may be told, and "..." for the others.
std::string chosen(std::string_view text, const std::function<bool(std::string_view)>& may) {
    std::string shown;
    while (!text.empty()) {
        const auto* const end = std::ranges::find_if_not(text, is_of_word);
        const std::string_view word(text.begin(), end);
        if (word.empty()) {
            const auto code = static_cast<unsigned char>(text.front());
            // No letters of other alphabets, which could be words as well.
            if (code >= ' ' && code < 0x7F) shown += text.front();
            text.remove_prefix(1);
            continue;
        }
        const std::size_t last = shown.find_last_not_of(' ');
        const std::string_view before =
            std::string_view(shown).substr(0, last == std::string::npos ? 0 : last + 1);
        if (may(word)) {
            shown += word;
        } else if (!before.ends_with(kLeftOut)) {
            shown += kLeftOut;
        } else {
            shown.resize(before.size());
        }
        text.remove_prefix(word.size());
    }
    return shown;
}

std::string quote_shown(std::string_view quote, const WordSet& names) {
    static const WordSet kTypes = split_words(kWordsOfTypes);
    const bool one = std::ranges::all_of(quote.substr(1, quote.size() - 2), is_of_word);
    const auto may = [&](std::string_view word) {
        return names.contains(word) || kTypes.contains(word) || (one && is_compilers(word));
    };
    return without_word_rows(chosen(quote, may), kTypes);
}

// `text` is its shape, or the beginning of it. Numbers can be sizes that nobody is told of.
std::string filled(std::string_view text, const Shape& shape, const WordSet& names,
                   bool any_number = false) {
    std::string shown;
    std::size_t quotes = 0;
    std::size_t numbers = 0;
    for (const char c : text) {
        if (c == '%') {
            shown += quote_shown(shape.quotes[quotes++], names);
        } else if (c == '@') {
            const std::string& number = shape.numbers[numbers++];
            shown += any_number || is_compilers(number) ? number : kLeftOut;
        } else {
            shown += c;
        }
    }
    return shown;
}

bool is_known_error(std::string_view shape) {
    static const WordSet kErrors = [] {
        const std::vector<std::string> lines = split(kKnownErrors, '\n');
        return WordSet(lines.begin(), lines.end());
    }();
    static const WordSet kExpected = split_words(kExpectedWords);
    if (kErrors.contains(shape)) return true;
    if (!shape.starts_with("expected ")) return false;
    const std::vector<std::string> words = words_of(shape);
    return std::ranges::all_of(words,
                               [&](const std::string& word) { return kExpected.contains(word); });
}

// Without the option that a warning is of, and the name that may have been meant.
std::string_view without_advice(std::string_view shape) {
    for (const std::string_view option : {" [-W", " [-f"}) {
        if (shape.ends_with(']')) shape = shape.substr(0, shape.rfind(option));
    }
    for (const std::string_view advice : {"; did you mean %?", "; did you mean %"}) {
        if (shape.ends_with(advice)) shape.remove_suffix(advice.size());
    }
    return shape;
}

// Of what says something without a string.
bool is_of_speech(std::string_view word) {
    return word == "error" || word == "warning" || word == "_Pragma" || word == "__pragma";
}

}  // namespace

bool can_speak(std::string_view source) {
    std::string code;
    bool speaks = false;
    scan_cpp(without_marks(source), [&](Span span, std::string_view run) {
        const std::string text = without_splices(run);
        if (span == Span::Code) code += text;
        if (span == Span::Literal)
            speaks = speaks || (text[0] == '"' && text != R"("C")" && text != R"("task.hpp")");
    });
    for (const std::string& row : split(code, '\n')) {
        // `#x` makes a string, and `a##b` a word.
        const std::size_t first = std::min(row.size(), row.find_first_not_of(" \t#"));
        const std::string_view rest = std::string_view(row).substr(first);
        speaks = speaks || rest.find('#') != std::string_view::npos ||
                 rest.find("%:") != std::string_view::npos;
    }
    return speaks || std::ranges::any_of(words_of(code), is_of_speech);
}

std::optional<Diagnosis> read_error(std::string_view line, const std::vector<std::string>& files) {
    constexpr std::string_view kError = ": error: ";
    std::vector<std::string> names = {"kernel.cpp", "kernel.cu"};
    names.insert(names.end(), files.begin(), files.end());
    for (const std::string& file : names) {
        if (!line.starts_with(file + ":") && !line.starts_with(file + "(")) continue;
        Diagnosis found{.file = file};
        const char* const digits = line.data() + file.size() + 1;
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

std::string compiler_words(std::string_view message, const WordSet& names, bool speaks) {
    const Shape shape = shape_of(message);
    for (const std::string_view head : kAuthorsSay) {
        if (!shape.text.starts_with(head)) continue;
        return filled(head, shape, names) + (shape.text == head ? "" : ": ...");
    }
    if (speaks) {
        const std::string_view known = without_advice(shape.text);
        return is_known_error(known) ? filled(known, shape, names) : std::string(kLeftOut);
    }
    const auto may = [&](std::string_view word) {
        return is_compilers(word) || names.contains(word);
    };
    std::string shown = filled(chosen(shape.text, may), shape, names);
    while (shown.ends_with(' '))
        shown.pop_back();
    return shown;
}

std::string reason_words(std::string_view reason, const WordSet& names) {
    constexpr std::string_view kCompilerSays = "does not compile: ";
    if (const std::size_t at = reason.find(kCompilerSays); at != std::string_view::npos)
        reason = reason.substr(0, at + kCompilerSays.size() - 2);
    const Shape shape = shape_of(reason);
    return filled(shape.text, shape, names, true);
}

}  // namespace cupel::engineer
