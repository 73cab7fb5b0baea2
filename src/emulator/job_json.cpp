// SPDX-License-Identifier: Apache-2.0
// Jobs and their results as text, both ways.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <exception>
#include <span>
#include <stdexcept>
#include <utility>

#include "emulator/job.hpp"

namespace cupel::emulator {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostFindings = 64;  // of a launch, that are told

Json clean(const std::string& value) {  // names and messages may quote what is no UTF-8
    return Json::parse(Json(value).dump(-1, ' ', false, Json::error_handler_t::replace));
}

// ---- a job ----

Json extent_json(const Extent& extent) {
    return {extent.x, extent.y, extent.z};
}

Extent extent_from(const Json& list) {
    return {list.at(0).get<std::uint32_t>(), list.at(1).get<std::uint32_t>(),
            list.at(2).get<std::uint32_t>()};
}

Json argument_json(const JobArgument& one) {
    Json object = {{"text", clean(one.text)}};
    switch (one.kind) {
        case JobArgument::Kind::Buffer:
            object["buffer"] = one.buffer;
            break;
        case JobArgument::Kind::Integer:
            object["integer"] = one.integer;
            break;
        case JobArgument::Kind::Real:
            object["real"] = one.real;
            break;
    }
    return object;
}

JobArgument argument_from(const Json& object) {
    JobArgument one{.text = object.at("text").get<std::string>()};
    if (object.contains("buffer")) {
        one.kind = JobArgument::Kind::Buffer;
        one.buffer = object.at("buffer").get<std::uint32_t>();
    } else if (object.contains("real")) {
        one.kind = JobArgument::Kind::Real;
        one.real = object.at("real").get<double>();
    } else {
        one.integer = object.at("integer").get<std::int64_t>();
    }
    return one;
}

constexpr std::array<std::pair<std::string_view, Role>, 4> kRoles = {{{"input", Role::Input},
                                                                      {"output", Role::Output},
                                                                      {"inout", Role::InOut},
                                                                      {"scratch", Role::Scratch}}};

std::string_view role_text(Role role) {
    return kRoles.at(static_cast<std::size_t>(role)).first;
}

Role role_from(const std::string& name) {
    for (const auto& [text, role] : kRoles)
        if (text == name) return role;
    throw std::out_of_range("role " + name);
}

JobLaunch launch_from(const Json& object) {
    JobLaunch launch{.kernel = object.at("kernel").get<std::string>(),
                     .grid = extent_from(object.at("grid")),
                     .block = extent_from(object.at("block")),
                     .shared_bytes = object.at("shared").get<std::uint32_t>(),
                     .arguments = {},
                     .line = object.at("line").get<int>()};
    for (const Json& one : object.at("arguments"))
        launch.arguments.push_back(argument_from(one));
    return launch;
}

// ---- a report ----

Json actor_json(const Actor& actor) {
    return {{"block", actor.block},
            {"thread", actor.thread},
            {"file", clean(actor.place.file)},
            {"line", actor.place.line},
            {"ptx_line", actor.place.ptx_line}};
}

Actor actor_from(const Json& object) {
    return {.block = object.at("block").get<std::uint64_t>(),
            .thread = object.at("thread").get<std::uint32_t>(),
            .place = {.file = object.at("file").get<std::string>(),
                      .line = object.at("line").get<std::uint32_t>(),
                      .ptx_line = object.at("ptx_line").get<std::uint32_t>()}};
}

Json finding_json(const Finding& finding) {
    return {{"fault", static_cast<int>(finding.fault)},
            {"text", clean(finding.text)},
            {"first", actor_json(finding.first)},
            {"second", actor_json(finding.second)},
            {"memory", clean(finding.memory)},
            {"offset", finding.offset},
            {"events", finding.events}};
}

Finding finding_from(const Json& object) {
    const int fault = object.at("fault").get<int>();
    if (fault < 0 || fault > static_cast<int>(Fault::Note))
        throw std::out_of_range(fmt::format("fault {}", fault));
    return {.fault = static_cast<Fault>(fault),
            .text = object.at("text").get<std::string>(),
            .first = actor_from(object.at("first")),
            .second = actor_from(object.at("second")),
            .memory = object.at("memory").get<std::string>(),
            .offset = object.at("offset").get<std::uint64_t>(),
            .events = object.at("events").get<std::uint64_t>()};
}

// The counters that are told, by name.
constexpr std::array<std::pair<const char*, std::uint64_t Counters::*>, 19> kCounters = {{
    {"warp_instructions", &Counters::warp_instructions},
    {"lane_instructions", &Counters::lane_instructions},
    {"half_flops", &Counters::half_flops},
    {"single_flops", &Counters::single_flops},
    {"double_flops", &Counters::double_flops},
    {"tensor_flops", &Counters::tensor_flops},
    {"global_requests", &Counters::global_requests},
    {"global_sectors", &Counters::global_sectors},
    {"global_bytes", &Counters::global_bytes},
    {"unique_bytes_read", &Counters::unique_bytes_read},
    {"unique_bytes_written", &Counters::unique_bytes_written},
    {"shared_requests", &Counters::shared_requests},
    {"shared_wavefronts", &Counters::shared_wavefronts},
    {"shared_conflicts", &Counters::shared_conflicts},
    {"barriers", &Counters::barriers},
    {"branches", &Counters::branches},
    {"divergent_branches", &Counters::divergent_branches},
    {"atomics", &Counters::atomics},
    {"atomic_collisions", &Counters::atomic_collisions},
}};

Json counters_json(const Counters& counters) {
    Json object = Json::object();
    for (const auto& [name, member] : kCounters)
        object[name] = counters.*member;
    Json work = Json::object();
    for (const WorkCount& one : counters.work)
        work[one.name] = {one.warps, one.lanes};
    object["work"] = std::move(work);
    return object;
}

Counters counters_from(const Json& object) {
    Counters counters;
    for (const auto& [name, member] : kCounters)
        counters.*member = object.at(name).get<std::uint64_t>();
    for (const auto& [name, counts] : object.at("work").items()) {
        counters.work.push_back({.name = name,
                                 .warps = counts.at(0).get<std::uint64_t>(),
                                 .lanes = counts.at(1).get<std::uint64_t>()});
    }
    return counters;
}

Json stretches_json(const std::vector<Stretch>& stretches) {
    Json array = Json::array();
    for (const Stretch& one : stretches)
        array.push_back({one.offset, one.bytes});
    return array;
}

std::vector<Stretch> stretches_from(const Json& array) {
    std::vector<Stretch> stretches;
    for (const Json& one : array) {
        stretches.push_back(
            {.offset = one.at(0).get<std::uint64_t>(), .bytes = one.at(1).get<std::uint64_t>()});
    }
    return stretches;
}

Json report_json(const Report& report) {
    Json findings = Json::array();
    for (const Finding& one : report.findings)
        if (findings.size() < kMostFindings) findings.push_back(finding_json(one));
    Json coverage = Json::array();
    for (const Coverage& one : report.coverage) {
        coverage.push_back({{"buffer", clean(one.buffer)},
                            {"role", role_text(one.role)},
                            {"bytes", one.bytes},
                            {"read", one.read},
                            {"written", one.written},
                            {"stretches", stretches_json(one.stretches)},
                            {"unread", stretches_json(one.unread)}});
    }
    return {{"finished", report.finished},
            {"findings", std::move(findings)},
            {"checks_made", report.checks_made},
            {"checks_not_made", report.checks_not_made},
            {"counters", counters_json(report.counters)},
            {"coverage", std::move(coverage)},
            {"blocks", report.blocks},
            {"shared_bytes", report.shared_bytes},
            {"registers_named", report.registers_named}};
}

Report report_from(const Json& object) {
    Report report;
    report.finished = object.at("finished").get<bool>();
    for (const Json& one : object.at("findings"))
        report.findings.push_back(finding_from(one));
    report.checks_made = object.at("checks_made").get<std::vector<std::string>>();
    report.checks_not_made = object.at("checks_not_made").get<std::vector<std::string>>();
    report.counters = counters_from(object.at("counters"));
    for (const Json& one : object.at("coverage")) {
        report.coverage.push_back({.buffer = one.at("buffer").get<std::string>(),
                                   .role = role_from(one.at("role").get<std::string>()),
                                   .bytes = one.at("bytes").get<std::uint64_t>(),
                                   .read = one.at("read").get<std::uint64_t>(),
                                   .written = one.at("written").get<std::uint64_t>(),
                                   .stretches = stretches_from(one.at("stretches")),
                                   .unread = stretches_from(one.at("unread"))});
    }
    report.blocks = object.at("blocks").get<std::uint64_t>();
    report.shared_bytes = object.at("shared_bytes").get<std::uint64_t>();
    report.registers_named = object.at("registers_named").get<std::uint32_t>();
    return report;
}

// The library throws at the first field that is missing or of another type.
template <class Read>
auto reading(std::string_view what, Read read) -> Result<decltype(read())> {
    try {
        return read();
    } catch (const std::exception& error) {
        return fail(Errc::Invalid, fmt::format("{}: {}", what, error.what()));
    }
}

}  // namespace

std::string job_to_json(const Job& job) {
    Json buffers = Json::array();
    for (const JobBuffer& one : job.buffers) {
        buffers.push_back(
            {{"name", clean(one.name)}, {"role", role_text(one.role)}, {"bytes", one.bytes}});
    }
    Json launches = Json::array();
    for (const JobLaunch& one : job.launches) {
        Json arguments = Json::array();
        for (const JobArgument& argument : one.arguments)
            arguments.push_back(argument_json(argument));
        launches.push_back({{"kernel", clean(one.kernel)},
                            {"grid", extent_json(one.grid)},
                            {"block", extent_json(one.block)},
                            {"shared", one.shared_bytes},
                            {"line", one.line},
                            {"arguments", std::move(arguments)}});
    }
    return Json{{"file", clean(job.file)},
                {"buffers", std::move(buffers)},
                {"launches", std::move(launches)},
                {"seed", job.seed},
                {"budget", job.budget},
                {"sample", job.sample},
                {"checks", job.checks},
                {"threads", job.threads},
                {"times", job.times}}
        .dump();
}

Result<Job> job_from_json(std::string_view text) {
    return reading("the job", [&] {
        const Json object = Json::parse(text);
        Job job;
        job.file = object.at("file").get<std::string>();
        for (const Json& one : object.at("buffers")) {
            job.buffers.push_back({.name = one.at("name").get<std::string>(),
                                   .role = role_from(one.at("role").get<std::string>()),
                                   .bytes = one.at("bytes").get<std::uint64_t>()});
        }
        for (const Json& one : object.at("launches"))
            job.launches.push_back(launch_from(one));
        job.seed = object.at("seed").get<std::uint64_t>();
        job.budget = object.at("budget").get<std::uint64_t>();
        job.sample = object.at("sample").get<std::uint64_t>();
        job.checks = object.at("checks").get<bool>();
        job.threads = object.at("threads").get<unsigned>();
        job.times = object.at("times").get<unsigned>();
        return job;
    });
}

std::string encode(const JobResult& result) {
    Json reports = Json::array();
    for (const Report& one : result.reports)
        reports.push_back(report_json(one));
    std::string bytes = Json{{"refusal", clean(result.refusal)}, {"line", result.line},
                             {"reports", std::move(reports)},    {"device", clean(result.device)},
                             {"seconds", result.seconds},        {"answers", result.answers.size()}}
                            .dump();
    bytes += '\n';
    bytes.append(reinterpret_cast<const char*>(result.answers.data()), result.answers.size());
    return bytes;
}

Result<JobResult> decode_result(std::string_view bytes) {
    const std::size_t end = bytes.find('\n');
    if (end == std::string_view::npos)
        return fail(Errc::Invalid, "the emulator's answer has no end");
    return reading("the emulator's answer", [&] {
        const Json object = Json::parse(bytes.substr(0, end));
        JobResult result;
        result.refusal = object.at("refusal").get<std::string>();
        result.line = object.at("line").get<int>();
        for (const Json& one : object.at("reports"))
            result.reports.push_back(report_from(one));
        result.device = object.at("device").get<std::string>();
        result.seconds = object.at("seconds").get<std::vector<double>>();
        const std::string_view rest = bytes.substr(end + 1);
        if (rest.size() != object.at("answers").get<std::size_t>())
            throw std::length_error("the answers are not as long as it says");
        const auto answers = std::as_bytes(std::span(rest));
        result.answers.assign(answers.begin(), answers.end());
        return result;
    });
}

}  // namespace cupel::emulator
