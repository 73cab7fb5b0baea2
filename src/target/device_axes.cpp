// SPDX-License-Identifier: Apache-2.0
#include "target/device_axes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "target/loop_depth.hpp"

namespace cupel::target {
namespace {

class PtxReader {
public:
    void read(std::string_view line) {
        ++line_;
        line = trim(line);
        const bool guarded = line.starts_with('@');
        if (guarded) {
            const std::size_t space = std::min(line.find(' '), line.size());
            line = trim(line.substr(space));
        }
        if (line.contains(".entry ") || line.contains(".func ")) end_function();
        if (line.ends_with(':')) labels_.emplace(line.substr(0, line.size() - 1), line_);
        steps_.push_back({.at = line_});
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        const std::string_view name = line.substr(0, end);
        const bool leaves = name == "ret" || name == "exit";
        if (leaves || name.starts_with("bra")) steps_.back().falls = guarded;
        if (name.starts_with("bra")) jump(trim(line.substr(end)));
        count(name);
    }
    [[nodiscard]] std::string axes(std::size_t launches) && {
        end_function();
        return fmt::format("device {} {} depth{} {} {}", vectors_ ? "vectors" : "scalar", memory(),
                           depth_, precision(), works(launches));
    }

private:
    static bool has(std::string_view name, std::initializer_list<std::string_view> parts) {
        return std::ranges::any_of(parts, [&](auto part) { return name.contains(part); });
    }

    // A label may come after what jumps to it.
    void jump(std::string_view target) {
        const std::size_t end = std::min(target.find(';'), target.size());
        jumps_.emplace_back(steps_.size() - 1, trim(target.substr(0, end)));
    }

    void end_function() {
        for (const auto& [step, label] : jumps_) {
            const auto found = labels_.find(label);
            if (found != labels_.end()) steps_[step].to = found->second;
        }
        for (const int depth : loop_depths(steps_))
            depth_ = std::max(depth_, depth);
        labels_.clear();
        jumps_.clear();
        steps_.clear();
    }

    void count(std::string_view name) {
        const bool loads = name.starts_with("ld.");
        const bool accesses = loads || name.starts_with("st.");
        vectors_ = vectors_ || (accesses && name.contains("global") && has(name, {".v2", ".v4"}));
        shared_ = shared_ || (loads && name.contains(".shared"));
        pipelined_ = pipelined_ || name.starts_with("cp.async");
        shuffled_ = shuffled_ || name.starts_with("shfl");
        atomic_ = atomic_ || name.starts_with("atom.") || name.starts_with("red.");
        tensor_ = tensor_ || name.starts_with("mma.") || name.starts_with("wmma.mma");
        const std::string_view stem = name.substr(0, std::min(name.find('.'), name.size()));
        if (stem != "add" && stem != "sub" && stem != "mul" && stem != "fma" && stem != "div")
            return;
        half_ = half_ || has(name, {".f16", ".bf16"});
        if (name.contains(".f64")) ++doubles_;
        if (name.contains(".f32")) ++singles_;
    }

    [[nodiscard]] std::string_view memory() const {
        if (pipelined_) return "pipelined";
        if (shared_) return "shared";
        return shuffled_ ? "shuffled" : "direct";
    }
    [[nodiscard]] std::string_view precision() const {
        if (tensor_) return "tensor";
        if (half_) return "half";
        return doubles_ > singles_ ? "fp64" : "fp32";
    }
    // How the work is split among launches, and whether blocks add to one place.
    [[nodiscard]] std::string_view works(std::size_t launches) const {
        if (launches < 2) return atomic_ ? "atomic" : "once";
        return launches == 2 ? "twice" : "often";
    }

    std::vector<Step> steps_;  // of this function, a line each
    std::map<std::string, std::uint64_t, std::less<>> labels_;
    std::vector<std::pair<std::size_t, std::string>> jumps_;
    std::uint64_t line_ = 0;
    int depth_ = 0;
    int doubles_ = 0;
    int singles_ = 0;
    bool vectors_ = false;
    bool shared_ = false;
    bool pipelined_ = false;
    bool shuffled_ = false;
    bool atomic_ = false;
    bool tensor_ = false;
    bool half_ = false;
};

}  // namespace

std::string axes_of_ptx(std::string_view ptx, std::size_t launches) {
    PtxReader reader;
    for (const std::string& line : split(ptx, '\n'))
        reader.read(line);
    return std::move(reader).axes(launches);
}

}  // namespace cupel::target
