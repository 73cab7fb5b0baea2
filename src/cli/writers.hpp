// SPDX-License-Identifier: Apache-2.0
// What writes kernels beside the schedules in `optimize`: the models, program or recorded run that
// the command line names, put together for one run.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/archive.hpp"
#include "cli/console.hpp"
#include "cli/models.hpp"
#include "cli/options.hpp"
#include "cli/run_folder.hpp"
#include "engineer/operators.hpp"
#include "engineer/writer.hpp"
#include "model/ledger.hpp"
#include "model/recording.hpp"

namespace cupel::cli {

// In a run folder: what was asked of models and of the program.
inline constexpr const char* kRecording = "model";

// Usage where the options about writers do not go together. Reads keys: once.
// A recording is of one target, which the run must have too.
[[nodiscard]] Result<ModelSetup> check_writers(const Options& options);
[[nodiscard]] bool has_writers(const Options& options);

class Writers {
public:
    struct Place {  // where what is asked and answered is kept
        const RunFolder& folder;
        archive::Archive& archive;
    };
    // The brief is of the run's target; it is used where there are writers. `stop` may be asked
    // from other threads. All must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<Writers>> open(ModelSetup models,
                                                               const Options& options, Place place,
                                                               engineer::Brief brief,
                                                               std::function<bool()> stop);
    ~Writers();
    Writers(const Writers&) = delete;
    Writers& operator=(const Writers&) = delete;
    Writers(Writers&&) = delete;
    Writers& operator=(Writers&&) = delete;

    [[nodiscard]] std::vector<engineer::Writer*> all() const;
    // Whoever is still asking gives up.
    void finish();
    // What could not be asked, one line each.
    void complain(Console& console);

private:
    Writers() = default;
    [[nodiscard]] Result<void> open_models(const Options& options, const RunFolder& folder,
                                           archive::Archive& archive);
    [[nodiscard]] Result<void> open_replay(const Options& options, archive::Archive& archive);
    [[nodiscard]] Result<void> open_command(const Options& options, const RunFolder& folder,
                                            archive::Archive& archive);

    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace cupel::cli
