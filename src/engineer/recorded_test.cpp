// SPDX-License-Identifier: Apache-2.0
// The search held to tables of real measurements (bench/tables): within six evaluations it has a
// schedule of 90 % of the best that is known. No clock is read here, so a cost model that became
// worse is seen on any machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "engineer/engineer.hpp"

namespace cupel::engineer {
namespace {

namespace fs = std::filesystem;

struct Recorded {
    schedule::Width width;
    std::map<std::string, double> times;  // by the printed trace; 1 is the fastest
};

Recorded read_table(const fs::path& path) {
    Recorded table;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.starts_with('#')) continue;
        std::istringstream words(line);
        if (line.starts_with("width ")) {
            std::string word;
            schedule::Width& width = table.width;
            words >> word >> width.vector_bytes >> width.registers >> width.threads >>
                width.l1_bytes >> width.l2_bytes >> width.l3_bytes;
            continue;
        }
        double time = 0;
        words >> time;
        std::string trace = line.substr(line.find(' ') + 1);
        std::ranges::replace(trace, ';', '\n');
        const auto parsed = schedule::parse_trace(trace);
        EXPECT_TRUE(parsed) << path << ": " << line;
        if (parsed) table.times[schedule::print_trace(*parsed)] = time;
    }
    return table;
}

// Knows the times of the table, and no others.
class RecordedEvaluator final : public verdict::Evaluator {
public:
    explicit RecordedEvaluator(const Recorded& table) : table_(table) {}
    double best = std::numeric_limits<double>::infinity();
    std::vector<std::string> unknown;

    void prepare(const std::vector<verdict::Kernel>& /*kernels*/) override {}
    [[nodiscard]] Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                                    const verdict::Kernel* incumbent) override {
        verdict::Verdict verdict;
        const auto found = table_.times.find(kernel.schedule);
        if (found == table_.times.end()) {
            unknown.push_back(kernel.schedule);
            verdict.status = verdict::Status::Wrong;
            return verdict::Screening{verdict};
        }
        best = std::min(best, found->second);
        const double against = incumbent != nullptr ? table_.times.at(incumbent->schedule) : 10;
        const double ratio = against / found->second;
        verdict.status = ratio > 1 ? verdict::Status::Faster : verdict::Status::Slower;
        verdict.speedup = verdict::Speedup{{ratio * 0.99, ratio, ratio * 1.01, 0.95}, "incumbent"};
        return verdict::Screening{verdict};
    }
    [[nodiscard]] Result<verdict::Verdict> select(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Broken, "nothing is selected here");
    }
    [[nodiscard]] Result<verdict::Verdict> judge(const verdict::Kernel& /*kernel*/) override {
        return fail(Errc::Broken, "nothing is judged here");
    }

private:
    const Recorded& table_;
};

class RecordedTables : public testing::TestWithParam<std::string> {};

TEST_P(RecordedTables, HaveNinetyPercentOfTheBestWithinSixEvaluations) {
    const fs::path root = CUPEL_ROOT;
    const Recorded table = read_table(root / "tests/tables" / (GetParam() + ".table"));
    ASSERT_GE(table.times.size(), 12U);
    const std::string folders[] = {(root / "tasks").string()};
    const auto task = task::load(GetParam(), folders);
    ASSERT_TRUE(task) << task.error().text;
    const auto space = schedule_space(*task, table.width);
    auto archive = archive::Archive::open(":memory:").value();
    RecordedEvaluator evaluator(table);
    Options options;
    options.seconds = 0;
    options.evaluations = 6;
    ASSERT_TRUE(optimize(*space, {evaluator, archive}, options));
    EXPECT_EQ(evaluator.unknown, std::vector<std::string>{})
        << "the search begins elsewhere now: record again with bench/tables " << GetParam();
    EXPECT_LE(evaluator.best, 1 / 0.90);
}

std::vector<std::string> recorded() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(fs::path(CUPEL_ROOT) / "tests/tables"))
        names.push_back(entry.path().stem());
    std::ranges::sort(names);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Engineer, RecordedTables, testing::ValuesIn(recorded()),
                         [](const auto& name) { return name.param; });

}  // namespace
}  // namespace cupel::engineer
