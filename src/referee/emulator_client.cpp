// SPDX-License-Identifier: Apache-2.0
#include "referee/emulator_client.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>

#include "base/text.hpp"
#include "jail/jail.hpp"
#include "os/files.hpp"

namespace cupel::referee {
namespace {

constexpr std::string_view kFolders = "cupel-emulating-";
constexpr const char* kInside = "/job";
constexpr const char* kProgramInside = "/program/cupel-emulator";
constexpr std::uint64_t kAddressSpace = std::uint64_t{8} << 30;
constexpr std::uint64_t kMostResult = std::uint64_t{256} << 20;

std::string_view as_text(std::span<const std::byte> bytes) {
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

Result<void> lay_out_job(const emulator::Job& job, const std::filesystem::path& folder) {
    CUPEL_DO(os::write_file_atomically(folder / emulator::kJobFile, emulator::job_to_json(job)));
    CUPEL_DO(os::write_file_atomically(folder / emulator::kPtxFile, job.ptx));
    return os::write_file_atomically(folder / emulator::kValuesFile, as_text(job.values));
}

Result<os::Fd> create(const std::filesystem::path& path) {
    os::Fd file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.valid()) return fail_errno("create " + path.string());
    return file;
}

}  // namespace

Result<Emulated> emulate(const emulator::Job& job, double seconds) {
    const std::filesystem::path program = os::program_folder() / "cupel-emulator";
    CUPEL_TRY(const os::TempDir root, os::TempDir::make(kFolders));
    const std::filesystem::path folder = root.path() / "job";
    std::error_code error;
    std::filesystem::create_directory(folder, error);
    if (error) return fail_errno("create " + folder.string(), error.value());
    CUPEL_DO(lay_out_job(job, folder));
    CUPEL_TRY(const os::Fd out, create(root.path() / "result"));
    CUPEL_TRY(const os::Fd err, create(root.path() / "words"));

    jail::Cell cell;
    cell.argv = {kProgramInside, kInside};
    CUPEL_TRY(cell.binds, jail::library_binds(program));
    cell.binds.push_back({program, kProgramInside, false});
    cell.binds.push_back({folder, kInside, false});
    cell.environment = {"LC_ALL=C"};
    cell.limits.address_space = kAddressSpace;
    cell.limits.file_size = kMostResult;
    // Of all its threads together.
    cell.limits.cpu_seconds = (static_cast<std::uint64_t>(seconds) + 1) * std::max(1U, job.threads);
    cell.out = &out;
    cell.err = &err;

    CUPEL_TRY(auto held, jail::start(cell));
    const auto patience = std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
    const auto exit = held.wait(patience);
    Emulated emulated{
        .result = {}, .timed_out = !exit, .parts = held.parts, .missing = held.missing};
    held.end();
    if (!exit) return emulated;
    if (exit->by_signal || exit->code != 0) {
        auto words = os::read_file(root.path() / "words", std::size_t{64} << 10);
        return fail(Errc::Broken, fmt::format("the emulator ended with {} {}: {}; please report it",
                                              exit->by_signal ? "signal" : "status", exit->code,
                                              words ? trim(*words) : ""));
    }
    CUPEL_TRY(const std::string bytes, os::read_file(root.path() / "result", kMostResult));
    auto result = emulator::decode_result(bytes);
    if (!result) return fail(Errc::Broken, result.error().text);
    if (const auto fits = emulator::check_answers(job, *result); !fits)
        return fail(Errc::Broken, fits.error().text);
    emulated.result = *std::move(result);
    return emulated;
}

}  // namespace cupel::referee
