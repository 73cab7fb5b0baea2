// SPDX-License-Identifier: Apache-2.0
// honest: softmax that asks the library for what it may: threads, locks, clocks, output, the environment
// task: softmax
// set: B=256 N=1024
#include "task.hpp"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <future>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

extern "C" void kernel(const float* x, float* y) {
  const unsigned helpers = std::thread::hardware_concurrency() > 1 && kThreads > 1 ? 1 : 0;
  std::mutex mutex;
  long next = 0;
  const auto work = [&] {
    for (;;) {
      long b;
      {
        const std::lock_guard lock(mutex);
        b = next++;
      }
      if (b >= B) return b;
      float most = x[b * N], sum = 0;
      for (long n = 1; n < N; ++n) most = std::max(most, x[b * N + n]);
      for (long n = 0; n < N; ++n) sum += y[b * N + n] = std::exp(x[b * N + n] - most);
      for (long n = 0; n < N; ++n) y[b * N + n] /= sum;
    }
  };
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::future<long>> running;
  for (unsigned i = 0; i < helpers; ++i) running.push_back(std::async(std::launch::async, work));
  work();
  for (auto& one : running) one.wait();
  std::this_thread::yield();
  const auto spent = std::chrono::steady_clock::now() - begin;
  if (const char* level = std::getenv("OMP_NUM_THREADS")) std::cout << level << ' ' << spent.count() << std::endl;
}
