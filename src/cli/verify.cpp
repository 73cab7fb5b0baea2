// SPDX-License-Identifier: Apache-2.0
// verify: does a certificate follow from its own samples, and does its kernel do the same here?
// A certificate is a stranger's text: its kernel runs in the jail, its baselines are never run. The
// naive kernel is printed anew from the certificate's task.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <optional>

#include "base/hash.hpp"
#include "cli/commands.hpp"
#include "cli/workplace.hpp"
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
};

Result<std::string> read_text(const std::string& subject) {
    std::filesystem::path path = find_run(subject);
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) path /= "certificate.json";
    return os::read_file(path, kLargestCertificate);
}

bool has_our_naive(const referee::Certificate& certificate, const std::string& naive) {
    for (const referee::Baseline& baseline : certificate.panel) {
        if (baseline.name == "naive") return baseline.source == naive;
    }
    return false;
}

Result<void> try_here(const referee::Certificate& certificate, Finding& finding, Console& console) {
    CUPEL_TRY(const int threads, resolve_threads(certificate.threads));
    CUPEL_TRY(const std::string naive, schedule::print_naive(certificate.task));
    if (!has_our_naive(certificate, naive)) {
        finding.remarks.emplace_back(
            "its naive kernel is not the one this version prints; ours was used here");
    }
    // The task is the stranger's too: a known name may stand over an easier formula.
    const auto known = task::load(certificate.task.name, search_folders("tasks"), {});
    if (known && known->text != certificate.task.text) {
        finding.remarks.push_back(fmt::format(
            "its task is not the `{}` known here; read the text before you believe the name",
            certificate.task.name));
    }
    CUPEL_TRY(const auto referee, open_referee(certificate.task, tuning_for(threads, console)));
    CUPEL_TRY(finding.here, referee->judge(certificate.kernel));
    const bool same_machine = certificate.fingerprint == referee->machine().fingerprint;
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
    nlohmann::json json = {
        {"consistent", finding.consistent},   {"problem", finding.problem}, {"agrees", nullptr},
        {"reason", finding.agreement.reason}, {"remarks", finding.remarks}, {"here", nullptr}};
    if (finding.here) {
        json["agrees"] = finding.agreement.agrees;
        json["here"] = verdict::to_json(*finding.here);
        json["here"].erase("samples");
    }
    return json;
}

report::Card card_of(const std::string& subject, const referee::Certificate* certificate,
                     const Finding& finding) {
    report::Card card;
    card.title = subject;
    if (!finding.consistent) {
        card.seal = certificate == nullptr ? "no certificate" : "contradicts itself";
        card.tone = report::Tone::Bad;
        card.headline = finding.problem;
        return card;
    }
    const bool holds = !finding.here || finding.agreement.agrees;
    card.seal = !finding.here ? "consistent" : holds ? "verified" : "not reproduced";
    card.tone = holds ? report::Tone::Good : report::Tone::Doubtful;
    card.headline = "claim: " + verdict::headline(certificate->claim);
    card.rows.push_back({"samples",
                         {fmt::format("the interval follows from the {} samples in the certificate",
                                      certificate->claim.samples.size())}});
    if (finding.here) {
        card.rows.push_back({"here", {verdict::headline(*finding.here), finding.agreement.reason}});
    }
    for (const std::string& remark : finding.remarks)
        card.rows.push_back({"remark", {remark}});
    return card;
}

}  // namespace

Result<int> run_verify(const Options& options, Console& console) {
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
    if (finding.consistent && !options.quick) CUPEL_DO(try_here(*certificate, finding, console));
    console.document(to_json(finding));
    console.print(card_of(options.subject, certificate ? &*certificate : nullptr, finding));
    return code_of(finding);
}

}  // namespace cupel::cli
