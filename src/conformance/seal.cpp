// SPDX-License-Identifier: Apache-2.0
#include "conformance/seal.hpp"

#include <fstream>
#include <iterator>

#include "base/hash.hpp"

namespace cupel::emulator::conformance {
namespace {

constexpr std::string_view kMark = "sealed ";
constexpr std::size_t kLength = kMark.size() + 64 + 1;

}  // namespace

std::string seal(std::string content) {
    const std::string hash = hash_hex(content);
    return std::move(content) + std::string(kMark) + hash + "\n";
}

Result<std::string_view> unseal(std::string_view sealed) {
    if (sealed.size() < kLength || sealed.substr(sealed.size() - kLength, kMark.size()) != kMark)
        return fail(Errc::Corrupt, "its last line is no seal: the file is cut short, or not ours");
    const std::string_view content = sealed.substr(0, sealed.size() - kLength);
    if (seal(std::string(content)) != sealed)
        return fail(Errc::Corrupt, "its content is not what was sealed");
    return content;
}

Result<std::string> read_sealed(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(path);
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) return fail_errno(path);
    auto content = unseal(all);
    if (!content) return std::unexpected(std::move(content).error().in(path));
    return std::string(*content);
}

}  // namespace cupel::emulator::conformance
