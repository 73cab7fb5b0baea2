// SPDX-License-Identifier: Apache-2.0
#include "cli/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "base/result.hpp"
#include "cli/options.hpp"

namespace cupel::cli {
namespace {

std::atomic<bool> stop_flag{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_stop(int) {
    stop_flag.store(true, std::memory_order_relaxed);
}

void on_abort(int) {
    _exit(kOwnBug);
}

}  // namespace

void install_signals() {
    struct sigaction stop = {};
    stop.sa_handler = on_stop;
    stop.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
    CUPEL_CHECK(sigaction(SIGINT, &stop, nullptr) == 0);
    CUPEL_CHECK(sigaction(SIGTERM, &stop, nullptr) == 0);
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    CUPEL_CHECK(sigaction(SIGPIPE, &ignore, nullptr) == 0);
    struct sigaction abort = {};
    abort.sa_handler = on_abort;
    CUPEL_CHECK(sigaction(SIGABRT, &abort, nullptr) == 0);
}

bool stop_requested() noexcept {
    return stop_flag.load(std::memory_order_relaxed);
}

}  // namespace cupel::cli
