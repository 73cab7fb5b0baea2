// SPDX-License-Identifier: Apache-2.0
#include "referee/certificate.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

#include "base/hash.hpp"
#include "os/clock.hpp"
#include "referee/estimate.hpp"

namespace cupel::referee {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "cupel-certificate";
constexpr int kVersion = 1;
constexpr int kDisagreement = 11;  // the law that reconcile() names
constexpr double kEqual = 1e-9;    // relative: what printing and reading a double may change

json sizes_of(const task::Task& task) {
    json sizes = json::object();
    for (const task::Size& size : task.sizes) {
        if (!size.derived) sizes[size.name] = size.value;
    }
    return sizes;
}

// The hash of everything but itself, over the canonical (sorted, unspaced) text.
std::string content_hash(json document) {
    document.erase("hash");
    return hash_hex(document.dump());
}

// A certificate is a stranger's text, and printing JSON (for its hash) recurses as deep as it
// nests.
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

std::vector<task::Override> overrides_of(const json& sizes) {
    std::vector<task::Override> overrides;
    for (const auto& [name, value] : sizes.items()) {
        overrides.push_back({.name = name, .value = value.get<std::int64_t>()});
    }
    return overrides;
}

bool close(double a, double b) {
    return std::abs(a - b) <= kEqual * std::max(1.0, std::abs(a));
}

// The reading itself; nlohmann throws on missing fields and wrong types.
Result<Certificate> read_document(const json& document) {
    if (document.at("format") != kFormat) return fail(Errc::Corrupt, "not a certificate");
    if (document.at("version") != kVersion) {
        return fail(Errc::Corrupt, "a certificate of another version; this Cupel reads version 1");
    }
    if (document.at("hash") != content_hash(document)) {
        return fail(Errc::Corrupt,
                    "the text was changed after it was written: its hash does not match");
    }
    Certificate certificate;
    const json& task = document.at("task");
    CUPEL_TRY(certificate.task, task::parse(task.at("text").get<std::string>(),
                                            task.at("name").get<std::string>() + ".task",
                                            overrides_of(task.at("sizes"))));
    const json& kernel = document.at("kernel");
    certificate.kernel = {.source = kernel.at("source"),
                          .schedule = kernel.at("schedule"),
                          .origin = kernel.at("origin")};
    for (const json& baseline : document.at("panel")) {
        certificate.panel.push_back({.name = baseline.at("name"), .source = baseline.at("source")});
    }
    CUPEL_TRY(certificate.claim, verdict::verdict_from_json(document.at("claim")));
    certificate.threads = certificate.claim.threads;
    certificate.headline = document.at("headline");
    certificate.window_overhead = document.at("window_overhead");
    certificate.fingerprint = document.at("machine").at("fingerprint");
    if (certificate.claim.kernel_hash != hash_hex(certificate.kernel.source)) {
        return fail(Errc::Corrupt,
                    "kernel.source is not the kernel that was measured (its hash differs)");
    }
    return certificate;
}

}  // namespace

json make_certificate(const Referee& referee, const verdict::Kernel& kernel,
                      const verdict::Verdict& claim, const verdict::Verdict* selected) {
    json panel = json::array();
    for (const Baseline& baseline : referee.panel()) {
        panel.push_back({{"name", baseline.name}, {"source", baseline.source}});
    }
    json document = {
        {"format", kFormat},
        {"version", kVersion},
        {"written", os::utc_timestamp()},
        {"headline", verdict::headline(claim)},
        {"task",
         {{"name", referee.task().name},
          {"text", referee.task().text},
          {"sizes", sizes_of(referee.task())}}},
        {"kernel",
         {{"source", kernel.source}, {"schedule", kernel.schedule}, {"origin", kernel.origin}}},
        {"panel", panel},
        {"claim", verdict::to_json(claim)},
        {"selected", selected != nullptr ? verdict::to_json(*selected) : json(nullptr)},
        {"window_overhead", referee.window_overhead()},
        {"machine", target::to_json(referee.machine())},
        {"ceilings", target::to_json(referee.ceilings())},
        {"compiler",
         {{"version", referee.compiler().version}, {"flags", referee.compiler().flags}}},
    };
    document["hash"] = content_hash(document);
    return document;
}

namespace {

bool same_interval(const verdict::Interval& a, const verdict::Interval& b) {
    return close(a.low, b.low) && close(a.mid, b.mid) && close(a.high, b.high) &&
           close(a.level, b.level);
}

// What is shown beside the speedup and follows from the samples too.
Result<void> recompute_rest(const Certificate& certificate) {
    const verdict::Verdict& claim = certificate.claim;
    const double overhead = certificate.window_overhead;
    const auto differs = [](std::string_view field) {
        return fail(Errc::Corrupt, fmt::format("claim.{} is not what the samples say", field));
    };
    // Seconds are small: held to a relative bound.
    const auto near = [](double a, double b) { return std::abs(a - b) <= kEqual * std::abs(b); };
    if (!near(claim.seconds, median_seconds(claim.samples, kCandidate, overhead)))
        return differs("seconds");
    if (!near(claim.advantage_bound, advantage_bound(claim.samples, overhead)))
        return differs("advantage_bound");
    if (claim.naive_speedup) {
        const auto naive = log_speedup(claim.samples, claim.naive_speedup->baseline, overhead);
        if (!same_interval(claim.naive_speedup->ratio, to_interval(naive)))
            return differs("naive_speedup");
    }
    if (claim.precision != certificate.task.precision)
        return fail(Errc::Corrupt, "claim.precision is not the precision of the task");
    std::int64_t questions = 0;
    for (const verdict::Sample& sample : claim.samples) {
        if (sample.contender == kCandidate) questions += sample.questions;
    }
    if (claim.evidence.questions != questions) return differs("evidence.questions");
    if (certificate.headline != verdict::headline(claim))
        return fail(Errc::Corrupt, "the headline is not what the claim says");
    return {};
}

}  // namespace

Result<Certificate> read_certificate(std::string_view text) {
    if (too_deep(text)) return fail(Errc::Corrupt, "not a certificate: nested too deeply");
    try {
        return read_document(json::parse(text));
    } catch (const json::exception& problem) {
        return fail(Errc::Corrupt, fmt::format("not a certificate: {}", problem.what()));
    }
}

Result<verdict::Speedup> recompute(const Certificate& certificate) {
    const verdict::Verdict& claim = certificate.claim;
    if (!claim.speedup) return fail(Errc::Corrupt, "the certificate claims no speedup");
    CUPEL_DO(recompute_rest(certificate));
    const std::string& baseline = claim.speedup->baseline;
    const verdict::Interval ratio =
        to_interval(log_speedup(claim.samples, baseline, certificate.window_overhead));
    const verdict::Interval& claimed = claim.speedup->ratio;
    if (!same_interval(ratio, claimed)) {
        return fail(
            Errc::Corrupt,
            fmt::format("claim.speedup is not what the samples say: {:.4f} [{:.4f}, {:.4f}] "
                        "instead of {:.4f} [{:.4f}, {:.4f}]",
                        ratio.mid, ratio.low, ratio.high, claimed.mid, claimed.low, claimed.high));
    }
    const verdict::Status status = decide(claim);
    const bool withheld =
        claim.status == verdict::Status::NotResolved;  // law 11 may withhold what samples allow
    if (claim.status != status && !withheld)
        return fail(Errc::Corrupt, "claim.status is not what the samples say");
    return verdict::Speedup{.ratio = ratio, .baseline = baseline};
}

Agreement compare(const verdict::Verdict& claim, const verdict::Verdict& here, bool same_machine) {
    if (!verdict::is_right(here.status)) {
        return {.agrees = false,
                .reason = "the kernel does not hold here: " + verdict::headline(here)};
    }
    if (!claim.speedup || !here.speedup)
        return {.agrees = false, .reason = "there is no speedup to compare"};
    const verdict::Interval& first = claim.speedup->ratio;
    const verdict::Interval& second = here.speedup->ratio;
    const std::string figures =
        fmt::format("claimed {:.3f}x [{:.3f}, {:.3f}], here {:.3f}x [{:.3f}, {:.3f}]", first.mid,
                    first.low, first.high, second.mid, second.low, second.high);
    if (!same_machine) {
        // Another machine has other ratios; what must hold is the direction.
        const bool agrees =
            decide(first) != verdict::Status::Faster || decide(second) == verdict::Status::Faster;
        return {.agrees = agrees,
                .reason = figures + " (another machine: only the direction is compared)"};
    }
    return {.agrees = reconcile(claim, here).law != kDisagreement, .reason = figures};
}

}  // namespace cupel::referee
