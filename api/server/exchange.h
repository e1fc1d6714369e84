#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "api/http.h"
#include "api/server/byte_budget.h"
#include "base/mutex.h"

namespace duramen::api {

/// One request on its way through a handler. Cut off from the connection
/// when that closes first, so that a late answer touches nothing.
/// Threading: any thread. `deliver` is called with a lock held and must only post.
class Exchange {
 public:
  Exchange(std::function<void(Response)> deliver, ByteBudget::Hold hold)
      : deliver_(std::move(deliver)), hold_(std::move(hold)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  Exchange(Exchange&&) = delete;
  Exchange& operator=(Exchange&&) = delete;
  ~Exchange() = default;

  /// The first answer counts.
  void answer(Response response) {
    std::function<void(Response)> deliver;
    const MutexLock lock(mutex_);
    deliver.swap(deliver_);
    hold_.release();
    if (deliver) deliver(std::move(response));
  }
  void detach() {
    std::function<void(Response)> dropped;
    const MutexLock lock(mutex_);
    dropped.swap(deliver_);
  }

 private:
  Mutex mutex_;
  std::function<void(Response)> deliver_ DURAMEN_GUARDED_BY(mutex_);
  ByteBudget::Hold hold_ DURAMEN_GUARDED_BY(mutex_);
};

/// What a Responder holds: when its last copy dies unanswered (a bug here), the client still gets
/// an answer.
class ResponderTicket {
 public:
  explicit ResponderTicket(std::shared_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
  ResponderTicket(const ResponderTicket&) = delete;
  ResponderTicket& operator=(const ResponderTicket&) = delete;
  ResponderTicket(ResponderTicket&&) = delete;
  ResponderTicket& operator=(ResponderTicket&&) = delete;
  ~ResponderTicket() {
    answer(problem_response(make_problem(500, "internal", "the request was dropped unanswered")));
  }
  void answer(Response response) { exchange_->answer(std::move(response)); }

 private:
  std::shared_ptr<Exchange> exchange_;
};

}  // namespace duramen::api
