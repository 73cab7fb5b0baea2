// SPDX-License-Identifier: Apache-2.0
// Walls are tested by trying what must fail, from inside, with programs of the system. What a
// kernel may try once its own filter stands is in src/contender/contender_test.cpp.
#include "jail/jail.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <thread>

#include "jail/bubblewrap.hpp"
#include "jail/filter.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"

namespace cupel::jail {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr auto kPatience = 30s;

#define REQUIRE_NAMESPACES()                                                     \
    if (!capabilities().namespaces) {                                            \
        GTEST_SKIP() << "no namespaces here: " << capabilities().missing.back(); \
    }

// The system's programs and libraries, as a compiler needs them.
std::vector<Bind> system_folders() {
    std::vector<Bind> binds;
    for (const char* folder : {"/usr", "/lib", "/lib64", "/bin"}) {
        if (fs::exists(folder)) binds.push_back({.host = folder, .inside = folder});
    }
    return binds;
}

struct Ended {
    os::Exit exit;
    std::string text;
};

// Runs a cell to its end and collects what it wrote.
Ended run_cell(Cell cell) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    const os::Fd reader(ends[0]);
    os::Fd writer(ends[1]);
    cell.out = &writer;
    cell.err = &writer;
    auto held = start(cell);
    EXPECT_TRUE(held) << held.error().text;
    writer.reset();
    Ended ended;
    std::array<char, 4096> chunk{};
    for (ssize_t got = 1; got > 0;) {
        got = read(reader.get(), chunk.data(), chunk.size());
        if (got > 0) ended.text.append(chunk.data(), static_cast<std::size_t>(got));
    }
    if (held) ended.exit = held->wait(kPatience).value_or(os::Exit{});
    return ended;
}

Ended run_shell(const std::string& script) {
    return run_cell({.argv = {"/bin/sh", "-c", script},
                     .binds = system_folders(),
                     .environment = {"PATH=/usr/bin:/bin"},
                     .may_fork = true});
}

TEST(Capabilities, AreFoundByTryingAndNameWhatIsMissing) {
    const Capabilities& found = capabilities();
    EXPECT_EQ(found.missing.empty(), found.bubblewrap && found.namespaces && found.seccomp);
    EXPECT_EQ(&found, &capabilities());
    ASSERT_EQ(setenv("CUPEL_JAIL", "none", 1), 0);
    EXPECT_FALSE(capabilities().namespaces);
    EXPECT_THAT(capabilities().missing, Contains(HasSubstr("CUPEL_JAIL")));
    ASSERT_EQ(unsetenv("CUPEL_JAIL"), 0);
    EXPECT_EQ(&found, &capabilities());
}

TEST(Cell, HoldsOnlyTheNamedFiles) {
    REQUIRE_NAMESPACES();
    const Ended listing = run_shell("ls -A /; cat /etc/passwd; ls /proc /root /home; ls -A /dev");
    EXPECT_THAT(listing.text, Not(HasSubstr("root:")));
    for (const char* absent : {"/etc/passwd", "/proc", "/root", "/home"}) {
        EXPECT_THAT(listing.text, HasSubstr(absent)) << "is complained about as missing";
    }
    EXPECT_THAT(listing.text, testing::StartsWith("bin\ndev\nlib\nlib64\ntmp\nusr\n"));
    EXPECT_THAT(listing.text, Not(testing::ContainsRegex("sda|vda|mem|kvm|kmsg")));
}

TEST(Cell, CannotBeWrittenExceptWhereAllowed) {
    REQUIRE_NAMESPACES();
    auto folder = os::TempDir::make("cupel-jail-");
    ASSERT_TRUE(folder);
    Cell cell = {
        .argv = {"/bin/sh", "-c",
                 "echo a >/out/a; echo b >/b; echo c >/usr/c; echo d >/tmp/d && cat /tmp/d"},
        .binds = system_folders(),
        .environment = {"PATH=/usr/bin:/bin"},
        .may_fork = true};
    cell.binds.push_back({.host = folder->path(), .inside = "/out", .writable = true});
    const Ended ended = run_cell(std::move(cell));
    EXPECT_EQ(os::read_file(folder->path() / "a").value_or("absent"), "a\n");
    EXPECT_THAT(ended.text, HasSubstr("cannot create /b"));
    EXPECT_THAT(ended.text, HasSubstr("cannot create /usr/c"));
    EXPECT_THAT(ended.text, testing::EndsWith("d\n"));
    EXPECT_FALSE(fs::exists("/usr/c"));
    EXPECT_FALSE(fs::exists("/tmp/d")) << "the temporary folder is the cell's own";
}

TEST(Cell, HasItsOwnProcessesAndNoRights) {
    REQUIRE_NAMESPACES();
    // kill -1 reaches all processes that it may signal: those of this namespace.
    const Ended ended = run_shell("id -u; hostname; echo $$; kill -9 -1; echo alive");
    EXPECT_THAT(ended.text, testing::StartsWith("65534\ncell\n"));
    EXPECT_EQ(kill(getpid(), 0), 0);
    const Ended rights =
        run_shell("mount -t tmpfs x /tmp; unshare -r true; chroot / true; echo $?");
    EXPECT_THAT(rights.text, Not(HasSubstr("\n0\n")));
    EXPECT_THAT(rights.text, HasSubstr("unshare failed"));
}

// The cell of what runs kernels on a GPU; any device that cells have not of themselves does for it.
TEST(Cell, ShowsTheDevicesThatAreNamedAndItsOwnProcesses) {
    REQUIRE_NAMESPACES();
    std::string device;
    for (const char* one : {"/dev/kmsg", "/dev/fuse", "/dev/loop-control", "/dev/mem"})
        if (device.empty() && fs::exists(one)) device = one;
    if (device.empty()) GTEST_SKIP() << "no device here that a cell has not of itself";
    const Ended ended = run_cell(
        {.argv = {"/bin/sh", "-c",
                  "ls " + device +
                      "; ls -d /proc/[0-9]* | wc -l; id -u; ls /etc/passwd; "
                      "perl -e 'use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0) or print qq(no: "
                      "$!\n); "
                      "socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) and print qq(yes\n)'"},
         .binds = system_folders(),
         .environment = {"PATH=/usr/bin:/bin"},
         .may_fork = true,
         .devices = {device}});
    EXPECT_THAT(ended.text, testing::StartsWith(device + "\n"));
    EXPECT_THAT(ended.text, testing::ContainsRegex("\n[1-9]\n65534\n"));  // its own few processes
    EXPECT_THAT(ended.text, HasSubstr("'/etc/passwd': No such file"));
    if (!os::find_program("perl")) return;
    EXPECT_THAT(ended.text, HasSubstr("no: Function not implemented"));
    EXPECT_THAT(ended.text, HasSubstr("yes\n"));
}

TEST(Cell, HasNoNetwork) {
    REQUIRE_NAMESPACES();
    const auto python = os::find_program("perl");
    if (!python) GTEST_SKIP() << "no perl to make a socket with";
    const Ended ended = run_shell(
        "perl -e 'use Socket; socket(my $s, PF_INET, SOCK_STREAM, 0) or print qq(refused: $!); "
        "socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or print qq(refused too)'");
    EXPECT_THAT(ended.text, HasSubstr("refused: Function not implemented"));
    EXPECT_THAT(ended.text, HasSubstr("refused too"));
}

TEST(Cell, CompilesACppFile) {
    REQUIRE_NAMESPACES();
    auto folder = os::TempDir::make("cupel-jail-");
    ASSERT_TRUE(folder);
    ASSERT_TRUE(os::write_file_atomically(
        folder->path() / "a.cpp",
        "#include <vector>\nextern \"C\" int f() { return std::vector<int>(3).size(); }\n"));
    ASSERT_TRUE(os::write_file_atomically(folder->path() / "b.cpp", "#include \"/etc/passwd\"\n"));
    Cell cell = {.argv = {"/usr/bin/g++", "-O1", "-shared", "-fPIC", "-fopenmp", "-pipe", "-o",
                          "/out/a.so", "/out/a.cpp"},
                 .binds = system_folders(),
                 .environment = {"PATH=/usr/bin:/bin"},
                 .may_fork = true};
    cell.binds.push_back({.host = folder->path(), .inside = "/out", .writable = true});
    const Ended compiled = run_cell(cell);
    EXPECT_EQ(compiled.exit.code, 0) << compiled.text;
    EXPECT_TRUE(fs::exists(folder->path() / "a.so"));
    // A source that wants to show the referee's files in its error messages.
    cell.argv.back() = "/out/b.cpp";
    const Ended curious = run_cell(std::move(cell));
    EXPECT_EQ(curious.exit.code, 1);
    EXPECT_THAT(curious.text, HasSubstr("/etc/passwd: No such file"));
}

TEST(Cell, OfAContenderMayNotFork) {
    REQUIRE_NAMESPACES();
    const Ended ended = run_cell({.argv = {"/bin/sh", "-c", "(echo child)"},
                                  .binds = system_folders(),
                                  .environment = {"PATH=/usr/bin:/bin"}});
    EXPECT_THAT(ended.text, Not(HasSubstr("child")));
    EXPECT_TRUE(ended.exit.by_signal);
    EXPECT_EQ(ended.exit.code, SIGSYS);
}

TEST(Cell, TellsItsPidAndDiesWithItsOwner) {
    REQUIRE_NAMESPACES();
    int pid = -1;
    {
        auto held = start({.argv = {"/bin/sleep", "60"},
                           .binds = system_folders(),
                           .environment = {},
                           .cpus = {os::allowed_cpus().front()},
                           .may_fork = true});
        ASSERT_TRUE(held) << held.error().text;
        EXPECT_THAT(held->parts,
                    ElementsAre("network", "files", "processes", "syscalls", "limits", "cores"));
        EXPECT_THAT(held->missing, ElementsAre());
        pid = held->pid;
        EXPECT_NE(pid, held->outer.pid());
        EXPECT_EQ(kill(pid, 0), 0);
    }
    EXPECT_EQ(count_threads(pid), 0);
}

TEST(Cell, DroppedAtOnceLeavesNothing) {
    REQUIRE_NAMESPACES();
    for (int times = 0; times < 40; ++times) {
        int pid = -1;
        {
            auto held = start({.argv = {"/bin/sleep", "60"}, .binds = system_folders()});
            ASSERT_TRUE(held) << held.error().text;
            pid = held->pid;
        }
        EXPECT_EQ(count_threads(pid), 0);
    }
}

TEST(Cell, EndedLeavesNothingEvenWhenItWasFrozen) {
    REQUIRE_NAMESPACES();
    auto held = start({.argv = {"/bin/sleep", "60"}, .binds = system_folders()});
    ASSERT_TRUE(held) << held.error().text;
    ASSERT_TRUE(freeze(held->pid, kPatience));
    held->end();
    EXPECT_EQ(kill(held->pid, 0), -1);
    const auto exit = held->wait(0s);
    ASSERT_TRUE(exit);
    EXPECT_TRUE(exit->by_signal);
    EXPECT_EQ(exit->code, SIGKILL);
    held->end();  // once more is harmless
}

TEST(Cell, ThatBubblewrapCannotBuildIsAnError) {
    REQUIRE_NAMESPACES();
    const auto held = start({.argv = {"/x"}, .binds = {{.host = "/no-such-file", .inside = "/x"}}});
    EXPECT_FALSE(held);
}

TEST(Cell, WithoutNamespacesRunsAtHostPathsAndSaysSo) {
    ASSERT_EQ(setenv("CUPEL_JAIL", "none", 1), 0);
    auto held = start({.argv = {"/shell", "-c", "exit 5"},
                       .binds = {{.host = "/bin/sh", .inside = "/shell"}},
                       .may_fork = true});
    ASSERT_EQ(unsetenv("CUPEL_JAIL"), 0);
    ASSERT_TRUE(held) << held.error().text;
    EXPECT_EQ(held->wait(kPatience)->code, 5);
    EXPECT_THAT(held->missing, ElementsAre("network", "files", "processes", "syscalls"));
    EXPECT_THAT(held->parts, ElementsAre("limits"));
}

TEST(Libraries, AreSingleFilesBesideTheCLibrary) {
    const auto binds = library_binds(os::program_folder() / "cupel_jail_test");
    ASSERT_TRUE(binds) << binds.error().text;
    std::vector<std::string> names;
    for (const Bind& bind : *binds) {
        EXPECT_TRUE(fs::is_regular_file(bind.host)) << bind.host;
        EXPECT_FALSE(bind.writable);
        names.push_back(bind.inside.filename().string());
    }
    for (const char* needed : {"libc.so.6", "libm.so.6", "libgomp.so.1", "libstdc++.so.6",
                               "libgcc_s.so.1", "ld-linux-x86-64.so.2"}) {
        EXPECT_THAT(names, Contains(needed));
    }
}

TEST(Libraries, OfWhatIsNoProgramAreAnError) {
    EXPECT_FALSE(library_binds("/dev/null"));
    EXPECT_FALSE(library_binds("/no/such/program"));
}

TEST(Freezer, OfNobodyIsAnError) {
    EXPECT_FALSE(Freezer::make(999'999'999));
    EXPECT_FALSE(freeze(999'999'999, 1s));
    EXPECT_EQ(count_threads(999'999'999), 0);
}

TEST(Freezer, IsNotMisledByTheNameOfAProcess) {
    auto folder = os::TempDir::make("cupel-jail-");
    ASSERT_TRUE(folder);
    // The name is shown in the status line, in parentheses, before the state.
    const fs::path program = folder->path() / "a) T 1 (b";
    fs::copy_file("/bin/sleep", program);
    auto child = os::Child::start({.argv = {program.string(), "60"}});
    ASSERT_TRUE(child) << child.error().text;
    EXPECT_EQ(count_threads(child->pid()), 1);
    EXPECT_TRUE(freeze(child->pid(), kPatience));
    const auto status = os::read_file("/proc/" + std::to_string(child->pid()) + "/stat");
    EXPECT_THAT(status.value_or(""), HasSubstr("(b) T "));
    thaw(child->pid());
    child->kill(SIGTERM);
    EXPECT_TRUE(child->wait(kPatience));
}

int processors_of(pid_t pid) {
    cpu_set_t set;
    return sched_getaffinity(pid, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

// Its threads begin where the first may run.
TEST(Freezer, LeavesAProcessFreeWhoseThreadsCameAndWent) {
#ifdef __SANITIZE_THREAD__
    GTEST_SKIP() << "the sanitizer keeps threads of its own in the process";
#endif
    const std::vector<int> cpus = os::allowed_cpus();
    for (const bool starts : {false, true}) {
        const pid_t pid = fork();
        ASSERT_GE(pid, 0);
        if (pid == 0) {
            const auto work = [] {
                const auto end = std::chrono::steady_clock::now() + 20ms;
                while (std::chrono::steady_clock::now() < end) {
                }
            };
            if (starts) std::thread(work).join();
            work();
            for (;;)
                pause();
        }
        auto freezer = Freezer::make(pid);
        ASSERT_TRUE(freezer) << freezer.error().text;
        std::this_thread::sleep_for(1s);
        ASSERT_TRUE(freezer->freeze(kPatience));
        freezer->place(cpus);
        EXPECT_EQ(processors_of(pid), starts ? static_cast<int>(cpus.size()) : 1);
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
}

TEST(Freezer, PlacesEachThreadOnAProcessorOfItsOwn) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
        std::thread([] { pause(); }).detach();
        for (;;)
            pause();
    }
    auto freezer = Freezer::make(pid);
    ASSERT_TRUE(freezer) << freezer.error().text;
    while (freezer->threads() < 2)
        sched_yield();
    ASSERT_TRUE(freezer->freeze(kPatience));
    const std::vector<int> cpus = os::allowed_cpus();
    freezer->place(cpus);
    std::vector<std::string> places;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task")) {
        const auto status = os::read_file(entry.path() / "status");
        const std::size_t at = status.value_or("").find("Cpus_allowed_list:\t");
        ASSERT_NE(at, std::string::npos);
        places.push_back(status->substr(at + 19, status->find('\n', at) - at - 19));
    }
    EXPECT_THAT(places, testing::UnorderedElementsAre(std::to_string(cpus[0]),
                                                      std::to_string(cpus[1 % cpus.size()])));
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace cupel::jail
