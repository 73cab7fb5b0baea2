// SPDX-License-Identifier: Apache-2.0
// The answers of a kernel at the task's own sizes: it knows its sizes, so one that was right at
// small ones need not be here. Of a single launch whose blocks have nothing to do with each other
// the sample has looked at them. Any other is emulated whole where that takes seconds and not
// hours, and bounds are held. What else the scaled shapes settle (races, state, values that nobody
// wrote) takes some five times as long, and is looked for again where that is seconds.
#pragma once

#include "base/result.hpp"
#include "referee/device_count.hpp"
#include "referee/device_trial.hpp"
#include "task/task.hpp"

namespace cupel::referee {

// Tries an accepted kernel once more, as far as `sample` says that it can be done; what is found is
// then the verdict in `trial`. Where it cannot be done, the trial says why among what was not
// watched.
[[nodiscard]] Result<void> hold_whole(const task::Task& task, const DeviceKernel& kernel,
                                      const DeviceOptions& options, const DeviceSample& sample,
                                      DeviceTrial& trial);

}  // namespace cupel::referee
