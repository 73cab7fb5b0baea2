// SPDX-License-Identifier: Apache-2.0
// cupel-oracle: started by the referee with a socket, the input region and the task text on the
// descriptors that wire/oracle.hpp names. Exit status: 0 at the end of the conversation, 3 for a
// task or a request that is malformed, 1 where the operating system refused.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "oracle/serve.hpp"
#include "wire/oracle.hpp"

namespace {

using namespace cupel;

int thread_count() {
    const char* text =
        std::getenv("CUPEL_ORACLE_THREADS");  // NOLINT(concurrency-mt-unsafe): one thread yet
    return text == nullptr ? 1 : static_cast<int>(std::strtol(text, nullptr, 10));
}

Result<void> run() {
    const os::Fd socket(wire::oracle::kSocketFd);
    const os::Fd input(wire::oracle::kInputFd);
    const os::Fd text(wire::oracle::kTaskFd);
    CUPEL_TRY(const task::Task task, oracle::read_task(text));
    return oracle::serve(socket, input, task, thread_count());
}

}  // namespace

int main() {
    try {
        const Result<void> result = run();
        if (result) return 0;
        std::fputs(("cupel-oracle: " + result.error().text + "\n").c_str(), stderr);
        return result.error().code == Errc::Invalid ? 3 : 1;
    } catch (const std::exception& error) {
        std::fputs(error.what(), stderr);
        return 1;
    }
}
