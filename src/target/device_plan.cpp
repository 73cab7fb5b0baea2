// SPDX-License-Identifier: Apache-2.0
#include "target/device_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "target/device_elements.hpp"
#include "target/device_expression.hpp"
#include "target/device_parameters.hpp"
#include "target/device_text.hpp"

namespace cupel::target {
namespace {

// The size of a CUDA launch, as a person would name it in a message.
struct Most {
    std::string_view what;
    std::array<std::int64_t, 3> each;
    std::int64_t all;  // of the product; 0: no limit of its own
};
constexpr Most kGrid{"grid", {kMaxGridX, kMaxGridYZ, kMaxGridYZ}, 0};
constexpr Most kBlock{"block", {kMaxBlockXY, kMaxBlockXY, kMaxBlockZ}, kMaxBlockThreads};

struct Line {
    std::size_t begin = 0;  // after the words `scratch` or `launch`
    std::size_t end = 0;
    int number = 0;
    DeviceToken kind;
};

class PlanReader {
public:
    PlanReader(const task::Task& task, const DeviceText& text) : task_(task), text_(text) {}

    Parsed<DevicePlan> read() {
        CUPEL_DO(sort_lines());
        for (const auto& line : scratch_lines_) {
            CUPEL_DO(read_scratch(line));
        }
        for (const auto& line : launch_lines_) {
            CUPEL_TRY(auto launch, read_launch(line));
            plan_.launches.push_back(std::move(launch));
        }
        if (!plan_.launches.empty()) return std::move(plan_);
        return std::unexpected(text_.refuse(
            0, "the file declares no launch: `#pragma cupel launch kernel<<<grid, block>>>(...)`"));
    }

private:
    Parsed<void> sort_lines() {
        for (const auto& directive : text_.directives) {
            std::size_t after = 0;
            if (!is_cupel_pragma(text_, directive, after)) continue;
            LineReader reader(text_, after, directive.end);
            if (directive.depth > 0) {
                return reader.refuse(reader.peek(),
                                     "a `#pragma cupel` within #if: whether it counts is not known "
                                     "before the file is compiled");
            }
            const auto kind = reader.next();
            const int number = text_.place(directive.begin).line;
            auto& lines = kind.text == "scratch" ? scratch_lines_ : launch_lines_;
            if (kind.text != "scratch" && kind.text != "launch") return refuse_kind(reader, kind);
            const auto most = kind.text == "scratch" ? kMaxScratches : kMaxLaunches;
            if (lines.size() == most) {
                return reader.refuse(kind,
                                     fmt::format("a file may declare at most {} of these", most));
            }
            lines.push_back({kind.end, directive.end, number, kind});
        }
        return {};
    }

    static std::unexpected<Rejection> refuse_kind(const LineReader& reader,
                                                  const DeviceToken& kind) {
        const std::array<std::string, 2> known = {"launch", "scratch"};
        const auto near = nearest_name(kind.text, known);
        return reader.refuse(
            kind,
            fmt::format("expected `launch` or `scratch` after `#pragma cupel`, found {}{}",
                        quoted(kind), near ? fmt::format("; did you mean `{}`?", *near) : ""));
    }

    // --- scratch ------------------------------------------------------------------------------

    Parsed<void> read_scratch(const Line& line) {
        LineReader reader(text_, line.begin, line.end);
        const auto first = reader.peek();
        std::vector<DeviceToken> words;
        while (reader.peek().kind == DeviceToken::Kind::Name || reader.peek().is("::")) {
            const auto word = reader.next();
            if (!word.is("::") && word.text != "std") words.push_back(word);
        }
        if (words.empty()) return expected_scratch(reader, first);
        const auto name = words.back();
        words.pop_back();
        if (words.empty()) return expected_scratch(reader, reader.peek());
        CUPEL_TRY(const auto element, type_bytes(reader, words));
        CUPEL_DO(check_new(reader, name));
        DeviceScratch scratch{std::string(name.text), joined(words), 0, line.number};
        CUPEL_TRY(scratch.bytes, read_bytes(reader, element));
        CUPEL_DO(reader.expect_end("the scratch"));
        total_ += scratch.bytes;
        if (total_ > kMaxScratchBytes) return too_much(reader, name, total_);
        plan_.scratch.push_back(std::move(scratch));
        return {};
    }

    static std::unexpected<Rejection> expected_scratch(const LineReader& reader,
                                                       const DeviceToken& where) {
        return reader.refuse(where, fmt::format("expected a type, a name and `[elements]`, as in "
                                                "`scratch float partial[B * 8]`, found {}",
                                                quoted(where)));
    }

    static std::string joined(const std::vector<DeviceToken>& words) {
        std::vector<std::string> parts;
        parts.reserve(words.size());
        for (const auto& word : words)
            parts.emplace_back(word.text);
        return join(parts, " ");
    }

    static Parsed<std::uint64_t> type_bytes(const LineReader& reader,
                                            const std::vector<DeviceToken>& words) {
        const auto type = joined(words);
        if (const auto bytes = element_bytes(type)) return *bytes;
        const auto known = element_names();
        const auto near = nearest_name(type, known);
        auto whole = words.front();
        whole.text = type;
        return reader.refuse(
            whole,
            fmt::format("scratch of an unknown type {}; {}", quoted(whole),
                        near ? fmt::format("did you mean `{}`?", *near)
                             : "known are float, double, int, unsigned, the types "
                               "of <cstdint>, half, __nv_bfloat16 and vectors such as float4"));
    }

    [[nodiscard]] Parsed<void> check_new(const LineReader& reader, const DeviceToken& name) const {
        const auto is = [&](const auto& other) { return other.name == name.text; };
        const char* taken = nullptr;
        if (std::ranges::any_of(plan_.scratch, is)) taken = "another scratch";
        if (std::ranges::any_of(task_.tensors, is)) taken = "a tensor of the task";
        if (std::ranges::any_of(task_.sizes, is)) taken = "a size of the task";
        if (taken == nullptr) return {};
        return reader.refuse(name, fmt::format("{} is the name of {}", quoted(name), taken));
    }

    Parsed<std::uint64_t> read_bytes(LineReader& reader, std::uint64_t bytes) {
        CUPEL_TRY(auto open, reader.expect("[", "the scratch's name"));
        do {
            const auto where = reader.peek();
            CUPEL_TRY(const auto count, read_expression(reader, task_));
            if (count <= 0) {
                return reader.refuse(where,
                                     fmt::format("a scratch of {} elements: expected at least "
                                                 "one",
                                                 count));
            }
            if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(count), &bytes) ||
                bytes > kMaxScratchBytes)
                return too_much(reader, where, bytes);
            CUPEL_TRY(open, reader.expect("]", "the number of elements"));
        } while (reader.take("["));
        return bytes;
    }

    static std::unexpected<Rejection> too_much(const LineReader& reader, const DeviceToken& where,
                                               std::uint64_t bytes) {
        return reader.refuse(where,
                             fmt::format("{} of scratch; all together may be {}",
                                         format_bytes(static_cast<double>(bytes)),
                                         format_bytes(static_cast<double>(kMaxScratchBytes))));
    }

    // --- launches -----------------------------------------------------------------------------

    Parsed<DeviceLaunch> read_launch(const Line& line) {
        LineReader reader(text_, line.begin, line.end);
        DeviceLaunch launch;
        launch.line = line.number;
        CUPEL_TRY(const auto name, reader.expect_name("the name of a kernel"));
        launch.kernel = name.text;
        CUPEL_TRY(auto mark, reader.expect("<<<", "the kernel's name"));
        CUPEL_TRY(launch.grid, read_extent(reader, kGrid));
        CUPEL_TRY(mark, reader.expect(",", "the grid"));
        CUPEL_TRY(launch.block, read_extent(reader, kBlock));
        if (reader.take(",")) {
            CUPEL_TRY(launch.shared_bytes, read_shared(reader));
        }
        CUPEL_TRY(mark, reader.expect(">>>", "the block or the bytes of shared memory"));
        CUPEL_TRY(mark, reader.expect("(", "`>>>`"));
        const auto wanted = parameters_of(text_, launch.kernel);
        const auto list = reader.peek();
        if (!reader.take(")")) {
            CUPEL_DO(read_arguments(reader, wanted, launch));
            CUPEL_TRY(mark, reader.expect(")", "the arguments"));
        }
        if (wanted && wanted->size() != launch.arguments.size()) {
            return reader.refuse(
                list, fmt::format("{} takes {} arguments, and the launch gives {}", launch.kernel,
                                  wanted->size(), launch.arguments.size()));
        }
        if (reader.take(";")) {  // by habit; harmless
        }
        CUPEL_DO(reader.expect_end("the launch"));
        return launch;
    }

    Parsed<void> read_arguments(LineReader& reader,
                                const std::optional<std::vector<DeviceParameter>>& wanted,
                                DeviceLaunch& launch) {
        do {
            const auto where = reader.peek();
            if (launch.arguments.size() == kMaxArguments)
                return reader.refuse(where, fmt::format("more than {} arguments", kMaxArguments));
            CUPEL_TRY(auto argument, read_argument(reader));
            if (wanted && launch.arguments.size() < wanted->size()) {
                CUPEL_DO(fit(reader, where, argument, wanted->at(launch.arguments.size())));
            }
            launch.arguments.push_back(std::move(argument));
        } while (reader.take(","));
        return {};
    }

    [[nodiscard]] ElementType element_of(const DeviceArgument& argument) const {
        if (argument.kind == DeviceArgument::Kind::Scratch)
            return element_type(plan_.scratch.at(argument.index).type);
        const auto& ids =
            argument.kind == DeviceArgument::Kind::Input ? task_.inputs : task_.outputs;
        const task::Type type = task_.tensor(ids.at(argument.index)).type;
        // Whole numbers of 8 bits are flags, or bytes as such.
        return {type == task::Type::I8 ? 0 : task::type_size(type), task::is_float(type)};
    }

    // Whether the argument is what the parameter is declared as, where that can be told.
    [[nodiscard]] Parsed<void> fit(const LineReader& reader, const DeviceToken& where,
                                   const DeviceArgument& argument,
                                   const DeviceParameter& wanted) const {
        using Kind = DeviceArgument::Kind;
        if (!wanted.known) return {};
        const bool number = argument.kind == Kind::Integer || argument.kind == Kind::Real;
        if (number && wanted.pointer) {
            return reader.refuse(where,
                                 fmt::format("{} is a number, and the parameter `{}` is a pointer",
                                             argument.text, wanted.text));
        }
        if (number) return {};
        if (!wanted.pointer) {
            return reader.refuse(where,
                                 fmt::format("{} is an array, and the parameter `{}` is no pointer",
                                             argument.text, wanted.text));
        }
        if (may_point_to(wanted.element, element_of(argument))) return {};
        return reader.refuse(
            where, fmt::format("the elements of {} are not what the parameter `{}` points to",
                               argument.text, wanted.text));
    }

    Parsed<DeviceExtent> read_extent(LineReader& reader, const Most& most) {
        const auto where = reader.peek();
        const bool dim3 = where.kind == DeviceToken::Kind::Name && where.text == "dim3" &&
                          reader.peek_second().is("(");
        std::string_view close;
        if (dim3) {
            reader.next();
            close = ")";
        } else if (where.is("{")) {
            close = "}";
        } else if (where.is("(") && reader.is_tuple()) {
            close = ")";
        }
        std::array<std::int64_t, 3> values = {1, 1, 1};
        if (close.empty()) {
            CUPEL_TRY(values[0], read_one(reader, most, 0));
        } else {
            reader.next();
            std::size_t i = 0;
            do {
                if (i == values.size()) {
                    return reader.refuse(reader.peek(),
                                         fmt::format("a {} has three extents at most", most.what));
                }
                CUPEL_TRY(values[i], read_one(reader, most, i));
                i++;
            } while (reader.take(","));
            CUPEL_TRY([[maybe_unused]] const auto end, reader.expect(close, "the extents"));
        }
        const auto product = values[0] * (most.all > 0 ? values[1] * values[2] : 1);
        if (most.all > 0 && product > most.all) {
            return reader.refuse(where, fmt::format("a {} of {} threads; CUDA allows {}", most.what,
                                                    product, most.all));
        }
        return DeviceExtent{values[0], values[1], values[2]};
    }

    Parsed<std::int64_t> read_one(LineReader& reader, const Most& most, std::size_t dimension) {
        const auto where = reader.peek();
        CUPEL_TRY(const auto value, read_expression(reader, task_));
        if (value >= 1 && value <= most.each[dimension]) return value;
        return reader.refuse(
            where, fmt::format("the {}'s {} is {}; expected 1 to {}", most.what,
                               std::string_view("xyz")[dimension], value, most.each[dimension]));
    }

    Parsed<std::uint64_t> read_shared(LineReader& reader) {
        const auto where = reader.peek();
        CUPEL_TRY(const auto value, read_expression(reader, task_));
        if (value >= 0 && value <= kMaxSharedBytes) return static_cast<std::uint64_t>(value);
        return reader.refuse(
            where, fmt::format("{} bytes of dynamic shared memory; expected 0 to {}", value,
                               kMaxSharedBytes));
    }

    Parsed<DeviceArgument> read_argument(LineReader& reader) {
        const auto begin = reader.peek();
        DeviceArgument argument;
        if (begin.kind == DeviceToken::Kind::Name) {
            if (const auto named = find_memory(begin.text)) {
                reader.next();
                argument = *named;
                argument.text = begin.text;
                return argument;
            }
            const auto second = reader.peek_second();
            if ((second.is(",") || second.is(")")) && !is_size(begin.text))
                return unknown_argument(reader, begin);
        }
        const bool sign = begin.is("-") || begin.is("+");
        const auto number = sign ? reader.peek_second() : begin;
        if (number.kind == DeviceToken::Kind::Real) {
            argument.kind = DeviceArgument::Kind::Real;
            CUPEL_TRY(argument.real, read_real(reader));
        } else {
            CUPEL_TRY(argument.integer, read_expression(reader, task_));
        }
        argument.text = reader.written_since(begin.begin);
        return argument;
    }

    [[nodiscard]] std::optional<DeviceArgument> find_memory(std::string_view name) const {
        const auto among = [&](const std::vector<task::TensorId>& ids,
                               DeviceArgument::Kind kind) -> std::optional<DeviceArgument> {
            for (std::size_t i = 0; i < ids.size(); i++) {
                if (task_.tensor(ids[i]).name == name)
                    return DeviceArgument{.kind = kind, .index = i, .text = {}};
            }
            return std::nullopt;
        };
        if (auto found = among(task_.inputs, DeviceArgument::Kind::Input)) return found;
        if (auto found = among(task_.outputs, DeviceArgument::Kind::Output)) return found;
        const auto at = std::ranges::find(plan_.scratch, name, &DeviceScratch::name);
        if (at == plan_.scratch.end()) return std::nullopt;
        return DeviceArgument{.kind = DeviceArgument::Kind::Scratch,
                              .index = static_cast<std::size_t>(at - plan_.scratch.begin()),
                              .text = {}};
    }

    [[nodiscard]] bool is_size(std::string_view name) const {
        return std::ranges::find(task_.sizes, name, &task::Size::name) != task_.sizes.end();
    }

    [[nodiscard]] std::unexpected<Rejection> unknown_argument(const LineReader& reader,
                                                              const DeviceToken& name) const {
        std::vector<std::string> known;
        known.reserve(task_.inputs.size() + task_.outputs.size() + plan_.scratch.size() +
                      task_.sizes.size());
        for (const auto id : task_.inputs)
            known.push_back(task_.tensor(id).name);
        for (const auto id : task_.outputs)
            known.push_back(task_.tensor(id).name);
        for (const auto& scratch : plan_.scratch)
            known.push_back(scratch.name);
        for (const auto& size : task_.sizes)
            known.push_back(size.name);
        const auto near = nearest_name(name.text, known);
        return reader.refuse(
            name, fmt::format("{} is no input, output, scratch or size; {}", quoted(name),
                              near ? fmt::format("did you mean `{}`?", *near)
                                   : "known are " + join(known, ", ")));
    }

    static Parsed<double> read_real(LineReader& reader) {
        bool minus = false;
        if (reader.peek().kind == DeviceToken::Kind::Mark) minus = reader.next().is("-");
        const auto token = reader.next();
        auto digits = token.text;
        if (digits.ends_with('f') || digits.ends_with('F')) digits.remove_suffix(1);
        double value = 0;
        const auto* const end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, value);
        if (error != std::errc() || stop != end || !std::isfinite(value))
            return reader.refuse(token, quoted(token) + " is no number that a double can hold");
        return minus ? -value : value;
    }

    const task::Task& task_;
    const DeviceText& text_;
    std::vector<Line> scratch_lines_;
    std::vector<Line> launch_lines_;
    DevicePlan plan_;
    std::uint64_t total_ = 0;
};

}  // namespace

std::variant<DevicePlan, Rejection> read_device_plan(const task::Task& task,
                                                     std::string_view source,
                                                     const std::string& file_name) {
    if (source.size() > kMaxDeviceSource) {
        return Rejection{fmt::format("the source is larger than {}",
                                     format_bytes(static_cast<double>(kMaxDeviceSource))),
                         ""};
    }
    const auto text = read_device_text(source, file_name);
    if (const auto at = text.joined.find('\0'); at != std::string::npos)
        return text.refuse(at, "the source holds a NUL byte");
    auto plan = PlanReader(task, text).read();
    if (!plan) return std::move(plan.error());
    return std::move(*plan);
}

}  // namespace cupel::target
