// SPDX-License-Identifier: Apache-2.0
// A certificate: a verdict with a speedup claim and everything a stranger needs to recompute it and
// to try it again, signed. docs/formats/certificate.md describes the text, which has one spelling:
// reading refuses any byte that writing would have written otherwise.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/sign.hpp"
#include "referee/referee.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

struct Certificate {
    struct Member {  // of the panel
        std::string name;
        std::string source;
        std::string source_hash;
        std::string object_hash;
        std::string library;  // the version of what it calls, or empty
    };
    struct Signature {
        std::string key;     // public, or empty: unsigned
        std::string reason;  // why there is none, or empty
        [[nodiscard]] std::string fingerprint() const { return key_fingerprint(key); }
    };
    std::string written;  // UTC
    std::string headline;
    task::Task task;
    verdict::Kernel kernel;
    std::vector<Member> panel;
    std::vector<std::string> absent;  // what the panel lacks of what the task names, and why
    verdict::Verdict claim;           // what is published
    std::optional<verdict::Verdict> selected;  // the earlier judgement that chose the kernel: where
                                               // there is none, nothing can be recomputed
    double window_overhead = 0;                // seconds, of brief windows
    std::optional<double>
        long_window_overhead;  // ... and of long ones; earlier certificates have the other for both
    std::optional<double>
        team_window_overhead;  // ... and more, where threads wake; earlier ones do not say it
    target::Machine machine;
    target::Ceilings ceilings;
    std::string compiler_version;
    std::vector<std::string> compiler_flags;
    AaSummary aa;
    Signature signature;

    [[nodiscard]] Overhead overhead() const {
        return {window_overhead, long_window_overhead.value_or(window_overhead),
                team_window_overhead.value_or(0)};
    }
};

[[nodiscard]] Certificate make_certificate(const Referee& referee, const verdict::Kernel& kernel,
                                           const verdict::Verdict& claim,
                                           const verdict::Verdict& selected);

struct Signer {
    std::optional<SigningKey> key;
    std::string missing;  // why there is no key
};
// The whole text; unsigned, and saying so, where there is no key.
[[nodiscard]] std::string certificate_text(const Certificate& certificate, const Signer& signer);

// Corrupt, with what is wrong: a byte was changed, or the signature is not of this text.
[[nodiscard]] Result<Certificate> read_certificate(std::string_view text);

// All that follows from the samples, computed anew from the certificate alone; Corrupt where a
// field says something else (it is named).
[[nodiscard]] Result<verdict::Speedup> recompute(const Certificate& certificate);

// The last part of `verify`: does a new judgement on this machine agree with the claim?
struct Agreement {
    bool agrees = false;
    bool direction_only = false;  // on another machine: faster there and here, not alike in size
    std::string reason;
};
[[nodiscard]] Agreement compare(const verdict::Verdict& claim, const verdict::Verdict& here,
                                bool same_machine);

}  // namespace cupel::referee
