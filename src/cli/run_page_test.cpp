// SPDX-License-Identifier: Apache-2.0
#include "cli/run_page.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "archive/archive.hpp"
#include "cli/page_kernels.hpp"
#include "os/files.hpp"
#include "page/testing.hpp"
#include "referee/certificate.hpp"

namespace cupel::cli {
namespace {

using page::Fate;
using page::Maker;
using page::testing::read_page;
using verdict::Status;

verdict::Verdict verdict_of(Status status, double ratio = 0) {
    verdict::Verdict verdict;
    verdict.status = status;
    if (ratio > 0)
        verdict.speedup = verdict::Speedup{{ratio * 0.99, ratio, ratio * 1.01, 0.95}, "naive"};
    verdict.naive_speedup = verdict.speedup;
    return verdict;
}

struct RunPage : ::testing::Test {
    os::TempDir home = os::TempDir::make("cupel-page").value();
    archive::Archive archive = archive::Archive::open(home.path() / "archive.db").value();
    int written = 0;

    archive::KernelId kernel(std::vector<archive::KernelId> parents, std::string phase = "evolve",
                             std::string schedule = "tile") {
        return archive
            .record_kernel({.kernel = {.source = "// " + std::to_string(++written),
                                       .schedule = std::move(schedule),
                                       .origin = "sweep"},
                            .phase = std::move(phase),
                            .parents = std::move(parents)})
            .value();
    }
    void judge(archive::KernelId id, archive::Trial trial, const verdict::Verdict& verdict,
               std::optional<archive::KernelId> incumbent = {}) {
        archive::NewVerdict record;
        record.kernel = id;
        record.trial = trial;
        record.verdict = verdict;
        record.incumbent = incumbent;
        record.score = verdict.speedup ? std::log(verdict.speedup->ratio.mid) : std::nan("");
        ASSERT_TRUE(archive.record_verdict(record));
    }
    void screen(archive::KernelId id, const verdict::Verdict& verdict,
                std::optional<archive::KernelId> incumbent = {}) {
        judge(id, archive::Trial::Screen, verdict, incumbent);
    }
    std::string page() {
        auto made = page_of_run(archive, home.path());
        EXPECT_TRUE(made) << made.error().text;
        EXPECT_EQ(read_page(*made).problem, "");
        return *made;
    }
    PageKernels kernels() { return PageKernels::read(archive).value(); }
};

bool says(const std::string& page, std::string_view words) {
    return page.find(words) != std::string::npos;
}

TEST_F(RunPage, ShowsAsTextWhateverAnArchiveHolds) {
    const std::string evil =
        "</style></title><script>alert(1)</script><img src=x onerror=y> \" ' ]]> <!-- "
        "\x1b[2J\u202e";
    const auto first = kernel({}, "seeds", evil);
    verdict::Verdict wrong = verdict_of(Status::Wrong);
    wrong.reason = wrong.detail = evil;
    wrong.findings = {evil, evil};
    screen(first, wrong);
    const auto second =
        archive.record_kernel({.kernel = {evil, evil, evil}, .phase = evil, .parents = {first}})
            .value();
    verdict::Verdict right = verdict_of(Status::NotResolved, 2);
    right.reason = right.precision = right.tier = right.target = evil;
    right.speedup = right.naive_speedup = verdict::Speedup{{1.9, 2, 2.1, 0.95}, evil};
    right.ceiling = verdict::CeilingShare{evil, 0.5};
    right.isolation.parts = right.isolation.missing = {evil};
    right.seed.commitment = evil;
    for (const auto trial :
         {archive::Trial::Screen, archive::Trial::Judge, archive::Trial::Confirm})
        judge(second, trial, right);
    archive::Ask ask;
    ask.hash = ask.author = ask.way = ask.outcome = ask.idea = evil;
    ask.kernel = second;
    ASSERT_TRUE(archive.record_ask(ask));
    ASSERT_TRUE(archive.set_meta(
        "conditions", R"({"compiler": "<b>", "panel": [{"name": "<i>", "library": "</dl>"}, 3],
        "absent": ["<script>", {}], "seed": 7, "machine": "<u>"})"));
    ASSERT_TRUE(os::write_file_atomically(home.path() / "run.json",
                                          R"({"task": "<h1>", "text": "</pre><script>",
        "sizes": {"<b>": 1}, "target": "<cpu>", "threads": "x"})"));
    ASSERT_TRUE(os::write_file_atomically(home.path() / "certificate.json", "{\"<script>\": 1}"));
    const std::string made = page();
    for (const char* tag : {"<script", "<img", "<b>", "<i>", "<u>", "\u202e", "\x1b"})
        EXPECT_FALSE(says(made, tag)) << tag;
    EXPECT_TRUE(says(made, "&lt;script&gt;alert(1)&lt;/script&gt;"));
}

TEST_F(RunPage, ClaimsNothingWithoutACertificate) {
    const auto id = kernel({}, "seeds");
    screen(id, verdict_of(Status::Faster, 3.25));
    EXPECT_TRUE(says(page(), "no kernel was measured twice"));
    judge(id, archive::Trial::Judge, verdict_of(Status::Faster, 3.25));
    judge(id, archive::Trial::Confirm, verdict_of(Status::Faster, 3.26));
    const std::string made = page();
    EXPECT_TRUE(says(made, ">no claim</span>"));
    EXPECT_FALSE(says(made, ">certified</span>"));
    EXPECT_FALSE(says(made, "class=\"claim\""));
}

// A real one, and an archive that ends as its run did.
TEST_F(RunPage, IsCertifiedByTheCertificateOfItsWinnerAndByNoOther) {
    const auto text = os::read_file(std::string(CUPEL_ROOT) + "/docs/certificates/softmax.json");
    ASSERT_TRUE(text) << text.error().text;
    const auto certificate = referee::read_certificate(*text);
    ASSERT_TRUE(certificate) << certificate.error().text;
    ASSERT_TRUE(certificate->selected);
    const verdict::Verdict selected = certificate->selected.value_or(verdict::Verdict{});
    ASSERT_TRUE(os::write_file_atomically(home.path() / "certificate.json", *text));
    // Whoever runs this may have signed it.
    ::setenv("XDG_CONFIG_HOME", (home.path() / "config").c_str(), 1);
    const auto id =
        archive.record_kernel({.kernel = certificate->kernel, .phase = "seeds", .parents = {}})
            .value();
    judge(id, archive::Trial::Screen, verdict_of(Status::Faster, 2));
    judge(id, archive::Trial::Judge, selected);
    judge(id, archive::Trial::Confirm, certificate->claim);
    const std::string made = page();
    EXPECT_TRUE(says(made, ">certified, foreign key</span>"));
    EXPECT_TRUE(says(made, certificate->headline));
    EXPECT_TRUE(says(made, "signed by key " + certificate->signature.fingerprint()));
    EXPECT_TRUE(says(made, "class=\"claim\""));
    EXPECT_TRUE(says(made, certificate->machine.processor));
    EXPECT_TRUE(says(made, "cupel verify "));

    // The same figures of another kernel, and a later judgement that resolved nothing.
    const auto other = kernel({id});
    verdict::Verdict claim = certificate->claim;
    claim.kernel_hash = "another";
    judge(other, archive::Trial::Judge, selected);
    judge(other, archive::Trial::Confirm, claim);
    EXPECT_TRUE(says(page(), ">no claim</span>"));
    judge(id, archive::Trial::Judge, verdict_of(Status::NotResolved, 1.01));
    judge(id, archive::Trial::Confirm, verdict_of(Status::NotResolved, 1.01));
    EXPECT_TRUE(says(page(), ">not resolved</span>"));
    EXPECT_TRUE(says(page(), "not of what stands above"));
    EXPECT_FALSE(says(page(), "class=\"claim\""));
}

TEST_F(RunPage, SaysWhatTheCardSaysOfWhatIsNotResolved) {
    const auto id = kernel({}, "seeds");
    screen(id, verdict_of(Status::Faster, 1.2));
    const auto selected = verdict_of(Status::Faster, 1.2);
    const auto again = verdict_of(Status::NotResolved, 1.01);
    judge(id, archive::Trial::Judge, selected);
    judge(id, archive::Trial::Confirm, again);
    const std::string made = page();
    EXPECT_TRUE(says(made, ">not resolved</span>"));
    EXPECT_TRUE(says(made, "not resolved"));
    EXPECT_TRUE(says(made, "1.010x [1.000, 1.020] over naive, at 95 % confidence"));
}

TEST_F(RunPage, WithdrawsWhatWasFoundOutLater) {
    const auto parent = kernel({}, "seeds");
    const auto child = kernel({parent});
    screen(parent, verdict_of(Status::Faster, 7.77));
    screen(child, verdict_of(Status::Faster, 8.88), parent);
    judge(child, archive::Trial::Judge, verdict_of(Status::Faster, 8.88));
    judge(child, archive::Trial::Confirm, verdict_of(Status::Faster, 8.88));
    screen(parent, verdict_of(Status::Cheating));
    const PageKernels all = kernels();
    EXPECT_EQ(all.kernels.at(0).fate, Fate::Cheating);
    EXPECT_EQ(all.kernels.at(1).fate, Fate::Barred);
    EXPECT_FALSE(all.best());
    const std::string made = page();
    EXPECT_TRUE(says(made, ">withdrawn</span>"));
    EXPECT_FALSE(says(made, "8.88"));
    EXPECT_FALSE(says(made, "7.77"));
    EXPECT_FALSE(says(made, ">best</span>"));
}

TEST_F(RunPage, TellsWhoMadeEachKernelAndHow) {
    const auto seed = kernel({}, "seeds");
    const auto neighbour = kernel({seed});
    kernel({seed, neighbour});
    const auto asked = kernel({seed}, "edit", "");
    kernel({asked}, "sweep", "");
    const auto program = kernel({}, "command", "");
    archive::Ask ask;
    ask.hash = "1";
    ask.author = "openai:x";
    ask.way = "edit";
    ask.kernel = asked;
    ask.dollars = 0.25;
    ask.input = 10;
    ask.output = 5;
    ASSERT_TRUE(archive.record_ask(ask));
    ask.hash = "2";
    ask.author = ask.way = "command";
    ask.kernel = program;
    ASSERT_TRUE(archive.record_ask(ask));
    const PageKernels all = kernels();
    const auto is = [&](std::size_t place, Maker maker, std::string_view way) {
        EXPECT_EQ(all.kernels.at(place).maker, maker) << place;
        EXPECT_EQ(all.kernels.at(place).way, way) << place;
    };
    is(0, Maker::Schedule, "seed");
    is(1, Maker::Schedule, "neighbour");
    is(2, Maker::Cross, "cross");
    is(3, Maker::Model, "edit");
    is(4, Maker::Model, "setting");
    is(5, Maker::Program, "");
    double dollars = 0;
    std::int64_t made = 0;
    for (const page::Spent& spent : all.spending()) {
        if (spent.maker == Maker::Model) dollars += spent.dollars;
        made += spent.kernels;
    }
    EXPECT_DOUBLE_EQ(dollars, 0.25);
    EXPECT_EQ(made, 6);
}

TEST_F(RunPage, CallsABoundABoundAndNamesTheGpu) {
    ASSERT_TRUE(os::write_file_atomically(
        home.path() / "run.json",
        R"({"task": "softmax", "text": "", "sizes": {"B": 64}, "target": "cuda",
        "gpu": "h200", "threads": 1})"));
    const auto id = kernel({}, "seeds");
    verdict::Verdict bounded = verdict_of(Status::Accepted);
    bounded.bound = verdict::Bound{"NVIDIA H200 SXM", 3e-5, "DRAM", 2e-5, "DRAM", 4e-5, 3e-5};
    judge(id, archive::Trial::Screen, bounded);
    judge(id, archive::Trial::Confirm, bounded);
    const std::string made = page();
    for (const char* words :
         {"verified, not timed", "best by bound on NVIDIA H200 SXM: 30.0 us (DRAM)", "B = 64",
          "30.0 us, ranks as 40.0 us", "no speedup was measured"})
        EXPECT_TRUE(says(made, words)) << words;
    EXPECT_FALSE(says(made, "over naive"));
}

TEST_F(RunPage, ShowsOfTheFoldersPathTheLastPartOnlyAndQuotesIt) {
    kernel({}, "seeds");
    const auto folder = home.path() / "it's; a run";
    const auto made = page_of_run(archive, folder);
    ASSERT_TRUE(made);
    EXPECT_TRUE(says(*made, "cupel show &#39;it&#39;\\&#39;&#39;s; a run&#39;"));
    EXPECT_FALSE(says(*made, home.path().string()));
}

}  // namespace
}  // namespace cupel::cli
