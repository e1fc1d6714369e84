#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace duramen::api {

/// Bytes of request bodies that are being read or handled. Taken as they come, not as they are
/// announced. Threading: any thread. Ownership: shared by its holds.
class ByteBudget : public std::enable_shared_from_this<ByteBudget> {
 public:
  explicit ByteBudget(std::uint64_t limit) : limit_(limit) {}

  /// A part of the budget; given back when it dies.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept
        : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
    Hold& operator=(Hold&& other) noexcept {
      release();
      budget_ = std::move(other.budget_);
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    ~Hold() { release(); }

    void release() {
      if (budget_) budget_->used_.fetch_sub(bytes_);
      budget_.reset();
      bytes_ = 0;
    }
    /// False when the budget has no room for the growth; then nothing changes.
    bool grow_to(std::uint64_t bytes) {
      if (!budget_ || bytes <= bytes_) return true;
      if (!budget_->take(bytes - bytes_)) return false;
      bytes_ = bytes;
      return true;
    }

   private:
    friend class ByteBudget;
    Hold(std::shared_ptr<ByteBudget> budget, std::uint64_t bytes)
        : budget_(std::move(budget)), bytes_(bytes) {}
    std::shared_ptr<ByteBudget> budget_;
    std::uint64_t bytes_ = 0;
  };

  /// Of nothing yet; it grows.
  Hold hold() { return Hold(shared_from_this(), 0); }
  /// At this moment.
  bool has_room(std::uint64_t bytes) const { return bytes <= limit_ && used() <= limit_ - bytes; }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  bool take(std::uint64_t bytes) {
    auto used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ || used > limit_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes));
    return true;
  }

  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

}  // namespace duramen::api
