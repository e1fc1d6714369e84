#pragma once

#include <cstddef>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace duramen {

/// Stops new work and waits for the work already inside. Destroy only after close().
/// Threading: any thread.
class Gate {
 public:
  class Pass {
   public:
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->leave();
    }

   private:
    friend class Gate;
    explicit Pass(Gate& gate) : gate_(&gate) {}
    Gate* gate_;
  };

  /// Nothing once the gate is closed.
  [[nodiscard]] std::optional<Pass> try_enter() {
    const MutexLock lock(mutex_);
    if (closed_) return std::nullopt;
    ++inside_;
    return Pass(*this);
  }
  /// Blocks until the last Pass dies.
  void close() {
    const MutexLock lock(mutex_);
    closed_ = true;
    while (inside_ != 0) left_.wait(mutex_);
  }

 private:
  void leave() {
    const MutexLock lock(mutex_);
    if (--inside_ == 0) left_.notify_all();
  }
  Mutex mutex_;
  CondVar left_;
  std::size_t inside_ DURAMEN_GUARDED_BY(mutex_) = 0;
  bool closed_ DURAMEN_GUARDED_BY(mutex_) = false;
};

}  // namespace duramen
