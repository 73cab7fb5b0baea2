// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <ctime>
#include <optional>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "os/child.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"
#include "target/build_object.hpp"
#include "target/ceilings_program.hpp"
#include "target/machine.hpp"

namespace cupel::target {
namespace fs = std::filesystem;
namespace {

using Figure = double Ceilings::*;
constexpr std::array<std::pair<const char*, Figure>, 6> kFigures = {{
    {"fma_flops", &Ceilings::fma_flops},
    {"exp_rate", &Ceilings::exp_rate},
    {"read_bandwidth", &Ceilings::read_bandwidth},
    {"copy_bandwidth", &Ceilings::copy_bandwidth},
    {"stream_bandwidth", &Ceilings::stream_bandwidth},
    {"cache_bandwidth", &Ceilings::cache_bandwidth},
}};

// Nothing unless every figure is there, finite and positive.
std::optional<Ceilings> from_text(std::string_view text, int threads) {
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    Ceilings ceilings;
    ceilings.threads = threads;
    for (const auto& [name, figure] : kFigures) {
        const auto found = json.find(name);
        if (found == json.end() || !found->is_number()) return std::nullopt;
        ceilings.*figure = found->get<double>();
        if (!std::isfinite(ceilings.*figure) || ceilings.*figure <= 0) return std::nullopt;
    }
    // What the measuring program does not know, and earlier versions did not write.
    if (const auto at = json.find("measured"); at != json.end() && at->is_number_integer())
        ceilings.measured = at->get<std::int64_t>();
    if (const auto at = json.find("disturbed"); at != json.end() && at->is_number())
        ceilings.disturbed = at->get<double>();
    return ceilings;
}

// Much larger than the last-level cache, so that it can serve little of it, and large enough for
// every thread.
std::int64_t array_bytes(const Machine& machine, int threads) {
    constexpr std::int64_t kThread = std::int64_t{32} << 20;
    constexpr std::int64_t kLeast = std::int64_t{256} << 20;
    constexpr std::int64_t kMost = std::int64_t{1} << 30;
    const auto wanted =
        std::clamp(std::max(8 * machine.l3_bytes, kThread * threads), kLeast, kMost);
    return machine.memory_bytes > 0 ? std::min(wanted, machine.memory_bytes / 4) : wanted;
}

Result<os::Output> run_quietly(std::vector<std::string> argv) {
    os::Command command;
    command.argv = std::move(argv);
    // Waiting threads sleep, so that on a busy machine they do not use up their slices.
    command.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C", "OMP_DYNAMIC=false",
                           "OMP_WAIT_POLICY=passive"};
    CUPEL_TRY(auto output, os::run(std::move(command), std::chrono::minutes(3)));
    if (!output.timed_out && !output.exit.by_signal && output.exit.code == 0) return output;
    return fail(Errc::Io, fmt::format("measuring the ceilings failed{}: {}",
                                      output.timed_out ? " (timed out)" : "", trim(output.text)));
}

double children_seconds() {
    rusage usage{};
    if (getrusage(RUSAGE_CHILDREN, &usage) != 0) return 0;
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// How much of the processors' time others take, the hypervisor among them.
class Disturbance {
public:
    [[nodiscard]] double share() const {
        const os::CpuTimes now = os::cpu_times();
        const double taken = now.busy + now.stolen - before_.busy - before_.stolen;
        const double all = taken + now.idle - before_.idle;
        const double others = taken - (children_seconds() - ours_before_);
        return all > 0 ? std::clamp(others / all, 0.0, 1.0) : 0;
    }

private:
    os::CpuTimes before_ = os::cpu_times();
    double ours_before_ = children_seconds();
};

Result<Ceilings> measure(const Machine& machine, const Compiler& compiler, int threads) {
    CUPEL_TRY(const auto folder, os::TempDir::make(kMeasuring));
    const auto source = folder.path() / "ceilings.cpp";
    const auto program = folder.path() / "ceilings";
    CUPEL_DO(os::write_file_atomically(source, kCeilingsProgram));

    std::vector<std::string> build = {compiler.program};
    std::ranges::copy_if(compiler.flags, std::back_inserter(build),
                         [](const std::string& flag) { return flag != "-shared"; });
    build.insert(build.end(), {source.string(), "-o", program.string()});
    CUPEL_DO(run_quietly(std::move(build)));

    constexpr std::int64_t kUsualCache = 32 << 10;
    const auto cache = machine.l1_bytes > 0 ? machine.l1_bytes : kUsualCache;
    const Disturbance disturbance;
    CUPEL_TRY(const auto output,
              run_quietly({program.string(), std::to_string(threads),
                           std::to_string(array_bytes(machine, threads)), std::to_string(cache)}));
    if (auto ceilings = from_text(output.text, threads)) {
        ceilings->measured = std::time(nullptr);
        ceilings->disturbed = disturbance.share();
        return *ceilings;
    }
    return fail(Errc::Corrupt, "measuring the ceilings printed no figures: " + output.text);
}

fs::path place_of(const fs::path& cache, const Machine& machine, const Compiler& compiler,
                  int threads) {
    const std::array<std::string_view, 3> parts = {machine.fingerprint, compiler.version,
                                                   kCeilingsProgram};
    return cache / "ceilings" / fmt::format("{}-{}.json", hash_parts(parts), threads);
}

std::optional<Ceilings> recall(const fs::path& place, int threads) {
    const auto text = os::read_file(place);
    return text ? from_text(*text, threads) : std::nullopt;
}

// Whatever disturbs a measurement makes it slower: of two, the quicker one is nearer to the truth.
void raise(Ceilings& ceilings, const std::optional<Ceilings>& known) {
    if (!known) return;
    for (const auto& [name, figure] : kFigures) {
        ceilings.*figure = std::max(ceilings.*figure, *known.*figure);
    }
    ceilings.disturbed = std::min(ceilings.disturbed, known->disturbed);
}

// Of every number of threads, as more threads take over the roof of one.
void forget(const fs::path& one_of_them) {
    const std::string name = one_of_them.filename().string();
    const std::string stem = name.substr(0, name.find('-') + 1);
    std::error_code problem;
    std::vector<fs::path> known;
    for (fs::directory_iterator at(one_of_them.parent_path(), problem), end; !problem && at != end;
         at.increment(problem)) {
        if (at->path().filename().string().starts_with(stem)) known.push_back(at->path());
    }
    for (const fs::path& path : known)
        fs::remove(path, problem);
}

}  // namespace

bool was_busy(const Ceilings& ceilings) {
    constexpr double kQuiet = 0.1;  // an idle machine shows 0.00 to 0.03 here
    return ceilings.disturbed > kQuiet;
}

bool worth_measuring_again(const Ceilings& ceilings, std::int64_t unix_now) {
    constexpr std::int64_t kWeek = 7 * 86'400;
    constexpr std::int64_t kPatience = 600;  // so that a machine that is always busy is not slower
    const std::int64_t age = unix_now - ceilings.measured;
    return age < -kPatience || age > kWeek || (was_busy(ceilings) && age > kPatience);
}

Result<Ceilings> ceilings(const Machine& machine, const Compiler& compiler, int threads,
                          Freshness freshness) {
    if (threads < 1 || threads > 4096) {
        return fail(Errc::Usage, fmt::format("{} threads: expected 1 to 4096", threads));
    }
    CUPEL_TRY(const auto cache, os::cache_folder());
    const auto place = place_of(cache, machine, compiler, threads);
    auto known = recall(place, threads);
    if (known && freshness == Freshness::Cached &&
        !worth_measuring_again(*known, std::time(nullptr)))
        return *known;

    CUPEL_TRY(auto measured, measure(machine, compiler, threads));
    if (freshness == Freshness::Anew) {
        forget(place);
        known.reset();
    }
    raise(measured, known);
    // More threads than one never have a lower roof than one.
    if (threads > 1) raise(measured, recall(place_of(cache, machine, compiler, 1), 1));
    std::error_code error;
    fs::create_directories(place.parent_path(), error);
    if (error) return fail_errno("create " + place.parent_path().string(), error.value());
    CUPEL_DO(os::write_file_atomically(place, to_json(measured).dump(1) + "\n"));
    return measured;
}

nlohmann::json to_json(const Ceilings& ceilings) {
    nlohmann::json json = {{"threads", ceilings.threads},
                           {"measured", ceilings.measured},
                           {"disturbed", ceilings.disturbed}};
    for (const auto& [name, figure] : kFigures)
        json[name] = ceilings.*figure;
    return json;
}

}  // namespace cupel::target
