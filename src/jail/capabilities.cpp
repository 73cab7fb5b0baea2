// SPDX-License-Identifier: Apache-2.0
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/text.hpp"
#include "jail/bubblewrap.hpp"
#include "jail/filter.hpp"
#include "jail/jail.hpp"
#include "os/files.hpp"

namespace cupel::jail {
namespace {

using namespace std::chrono_literals;

bool can_filter() {
    std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 && contender_filter();
}

// Builds a real cell around `true`; the words of bubblewrap if it cannot.
Result<void> try_cell() {
    CUPEL_TRY(const std::filesystem::path program, os::find_program("true"));
    CUPEL_TRY(std::vector<Bind> binds, library_binds(program));
    binds.push_back({.host = program, .inside = "/true"});
    const Cell cell = {.argv = {"/true"}, .binds = std::move(binds)};
    CUPEL_TRY(const os::Output output,
              os::run({.argv = bubblewrap_argv(cell, {}), .environment = {}}, 20s));
    if (output.exit.code != 0) return fail(Errc::Missing, std::string(trim(output.text)));
    return {};
}

Capabilities find_out() {
    Capabilities found;
    found.seccomp = can_filter();
    if (!found.seccomp) found.missing.emplace_back("system-call filters (seccomp)");
    found.bubblewrap = os::find_program(kBubblewrap).has_value();
    if (!found.bubblewrap) {
        found.missing.emplace_back("bubblewrap (package bubblewrap, program bwrap)");
        return found;
    }
    const Result<void> cell = try_cell();
    found.namespaces = cell.has_value();
    if (!cell) {
        found.missing.push_back("user namespaces (sysctl kernel.unprivileged_userns_clone=1): " +
                                cell.error().text);
    }
    return found;
}

Capabilities without_walls() {
    Capabilities lowered;
    lowered.seccomp = can_filter();
    lowered.missing.emplace_back("namespaces (switched off by CUPEL_JAIL=none)");
    return lowered;
}

}  // namespace

const Capabilities& capabilities() {
    static const Capabilities kFound = find_out();
    static const Capabilities kLowered = without_walls();
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in Cupel changes the environment
    const char* const wanted = std::getenv("CUPEL_JAIL");
    return wanted != nullptr && std::string_view(wanted) == "none" ? kLowered : kFound;
}

}  // namespace cupel::jail
