// SPDX-License-Identifier: Apache-2.0
// A real certificate, of two real judgements: no byte of it can be changed, and no figure that
// follows from its samples can be another, whoever signs.
#include "referee/certificate.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

#include "base/hash.hpp"
#include "referee/estimate.hpp"
#include "schedule/schedule.hpp"

namespace cupel::referee {
namespace {

using nlohmann::json;

constexpr std::string_view kScale = R"(# Scale
task scale(x: f32[B,N]) -> y: f32[B,N] where B = 32, N = 200
  y[b,n] = x[b,n] * 2 + 1
)";

struct Made {
    Certificate certificate;
    std::string problem;
};

Made make() {
    Made made;
    const auto fail = [&](const Error& error) {
        made.problem = error.text;
        return made;
    };
    auto task = task::parse(kScale, "scale.task");
    if (!task) return fail(task.error());
    const auto naive = schedule::print_naive(*task);
    if (!naive) return fail(naive.error());
    Options options;
    options.judge_seconds = 0.2;
    options.processes = 5;
    const auto referee =
        Referee::open(*std::move(task), {{.name = "naive", .source = *naive}}, options);
    if (!referee) return fail(referee.error());
    const verdict::Kernel kernel{.source = *naive, .schedule = "trace", .origin = "naive"};
    const auto selected = (*referee)->judge(kernel);
    if (!selected) return fail(selected.error());
    const auto again = (*referee)->judge(kernel);
    if (!again) return fail(again.error());
    made.certificate = make_certificate(**referee, kernel, reconcile(*selected, *again), *selected);
    return made;
}

class RealCertificate : public testing::Test {
protected:
    void SetUp() override {
        if (!made_) made_ = make();
        ASSERT_EQ(made_->problem, "");
        text_ = certificate_text(made_->certificate, {.key = key_, .missing = ""});
    }
    // The samples are most of it; where they are only read, a few are as good as all.
    [[nodiscard]] std::string short_text() const {
        Certificate shortened = made_->certificate;
        shortened.claim.samples.resize(3);
        shortened.selected.reset();
        return certificate_text(shortened, {.key = key_, .missing = ""});
    }
    static Result<verdict::Speedup> verify(std::string_view text) {
        CUPEL_TRY(const Certificate certificate, read_certificate(text));
        return recompute(certificate);
    }
    // What a forger who knows everything makes of an edited document: spelt right, hashed anew, and
    // signed with a key of their own.
    static std::string forge(json document) {
        const SigningKey key = SigningKey::make();
        document["signature"]["key"] = key.public_hex();
        document["signature"]["value"] = "";
        document["hash"] = "";
        document["hash"] = hash_hex(document.dump(1) + "\n");
        document["signature"]["value"] =
            key.sign("cupel-certificate 3\n" + document.dump(1) + "\n");
        return document.dump(1) + "\n";
    }
    static inline std::optional<Made> made_;
    const SigningKey key_ = SigningKey::make();
    std::string text_;
};

TEST_F(RealCertificate, HoldsItsOwnProof) {
    const auto read = read_certificate(text_);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->signature.fingerprint(), key_fingerprint(key_.public_hex()));
    const auto again = recompute(*read);
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_DOUBLE_EQ(again->ratio.mid, made_->certificate.claim.speedup->ratio.mid);
    EXPECT_EQ(certificate_text(*read, {.key = key_, .missing = ""}), text_);
    EXPECT_TRUE(verify(forge(json::parse(text_)))) << "the forger of these tests spells rightly";
}

TEST_F(RealCertificate, WithoutAKeyIsVisiblyUnsignedAndStillWhole) {
    const std::string text =
        certificate_text(made_->certificate, {.key = std::nullopt, .missing = "no home"});
    const auto read = read_certificate(text);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_TRUE(read->signature.key.empty());
    EXPECT_NE(read->signature.reason.find("no home"), std::string::npos);
    EXPECT_NE(text.find("\"unsigned\""), std::string::npos);
    // Taking the signature off is no way round it: the hash covers the scheme.
    json document = json::parse(text_);
    document["signature"] = {
        {"scheme", "unsigned"}, {"key", ""}, {"reason", "none"}, {"value", ""}};
    EXPECT_FALSE(read_certificate(document.dump(1) + "\n"));
    std::string edited = text;
    for (std::size_t i = 0; i < edited.size(); i += 97) {
        edited[i] = static_cast<char>(edited[i] ^ 1);
        EXPECT_FALSE(read_certificate(edited)) << i;
        edited[i] = text[i];
    }
}

TEST_F(RealCertificate, NoByteCanBeFlippedDeletedOrAdded) {
    const std::string text = short_text();
    ASSERT_TRUE(read_certificate(text));
    const auto refused = [&](const std::string& edited, std::size_t at, const char* how) {
        const auto read = read_certificate(edited);
        EXPECT_TRUE(!read && read.error().code == Errc::Corrupt && !read.error().text.empty())
            << how << " at " << at << ": " << text.substr(at, 40);
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string edited = text;
        edited[i] = static_cast<char>(edited[i] ^ (1 << (i % 8)));
        refused(edited, i, "flip");
        edited = text;
        if (i % 2 == 0) {
            edited.erase(i, 1);
        } else {
            edited.insert(i, 1, " 0\"\n,}"[i / 2 % 6]);
        }
        refused(edited, i, i % 2 == 0 ? "delete" : "insert");
    }
    refused(text + "\n", text.size() - 1, "append");
    refused(text + text, 0, "double");
    refused("\xef\xbb\xbf" + text, 0, "byte order mark");
}

TEST_F(RealCertificate, NoFieldCanBeRespelt) {
    const std::string text = short_text();
    const auto replaced = [&](const std::string& from, const std::string& to) {
        std::string edited = text;
        const std::size_t at = edited.find(from);
        EXPECT_NE(at, std::string::npos) << from;
        if (at == std::string::npos) return true;
        edited.replace(at, from.size(), to);
        EXPECT_NE(edited, text);
        const auto read = read_certificate(edited);
        return read.has_value();
    };
    EXPECT_FALSE(replaced("\"threads\": 1", "\"threads\": 1.0"));
    EXPECT_FALSE(replaced("\"threads\": 1", "\"threads\": 1e0"));
    EXPECT_FALSE(replaced("\"threads\": 1", "\"threads\": 10e-1"));
    EXPECT_FALSE(replaced("\"round\": 0", "\"round\": -0"));
    EXPECT_FALSE(replaced("\"version\": 3", "\"version\": 3,\n \"version\": 3"));
    EXPECT_FALSE(replaced("{\n", "{\n \"added\": 1,\n"));
    EXPECT_FALSE(replaced("\"format\"", "\"\\u0066ormat\""));
    EXPECT_FALSE(replaced("\n", "\r\n"));
    json reordered = json::parse(text);
    std::swap(reordered["claim"]["samples"][0], reordered["claim"]["samples"][1]);
    EXPECT_FALSE(read_certificate(reordered.dump(1) + "\n"));
    EXPECT_FALSE(read_certificate(json::parse(text).dump()));
    EXPECT_FALSE(read_certificate(json::parse(text).dump(2) + "\n"));
    EXPECT_FALSE(read_certificate("[]"));
    EXPECT_FALSE(read_certificate(std::string(100'000, '[')));
}

// The value changed as little as its type allows.
void edit(json& leaf) {
    if (leaf.is_number_float()) {
        leaf = std::nextafter(leaf.get<double>(), 1e300);
    } else if (leaf.is_number()) {
        leaf = leaf.get<std::int64_t>() + 1;
    } else if (leaf.is_boolean()) {
        leaf = !leaf.get<bool>();
    } else if (leaf.is_string()) {
        leaf = leaf.get<std::string>() + " ";
    } else {
        leaf = 0;
    }
}

TEST_F(RealCertificate, NoFieldCanBeChangedInItsLastDigitOrTakenAwayOrAdded) {
    const json document = json::parse(short_text());
    const json flat = document.flatten();
    for (const auto& [path, value] : flat.items()) {
        json edited = document;
        edit(edited[json::json_pointer(path)]);
        EXPECT_FALSE(read_certificate(edited.dump(1) + "\n")) << path;
        edited = document;
        const json::json_pointer at(path);
        if (at.back().find_first_not_of("0123456789") == std::string::npos) continue;
        edited[at.parent_pointer()].erase(at.back());
        EXPECT_FALSE(read_certificate(edited.dump(1) + "\n")) << path;
        // Hash and signature the forger puts back; earlier certificates have but one figure for
        // what windows cost.
        const bool put_back = path == "/hash" || path == "/signature/key" ||
                              path == "/signature/value" || path == "/long_window_overhead" ||
                              path == "/team_window_overhead";
        EXPECT_TRUE(put_back || !read_certificate(forge(edited)))
            << path << " taken away and signed anew";
        edited = document;
        edited[at.parent_pointer()]["added"] = 1;
        EXPECT_FALSE(read_certificate(forge(edited))) << path << " joined by another, signed anew";
    }
}

// What a certificate states and its samples do not tell (a space behind the task's text is another
// text of the same function). Everything else, a forger who signs with a
// key of their own must keep as the samples have it.
bool is_statement(const std::string& path) {
    for (const char* statement : {"/written",
                                  "/kernel/schedule",
                                  "/kernel/origin",
                                  "/panel/0/object_hash",
                                  "/long_window_overhead",  // its windows are brief ...
                                  "/team_window_overhead",  // ... and their calls are long
                                  "/compiler/",
                                  "/task/text",
                                  "/machine/",
                                  "/ceilings/",
                                  "/aa/damaged",
                                  "/aa/half_width",
                                  "/aa/stolen",
                                  "/aa/first",
                                  "/aa/last",
                                  "/aa/different",
                                  "/aa/runs",
                                  "/signature/",
                                  "/hash",
                                  "/claim/detail",
                                  "/selected/detail",
                                  "/claim/wall_seconds",
                                  "/selected/wall_seconds"}) {
        if (path.starts_with(statement)) return true;
    }
    return path.ends_with("/evidence/worst_error") || path.ends_with("/evidence/positions");
}

TEST_F(RealCertificate, WhatFollowsFromTheSamplesCannotBeForgedByAnySigner) {
    const json document = json::parse(text_);
    int sample = 0;
    const json flat = document.flatten();
    for (const auto& [path, value] : flat.items()) {
        if (is_statement(path)) continue;
        // One field of one sample in eleven: they are all alike.
        if (path.find("/samples/") != std::string::npos && ++sample % 11 != 0) continue;
        json edited = document;
        json& leaf = edited[json::json_pointer(path)];
        if (leaf.is_number_float()) {
            leaf = leaf.get<double>() * 0.9;
        } else {
            edit(leaf);
        }
        const auto verified = verify(forge(edited));
        // The time of one window among many may leave every median where it was.
        if (path.ends_with("/seconds") && path.find("/samples/") != std::string::npos) continue;
        EXPECT_FALSE(verified) << path;
    }
}

TEST_F(RealCertificate, AForgerWhoLeavesSamplesOutOrQuickensThemIsNamed) {
    const auto forged = [&](auto&& change) {
        json document = json::parse(text_);
        change(document);
        const auto verified = verify(forge(document));
        return verified ? std::string() : verified.error().text;
    };
    const auto says = [](const std::string& problem, const char* words) {
        EXPECT_NE(problem.find(words), std::string::npos) << problem;
    };
    says(forged([](json& d) { d["headline"] = "faster: 150x over naive"; }), "headline");
    says(forged([](json& d) { d["claim"]["advantage_bound"] = 0.0; }), "claim.advantage_bound");
    says(forged([](json& d) { d["claim"]["ceiling"]["share"] = 0.99; }), "claim.ceiling.share");
    says(forged([](json& d) { d["claim"]["evidence"]["questions"] = 10'000; }), "claim.evidence");
    says(forged([](json& d) { d["claim"]["isolation"]["missing"].push_back("network"); }),
         "claim.tier");
    says(forged([](json& d) { d["claim"]["isolation"]["parts"].erase(0); }), "claim.isolation");
    says(forged([](json& d) { d["claim"]["precision"] = "bf16"; }), "claim.precision");
    says(forged([](json& d) { d["claim"]["status"] = "wrong"; }), "claim.status");
    says(forged([](json& d) { d["selected"]["speedup"]["mid"] = 7.5; }), "selected.speedup.mid");
    says(forged([](json& d) { d["claim"]["seed"]["value"] = std::string(64, '0'); }),
         "claim.seed.value");
    says(forged([](json& d) {
             d["claim"] = d["selected"];
             d["headline"] = "";
         }),
         "fresh questions");
    // A whole round, one answer, and the last process of the candidate, which was slow.
    says(forged([](json& d) {
             json& samples = d["claim"]["samples"];
             samples.erase(4);
             samples.erase(4);
         }),
         "claim.samples");
    says(forged([](json& d) { d["claim"]["samples"][4]["first_key"] = 0; }), "claim.samples");
    says(forged([](json& d) {
             for (json& each : d["claim"]["samples"]) {
                 if (each["contender"] == "candidate")
                     each["seconds"] = each["seconds"].get<double>() / 2;
             }
         }),
         "claim.");
    says(forged([](json& d) { d["aa"]["p_value"] = 0.5; }), "aa.p_value");
}

// No sample says otherwise, and still it cannot be.
TEST_F(RealCertificate, AStatementThatCannotBeIsNamed) {
    const json document = json::parse(text_);
    const auto refused = [&](const char* pointer, const json& value, const char* words) {
        json edited = document;
        edited[json::json_pointer(pointer)] = value;
        const auto verified = verify(forge(edited));
        const std::string problem = verified ? "it is believed" : verified.error().text;
        EXPECT_NE(problem.find(words), std::string::npos) << pointer << ": " << problem;
    };
    const auto elements = document["claim"]["evidence"]["elements"].get<std::int64_t>();
    refused("/claim/evidence/positions", 2 * elements + 2, "claim.evidence.positions");
    refused("/selected/evidence/positions", std::int64_t{1} << 62, "selected.evidence.positions");
    refused("/written", "yesterday", "written");
    refused("/written", "2026-02-30T00:00:00Z", "written");
    refused("/aa/damaged", -3, "aa.damaged");
    refused("/aa/half_width", -1.0, "aa.half_width");
    refused("/aa/stolen", 1e308, "aa.stolen");
    refused("/aa/first", "never", "aa: first");
    refused("/machine/cpus", -5, "machine: cpus");
    refused("/machine/cpus", 0, "machine: cpus");
    refused("/machine/cpus", 1e300, "machine: cpus");
    for (const char* bytes : {"l1_bytes", "l2_bytes", "l3_bytes", "memory_bytes"}) {
        const std::string pointer = std::string("/machine/") + bytes;
        refused(pointer.c_str(), -1, bytes);
        refused(pointer.c_str(), std::numeric_limits<std::int64_t>::max(), bytes);
        refused(pointer.c_str(), (std::int64_t{1} << 50) + 1, bytes);
    }
    refused("/ceilings/disturbed", -7.5, "ceilings: disturbed");
    refused("/ceilings/measured", -1, "ceilings: measured");
    refused("/ceilings/threads", 0, "ceilings: threads");
}

// Law 11: a certificate without its first measurement is half of one.
TEST_F(RealCertificate, NeedsTheMeasurementThatChoseTheKernel) {
    Certificate certificate = made_->certificate;
    certificate.selected.reset();
    const auto verified = verify(certificate_text(certificate, {.key = key_, .missing = ""}));
    ASSERT_FALSE(verified);
    EXPECT_TRUE(verified.error().text.starts_with("selected:")) << verified.error().text;
}

// Whoever may stop at the process that pleases needs no samples of their own making.
TEST_F(RealCertificate, HasAsManyProcessesAsAJudgement) {
    const auto without = [&](auto&& is_left_out) {
        json document = json::parse(text_);
        json kept = json::array();
        for (const json& sample : document["claim"]["samples"])
            if (!is_left_out(sample)) kept.push_back(sample);
        EXPECT_LT(kept.size(), document["claim"]["samples"].size());
        document["claim"]["samples"] = kept;
        const auto verified = verify(forge(document));
        return verified ? std::string() : verified.error().text;
    };
    const auto says = [](const std::string& problem, const char* words) {
        EXPECT_NE(problem.find(words), std::string::npos) << problem;
    };
    says(without([](const json& sample) { return sample["process"] >= 2; }), "2 processes");
}

verdict::Verdict with_speedup(verdict::Interval ratio) {
    verdict::Verdict verdict;
    verdict.status = decide(ratio);
    verdict.speedup = verdict::Speedup{.ratio = ratio, .baseline = "naive"};
    return verdict;
}

TEST(Compare, OnTheSameMachineTheFigureMustBeTheSame) {
    const verdict::Verdict here = with_speedup({.low = 3.4, .mid = 4.23, .high = 5.2});
    const auto agrees = [&](verdict::Interval claim) {
        return compare(with_speedup(claim), here, true).agrees;
    };
    EXPECT_TRUE(agrees({.low = 3.0, .mid = 3.75, .high = 4.7}));
    EXPECT_TRUE(agrees({.low = 4.6, .mid = 5.6, .high = 6.8}));
    EXPECT_FALSE(agrees({.low = 5.4, .mid = 6.0, .high = 6.6}));
    EXPECT_FALSE(agrees({.low = 5.4, .mid = 23.7, .high = 103.4}));
    EXPECT_FALSE(agrees({.low = 1.1, .mid = 23.7, .high = 510}));
}

TEST(Compare, OnAnotherMachineNeitherDirectionNorSizeMayBeContradicted) {
    const verdict::Verdict here = with_speedup({.low = 3.9, .mid = 4.73, .high = 5.7});
    const auto compared = [&](verdict::Interval claim) {
        return compare(with_speedup(claim), here, false);
    };
    EXPECT_TRUE(compared({.low = 2.3, .mid = 2.5, .high = 2.7}).agrees);
    EXPECT_TRUE(compared({.low = 8, .mid = 9, .high = 10}).agrees);
    const Agreement huge = compared({.low = 89, .mid = 112, .high = 141});
    EXPECT_FALSE(huge.agrees);
    EXPECT_TRUE(huge.direction_only);
    EXPECT_NE(huge.reason.find("the direction holds; the size does not"), std::string::npos);
    const Agreement wide = compared({.low = 5.4, .mid = 23.7, .high = 103.4});
    EXPECT_FALSE(wide.agrees);
    EXPECT_TRUE(wide.direction_only);
    const verdict::Verdict slower = with_speedup({.low = 0.7, .mid = 0.8, .high = 0.9});
    const Agreement turned =
        compare(with_speedup({.low = 1.1, .mid = 1.2, .high = 1.3}), slower, false);
    EXPECT_FALSE(turned.agrees);
    EXPECT_FALSE(turned.direction_only);
}

// Law 12, from the certificate alone.
TEST_F(RealCertificate, ATimeThatPhysicsForbidsIsRefusedHoweverConsistent) {
    json document = json::parse(text_);
    document["ceilings"]["cache_bandwidth"] = 1e6;
    const auto verified = verify(forge(document));
    ASSERT_FALSE(verified);
    EXPECT_NE(verified.error().text.find(".law"), std::string::npos) << verified.error().text;
}

TEST_F(RealCertificate, ARecordThatContradictsItsMachineAllowsNoClaim) {
    Certificate certificate = made_->certificate;
    certificate.aa = {.test = stats::aa_test(20, 40),  // whatever this machine's own record holds
                      .first = "2026-11-01T00:00:00Z",
                      .last = "2026-11-02T00:00:00Z"};
    for (verdict::Verdict* verdict : {&certificate.claim, &*certificate.selected}) {
        verdict->status = verdict::Status::Faster;
        verdict->law.reset();
        verdict->reason.clear();
    }
    certificate.headline = verdict::headline(certificate.claim);
    const auto verified = verify(certificate_text(certificate, {.key = key_, .missing = ""}));
    ASSERT_FALSE(verified);
    EXPECT_NE(verified.error().text.find("selected."), std::string::npos) << verified.error().text;
}

}  // namespace
}  // namespace cupel::referee
