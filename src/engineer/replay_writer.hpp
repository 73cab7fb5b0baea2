// SPDX-License-Identifier: Apache-2.0
// Kernels of an earlier run, byte for byte: what its models and its program answered is read again
// from its recording, in order, with no key, no network and no program, and tried anew.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engineer/intake.hpp"
#include "engineer/writer.hpp"
#include "model/recording.hpp"

namespace cupel::engineer {

class ReplayWriter final : public Writer {
public:
    // `earlier` is the archive of the recorded run: edits are of its kernels. Corrupt where an
    // answer gives another kernel than it gave then. All must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<ReplayWriter>> open(
        const model::Recording& recording, archive::Archive& earlier, archive::Archive& archive);

    [[nodiscard]] Result<std::vector<Draft>> write(const Standings& standings, std::size_t most,
                                                   bool idle) override;
    [[nodiscard]] bool done() const override { return left_.empty() && intake_.empty(); }
    [[nodiscard]] Result<void> passed_over(const Draft& draft) override;
    [[nodiscard]] Result<void> tried(const Draft& draft, const Trial& trial) override;
    [[nodiscard]] Spending spending() const override { return {}; }
    [[nodiscard]] std::size_t left() const noexcept { return left_.size(); }

private:
    struct Text {
        std::string source;
        std::string origin;  // "model"
        std::string way;
        std::string hash;  // of the question
        std::string author;
        std::vector<std::string> parents;  // hashes of sources
        archive::KernelId then = 0;        // what it was in the earlier archive; 0: not tried
    };
    ReplayWriter(const model::Recording& recording, archive::Archive& earlier,
                 archive::Archive& archive)
        : recording_(recording), earlier_(earlier), archive_(archive) {}
    [[nodiscard]] static Result<Text> reread(const model::Exchange& exchange,
                                             archive::Archive& earlier);
    [[nodiscard]] static Result<Text> reread_command(const model::Exchange& exchange);
    [[nodiscard]] Result<void> close(std::uint64_t ticket, const Trial* trial);
    // The settings of it that were tried then, whatever today's clock would try.
    [[nodiscard]] Result<void> offer_settings(archive::KernelId then, archive::KernelId now);

    const model::Recording& recording_;
    archive::Archive& earlier_;
    archive::Archive& archive_;
    std::deque<std::string> left_;                      // hashes of questions
    std::map<std::uint64_t, Text> open_;                // by ticket
    std::map<std::string, archive::KernelId> kernels_;  // of then, by the question's hash
    std::map<archive::KernelId, std::vector<archive::KernelId>> settings_;  // of then, by guess
    Intake intake_{"model"};
};

}  // namespace cupel::engineer
