// SPDX-License-Identifier: Apache-2.0
#include "referee/certificate.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/hash.hpp"
#include "os/clock.hpp"
#include "referee/differences.hpp"

namespace cupel::referee {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "cupel-certificate";
constexpr int kVersion = 3;
constexpr std::string_view kScheme = "ed25519";
constexpr std::string_view kUnsigned = "unsigned";

// The only spelling: sorted keys, one space a level, UTF-8, the shortest digits of each number.
std::string text_of(const json& document) {
    return document.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

// Of the whole text, with the digits of hash and signature left out.
std::string content_hash(json document) {
    document["hash"] = "";
    document["signature"]["value"] = "";
    return hash_hex(text_of(document));
}

// What is signed: the whole text, with the digits of the signature left out.
std::string signed_text(json document) {
    document["signature"]["value"] = "";
    return fmt::format("{} {}\n{}", kFormat, kVersion, text_of(document));
}

// A certificate is a stranger's text, and printing JSON recurses as deep as it nests.
bool too_deep(std::string_view text) {
    constexpr int kDeepest = 64;
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '\\') ++i;
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '[' || c == '{') ++depth;
        if (c == ']' || c == '}') --depth;
        if (depth > kDeepest) return true;
    }
    return false;
}

json sizes_of(const task::Task& task) {
    json sizes = json::object();
    for (const task::Size& size : task.sizes) {
        if (!size.derived) sizes[size.name] = size.value;
    }
    return sizes;
}

std::vector<task::Override> overrides_of(const json& sizes) {
    std::vector<task::Override> overrides;
    for (const auto& [name, value] : sizes.items()) {
        overrides.push_back({.name = name, .value = value.get<std::int64_t>()});
    }
    return overrides;
}

json panel_json(const std::vector<Certificate::Member>& panel) {
    json list = json::array();
    for (const Certificate::Member& member : panel) {
        list.push_back({{"name", member.name},
                        {"source", member.source},
                        {"source_hash", member.source_hash},
                        {"object_hash", member.object_hash},
                        {"library", member.library}});
    }
    return list;
}

// Everything but the digits of hash and signature.
json document_of(const Certificate& certificate) {
    const task::Task& task = certificate.task;
    const verdict::Kernel& kernel = certificate.kernel;
    const Certificate::Signature& signature = certificate.signature;
    json document = {
        {"format", kFormat},
        {"version", kVersion},
        {"written", certificate.written},
        {"headline", certificate.headline},
        {"task", {{"name", task.name}, {"text", task.text}, {"sizes", sizes_of(task)}}},
        {"kernel",
         {{"source", kernel.source}, {"schedule", kernel.schedule}, {"origin", kernel.origin}}},
        {"panel", panel_json(certificate.panel)},
        {"absent", certificate.absent},
        {"claim", verdict::to_json(certificate.claim)},
        {"selected",
         certificate.selected ? verdict::to_json(*certificate.selected) : json(nullptr)},
        {"window_overhead", certificate.window_overhead},
        {"machine", target::to_json(certificate.machine)},
        {"ceilings", target::to_json(certificate.ceilings)},
        {"compiler",
         {{"version", certificate.compiler_version}, {"flags", certificate.compiler_flags}}},
        {"aa", to_json(certificate.aa)},
        {"hash", ""},
        {"signature",
         {{"scheme", signature.key.empty() ? kUnsigned : kScheme},
          {"key", signature.key},
          {"reason", signature.reason},
          {"value", ""}}},
    };
    if (certificate.long_window_overhead)
        document["long_window_overhead"] = *certificate.long_window_overhead;
    if (certificate.team_window_overhead)
        document["team_window_overhead"] = *certificate.team_window_overhead;
    return document;
}

AaSummary read_aa_summary(const json& object) {
    AaSummary aa;
    aa.test.runs = object.at("runs");
    aa.test.different = object.at("different");
    aa.test.promised = object.at("promised");
    aa.test.significance = object.at("significance");
    aa.test.p_value = object.at("p_value");
    aa.test.contradicted = object.at("contradicted");
    aa.threads = object.at("threads");
    aa.damaged = object.at("damaged");
    aa.half_width = object.at("half_width");
    aa.stolen = object.at("stolen");
    aa.first = object.at("first");
    aa.last = object.at("last");
    return aa;
}

// nlohmann throws on missing fields and wrong types.
Result<Certificate> read_fields(const json& document) {
    Certificate certificate;
    certificate.written = document.at("written");
    certificate.headline = document.at("headline");
    const json& task = document.at("task");
    CUPEL_TRY(certificate.task, task::parse(task.at("text").get<std::string>(),
                                            task.at("name").get<std::string>() + ".task",
                                            overrides_of(task.at("sizes"))));
    const json& kernel = document.at("kernel");
    certificate.kernel = {.source = kernel.at("source"),
                          .schedule = kernel.at("schedule"),
                          .origin = kernel.at("origin")};
    for (const json& member : document.at("panel")) {
        certificate.panel.push_back({.name = member.at("name"),
                                     .source = member.at("source"),
                                     .source_hash = member.at("source_hash"),
                                     .object_hash = member.at("object_hash"),
                                     .library = member.at("library")});
    }
    certificate.absent = document.at("absent").get<std::vector<std::string>>();
    CUPEL_TRY(certificate.claim, verdict::verdict_from_json(document.at("claim")));
    if (!document.at("selected").is_null()) {
        CUPEL_TRY(certificate.selected, verdict::verdict_from_json(document.at("selected")));
    }
    certificate.window_overhead = document.at("window_overhead");
    if (document.contains("long_window_overhead"))
        certificate.long_window_overhead = document.at("long_window_overhead").get<double>();
    if (document.contains("team_window_overhead"))
        certificate.team_window_overhead = document.at("team_window_overhead").get<double>();
    CUPEL_TRY(certificate.machine, target::machine_from_json(document.at("machine")));
    CUPEL_TRY(certificate.ceilings, target::ceilings_from_json(document.at("ceilings")));
    certificate.compiler_version = document.at("compiler").at("version");
    certificate.compiler_flags = document.at("compiler").at("flags");
    certificate.aa = read_aa_summary(document.at("aa"));
    certificate.signature.key = document.at("signature").at("key");
    certificate.signature.reason = document.at("signature").at("reason");
    return certificate;
}

// The line where two texts part, from 1.
std::ptrdiff_t line_of_difference(std::string_view a, std::string_view b) {
    const auto at = std::ranges::mismatch(a, b).in1;
    return 1 + std::count(a.begin(), at, '\n');
}

Result<void> check_spelling(const json& document, std::string_view text) {
    const std::string ours = text_of(document);
    if (ours == text) return {};
    return fail(Errc::Corrupt,
                fmt::format("the text was changed after it was written: line {} is not spelt as "
                            "Cupel spells it (spaces, the order or doubling of fields, a number)",
                            line_of_difference(text, ours)));
}

Result<void> check_signature(const json& document) {
    const json& signature = document.at("signature");
    const std::string scheme = signature.at("scheme");
    const std::string key = signature.at("key");
    const std::string value = signature.at("value");
    const bool has_reason = !signature.at("reason").get<std::string>().empty();
    if (scheme == kUnsigned) {
        if (key.empty() && value.empty() && has_reason) return {};
        return fail(Errc::Corrupt,
                    "signature: an unsigned certificate has neither key nor value, "
                    "and says why");
    }
    if (scheme != kScheme || has_reason)
        return fail(Errc::Corrupt, "signature.scheme is neither ed25519 nor unsigned");
    if (!verify_signature(key, signed_text(document), value))
        return fail(Errc::Corrupt, "the signature is not of this text by this key");
    return {};
}

Result<Certificate> read_document(const json& document, std::string_view text) {
    if (document.at("format") != kFormat) return fail(Errc::Corrupt, "not a certificate");
    if (document.at("version") != kVersion) {
        return fail(
            Errc::Corrupt,
            fmt::format("a certificate of another version; this Cupel reads version {}", kVersion));
    }
    CUPEL_DO(check_spelling(document, text));
    const json& hash = document.at("hash");
    if (!document.at("signature").is_object() || hash != content_hash(document)) {
        return fail(Errc::Corrupt,
                    "the text was changed after it was written: its hash does not match");
    }
    CUPEL_DO(check_signature(document));
    CUPEL_TRY(Certificate certificate, read_fields(document));
    // A field that nobody reads says nothing, and must not look as if it did.
    json ours = document_of(certificate);
    ours["hash"] = hash;
    ours["signature"]["value"] = document.at("signature").at("value");
    if (const auto field = first_difference(ours, document, ""))
        return fail(Errc::Corrupt, *field + ": no such field, or not of its type");
    return certificate;
}

}  // namespace

Certificate make_certificate(const Referee& referee, const verdict::Kernel& kernel,
                             const verdict::Verdict& claim, const verdict::Verdict& selected) {
    Certificate certificate;
    certificate.written = os::utc_timestamp();
    certificate.headline = verdict::headline(claim);
    certificate.task = referee.task();
    certificate.kernel = kernel;
    const std::vector<std::string> hashes = referee.panel_hashes();
    for (std::size_t i = 0; i < referee.panel().size(); ++i) {
        const Baseline& baseline = referee.panel()[i];
        certificate.panel.push_back({.name = baseline.name,
                                     .source = baseline.source,
                                     .source_hash = hash_hex(baseline.source),
                                     .object_hash = hashes.at(i),
                                     .library = baseline.library.version});
    }
    certificate.absent = referee.options().absent;
    certificate.claim = claim;
    certificate.selected = selected;
    certificate.window_overhead = referee.window_overhead().brief();
    certificate.long_window_overhead = referee.window_overhead().lasting();
    certificate.team_window_overhead = referee.window_overhead().team();
    certificate.machine = referee.machine();
    certificate.ceilings = referee.ceilings();
    certificate.compiler_version = referee.compiler().version;
    certificate.compiler_flags = referee.compiler().flags;
    certificate.aa = referee.aa();
    return certificate;
}

std::string certificate_text(const Certificate& certificate, const Signer& signer) {
    Certificate ours = certificate;
    ours.signature = {.key = signer.key ? signer.key->public_hex() : "",
                      .reason = signer.key ? "" : "no key: " + signer.missing};
    json document = document_of(ours);
    document["hash"] = content_hash(document);
    if (signer.key) document["signature"]["value"] = signer.key->sign(signed_text(document));
    return text_of(document);
}

Result<Certificate> read_certificate(std::string_view text) {
    if (too_deep(text)) return fail(Errc::Corrupt, "not a certificate: nested too deeply");
    try {
        return read_document(json::parse(text), text);
    } catch (const json::exception& problem) {
        return fail(Errc::Corrupt, fmt::format("not a certificate: {}", problem.what()));
    }
}

}  // namespace cupel::referee
