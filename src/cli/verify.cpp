// SPDX-License-Identifier: Apache-2.0
// verify: does a certificate follow from its own samples, and does its kernel do the same here?
// A certificate is a stranger's text: its kernel runs in the jail, its baselines are never run. The
// naive kernel is printed anew from the certificate's task.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <ranges>

#include "cli/commands.hpp"
#include "cli/seal.hpp"
#include "cli/workplace.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"
#include "referee/certificate.hpp"

namespace cupel::cli {
namespace {

constexpr std::size_t kLargestCertificate = std::size_t{64} << 20;
constexpr int kContradicts = 20;
constexpr int kDisagrees = 11;

struct Finding {
    bool consistent = false;  // the claim follows from the certificate's own samples
    std::string problem;
    std::optional<verdict::Verdict> here;
    referee::Agreement agreement;
    std::vector<std::string> remarks;
    std::string signer;  // the fingerprint, or empty: unsigned
};

Result<std::string> read_text(const std::string& subject) {
    std::filesystem::path path = find_run(subject);
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) path /= "certificate.json";
    return os::read_file(path, kLargestCertificate);
}

// A stranger's panel may lack the baseline that is hard to beat. Libraries that were not installed
// there are told apart: they are named on the certificate.
Result<bool> has_our_panel(const referee::Certificate& certificate) {
    CUPEL_TRY(const std::vector<schedule::BaselineText> ours,
              schedule::print_baselines(certificate.task));
    const auto is_printed = [](const referee::Certificate::Member& member) {
        return member.library.empty();
    };
    return std::ranges::equal(ours, certificate.panel | std::views::filter(is_printed),
                              [](const auto& mine, const auto& theirs) {
                                  return mine.name == theirs.name && mine.source == theirs.source;
                              });
}

// Who signed, where it matters.
std::optional<std::string> wrong_signer(const Options& options, const Finding& finding) {
    if (options.key.empty() || options.key == finding.signer) return std::nullopt;
    return finding.signer.empty()
               ? "not signed, and a signature was demanded"
               : fmt::format("signed by {}, not by {}", finding.signer, options.key);
}

// Part of a fingerprint would be any key's that begins so.
Result<void> check_key(std::string_view key) {
    constexpr std::size_t kDigits = 32;
    const bool whole = key.size() == kDigits &&
                       key.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (key.empty() || whole) return {};
    return fail(Errc::Usage,
                fmt::format("--key {}: expected the whole fingerprint, 32 digits of 0-9a-f", key));
}

std::string signature_text(const referee::Certificate& certificate) {
    const referee::Certificate::Signature& signature = certificate.signature;
    if (signature.key.empty()) {
        return fmt::format("unsigned ({}): anybody could have written this", signature.reason);
    }
    return fmt::format(
        "by key {}; this proves who signed, and that nothing was edited since, not that the figure "
        "is true",
        signature.fingerprint());
}

// With fewer threads it would be another claim.
Result<int> threads_here(const verdict::Verdict& claim) {
    const auto usable = static_cast<int>(os::allowed_cpus().size());
    if (claim.threads <= usable) return claim.threads;
    return fail(
        Errc::Missing,
        fmt::format("its claim is of {} threads, and this process may use {} processor{}, so "
                    "it cannot be tried here; --recompute-only checks it against its own "
                    "samples",
                    claim.threads, usable, usable == 1 ? "" : "s"));
}

Result<void> try_here(const referee::Certificate& certificate, Finding& finding, Console& console) {
    CUPEL_TRY(const int threads, threads_here(certificate.claim));
    CUPEL_TRY(const bool our_panel, has_our_panel(certificate));
    if (!our_panel) {
        finding.remarks.emplace_back(
            "its baselines are not those that this version prints; ours were used here");
    }
    // The task is the stranger's too: a known name may stand over an easier formula, and the calls
    // of libraries that it names are C++, which is only run where we wrote it.
    task::Task task = certificate.task;
    const auto known = shipped_task(task.name);
    if (known && known->text != task.text) {
        finding.remarks.push_back(fmt::format(
            "its task is not the `{}` that came with Cupel; read the text before you believe the "
            "name",
            task.name));
    }
    if (!task.baselines.empty() && (!known || known->text != task.text)) {
        finding.remarks.emplace_back("the calls of libraries that its task names were not run");
        task.baselines.clear();
    }
    CUPEL_TRY(const auto referee, open_referee(std::move(task), tuning_for(threads, console)));
    for (const std::string& absent : referee->options().absent)
        finding.remarks.push_back("a smaller panel here: " + absent);
    CUPEL_TRY(finding.here, judge_admitted(*referee, certificate.kernel));
    const bool same_machine = certificate.machine.fingerprint == referee->machine().fingerprint;
    const bool same_compiler = certificate.compiler_version == referee->compiler().version &&
                               certificate.compiler_flags == referee->compiler().flags;
    if (same_machine && same_compiler && !finding.here->artefact_hash.empty() &&
        finding.here->artefact_hash != certificate.claim.artefact_hash) {
        finding.remarks.emplace_back(
            "the same compiler makes another binary of its kernel here than it names");
    }
    finding.agreement = referee::compare(certificate.claim, *finding.here, same_machine);
    return {};
}

int code_of(const Finding& finding) {
    if (!finding.consistent) return kContradicts;
    if (!finding.here || finding.agreement.agrees) return 0;
    return verdict::is_right(finding.here->status) ? kDisagrees
                                                   : verdict::exit_code(finding.here->status);
}

nlohmann::json to_json(const Finding& finding) {
    nlohmann::json fields = {
        {"consistent", finding.consistent},
        {"problem", finding.problem},
        {"agrees", nullptr},
        {"direction_only", finding.agreement.direction_only},
        {"reason", finding.agreement.reason},
        {"remarks", finding.remarks},
        {"here", nullptr},
        {"signer", finding.signer.empty() ? nlohmann::json() : nlohmann::json(finding.signer)}};
    if (finding.here) {
        fields["agrees"] = finding.agreement.agrees;
        fields["here"] = verdict::to_json(*finding.here);
        fields["here"].erase("samples");
    }
    return fields;
}

report::Card card_of(const Options& options, const referee::Certificate* certificate,
                     const Finding& finding) {
    report::Card card;
    card.title = options.subject;
    if (!finding.consistent) {
        card.seal = certificate == nullptr ? "no certificate" : "does not hold";
        card.tone = report::Tone::Bad;
        card.headline = finding.problem;
        return card;
    }
    const bool holds = !finding.here || finding.agreement.agrees;
    if (holds) {
        seal(card, finding.here ? "verified" : "consistent", *certificate, options.key);
    } else {
        card.seal = finding.agreement.direction_only ? "direction only" : "not reproduced";
        card.tone = report::Tone::Doubtful;
    }
    card.headline = "claim: " + verdict::headline(certificate->claim);
    card.rows.push_back({"samples",
                         {fmt::format("every figure follows from the {} samples in the certificate",
                                      certificate->claim.samples.size())}});
    card.rows.push_back({"signature", {signature_text(*certificate)}});
    if (finding.here) {
        card.rows.push_back({"here", {verdict::headline(*finding.here), finding.agreement.reason}});
    }
    for (const std::string& remark : finding.remarks)
        card.rows.push_back({"remark", {remark}});
    return card;
}

}  // namespace

Result<int> run_verify(const Options& options, Console& console) {
    CUPEL_DO(check_key(options.key));
    CUPEL_TRY(const std::string text, read_text(options.subject));
    // Any other file, or the half of one. What can be read as one but does not hold together is a
    // finding, below.
    if (!nlohmann::json::accept(text)) {
        return fail(Errc::Invalid,
                    fmt::format("{} is not a certificate: no JSON, or cut short", options.subject));
    }
    Finding finding;
    auto certificate = referee::read_certificate(text);
    auto recomputed =
        certificate ? referee::recompute(*certificate) : std::unexpected(certificate.error());
    finding.consistent = recomputed.has_value();
    if (!recomputed) finding.problem = recomputed.error().text;
    if (certificate && !certificate->signature.key.empty())
        finding.signer = certificate->signature.fingerprint();
    if (const auto wrong = wrong_signer(options, finding); wrong && finding.consistent) {
        finding.consistent = false;
        finding.problem = *wrong;
    }
    if (finding.consistent && !options.quick) CUPEL_DO(try_here(*certificate, finding, console));
    console.document(to_json(finding));
    console.print(card_of(options, certificate ? &*certificate : nullptr, finding));
    return code_of(finding);
}

}  // namespace cupel::cli
