#include "base/parallel.h"

#ifdef __SANITIZE_THREAD__
#include <atomic>
#include <thread>
#else
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#endif

namespace duramen {

#ifdef __SANITIZE_THREAD__
// The thread sanitizer does not see the synchronisation inside Debian's oneTBB, which is not built
// with it, and would report everything. The same work on plain threads it can judge.
void for_each_index(std::size_t n, const std::function<void(std::size_t)>& task) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < n; i = next++) task(i);
  };
  if (n < 2) return work();
  std::thread other(work);
  work();
  other.join();
}

std::size_t processors() { return 2; }
#else
void for_each_index(std::size_t n, const std::function<void(std::size_t)>& task) {
  tbb::parallel_for(std::size_t{0}, n, task);
}

std::size_t processors() {
  return static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
}
#endif

}  // namespace duramen
