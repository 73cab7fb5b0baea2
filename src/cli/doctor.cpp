// SPDX-License-Identifier: Apache-2.0
// doctor: what this machine can and cannot promise.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <optional>
#include <span>
#include <utility>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/workplace.hpp"
#include "os/clock.hpp"
#include "os/standstill.hpp"
#include "referee/emulator_client.hpp"

namespace cupel::cli {
namespace {

// Two identical kernels, timed against each other: whatever they seem to differ by is noise.
constexpr std::string_view kProbe =
    R"(task probe(x: f32[B,N]) -> y: f32[B,N] where B = 512, N = 2048
  y[b,n] = x[b,n] * 2 + 1
)";

struct Findings {
    target::Machine machine;
    verdict::Isolation isolation;
    Result<target::Compiler> compiler = fail(Errc::Missing, "");
    std::optional<target::Ceilings> ceilings;
    std::optional<verdict::Verdict> noise;
    referee::AaSummary record;  // with the run that was just made
    double stolen = 0;          // share of all processors that the hypervisor took meanwhile
    os::Standstill standstill;  // what a second of all granted processors at work lost
    std::string gpu;            // empty: none was found
    std::vector<std::string> problems;  // what is missing, each with what it costs
    int threads = 1;
    bool fresh = false;  // the ceilings known before were forgotten
};

// What drivers leave in the file system; no driver is asked, as nothing is run there.
// By its driver's name, where one answers. Empty: there is none.
std::string find_gpu() {
    if (auto gpu = referee::name_gpu()) return *gpu + "; cupel judge TASK KERNEL.cu --target cuda";
    constexpr std::pair<const char*, const char*> kTraces[] = {
        {"/dev/nvidiactl", "an NVIDIA GPU, not used: its driver cannot be asked"},
        {"/dev/kfd", "an AMD GPU, not used: kernels run on NVIDIA's"}};
    std::error_code ignored;
    for (const auto& [path, words] : kTraces)
        if (std::filesystem::exists(path, ignored)) return words;
    return {};
}

Result<verdict::Verdict> measure_noise(int threads, Findings& found, Console& console) {
    CUPEL_TRY(task::Task probe, task::parse(kProbe, "probe"));
    CUPEL_TRY(const auto referee, open_referee(std::move(probe), tuning_for(threads, console)));
    const os::CpuTimes before = os::cpu_times();
    CUPEL_TRY(verdict::Verdict verdict, referee->judge_against_itself());
    const os::CpuTimes after = os::cpu_times();
    const double stolen = after.stolen - before.stolen;
    const double all = after.busy - before.busy + stolen + after.idle - before.idle;
    found.stolen = all > 0 ? std::clamp(stolen / all, 0.0, 1.0) : 0;
    found.record = referee->aa();
    return verdict;
}

std::string record_text(const referee::AaSummary& record) {
    const stats::AaTest& test = record.test;
    std::string text = fmt::format("{} of {} runs of a kernel against itself were called different",
                                   test.different, test.runs);
    if (record.damaged > 0) text += fmt::format(" ({} lines are damaged)", record.damaged);
    if (!test.contradicted)
        return text + fmt::format("; {:.0f} % are promised", 100 * test.promised);
    return text + fmt::format(
                      "; {:.0f} % are promised, and so many have a probability of {:.2g}: "
                      "claims are withheld",
                      100 * test.promised, test.p_value);
}

// An interval narrows with the root of the time: what a difference of that size would take.
double seconds_to_resolve(const verdict::Verdict& noise, double difference) {
    CUPEL_CHECK(noise.speedup.has_value());
    const double times = noise.speedup->ratio.half_width() / difference;
    return noise.wall_seconds * std::max(1.0, times * times);
}

Result<Findings> examine(int threads, bool fresh, Console& console) {
    Findings found;
    found.threads = threads;
    found.fresh = fresh;
    found.machine = target::this_machine();
    found.gpu = find_gpu();
    found.isolation = referee::isolation();
    for (const std::string& wall : found.isolation.missing) {
        found.problems.push_back(wall +
                                 ": every figure measured here carries the lowered tier "
                                 "native-reduced");
    }
    found.compiler = target::find_compiler();
    if (!found.compiler) {
        found.problems.push_back(found.compiler.error().text + ": nothing can be judged");
        return found;
    }
    console.status("ceilings", "measuring this machine");
    const auto freshness = fresh ? target::Freshness::Anew : target::Freshness::Again;
    if (auto ceilings = target::ceilings(found.machine, *found.compiler, threads, freshness)) {
        found.ceilings = *ceilings;
    } else {
        found.problems.push_back("ceilings: " + ceilings.error().text);
    }
    console.status("standstill", "keeping the processors busy for a second");
    const std::vector<int> cpus = os::allowed_cpus();
    const auto granted = std::min(cpus.size(), static_cast<std::size_t>(threads));
    found.standstill = os::watch_standstill(std::span(cpus).last(granted),  // as contenders get
                                            std::chrono::seconds(1));
    auto noise = measure_noise(threads, found, console);
    if (noise) {
        found.noise = std::move(*noise);
    } else if (noise.error().code == Errc::Interrupted) {
        return std::unexpected(std::move(noise).error());
    } else {
        found.problems.push_back("noise: " + noise.error().text);
    }
    if (found.record.test.contradicted) found.problems.push_back(record_text(found.record));
    return found;
}

nlohmann::json to_json(const Findings& found) {
    nlohmann::json json = {
        {"machine", target::to_json(found.machine)},
        {"threads", found.threads},
        {"isolation",
         {{"full", found.isolation.full()},
          {"parts", found.isolation.parts},
          {"missing", found.isolation.missing}}},
        {"compiler", found.compiler ? nlohmann::json(found.compiler->version) : nlohmann::json()},
        {"ceilings", found.ceilings ? target::to_json(*found.ceilings) : nlohmann::json()},
        {"gpu", found.gpu.empty() ? nlohmann::json() : nlohmann::json(found.gpu)},
        {"noise", nullptr},
        {"aa", referee::to_json(found.record)},
        {"stolen", found.stolen},
        {"standstill",
         {{"lost", found.standstill.lost},
          {"shared", found.standstill.shared},
          {"longest_seconds", found.standstill.longest}}},
        {"problems", found.problems},
    };
    if (found.noise && found.noise->speedup) {
        const verdict::Interval& ratio = found.noise->speedup->ratio;
        json["noise"] = {{"status", verdict::status_name(found.noise->status)},
                         {"low", ratio.low},
                         {"mid", ratio.mid},
                         {"high", ratio.high},
                         {"half_width", ratio.half_width()},
                         {"seconds", found.noise->wall_seconds}};
    }
    return json;
}

std::string resolution_text(const verdict::Verdict& noise) {
    std::string text;
    for (const double difference : {0.1, 0.03, 0.01}) {
        const double seconds = seconds_to_resolve(noise, difference);
        text += fmt::format("{}{:.0f} % takes about {}", text.empty() ? "a difference of " : ", ",
                            100 * difference, format_seconds(seconds));
    }
    return text;
}

std::string noise_text(const verdict::Verdict& noise) {
    if (!noise.speedup) return verdict::headline(noise);
    const verdict::Interval& ratio = noise.speedup->ratio;
    const bool honest = ratio.low <= 1 && 1 <= ratio.high;
    return fmt::format(
        "a kernel against itself: {}; {}", report::format_interval(ratio),
        honest ? fmt::format("differences above {:.1f} % can be resolved", 100 * ratio.half_width())
               : "the interval misses 1, which a sound machine lets happen once in twenty times");
}

// A kernel cannot tell the host's doing from its own slowness, and nor can its clock.
std::vector<std::string> standstill_text(const Findings& found) {
    constexpr double kQuiet = 0.01;
    const os::Standstill& seen = found.standstill;
    const std::string longest =
        seen.longest > 0 ? fmt::format(" (at most {} at a time)", format_seconds(seen.longest))
                         : "";
    std::vector<std::string> lines = {fmt::format(
        "of a second of {} busy thread{} {:.1f} % went to nobody here{}, {:.1f} % to other "
        "processes",
        found.threads, found.threads == 1 ? "" : "s", 100 * seen.lost, longest, 100 * seen.shared)};
    if (seen.lost > kQuiet && seen.lost > 2 * found.stolen)
        lines.emplace_back("the host takes more than it reports: expect wide intervals");
    if (seen.shared > kQuiet)
        lines.emplace_back("other processes are at work: expect wide intervals");
    return lines;
}

report::Card card_of(const Findings& found) {
    report::Card card;
    const target::Machine& machine = found.machine;
    card.title = "this machine";
    card.seal = found.problems.empty() ? "sound" : "reduced";
    card.tone = found.problems.empty() ? report::Tone::Good : report::Tone::Doubtful;
    card.headline = found.problems.empty()
                        ? "everything that Cupel can promise on a CPU, it can promise here"
                        : "some promises cannot be kept here; the reasons are below";
    card.rows.push_back(
        {"processor",
         {fmt::format("{}, {} usable, {}", machine.processor, machine.cpus, machine.isa)}});
    card.rows.push_back({"caches",
                         {fmt::format("{} L1, {} L2, {} L3; {} memory",
                                      format_bytes(static_cast<double>(machine.l1_bytes)),
                                      format_bytes(static_cast<double>(machine.l2_bytes)),
                                      format_bytes(static_cast<double>(machine.l3_bytes)),
                                      format_bytes(static_cast<double>(machine.memory_bytes)))}});
    card.rows.push_back(
        {"system",
         {machine.kernel + (machine.virtualised.empty()
                                ? ""
                                : ", in a virtual machine (" + machine.virtualised + ")")}});
    card.rows.push_back({"compiler", {found.compiler ? found.compiler->version : "none"}});
    card.rows.push_back(
        {"isolation",
         {found.isolation.parts.empty() ? "none" : join(found.isolation.parts, ", ")}});
    if (found.ceilings) {
        const target::Ceilings& top = *found.ceilings;
        card.rows.push_back(
            {"ceilings",
             {fmt::format("{}flop/s multiply-add, {} exp/s", format_si(top.fma_flops),
                          format_si(top.exp_rate)),
              fmt::format("{}/s read, {}/s copy, {}/s streaming copy",
                          format_bytes(top.read_bandwidth), format_bytes(top.copy_bandwidth),
                          format_bytes(top.stream_bandwidth)),
              measured_text(top, std::time(nullptr)) +
                  (found.fresh ? "; what was known is forgotten"
                               : "; figures that were higher before are kept")}});
    }
    if (found.noise) {
        card.rows.push_back({"noise", {noise_text(*found.noise)}});
        if (found.noise->speedup) card.rows.push_back({"", {resolution_text(*found.noise)}});
        card.rows.push_back({"", {record_text(found.record)}});
    }
    card.rows.push_back({"steal",
                         {fmt::format("{:.1f} % of the processors went to others of the "
                                      "host meanwhile",
                                      100 * found.stolen)}});
    card.rows.push_back({"", standstill_text(found)});
    card.rows.push_back(
        {"GPU",
         {found.gpu.empty() ? "none; CUDA kernels are verified on the emulator" : found.gpu}});
    for (const std::string& problem : found.problems)
        card.rows.push_back({"missing", {problem}});
    card.footer = fmt::format("{} thread{}", found.threads, found.threads == 1 ? "" : "s");
    return card;
}

}  // namespace

Result<int> run_doctor(const Options& options, Console& console) {
    CUPEL_TRY(const int threads, resolve_threads(options.threads));
    CUPEL_TRY(const Findings found, examine(threads, options.fresh, console));
    console.document(to_json(found));
    console.print(card_of(found));
    return found.compiler && found.noise ? 0 : 30;
}

}  // namespace cupel::cli
