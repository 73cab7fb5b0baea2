// SPDX-License-Identifier: Apache-2.0
// What a stage is already known to be, element by element. A cache and nothing more: it may be
// cleared at any time, and then elements are computed again.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "oracle/lanes.hpp"

namespace cupel::oracle {

template <class T>
class Memo {
public:
    [[nodiscard]] const Number<T>* find(std::int64_t element) {
        Page* page = page_of(element / kPage);
        const auto at = static_cast<std::size_t>(element % kPage);
        return page != nullptr && (page->known >> at & 1U) != 0 ? &page->numbers[at] : nullptr;
    }
    void keep(std::int64_t element, const Number<T>& number) {
        Page* page = page_of(element / kPage);
        if (page == nullptr) {
            last_ = element / kPage;
            page = last_page_ = pages_.emplace(last_, std::make_unique<Page>()).first->second.get();
        }
        const auto at = static_cast<std::size_t>(element % kPage);
        page->numbers[at] = number;
        page->known |= 1U << at;
    }
    [[nodiscard]] std::size_t bytes() const { return pages_.size() * (sizeof(Page) + 64); }
    void clear() {
        pages_.clear();
        last_ = -1;
        last_page_ = nullptr;
    }

private:
    static constexpr std::int64_t kPage = 32;  // the bits of `known`
    struct Page {
        std::uint32_t known = 0;
        std::array<Number<T>, kPage> numbers;
    };
    // Neighbours are asked for together: the last page is usually the next one.
    [[nodiscard]] Page* page_of(std::int64_t number) {
        if (number == last_) return last_page_;
        const auto found = pages_.find(number);
        if (found == pages_.end()) return nullptr;
        last_ = number;
        last_page_ = found->second.get();
        return last_page_;
    }

    std::unordered_map<std::int64_t, std::unique_ptr<Page>> pages_;
    std::int64_t last_ = -1;
    Page* last_page_ = nullptr;
};

}  // namespace cupel::oracle
