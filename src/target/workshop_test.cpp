// SPDX-License-Identifier: Apache-2.0
#include "target/workshop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cupel::target {
namespace {

using testing::HasSubstr;

Work shell(const std::string& script, const CompileLimits& limits = {}) {
    auto done = work({.argv = {"/bin/sh", "-c", script},
                      .files = {{"a", "seven\n"}, {"deep/er/b", std::string_view("\0\xff", 2)}},
                      .binds = system_binds(),
                      .limits = limits});
    if (!done) ADD_FAILURE() << done.error().text;
    return std::move(done.value());
}

TEST(Workshop, FilesGoInAndComeOut) {
    const auto done =
        shell("cat /source/a /source/deep/er/b > /out/c; cat /source/a; echo two >&2");
    EXPECT_TRUE(done.succeeded());
    EXPECT_EQ(done.text, "seven\ntwo\n");
    EXPECT_GT(done.seconds, 0);
    EXPECT_EQ(done.take("c", 8).value(), std::string("seven\n\0\xff", 8));
    EXPECT_FALSE(done.take("c", 7).has_value());
    EXPECT_EQ(done.take("d", 8).value(), std::nullopt);
    EXPECT_FALSE(limit_met(done, {}).has_value());
}

TEST(Workshop, NothingIsTakenThroughALink) {
    const auto done = shell("ln -s /etc/passwd /out/c; mkdir /out/d");
    EXPECT_TRUE(done.succeeded());
    EXPECT_EQ(done.take("c", 1 << 20).value(), std::nullopt);
    EXPECT_EQ(done.take("d", 1 << 20).value(), std::nullopt);
}

TEST(Workshop, TheSourceCannotBeWrittenAndTheHostIsNotSeen) {
    const auto done = shell("echo x > /source/a || echo no; cat /etc/passwd || echo none");
    EXPECT_THAT(done.text, HasSubstr("no\n"));
    EXPECT_THAT(done.text, HasSubstr("none\n"));
}

TEST(Workshop, FailuresAndLimitsAreTold) {
    EXPECT_FALSE(shell("exit 3").succeeded());
    EXPECT_TRUE(shell("kill -9 $$").died_of(9));
    const CompileLimits limits{.time = std::chrono::milliseconds(200), .file_bytes = 1 << 16};
    const auto slow = shell("sleep 20", limits);
    EXPECT_TRUE(slow.timed_out);
    EXPECT_EQ(limit_met(slow, limits, "waiting").value(), "waiting took longer than 200 ms");
    const auto large = shell("exec head -c 100000 /dev/zero > /out/c", limits);
    EXPECT_EQ(limit_met(large, limits, "writing", "the output").value(),
              "the output is larger than 64.0 KiB");
}

// A kernel's author writes messages, names of files and line feeds in both.
TEST(Workshop, WhatASourceSaysIsNoLimit) {
    const auto reason = [](const std::string& words) {
        Work done = shell("exit 1");
        done.text = words;
        return limit_met(done, {}).value_or("none");
    };
    EXPECT_THAT(
        reason("\ncc1plus: out of memory allocating 65536 bytes after a total of 1 bytes\n"),
        HasSubstr("more memory"));
    EXPECT_THAT(reason("virtual memory exhausted: Cannot allocate memory\n"),
                HasSubstr("more memory"));
    EXPECT_THAT(reason("k.cpp:1:2: warning: #warning slow\n    1 | #warning slow\n"
                       "/usr/bin/ld: final link failed: memory exhausted\n"
                       "collect2: error: ld returned 1 exit status\n"),
                HasSubstr("more memory"));
    EXPECT_THAT(reason("k.cu(3): catastrophic error: out of memory\n"), HasSubstr("more memory"));
    EXPECT_THAT(reason("g++-12: fatal error: CPU time limit exceeded signal terminated program\n"),
                HasSubstr("longer than"));
    EXPECT_THAT(reason("nvcc error   : 'cicc' died due to signal 24 (CPU time limit exceeded)\n"),
                HasSubstr("longer than"));
    EXPECT_THAT(reason("g++: fatal error: File size limit exceeded signal terminated program as\n"),
                HasSubstr("larger than"));
    for (const char* forged : {
             "k.cpp:1:2: error: #error out of memory allocating\n",
             "k.cpp:1:2: error: #error x\n    1 | #error memory exhausted\n",
             "cc1plus: out of memory allocating 1 bytes:1:2: error: #error x\n",
             "k.cpp:1:15: error: static assertion failed: x\ncc1plus: out of memory allocating 1\n",
             "k.cpp:1:9: note: '#pragma message: x\ng++: File too large'\nk.cpp:2:1: error: y\n",
             "k.cpp:1:2: warning: #warning File size limit exceeded signal terminated\n",
             "k.cu(1): catastrophic error: #error directive: catastrophic error: out of memory\n",
             "k.cu(1): error: #error directive: died due to signal 24 (it says)\n",
             "{standard input}:12: Error: no such instruction: `memory exhausted'\n",
         }) {
        EXPECT_EQ(reason(forged), "none") << forged;
    }
}

}  // namespace
}  // namespace cupel::target
