// SPDX-License-Identifier: Apache-2.0
#include "emulator/forms.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace cupel::emulator {

void Forms::add(std::string name, Handler run, std::initializer_list<Type> types, Work work,
                std::uint8_t flops) {
    CUPEL_CHECK(types.size() >= 1 && types.size() <= 5);
    Form form{.run = run,
              .sources = static_cast<unsigned>(types.size() - 1),
              .work = work,
              .flops = flops};
    std::ranges::copy(types, form.types.begin());
    add(std::move(name), form);
}

const Form* Forms::find(std::string_view name) const {
    const auto found = rows_.find(name);
    return found == rows_.end() ? nullptr : &found->second;
}

std::string Forms::near(std::string_view name) const {
    const std::string_view base = name.substr(0, name.find('.'));
    std::vector<std::string> names;
    for (const auto& [known, form] : rows_) {
        if (known.starts_with(base) && known.substr(base.size()).starts_with('.')) {
            names.push_back(known);
        }
    }
    return nearest_name(name, names).value_or("");
}

const Forms& all_forms() {
    static const Forms kForms = [] {
        Forms forms;
        add_integer_forms(forms);
        add_logic_forms(forms);
        add_compare_forms(forms);
        add_real_forms(forms);
        add_half_forms(forms);
        add_convert_forms(forms);
        add_convert_half_forms(forms);
        return forms;
    }();
    return kForms;
}

}  // namespace cupel::emulator
