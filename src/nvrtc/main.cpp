// SPDX-License-Identifier: Apache-2.0
// cupel-nvrtc LIBRARY --version
// cupel-nvrtc LIBRARY SOURCE OUT [-I FOLDER]... [-include FILE] [-- OPTION...]: compiles CUDA
// device code to PTX with NVIDIA's runtime compiler. Started within a cell by the room target; a
// process of its own because NVRTC is a library, and what reads untrusted text is not linked into
// Cupel. The compiler's words go to standard error. Exit status: 0; 1 for text that does not
// compile; 2 for a wrong command line; 3 where the library cannot be loaded or a file cannot be
// read or written.
#include <dlfcn.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

// What is used of NVRTC, by its documentation: results are enumerators of which 0 is success.
using Program = void*;
constexpr int kSuccess = 0;
constexpr int kCompilation = 6;

struct Nvrtc {
    int (*create)(Program*, const char* source, const char* name, int headers, const char* const*,
                  const char* const*) = nullptr;
    int (*compile)(Program, int options, const char* const*) = nullptr;
    int (*log_size)(Program, std::size_t*) = nullptr;
    int (*log)(Program, char*) = nullptr;
    int (*ptx_size)(Program, std::size_t*) = nullptr;
    int (*ptx)(Program, char*) = nullptr;
    const char* (*error_text)(int) = nullptr;
    int (*version)(int* major, int* minor) = nullptr;
};

struct Order {
    std::string library;
    std::string source;
    std::string out;
    std::vector<std::string> options;
};

void say(const std::string& text) {
    (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

// Paths are arguments of their own, so that whoever builds the cell can translate them.
bool read_order(const std::vector<std::string>& words, Order& order) {
    if (words.size() < 3) return false;
    order = {words[0], words[1], words[2], {}};
    for (std::size_t i = 3; i < words.size(); i++) {
        if (words[i] == "--") {
            order.options.insert(order.options.end(), words.begin() + static_cast<long>(i) + 1,
                                 words.end());
            return true;
        }
        if (i + 1 == words.size()) return false;
        if (words[i] == "-I") {
            order.options.push_back("--include-path=" + words[++i]);
        } else if (words[i] == "-include") {
            order.options.push_back("--pre-include=" + words[++i]);
        } else {
            return false;
        }
    }
    return true;
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    if (function != nullptr) return true;
    say(std::string("cupel-nvrtc: the library has no ") + name + "\n");
    return false;
}

bool load(const std::string& path, Nvrtc& nvrtc) {
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
        say(std::string("cupel-nvrtc: ") + dlerror() + "\n");
        return false;
    }
    return find(library, "nvrtcCreateProgram", nvrtc.create) &&
           find(library, "nvrtcCompileProgram", nvrtc.compile) &&
           find(library, "nvrtcGetProgramLogSize", nvrtc.log_size) &&
           find(library, "nvrtcGetProgramLog", nvrtc.log) &&
           find(library, "nvrtcGetPTXSize", nvrtc.ptx_size) &&
           find(library, "nvrtcGetPTX", nvrtc.ptx) &&
           find(library, "nvrtcGetErrorString", nvrtc.error_text) &&
           find(library, "nvrtcVersion", nvrtc.version);
}

// Sizes include a NUL at the end.
std::string fetch(Program program, int (*size)(Program, std::size_t*), int (*get)(Program, char*)) {
    std::size_t bytes = 0;
    if (size(program, &bytes) != kSuccess || bytes == 0) return "";
    std::string text(bytes, '\0');
    if (get(program, text.data()) != kSuccess) return "";
    text.resize(text.find('\0') == std::string::npos ? bytes : text.find('\0'));
    return text;
}

bool write_whole(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text << std::flush;
    if (file) return true;
    say("cupel-nvrtc: cannot write " + path + "\n");
    return false;
}

int compile(const Order& order) {
    Nvrtc nvrtc;
    std::ifstream file(order.source, std::ios::binary);
    const std::string source((std::istreambuf_iterator<char>(file)),
                             std::istreambuf_iterator<char>());
    if (!file) {
        say("cupel-nvrtc: cannot read " + order.source + "\n");
        return 3;
    }
    if (!load(order.library, nvrtc)) return 3;
    std::vector<const char*> options;
    options.reserve(order.options.size());
    for (const auto& option : order.options)
        options.push_back(option.c_str());

    Program program = nullptr;
    int result = nvrtc.create(&program, source.c_str(), order.source.c_str(), 0, nullptr, nullptr);
    if (result == kSuccess) {
        result = nvrtc.compile(program, static_cast<int>(options.size()), options.data());
        say(fetch(program, nvrtc.log_size, nvrtc.log));
    }
    if (result != kSuccess) {
        if (result != kCompilation)
            say(std::string("cupel-nvrtc: ") + nvrtc.error_text(result) + "\n");
        return 1;
    }
    return write_whole(order.out, fetch(program, nvrtc.ptx_size, nvrtc.ptx)) ? 0 : 3;
}

int print_version(const std::string& library) {
    Nvrtc nvrtc;
    int major = 0;
    int minor = 0;
    if (!load(library, nvrtc) || nvrtc.version(&major, &minor) != kSuccess) return 3;
    return std::printf("NVRTC %d.%d\n", major, minor) > 0 ? 0 : 3;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> words(argv + 1, argv + argc);
        if (words.size() == 2 && words[1] == "--version") return print_version(words[0]);
        Order order;
        if (!read_order(words, order)) {
            say("usage: cupel-nvrtc LIBRARY --version\n       cupel-nvrtc LIBRARY SOURCE OUT [-I "
                "FOLDER]... [-include FILE] [-- "
                "OPTION...]\n");
            return 2;
        }
        return compile(order);
    } catch (const std::exception& error) {
        say(std::string("cupel-nvrtc: ") + error.what() + "\n");
        return 1;
    }
}
