// SPDX-License-Identifier: Apache-2.0
#include "target/build_object.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>

#include "base/text.hpp"
#include "jail/jail.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"
#include "target/object.hpp"

namespace cupel::target {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxSource = std::size_t{4} << 20;
constexpr std::size_t kMaxDiagnostics = std::size_t{64} << 10;

struct Ran {
    os::Exit exit;
    bool timed_out = false;
    std::string text;
    double seconds = 0;
};

// The folders of one run. Only `out` and `scratch` can be written from inside.
struct Bench {
    os::TempDir root;
    fs::path source = root.path() / "source";
    fs::path out = root.path() / "out";
    fs::path scratch = root.path() / "scratch";
};

Result<Bench> lay_out(const CompileRequest& request) {
    CUPEL_TRY(auto root, os::TempDir::make(kCompiling));
    Bench bench{.root = std::move(root)};
    for (const auto& folder : {bench.source, bench.out, bench.scratch}) {
        std::error_code error;
        fs::create_directory(folder, error);
        if (error) return fail_errno("create " + folder.string(), error.value());
    }
    CUPEL_DO(os::write_file_atomically(bench.source / "kernel.cpp", request.source));
    CUPEL_DO(os::write_file_atomically(bench.source / "task.hpp", request.header));
    return bench;
}

// What a compiler needs of the host. /usr is public on any system; of a compiler elsewhere its own
// tree is shown and nothing beside it (~/bin/g++ must not open the home folder).
std::vector<jail::Bind> compiler_binds(const Compiler& compiler) {
    std::vector<jail::Bind> binds;
    const auto show = [&](const fs::path& path) {
        std::error_code ignored;
        if (fs::exists(path, ignored)) binds.push_back({path, path, false});
    };
    for (const char* path : {"/usr", "/lib", "/lib64", "/bin", "/etc/alternatives"})
        show(path);
    const auto folder = fs::path(compiler.program).parent_path();
    if (!folder.string().starts_with("/usr/")) {
        show(folder);
        for (const char* part : {"lib", "lib64", "libexec", "include"}) {
            show(folder.parent_path() / part);
        }
    }
    return binds;
}

std::vector<std::string> command_line(const Compiler& compiler,
                                      const std::vector<std::string>& link) {
    std::vector<std::string> argv = {compiler.program};
    argv.insert(argv.end(), compiler.flags.begin(), compiler.flags.end());
    // Every symbol must be found now, not when a contender loads the object.
    for (const char* word : {"-include", "/source/task.hpp", kSourceInside, "-o", "/out/kernel.so",
                             "-Wl,-z,defs", "-Wl,-z,now", "-lm"}) {
        argv.emplace_back(word);
    }
    argv.insert(argv.end(), link.begin(), link.end());
    return argv;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

std::string read_head(const os::Fd& file) {
    std::string text(kMaxDiagnostics, '\0');
    const ssize_t got = pread(file.get(), text.data(), text.size(), 0);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (text.size() == kMaxDiagnostics) text += "\n[... cut]\n";
    return text;
}

Result<Ran> run_compiler(const Bench& bench, const Compiler& compiler,
                         const std::vector<std::string>& link, const CompileLimits& limits) {
    const auto log = bench.root.path() / "diagnostics";
    const os::Fd words(open(log.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
    if (!words.valid()) return fail_errno("create " + log.string());

    jail::Cell cell;
    cell.argv = command_line(compiler, link);
    cell.binds = compiler_binds(compiler);
    cell.binds.push_back({bench.source, "/source", false});
    cell.binds.push_back({bench.out, "/out", true});
    cell.binds.push_back({bench.scratch, "/tmp", true});
    cell.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C", "TMPDIR=/tmp"};
    cell.limits.address_space = limits.memory_bytes;
    cell.limits.file_size = limits.file_bytes;
    cell.limits.cpu_seconds =
        static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(limits.time).count());
    cell.may_fork = true;
    cell.out = &words;
    cell.err = &words;

    const auto begin = os::now_ns();
    CUPEL_TRY(auto held, jail::start(cell));
    const auto exit = held.outer.wait(limits.time);
    Ran ran;
    ran.seconds = os::seconds_since(begin);
    ran.timed_out = !exit.has_value();
    ran.exit = exit.value_or(os::Exit{});
    held = {};  // kills what still runs, before the words are read
    // Where there are no namespaces, the compiler saw the paths of the host.
    ran.text = replaced(read_head(words), bench.source.string(), "/source");
    return ran;
}

std::optional<Rejection> refuse_text(const CompileRequest& request) {
    if (request.source.size() > kMaxSource) {
        return Rejection{fmt::format("the source is larger than {}",
                                     format_bytes(static_cast<double>(kMaxSource))),
                         ""};
    }
    if (const auto at = request.source.find('\0'); at != std::string::npos) {
        return Rejection{fmt::format("the source holds a NUL byte at offset {}", at), ""};
    }
    return std::nullopt;
}

// The first line with an error in it, without file and position.
std::string first_error(std::string_view diagnostics) {
    constexpr std::array<std::string_view, 3> kMarks = {
        "fatal error: ", "error: ", "undefined reference to "};
    for (const auto& line : split(diagnostics, '\n')) {
        for (const auto mark : kMarks) {
            const auto at = line.find(mark);
            if (at == std::string::npos) continue;
            return line.substr(mark.starts_with("undefined") ? at : at + mark.size());
        }
    }
    return "";
}

// Says why a run of the compiler failed, in one line. The driver (not the text) speaks of signals.
std::string reason_for(const Ran& ran, const CompileLimits& limits) {
    const auto says = [&](std::string_view words) {
        return ran.text.find(words) != std::string::npos;
    };
    if (ran.timed_out || says("CPU time limit exceeded signal terminated")) {
        return fmt::format("compiling took longer than {}",
                           format_seconds(std::chrono::duration<double>(limits.time).count()));
    }
    if (says("out of memory allocating") || says("virtual memory exhausted") ||
        says("memory exhausted")) {
        return fmt::format("compiling took more memory than {}",
                           format_bytes(static_cast<double>(limits.memory_bytes)));
    }
    if (says("File size limit exceeded signal terminated") || says("File too large")) {
        return fmt::format("the compiled object is larger than {}",
                           format_bytes(static_cast<double>(limits.file_bytes)));
    }
    const auto error = first_error(ran.text);
    return error.empty() ? "the compiler failed" : "does not compile: " + error;
}

// The object as it lies in the output folder: never through a link that a subverted compiler left
// there.
Result<std::optional<std::string>> take_object(const fs::path& path, std::uint64_t max_bytes) {
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(path, error))) return std::optional<std::string>();
    CUPEL_TRY(auto bytes, os::read_file(path, max_bytes));
    return std::optional(std::move(bytes));
}

// The declaration that contract_header() wrote, without its semicolon.
std::string declared_in(std::string_view header) {
    constexpr std::string_view kBegin = "extern \"C\" void kernel(";
    const auto at = header.find(kBegin);
    if (at == std::string_view::npos) return std::string(kBegin) + "...)";
    const auto rest = header.substr(at);
    return std::string(rest.substr(0, rest.find(';')));
}

// A failure that never mentions the source may be the machine's (a broken installation, a cell
// that cannot be built). A kernel that surely compiles tells the two apart.
Result<void> try_compiler(const Compiler& compiler) {
    CUPEL_TRY(const auto bench, lay_out({"extern \"C\" void kernel() {}\n", "kernel.cpp", ""}));
    CUPEL_TRY(const auto ran, run_compiler(bench, compiler, {}, {}));
    if (!ran.timed_out && !ran.exit.by_signal && ran.exit.code == 0) return {};
    return fail(Errc::Missing, fmt::format("{} does not compile an empty kernel here: {}",
                                           compiler.program, trim(ran.text)));
}

}  // namespace

std::string as_author_knows(std::string diagnostics, const std::string& file_name) {
    auto text = replaced(std::move(diagnostics), kSourceInside, file_name);
    return replaced(std::move(text), "/source/task.hpp", "task.hpp");
}

Result<std::variant<Built, Rejection>> build(const CompileRequest& request,
                                             const Compiler& compiler,
                                             const CompileLimits& limits) {
    if (auto refused = refuse_text(request)) return std::move(*refused);
    CUPEL_TRY(const auto bench, lay_out(request));
    CUPEL_TRY(auto ran, run_compiler(bench, compiler, request.link, limits));
    const auto words = as_author_knows(ran.text, request.file_name);
    if (ran.timed_out || ran.exit.by_signal || ran.exit.code != 0) {
        if (!ran.timed_out && ran.text.find(kSourceInside) == std::string::npos) {
            CUPEL_DO(try_compiler(compiler));
        }
        ran.text = words;
        return Rejection{reason_for(ran, limits), words};
    }
    CUPEL_TRY(auto object, take_object(bench.out / "kernel.so", limits.file_bytes));
    const auto defined = object ? exports_function(*object, "kernel") : Result<bool>(false);
    if (!object || !defined || !*defined) {
        return Rejection{"the file does not define `" + declared_in(request.header) + "`", words};
    }
    return Built{std::move(*object), std::move(ran.text), ran.seconds};
}

}  // namespace cupel::target
