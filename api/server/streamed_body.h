#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http.h"
#include "base/mutex.h"

namespace duramen::api {

/// The bounded buffer between a producer, which blocks, and a connection, which must not.
///
/// Threading: write(), gone(), when_gone() and finish() by the producer; take(), sent() and leave()
/// by the connection. `wake` is called with a lock held and must only post.
class StreamedBody final : public BodyWriter {
 public:
  enum class Wake {
    kSoon,  ///< some bytes wait: send them within a few milliseconds
    kNow,   ///< enough for a large write, or the end
  };
  struct Limits {
    std::size_t unsent_bytes;
    std::size_t flush_bytes;
    /// For HTTP/1.0, which cannot tell a whole body from a cut one: keep everything until the end.
    bool hold_all;
  };
  struct Taken {
    bool started = false;   ///< the producer has written something
    bool finished = false;  ///< and nothing follows
    Result<void> outcome;   ///< of a finished producer
  };

  StreamedBody(Limits limits, std::function<void(Wake)> wake)
      : limits_(limits), wake_(std::move(wake)) {}

  Result<void> write(std::string_view bytes) override;
  bool gone() const override;
  void when_gone(std::function<void()> on_gone) override;
  void give_up_when(std::function<Result<void>()> check) override { check_ = std::move(check); }
  void finish(Result<void> outcome);

  /// Swaps the waiting bytes into `into` (empty before); they count as unsent until sent().
  Taken take(std::string& into);
  void sent();
  /// The bytes that wait for take().
  std::size_t waiting() const;
  bool finished() const;
  /// The client is gone: unblocks and refuses the producer, calls the when_gone functions.
  void leave();

 private:
  Result<void> wait_for_room_locked() DURAMEN_REQUIRES(mutex_);

  const Limits limits_;
  std::function<Result<void>()> check_;  ///< the producer's own
  mutable Mutex mutex_;
  CondVar room_;
  std::function<void(Wake)> wake_ DURAMEN_GUARDED_BY(mutex_);
  std::string waiting_ DURAMEN_GUARDED_BY(mutex_);
  std::size_t in_flight_ DURAMEN_GUARDED_BY(mutex_) = 0;
  bool woken_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool started_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool finished_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool gone_ DURAMEN_GUARDED_BY(mutex_) = false;
  Result<void> outcome_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> on_gone_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace duramen::api
