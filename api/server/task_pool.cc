#include "api/server/task_pool.h"

#include <system_error>

namespace duramen::api {

bool TaskPool::try_run(std::function<void()> task) {
  const MutexLock lock(mutex_);
  if (stopping_ || busy_ + queue_.size() >= thread_limit_ + queue_limit_) return false;
  if (busy_ + queue_.size() >= threads_.size() && threads_.size() < thread_limit_) {
    if (!start_thread_locked() && threads_.empty()) return false;
  }
  queue_.push_back(std::move(task));
  changed_.notify_one();
  return true;
}

bool TaskPool::start_thread_locked() {
  try {
    threads_.emplace_back([this] { work(); });
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

void TaskPool::work() {
  for (;;) {
    std::function<void()> task;
    {
      const MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) changed_.wait(mutex_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
      ++busy_;
    }
    task();
    task = nullptr;
    const MutexLock lock(mutex_);
    --busy_;
  }
}

void TaskPool::stop() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (auto& thread : threads) thread.join();
}

std::size_t TaskPool::busy() const {
  const MutexLock lock(mutex_);
  return busy_;
}

}  // namespace duramen::api
