// SPDX-License-Identifier: Apache-2.0
#include "contender/contender.hpp"

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <ctime>
#include <utility>

namespace cupel::contender {
namespace {

// Where crash handlers find the page: they take no argument of ours.
wire::Control* crash_page = nullptr;
alignas(16) std::array<std::byte, std::size_t{64} << 10> crash_stack;

// Shared futexes: the other side is another process. False after an hour without a bell: a referee
// that was killed while it started this process cannot take it along (bubblewrap hears of its
// parent's death only from a little later on), and nobody would ever ring.
bool wait_while(std::atomic<std::uint32_t>& word, std::uint32_t value) {
    const timespec patience = {.tv_sec = 3600, .tv_nsec = 0};
    return syscall(SYS_futex, &word, FUTEX_WAIT, value, &patience, nullptr, 0) == 0 ||
           errno != ETIMEDOUT;
}
void wake_all(std::atomic<std::uint32_t>& word) {
    (void)syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

void on_crash(int signal_number, siginfo_t* info, void*) {
    if (signal_number == SIGSYS) {
        crash_page->fault_syscall = static_cast<std::uint32_t>(info->si_syscall);
    }
    crash_page->fault_address =
        signal_number == SIGSYS ? 0 : reinterpret_cast<std::uint64_t>(info->si_addr);
    crash_page->fault_signal = static_cast<std::uint32_t>(signal_number);
    // The default action is back in force. A fault happens again when this returns; a denied call
    // would not, so another one is made. (A signal to itself would not do: for process 1 of a
    // namespace only faults are fatal.)
    if (signal_number == SIGSYS) (void)syscall(SYS_ptrace, 0, 0, 0, 0);
}

std::byte* map_region(int fd, std::size_t size, int protection) {
    void* const address = mmap(nullptr, size, protection, MAP_SHARED | MAP_POPULATE, fd, 0);
    return address == MAP_FAILED ? nullptr : static_cast<std::byte*>(address);
}

using Pointers = std::array<std::byte*, wire::kMaxArguments>;
template <std::size_t>
using Pointer = std::byte*;

// Calls with the first N arguments, for N known at compile time.
template <std::size_t... I>
void call(Kernel kernel, const Pointers& at, std::index_sequence<I...>) {
    reinterpret_cast<void (*)(Pointer<I>...)>(kernel)(at[I]...);
}
template <std::size_t N>
void call_n(Kernel kernel, const Pointers& at) {
    call(kernel, at, std::make_index_sequence<N>());
}
using Caller = void (*)(Kernel, const Pointers&);
template <std::size_t... N>
constexpr std::array<Caller, sizeof...(N)> callers(std::index_sequence<N...>) {
    return {&call_n<N>...};
}
constexpr auto kCallers = callers(std::make_index_sequence<wire::kMaxArguments + 1>());

}  // namespace

void announce(wire::Control& control, wire::State state) {
    control.state.store(static_cast<std::uint32_t>(state), std::memory_order_release);
    wake_all(control.state);
    wake_all(control.done);
}

bool set_stage(Stage& stage) {
    constexpr std::size_t kPage = 4096;
    std::byte* const page = map_region(wire::kControlFd, kPage, PROT_READ | PROT_WRITE);
    if (page == nullptr) return false;
    stage.control = reinterpret_cast<wire::Control*>(page);
    wire::Control& control = *stage.control;
    std::byte* const inputs = map_region(wire::kInputFd, control.input_size, PROT_READ);
    std::byte* const outputs =
        map_region(wire::kOutputFd, control.output_size, PROT_READ | PROT_WRITE);
    const bool fits = control.magic == wire::kMagic && control.version == wire::kVersion &&
                      control.arguments <= wire::kMaxArguments;
    if (inputs == nullptr || outputs == nullptr || !fits) {
        announce(control, wire::State::NoMapping);
        return false;
    }
    stage.arguments = control.arguments;
    for (std::size_t i = 0; i < stage.arguments; ++i) {
        const wire::Argument& argument = control.argument[i];
        const bool output = argument.is_output != 0;
        stage.first[i] = (output ? outputs : inputs) + argument.offset;
        stage.stride[i] = output ? control.output_stride : control.input_stride;
    }
    (void)syscall(SYS_close_range, 3U, static_cast<unsigned>(wire::kFilterFd) - 1, 0U);
    (void)syscall(SYS_close_range, static_cast<unsigned>(wire::kFilterFd) + 1, ~0U, 0U);
    announce(control, wire::State::Mapped);
    return true;
}

void describe_crashes(wire::Control& control) {
    crash_page = &control;
    stack_t stack{};
    stack.ss_sp = crash_stack.data();
    stack.ss_size = crash_stack.size();
    (void)sigaltstack(&stack, nullptr);
    struct sigaction action{};
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS}) {
        (void)sigaction(number, &action, nullptr);
    }
}

bool lock_in() {
    static std::array<sock_filter, BPF_MAXINSNS> code;
    const ssize_t bytes = pread(wire::kFilterFd, code.data(), sizeof code, 0);
    (void)close(wire::kFilterFd);
    if (bytes <= 0) return false;
    const sock_fprog program = {
        static_cast<unsigned short>(static_cast<std::size_t>(bytes) / sizeof(sock_filter)),
        code.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

Kernel load(const char* path, wire::Control& control) {
    void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
        const char* const reason = dlerror();
        (void)!write(STDERR_FILENO, reason, std::strlen(reason));
        announce(control, wire::State::NoLibrary);
        return nullptr;
    }
    announce(control, wire::State::Loaded);
    const auto kernel = reinterpret_cast<Kernel>(dlsym(library, "kernel"));
    if (kernel == nullptr) announce(control, wire::State::NoFunction);
    return kernel;
}

void answer(const Stage& stage, Kernel kernel) {
    constexpr unsigned kDefaultMxcsr = 0x1f80;  // round to nearest, denormals kept, no traps
    wire::Control& control = *stage.control;
    const Caller caller = kCallers[stage.arguments];
    std::uint32_t answered = control.done.load(std::memory_order_acquire);
    announce(control, wire::State::Ready);
    for (;;) {
        const std::uint32_t bell = control.bell.load(std::memory_order_acquire);
        if (bell == answered) {
            if (!wait_while(control.bell, bell)) _exit(0);
            continue;
        }
        auto at = stage.first;
        for (std::uint32_t left = control.questions; left > 0; --left) {
            _mm_setcsr(kDefaultMxcsr);
            caller(kernel, at);
            for (std::size_t i = 0; i < stage.arguments; ++i)
                at[i] += stage.stride[i];
        }
        answered = bell;
        control.done.store(bell, std::memory_order_release);
        wake_all(control.done);
    }
}

}  // namespace cupel::contender
