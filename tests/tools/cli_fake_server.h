#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace duramen::support {

/// A server that answers exactly the bytes it is told: for the faults that a good server does not
/// show. For each path (without the query) a list of answers; the last one is repeated. An empty
/// answer closes the connection without a word.
///
/// Threading: a thread for each connection.
class FakeServer {
 public:
  using Script = std::map<std::string, std::vector<std::string>>;
  struct Seen {
    std::string head;  ///< request line and headers
    std::string body;
  };

  /// `host`: 127.0.0.1 or ::1. url() is empty when it cannot listen there.
  explicit FakeServer(Script script, const std::string& host = "127.0.0.1");
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  FakeServer(FakeServer&&) = delete;
  FakeServer& operator=(FakeServer&&) = delete;
  ~FakeServer();

  const std::string& url() const { return url_; }
  std::vector<Seen> seen();

  /// A whole answer with a length, after which the connection stays open.
  static std::string answer(const std::string& status, const std::string& body,
                            const std::string& headers = {});
  /// A chunked answer, a chunk for each text; `whole`: with its last chunk, else it is cut off.
  static std::string chunked(const std::vector<std::string>& chunks, bool whole);

 private:
  void serve();
  void serve_connection(int socket);
  std::string next_answer(const std::string& path) DURAMEN_REQUIRES(mutex_);

  int listener_ = -1;
  std::string url_;
  Mutex mutex_;
  Script script_ DURAMEN_GUARDED_BY(mutex_);
  std::map<std::string, std::size_t> used_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<Seen> seen_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<int> sockets_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<std::thread> connections_;  ///< only touched by thread_ until it is joined
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace duramen::support
