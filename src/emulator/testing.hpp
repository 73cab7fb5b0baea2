// SPDX-License-Identifier: Apache-2.0
// For tests: a device with one module and its buffers.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "emulator/emulator.hpp"

namespace cupel::emulator::testing {

// A file of golden/; `root` is CUPEL_ROOT, which only tests know.
inline std::string golden_text(const std::string& root, const std::string& name) {
    std::ifstream file(root + "/src/emulator/golden/" + name + ".ptx");
    return {std::istreambuf_iterator<char>(file), {}};
}

// The text without the n-th occurrence of a piece, or with another in its place.
inline std::string mutated(std::string text, std::string_view piece, int n = 0,
                           std::string_view instead = "") {
    std::size_t at = text.find(piece);
    for (; n > 0 && at != std::string::npos; n--)
        at = text.find(piece, at + 1);
    EXPECT_NE(at, std::string::npos) << piece;
    if (at != std::string::npos) text.replace(at, piece.size(), instead);
    return text;
}

class Trial {
public:
    explicit Trial(const std::string& ptx) : device_(make_emulator()) {
        const auto loaded = device_->load(ptx, "t.ptx");
        EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().text);
    }

    template <class T>
    BufferId input(const std::string& name, const std::vector<T>& values, Role role = Role::Input) {
        return allocate({.name = name,
                         .role = role,
                         .bytes = values.size() * sizeof(T),
                         .values = std::as_bytes(std::span(values))});
    }
    BufferId output(const std::string& name, std::uint64_t bytes, Role role = Role::Output) {
        return allocate({.name = name, .role = role, .bytes = bytes});
    }

    Report run(const Launch& launch, const Options& options = {}) {
        auto report = device_->launch(launch, options);
        EXPECT_TRUE(report) << (report ? "" : report.error().text);
        return report ? *std::move(report) : Report{};
    }
    // The message of a launch that is refused.
    std::string refusal(const Launch& launch) {
        const auto report = device_->launch(launch, {});
        return report ? "not refused" : report.error().text;
    }

    template <class T>
    std::vector<T> read(BufferId buffer) const {
        const auto bytes = device_->read(buffer);
        std::vector<T> values(bytes->size() / sizeof(T));
        std::memcpy(values.data(), bytes->data(), bytes->size());
        return values;
    }
    Device& device() { return *device_; }

private:
    BufferId allocate(const BufferSpec& spec) {
        const auto id = device_->allocate(spec);
        EXPECT_TRUE(id) << (id ? "" : id.error().text);
        return id.value_or(0);
    }
    std::unique_ptr<Device> device_;
};

// All findings, a line each; empty where there are none but notes.
inline std::string faults(const Report& report) {
    std::string text;
    for (const Finding& finding : report.findings) {
        if (finding.fault != Fault::Note) text += finding.text + "\n";
    }
    return text + (report.finished ? "" : "did not finish\n");
}

// All that is said of a launch, to be compared with another.
inline std::string in_words(const Report& report) {
    std::string text = faults(report);
    for (const Finding& one : report.findings) {
        text += fmt::format("{} {} {} {} {} {}\n", one.text, one.events, one.first.block,
                            one.first.thread, one.memory, one.offset);
    }
    const Counters& counted = report.counters;
    for (const WorkCount& one : counted.work)
        text += fmt::format("{} {} {}\n", one.name, one.warps, one.lanes);
    text += fmt::format("{} {} {} {} {} {} {} {} {} {} {} {}\n", counted.warp_instructions,
                        counted.lane_instructions, counted.global_requests, counted.global_sectors,
                        counted.global_bytes, counted.shared_requests, counted.shared_wavefronts,
                        counted.shared_conflicts, counted.divergent_branches,
                        counted.unique_bytes_read, counted.unique_bytes_written, report.blocks);
    for (const Coverage& one : report.coverage)
        text += fmt::format("{} {} {}\n", one.buffer, one.read, one.written);
    return text;
}

// A kernel of the given body, with buffers %a and %b (64-bit addresses, global), a number %n, its
// thread %t within the block and its block %k. `line` stands for .loc 1.
inline std::string kernel(std::string body) {
    std::string text;
    for (std::size_t at = 0; at < body.size();) {  // "@7@" becomes .loc 1 7 1
        const std::size_t open = body.find("#", at);
        text += body.substr(at, open - at);
        if (open == std::string::npos) break;
        const std::size_t end = body.find_first_not_of("0123456789", open + 1);
        text += ".loc 1 " + body.substr(open + 1, end - open - 1) + " 1\n";
        at = end;
    }
    return ".version 8.0\n.target sm_80\n.address_size 64\n.file 1 \"k.cu\"\n"
           ".visible .entry k(.param .u64 p0, .param .u64 p1, .param .u32 p2) {\n"
           ".reg .b16 %h<20>; .reg .b32 %r<40>; .reg .f32 %f<40>; .reg .b64 %d<40>; .reg .f64 "
           "%g<10>;\n"
           ".reg .pred %p<20>; .reg .b64 %a, %b; .reg .b32 %n, %t, %k;\n"
           "ld.param.u64 %a, [p0]; ld.param.u64 %b, [p1]; ld.param.u32 %n, [p2];\n"
           "mov.u32 %t, %tid.x; mov.u32 %k, %ctaid.x;\n" +
           text + "\nret;\n}\n";
}

}  // namespace cupel::emulator::testing
