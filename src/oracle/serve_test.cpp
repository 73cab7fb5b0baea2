// SPDX-License-Identifier: Apache-2.0
#include "oracle/serve.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <thread>
#include <vector>

#include "oracle/oracle.hpp"
#include "os/child.hpp"
#include "os/files.hpp"
#include "wire/oracle.hpp"

namespace cupel::oracle {
namespace {

using wire::oracle::Position;
using wire::oracle::Reply;
using wire::oracle::Request;
using wire::oracle::Truth;

constexpr std::string_view kText =
    "overrides N=4\n"
    "task double(x: f32[N]) -> y: f32[N], s: f32 where N = 1000\n"
    "  y[n] = 2 * x[n]\n"
    "  s = sum[n](x[n])\n";

// Two questions of four numbers each behind one another.
os::Fd region() {
    auto fd = os::make_shared_memory("oracle-test", 32).value();
    auto mapping = os::Mapping::map(fd, 32, os::Access::ReadWrite, false).value();
    const float numbers[8] = {1, 2, 3, 4, 10, 20, 30, 40};
    std::memcpy(mapping.data(), numbers, sizeof(numbers));
    return fd;
}

template <class S>
void put(const os::Fd& socket, std::span<const S> items) {
    ASSERT_EQ(::write(socket.get(), items.data(), items.size_bytes()),
              static_cast<ssize_t>(items.size_bytes()));
}
template <class S>
S take(const os::Fd& socket) {
    S item{};
    EXPECT_EQ(::recv(socket.get(), &item, sizeof(item), MSG_WAITALL),
              static_cast<ssize_t>(sizeof(item)));
    return item;
}

struct Line {
    Line() {
        int ends[2] = {-1, -1};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        near.reset(ends[0]);
        far.reset(ends[1]);
    }
    os::Fd near;
    os::Fd far;
};

Request request(std::uint64_t positions, std::uint64_t offset) {
    Request made;
    made.positions = positions;
    made.input_offset[0] = offset;
    return made;
}

task::Task the_task() {
    return read_task(os::make_sealed_file("task", kText).value()).value();
}

// What serve() says to one request.
Result<void> answer_to(const Request& asked, std::span<const Position> positions) {
    const Line line;
    put(line.near, std::span(&asked, 1));
    put(line.near, positions);
    ::shutdown(line.near.get(), SHUT_WR);
    return serve(line.far, region(), the_task(), 1);
}

TEST(Serve, AnswersQuestionAfterQuestionUntilTheOtherSideCloses) {
    Line line;
    Result<void> end = fail(Errc::Io, "not yet");
    std::jthread server([&] { end = serve(line.far, region(), the_task(), 2); });
    const Position positions[] = {{1, 0, 0}, {0, 0, 3}, {0, 0, 1}};
    const double wanted[2][3] = {{10, 8, 4}, {100, 80, 40}};
    for (std::uint64_t question = 0; question < 2; ++question) {
        const Request asked = request(3, question * 16);
        put(line.near, std::span(&asked, 1));
        put(line.near, std::span<const Position>(positions));
        EXPECT_EQ(take<Reply>(line.near).positions, 3);
        for (const double value : wanted[question]) {
            const Truth truth = take<Truth>(line.near);
            EXPECT_EQ(truth.value, value);
            EXPECT_EQ(truth.panel[2], value);
        }
    }
    line.near.reset();
    server.join();
    EXPECT_TRUE(end) << end.error().text;
}

TEST(Serve, RefusesMalformedRequests) {
    const Position fine{0, 0, 0};
    const Position beyond{0, 0, 4};
    const Position nowhere{2, 0, 0};
    EXPECT_TRUE(answer_to(request(1, 16), std::span(&fine, 1)));
    EXPECT_TRUE(answer_to(request(0, 0), {}));
    for (const auto& [asked, position] :
         {std::pair(request(1, 0), beyond), std::pair(request(1, 0), nowhere),
          std::pair(request(1, 20), fine), std::pair(request(1, ~std::uint64_t{0}), fine),
          std::pair(request(1, 2), fine), std::pair(request(kMaxPositions + 1, 0), fine),
          std::pair(request(~std::uint64_t{0}, 0), fine), std::pair(request(2, 0), fine)}) {
        const auto result = answer_to(asked, std::span(&position, 1));
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, Errc::Invalid) << result.error().text;
    }
}

TEST(Serve, RefusesATaskTextWithoutItsOverrides) {
    for (const std::string_view text :
         {"", "overrides", "task t(x: f32[N]) -> y: f32[N] where N = 1\n  y[n] = x[n]\n",
          "overridesN=4\n", "overrides N\n", "overrides N=4x\n", "overrides =4\n"}) {
        const auto task = read_task(os::make_sealed_file("task", text).value());
        ASSERT_FALSE(task) << text;
        EXPECT_EQ(task.error().code, Errc::Invalid) << text;
    }
    EXPECT_EQ(the_task().sizes[0].value, 4);
}

// The program itself, with the status of its end.
os::Exit run_program(const std::filesystem::path& program, const Position& position) {
    Line line;
    const os::Fd input = os::reopen_read_only(region()).value();
    const os::Fd text = os::make_sealed_file("task", kText).value();
    os::Command command;
    command.argv = {program.string()};
    command.fds = {{wire::oracle::kSocketFd, &line.far},
                   {wire::oracle::kInputFd, &input},
                   {wire::oracle::kTaskFd, &text}};
    auto child = os::Child::start(command).value();
    line.far.reset();
    const Request asked = request(1, 0);
    put(line.near, std::span(&asked, 1));
    put(line.near, std::span(&position, 1));
    ::shutdown(line.near.get(), SHUT_WR);
    return child.wait(std::chrono::seconds(30)).value();
}

TEST(Serve, TheProgramEndsWithThreeAfterAMalformedRequest) {
    const auto program = os::program_folder() / "cupel-oracle";
    if (!std::filesystem::exists(program)) GTEST_SKIP() << program << " is not built";
    const os::Exit good = run_program(program, {0, 0, 0});
    EXPECT_FALSE(good.by_signal);
    EXPECT_EQ(good.code, 0);
    const os::Exit bad = run_program(program, {0, 0, 4});
    EXPECT_FALSE(bad.by_signal);
    EXPECT_EQ(bad.code, 3);
}

TEST(Oracle, RefusesTasksThatDoNotHoldTogether) {
    const task::Task whole = the_task();
    const auto refused = [&](auto breaking) {
        task::Task task = whole;
        breaking(task);
        const auto oracle = Oracle::make(task);
        return !oracle && oracle.error().code == Errc::Invalid;
    };
    EXPECT_TRUE(Oracle::make(whole));
    EXPECT_TRUE(refused([](task::Task& t) { t.stages[0].body = 999; }));
    EXPECT_TRUE(refused([](task::Task& t) { t.stages[0].out = -1; }));
    EXPECT_TRUE(refused([](task::Task& t) { t.stages[0].keep.clear(); }));
    EXPECT_TRUE(refused([](task::Task& t) { t.stages[1].how = task::Reducer::None; }));
    EXPECT_TRUE(refused([](task::Task& t) { t.outputs.push_back(t.inputs[0]); }));
    EXPECT_TRUE(refused([](task::Task& t) { t.accesses[0].at.clear(); }));
    EXPECT_TRUE(refused([](task::Task& t) { t.accesses[0].tensor = t.outputs[0]; }));
    EXPECT_TRUE(refused([](task::Task& t) {
        t.exprs[0].kid[0] = t.exprs[0].kid[1] = 0, t.exprs[0].op = task::Op::Add;
    }));
    EXPECT_TRUE(refused([](task::Task& t) {
        for (auto& axis : t.axes)
            axis.extent = 0;
    }));
    EXPECT_TRUE(refused([](task::Task& t) {
        for (auto& tensor : t.tensors)
            tensor.shape.assign(tensor.shape.size(), std::int64_t{1} << 60);
    }));
}

}  // namespace
}  // namespace cupel::oracle
