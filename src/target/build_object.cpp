// SPDX-License-Identifier: Apache-2.0
#include "target/build_object.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/bundle.hpp"
#include "base/text.hpp"
#include "target/object.hpp"

namespace cupel::target {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxSource = std::size_t{4} << 20;

// /usr is public on any system; of a compiler elsewhere its own tree is shown and nothing beside it
// (~/bin/g++ must not open the home folder).
std::vector<jail::Bind> compiler_binds(const Compiler& compiler) {
    auto binds = system_binds();
    const auto folder = fs::path(compiler.program).parent_path();
    if (!folder.string().starts_with("/usr/")) {
        show(binds, folder);
        for (const char* part : {"lib", "lib64", "libexec", "include"}) {
            show(binds, folder.parent_path() / part);
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

Result<Work> run_compiler(const CompileRequest& request, const Compiler& compiler,
                          const CompileLimits& limits) {
    return work({.argv = command_line(compiler, request.link),
                 .files = {{"kernel.cpp", request.source}, {"task.hpp", request.header}},
                 .binds = compiler_binds(compiler),
                 .limits = limits});
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

// Says why a run of the compiler failed, in one line.
std::string reason_for(const Work& done, const CompileLimits& limits) {
    if (auto reason = limit_met(done, limits)) return *reason;
    const auto error = first_error(done.text);
    return error.empty() ? "the compiler failed" : "does not compile: " + error;
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
    CUPEL_TRY(const auto done,
              run_compiler({"extern \"C\" void kernel() {}\n", "kernel.cpp", ""}, compiler, {}));
    if (done.succeeded()) return {};
    return fail(Errc::Missing, fmt::format("{} does not compile an empty kernel here: {}",
                                           compiler.program, trim(done.text)));
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
    CUPEL_TRY(auto done, run_compiler(request, compiler, limits));
    const auto words = as_author_knows(done.text, request.file_name);
    if (!done.succeeded()) {
        if (!done.timed_out && !done.text.contains(kSourceInside) &&
            !LineMarks(request.source).are_named_in(done.text)) {
            CUPEL_DO(try_compiler(compiler));
        }
        done.text = words;
        return Rejection{reason_for(done, limits), words};
    }
    CUPEL_TRY(auto object, done.take("kernel.so", limits.file_bytes));
    const auto defined = object ? exports_function(*object, "kernel") : Result<bool>(false);
    if (!object || !defined || !*defined) {
        return Rejection{"the file does not define `" + declared_in(request.header) + "`", words};
    }
    return Built{std::move(*object), std::move(done.text), done.seconds};
}

}  // namespace cupel::target
