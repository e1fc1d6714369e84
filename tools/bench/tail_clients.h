#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "tools/bench/tail_figures.h"
#include "tools/bench/tail_lines.h"

namespace duramen::bench {

/// Clients that follow a daemon, all on one thread: the first one everything, the others what their
/// queries say. Notes when each row comes.
/// Threading: one thread uses it. Blocking: open() until every tail has begun.
class TailClients {
 public:
  /// `queries`: of each client, encoded for a URL; empty: everything.
  /// Errors: kUnavailable (a connection or a tail is refused, or did not begin within 30 s).
  static Result<std::unique_ptr<TailClients>> open(const std::string& host, const std::string& port,
                                                   const std::vector<std::string>& queries);
  TailClients(const TailClients&) = delete;
  TailClients& operator=(const TailClients&) = delete;
  TailClients(TailClients&&) = delete;
  TailClients& operator=(TailClients&&) = delete;
  ~TailClients();

  /// The highest seq that the first one has.
  std::uint64_t reached() const { return reached_; }
  /// Hangs up. Errors: what ended a tail before that, or its line that said that rows were missed.
  Result<void> stop();
  /// After stop().
  const std::vector<Arrival>& of_first() const { return of_first_; }
  const std::vector<Arrival>& of_others() const { return of_others_; }

 private:
  struct Client {
    int socket = -1;
    TailLines lines;
  };
  TailClients() = default;
  Result<void> connect(const std::string& host, const std::string& port, const std::string& query);
  Result<void> wait_begun();
  /// Reads what there is, for as long; false when nothing was.
  Result<bool> read_ready(int milliseconds);
  Result<bool> read_client(std::size_t number);
  void take_row(std::size_t number, std::string_view line);
  void run();

  std::vector<Client> clients_;
  int epoll_ = -1;
  std::thread thread_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> reached_{0};
  // Of the thread while it runs.
  std::vector<Arrival> of_first_;
  std::vector<Arrival> of_others_;
  std::vector<char> buffer_;
  Result<void> outcome_;
};

}  // namespace duramen::bench
