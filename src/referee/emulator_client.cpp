// SPDX-License-Identifier: Apache-2.0
#include "referee/emulator_client.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "base/text.hpp"
#include "jail/jail.hpp"
#include "os/files.hpp"

namespace cupel::referee {
namespace {

constexpr std::string_view kFolders = "cupel-emulating-";
constexpr const char* kInside = "/job";
const std::filesystem::path kPrograms = "/program";  // inside
const std::filesystem::path kDriver = "/gpu";        // inside: the folder of the driver's libraries
constexpr const char* kLibrary = "libcuda.so.1";
constexpr double kNameSeconds = 20;  // a driver may take long to wake
constexpr std::string_view kGpuRunner = "what runs kernels on the GPU";
constexpr int kNoDevice = 4;  // exit status: emulator/job_program.hpp
constexpr std::uint64_t kAddressSpace = std::uint64_t{8} << 30;
constexpr std::uint64_t kMostResult = std::uint64_t{256} << 20;  // beside a GPU's outputs

std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<void> lay_out_job(const emulator::Job& job, const std::filesystem::path& folder) {
    CUPEL_DO(os::write_new_file(folder / emulator::kJobFile, emulator::job_to_json(job)));
    CUPEL_DO(os::write_new_file(folder / emulator::kPtxFile, job.ptx));
    return os::write_new_file(folder / emulator::kValuesFile, as_text(job.values));
}

Result<os::Fd> create(const std::filesystem::path& path) {
    os::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid()) return fail_errno("create " + path.string());
    return file;
}

// What is the same for all programs that do jobs.
Result<jail::Cell> cell_for(const std::filesystem::path& program) {
    const std::filesystem::path inside = kPrograms / program.filename();
    jail::Cell cell;
    cell.argv = {inside};
    CUPEL_TRY(cell.binds, jail::library_binds(program));
    cell.binds.push_back({program, inside, false});
    cell.environment = {"LC_ALL=C"};
    cell.limits.file_size = kMostResult;
    return cell;
}

// The driver asks for its devices, for what the kernel says of them, and for threads; it maps more
// addresses than there is memory. It looks for parts of itself where it lies.
Result<void> let_use_gpu(jail::Cell& cell, const std::filesystem::path& program) {
    // What the parts need that the driver opens at run time is named too.
    CUPEL_TRY(cell.binds, jail::library_binds(program, {kLibrary, "libdl.so.2", "librt.so.1"}));
    std::filesystem::path library;
    for (const jail::Bind& bind : cell.binds)
        if (bind.inside.filename() == kLibrary) library = bind.host;
    if (const char* const chosen = os::environment("CUPEL_LIBCUDA")) library = chosen;
    std::error_code ignored;
    if (!std::filesystem::exists(library, ignored)) {
        return fail(Errc::Missing, library.empty()
                                       ? "no CUDA driver: the loader finds no libcuda.so.1"
                                       : "no CUDA driver: no file " + library.string());
    }
    const std::filesystem::path folder = std::filesystem::canonical(library, ignored).parent_path();
    cell.binds.push_back({program, cell.argv[0], false});
    cell.binds.push_back({folder, kDriver, false});
    cell.environment.push_back("CUPEL_LIBCUDA=" + (kDriver / library.filename()).string());
    cell.environment.push_back("LD_LIBRARY_PATH=" + kDriver.string());
    cell.environment.emplace_back("CUDA_CACHE_DISABLE=1");
    cell.may_fork = true;
    for (const auto& one : std::filesystem::directory_iterator("/dev", ignored)) {
        if (one.path().filename().string().starts_with("nvidia"))
            cell.devices.push_back(one.path());
    }
    return {};
}

struct Ended {
    std::string bytes;  // that it wrote
    bool timed_out = false;
    std::vector<std::string> parts, missing;
};

Result<Ended> run_cell(jail::Cell cell, const os::TempDir& root, double seconds,
                       std::string_view who) {
    const std::uint64_t most = cell.limits.file_size.value_or(kMostResult);
    CUPEL_TRY(const os::Fd out, create(root.path() / "result"));
    CUPEL_TRY(const os::Fd err, create(root.path() / "words"));
    cell.out = &out;
    cell.err = &err;
    CUPEL_TRY(auto held, jail::start(cell));
    const auto patience = std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
    const auto exit = held.wait(patience);
    Ended ended{.bytes = {}, .timed_out = !exit, .parts = held.parts, .missing = held.missing};
    held.end();
    if (!exit) return ended;
    if (exit->by_signal || exit->code != 0) {
        auto words = os::read_file(root.path() / "words", std::size_t{64} << 10);
        const std::string said(words ? trim(*words) : "");
        if (!exit->by_signal && exit->code == kNoDevice) return fail(Errc::Missing, said);
        return fail(Errc::Broken,
                    fmt::format("{} ended with {} {}: {}; please report it", who,
                                exit->by_signal ? "signal" : "status", exit->code, said));
    }
    CUPEL_TRY(ended.bytes, os::read_file(root.path() / "result", most));
    return ended;
}

Result<Emulated> do_job(jail::Cell cell, const emulator::Job& job, double seconds,
                        std::string_view who) {
    CUPEL_TRY(const os::TempDir root, os::TempDir::make(kFolders));
    const std::filesystem::path folder = root.path() / "job";
    std::error_code error;
    std::filesystem::create_directory(folder, error);
    if (error) return fail_errno("create " + folder.string(), error.value());
    CUPEL_DO(lay_out_job(job, folder));
    cell.argv.emplace_back(kInside);
    cell.binds.push_back({folder, kInside, false});
    // Of all its threads together.
    cell.limits.cpu_seconds = (static_cast<std::uint64_t>(seconds) + 1) * std::max(1U, job.threads);
    CUPEL_TRY(Ended ended, run_cell(std::move(cell), root, seconds, who));
    Emulated done{.result = {},
                  .timed_out = ended.timed_out,
                  .parts = std::move(ended.parts),
                  .missing = std::move(ended.missing)};
    if (done.timed_out) return done;
    auto result = emulator::decode_result(ended.bytes);
    if (!result) return fail(Errc::Broken, result.error().text);
    if (const auto fits = emulator::check_answers(job, *result); !fits)
        return fail(Errc::Broken, fits.error().text);
    done.result = *std::move(result);
    return done;
}

bool ends_well(const Result<Emulated>& ended) {
    if (!ended || ended->timed_out || !ended->result.refusal.empty()) return false;
    return std::ranges::all_of(ended->result.reports, [](const emulator::Report& report) {
        return report.finished && std::ranges::all_of(report.findings, [](const auto& finding) {
                   return finding.fault == emulator::Fault::Note;
               });
    });
}

Result<jail::Cell> gpu_cell() {
    const std::filesystem::path program = os::program_folder() / "cupel-gpu";
    CUPEL_TRY(jail::Cell cell, cell_for(program));
    CUPEL_DO(let_use_gpu(cell, program));
    return cell;
}

}  // namespace

Result<Emulated> emulate(const emulator::Job& job, double seconds) {
    CUPEL_TRY(jail::Cell cell, cell_for(os::program_folder() / "cupel-emulator"));
    cell.limits.address_space = kAddressSpace;
    return do_job(std::move(cell), job, seconds, "the emulator");
}

std::vector<Result<Emulated>> emulate_all(std::span<const emulator::Job> jobs, double seconds,
                                          int at_once) {
    std::vector<std::optional<Result<Emulated>>> ended(jobs.size());
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> failed = false;
    const auto work = [&] {
        while (!failed) {
            const std::size_t i = next++;
            if (i >= jobs.size()) return;
            ended[i] = emulate(jobs[i], seconds);
            if (!ends_well(*ended[i])) failed = true;
        }
    };
    {
        std::vector<std::jthread> beside;
        const std::size_t most = std::min(jobs.size(), static_cast<std::size_t>(at_once));
        for (std::size_t t = 1; t < most; t++)
            beside.emplace_back(work);
        work();
    }
    std::vector<Result<Emulated>> all;
    for (std::optional<Result<Emulated>>& one : ended) {
        if (!one) break;  // one before it failed
        all.push_back(*std::move(one));
    }
    return all;
}

Result<Emulated> run_on_gpu(const emulator::Job& job, double seconds) {
    CUPEL_TRY(jail::Cell cell, gpu_cell());
    std::uint64_t most = kMostResult;
    for (const emulator::JobBuffer& buffer : job.buffers)
        if (buffer.role == emulator::Role::Output) most += buffer.bytes;
    cell.limits.file_size = most;
    return do_job(std::move(cell), job, seconds, kGpuRunner);
}

Result<std::string> name_gpu() {
    CUPEL_TRY(jail::Cell cell, gpu_cell());
    CUPEL_TRY(const os::TempDir root, os::TempDir::make(kFolders));
    CUPEL_TRY(const Ended ended, run_cell(std::move(cell), root, kNameSeconds, kGpuRunner));
    if (ended.timed_out) return fail(Errc::Missing, "the GPU's driver does not answer");
    return std::string(trim(ended.bytes));
}

}  // namespace cupel::referee
