// SPDX-License-Identifier: Apache-2.0
// The program end to end, in a real jail: kernels are compiled here, and the test plays the
// referee.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <new>
#include <numeric>

#include "jail/jail.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"
#include "wire/control.hpp"

namespace cupel::contender {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;

constexpr std::size_t kValues = 1024;
constexpr std::size_t kQuestions = 4;
constexpr std::size_t kStride = kValues * sizeof(float);
constexpr std::size_t kRegion = kStride * kQuestions;
constexpr auto kPatience = 20s;

constexpr const char* kDouble = R"(
extern "C" void kernel(const float* x, float* y) {
    for (int i = 0; i < 1024; ++i) y[i] = 2 * x[i];
})";

// One kernel in its cell, and the referee's half of the shared memory.
class Contender : public testing::Test {
protected:
    void SetUp() override {
        auto made = os::TempDir::make("cupel-contender-");
        ASSERT_TRUE(made) << made.error().text;
        folder_.emplace(std::move(*made));
    }

    // Compiled without sanitizers and without checks, as a target would.
    void compile(std::string_view source) {
        ASSERT_TRUE(os::write_file_atomically(folder_->path() / "kernel.cpp", source));
        const auto output =
            os::run({.argv = {"g++", "-std=c++20", "-O1", "-fopenmp", "-shared", "-fPIC", "-o",
                              (folder_->path() / "kernel.so").string(),
                              (folder_->path() / "kernel.cpp").string()},
                     .environment = {"PATH=/usr/bin:/bin"}},
                    60s);
        ASSERT_TRUE(output) << output.error().text;
        ASSERT_EQ(output->exit.code, 0) << output->text;
    }

    void start(std::string_view source, int threads = 1) {
        ASSERT_NO_FATAL_FAILURE(compile(source));
        ASSERT_NO_FATAL_FAILURE(start_compiled(threads));
    }
    void start_compiled(int threads = 1, bool lenient = false) {
        ASSERT_NO_FATAL_FAILURE(share_memory(threads));
        const fs::path program = os::program_folder() / "cupel-contender";
        auto binds = jail::library_binds(program);
        ASSERT_TRUE(binds) << binds.error().text;
        binds->push_back({.host = program, .inside = "/contender"});
        binds->push_back({.host = folder_->path() / "kernel.so", .inside = "/kernel.so"});
        auto filter = jail::contender_filter(lenient);
        ASSERT_TRUE(filter) << filter.error().text;
        const jail::Cell cell = {
            .argv = {"/contender", "/kernel.so"},
            .binds = std::move(*binds),
            .environment = {"OMP_NUM_THREADS=" + std::to_string(threads), "OMP_WAIT_POLICY=passive",
                            "OMP_DYNAMIC=false"},
            .fds = {{wire::kControlFd, &control_fd_},
                    {wire::kInputFd, &input_read_only_},
                    {wire::kOutputFd, &output_fd_},
                    {wire::kFilterFd, &*filter}},
            .limits = {.address_space = std::uint64_t{1} << 30},
            .lenient = lenient,
        };
        auto held = jail::start(cell);
        ASSERT_TRUE(held) << held.error().text;
        held_ = std::move(*held);
    }

    void share_memory(int threads) {
        control_fd_ = os::make_shared_memory("control", 4096).value();
        input_fd_ = os::make_shared_memory("input", kRegion).value();
        output_fd_ = os::make_shared_memory("output", kRegion).value();
        input_read_only_ = os::reopen_read_only(input_fd_).value();
        const auto map = [](const os::Fd& fd, std::size_t size) {
            return os::Mapping::map(fd, size, os::Access::ReadWrite, true).value();
        };
        page_ = map(control_fd_, 4096);
        inputs_ = map(input_fd_, kRegion);
        outputs_ = map(output_fd_, kRegion);
        control_ = new (page_.data()) wire::Control;
        control_->arguments = 2;
        control_->argument[1].is_output = 1;
        control_->threads = static_cast<std::uint32_t>(threads);
        control_->input_stride = control_->output_stride = kStride;
        control_->input_size = control_->output_size = kRegion;
        std::iota(input(), input() + kRegion / sizeof(float), 1.0F);
    }

    // Waits until the condition holds or the program has ended.
    template <class Condition>
    bool await(Condition condition) {
        const std::int64_t deadline = os::now_ns() + std::chrono::nanoseconds(kPatience).count();
        while (!condition() && os::now_ns() < deadline) {
            if (held_.wait(200us)) return condition();
        }
        return condition();
    }
    [[nodiscard]] wire::State state() const { return wire::State{control_->state.load()}; }
    bool await_ready() {
        return await([&] { return state() == wire::State::Ready; });
    }

    // One window; true when it was answered.
    bool ask(std::uint32_t questions) {
        control_->questions = questions;
        const std::uint32_t window = ++control_->bell;
        (void)syscall(SYS_futex, &control_->bell, 1 /* FUTEX_WAKE */, 1, nullptr, nullptr, 0);
        return await([&] { return control_->done.load() == window; });
    }
    os::Exit end() { return held_.wait(kPatience).value_or(os::Exit{}); }

    [[nodiscard]] float* input() const { return reinterpret_cast<float*>(inputs_.data()); }
    [[nodiscard]] float* output() const { return reinterpret_cast<float*>(outputs_.data()); }
    [[nodiscard]] wire::Control& control() const { return *control_; }
    [[nodiscard]] jail::Held& held() { return held_; }

    [[nodiscard]] std::string why() {
        const os::Exit exit = end();
        return "state " + std::to_string(control_->state) +
               (exit.by_signal ? ", signal " : ", status ") + std::to_string(exit.code) +
               ", call " + std::to_string(control_->fault_syscall) + ", address " +
               std::to_string(control_->fault_address);
    }

private:
    std::optional<os::TempDir> folder_;
    os::Fd control_fd_;
    os::Fd input_fd_;
    os::Fd input_read_only_;
    os::Fd output_fd_;
    os::Mapping page_;
    os::Mapping inputs_;
    os::Mapping outputs_;
    wire::Control* control_ = nullptr;
    jail::Held held_;
};

TEST_F(Contender, AnswersTheQuestionsOfAWindowAndNoOthers) {
    ASSERT_NO_FATAL_FAILURE(start(kDouble));
    ASSERT_TRUE(await_ready()) << why();
    ASSERT_TRUE(ask(3)) << why();
    for (std::size_t i = 0; i < 3 * kValues; ++i)
        ASSERT_EQ(output()[i], 2 * input()[i]) << i;
    EXPECT_THAT(std::span(output() + 3 * kValues, kValues), Each(0.0F));
    input()[0] = -5;
    ASSERT_TRUE(ask(1)) << why();
    EXPECT_EQ(output()[0], -10);
    EXPECT_EQ(jail::count_threads(held().pid), 1);
}

TEST_F(Contender, RunsTwoThreadsAndIsFrozenWithBoth) {
    ASSERT_NO_FATAL_FAILURE(start(R"(
#include <omp.h>
extern "C" void kernel(const float* x, float* y) {
#pragma omp parallel
    y[omp_get_thread_num()] = x[0] + omp_get_num_threads();
})",
                                  2));
    ASSERT_TRUE(await_ready()) << why();
    ASSERT_TRUE(ask(1)) << why();
    EXPECT_THAT(std::span(output(), 3), ElementsAre(3.0F, 3.0F, 0.0F));
    auto freezer = jail::Freezer::make(held().pid);
    ASSERT_TRUE(freezer) << freezer.error().text;
    EXPECT_EQ(freezer->threads(), 2);
    // Frozen, it answers nothing; thawed, it goes on where it was.
    ASSERT_TRUE(freezer->freeze(kPatience));
    control().questions = 1;
    const std::uint32_t window = ++control().bell;
    EXPECT_FALSE(held().wait(50ms));
    EXPECT_EQ(control().done, window - 1);
    freezer->thaw();
    EXPECT_TRUE(await([&] { return control().done == window; })) << why();
}

TEST_F(Contender, NothingMovesAfterTheFreeze) {
    ASSERT_NO_FATAL_FAILURE(start(R"(
extern "C" void kernel(const float*, volatile float* y) {
#pragma omp parallel num_threads(2)
    for (;;) { y[0] = y[0] + 1; y[1] = y[1] + 1; }
})",
                                  2));
    ASSERT_TRUE(await_ready()) << why();
    control().questions = 1;
    control().bell = 1;
    (void)syscall(SYS_futex, &control().bell, 1, 1, nullptr, nullptr, 0);
    auto freezer = jail::Freezer::make(held().pid);
    ASSERT_TRUE(freezer) << freezer.error().text;
    ASSERT_TRUE(await([&] { return freezer->threads() == 2 && output()[0] > 0; }));
    std::vector<std::int64_t> latencies;
    for (int round = 0; round < 100; ++round) {
        const std::int64_t start = os::now_ns();
        ASSERT_TRUE(freezer->freeze(kPatience));
        latencies.push_back(os::now_ns() - start);
        const std::array<float, 2> before = {output()[0], output()[1]};
        usleep(500);
        ASSERT_EQ(output()[0], before[0]);
        ASSERT_EQ(output()[1], before[1]);
        output()[0] = output()[1] = 0;
        freezer->thaw();
        usleep(200);
    }
    std::ranges::sort(latencies);
    RecordProperty("freeze_median_ns", std::to_string(latencies[latencies.size() / 2]));
    held().outer.kill(SIGKILL);
    ASSERT_TRUE(held().wait(kPatience));
    EXPECT_FALSE(freezer->freeze(100ms)) << "a dead process is not frozen";
}

TEST_F(Contender, TellsWhatIsWrongWithALibrary) {
    ASSERT_NO_FATAL_FAILURE(start("extern \"C\" void other() {}"));
    EXPECT_EQ(end().code, 4);
    EXPECT_EQ(state(), wire::State::NoFunction);
    ASSERT_NO_FATAL_FAILURE(start("void missing(); extern \"C\" void kernel() { missing(); }"));
    EXPECT_EQ(end().code, 4);
    EXPECT_EQ(state(), wire::State::NoLibrary);
}

TEST_F(Contender, ThatEndsEarlyIsSeenToHaveEnded) {
    ASSERT_NO_FATAL_FAILURE(start(R"(
#include <cstdlib>
extern "C" void kernel(const float*, float*) { std::_Exit(0); })"));
    ASSERT_TRUE(await_ready()) << why();
    EXPECT_FALSE(ask(1));
    const os::Exit exit = end();
    EXPECT_FALSE(exit.by_signal);
    EXPECT_EQ(exit.code, 0);
    EXPECT_NE(control().done, control().bell);
}

TEST_F(Contender, DescribesTheCrashOfAConstructor) {
    ASSERT_NO_FATAL_FAILURE(start(R"(
__attribute__((constructor)) static void early() { *reinterpret_cast<volatile int*>(0x1234) = 0; }
extern "C" void kernel(const float*, float*) {})"));
    const os::Exit exit = end();
    EXPECT_TRUE(exit.by_signal);
    EXPECT_EQ(exit.code, SIGSEGV);
    EXPECT_EQ(state(), wire::State::Mapped);
    EXPECT_EQ(control().fault_signal, static_cast<std::uint32_t>(SIGSEGV));
    EXPECT_EQ(control().fault_address, 0x1234U);
}

TEST_F(Contender, StartsEveryQuestionWithDefaultRounding) {
    ASSERT_NO_FATAL_FAILURE(start(R"(
#include <xmmintrin.h>
extern "C" void kernel(const float*, float* y) {
    y[0] = static_cast<float>(_mm_getcsr() & 0xffc0);
    _mm_setcsr(0xffc0);
})"));
    ASSERT_TRUE(await_ready()) << why();
    ASSERT_TRUE(ask(2)) << why();
    EXPECT_EQ(output()[0], 0x1f80);
    EXPECT_EQ(output()[kValues], 0x1f80);
}

// --- What a kernel may try
// ------------------------------------------------------------------------

// x[0] chooses: 0 makes the system call x[1] with arguments x[2], ... (an x[8 + i] of 1 or 2 means
// the address of the input or the output). y gets the result and errno.
constexpr const char* kRogue = R"(
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
extern char** environ;
static void* nap(void*) { return nullptr; }
extern "C" void kernel(const float* x, float* y) {
    long result = 0;
    errno = 0;
    switch (static_cast<int>(x[0])) {
        case 0: {
            long a[6];
            for (int i = 0; i < 6; ++i) {
                a[i] = x[8 + i] == 1 ? reinterpret_cast<long>(x)
                     : x[8 + i] == 2 ? reinterpret_cast<long>(y) : static_cast<long>(x[2 + i]);
            }
            result = syscall(static_cast<long>(x[1]), a[0], a[1], a[2], a[3], a[4], a[5]);
            break;
        }
        case 1: const_cast<float*>(x)[0] = 0; break;
        case 2: asm volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory"); break;
        case 3: result = syscall(0x40000000L | 39); break;
        case 4: std::abort();
        case 5: result = fork(); break;
        case 6: result = open("/etc/passwd", O_RDONLY); break;
        case 7: result = open("/proc/self/mem", O_RDWR); break;
        case 8: result = open("/proc/self/maps", O_RDONLY); break;
        case 9: result = open("/dev/null", O_RDONLY); break;
        case 10: result = std::malloc(3UL << 30) != nullptr; break;
        case 11: { pthread_t t; result = pthread_create(&t, nullptr, nap, nullptr);
                   if (result == 0) result = pthread_join(t, nullptr); break; }
        case 12: std::printf("hello"); std::fprintf(stderr, "hello"); break;
        case 13: for (char** e = environ; *e != nullptr; ++e) ++result; break;
        case 14: result = signal(SIGSEGV, SIG_IGN) == SIG_ERR ? -1 : 0; break;
        case 15: { static volatile int deep; deep = 1; kernel(x, y - 1); deep = 2; break; }
        case 16: result = getpid(); break;
        case 17: for (int fd = 3; fd < 64; ++fd) { char c; if (read(fd, &c, 1) >= 0 || errno != EBADF) ++result; } break;
        case 18: result = open("/kernel.so", O_RDWR); break;
    }
    y[1] = static_cast<float>(errno);
    y[0] = static_cast<float>(result);
})";

class Rogue : public Contender {
protected:
    void SetUp() override {
        Contender::SetUp();
        ASSERT_NO_FATAL_FAILURE(compile(kRogue));
    }
    // Asks a fresh process; true when it answered.
    bool attempt(std::vector<float> wishes, bool lenient = false) {
        start_compiled(1, lenient);
        std::fill_n(input(), kValues, 0.0F);
        std::ranges::copy(wishes, input());
        return await_ready() && ask(1);
    }
    // The signal that the attempt died of; 0 if it lived.
    int death(const std::vector<float>& wishes) {
        if (attempt(wishes)) return 0;
        const os::Exit exit = end();
        return exit.by_signal ? exit.code : -1;
    }
};

struct Call {
    const char* name;
    long number;
    std::vector<float> arguments = {};
    std::vector<float> pointers = {};  // 1: the input, 2: the output
};

TEST_F(Rogue, EachForbiddenSystemCallEndsTheProcessAndIsNamedOrFailsForALibrary) {
    const std::vector<Call> calls = {
        {"socket", SYS_socket, {2, 1, 0}},
        {"execve", SYS_execve, {}, {1}},
        {"vfork", SYS_vfork},
        {"clone of a process", SYS_clone, {SIGCHLD}},
        {"clone into a namespace", SYS_clone, {0x13d0f00}},
        {"unshare", SYS_unshare, {0x10000000}},
        {"ptrace", SYS_ptrace},
        {"process_vm_readv", SYS_process_vm_readv, {1}},
        {"process_vm_writev", SYS_process_vm_writev, {1}},
        {"kill of all", SYS_kill, {-1, SIGKILL}},
        {"kill of its parent", SYS_kill, {0, SIGSTOP}},
        {"pidfd_open", SYS_pidfd_open, {1}},
        {"memfd_create", SYS_memfd_create, {}, {1}},
        {"shmget", SYS_shmget, {0, 4096, 01600}},
        {"io_uring_setup", SYS_io_uring_setup, {4}, {0, 2}},
        {"userfaultfd", SYS_userfaultfd},
        {"perf_event_open", SYS_perf_event_open},
        {"bpf", SYS_bpf},
        {"timer_create", SYS_timer_create},
        {"setitimer", SYS_setitimer},
        {"alarm", SYS_alarm, {1}},
        {"sched_setscheduler", SYS_sched_setscheduler, {0, SCHED_FIFO}},
        {"setpriority", SYS_setpriority, {0, 0, 19}},
        {"mbind", SYS_mbind, {0, 4096}, {2}},
        {"pkey_mprotect", SYS_pkey_mprotect, {0, 4096, 3, -1}, {1}},
        {"punching holes", SYS_madvise, {0, 4096, 9}, {2}},
        {"pushing pages out", SYS_madvise, {0, 4096, 21}, {2}},
        {"mapping huge pages", SYS_mmap, {0, 2 << 20, 3, 0x40022, -1}},
        {"shared memory", SYS_mmap, {0, 4096, 3, 0x21, -1}},
        {"personality", SYS_personality, {0}},
        {"arch_prctl", SYS_arch_prctl, {0x1011}},
        {"switching rdtsc off", SYS_prctl, {26, 2}},
        {"another filter", SYS_seccomp, {1}},
        {"raising a limit", SYS_prlimit64, {0, 9}, {0, 0, 1}},
        {"a parent's limits", SYS_prlimit64, {1, 9}, {0, 0, 0, 2}},
        {"a priority-inheriting lock", SYS_futex, {0, 6}, {2}},
        {"writing elsewhere", SYS_write, {10, 0, 1}, {0, 1}},
        {"truncating", SYS_ftruncate, {10, 0}},
        {"fallocate", SYS_fallocate, {12, 3}},
        {"creating a file", SYS_openat, {-100, 0, 0101, 0600}, {0, 1}},
        {"mount", SYS_mount},
        {"keyctl", SYS_keyctl},
        {"getdents64", SYS_getdents64, {0, 0, 1024}, {0, 2}},
        {"setns", SYS_setns},
        {"chroot", SYS_chroot, {}, {1}},
        {"fcntl", SYS_fcntl, {0, 1033, 16}},
    };
    for (const Call& call : calls) {
        std::vector<float> wishes(16, 0.0F);
        wishes[1] = static_cast<float>(call.number);
        std::ranges::copy(call.arguments, wishes.begin() + 2);
        std::ranges::copy(call.pointers, wishes.begin() + 8);
        EXPECT_EQ(death(wishes), SIGSYS) << call.name;
        EXPECT_EQ(control().fault_syscall, static_cast<std::uint32_t>(call.number)) << call.name;
        // For a library it fails, and no more is done.
        EXPECT_TRUE(attempt(wishes, true)) << call.name << ": " << why();
        EXPECT_EQ(output()[0], -1) << call.name;
    }
}

TEST_F(Rogue, EntryPointsOfOtherArchitecturesEndTheProcess) {
    // A kernel without 32-bit entry points faults before any filter is asked.
    EXPECT_THAT(death({2}), ::testing::AnyOf(SIGSYS, SIGSEGV)) << "int 0x80";
    EXPECT_EQ(death({3}), SIGSYS) << "x32";
    EXPECT_EQ(death({5}), SIGSYS) << "fork by the C library";
}

TEST_F(Rogue, InputsCannotBeWritten) {
    EXPECT_EQ(death({1}), SIGSEGV);
    EXPECT_EQ(input()[0], 1);
    ASSERT_TRUE(attempt({0, SYS_mprotect, 0, 4096, 3, 0, 0, 0, 1})) << why();
    EXPECT_EQ(output()[0], -1);
    EXPECT_EQ(output()[1], EACCES);
}

TEST_F(Rogue, FindsNoFilesNoDescriptorsAndNothingOfTheMachine) {
    for (const float file : {6.0F, 8.0F, 9.0F}) {
        ASSERT_TRUE(attempt({file})) << why();
        EXPECT_EQ(output()[0], -1) << file;
        EXPECT_EQ(output()[1], ENOENT) << file;
    }
    for (const float writing : {7.0F, 18.0F})
        EXPECT_EQ(death({writing}), SIGSYS) << writing;
    ASSERT_TRUE(attempt({13})) << why();
    EXPECT_EQ(output()[0], 4) << "three variables of OpenMP, and PWD by bubblewrap";
    ASSERT_TRUE(attempt({16})) << why();
    EXPECT_EQ(output()[0], 1) << "process 1";
    ASSERT_TRUE(attempt({17})) << why();
    EXPECT_EQ(output()[0], 0) << "open descriptors";
}

TEST_F(Rogue, MemoryIsLimitedAndSignalsStayOurs) {
    ASSERT_TRUE(attempt({10})) << why();
    EXPECT_EQ(output()[0], 0) << "3 GiB under a limit of 1 GiB";
    ASSERT_TRUE(attempt({14})) << why();
    EXPECT_EQ(output()[0], -1) << "no handler of its own";
    EXPECT_EQ(death({4}), SIGSEGV) << "abort() has its signal refused and ends by a trap";
    EXPECT_EQ(death({15}), SIGSEGV) << "a stack that overflows";
}

TEST_F(Rogue, HonestLibraryCodeGoesOn) {
    ASSERT_TRUE(attempt({11})) << why();
    EXPECT_EQ(output()[0], 0) << "a thread";
    ASSERT_TRUE(attempt({12})) << why();
    ASSERT_TRUE(attempt({0, SYS_clone3})) << why();
    EXPECT_EQ(output()[1], ENOSYS);
}

// A kernel that pins its threads or wants huge pages is honest: told no, not ended.
TEST_F(Rogue, FavoursAreRefusedPolitely) {
    const std::vector<std::vector<float>> favours = {
        {0, SYS_sched_setaffinity, 0, 8, 0, 0, 0, 0, 0, 0, 2},
        {0, SYS_mlock, 0, 4096, 0, 0, 0, 0, 2},
        {0, SYS_madvise, 0, 4096, 14, 0, 0, 0, 2},
        {0, SYS_madvise, 0, 4096, 3, 0, 0, 0, 2},
    };
    for (const std::vector<float>& favour : favours) {
        ASSERT_TRUE(attempt(favour)) << favour[1] << why();
        EXPECT_EQ(output()[0], -1) << favour[1];
        EXPECT_EQ(output()[1], EPERM) << favour[1];
    }
}

TEST_F(Rogue, WithoutNamespacesTheFilterStillStandsAndTheRestIsNamed) {
    ASSERT_EQ(setenv("CUPEL_JAIL", "none", 1), 0);
    EXPECT_EQ(death({0, SYS_socket, 2, 1, 0}), SIGSYS);
    EXPECT_THAT(held().parts, ElementsAre("syscalls", "limits"));
    EXPECT_THAT(held().missing, ElementsAre("network", "files", "processes"));
    ASSERT_EQ(unsetenv("CUPEL_JAIL"), 0);
    EXPECT_EQ(death({0, SYS_socket, 2, 1, 0}), SIGSYS);
    EXPECT_THAT(held().missing, ElementsAre());
}

}  // namespace
}  // namespace cupel::contender
