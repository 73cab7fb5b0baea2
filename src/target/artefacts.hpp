// SPDX-License-Identifier: Apache-2.0
// Compiled kernels on disk, by key: <cache>/artefacts/<key>/{kernel.so, record.json}, of device
// code kernel.ptx in the place of kernel.so. An entry appears whole or not at all; one whose bytes
// do not match their recorded hash is removed and never used. No locks: two processes that compile
// the same key both publish, and the first stays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cupel::target {

struct Entry {
    std::filesystem::path object;
    std::string object_hash;
    std::string diagnostics;  // as the compiler wrote them, with the jail's paths
    double seconds = 0;
};

class ArtefactCache {
public:
    // Below os::cache_folder(). An unusable folder is an error that names XDG_CACHE_HOME: an
    // artefact must outlive the process that made it, so a temporary folder is no way out.
    [[nodiscard]] static Result<ArtefactCache> open(const char* object = kSharedObject);
    static constexpr const char* kSharedObject = "kernel.so";
    static constexpr const char* kDeviceCode = "kernel.ptx";

    // Nothing where the entry does not exist or is damaged.
    [[nodiscard]] std::optional<Entry> find(const std::string& key) const;
    [[nodiscard]] Result<Entry> publish(const std::string& key, std::string_view object,
                                        std::string_view diagnostics, double seconds) const;
    // Removes the longest unused entries until at most that many bytes are left. An entry used
    // within the last hour stays: a referee may be about to load it.
    void trim(std::uintmax_t max_bytes) const;
    // One call in 64 does, to 2 GiB: weighing a full cache costs about as much as a small compile.
    void trim_at_times() const;

private:
    ArtefactCache(std::filesystem::path folder, const char* object)
        : folder_(std::move(folder)), object_(object) {}
    std::filesystem::path folder_;
    const char* object_;
};

}  // namespace cupel::target
