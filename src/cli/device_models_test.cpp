// SPDX-License-Identifier: Apache-2.0
// The real program on a task for CUDA, the real emulator, and a model that is a server of this
// process. Where no compiler of device code is, nothing of this can be tried.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <filesystem>
#include <set>

#include "base/text.hpp"
#include "model/test_server.hpp"
#include "os/child.hpp"
#include "os/files.hpp"
#include "target/device_compile.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// A block for each row. `barrier` stands between the reductions that share memory.
std::string row_kernel(std::string_view barrier, std::string_view more = "") {
    return fmt::format(R"(#pragma cupel launch rows<<<B, 64>>>(x, y)
{1}
__device__ float joined(float v, bool sum, float* memory) {{
  memory[threadIdx.x] = v;
  __syncthreads();
  for (int d = 32; d > 0; d /= 2) {{
    if (threadIdx.x < d) {{
      const float o = memory[threadIdx.x + d];
      memory[threadIdx.x] = sum ? memory[threadIdx.x] + o : fmaxf(memory[threadIdx.x], o);
    }}
    __syncthreads();
  }}
  const float all = memory[0];
  {0}
  return all;
}}
extern "C" __global__ void rows(const float* x, float* y) {{
  __shared__ float memory[64];
  const long long row = (long long)blockIdx.x * N;
  float m = -INFINITY, s = 0;
  for (long long n = threadIdx.x; n < N; n += 64) m = fmaxf(m, x[row + n]);
  m = joined(m, false, memory);
  for (long long n = threadIdx.x; n < N; n += 64) s += expf(x[row + n] - m);
  s = joined(s, true, memory);
  for (long long n = threadIdx.x; n < N; n += 64) y[row + n] = expf(x[row + n] - m) / s;
}}
)",
                       barrier, more);
}

// A warp for each row: less of everything.
const std::string kWarp = R"(#pragma cupel launch rows<<<B, 32>>>(x, y)
extern "C" __global__ void rows(const float* x, float* y) {
  const long long row = (long long)blockIdx.x * N;
  float m = -INFINITY, s = 0;
  for (long long n = threadIdx.x; n < N; n += 32) m = fmaxf(m, x[row + n]);
  for (int d = 16; d > 0; d /= 2) m = fmaxf(m, __shfl_xor_sync(0xffffffffu, m, d));
  for (long long n = threadIdx.x; n < N; n += 32) s += expf(x[row + n] - m);
  for (int d = 16; d > 0; d /= 2) s += __shfl_xor_sync(0xffffffffu, s, d);
  for (long long n = threadIdx.x; n < N; n += 32) y[row + n] = expf(x[row + n] - m) / s;
}
)";

const std::string kGood = row_kernel("__syncthreads();");
const std::string kBetter = row_kernel("__syncthreads();", "#define UNUSED");
// A warp may run ahead of the other.
const std::string kRacy = row_kernel("__syncwarp();");
const std::string kHost = row_kernel("__syncthreads();", "int main() { return 0; }");

std::string within_json(const std::string& text) {
    const std::string quoted = nlohmann::json(text).dump();
    return quoted.substr(1, quoted.size() - 2);
}

std::string fenced(const std::string& kernel) {
    return "IDEA: a block for each row\n```cuda\n" + kernel + "```\n";
}

// Host code first, which is mended; then a better kernel, so that its operator is asked again; then
// an idea, which is carried out with a race in it, and then rightly; all else is nonsense.
std::string script(const std::string& body) {
    const auto asks = [&](std::string_view words) { return body.find(words) != std::string::npos; };
    if (asks("Name a few ideas")) return "IDEA: a block for each row, in shared memory\n";
    if (asks("does not compile. Mend it")) return fenced(kGood);
    if (asks("of an earlier try at it")) return fenced(kBetter);
    if (asks("The idea to carry out")) return fenced(kRacy);
    if (asks("Write a fast kernel for this task")) return fenced(kHost);
    if (asks("works in another way")) return fenced(kWarp);
    return "I would rather not.";
}

struct OptimizeDeviceWithModels : ::testing::Test {
    os::TempDir folder = os::TempDir::make("cupel-device-models").value();
    std::string said;
    nlohmann::json document;
    std::atomic<int> hang_at = -1;  // the call that is never answered
    std::atomic<int> answered = 0;
    model::testing::Server server{
        [this](const model::testing::Call& call, model::testing::Peer& peer) {
            if (answered++ == hang_at) return peer.wait(600'000);
            peer.send(model::testing::chat_stream({within_json(script(call.body))}));
        }};

    void SetUp() override {
        if (!target::find_device_compiler()) GTEST_SKIP() << "no compiler of CUDA device code";
    }

    int run(std::vector<std::string> arguments, int seconds = 280) {
        os::Command command;
        command.argv = {(os::program_folder() / "cupel").string()};
        std::ranges::move(arguments, std::back_inserter(command.argv));
        command.folder = folder.path().string();
        const fs::path cache = os::program_folder().parent_path() / "test_cache";
        command.environment = {"PATH=/usr/bin:/bin:/usr/local/cuda/bin", "CUPEL_RIVALS=none",
                               "XDG_CACHE_HOME=" + cache.string(),
                               "XDG_CONFIG_HOME=" + (folder.path() / "config").string(),
                               "XDG_DATA_HOME=" + (folder.path() / "data").string()};
        const auto output = os::run(std::move(command), std::chrono::seconds(seconds));
        EXPECT_TRUE(output.has_value());
        said = output ? output->text : "";
        const std::size_t at = said.find("\n{") == std::string::npos ? 0 : said.find("\n{");
        document = nlohmann::json::parse(said.substr(at, said.rfind('}') + 1 - at), nullptr, false);
        return output && !output->timed_out ? output->exit.code : -1;
    }
    int optimize(std::vector<std::string> arguments, int seconds = 280) {
        std::vector<std::string> all = {"optimize", "--threads", "1", "--json"};
        std::ranges::move(arguments, std::back_inserter(all));
        return run(std::move(all), seconds);
    }
    std::vector<std::string> begin(const std::string& name) const {
        return {"softmax", "--target", "cuda", "--set", "B=16", "--set", "N=64", "--run", name};
    }
    std::vector<std::string> ask() const {
        return {"--model", "chat:m", "--base-url", server.url(), "--prices", "free"};
    }
    // What came of each kernel of a model, by its text.
    std::map<std::string, nlohmann::json> verdicts(const std::string& name) {
        EXPECT_EQ(run({"show", name, "--trajectories"}), 0) << said.substr(0, 2000);
        std::map<std::string, nlohmann::json> found;
        for (const std::string& line : split(said, '\n')) {
            const auto one = nlohmann::json::parse(line, nullptr, false);
            if (!one.is_object() || one.at("kernel").is_null()) continue;
            if (one.at("kernel").at("origin") == "device") continue;
            EXPECT_TRUE(one.at("trials").at(0).at("log_speedup").is_null());
            found[one.at("kernel").at("source")] = one.at("trials").at(0).at("verdict");
        }
        return found;
    }
};

std::vector<std::string> joined(std::vector<std::string> all,
                                const std::vector<std::string>& more) {
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

TEST_F(OptimizeDeviceWithModels, VerifiesWhatAModelWritesAndRanksByBounds) {
    EXPECT_EQ(optimize(joined(joined(begin("a"), ask()), {"--budget", "18evals"})), 0)
        << said.substr(0, 2000);
    EXPECT_EQ(document.at("timed"), false);
    EXPECT_GE(document.at("calls").get<int>(), 5);
    auto found = verdicts("a");
    ASSERT_TRUE(found.contains(kGood)) << said.substr(0, 2000);
    ASSERT_TRUE(found.contains(kWarp) && found.contains(kRacy)) << said.substr(0, 2000);
    ASSERT_TRUE(found.contains(kHost)) << said.substr(0, 2000);
    EXPECT_EQ(found.at(kGood).at("status"), "accepted");
    EXPECT_EQ(found.at(kGood).at("bound").at("gpu_name"), "NVIDIA H200 SXM");
    EXPECT_TRUE(found.at(kGood).at("speedup").is_null());
    EXPECT_EQ(found.at(kWarp).at("status"), "accepted");
    EXPECT_LT(found.at(kWarp).at("bound").at("seconds").get<double>(),
              found.at(kGood).at("bound").at("seconds").get<double>());
    EXPECT_EQ(found.at(kRacy).at("status"), "wrong");
    EXPECT_THAT(found.at(kRacy).at("reason").get<std::string>(), HasSubstr("race"));
    EXPECT_EQ(found.at(kHost).at("status"), "compile_error");
    EXPECT_THAT(found.at(kHost).at("reason").get<std::string>(), HasSubstr("host code"));

    std::string told;  // all that the model was ever told
    for (const model::testing::Call& call : server.calls())
        told += call.body;
    for (const char* words :
         {"#pragma cupel launch NAME<<<", "#pragma cupel scratch", "NVIDIA H200 SXM (sm_90)",
          "never timed", "No kernel of the formula", "host code", "race: line", "is \\\""})
        EXPECT_THAT(told, HasSubstr(words));
    EXPECT_THAT(told, Not(HasSubstr("x over naive")));
    EXPECT_THAT(told, Not(HasSubstr("certified")));
    // Nothing that was wrong is a parent, and nothing is remembered of it or of any of them.
    EXPECT_EQ(run({"show", "a", "--trajectories"}), 0);
    EXPECT_FALSE(fs::exists(folder.path() / "data" / "cupel" / "memory" / "kernels"));

    // The same kernels again, with nobody to ask.
    const std::size_t calls = server.calls().size();
    EXPECT_EQ(optimize(joined(begin("b"), {"--replay", "a", "--budget", "18evals"})), 0)
        << said.substr(0, 2000);
    EXPECT_EQ(server.calls().size(), calls);
    const auto again = verdicts("b");
    for (const auto& [source, verdict] : found) {
        ASSERT_TRUE(again.contains(source));
        EXPECT_EQ(again.at(source).at("status"), verdict.at("status"));
    }
    // Kernels for a GPU are no kernels for this machine.
    EXPECT_EQ(optimize({"softmax", "--replay", "a", "--run", "c"}), 2) << said.substr(0, 2000);
    EXPECT_THAT(said, HasSubstr("for cuda"));
}

TEST_F(OptimizeDeviceWithModels, GoesOnWhereItWasKilled) {
    hang_at = 1;
    EXPECT_EQ(optimize(joined(joined(begin("k"), ask()), {"--budget", "60s"}), 45), -1);
    ASSERT_EQ(server.calls().size(), 2U);
    EXPECT_EQ(run({"show", "k"}), 0) << said.substr(0, 2000);
    hang_at = -1;
    EXPECT_EQ(optimize(joined({"--resume", "k", "--budget", "4evals"}, ask())), 0)
        << said.substr(0, 2000);
    // What was in flight is asked again; what was answered is not.
    ASSERT_GE(server.calls().size(), 3U);
    EXPECT_EQ(server.calls().at(1).body, server.calls().at(2).body);
    std::multiset<std::string> asked;
    for (const model::testing::Call& call : server.calls())
        asked.insert(call.body);
    EXPECT_EQ(asked.count(server.calls().at(0).body), 1U);
    EXPECT_TRUE(verdicts("k").contains(kGood));
    EXPECT_EQ(run({"optimize", "--target", "cuda", "--resume", "nowhere"}), 2);
}

}  // namespace
}  // namespace cupel::cli
