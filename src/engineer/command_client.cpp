// SPDX-License-Identifier: Apache-2.0
#include "engineer/command_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engineer/reply.hpp"
#include "model/utf8.hpp"
#include "os/clock.hpp"
#include "os/files.hpp"
#include "os/source_file.hpp"

namespace cupel::engineer {
namespace {

namespace fs = std::filesystem;

std::string answer_of(const Brief& brief) {
    return "kernel." + brief.extension;
}

std::string instructions(const Brief& brief) {
    std::string text = fmt::format(
        "# What to do\n\nWrite a kernel that is faster than best.{0} into the file kernel.{0}, in "
        "this folder. The task is in task.txt, a right and slow kernel in reference.{0}, what the "
        "referee said of the kernel before in feedback.txt. Where a number could be one of "
        "several, write CUPEL_TUNE(name, guess, other, ...): the others are tried for you. A "
        "referee {1}; it believes nothing that a kernel says of itself.\n\n# The "
        "contract\n\n{2}\n# The machine\n\n{3}",
        brief.extension, brief.judged, brief.contract, brief.machine);
    for (const std::string& rule : brief.rules)
        text += "\n- " + rule;
    return text + "\n";
}

// The kernel, with what it includes of the folder.
Result<std::string> read_answer(const fs::path& folder, const std::string& name) {
    // No link: it may lead to anything.
    auto text = os::read_beneath(folder, name, kLongestKernel);
    if (!text) {
        return fail(Errc::NotFound, fmt::format("it left no {} ({})", name, text.error().text));
    }
    return os::with_includes(*text, folder / name, kLongestKernel);
}

model::Answer fault(model::FaultKind kind, std::string text) {
    return std::unexpected(model::Fault{kind, std::move(text), std::nullopt, false});
}

}  // namespace

model::Request command_request(const Brief& brief, std::string_view best, std::string_view other,
                               std::string_view feedback) {
    const std::string& ending = brief.extension;
    const std::string reference = as_shown(brief.reference);
    model::Request request;
    request.system = instructions(brief);
    for (const auto& [name, text] : std::initializer_list<std::pair<std::string, std::string_view>>{
             {"task.txt", brief.task},
             {"reference." + ending, reference},
             {"best." + ending, best},
             {"other." + ending, other},
             {"feedback.txt", feedback}}) {
        if (text.empty() && name.starts_with("other")) continue;
        request.messages.push_back({model::Role::User, fmt::format("{}\n{}", name, text)});
    }
    return request;
}

Result<void> CommandClient::lay_out(const model::Request& request, const fs::path& folder) const {
    std::error_code problem;
    fs::create_directories(folder, problem);
    if (problem) return fail(Errc::Io, fmt::format("{}: {}", folder.string(), problem.message()));
    // Of a call that was cut short.
    fs::remove(folder / answer_of(options_.brief), problem);
    fs::remove(folder / ("other." + options_.brief.extension), problem);
    CUPEL_DO(os::write_file_atomically(folder / "README.md", request.system));
    for (const model::Message& message : request.messages) {
        const std::size_t line = std::min(message.text.find('\n'), message.text.size());
        const fs::path name = message.text.substr(0, line);
        // Of a recording that somebody made.
        if (!name.has_filename() || name != name.filename() || name.string().starts_with('.'))
            return fail(Errc::Corrupt, "a file of the question has no plain name");
        CUPEL_DO(os::write_file_atomically(
            folder / name,
            std::string_view(message.text).substr(std::min(line + 1, message.text.size()))));
    }
    return {};
}

model::Answer CommandClient::ask(const model::Request& request) {
    const fs::path folder = options_.folder / fmt::format("{:04}", request.sample);
    if (const auto laid_out = lay_out(request, folder); !laid_out)
        return fault(model::FaultKind::Storage, laid_out.error().text);
    const auto now = [this] {
        return options_.clock ? options_.clock() : 1e-9 * static_cast<double>(os::now_ns());
    };
    const double begin = now();
    const auto ran = options_.run(options_.command, folder, options_.seconds);
    model::Reply reply;
    reply.seconds = now() - begin;
    const Result<std::string> text = ran ? read_answer(folder, answer_of(options_.brief))
                                         : Result<std::string>(std::unexpected(ran.error()));
    // A call that was cut short says nothing of the program: it is made again.
    if (!text && options_.stop && options_.stop())
        return fault(model::FaultKind::Stopped, "it was stopped with the run");
    reply.ending = text ? model::Ending::Whole : model::Ending::Declined;
    // What is recorded is what is tried, byte for byte.
    reply.text = model::whole_characters(text ? *text : text.error().text);
    return reply;
}

}  // namespace cupel::engineer
