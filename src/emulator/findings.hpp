// SPDX-License-Identifier: Apache-2.0
// Collects what goes wrong in a launch, grouped by kind and by the pair of source lines, so that an
// unrolled loop makes one finding and not a page of them.
#pragma once

#include <map>
#include <tuple>

#include "emulator/code.hpp"
#include "emulator/device.hpp"

namespace cupel::emulator {

struct Event {
    Fault fault = Fault::Note;
    std::uint32_t site = 0;
    std::uint64_t block = 0;
    std::uint32_t thread = 0;
    std::uint32_t other_site = kNoIndex;  // none
    std::uint64_t other_block = 0;
    std::uint32_t other_thread = 0;
    std::string_view memory{};
    std::uint64_t offset = 0;
};

class Findings {
public:
    explicit Findings(const Code& code) : code_(code) {}

    // `say(where, other)` makes the text, and is called for the first event of a group only; the
    // words are like "line 31 (thread 5)". `kind` tells events apart that share the rest.
    template <class Say>
    void add(const Event& event, int kind, Say say) {
        Finding* const known = count(event, kind);
        if (known == nullptr) return;
        known->text = say(words(event.site, event.block, event.thread, event),
                          words(event.other_site, event.other_block, event.other_thread, event));
    }
    [[nodiscard]] std::string line_words(std::uint32_t site) const;
    [[nodiscard]] std::vector<Finding> take();
    [[nodiscard]] bool has(Fault fault) const;
    [[nodiscard]] bool empty() const { return findings_.empty(); }

private:
    // A new finding to be given its text; null where the group is known, which counts one more.
    Finding* count(const Event& event, int kind);
    [[nodiscard]] Place place_of(std::uint32_t site) const;
    [[nodiscard]] std::string words(std::uint32_t site, std::uint64_t block, std::uint32_t thread,
                                    const Event& event) const;

    using Key = std::tuple<Fault, int, std::uint64_t, std::uint64_t, std::string>;
    [[nodiscard]] std::uint64_t line_key(std::uint32_t site) const;

    const Code& code_;
    std::map<Key, std::size_t> groups_;
    std::vector<Finding> findings_;
};

}  // namespace cupel::emulator
