// SPDX-License-Identifier: Apache-2.0
#include "conformance/golden.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "conformance/form.hpp"
#include "conformance/seal.hpp"
#include "conformance/tensor_form.hpp"

namespace cupel::emulator::conformance {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the file and operands are little-endian");

constexpr std::string_view kMagic = "cupel golden forms 1\n";

// A matrix instruction keeps one tile of each class, an approximation all lanes: it is held to a
// bound, which hashes cannot be.
unsigned lanes_to_keep(std::size_t form_index) {
    constexpr unsigned kUsual = 64;
    const unsigned lanes = lanes_of(form_index);
    if (all_forms()[form_index].promise == Promise::Approximate) return lanes;
    if (!is_tensor_form(form_index)) return std::min(kUsual, lanes);
    const bool warpgroup = tensor_forms()[form_index - first_tensor_form()].warpgroup;
    return kTileClasses * 32 * (warpgroup ? 4 : 1);
}

template <class T>
void put(std::string& out, T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof value);
}

void put_text(std::string& out, std::string_view text) {
    put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

// Takes pieces off the front; once something is missing everything after it is empty.
class Cursor {
public:
    explicit Cursor(std::string_view rest) : rest_(rest) {}

    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool done() const { return rest_.empty(); }

    std::string_view take(std::size_t count) {
        good_ = good_ && count <= rest_.size();
        if (!good_) return {};
        const std::string_view piece = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return piece;
    }
    template <class T>
    T number() {
        T value = 0;
        const std::string_view piece = take(sizeof value);
        if (good_) std::ranges::copy(piece, reinterpret_cast<char*>(&value));
        return value;
    }
    // `count` numbers; their bytes are there before memory is asked for.
    template <class T>
    std::vector<T> numbers(std::size_t count) {
        good_ = good_ && count <= rest_.size() / sizeof(T);
        if (!good_ || count == 0) return {};
        std::vector<T> values(count);
        std::ranges::copy(take(count * sizeof(T)), reinterpret_cast<char*>(values.data()));
        return values;
    }
    std::string_view text() { return take(number<std::uint32_t>()); }

private:
    std::string_view rest_;
    bool good_ = true;
};

void put_form(std::string& out, const GoldenForm& form) {
    put_text(out, form.name);
    for (const std::uint64_t hash : {form.text_hash, form.operand_hash, form.result_hash})
        put(out, hash);
    for (const std::uint32_t number : {form.lanes, form.kept, form.lane_bytes})
        put(out, number);
    for (const std::uint32_t hash : form.warp_hashes)
        put(out, hash);
    out.append(form.results.begin(), form.results.end());
}

Result<GoldenForm> take_form(Cursor& from, std::size_t place) {
    const auto wrong = [&](const std::string& what) {
        return fail(Errc::Corrupt, "form " + std::to_string(place) + ": " + what);
    };
    constexpr std::uint32_t kMostLanes = 1 << 20;
    GoldenForm form;
    form.name = from.text();
    for (std::uint64_t* const hash : {&form.text_hash, &form.operand_hash, &form.result_hash})
        *hash = from.number<std::uint64_t>();
    for (std::uint32_t* const number : {&form.lanes, &form.kept, &form.lane_bytes})
        *number = from.number<std::uint32_t>();
    if (!from.good()) return wrong("the file ends within it");
    if (form.lanes % 32 != 0 || form.lanes > kMostLanes || form.kept > form.lanes) {
        return wrong("it has " + std::to_string(form.kept) + " of " + std::to_string(form.lanes) +
                     " lanes");
    }
    form.warp_hashes = from.numbers<std::uint32_t>(form.lanes / 32);
    form.results = from.numbers<std::uint8_t>(std::size_t{form.kept} * form.lane_bytes);
    if (!from.good()) return wrong("the file ends within its results");
    return form;
}

Result<Golden> parse_golden(std::string_view content) {
    Cursor from(content);
    if (from.take(kMagic.size()) != kMagic)
        return fail(Errc::Corrupt, "its first line is no 'cupel golden forms 1'");
    Golden golden;
    golden.device = from.text();
    const auto count = from.number<std::uint32_t>();
    if (!from.good()) return fail(Errc::Corrupt, "the file ends within its head");
    for (std::uint32_t i = 0; i < count; ++i) {
        CUPEL_TRY(GoldenForm form, take_form(from, i));
        golden.forms.push_back(std::move(form));
    }
    if (!from.done()) return fail(Errc::Corrupt, "there are bytes behind the last form");
    return golden;
}

}  // namespace

std::uint64_t hash_of(std::span<const std::uint8_t> bytes) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::uint8_t byte : bytes)
        hash = (hash ^ byte) * 0x100000001b3;
    return hash;
}

std::uint64_t text_hash_of(std::size_t form_index) {
    // Under a name without its place, which another form before it would change.
    return key_of(kernel_text(all_forms()[form_index], "form"));
}

std::vector<std::uint8_t> first_lanes(std::size_t form_index, std::span<const std::uint8_t> results,
                                      unsigned count) {
    const unsigned lanes = lanes_of(form_index);
    std::vector<std::uint8_t> first;
    std::size_t array = 0;
    for (const Type type : all_forms()[form_index].out) {
        const auto piece = results.subspan(array, std::size_t{count} * bytes_of(type));
        first.insert(first.end(), piece.begin(), piece.end());
        array += std::size_t{lanes} * bytes_of(type);
    }
    return first;
}

std::uint32_t warp_hash_of(std::size_t form_index, std::span<const std::uint8_t> results,
                           std::size_t warp) {
    const unsigned lanes = lanes_of(form_index);
    std::vector<std::uint8_t> of_warp;
    std::size_t array = 0;
    for (const Type type : all_forms()[form_index].out) {
        const std::size_t bytes = std::size_t{32} * bytes_of(type);
        const auto piece = results.subspan(array + warp * bytes, bytes);
        of_warp.insert(of_warp.end(), piece.begin(), piece.end());
        array += std::size_t{lanes} * bytes_of(type);
    }
    return static_cast<std::uint32_t>(hash_of(of_warp));
}

GoldenForm make_golden(std::size_t form_index, std::span<const std::uint8_t> results) {
    const Form& form = all_forms()[form_index];
    GoldenForm golden;
    golden.name = form.name;
    golden.text_hash = text_hash_of(form_index);
    golden.operand_hash = hash_of(operands_of(form_index));
    golden.result_hash = hash_of(results);
    golden.lanes = lanes_of(form_index);
    golden.kept = lanes_to_keep(form_index);
    golden.lane_bytes = static_cast<std::uint32_t>(bytes_per_lane(form.out));
    CUPEL_CHECK(results.size() == std::size_t{golden.lanes} * golden.lane_bytes);
    for (std::size_t warp = 0; warp < golden.lanes / 32; ++warp)
        golden.warp_hashes.push_back(warp_hash_of(form_index, results, warp));
    golden.results = first_lanes(form_index, results, golden.kept);
    return golden;
}

std::string write_golden(const Golden& golden) {
    std::string out(kMagic);
    put_text(out, golden.device);
    put(out, static_cast<std::uint32_t>(golden.forms.size()));
    for (const GoldenForm& form : golden.forms)
        put_form(out, form);
    return seal(std::move(out));
}

Result<Golden> read_golden(std::string_view bytes) {
    CUPEL_TRY(const std::string_view content, unseal(bytes));
    return parse_golden(content);
}

Result<Golden> load_golden(const std::string& path) {
    CUPEL_TRY(const std::string content, read_sealed(path));
    auto golden = parse_golden(content);
    if (!golden) return std::unexpected(std::move(golden).error().in(path));
    return golden;
}

}  // namespace cupel::emulator::conformance
