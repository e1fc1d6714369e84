#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/router.h"
#include "base/mutex.h"

namespace duramen::api {

/// Takes a streamed body without a socket.
class StringWriter final : public BodyWriter {
 public:
  Result<void> write(std::string_view bytes) override {
    if (left_) return Error{ErrorCode::kCancelled, "gone"};
    text_ += bytes;
    if (text_.size() >= leave_after_) leave();
    return {};
  }
  bool gone() const override { return left_; }
  void when_gone(std::function<void()> on_gone) override { on_gone_ = std::move(on_gone); }
  void give_up_when(std::function<Result<void>()>) override {}
  /// The client goes away once it has this many bytes.
  void leave_after(std::size_t bytes) { leave_after_ = bytes; }
  const std::string& text() const { return text_; }

 private:
  void leave() {
    left_ = true;
    if (on_gone_) on_gone_();
  }
  std::string text_;
  std::size_t leave_after_ = static_cast<std::size_t>(-1);
  bool left_ = false;
  std::function<void()> on_gone_;
};

/// What a router answered, with a streamed body run to its end as the server does it.
struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string text;
  Result<void> outcome;  ///< of the producer
  int answers = 0;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
};

/// Calls the router and waits up to 10 s for the answer.
inline Answer call(const Router& router, Request request, std::size_t leave_after = 0) {
  struct Shared {
    std::promise<Response> response;
    std::atomic<int> answers{0};
  };
  const auto shared = std::make_shared<Shared>();
  auto future = shared->response.get_future();
  router.handle(std::move(request), [shared](Response response) {
    if (shared->answers.fetch_add(1) == 0) shared->response.set_value(std::move(response));
  });
  Answer out;
  if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) return out;
  Response response = future.get();
  out.status = response.status;
  out.headers = response.headers;
  if (auto* text = std::get_if<std::string>(&response.body)) {
    out.text = std::move(*text);
  } else {
    StringWriter writer;
    if (leave_after > 0) writer.leave_after(leave_after);
    out.outcome = std::get<BodyProducer>(response.body)(writer);
    out.text = writer.text();
    if (!out.outcome && out.text.empty()) {
      const Response problem = problem_response(producer_problem(response, out.outcome.error()));
      out.status = problem.status;
      out.headers = problem.headers;
      out.text = std::get<std::string>(problem.body);
    }
  }
  out.answers = shared->answers;
  return out;
}

}  // namespace duramen::api
