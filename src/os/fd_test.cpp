// SPDX-License-Identifier: Apache-2.0
#include "os/fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <type_traits>

namespace cupel::os {
namespace {

static_assert(!std::is_copy_constructible_v<Fd> && std::is_nothrow_destructible_v<Fd>);
static_assert(!std::is_copy_constructible_v<Mapping> && std::is_nothrow_destructible_v<Mapping>);

TEST(Fd, ClosesWhatItOwns) {
    int number = -1;
    {
        const Fd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
        number = fd.get();
        ASSERT_GE(fcntl(number, F_GETFD), 0);
    }
    EXPECT_EQ(fcntl(number, F_GETFD), -1);
}

TEST(SharedMemory, CanNeitherGrowNorShrink) {
    const auto fd = make_shared_memory("test", 8192);
    ASSERT_TRUE(fd) << fd.error().text;
    EXPECT_EQ(ftruncate(fd->get(), 4096), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(ftruncate(fd->get(), 16384), -1);
    EXPECT_EQ(fcntl(fd->get(), F_ADD_SEALS, F_SEAL_WRITE), -1) << "no further seals";
}

TEST(SharedMemory, IsSeenThroughEveryMapping) {
    const auto fd = make_shared_memory("test", 4096);
    ASSERT_TRUE(fd);
    const auto ours = Mapping::map(*fd, 4096, Access::ReadWrite, true);
    const auto theirs = Mapping::map(*fd, 4096, Access::ReadOnly, false);
    ASSERT_TRUE(ours && theirs);
    ours->bytes()[17] = std::byte{42};
    EXPECT_EQ(theirs->bytes()[17], std::byte{42});
}

TEST(SharedMemory, OpenedReadOnlyCannotBeMappedWritable) {
    const auto fd = make_shared_memory("test", 4096);
    ASSERT_TRUE(fd);
    const auto read_only = reopen_read_only(*fd);
    ASSERT_TRUE(read_only) << read_only.error().text;
    EXPECT_TRUE(Mapping::map(*read_only, 4096, Access::ReadOnly, true));
    const auto writable = Mapping::map(*read_only, 4096, Access::ReadWrite, false);
    ASSERT_FALSE(writable);

    void* const page = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, read_only->get(), 0);
    ASSERT_NE(page, MAP_FAILED);
    EXPECT_EQ(mprotect(page, 4096, PROT_READ | PROT_WRITE), -1);
    EXPECT_EQ(munmap(page, 4096), 0);
}

TEST(SealedFile, HoldsItsContentAndTakesNoOther) {
    const auto fd = make_sealed_file("test", "content");
    ASSERT_TRUE(fd) << fd.error().text;
    std::array<char, 16> text{};
    EXPECT_EQ(read(fd->get(), text.data(), text.size()), 7);
    EXPECT_STREQ(text.data(), "content");
    EXPECT_EQ(write(fd->get(), "x", 1), -1);
    // Nor through a writable descriptor made anew.
    const std::string path = "/proc/self/fd/" + std::to_string(fd->get());
    const Fd again(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(write(again.get(), "x", 1), -1);
}

TEST(Mapping, OfNothingIsAnError) {
    const auto fd = make_shared_memory("test", 4096);
    ASSERT_TRUE(fd);
    EXPECT_FALSE(Mapping::map(*fd, 0, Access::ReadOnly, false));
    EXPECT_FALSE(Mapping::map(Fd(), 4096, Access::ReadOnly, false));
}

}  // namespace
}  // namespace cupel::os
