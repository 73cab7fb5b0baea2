// SPDX-License-Identifier: Apache-2.0
#include "cli/run_page.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "cli/crown.hpp"
#include "cli/device_table.hpp"
#include "cli/options.hpp"
#include "cli/page_kernels.hpp"
#include "cli/run_conditions.hpp"
#include "cli/run_folder.hpp"
#include "cli/seal.hpp"
#include "engineer/population.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"
#include "page/page.hpp"
#include "referee/certificate.hpp"
#include "report/card.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using page::Fate;

// The last part of the folder's path: the others are of no concern to a reader elsewhere.
std::string name_of_run(const fs::path& folder) {
    std::error_code problem;
    const fs::path whole = fs::absolute(folder, problem).lexically_normal();
    const fs::path path = problem ? folder : whole;
    return (path.has_filename() ? path.filename() : path.parent_path().filename()).string();
}

// As a shell takes it.
std::string quoted(const std::string& word) {
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
    if (plain) return word;
    std::string text = "'";
    for (const char c : word)
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

constexpr std::int64_t kPause = 20'000'000'000;  // nanoseconds between pages of a search

struct Paper {
    std::optional<referee::Certificate> certificate;
    std::string problem;  // why there is none: nothing is there, or what is wrong with it
};

Paper read_paper(const fs::path& folder) {
    const auto text = os::read_file(folder / "certificate.json");
    if (!text) return {std::nullopt, ""};
    auto certificate = referee::read_certificate(*text);
    if (certificate) return {std::move(*certificate), ""};
    return {std::nullopt, certificate.error().text};
}

// What the folder has is of this kernel and this claim.
bool certifies(const Paper& paper, const verdict::Verdict& claim) {
    return paper.certificate && paper.certificate->claim.status == verdict::Status::Faster &&
           paper.certificate->claim.kernel_hash == claim.kernel_hash &&
           paper.certificate->headline == verdict::headline(claim);
}

void claim_nothing(page::Account& run, const std::string& seal, std::string headline) {
    run.seal = seal;
    run.tone = report::Tone::Doubtful;
    run.headline = std::move(headline);
}

// The card of a run for this machine.
void claim(page::Account& run, const PageKernels& all, const Paper& paper) {
    if (!all.last || !all.last->selected) {
        run.winner = all.best();
        return claim_nothing(run, run.ongoing ? "searching" : "no claim",
                             run.ongoing ? "the search goes on; nothing is claimed yet"
                                         : "no claim: no kernel was measured twice");
    }
    const auto& [place, selected, again] = *all.last;
    const page::Kernel& kernel = all.kernels[place];
    if (kernel.fate != Fate::Right) {
        run.winner = all.best();
        claim_nothing(
            run, "withdrawn",
            fmt::format("no claim: kernel {}, which was measured twice, is no result ({})",
                        kernel.number,
                        kernel.fate == Fate::Barred ? "it is quarantined" : kernel.status));
        run.tone = report::Tone::Bad;
        return;
    }
    const verdict::Verdict claimed = claim_of(*selected, again);
    run.winner = place;
    const bool faster = claimed.status == verdict::Status::Faster;
    if (faster && !certifies(paper, claimed)) {
        return claim_nothing(
            run, "no claim",
            "no claim: the certificate of what was measured is not in this folder");
    }
    report::Card card;
    card.seal = report::seal_of(claimed.status);
    card.tone = report::tone_of(claimed.status);
    if (faster && paper.certificate) seal(card, "certified", *paper.certificate, "");
    run.seal = card.seal;
    run.tone = card.tone;
    run.headline = verdict::headline(claimed);
    run.rows = report::verdict_rows(claimed);
    if (faster && claimed.naive_speedup) run.claimed = claimed.naive_speedup->ratio;
}

// The card of a run for a GPU that is not there.
void claim_bound(page::Account& run, const PageKernels& all) {
    run.rows = {{"", {kNotTimed}}};
    const bool verified = all.last && all.kernels[all.last->kernel].fate == Fate::Right;
    if (!verified) {
        run.winner = all.best();
        return claim_nothing(run, run.ongoing ? "searching" : "nothing verified",
                             run.ongoing ? "the search goes on; nothing was verified twice yet"
                                         : "no kernel was verified twice");
    }
    run.winner = all.last->kernel;
    run.seal = "verified, not timed";
    run.tone = report::tone_of(verdict::Status::Accepted);
    run.headline = best_by_bound(all.last->again);
    if (!all.last->again.findings.empty())
        run.rows.push_back({"findings", all.last->again.findings});
    if (const auto& bound = all.last->again.bound) {
        run.gpu = bound->gpu;
        if (bound->floor > 0) run.floor = bound->floor;
    }
}

void add_proof(page::Account& run, const PageKernels& all, const Paper& paper) {
    const auto tell = [&](const char* label, std::vector<std::string> lines, bool command = false) {
        run.proof.push_back({label, std::move(lines), command});
    };
    if (all.last && !all.last->again.seed.commitment.empty()) {
        tell("seed",
             {"committed to before the kernel was compiled: " + all.last->again.seed.commitment});
    }
    const std::string name = run.name;
    if (paper.certificate) {
        const referee::Certificate::Signature& signature = paper.certificate->signature;
        std::vector<std::string> lines = {
            signature.key.empty() ? "certificate.json, unsigned: " + signature.reason
                                  : "certificate.json, signed by key " + signature.fingerprint()};
        if (!run.seal.starts_with("certified")) {
            lines.emplace_back(
                "it is of an earlier part of this run, or of another: not of what stands above");
        }
        tell("certificate", std::move(lines));
        tell("verify", {"cupel verify " + name}, true);
    } else if (run.timed) {
        tell("certificate",
             {paper.problem.empty() ? "none: only what is faster both times is certified"
                                    : "certificate.json is none: " + paper.problem});
    } else {
        tell("certificate", {"none: nothing was timed"});
    }
    tell("all kernels", {"cupel show " + name}, true);
    tell("search on", {"cupel optimize --resume " + name}, true);
}

// Islands say where parents of models and programs came from; schedules are bred from one
// population.
Result<void> add_islands(page::Account& run, std::uint64_t seed) {
    std::map<archive::KernelId, std::size_t> places;
    for (std::size_t at = 0; at < run.kernels.size(); ++at)
        places[run.kernels[at].number] = at;
    engineer::Population population(seed, [&](archive::KernelId id) {
        engineer::Population::Kept kept;
        for (const std::size_t parent : run.kernels[places.at(id)].parents)
            kept.parents.push_back(run.kernels[parent].number);
        return Result<engineer::Population::Kept>(std::move(kept));
    });
    for (page::Kernel& kernel : run.kernels) {
        CUPEL_TRY(const std::uint64_t island, population.island(kernel.number));
        kernel.island = static_cast<int>(island);
    }
    return {};
}

void add_task(page::Account& run, const fs::path& folder) {
    const RunTarget target = target_of_run(folder);
    run.timed = target.name != "cuda";
    run.gpu = target.gpu;
    run.task = target.task.empty() ? "a run" : target.task;
    run.formula = target.text;
    if (!target.sizes.empty())
        run.conditions.push_back({.label = "sizes", .lines = {target.sizes}});
    if (const auto task = task::parse(run.formula, run.task + ".task")) run.title = task->title;
}

}  // namespace

Result<std::string> page_of_run(archive::Archive& archive, const fs::path& folder, bool ongoing) {
    page::Account run;
    run.name = quoted(name_of_run(folder));
    run.version = kVersion;
    run.ongoing = ongoing;
    add_task(run, folder);
    CUPEL_TRY(const PageKernels all, PageKernels::read(archive));
    run.began = all.began;
    run.ended = all.ended;
    run.kernels = all.kernels;
    run.spending = all.spending();
    const Paper paper = read_paper(folder);
    CUPEL_TRY(RunConditions conditions, read_conditions(archive, paper.certificate));
    std::ranges::move(conditions.facts, std::back_inserter(run.conditions));
    if (run.timed) {
        claim(run, all, paper);
    } else {
        claim_bound(run, all);
    }
    add_proof(run, all, paper);
    if (conditions.seed && !all.asks.empty()) CUPEL_DO(add_islands(run, *conditions.seed));
    run.texts = [&](std::size_t place, bool whole) { return all.texts(archive, place, whole); };
    return page::print(run);
}

namespace {

// A stranger's folder may hold a link there, to a file of the user's.
Result<void> write_page(const fs::path& folder, const std::string& page) {
    const fs::path file = folder / kPage;
    std::error_code ignored;
    if (fs::is_symlink(file, ignored))
        return fail(Errc::Invalid, "it is a link, which is not written through");
    return os::write_file_atomically(file, page);
}

}  // namespace

void leave_page(archive::Archive& archive, const fs::path& folder, Console& console) {
    const auto page = page_of_run(archive, folder);
    const auto written =
        page ? write_page(folder, *page) : Result<void>(std::unexpected(page.error()));
    if (!written) console.note(fmt::format("no {} is written: {}", kPage, written.error().text));
}

Result<int> show_page(const fs::path& folder, const std::string& file, Console& console) {
    CUPEL_TRY(archive::Archive archive, archive::Archive::open_read_only(folder / "archive.db"));
    CUPEL_TRY(const std::string page, page_of_run(archive, folder));
    auto written = os::write_file_atomically(file, page);
    // A folder that is not there is no wrong name of the run.
    if (!written && written.error().code == Errc::NotFound) written.error().code = Errc::Io;
    CUPEL_DO(written);
    console.document({{"run", folder.string()}, {"page", file}, {"bytes", page.size()}});
    console.print(fmt::format("written: {}, {}; open it in a browser\n", file,
                              format_bytes(static_cast<double>(page.size()))));
    return 0;
}

LivePage::LivePage(archive::Archive& archive, fs::path folder)
    : archive_(archive), folder_(std::move(folder)), next_(os::now_ns() + kPause) {}

void LivePage::update(const engineer::Progress& progress) {
    const std::int64_t now = os::now_ns();
    const archive::KernelId best = progress.best ? progress.best->kernel : 0;
    if (best == best_ || now < next_) return;
    best_ = best;
    const auto page = page_of_run(archive_, folder_, true);
    // What cannot be kept is no reason to end a search; at its end it is said.
    if (page) static_cast<void>(write_page(folder_, *page));
    // Of the time of a search a hundredth at most.
    next_ = std::max(now + kPause, os::now_ns() + 100 * (os::now_ns() - now));
}

}  // namespace cupel::cli
