// SPDX-License-Identifier: Apache-2.0
// Many proposals through the whole loop (models, recording, archive, sweeps, ideas), in a process
// that is killed again and again on the way: every answer that was paid for is used, no call that
// was answered is made again, and each kernel is tried once.
//   CUPEL_STREAM        proposals; default 40
//   CUPEL_STREAM_KILLS  how often it is killed; default 3
// bench/stream runs it with a thousand.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "base/hash.hpp"
#include "base/text.hpp"
#include "engineer/note.hpp"
#include "engineer/scene.hpp"

namespace cupel::engineer {
namespace {

namespace fs = std::filesystem;

int number_from(const char* variable, int usual) {
    const char* text = os::environment(variable);
    if (text == nullptr) return usual;
    int number = usual;
    std::from_chars(text, text + std::string_view(text).size(), number);
    return number;
}

// Lines that outlive whoever wrote them.
class Log {
public:
    explicit Log(const fs::path& path)
        : file_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
    void line(const std::string& text) const {
        const std::string whole = text + "\n";
        CUPEL_CHECK(::write(file_.get(), whole.data(), whole.size()) ==
                    static_cast<ssize_t>(whole.size()));
    }

private:
    os::Fd file_;
};

// What becomes of the turn-th proposal, whoever asks for it and how often.
std::string proposal(const model::Request& request, int most) {
    const auto turn = static_cast<int>(request.sample);
    if (turn >= most) return "I am done.";
    if (request.note.starts_with("plan"))
        return fmt::format("IDEA: idea {0} a\nIDEA: idea {0} b\n", turn);
    const std::string filler(2000, 'x');  // as long as kernels are
    if (turn % 10 == 3) return "Nothing comes to mind.";
    if (turn % 10 == 5)
        return scripted::fenced(
            fmt::format("int does_not; // does not compile\nint v = {};\n", turn));
    const double worth = 2 + 2.0 * turn / (turn + 200);
    const std::string open = turn % 10 == 7 ? "step(CUPEL_TUNE(s, 2, 1, 3));" : "";
    return scripted::fenced(scripted::worth(
        worth, fmt::format("int v = {}; {} const char* text = \"{}\";", turn, open, filler)));
}

class Provider final : public model::Client {
public:
    Provider(const Log& log, int most) : log_(log), most_(most) {}
    model::Answer ask(const model::Request& request) override {
        model::Reply reply;
        reply.text = proposal(request, most_);
        reply.dollars = 0.01;
        reply.seconds = 1;
        reply.tokens = 110;
        log_.line("paid " + model::request_hash("test", request));
        return reply;
    }

private:
    const Log& log_;
    int most_;
};

class Referee final : public verdict::Evaluator {
public:
    explicit Referee(const Log& log) : log_(log) {}
    void prepare(const std::vector<verdict::Kernel>& /*kernels*/) override {}
    Result<verdict::Screening> screen(const verdict::Kernel& kernel,
                                      const verdict::Kernel* incumbent) override {
        auto found = inner_.screen(kernel, incumbent);
        inner_.screened.clear();
        std::ifstream statm("/proc/self/statm");
        long pages = 0;
        long resident = 0;
        statm >> pages >> resident;
        log_.line(fmt::format("tried {} {}", hash_hex(kernel.source),
                              resident * (sysconf(_SC_PAGESIZE) / 1024)));
        return found;
    }
    Result<verdict::Verdict> select(const verdict::Kernel& kernel) override {
        return inner_.select(kernel);
    }
    Result<verdict::Verdict> judge(const verdict::Kernel& kernel) override {
        return inner_.judge(kernel);
    }

private:
    const Log& log_;
    scripted::Evaluator inner_;
};

// Goes on until nothing is left to ask; true then.
bool go_on(const fs::path& folder, int most) {
    const Log log(folder / "log");
    auto archive = archive::Archive::open(folder / "archive.db");
    auto recording = model::Recording::open(folder / "model", model::Recording::Mode::Record);
    if (!archive || !recording) return false;
    Provider provider(log, most);
    model::RecordingClient client(*recording, "test", &provider,
                                  {.input = 1, .cached = 1, .written = 1, .output = 1});
    ModelOptions how = scripted::in_turn();
    how.ideas = 2;
    how.fruitless = 12;
    how.repairs = 1;
    ModelWriter writer({{"test:m", "m", &client, 1}}, how, *archive, *recording);
    if (!writer.recall()) return false;
    Referee referee(log);
    Options options = scripted::search_of(0);
    options.patience = 1'000'000;
    const auto outcome =
        optimize(scripted::Schedules(3), {referee, *archive, nullptr, {&writer}}, options);
    return outcome && outcome->stop == Stop::Exhausted;
}

std::vector<std::string> lines_of(const fs::path& log) {
    auto text = os::read_file(log);
    return text ? split(*text, '\n') : std::vector<std::string>();
}

// One part of the run, in a process of its own. `after`: bytes of the log at which it is killed; 0:
// never. True where it came to its end.
bool run_part(const fs::path& folder, int most, std::uintmax_t after) {
    const pid_t child = fork();
    if (child == 0) _exit(go_on(folder, most) ? 0 : 1);
    std::error_code none;
    int status = 0;
    while (after > 0 && waitpid(child, &status, WNOHANG) == 0) {
        const std::uintmax_t size = fs::file_size(folder / "log", none);
        if (!none && size >= after) {
            (void)kill(child, SIGKILL);
            break;
        }
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
    if (waitpid(child, &status, 0) < 0 && after == 0) return false;
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::map<std::string, int> counts_of(const std::vector<std::string>& lines, std::string_view what) {
    std::map<std::string, int> counts;
    for (const std::string& line : lines) {
        const std::vector<std::string> words = split(line, ' ');
        if (words.size() >= 2 && words[0] == what) ++counts[words[1]];
    }
    return counts;
}

int total(const std::map<std::string, int>& counts) {
    int all = 0;
    for (const auto& [what, count] : counts)
        all += count;
    return all;
}

int repeats(const std::map<std::string, int>& counts) {
    return total(counts) - static_cast<int>(counts.size());
}

// Kilobytes when this share of all trials was done.
long resident_at(const std::vector<std::string>& lines, double share) {
    std::vector<long> all;
    for (const std::string& line : lines) {
        const std::vector<std::string> words = split(line, ' ');
        if (words.size() == 3) all.push_back(std::stol(words[2]));
    }
    return all.empty() ? 0
                       : all[static_cast<std::size_t>(share * static_cast<double>(all.size() - 1))];
}

// How many plans there were.
int expect_nothing_lost(const fs::path& folder, int kills) {
    archive::Archive archive = archive::Archive::open(folder / "archive.db").value();
    const model::Recording recording =
        model::Recording::open(folder / "model", model::Recording::Mode::Replay).value();
    const std::vector<std::string> log = lines_of(folder / "log");
    // What was in flight when it was killed is asked, and tried, once more.
    EXPECT_LE(repeats(counts_of(log, "paid")), kills);
    std::map<archive::KernelId, int> trials;
    const std::vector<archive::VerdictRecord> verdicts = archive.verdicts().value();
    for (const archive::VerdictRecord& record : verdicts)
        EXPECT_LE(++trials[record.kernel], 2);  // what seemed better is screened again
    EXPECT_LE(total(counts_of(log, "tried")), static_cast<int>(verdicts.size()) + kills);
    EXPECT_EQ(trials.size(), archive.kernels().value().size());
    const std::vector<archive::Ask> asks = archive.asks().value();
    EXPECT_EQ(asks.size(), recording.size());
    const std::vector<model::Exchange> exchanges = recording.exchanges().value();
    for (const model::Exchange& exchange : exchanges) {
        const auto note = read_note(exchange.request.note);
        EXPECT_TRUE(exchange.answer.has_value());
        EXPECT_TRUE(note.has_value());
        if (!note || !exchange.answer || note->way == Operator::Plan) continue;
        const auto source = read_reply(note->way, exchange.answer->text, "");
        if (!source) continue;
        // Whatever its author left open was tried: each setting is a step from the guess.
        const auto text = TunedText::read(*source).value();
        std::vector<Setting> settings = text.neighbours(text.first());
        settings.push_back(text.first());
        for (const Setting& setting : settings)
            EXPECT_TRUE(archive.find(hash_hex(text.at(setting))).value().has_value());
    }
    return static_cast<int>(std::ranges::count(asks, "plan", &archive::Ask::way));
}

// Of the processor, by all parts of the run.
double busy_seconds() {
    rusage usage{};
    (void)getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

TEST(Stream, LosesNothingHoweverOftenItIsKilled) {
    const int most = number_from("CUPEL_STREAM", 40);
    const int kills = number_from("CUPEL_STREAM_KILLS", 3);
    const os::TempDir folder = os::TempDir::make("cupel-stream").value();
    std::mt19937 random(7);
    const auto begin = std::chrono::steady_clock::now();
    int killed = 0;
    // A proposal leaves some 200 bytes in the log.
    const auto step = static_cast<std::uintmax_t>(200 * most / (kills + 1));
    while (killed < kills) {
        std::error_code none;
        const std::uintmax_t now = fs::file_size(folder.path() / "log", none);
        if (run_part(folder.path(), most, (none ? 0 : now) + 1 + random() % step)) break;
        ++killed;
    }
    ASSERT_TRUE(run_part(folder.path(), most, 0));
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const int plans = expect_nothing_lost(folder.path(), killed);
    EXPECT_EQ(killed, kills);
    const std::vector<std::string> log = lines_of(folder.path() / "log");
    const std::map<std::string, int> paid = counts_of(log, "paid");
    EXPECT_GE(paid.size(), static_cast<std::size_t>(most));
    if (os::environment("CUPEL_STREAM") == nullptr) return;
    const std::size_t tried = counts_of(log, "tried").size();
    // By its second half: what the first one needs is the pools of whoever allocates.
    const double each = 1024 * static_cast<double>(resident_at(log, 1) - resident_at(log, 0.5)) /
                        (0.5 * static_cast<double>(tried));
    constexpr int kLong = 1000;
    if (most >= kLong && kills == 0) {
        EXPECT_LT(each, 1500) << "bytes of memory a kernel";
    }
    fmt::print(
        "{} proposals ({} of them plans), {} kernels tried, killed {} times: {:.1f} s, {:.1f} "
        "of them at work, else waiting for the disk; {} calls were in flight and made "
        "again, {} trials made twice, as they were in flight or promising; resident at 10, 50, 100 "
        "%: {}, {}, {} KiB, {:.0f} "
        "bytes a kernel in the second half\n",
        paid.size(), plans, tried, killed, seconds, busy_seconds(), repeats(paid),
        repeats(counts_of(log, "tried")), resident_at(log, 0.1), resident_at(log, 0.5),
        resident_at(log, 1), each);
}

}  // namespace
}  // namespace cupel::engineer
