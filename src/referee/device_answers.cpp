// SPDX-License-Identifier: Apache-2.0
#include "referee/device_answers.hpp"

#include <algorithm>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "base/seed.hpp"

namespace cupel::referee {
namespace {

constexpr double kOwnSeconds = 0.1;
constexpr double kMostDrawn = 2048;
constexpr double kLeastDrawn = 64;

using Position = wire::oracle::Position;

// The elements that lie whole in the runs.
class Written {
public:
    Written(std::span<const emulator::Stretch> runs, std::uint64_t size) {
        for (const emulator::Stretch& run : runs) {
            const std::uint64_t first = (run.offset + size - 1) / size;
            const std::uint64_t end = (run.offset + run.bytes) / size;
            if (first >= end) continue;
            count_ += end - first;
            pieces_.push_back({.ends = count_, .first = first, .last = end});
        }
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    // `share` of them. Half are the first and last ones of runs, as far as there are so many: a
    // block that strays into what others write leaves a short run, or one that is longer than it
    // should be. All else is each as likely as any other.
    [[nodiscard]] std::vector<std::uint64_t> draw(std::size_t share,
                                                  std::mt19937_64& random) const {
        std::vector<std::uint64_t> drawn;
        if (count_ == 0) return drawn;
        const std::size_t edges = 2 * pieces_.size();
        for (std::size_t i = 0; i < std::min(share / 2, edges); i++)
            drawn.push_back(edge(edges <= share / 2 ? i : random() % edges));
        while (drawn.size() < share)
            drawn.push_back(at(random() % count_));
        return drawn;
    }

private:
    [[nodiscard]] std::uint64_t edge(std::size_t number) const {
        const Piece& piece = pieces_[number / 2];
        return number % 2 == 0 ? piece.first : piece.last - 1;
    }
    [[nodiscard]] std::uint64_t at(std::uint64_t index) const {
        const auto piece = std::ranges::upper_bound(pieces_, index, {}, &Piece::ends);
        return piece->last - (piece->ends - index);
    }
    struct Piece {
        std::uint64_t ends;  // elements up to here, of all pieces
        std::uint64_t first;
        std::uint64_t last;  // the element behind its own
    };
    std::vector<Piece> pieces_;
    std::uint64_t count_ = 0;
};

}  // namespace

Result<OwnQuestion> OwnQuestion::ask(const task::Task& task, int threads, bool judged) {
    OwnQuestion own(task);
    CUPEL_TRY(Arena arena, Arena::make(task, 1, threads));
    own.arena_ = std::make_unique<Arena>(std::move(arena));
    if (judged) {
        CUPEL_TRY(OracleClient oracle, OracleClient::start(task, *own.arena_, threads));
        own.oracle_ = std::make_unique<OracleClient>(std::move(oracle));
        own.checker_ =
            std::make_unique<Checker>(task, *own.oracle_, *own.arena_, Adders::TensorCores);
        CUPEL_DO(own.checker_->study(*own.arena_));
    }
    own.arena_->begin(Seed::draw());
    own.arena_->ask(0, Kind::Lawful);
    return own;
}

void OwnQuestion::add_values(emulator::Job& job) const {
    for (std::size_t i = 0; i < task_->inputs.size(); i++) {
        const std::span<const std::byte> values = arena_->input(0, i);
        job.buffers[i].bytes = values.size();
        job.values.insert(job.values.end(), values.begin(), values.end());
    }
}

Result<std::optional<std::string>> OwnQuestion::first_wrong(const emulator::Job& job,
                                                            const emulator::JobResult& result,
                                                            verdict::Evidence& evidence) {
    if (!checker_) return std::nullopt;
    const double each = std::max(oracle_->seconds_per_position(), 1e-9);
    const double affordable = std::clamp(kOwnSeconds / each, kLeastDrawn, kMostDrawn);
    const std::size_t share =
        std::max<std::size_t>(1, static_cast<std::size_t>(affordable) / task_->outputs.size());
    std::mt19937_64 random(random_u64());
    std::vector<Position> positions;
    std::span<const std::byte> rest = result.answers;
    for (std::size_t i = 0; i < task_->outputs.size(); i++) {
        const auto runs =
            emulator::sampled_stretches(result, job.buffers[task_->inputs.size() + i]);
        const std::span<std::byte> place = arena_->output(0, i);
        for (const emulator::Stretch& run : runs) {
            std::ranges::copy(rest.first(run.bytes), place.subspan(run.offset).begin());
            rest = rest.subspan(run.bytes);
        }
        const task::Tensor& tensor = task_->tensor(task_->outputs[i]);
        const Written written(runs, static_cast<std::uint64_t>(tensor.bytes() / tensor.elements()));
        for (const std::uint64_t element : written.draw(share, random)) {
            positions.push_back(
                {.output = static_cast<std::uint32_t>(i), .reserved = 0, .element = element});
        }
        evidence.elements += static_cast<std::int64_t>(written.count());
    }
    if (positions.empty()) return std::nullopt;
    CUPEL_TRY(const Probe probe, checker_->at(0, std::move(positions), true));
    evidence.questions++;
    evidence.positions += static_cast<std::int64_t>(probe.positions.size());
    AnswerErrors errors;
    auto wrong = checker_->verify(probe, checker_->answer_in(0), errors);
    evidence.worst_error = std::max(evidence.worst_error, errors.worst);
    return wrong;
}

}  // namespace cupel::referee
