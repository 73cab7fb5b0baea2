// SPDX-License-Identifier: Apache-2.0
#include "mcp/server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "mcp/schema.hpp"

namespace cupel::mcp {
namespace {

using nlohmann::json;

// The newest comes first. Modern revisions are named in each request, legacy ones by `initialize`.
constexpr std::array<std::string_view, 1> kModern = {"2026-07-28"};
constexpr std::array<std::string_view, 2> kLegacy = {"2025-11-25", "2025-06-18"};

constexpr const char* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr const char* kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* kServerKey = "io.modelcontextprotocol/serverInfo";

// Tools never change while a server lives, so a client may keep the list: an hour, as the build of
// the program is no secret of one user's.
constexpr int kListLivesMs = 3'600'000;
constexpr double kProgressEvery = 2;  // seconds

const json* member(const json& object, const char* name) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
}

const json* meta(const json& params, const char* name) {
    const json* const all = member(params, "_meta");
    return all == nullptr ? nullptr : member(*all, name);
}

void add_cache_hints(json& result) {
    result["ttlMs"] = kListLivesMs;
    result["cacheScope"] = "public";
}

json capabilities() {
    return {{"tools", json::object()}};
}

json described(const Tool& tool) {
    const Description& about = tool.description();
    return {{"name", about.name},
            {"title", about.title},
            {"description", about.text},
            {"inputSchema", about.input},
            {"outputSchema", about.output},
            {"annotations",
             {{"readOnlyHint", about.read_only},
              {"destructiveHint", false},
              {"openWorldHint", false}}}};
}

json result_of(const Answer& answer) {
    auto content = json::array({{{"type", "text"}, {"text", answer.text}}});
    json result = {{"isError", answer.failed}};
    if (!answer.structured.is_null()) {
        // The mirror that the protocol asks for, for clients that read text only.
        content.push_back({{"type", "text"}, {"text", compact(answer.structured)}});
        result["structuredContent"] = answer.structured;
    }
    result["content"] = std::move(content);
    return result;
}

}  // namespace

Server::Server(Identity identity, std::vector<std::unique_ptr<Tool>> tools,
               std::function<void(std::string)> send)
    : identity_(std::move(identity)), tools_(std::move(tools)), send_(std::move(send)) {}

void Server::receive(std::string_view bytes, double now) {
    for (const Line& line : lines_.feed(bytes)) {
        if (!line.too_long) {
            serve(line.text, now);
            continue;
        }
        send_(fault_line({.code = Code::InvalidRequest,
                          .text = fmt::format("a line of more than {} bytes", kLongestLine),
                          .id = nullptr,
                          .data = nullptr}));
    }
}

void Server::serve(const std::string& line, double now) {
    const Message message = read_message(line);
    if (const auto* fault = std::get_if<Fault>(&message)) send_(fault_line(*fault));
    if (const auto* request = std::get_if<Request>(&message)) serve(*request, now);
    if (const auto* notification = std::get_if<Notification>(&message)) serve(*notification);
}

// What must hold before any method of its era is looked at.
std::optional<Fault> Server::problem_with(const Request& request, Era era) const {
    const auto fault = [&](Code code, std::string text, json data = nullptr) {
        return Fault{
            .code = code, .text = std::move(text), .id = request.id, .data = std::move(data)};
    };
    if (era == Era::Legacy) {
        if (initialized_ || request.method == "ping") return std::nullopt;
        return fault(Code::InvalidParams,
                     fmt::format("neither was initialize sent, nor does _meta name {} and {}",
                                 kVersionKey, kCapabilitiesKey));
    }
    const json* const version = meta(request.params, kVersionKey);
    if (version == nullptr || !version->is_string())
        return fault(Code::InvalidParams, fmt::format("_meta: no {}", kVersionKey));
    if (std::ranges::find(kModern, version->get_ref<const std::string&>()) == kModern.end()) {
        return fault(Code::UnsupportedProtocolVersion, "Unsupported protocol version",
                     {{"supported", kModern}, {"requested", *version}});
    }
    const json* const client = meta(request.params, kCapabilitiesKey);
    if (client == nullptr || !client->is_object())
        return fault(Code::InvalidParams, fmt::format("_meta: no {}", kCapabilitiesKey));
    return std::nullopt;
}

void Server::serve(const Request& request, double now) {
    const auto same_id = [&](const Call& call) { return call.id == request.id; };
    if (std::ranges::any_of(calls_, same_id)) {
        // Without the id: an error that bears it would be taken for the answer to the first.
        send_(fault_line(
            {.code = Code::InvalidRequest,
             .text = "the id is that of a request that is not answered yet: " + compact(request.id),
             .id = nullptr,
             .data = nullptr}));
        return;
    }
    if (request.method == "initialize") return initialize(request);
    const bool names_version = meta(request.params, kVersionKey) != nullptr;
    const bool discovers = request.method == "server/discover";
    const Era era = names_version || discovers ? Era::Modern : Era::Legacy;
    if (const auto fault = problem_with(request, era)) {
        send_(fault_line(*fault));
        return;
    }
    if (discovers) {
        json found = {{"supportedVersions", kModern},
                      {"capabilities", capabilities()},
                      {"instructions", identity_.instructions}};
        add_cache_hints(found);
        answer(request.id, era, std::move(found));
    } else if (request.method == "ping" && era == Era::Legacy) {
        answer(request.id, era, json::object());
    } else if (request.method == "tools/list") {
        if (request.params.contains("cursor")) {
            return refuse(request, Code::InvalidParams,
                          "the list has one page: no cursor is known");
        }
        json list = {{"tools", json::array()}};
        for (const auto& tool : tools_)
            list["tools"].push_back(described(*tool));
        if (era == Era::Modern) add_cache_hints(list);
        answer(request.id, era, std::move(list));
    } else if (request.method == "tools/call") {
        call_tool(request, era, now);
    } else {
        refuse(request, Code::MethodNotFound, "no method " + request.method);
    }
}

void Server::initialize(const Request& request) {
    const json* const asked = member(request.params, "protocolVersion");
    if (asked == nullptr || !asked->is_string())
        return refuse(request, Code::InvalidParams, "initialize: no protocolVersion");
    const auto* const known = std::ranges::find(kLegacy, asked->get_ref<const std::string&>());
    initialized_ = true;
    answer(request.id, Era::Legacy,
           {{"protocolVersion", known == kLegacy.end() ? kLegacy.front() : *known},
            {"capabilities", capabilities()},
            {"serverInfo", identity()},
            {"instructions", identity_.instructions}});
}

void Server::call_tool(const Request& request, Era era, double now) {
    const json* const name = member(request.params, "name");
    if (name == nullptr || !name->is_string())
        return refuse(request, Code::InvalidParams, "tools/call: no name");
    const auto& wanted = name->get_ref<const std::string&>();
    const auto tool = std::ranges::find_if(
        tools_, [&](const auto& each) { return each->description().name == wanted; });
    if (tool == tools_.end())
        return refuse(request, Code::InvalidParams, "Unknown tool: " + wanted);
    const json* const given = member(request.params, "arguments");
    const json arguments = given == nullptr ? json::object() : *given;
    if (!arguments.is_object())
        return refuse(request, Code::InvalidParams, "tools/call: arguments is not an object");
    const auto say = [&](const Answer& told) { answer(request.id, era, result_of(told)); };
    if (const auto wrong = violation((*tool)->description().input, arguments))
        return say(failure(fmt::format("wrong arguments: {}", *wrong)));
    if (calls_.size() >= kMostCalls)
        return say(failure(fmt::format("{} calls are under way; wait for one", kMostCalls)));
    Called called = (*tool)->call(arguments);
    if (const auto* told = std::get_if<Answer>(&called)) return say(*told);
    const json* const token = meta(request.params, "progressToken");
    const bool followed = token != nullptr && (token->is_string() || token->is_number_integer());
    calls_.push_back({.id = request.id,
                      .era = era,
                      .token = followed ? *token : json(),
                      .begun = now,
                      .told = now,
                      .pending = std::move(std::get<std::unique_ptr<Pending>>(called))});
}

// All others ask for nothing: notifications/initialized, and whatever is not known.
void Server::serve(const Notification& notification) {
    if (notification.method != "notifications/cancelled") return;
    const json* const id = member(notification.params, "requestId");
    if (id == nullptr || id->is_null()) return;
    const auto call =
        std::ranges::find_if(calls_, [&](const Call& each) { return each.id == *id; });
    if (call == calls_.end()) return;  // it was answered while this was on its way
    call->pending->cancel();
    calls_.erase(call);
}

void Server::step(double now) {
    for (auto call = calls_.begin(); call != calls_.end();) {
        if (const auto done = call->pending->look()) {
            answer(call->id, call->era, result_of(*done));
            call = calls_.erase(call);
            continue;
        }
        if (!call->token.is_null() && now - call->told >= kProgressEvery) {
            call->told = now;
            send_(notification_line("notifications/progress",
                                    {{"progressToken", call->token},
                                     {"progress", now - call->begun},
                                     {"message", call->pending->progress()}}));
        }
        ++call;
    }
}

json Server::identity() const {
    return {{"name", identity_.name}, {"title", identity_.title}, {"version", identity_.version}};
}

void Server::answer(const json& id, Era era, json result) {
    if (era == Era::Modern) {
        result["resultType"] = "complete";
        result["_meta"] = {{kServerKey, identity()}};
    }
    send_(result_line(id, std::move(result)));
}

void Server::refuse(const Request& request, Code code, std::string text, json data) {
    send_(fault_line(
        {.code = code, .text = std::move(text), .id = request.id, .data = std::move(data)}));
}

}  // namespace cupel::mcp
