// SPDX-License-Identifier: Apache-2.0
// show: a task, a run, a certificate; nothing is measured but the machine's ceilings, once.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/run_folder.hpp"
#include "cli/run_page.hpp"
#include "cli/seal.hpp"
#include "cli/show_run.hpp"
#include "cli/workplace.hpp"
#include "os/files.hpp"
#include "referee/certificate.hpp"

namespace cupel::cli {
namespace {

namespace fs = std::filesystem;

// ---- all tasks ----

Result<int> show_tasks(const Options& options, Console& console) {
    auto list = nlohmann::json::array();
    std::string text;
    for (const std::string& name : task::list(search_folders("tasks"))) {
        if (options.names) {
            text += name + "\n";
            list.push_back(name);
            continue;
        }
        const auto task = task::load(name, search_folders("tasks"));
        const std::string title = task ? task->title : "does not parse: cupel show " + name;
        text += console.fit(fmt::format("{:<20}{}", name, title)) + "\n";
        list.push_back({{"name", name}, {"title", title}});
    }
    console.document({{"tasks", std::move(list)}});
    console.print(text);
    return 0;
}

// ---- one task ----

struct TaskFacts {
    task::Counts counts;
    target::Machine machine;
    std::optional<target::Ceilings> ceilings;  // where a compiler is there to measure them
    std::string family;
    int threads = 1;
};

std::string family_name(schedule::Family family) {
    switch (family) {
        case schedule::Family::Sweep:
            return "sweep";
        case schedule::Family::Tile:
            return "tile";
        case schedule::Family::Generic:
            return "generic";
    }
    return "unknown";
}

Result<TaskFacts> examine(const task::Task& task, const Options& options, Console& console) {
    TaskFacts facts;
    CUPEL_TRY(facts.threads, resolve_threads(options.threads));
    facts.counts = task::count(task);
    facts.machine = target::this_machine();
    facts.family = family_name(schedule::family(task));
    if (const auto compiler = target::find_compiler()) {
        console.status("ceilings", "measuring this machine");
        CUPEL_TRY(facts.ceilings, target::ceilings(facts.machine, *compiler, facts.threads));
    }
    return facts;
}

std::string task_text(const task::Task& task, const TaskFacts& facts) {
    const task::Counts& counts = facts.counts;
    std::string text = task::print(task);
    text += fmt::format("\nfamily      {}\n", facts.family);
    text += fmt::format("arithmetic  {}flop, {} transcendentals\n", format_si(counts.flops),
                        format_si(counts.transcendentals));
    text += fmt::format("compulsory  {} read, {} written\n",
                        format_bytes(static_cast<double>(counts.input_bytes)),
                        format_bytes(static_cast<double>(counts.output_bytes)));
    if (facts.ceilings) {
        const target::Bound bound = target::ceiling_bound(counts, *facts.ceilings);
        text += fmt::format("ceiling     {} at best on this machine with {} thread{}, set by {}\n",
                            format_seconds(bound.seconds), facts.threads,
                            facts.threads == 1 ? "" : "s", bound.name);
        text += fmt::format("            {}\n", measured_text(*facts.ceilings, std::time(nullptr)));
    }
    return text;
}

nlohmann::json task_json(const task::Task& task, const TaskFacts& facts) {
    auto sizes = nlohmann::json::object();
    for (const task::Size& size : task.sizes)
        sizes[size.name] = size.value;
    nlohmann::json fields = {{"task", task.name},
                             {"title", task.title},
                             {"precision", task.precision},
                             {"normal_form", task::print(task)},
                             {"sizes", std::move(sizes)},
                             {"family", facts.family},
                             {"flops", facts.counts.flops},
                             {"transcendentals", facts.counts.transcendentals},
                             {"input_bytes", facts.counts.input_bytes},
                             {"output_bytes", facts.counts.output_bytes},
                             {"ceiling", nullptr}};
    if (facts.ceilings) {
        const target::Bound bound = target::ceiling_bound(facts.counts, *facts.ceilings);
        fields["ceiling"] = {{"name", bound.name},
                             {"seconds", bound.seconds},
                             {"threads", facts.threads},
                             {"measured", facts.ceilings->measured},
                             {"disturbed", facts.ceilings->disturbed}};
    }
    return fields;
}

Result<int> show_source(const std::string& source, const std::string& trace, Console& console) {
    console.document({{"schedule", trace}, {"source", source}});
    console.print(source);
    return 0;
}

Result<int> show_task(const Options& options, Console& console) {
    if (options.brief) return show_brief(options, console);
    CUPEL_TRY(const task::Task task, load_task(options));
    if (options.naive) {
        CUPEL_TRY(const std::string source, schedule::print_naive(task));
        return show_source(source, "", console);
    }
    if (options.schedule) {
        CUPEL_TRY(const int threads, resolve_threads(options.threads));
        if (!options.from.empty()) {
            CUPEL_TRY(const verdict::Kernel kernel,
                      print_schedule_file(task, options.from, threads));
            return show_source(kernel.source, kernel.schedule, console);
        }
        const schedule::Width width = width_of(target::this_machine(), threads);
        const schedule::Trace trace = schedule::default_trace(task, width);
        CUPEL_TRY(const std::string source, schedule::print_kernel(task, width, trace));
        return show_source(source, schedule::print_trace(trace), console);
    }
    CUPEL_TRY(const TaskFacts facts, examine(task, options, console));
    console.document(task_json(task, facts));
    console.print(task_text(task, facts));
    return 0;
}

// ---- a certificate ----

Result<int> show_certificate(const fs::path& path, Console& console) {
    CUPEL_TRY(const std::string text, os::read_file(path));
    CUPEL_TRY(const referee::Certificate certificate, referee::read_certificate(text));
    auto document = verdict::to_json(certificate.claim);
    document["task"] = certificate.task.name;
    document["schedule"] = certificate.kernel.schedule;
    console.document(document);
    report::Card card;
    card.title = certificate.task.name;
    // Nothing was recomputed, so nothing is good or bad yet.
    seal(card, "claimed: " + report::seal_of(certificate.claim.status), certificate, "");
    card.tone = report::Tone::Plain;
    card.headline = verdict::headline(certificate.claim);
    card.rows = report::verdict_rows(certificate.claim);
    card.footer = "as written in the certificate; cupel verify checks it";
    console.print(card);
    return 0;
}

// ---- which of them ----

// Neither file nor folder: whatever has a name like it.
std::unexpected<Error> unknown(const std::string& name) {
    std::vector<std::string> names = task::list(search_folders("tasks"));
    std::ranges::copy(run_names(), std::back_inserter(names));
    const auto near = nearest_name(name, names);
    return fail(Errc::NotFound,
                fmt::format("nothing is called '{}': no task, no run in runs/, no file; {}", name,
                            near ? fmt::format("did you mean '{}'?", *near)
                                 : std::string("`cupel show` lists all tasks")));
}

bool is_task(const std::string& name) {
    std::error_code ignored;
    return fs::is_regular_file(name, ignored) ||
           std::ranges::binary_search(task::list(search_folders("tasks")), name);
}

// An option that speaks of something else is wrong use, not a wish to be passed over.
Result<void> refuse_misplaced(const Options& options, bool of_task, bool of_run) {
    const auto refuse = [&](const char* option, const char* owner) {
        return fail(
            Errc::Usage,
            fmt::format("cupel show: {} belongs to a {}; {}", option, owner,
                        options.subject.empty() ? "name one" : options.subject + " is none"));
    };
    if (options.kernel > 0 && !of_run) return refuse("--kernel", "run");
    if (!options.page.empty() && !of_run) return refuse("--page", "run");
    if (options.naive && !of_task) return refuse("--naive", "task");
    if (options.brief && !of_task) return refuse("--brief", "task");
    if (options.schedule && !of_task) return refuse("--schedule", "task");
    if (!options.from.empty() && !options.schedule) {
        return fail(Errc::Usage, "cupel show: --from belongs to --schedule");
    }
    if (!options.sizes.empty() && !of_task) return refuse("--set", "task");
    return {};
}

Result<int> show_folder(const fs::path& folder, const Options& options, Console& console) {
    CUPEL_DO(refuse_misplaced(options, false, true));
    if (options.trajectories) return show_trajectories(folder, console);
    if (!options.page.empty()) return show_page(folder, options.page, console);
    std::error_code ignored;
    if (options.kernel == 0 && fs::exists(folder / kDeviceKernels, ignored))
        return show_device_run(folder, console);
    return options.kernel > 0 ? show_kernel(folder, options.kernel, console)
                              : show_run(folder, console);
}

}  // namespace

Result<int> run_show(const Options& options, Console& console) {
    if (options.names || options.subject.empty()) {
        CUPEL_DO(refuse_misplaced(options, false, false));
        return show_tasks(options, console);
    }
    const fs::path path = options.subject;
    std::error_code ignored;
    if (path.filename() == "archive.db")
        return show_folder(path.has_parent_path() ? path.parent_path() : ".", options, console);
    if (fs::exists(path / "archive.db", ignored)) return show_folder(path, options, console);
    const bool task = is_task(options.subject);
    // A run may be called as its task is; the number of a kernel tells which is meant.
    const fs::path run = find_run(options.subject);
    if (fs::exists(run / "archive.db", ignored) &&
        (!task || options.kernel > 0 || !options.page.empty()))
        return show_folder(run, options, console);
    if (!task && fs::exists(run / kDeviceKernels, ignored)) {
        CUPEL_DO(refuse_misplaced(options, false, false));
        return show_device_run(run, console);
    }
    if (!task && fs::is_directory(path, ignored)) {
        return fail(Errc::Usage,
                    fmt::format("{0}: no run is there (no {0}/archive.db)", path.string()));
    }
    const bool is_text = path.extension() == ".json" || path.extension() == ".cpp";
    CUPEL_DO(refuse_misplaced(options, !is_text, false));
    if (path.extension() == ".json") return show_certificate(path, console);
    if (path.extension() == ".cpp") return show_kernel_file(path, console);
    if (!task) return unknown(options.subject);
    return show_task(options, console);
}

}  // namespace cupel::cli
