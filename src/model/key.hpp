// SPDX-License-Identifier: Apache-2.0
// A provider's secret. It lives in memory only, is sent to one provider only, and is taken out of
// every text before anybody sees or keeps that text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cupel::model {

class Key {
public:
    Key() = default;  // none: a server that asks for no key
    // The variable is removed from this process's environment, so that nothing started later
    // inherits it.
    [[nodiscard]] static Result<Key> from_environment(const std::string& name);
    // Reads to the end (a pipe, a file) and closes it.
    [[nodiscard]] static Result<Key> from_fd(int fd);
    // Usage where no provider gives such keys: empty, short, or with spaces and control characters.
    [[nodiscard]] static Result<Key> from_text(std::string_view text, std::string_view where);

    Key(Key&& other) noexcept;
    Key& operator=(Key&& other) noexcept;
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;
    ~Key();

    [[nodiscard]] bool empty() const noexcept { return secret_.empty(); }
    // For the header of a request, and nothing else.
    [[nodiscard]] const std::string& secret() const noexcept { return secret_; }
    // The text with "[key]" wherever the secret stood.
    [[nodiscard]] std::string redact(std::string text) const;

private:
    void wipe() noexcept;
    std::string secret_;
};

}  // namespace cupel::model
