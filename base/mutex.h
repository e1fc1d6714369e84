#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define DURAMEN_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define DURAMEN_THREAD_ATTRIBUTE(x)
#endif

#define DURAMEN_GUARDED_BY(mutex) DURAMEN_THREAD_ATTRIBUTE(guarded_by(mutex))
#define DURAMEN_REQUIRES(...) DURAMEN_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define DURAMEN_EXCLUDES(...) DURAMEN_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace duramen {

/// std::mutex with annotations that clang's -Wthread-safety checks.
class DURAMEN_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() DURAMEN_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() DURAMEN_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class DURAMEN_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DURAMEN_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() DURAMEN_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  MutexLock(MutexLock&&) = delete;
  MutexLock& operator=(MutexLock&&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits on a Mutex that the caller holds (by MutexLock). Write the loop yourself:
///   while (!ready_) changed_.wait(mutex_);
class CondVar {
 public:
  void wait(Mutex& mutex) DURAMEN_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  /// False when `timeout` passed first.
  template <class Duration>
  bool wait_for(Mutex& mutex, Duration timeout) DURAMEN_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const auto status = condition_.wait_for(lock, timeout);
    lock.release();
    return status == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace duramen
