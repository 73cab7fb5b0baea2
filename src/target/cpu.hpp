// SPDX-License-Identifier: Apache-2.0
// The CPU target: the contract header, the jailed compile driver, artefacts by content hash.
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "task/task.hpp"

namespace cupel::target {

// task.hpp: the sizes as constexpr std::int64_t, and the declaration of the one function a kernel
// defines: extern "C" void kernel(const float* x, ..., float* y); Parameters: inputs, then outputs,
// in order of declaration.
[[nodiscard]] std::string contract_header(const task::Task& task, int threads);
// The declaration alone, for messages.
[[nodiscard]] std::string contract_declaration(const task::Task& task);

struct Compiler {
    std::string program;             // path
    std::string version;             // first line of --version
    std::vector<std::string> flags;  // the honest flags; never -ffast-math
};
// g++ (or $CUPEL_CXX). Missing: says which package to install.
[[nodiscard]] Result<Compiler> find_compiler();

struct Artefact {
    std::filesystem::path object;  // a shared object in the cache; its name is its key
    std::string key;               // hash of source, header, compiler and flags
    std::string object_hash;       // hash of the compiled bytes
    std::string warnings;          // the compiler's words, with the kernel's own line numbers
    bool cached = false;
    double seconds = 0;  // spent compiling
};
// The kernel does not compile, or does not define the function: for the kernel's author.
struct Rejection {
    std::string reason;  // one line
    std::string
        diagnostics;  // the compiler's words, file name and line numbers as the author knows them
};
using Compiled = std::variant<Artefact, Rejection>;

struct CompileRequest {
    std::string source;
    std::string file_name = "kernel.cpp";  // as diagnostics should call it
    std::string header;                    // contract_header()
    std::vector<std::string> link = {};    // libraries beside those of every kernel: "-ldnnl"
};
// Jailed, limited in time (60 s), memory (4 GiB) and output size. Safe to call from several
// threads.
[[nodiscard]] Result<Compiled> compile(const CompileRequest& request, const Compiler& compiler);

// Removes the temporary folders of this user's runs that were killed.
void sweep_leftovers();

}  // namespace cupel::target
