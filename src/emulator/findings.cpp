// SPDX-License-Identifier: Apache-2.0
#include "emulator/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/bundle.hpp"

namespace cupel::emulator {
namespace {

constexpr std::size_t kMaxFindings = 1000;

std::string_view base_name(std::string_view path) {
    return path.substr(path.find_last_of('/') + 1);
}

}  // namespace

std::string_view name_of(Fault fault) {
    switch (fault) {
        case Fault::OutOfBounds:
            return "out of bounds";
        case Fault::Misaligned:
            return "misaligned";
        case Fault::WroteInput:
            return "wrote an input";
        case Fault::Uninitialised:
            return "uninitialised";
        case Fault::Environment:
            return "environment";
        case Fault::SharedRace:
            return "shared race";
        case Fault::GlobalRace:
            return "global race";
        case Fault::SameValueRace:
            return "same-value race";
        case Fault::BarrierDivergence:
            return "barrier divergence";
        case Fault::MaskError:
            return "mask error";
        case Fault::Deadlock:
            return "deadlock";
        case Fault::AsyncHazard:
            return "async hazard";
        case Fault::StaleRead:
            return "stale read";
        case Fault::HiddenState:
            return "hidden state";
        case Fault::NotWritten:
            return "not written";
        case Fault::NotFinished:
            return "not finished";
        case Fault::Assertion:
            return "assertion";
        case Fault::Trap:
            return "trap";
        case Fault::Note:
            return "note";
    }
    return "";
}

bool Report::clean() const {
    return finished && std::ranges::all_of(findings, [](const Finding& finding) {
               return finding.fault == Fault::Note;
           });
}

std::uint64_t Findings::line_key(std::uint32_t site) const {
    if (site == kNoIndex) return 0;
    const Site& at = code_.sites[site];
    return at.line.line != 0 ? (std::uint64_t{at.line.file} << 32) | at.line.line
                             : (std::uint64_t{1} << 63) | at.ptx_line;
}

Place Findings::place_of(std::uint32_t site) const {
    if (site == kNoIndex) return {};
    const Site& at = code_.sites[site];
    const bool known = at.line.file < code_.files.size();
    return {.file = known ? std::string(code_.files[at.line.file]) : std::string(),
            .line = at.line.line,
            .ptx_line = at.ptx_line};
}

std::string Findings::line_words(std::uint32_t site) const {
    const Site& at = code_.sites[site];
    if (at.line.line == 0) return fmt::format("PTX line {}", at.ptx_line);
    const bool known = at.line.file < code_.files.size();
    if (!known || code_.files[at.line.file] == code_.main_file) {
        return fmt::format("line {}", at.line.line);
    }
    // By `#line` a kernel can call its file whatever it wants told.
    const std::string_view name = base_name(code_.files[at.line.file]);
    return fmt::format("{}:{}", is_plain_name(name) ? name : "another file", at.line.line);
}

std::string Findings::words(std::uint32_t site, std::uint64_t block, std::uint32_t thread,
                            const Event& event) const {
    if (site == kNoIndex) return {};
    const bool two_blocks = event.other_site != kNoIndex && event.block != event.other_block;
    return two_blocks ? fmt::format("{} (block {} thread {})", line_words(site), block, thread)
                      : fmt::format("{} (thread {})", line_words(site), thread);
}

Finding* Findings::count(const Event& event, int kind) {
    Key key{event.fault, kind, line_key(event.site), line_key(event.other_site),
            std::string(event.memory)};
    if (const auto known = groups_.find(key); known != groups_.end()) {
        findings_[known->second].events++;
        return nullptr;
    }
    if (findings_.size() >= kMaxFindings) return nullptr;
    groups_.emplace(std::move(key), findings_.size());
    const bool pair = event.other_site != kNoIndex;
    const Actor first{.block = event.block, .thread = event.thread, .place = place_of(event.site)};
    findings_.push_back({.fault = event.fault,
                         .text = {},
                         .first = first,
                         .second = pair ? Actor{.block = event.other_block,
                                                .thread = event.other_thread,
                                                .place = place_of(event.other_site)}
                                        : first,
                         .memory = std::string(event.memory),
                         .offset = event.offset});
    return &findings_.back();
}

bool Findings::has(Fault fault) const {
    return std::ranges::any_of(findings_, [&](const Finding& f) { return f.fault == fault; });
}

std::vector<Finding> Findings::take() {
    for (Finding& finding : findings_) {
        finding.text = fmt::format("{}: {}", name_of(finding.fault), finding.text);
        if (finding.events > 1) finding.text += fmt::format(" ({} times)", finding.events);
    }
    return std::move(findings_);
}

}  // namespace cupel::emulator
