// SPDX-License-Identifier: Apache-2.0
#include "conformance/form.hpp"

#include <cstring>

#include "conformance/tensor_form.hpp"

namespace cupel::emulator::conformance {
namespace {

const char* register_class(Type type) {
    if (type == Type::Pred) return "pred";
    switch (bytes_of(type)) {
        case 1:
        case 2:
            return "b16";
        case 4:
            return "b32";
        default:
            return "b64";
    }
}

std::string bits_suffix(Type type) {
    return ".b" + std::to_string(8 * bytes_of(type));
}

// Declares `pointer` as the address of this thread's element of an array.
std::string address(const std::string& pointer, const std::string& base, unsigned before,
                    unsigned bytes) {
    return "  .reg .b64 " + pointer + ";\n  mad.wide.u32 " + pointer + ", %n, " +
           std::to_string(before) + ", " + base + ";\n  mad.wide.u32 " + pointer + ", %i, " +
           std::to_string(bytes) + ", " + pointer + ";\n";
}

std::string load(Type type, const std::string& name, const std::string& pointer) {
    const std::string declare = std::string("  .reg .") + register_class(type) + " " + name + ";\n";
    if (type == Type::Pred) {
        return declare + "  ld.global.u8 %byte, [" + pointer + "];\n  setp.ne.u16 " + name +
               ", %byte, 0;\n";
    }
    return declare + "  ld.global" + bits_suffix(type) + " " + name + ", [" + pointer + "];\n";
}

std::string store(Type type, const std::string& name, const std::string& pointer) {
    if (type == Type::Pred)
        return "  selp.u16 %byte, 1, 0, " + name + ";\n  st.global.u8 [" + pointer + "], %byte;\n";
    return "  st.global" + bits_suffix(type) + " [" + pointer + "], " + name + ";\n";
}

}  // namespace

std::string kernel_text(const Form& form, std::string_view kernel_name) {
    const std::string name(kernel_name);
    std::string text =
        "// " + form.name + "\n.visible .entry " + name + "(.param .u64 " + name +
        "_in, .param .u64 " + name + "_out, .param .u32 " + name + "_lanes)\n{\n" +
        "  .reg .b64 %in, %out;\n  .reg .b32 %n, %t, %i, %lane;\n  .reg .b16 %byte;\n" +
        "  ld.param.u64 %in, [" + name + "_in];\n  ld.param.u64 %out, [" + name +
        "_out];\n  ld.param.u32 %n, [" + name + "_lanes];\n" +
        "  cvta.to.global.u64 %in, %in;\n  cvta.to.global.u64 %out, %out;\n" +
        "  mov.u32 %t, %tid.x;\n  mov.u32 %i, %ctaid.x;\n" + "  mad.lo.u32 %i, %i, " +
        std::to_string(kBlock) + ", %t;\n" + "  and.b32 %lane, %t, 31;\n";
    unsigned before = 0;
    for (std::size_t k = 0; k < form.in.size(); ++k) {
        const std::string n = std::to_string(k);
        text += address("%p" + n, "%in", before, bytes_of(form.in[k]));
        text += load(form.in[k], "%a" + n, "%p" + n);
        before += bytes_of(form.in[k]);
    }
    before = 0;
    for (std::size_t k = 0; k < form.out.size(); ++k) {
        const std::string n = std::to_string(k);
        text += address("%m" + n, "%out", before, bytes_of(form.out[k]));
        text += std::string("  .reg .") + register_class(form.out[k]) + " %d" + n + ";\n";
        before += bytes_of(form.out[k]);
    }
    text += "  " + form.body + "\n";
    for (std::size_t k = 0; k < form.out.size(); ++k) {
        if ((form.stored_by_body >> k & 1) == 0)
            text += store(form.out[k], "%d" + std::to_string(k), "%m" + std::to_string(k));
    }
    return text + "  ret;\n}\n";
}

std::string kernel_name(std::size_t index) {
    std::string digits = std::to_string(index);
    digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
    return "f" + digits;
}

std::string module_text(const Forms& forms, std::size_t first, std::size_t count) {
    std::string text = ".version 8.7\n.target sm_90";
    text += first < forms.size() && forms[first].hopper_only ? "a\n" : "\n";
    text += ".address_size 64\n";
    for (std::size_t i = first; i < first + count && i < forms.size(); ++i)
        text += kernel_text(forms[i], kernel_name(i));
    return text;
}

void add_plain(Forms& forms, const std::string& op, Type out, std::vector<Type> in,
               Promise promise) {
    std::string body = op + " %d0";
    for (std::size_t k = 0; k < in.size(); ++k)
        body += ", %a" + std::to_string(k);
    forms.push_back(
        {.name = op, .body = body + ";", .in = std::move(in), .out = {out}, .promise = promise});
}

const Forms& all_forms() {
    static const Forms kForms = [] {
        Forms all;
        add_integer_forms(all);
        add_bit_forms(all);
        add_compare_forms(all);
        add_float_forms(all);
        add_half_forms(all);
        add_convert_forms(all);
        add_warp_forms(all);
        add_memory_forms(all);
        add_wmma_forms(all);
        add_tensor_forms(all);
        return all;
    }();
    return kForms;
}

std::vector<Range> modules() {
    constexpr std::size_t kMost = 100;
    const Forms& forms = all_forms();
    std::vector<Range> all;
    for (std::size_t i = 0; i < forms.size(); ++i) {
        const bool fresh = all.empty() || all.back().count == kMost ||
                           forms[all.back().first].hopper_only != forms[i].hopper_only;
        if (fresh) all.push_back({i, 0});
        ++all.back().count;
    }
    return all;
}

std::size_t bytes_per_lane(const std::vector<Type>& types) {
    std::size_t bytes = 0;
    for (const Type type : types)
        bytes += bytes_of(type);
    return bytes;
}

unsigned lanes_of(std::size_t form_index) {
    if (is_tensor_form(form_index)) return kGoldenTiles * 32;
    return lanes_for(all_forms()[form_index].in);
}

std::vector<std::uint8_t> operands_of(std::size_t form_index) {
    const Form& form = all_forms()[form_index];
    if (is_tensor_form(form_index)) {
        return tile_operands(tensor_forms()[form_index - first_tensor_form()], form.key(), 0,
                             kGoldenTiles);
    }
    const unsigned lanes = lanes_of(form_index);
    std::vector<std::uint8_t> bytes(lanes * bytes_per_lane(form.in));
    std::size_t at = 0;
    for (unsigned place = 0; place < form.in.size(); ++place) {
        for (unsigned lane = 0; lane < lanes; ++lane) {
            const std::uint64_t word = operand(form.in, place, lane, form.key());
            std::memcpy(bytes.data() + at, &word, bytes_of(form.in[place]));
            at += bytes_of(form.in[place]);
        }
    }
    return bytes;
}

}  // namespace cupel::emulator::conformance
