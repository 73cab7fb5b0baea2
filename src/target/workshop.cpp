// SPDX-License-Identifier: Apache-2.0
#include "target/workshop.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "base/text.hpp"
#include "os/clock.hpp"

namespace cupel::target {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxDiagnostics = std::size_t{64} << 10;

Result<void> make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return fail_errno("create " + folder.string(), error.value());
    return {};
}

Result<void> lay_out(const fs::path& root, const std::vector<WorkFile>& files) {
    for (const char* folder : {"source", "out", "scratch"}) {
        CUPEL_DO(make_folder(root / folder));
    }
    for (const auto& file : files) {
        const auto path = root / "source" / file.name;
        CUPEL_DO(make_folder(path.parent_path()));
        CUPEL_DO(os::write_new_file(path, file.bytes));
        constexpr std::array<timespec, 2> kEpoch{};  // which __TIMESTAMP__ tells
        if (utimensat(AT_FDCWD, path.c_str(), kEpoch.data(), 0) != 0)
            return fail_errno("set the time of " + path.string());
    }
    return {};
}

std::string read_head(const os::Fd& file) {
    std::string text(kMaxDiagnostics, '\0');
    const ssize_t got = pread(file.get(), text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (text.size() == kMaxDiagnostics) text += "\n[... cut]\n";
    return text;
}

jail::Cell cell_for(const Job& job, const fs::path& root, const os::Fd& words) {
    jail::Cell cell;
    cell.argv = job.argv;
    cell.binds = job.binds;
    cell.binds.push_back({root / "source", "/source", false});
    cell.binds.push_back({root / "out", "/out", true});
    cell.binds.push_back({root / "scratch", "/tmp", true});
    cell.environment = job.environment;
    cell.limits.address_space = job.limits.memory_bytes;
    cell.limits.file_size = job.limits.file_bytes;
    cell.limits.cpu_seconds = static_cast<std::uint64_t>(
        std::chrono::ceil<std::chrono::seconds>(job.limits.time).count());
    cell.may_fork = job.may_fork;
    cell.out = &words;
    cell.err = &words;
    return cell;
}

// "kernel.cpp:3:1: ", "kernel.cu(3): ", "{standard input}:3: "
bool names_a_place(std::string_view line) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    for (std::size_t at = 0; at + 2 < line.size(); ++at) {
        const char opens = line[at];
        if (opens != ':' && opens != '(') continue;
        std::size_t end = at + 1;
        while (end < line.size() && is_digit(line[end]))
            ++end;
        if (end == at + 1 || end == line.size()) continue;
        if (line.substr(end).starts_with(opens == ':' ? ":" : "):")) return true;
    }
    return false;
}

// cudafe++ says where it was when its memory ended. An #error of these words has others before
// them.
bool is_end_of_memory(std::string_view line) {
    constexpr std::string_view kWords = "catastrophic error: out of memory";
    return line.ends_with(kWords) && line.find("error") == line.rfind("error");
}

}  // namespace

std::string tools_words(std::string_view diagnostics) {
    std::string words;
    for (const std::string& line : split(diagnostics, '\n')) {
        if (line.starts_with(' ')) continue;  // an excerpt of the source
        if (names_a_place(line) && !is_end_of_memory(line)) {
            // It was refused for what it says; and what it says may hold line feeds.
            if (line.contains("rror: ")) return "";
            continue;
        }
        words += line + "\n";
    }
    return words;
}

bool Work::succeeded() const {
    return !timed_out && !exit.by_signal && exit.code == 0;
}

bool Work::died_of(int signal_number) const {
    if (timed_out) return false;
    if (exit.by_signal) return exit.code == signal_number;
    // nvcc says it of the programs it starts in these words.
    const auto words = fmt::format("died due to signal {} ", signal_number);
    return exit.code == 128 + signal_number || tools_words(text).contains(words);
}

Result<std::optional<std::string>> Work::take(std::string_view name,
                                              std::uint64_t max_bytes) const {
    const auto path = root_.path() / "out" / name;
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(path, error))) return std::optional<std::string>();
    CUPEL_TRY(auto bytes, os::read_file(path, max_bytes));
    return std::optional(std::move(bytes));
}

std::string Work::with_cell_paths(std::string words) const {
    return replaced(std::move(words), (root_.path() / "source").string(), "/source");
}

Result<Work> work(const Job& job) {
    CUPEL_TRY(auto root, os::TempDir::make(kCompiling));
    CUPEL_DO(lay_out(root.path(), job.files));
    const auto log = root.path() / "diagnostics";
    const os::Fd words(open(log.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
    if (!words.valid()) return fail_errno("create " + log.string());

    const auto begin = os::now_ns();
    CUPEL_TRY(auto held, jail::start(cell_for(job, root.path(), words)));
    const auto exit = held.outer.wait(job.limits.time);
    Work done(std::move(root));
    done.seconds = os::seconds_since(begin);
    done.timed_out = !exit.has_value();
    done.exit = exit.value_or(os::Exit{});
    held = {};  // kills what still runs, before the words are read
    done.text = done.with_cell_paths(read_head(words));
    return done;
}

std::optional<std::string> limit_met(const Work& done, const CompileLimits& limits,
                                     std::string_view doing, std::string_view product) {
    const std::string heard = tools_words(done.text);
    const auto says = [&](std::string_view words) { return heard.contains(words); };
    if (done.timed_out || done.died_of(SIGXCPU) ||
        says("CPU time limit exceeded signal terminated")) {
        return fmt::format("{} took longer than {}", doing,
                           format_seconds(std::chrono::duration<double>(limits.time).count()));
    }
    if (says("out of memory allocating") || says("catastrophic error: out of memory") ||
        says("LLVM ERROR: out of memory") || says("virtual memory exhausted") ||
        says("memory exhausted")) {
        return fmt::format("{} took more memory than {}", doing,
                           format_bytes(static_cast<double>(limits.memory_bytes)));
    }
    if (done.died_of(SIGXFSZ) || says("File size limit exceeded signal terminated") ||
        says("File too large")) {
        return fmt::format("{} is larger than {}", product,
                           format_bytes(static_cast<double>(limits.file_bytes)));
    }
    return std::nullopt;
}

std::string first_error(std::string_view diagnostics) {
    constexpr std::array<std::string_view, 4> kMarks = {
        "fatal error: ", "catastrophic error: ", "error: ", "undefined reference to "};
    for (const auto& line : split(diagnostics, '\n')) {
        for (const auto mark : kMarks) {
            const auto at = line.find(mark);
            if (at == std::string::npos) continue;
            return line.substr(mark.starts_with("undefined") ? at : at + mark.size());
        }
    }
    return "";
}

void show(std::vector<jail::Bind>& binds, const fs::path& path) {
    std::error_code ignored;
    if (fs::exists(path, ignored)) binds.push_back({path, path, false});
}

std::vector<jail::Bind> system_binds() {
    std::vector<jail::Bind> binds;
    for (const char* path : {"/usr", "/lib", "/lib64", "/bin", "/etc/alternatives"}) {
        show(binds, path);
    }
    return binds;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

}  // namespace cupel::target
