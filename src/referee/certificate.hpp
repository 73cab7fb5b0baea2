// SPDX-License-Identifier: Apache-2.0
// A certificate: a verdict with a speedup claim and everything a stranger needs to recompute it and
// to try it again. docs/formats/certificate.md describes the JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "referee/referee.hpp"
#include "verdict/verdict.hpp"

namespace cupel::referee {

// `claim` is the verdict to be published; `selected` the earlier judgement that chose the kernel,
// if there was one.
[[nodiscard]] nlohmann::json make_certificate(const Referee& referee, const verdict::Kernel& kernel,
                                              const verdict::Verdict& claim,
                                              const verdict::Verdict* selected);

struct Certificate {  // read back, whole and consistent
    task::Task task;
    verdict::Kernel kernel;
    std::vector<Baseline> panel;
    verdict::Verdict claim;
    std::string headline;
    int threads = 1;
    double window_overhead = 0;  // seconds
    std::string fingerprint;     // of the machine it was measured on
};
// Corrupt: the text was edited or damaged (the field is named).
[[nodiscard]] Result<Certificate> read_certificate(std::string_view text);

// The interval computed anew from the samples in the certificate alone; Corrupt where it differs
// from the claim.
[[nodiscard]] Result<verdict::Speedup> recompute(const Certificate& certificate);

// The second half of `verify`: does a new judgement on this machine agree with the claim?
struct Agreement {
    bool agrees = false;
    std::string reason;
};
[[nodiscard]] Agreement compare(const verdict::Verdict& claim, const verdict::Verdict& here,
                                bool same_machine);

}  // namespace cupel::referee
