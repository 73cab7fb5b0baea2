// SPDX-License-Identifier: Apache-2.0
#include "verdict/verdict.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace cupel::verdict {
namespace {

using Json = nlohmann::json;

constexpr Status kAll[] = {Status::Accepted,    Status::Faster,       Status::Slower,
                           Status::NotResolved, Status::Wrong,        Status::Crashed,
                           Status::TimedOut,    Status::CompileError, Status::Cheating,
                           Status::Impossible,  Status::TaskRefused};

Verdict full() {
    Verdict v;
    v.status = Status::Faster;
    v.reason = "the interval lies above 1";
    v.detail = "two\nlines";
    v.speedup = Speedup{{5.28, 5.31, 5.34, 0.95}, "naive"};
    v.naive_speedup = Speedup{{5.2, 5.3, 5.4, 0.95}, "naive"};
    v.ceiling = CeilingShare{"copy bandwidth, 2 threads", 0.78};
    v.seconds = 1.5e-3;
    v.advantage_bound = 3e-6;
    v.threads = 2;
    v.isolation = {{"network", "files"}, {"cores"}};
    v.evidence = {120, 4096, 1 << 20, 0.4, 0.999};
    v.samples = {{"candidate", 1, 2, 0, 3, 4.5e-3, true}, {"naive", 1, 2, 1, 3, 2.4e-2, false}};
    v.kernel_hash = "ab";
    v.artefact_hash = "cd";
    v.wall_seconds = 2.25;
    return v;
}

TEST(Status, EveryNameIsReadBack) {
    std::set<std::string_view> names;
    for (const Status status : kAll) {
        EXPECT_EQ(status_from(status_name(status)), status);
        names.insert(status_name(status));
    }
    EXPECT_EQ(names.size(), std::size(kAll));
    EXPECT_EQ(status_from("quick"), std::nullopt);
    EXPECT_EQ(status_from(""), std::nullopt);
}

TEST(Status, ExitCodesAreThoseOfTheDesign) {
    const std::map<std::string_view, int> codes = {
        {"accepted", 0},  {"faster", 0},      {"slower", 10},      {"not_resolved", 11},
        {"wrong", 20},    {"crashed", 21},    {"timed_out", 22},   {"compile_error", 23},
        {"cheating", 24}, {"impossible", 25}, {"task_refused", 26}};
    for (const Status status : kAll)
        EXPECT_EQ(exit_code(status), codes.at(status_name(status)));
}

TEST(Status, OnlyFourMeanThatEveryAnswerWasRight) {
    std::set<std::string_view> right;
    for (const Status status : kAll) {
        if (is_right(status)) right.insert(status_name(status));
    }
    EXPECT_EQ(right, (std::set<std::string_view>{"accepted", "faster", "slower", "not_resolved"}));
}

// full(), behind every wall.
Verdict walled() {
    Verdict v = full();
    set_isolation(v, {{"network", "files", "cores"}, {}});
    return v;
}

TEST(Headline, OfAFasterKernelIsTheClaim) {
    EXPECT_EQ(headline(walled()),
              "faster: 5.31x [5.28, 5.34] over naive, 78 % of copy bandwidth (2 threads)");
}

TEST(Headline, AndTierAreLoweredWhereAWallWasMissing) {
    Verdict v = walled();
    EXPECT_EQ(v.tier, "native");
    set_isolation(v, {{"cores"}, {"network", "files"}});
    EXPECT_EQ(v.tier, "native-reduced");
    EXPECT_EQ(headline(v),
              "faster: 5.31x [5.28, 5.34] over naive, 78 % of copy bandwidth (2 threads), "
              "isolation reduced");
    set_isolation(v, walled().isolation);
    EXPECT_EQ(v.tier, "native");
}

TEST(Headline, ShowsTheDecimalsThatTheIntervalDeserves) {
    Verdict v = walled();
    v.ceiling.reset();
    v.status = Status::NotResolved;
    v.reason = "the interval holds 1";
    v.speedup->ratio = {0.9992, 1.0006, 1.0020, 0.95};
    EXPECT_EQ(headline(v), "not resolved: 1.001x [0.999, 1.002] over naive; the interval holds 1");
    v.status = Status::Faster;
    v.speedup->ratio = {95, 100, 105, 0.95};
    EXPECT_EQ(headline(v), "faster: 100.0x [95.0, 105.0] over naive");
}

TEST(Headline, OfACheatNamesTheLaw) {
    Verdict v;
    v.status = Status::Cheating;
    v.law = 6;
    v.reason = "a thread was still running";
    EXPECT_EQ(headline(v), "cheating (law 6): a thread was still running");
}

TEST(Headline, IsOneLineWithoutControlCharacters) {
    Verdict v;
    v.status = Status::CompileError;
    v.reason = "kernel.cpp:1: \x1b[31mfaster: 9x\nfaster: 100x over naive";
    EXPECT_EQ(headline(v), "compile error: kernel.cpp:1:  [31mfaster: 9x");
    v.status = Status::Accepted;
    v.reason.clear();
    EXPECT_EQ(headline(v), "accepted");
}

TEST(Headline, SurvivesAnInfiniteInterval) {
    Verdict v = walled();
    const double inf = std::numeric_limits<double>::infinity();
    v.ceiling.reset();
    v.speedup->ratio = {0, 1.5, inf, 0.95};
    EXPECT_EQ(headline(v), "faster: 1.50x [0.00, inf] over naive");
}

TEST(VerdictJson, HoldsTheFieldsThatPeopleScriptAgainst) {
    const Json json = to_json(full());
    EXPECT_EQ(json["status"], "faster");
    EXPECT_TRUE(json["law"].is_null());
    EXPECT_EQ(json["reason"], "the interval lies above 1");
    EXPECT_EQ(
        json["speedup"],
        (Json{
            {"low", 5.28}, {"mid", 5.31}, {"high", 5.34}, {"level", 0.95}, {"baseline", "naive"}}));
    EXPECT_EQ(json["naive_speedup"]["mid"], 5.3);
    EXPECT_EQ(json["ceiling"], (Json{{"name", "copy bandwidth, 2 threads"}, {"share", 0.78}}));
    EXPECT_EQ(json["precision"], "fp32");
    EXPECT_EQ(json["tier"], "native");
    EXPECT_EQ(json["advantage_bound"], 3e-6);
    EXPECT_EQ(json["isolation"]["missing"], Json::array({"cores"}));
}

TEST(VerdictJson, ReadsBackWhatItWrote) {
    for (const Status status : kAll) {
        Verdict v = full();
        v.status = status;
        if (status == Status::Cheating) v.law = 14;
        const Json json = to_json(v);
        const Result<Verdict> again = verdict_from_json(Json::parse(json.dump()));
        ASSERT_TRUE(again) << again.error().text;
        EXPECT_EQ(to_json(*again), json);
        EXPECT_EQ(again->samples, v.samples);
    }
    const Json plain = to_json(Verdict{});
    EXPECT_EQ(to_json(verdict_from_json(plain).value()), plain);
}

TEST(VerdictJson, WhatIsNotFiniteIsNullAndReadBackAsNaN) {
    Verdict v = full();
    v.speedup->ratio.high = std::numeric_limits<double>::infinity();
    v.seconds = std::nan("");
    const Json json = to_json(v);
    EXPECT_TRUE(json["speedup"]["high"].is_null());
    EXPECT_TRUE(json["seconds"].is_null());
    const Result<Verdict> again = verdict_from_json(json);
    ASSERT_TRUE(again);
    EXPECT_TRUE(std::isnan(again->speedup->ratio.high));
    EXPECT_TRUE(std::isnan(again->seconds));
}

TEST(VerdictJson, TextThatIsNotUtf8CanStillBeWritten) {
    Verdict v;
    v.detail = "ok \xff\xc0 end";
    v.isolation.parts = {"\x80"};
    EXPECT_NO_THROW(static_cast<void>(to_json(v).dump()));
    EXPECT_EQ(to_json(v)["detail"], "ok \uFFFD\uFFFD end");
}

std::string refusal(const Json& json) {
    const Result<Verdict> verdict = verdict_from_json(json);
    if (verdict) return "accepted";
    EXPECT_EQ(verdict.error().code, Errc::Corrupt);
    return verdict.error().text;
}

Json changed(const char* pointer, const Json& value) {
    Json json = to_json(full());
    json[Json::json_pointer(pointer)] = value;
    return json;
}

TEST(VerdictJson, NamesTheFieldThatIsWrong) {
    EXPECT_EQ(refusal(changed("/status", "quick")), "status: expected a known status, not 'quick'");
    EXPECT_EQ(refusal(changed("/status", 3)), "status: expected a string");
    EXPECT_EQ(refusal(changed("/law", 0)), "law: expected an integer from 1");
    EXPECT_EQ(refusal(changed("/law", 15)), "law: there are 14");
    EXPECT_EQ(refusal(changed("/law", 1.5)), "law: expected an integer from 1");
    EXPECT_EQ(refusal(changed("/speedup", "5x")), "speedup: expected an object");
    EXPECT_EQ(refusal(changed("/speedup/low", "5")), "speedup.low: expected a number or null");
    EXPECT_EQ(refusal(changed("/threads", 1LL << 40)), "threads: expected an integer from 1");
    EXPECT_EQ(refusal(changed("/threads", 18446744073709551615ULL)),
              "threads: expected an integer from 1");
    EXPECT_EQ(refusal(changed("/isolation", nullptr)), "isolation: expected an object");
    EXPECT_EQ(refusal(changed("/isolation/parts", Json::array({1}))),
              "isolation.parts: expected strings");
    EXPECT_EQ(refusal(changed("/evidence/positions", -1)),
              "evidence.positions: expected an integer from 0");
    EXPECT_EQ(refusal(changed("/samples", Json::object())), "samples: expected an array");
    EXPECT_EQ(refusal(changed("/samples/1/counted", 1)),
              "samples[1].counted: expected true or false");
    EXPECT_EQ(refusal(Json::array()), "verdict: expected an object");
}

TEST(VerdictJson, EveryMissingFieldIsNamed) {
    const Json whole = to_json(full());
    for (const auto& [name, value] : whole.items()) {
        Json json = whole;
        json.erase(name);
        EXPECT_EQ(refusal(json), name + ": missing");
    }
}

TEST(VerdictJson, BoundAndFindingsStandThereOnlyWhereThereAreAny) {
    const Json plain = to_json(full());
    EXPECT_FALSE(plain.contains("bound"));
    EXPECT_FALSE(plain.contains("findings"));
    Verdict v = full();
    v.bound = Bound{"NVIDIA H200 SXM", 4e-5, "issue", 2.8e-5, "DRAM", 5e-5, 6e-5};
    v.findings = {"bank conflicts: 8 wavefronts a request"};
    const Json json = to_json(v);
    EXPECT_EQ(json["bound"]["is"], "a lower bound from published peaks, not a time");
    const Verdict again = verdict_from_json(Json::parse(json.dump())).value();
    EXPECT_EQ(again.bound, v.bound);
    EXPECT_EQ(again.findings, v.findings);
    Json damaged = json;
    damaged["bound"].erase("floor");
    EXPECT_EQ(refusal(damaged), "bound.floor: missing");
    damaged = json;
    damaged["findings"] = 3;
    EXPECT_EQ(refusal(damaged), "findings: expected an array");
}

TEST(VerdictJson, AFieldFromALaterVersionIsIgnored) {
    EXPECT_EQ(refusal(changed("/mood", "good")), "accepted");
}

TEST(SampleJson, RoundTripsAndRefuses) {
    const Sample sample{"candidate", 3, 4, 1, 8, 1e-3, true};
    EXPECT_EQ(sample_from_json(to_json(sample)).value(), sample);
    EXPECT_EQ(sample_from_json(Json::object()).error().text, "contender: missing");
    EXPECT_EQ(sample_from_json(Json(7)).error().code, Errc::Corrupt);
}

TEST(Interval, HalfWidthIsRelative) {
    EXPECT_DOUBLE_EQ((Interval{1.8, 2.0, 2.2, 0.95}.half_width()), 0.1);
    EXPECT_EQ(Interval{}.half_width(), 0);
}

}  // namespace
}  // namespace cupel::verdict
