// SPDX-License-Identifier: Apache-2.0
#include "base/hash.hpp"
#include "os/files.hpp"
#include "target/artefacts.hpp"
#include "target/build_object.hpp"
#include "target/cpu.hpp"
#include "target/processor.hpp"

namespace cupel::target {
namespace {

// PyTorch's headers take 20 s on an idle machine.
constexpr std::chrono::minutes kLibraryTime{5};

// Everything that decides the bytes of the object. `native` in the flags means this processor.
std::string key_of(const CompileRequest& request, const Compiler& compiler) {
    const auto native = native_identity(this_processor());
    std::vector<std::string_view> parts = {request.source, request.header, compiler.program,
                                           compiler.version, native};
    parts.insert(parts.end(), compiler.flags.begin(), compiler.flags.end());
    parts.insert(parts.end(), request.link.begin(), request.link.end());
    return hash_parts(parts);
}

Artefact artefact_of(const Entry& entry, const std::string& key, const std::string& file_name) {
    return Artefact{.object = entry.object,
                    .key = key,
                    .object_hash = entry.object_hash,
                    .warnings = as_author_knows(entry.diagnostics, file_name),
                    .seconds = entry.seconds};
}

}  // namespace

Result<Compiled> compile(const CompileRequest& request, const Compiler& compiler) {
    CUPEL_TRY(const auto cache, ArtefactCache::open());
    const auto key = key_of(request, compiler);
    if (const auto entry = cache.find(key)) {
        auto artefact = artefact_of(*entry, key, request.file_name);
        artefact.cached = true;
        artefact.seconds = 0;
        return artefact;
    }
    CompileLimits limits;
    if (!request.link.empty()) limits.time = kLibraryTime;
    CUPEL_TRY(auto built, build(request, compiler, limits));
    if (auto* rejection = std::get_if<Rejection>(&built)) return std::move(*rejection);
    const auto& fresh = std::get<Built>(built);
    CUPEL_TRY(const auto entry, cache.publish(key, fresh.object, fresh.diagnostics, fresh.seconds));
    cache.trim_at_times();
    return artefact_of(entry, key, request.file_name);
}

void sweep_leftovers() {
    os::TempDir::sweep(kCompiling);
    os::TempDir::sweep(kMeasuring);
}

}  // namespace cupel::target
