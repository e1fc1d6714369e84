#include "tools/cli/top_asker.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tools/cli/problem.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

/// Streams asked for: a screen has fewer lines.
constexpr std::size_t kStreams = 200;
constexpr std::chrono::seconds kPatience{10};

Result<Json> ask(Client& client, const std::string& target) {
  HttpRequest request;
  request.target = target;
  request.timeout = kPatience;
  DURAMEN_TRY(const auto reply, client.call(request));
  if (!reply.ok()) return problem_error(reply);
  return Json::parse(shallow(reply.body), nullptr, false);
}

}  // namespace

Result<TopSample> take_top_sample(Client& client, TopOrder order) {
  const std::string by = order == TopOrder::kBytes ? "bytes" : "records";
  DURAMEN_TRY(const Json status, ask(client, "/api/v1/status"));
  DURAMEN_TRY(const Json queries, ask(client, "/api/v1/queries"));
  DURAMEN_TRY(const Json streams,
              ask(client, "/api/v1/streams?limit=" + std::to_string(kStreams) + "&order=" + by));
  return read_top_sample(status, streams, queries);
}

TopAsker::TopAsker(std::unique_ptr<Client> client)
    : client_(std::move(client)),
      ready_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

TopAsker::~TopAsker() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  thread_.join();
  ::close(ready_);
}

void TopAsker::ask(TopOrder order) {
  const MutexLock lock(mutex_);
  if (busy_) return;
  wanted_ = order;
  busy_ = true;
  changed_.notify_all();
}

bool TopAsker::busy() const {
  const MutexLock lock(mutex_);
  return busy_;
}

std::optional<Result<TopSample>> TopAsker::take() {
  std::uint64_t ignored = 0;
  [[maybe_unused]] const auto n = ::read(ready_, &ignored, sizeof ignored);
  const MutexLock lock(mutex_);
  return std::exchange(answer_, std::nullopt);
}

void TopAsker::run() {
  while (const auto order = next()) {
    auto sample = take_top_sample(*client_, *order);
    const MutexLock lock(mutex_);
    answer_.emplace(std::move(sample));
    busy_ = false;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto n = ::write(ready_, &one, sizeof one);
  }
}

std::optional<TopOrder> TopAsker::next() {
  const MutexLock lock(mutex_);
  while (!wanted_ && !stop_) changed_.wait(mutex_);
  return stop_ ? std::nullopt : std::exchange(wanted_, std::nullopt);
}

}  // namespace duramen::cli
