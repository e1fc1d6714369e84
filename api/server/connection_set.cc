#include <chrono>

#include "api/server/connection.h"
#include "api/server/server_state.h"

namespace duramen::api {

std::size_t ConnectionSet::add(std::shared_ptr<Connection> connection) {
  const MutexLock lock(mutex_);
  const Connection* key = connection.get();
  open_.emplace(key, std::move(connection));
  return open_.size();
}

void ConnectionSet::remove(const Connection& connection) {
  std::shared_ptr<Connection> dropped;
  const MutexLock lock(mutex_);
  const auto at = open_.find(&connection);
  if (at == open_.end()) return;
  dropped = std::move(at->second);
  open_.erase(at);
  if (open_.empty()) changed_.notify_all();
}

std::vector<std::shared_ptr<Connection>> ConnectionSet::all() const {
  const MutexLock lock(mutex_);
  std::vector<std::shared_ptr<Connection>> out;
  out.reserve(open_.size());
  for (const auto& [key, connection] : open_) out.push_back(connection);
  return out;
}

bool ConnectionSet::wait_until_empty(TimeNs limit_ns) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::nanoseconds(limit_ns);
  const MutexLock lock(mutex_);
  while (!open_.empty()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0) return false;
    changed_.wait_for(mutex_, left);
  }
  return true;
}

}  // namespace duramen::api
