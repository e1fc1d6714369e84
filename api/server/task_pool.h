#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace duramen::api {

/// Threads that run tasks which may block, with a bounded queue. Threads start when first needed.
/// Threading: any thread; destroy after stop().
class TaskPool {
 public:
  TaskPool(std::size_t threads, std::size_t queue_limit)
      : thread_limit_(threads), queue_limit_(queue_limit) {}
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;
  TaskPool(TaskPool&&) = delete;
  TaskPool& operator=(TaskPool&&) = delete;
  ~TaskPool() { stop(); }

  /// False when all threads are busy and the queue is full, or after stop(). Tasks must not throw.
  bool try_run(std::function<void()> task);
  /// Runs what is queued, then joins. Idempotent.
  void stop();
  std::size_t busy() const;

 private:
  void work();
  bool start_thread_locked() DURAMEN_REQUIRES(mutex_);

  const std::size_t thread_limit_;
  const std::size_t queue_limit_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> queue_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ DURAMEN_GUARDED_BY(mutex_);
  std::size_t busy_ DURAMEN_GUARDED_BY(mutex_) = 0;
  bool stopping_ DURAMEN_GUARDED_BY(mutex_) = false;
};

}  // namespace duramen::api
