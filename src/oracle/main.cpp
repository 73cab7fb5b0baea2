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

int thread_count() {
    const char* text =
        std::getenv("CUPEL_ORACLE_THREADS");  // NOLINT(concurrency-mt-unsafe): one thread yet
    return text == nullptr ? 1 : static_cast<int>(std::strtol(text, nullptr, 10));
}

cupel::Result<void> run() {
    const cupel::os::Fd socket(cupel::wire::oracle::kSocketFd);
    const cupel::os::Fd input(cupel::wire::oracle::kInputFd);
    const cupel::os::Fd text(cupel::wire::oracle::kTaskFd);
    CUPEL_TRY(const cupel::task::Task task, cupel::oracle::read_task(text));
    return cupel::oracle::serve(socket, input, task, thread_count());
}

}  // namespace

int main() {
    try {
        const cupel::Result<void> result = run();
        if (result) return 0;
        (void)std::fputs(("cupel-oracle: " + result.error().text + "\n").c_str(), stderr);
        return result.error().code == cupel::Errc::Invalid ? 3 : 1;
    } catch (const std::exception& error) {
        (void)std::fputs(error.what(), stderr);
        return 1;
    }
}
