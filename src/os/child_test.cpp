// SPDX-License-Identifier: Apache-2.0
#include "os/child.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "os/clock.hpp"
#include "os/files.hpp"

namespace cupel::os {
namespace {

using namespace std::chrono_literals;

Command shell(const std::string& script) {
    return {.argv = {"/bin/sh", "-c", script}, .environment = {"PATH=/usr/bin:/bin"}};
}

TEST(Child, ReportsTheExitStatus) {
    auto child = Child::start(shell("exit 7"));
    ASSERT_TRUE(child) << child.error().text;
    const auto exit = child->wait(10s);
    ASSERT_TRUE(exit);
    EXPECT_FALSE(exit->by_signal);
    EXPECT_EQ(exit->code, 7);
}

TEST(Child, ReportsTheSignalThatEndedIt) {
    auto child = Child::start(shell("kill -SEGV $$"));
    ASSERT_TRUE(child) << child.error().text;
    const auto exit = child->wait(10s);
    ASSERT_TRUE(exit);
    EXPECT_TRUE(exit->by_signal);
    EXPECT_EQ(exit->code, SIGSEGV);
}

TEST(Child, ThatCannotBeFoundIsAnErrorWithItsName) {
    const auto child = Child::start({.argv = {"no-such-program-anywhere"}});
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code, Errc::NotFound);
    EXPECT_THAT(child.error().text, testing::HasSubstr("no-such-program-anywhere"));
}

TEST(Child, ThatCannotBeExecutedNamesTheStep) {
    const auto folder = TempDir::make("cupel-");
    ASSERT_TRUE(folder);
    const auto program = folder->path() / "broken";
    ASSERT_TRUE(write_file_atomically(program, "neither a script nor a program"));
    ASSERT_EQ(chmod(program.c_str(), 0755), 0);
    const auto child = Child::start({.argv = {program.string()}});
    ASSERT_FALSE(child);
    EXPECT_THAT(child.error().text, testing::HasSubstr("execute"));
}

TEST(Child, WaitReturnsNothingWhileItRuns) {
    auto child = Child::start(shell("sleep 60"));
    ASSERT_TRUE(child) << child.error().text;
    EXPECT_FALSE(child->wait(20ms));
    child->kill(SIGTERM);
    const auto exit = child->wait(10s);
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->code, SIGTERM);
}

TEST(Child, DestroyingARunningChildKillsAndReapsIt) {
    int pid = -1;
    {
        auto child = Child::start(shell("sleep 60"));
        ASSERT_TRUE(child) << child.error().text;
        pid = child->pid();
        EXPECT_EQ(::kill(pid, 0), 0);
    }
    EXPECT_EQ(::kill(pid, 0), -1);
    EXPECT_EQ(errno, ESRCH);
}

TEST(Child, PassedDescriptorsSurviveOverlappingNumbers) {
    auto make = [](std::string_view text) { return make_sealed_file("text", text).value(); };
    const Fd first = make("first");
    const Fd second = make("second");
    // Each is wanted under the number that the other has now.
    Command command = shell("cat <&" + std::to_string(first.get()) + "; echo; cat <&" +
                            std::to_string(second.get()));
    // dash reads single digits only.
    ASSERT_LT(std::max(first.get(), second.get()), 10);
    command.fds = {{second.get(), &first}, {first.get(), &second}};
    const auto output = run(command, 10s);
    ASSERT_TRUE(output) << output.error().text;
    EXPECT_EQ(output->text, "second\nfirst");
}

TEST(Child, InheritsNoOtherDescriptorAndNoEnvironment) {
    const Fd leaked(dup(0));  // not close-on-exec
    ASSERT_TRUE(leaked.valid());
    ASSERT_EQ(setenv("CUPEL_TEST_SECRET", "1", 1), 0);
    const auto output = run(shell("ls -x /proc/self/fd; env"), 10s);
    ASSERT_TRUE(output) << output.error().text;
    // 3 is the folder that ls reads.
    EXPECT_THAT(output->text, testing::StartsWith("0  1  2  3\n"));
    EXPECT_THAT(output->text, testing::Not(testing::HasSubstr("CUPEL_TEST_SECRET")));
}

TEST(Child, LimitsAndProcessorsHoldInTheChild) {
    const std::vector<int> cpus = allowed_cpus();
    ASSERT_FALSE(cpus.empty());
    Command command = shell(
        "ulimit -v; ulimit -f; ulimit -c; ulimit -n; grep Cpus_allowed_list /proc/self/status");
    command.limits = {.address_space = 1 << 28, .file_size = 0, .open_files = 32};
    command.cpus = {cpus.back()};
    const auto output = run(command, 10s);
    ASSERT_TRUE(output) << output.error().text;
    EXPECT_EQ(output->text,
              "262144\n0\n0\n32\nCpus_allowed_list:\t" + std::to_string(cpus.back()) + "\n");
}

TEST(Child, SeveralThreadsStartTheirsAtOnce) {
    constexpr int kThreads = 4;
    std::atomic<int> right = 0;
    const auto start_some = [&](int thread) {
        for (int i = 0; i < 25; ++i) {
            const int code = 25 * thread + i;
            auto child = Child::start(shell("exit " + std::to_string(code)));
            const auto exit = child ? child->wait(10s) : std::nullopt;
            right += exit && !exit->by_signal && exit->code == code ? 1 : 0;
        }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread)
        threads.emplace_back(start_some, thread);
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(right, 25 * kThreads);
}

// A signal to the whole group, as of Ctrl-C, finds a child that still has its parent's handlers,
// and its memory.
volatile sig_atomic_t the_parent = 0;
volatile sig_atomic_t signals_elsewhere = 0;

int start_among_signals() {
    if (setpgid(0, 0) != 0) return 2;
    the_parent = getpid();
    (void)signal(SIGUSR1, [](int) {
        if (getpid() != the_parent) signals_elsewhere = 1;
    });
    std::atomic<bool> done = false;
    std::thread sender([&] {
        while (!done)
            (void)kill(0, SIGUSR1);
    });
    bool started = true;
    for (int i = 0; i < 200; ++i) {
        auto child = Child::start({.argv = {"/bin/true"}});
        started = started && child && child->wait(10s);
    }
    done = true;
    sender.join();
    return !started ? 3 : signals_elsewhere != 0 ? 1 : 0;
}

TEST(Child, RunsNoHandlerOfItsParents) {
    const pid_t alone = fork();
    ASSERT_GE(alone, 0);
    if (alone == 0) _exit(start_among_signals());
    int status = 0;
    ASSERT_EQ(waitpid(alone, &status, 0), alone);
    ASSERT_TRUE(WIFEXITED(status)) << status;
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Run, KillsOnTimeoutWithEverythingThatTheChildStarted) {
    const std::int64_t start = now_ns();
    const auto output = run(shell("sleep 61 & echo $!; sleep 60"), 200ms);
    ASSERT_TRUE(output) << output.error().text;
    EXPECT_TRUE(output->timed_out);
    EXPECT_LT(now_ns() - start, 20'000'000'000);
    const int grandchild = std::stoi(output->text);
    for (int tries = 0; tries < 200 && ::kill(grandchild, 0) == 0; ++tries) {
        const auto state = read_file("/proc/" + std::to_string(grandchild) + "/stat");
        if (state && state->contains(") Z ")) break;  // dead; its new parent has yet to reap it
        usleep(10'000);
        ASSERT_LT(tries, 199);
    }
}

TEST(Run, StopsWhereItIsAskedTo) {
    const std::int64_t start = now_ns();
    const auto stop = [start] { return now_ns() - start > 200'000'000; };
    const auto gentle =
        run(shell("trap 'echo bye; exit 3' TERM; sleep 60 & wait"), 100s, 1000, stop);
    ASSERT_TRUE(gentle) << gentle.error().text;
    EXPECT_TRUE(gentle->stopped);
    EXPECT_FALSE(gentle->timed_out);
    EXPECT_EQ(gentle->text, "bye\n");
    EXPECT_EQ(gentle->exit.code, 3);
    const auto deaf = run(shell("trap '' TERM; sleep 60; sleep 60"), 100s, 1000, stop);
    ASSERT_TRUE(deaf) << deaf.error().text;
    EXPECT_TRUE(deaf->stopped);
    EXPECT_TRUE(deaf->exit.by_signal);
    EXPECT_LT(now_ns() - start, 30'000'000'000);
    EXPECT_FALSE(run(shell("true"), 10s, 1000, [] { return false; })->stopped);
}

TEST(Run, CollectsBothStreamsInOrderAndCutsTooMuch) {
    const auto both = run(shell("echo a; echo b >&2; echo c"), 10s);
    ASSERT_TRUE(both) << both.error().text;
    EXPECT_EQ(both->text, "a\nb\nc\n");
    EXPECT_FALSE(both->truncated);

    const auto much = run(shell("head -c 1000000 /dev/zero"), 10s, 1000);
    ASSERT_TRUE(much) << much.error().text;
    EXPECT_EQ(much->text.size(), 1000U);
    EXPECT_TRUE(much->truncated);
    EXPECT_EQ(much->exit.code, 0);
}

}  // namespace
}  // namespace cupel::os
