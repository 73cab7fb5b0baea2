// SPDX-License-Identifier: Apache-2.0
// The program end to end, in a real jail: kernels are compiled here, and the test plays the
// referee.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
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
        ASSERT_NO_FATAL_FAILURE(share_memory(threads));
        const fs::path program = os::program_folder() / "cupel-contender";
        auto binds = jail::library_binds(program);
        ASSERT_TRUE(binds) << binds.error().text;
        binds->push_back({.host = program, .inside = "/contender"});
        binds->push_back({.host = folder_->path() / "kernel.so", .inside = "/kernel.so"});
        auto filter = jail::contender_filter();
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
    ASSERT_TRUE(await_ready()) << static_cast<int>(state());
    ASSERT_TRUE(ask(3)) << why();
    for (std::size_t i = 0; i < 3 * kValues; ++i)
        ASSERT_EQ(output()[i], 2 * input()[i]) << i;
    EXPECT_THAT(std::span(output() + 3 * kValues, kValues), Each(0.0F));
    input()[0] = -5;
    ASSERT_TRUE(ask(1));
    EXPECT_EQ(output()[0], -10);
}

}  // namespace
}  // namespace cupel::contender
