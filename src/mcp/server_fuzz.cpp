// SPDX-License-Identifier: Apache-2.0
// libFuzzer: whatever a client writes, cut wherever it is, what goes back are whole messages of the
// protocol, the calls are bounded, and none is lost.
#include <cstddef>
#include <cstdint>

#include "base/result.hpp"
#include "mcp/testing.hpp"

namespace {

void check_message(const nlohmann::json& message) {
    CUPEL_CHECK(message.is_object() && message.value("jsonrpc", "") == "2.0");
    const bool result = message.contains("result");
    const bool error = message.contains("error");
    const bool notification = message.contains("method");
    CUPEL_CHECK(int{result} + int{error} + int{notification} == 1);
    CUPEL_CHECK(!result || message.contains("id"));
    if (error) CUPEL_CHECK(message.at("error").at("code").is_number_integer());
    const auto id = message.find("id");
    if (id != message.end()) CUPEL_CHECK(id->is_string() || id->is_number());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    cupel::mcp::Scene scene;
    const std::string text(data, data + size);
    // The first byte says where the text is cut, as a pipe may cut it anywhere.
    const std::size_t piece = text.empty() ? 1 : 1 + static_cast<unsigned char>(text.front());
    double now = 0;
    for (std::size_t from = 0; from < text.size(); from += piece) {
        scene.server.receive(std::string_view(text).substr(from, piece), now);
        scene.server.step(now += 1);
        CUPEL_CHECK(scene.server.calls() <= cupel::mcp::kMostCalls);
        CUPEL_CHECK(scene.log.alive == static_cast<int>(scene.server.calls()));
    }
    for (int i = 0; i < 101; ++i)
        scene.server.step(now += 1);
    CUPEL_CHECK(scene.server.calls() == 0);
    for (const nlohmann::json& message : scene.sent)
        check_message(message);
    return 0;
}
