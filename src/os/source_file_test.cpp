// SPDX-License-Identifier: Apache-2.0
#include "os/source_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "os/files.hpp"

namespace cupel::os {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SourceFile : public testing::Test {
protected:
    void SetUp() override {
        auto made = TempDir::make("cupel-source-");
        ASSERT_TRUE(made) << made.error().text;
        folder_.emplace(std::move(*made));
        fs::create_directories(folder_->path() / "in");
    }
    [[nodiscard]] fs::path path(std::string_view name) const { return folder_->path() / name; }
    void put(std::string_view name, std::string_view text) const {
        ASSERT_TRUE(write_file_atomically(path(name), text));
    }
    [[nodiscard]] Result<std::string> got(std::string_view text) const {
        return with_includes(text, path("in/kernel.cpp"), 4096);
    }

private:
    std::optional<TempDir> folder_;
};

TEST_F(SourceFile, IsOneTextWithWhatLiesBesideIt) {
    put("in/tile.hpp", "int tile;\n");
    EXPECT_EQ(
        got("#include \"tile.hpp\"\nb;\n").value(),
        "#line 1 \"kernel.cpp\"\n#line 1 \"tile.hpp\"\nint tile;\n#line 2 \"kernel.cpp\"\nb;\n");
    EXPECT_EQ(got("#include \"other.hpp\"\n").value(), "#include \"other.hpp\"\n");
}

// A kernel's author is a stranger, and the folder may lie in the user's home.
TEST_F(SourceFile, NeverHoldsWhatLiesElsewhere) {
    put("secret.hpp", "PASSWORD\n");
    put("in/secret.txt", "PASSWORD\n");
    put("in/.secret.hpp", "PASSWORD\n");
    fs::create_symlink("../secret.hpp", path("in/link.hpp"));
    fs::create_symlink("/dev/zero", path("in/zero.hpp"));
    fs::create_directory_symlink("..", path("in/up"));
    ASSERT_EQ(mkfifo(path("in/pipe.hpp").c_str(), 0600), 0);
    fs::create_directories(path("in/folder.hpp"));
    for (const std::string name : {"../secret.hpp", "in/../../secret.hpp", ".secret.hpp",
                                   "secret.txt", "/etc/hostname", "/etc/../etc/hostname.hpp"}) {
        const std::string line = "#include \"" + name + "\"\n";
        EXPECT_EQ(got(line).value(), line);
    }
    EXPECT_EQ(got("#include \"" + path("secret.hpp").string() + "\"\n").value(),
              "#include \"" + path("secret.hpp").string() + "\"\n");
    for (const char* name : {"link.hpp", "zero.hpp", "up/secret.hpp", "pipe.hpp", "folder.hpp"}) {
        const auto text = got("a;\n#include \"" + std::string(name) + "\"\n");
        ASSERT_FALSE(text) << name;
        EXPECT_THAT(text.error().text, HasSubstr("kernel.cpp:2: " + std::string(name)));
    }
    put("in/large.hpp", std::string(5000, ' '));
    EXPECT_FALSE(got("#include \"large.hpp\"\n"));
}

}  // namespace
}  // namespace cupel::os
