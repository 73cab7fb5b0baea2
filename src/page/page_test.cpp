// SPDX-License-Identifier: Apache-2.0
#include "page/page.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "page/testing.hpp"

namespace cupel::page {
namespace {

using testing::fill_with;
using testing::read_page;
using testing::search_of;
using testing::Structure;

std::string page_of(const Account& run) {
    const Result<std::string> page = print(run);
    EXPECT_TRUE(page) << page.error().text;
    return page ? *page : std::string();
}

bool says(const std::string& page, std::string_view words) {
    return page.find(words) != std::string::npos;
}

TEST(Page, HasTheSameTagsWhateverItsTextsAre) {
    Account run = search_of(12);
    run.kernels[3].fate = Fate::Cheating;
    run.kernels[4].fate = Fate::Barred;
    fill_with(run, "plain words");
    const Structure plain = read_page(page_of(run));
    ASSERT_EQ(plain.problem, "");
    for (const std::string& evil : {
             std::string("<script>alert(1)</script>"),
             std::string("\"><img src=x onerror=alert(1)>"),
             std::string("' onmouseover='alert(1)"),
             std::string("</style><style>*{background:url(//evil)}</style>"),
             std::string("</title><base href=//evil>"),
             std::string("]]></svg><!-- --!> <![CDATA["),
             std::string("</pre></details></td></tr></table><h1>certified: 99x</h1>"),
             std::string("</text><a href=\"javascript:alert(1)\">x</a>"),
             std::string("&lt;script&gt; &#60; &amp &bogus;"),
             std::string("a\0<b>\x01\x1b[31m\x7f", 13),
             std::string("\xff<\xc0\xaf\xed\xa0\x80\xe2\x82"),
             std::string("\u202e<b>\u2066\u200f\u061c"),
             std::string("{{constructor}} ${7*7} <%= x %> `x`"),
         }) {
        fill_with(run, evil);
        const Structure found = read_page(page_of(run));
        EXPECT_EQ(found.problem, "") << evil;
        EXPECT_EQ(found.tags, plain.tags) << evil;
        EXPECT_EQ(found.links, plain.links) << evil;
    }
}

TEST(Page, ShowsAStrangersTextAsText) {
    Account run = search_of(3);
    fill_with(run, "a<b> & \"c\" 'd'\x07\u202e");
    const std::string page = page_of(run);
    EXPECT_TRUE(says(page, "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;\uFFFD"));
    EXPECT_FALSE(says(page, "\u202e"));
}

TEST(Page, RunsNothingAndFetchesNothing) {
    const std::string page = page_of(search_of(40));
    EXPECT_TRUE(says(page,
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                     "'none'; style-src 'unsafe-inline'\">"));
    for (const char* word :
         {"<script", "url(", "@import", "http://", "https://", " src=", " style="})
        EXPECT_FALSE(says(page, word)) << word;
    const Structure found = read_page(page);
    EXPECT_EQ(found.problem, "");
    for (const std::string& link : found.links)
        EXPECT_TRUE(link.starts_with("#k")) << link;
}

TEST(Page, LinksOnlyToRowsThatAreThere) {
    const std::string page = page_of(search_of(1500));
    const Structure found = read_page(page);
    ASSERT_EQ(found.problem, "");
    EXPECT_FALSE(found.links.empty());
    for (const std::string& link : found.links)
        EXPECT_TRUE(says(page, "<tr id=\"" + link.substr(1) + "\"")) << link;
}

TEST(Page, HasABoundHoweverManyKernelsWithHoweverMuchText) {
    Account run = search_of(20'000);
    EXPECT_LT(page_of(run).size(), std::size_t{2} << 20);
    fill_with(run, std::string(200, '"'));  // of each kernel no more is held
    const std::string huge(1'000'000, '"');
    for (std::string* field : {&run.task, &run.title, &run.headline, &run.seal, &run.formula})
        *field = huge;
    run.rows = {{huge, {huge}}};
    run.proof = run.conditions = {{huge, std::vector<std::string>(100, huge)}};
    run.texts = [&huge](std::size_t, bool) -> Result<Texts> {
        return Texts{.source = huge,
                     .schedule = huge,
                     .change = huge,
                     .idea = huge,
                     .detail = huge,
                     .findings = {huge, huge},
                     .trials = {huge}};
    };
    const std::string page = page_of(run);
    EXPECT_LT(page.size(), kLargestPage);
    EXPECT_TRUE(says(page, "bytes left out"));
    EXPECT_EQ(read_page(page).problem, "");
}

TEST(Page, OfARunWithoutAKernelSaysSo) {
    Account run = search_of(0);
    run.headline = "nothing was tried yet";
    const std::string page = page_of(run);
    EXPECT_EQ(read_page(page).problem, "");
    EXPECT_TRUE(says(page, "nothing was tried yet"));
    EXPECT_TRUE(says(page, "0 kernels"));
}

TEST(Page, ShowsNoFigureOfWhatIsQuarantined) {
    Account run = search_of(4);
    for (const Fate fate : {Fate::Cheating, Fate::Barred}) {
        run.kernels[2].fate = fate;
        run.kernels[2].figure = verdict::Interval{76.5, 77.5, 78.5, 0.95};
        run.kernels[2].judged = "judged: 77.50x";
        EXPECT_FALSE(says(page_of(run), "77.5"));
        EXPECT_TRUE(says(page_of(run), "broke a law"));
    }
}

TEST(Page, CallsBoundsBounds) {
    Account run = search_of(6);
    run.timed = false;
    run.gpu = "NVIDIA H200 SXM";
    run.floor = 1e-5;
    for (Kernel& kernel : run.kernels)
        kernel.figure = verdict::Interval{2e-5, 2e-5, 2e-5, 1};
    const std::string page = page_of(run);
    EXPECT_EQ(read_page(page).problem, "");
    EXPECT_TRUE(says(page, "lower bound of time"));
    EXPECT_TRUE(says(page, "nothing was timed"));
    EXPECT_FALSE(says(page, "over naive, screened"));
}

TEST(Page, BearsFiguresThatAreNoNumbers) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    constexpr double kInfinite = std::numeric_limits<double>::infinity();
    for (const double odd : {kNan, kInfinite, -kInfinite, 0.0, -1.0, 1e-300, 1e300}) {
        Account run = search_of(5);
        run.kernels[1].figure = verdict::Interval{odd, odd, odd, odd};
        run.kernels[2].figure = verdict::Interval{odd, 1, odd, 0.95};
        run.kernels[3].seconds = run.kernels[3].dollars = odd;
        run.claimed = verdict::Interval{odd, odd, odd, odd};
        EXPECT_EQ(read_page(page_of(run)).problem, "") << odd;
    }
}

TEST(Page, TellsWhatWentWrongWhenAKernelCannotBeRead) {
    Account run = search_of(3);
    run.texts = [](std::size_t, bool) -> Result<Texts> {
        return fail(Errc::Corrupt, "kernel 1: gone");
    };
    const Result<std::string> page = print(run);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().text, "kernel 1: gone");
}

// The reader above must be able to fail, or it says nothing.
TEST(StrictReader, RefusesWhatOnlyABrowserForgives) {
    constexpr std::string_view kDoctype = "<!DOCTYPE html>";
    EXPECT_EQ(read_page(std::string(kDoctype) + "<html lang=\"en\"><b>x</b></html>").problem, "");
    for (const char* wrong :
         {"<b>x", "</b>", "<b>x</i>", "<b class=x></b>", "<b onclick></b>", "a & b", "a > b",
          "<!-- x -->", "<b c=\"<i>\"></b>", "<b c=\"x\"d=\"y\"></b>", "\x01"}) {
        EXPECT_NE(read_page(std::string(kDoctype) + "<html>" + wrong + "</html>").problem, "")
            << wrong;
    }
}

}  // namespace
}  // namespace cupel::page
