// SPDX-License-Identifier: Apache-2.0
// honest: asks the system what libraries ask it, and does without where it is told no
// task: max_rows
// set: M=64 N=256
#include "task.hpp"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/times.h>
#include <unistd.h>

#include <algorithm>

namespace {

// Each call is made by some library for speed, for a log or out of habit; none is needed.
void ask() {
  constexpr long kAskForTiles = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM
  syscall(SYS_arch_prctl, kAskForTiles, kTileData);
  char name[16];
  prctl(PR_GET_NAME, name, 0, 0, 0);
  sched_param priority;
  sched_getparam(0, &priority);
  sched_getscheduler(0);
  int mode = 0;
  syscall(SYS_get_mempolicy, &mode, nullptr, 0, nullptr, 0);
  syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  tms taken;
  times(&taken);
  prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
  (void)getuid();
  (void)getppid();
  char folder[64];
  (void)!getcwd(folder, sizeof folder);
  int policy = 0;
  pthread_getschedparam(pthread_self(), &policy, &priority);
  pthread_setschedparam(pthread_self(), policy, &priority);
  (void)!access("/etc/hostname", R_OK);
  (void)!readlink("/proc/self/exe", name, sizeof name);
  void* const scratch =
      mmap(nullptr, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (scratch == MAP_FAILED) return;
  madvise(scratch, 1 << 16, MADV_DONTDUMP);
  madvise(scratch, 1 << 16, MADV_COLD);
  mlock(scratch, 4096);
  munlock(scratch, 4096);
  unsigned char resident[16];
  mincore(scratch, 1 << 16, resident);
  munmap(scratch, 1 << 16);
}

}  // namespace

extern "C" void kernel(const float* x, float* y) {
  static const bool asked = (ask(), true);
  (void)asked;
  for (long m = 0; m < M; m++) y[m] = *std::max_element(x + m * N, x + (m + 1) * N);
}
