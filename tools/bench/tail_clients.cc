#include "tools/bench/tail_clients.h"

#include <netdb.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace duramen::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::seconds kBeginLimit{30};
constexpr std::size_t kBufferBytes = 256 * 1024;

TimeNs now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(SteadyClock::now().time_since_epoch())
      .count();
}

Error failed(const std::string& what) {
  return {ErrorCode::kUnavailable, what + ": " + std::generic_category().message(errno)};
}

Result<int> connected(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int e = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found)) {
    return Error{ErrorCode::kUnavailable, "resolve " + host + ": " + ::gai_strerror(e)};
  }
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool ok = socket >= 0 && ::connect(socket, found->ai_addr, found->ai_addrlen) == 0;
  ::freeaddrinfo(found);
  if (ok) return socket;
  Error error = failed("connect a tail");
  if (socket >= 0) ::close(socket);
  return error;
}

}  // namespace

Result<std::unique_ptr<TailClients>> TailClients::open(const std::string& host,
                                                       const std::string& port,
                                                       const std::vector<std::string>& queries) {
  std::unique_ptr<TailClients> out(new TailClients());
  out->buffer_.resize(kBufferBytes);
  out->epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (out->epoll_ < 0) return failed("epoll");
  for (const std::string& query : queries) DURAMEN_TRY_VOID(out->connect(host, port, query));
  DURAMEN_TRY_VOID(out->wait_begun());
  out->thread_ = std::thread([clients = out.get()] { clients->run(); });
  return out;
}

TailClients::~TailClients() {
  [[maybe_unused]] const auto stopped = stop();
  for (const Client& client : clients_) ::close(client.socket);
  if (epoll_ >= 0) ::close(epoll_);
}

Result<void> TailClients::connect(const std::string& host, const std::string& port,
                                  const std::string& query) {
  DURAMEN_TRY(const int socket, connected(host, port));
  clients_.push_back({socket, {}});
  const std::string target = "/api/v1/tail" + (query.empty() ? "" : "?q=" + query);
  const std::string request =
      "GET " + target + " HTTP/1.1\r\nHost: " + host + ":" + port + "\r\n\r\n";
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return failed("ask for a tail");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = clients_.size() - 1;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) return failed("epoll");
  return {};
}

Result<void> TailClients::wait_begun() {
  const auto deadline = SteadyClock::now() + kBeginLimit;
  while (!std::all_of(clients_.begin(), clients_.end(),
                      [](const Client& client) { return client.lines.answered(); })) {
    DURAMEN_TRY_VOID(read_ready(100));
    if (SteadyClock::now() > deadline) {
      return Error{ErrorCode::kUnavailable, "not every tail has begun within 30 s"};
    }
  }
  return {};
}

Result<bool> TailClients::read_ready(int milliseconds) {
  std::array<epoll_event, 64> ready{};
  const int n = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), milliseconds);
  for (int i = 0; i < n; ++i) {
    DURAMEN_TRY_VOID(read_client(ready[static_cast<std::size_t>(i)].data.u64));
  }
  return n > 0;
}

Result<bool> TailClients::read_client(std::size_t number) {
  Client& client = clients_[number];
  const ssize_t n = ::recv(client.socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n < 0) return failed("a tail broke");
  if (n == 0) return Error{ErrorCode::kUnavailable, "a tail ended"};
  DURAMEN_TRY_VOID(client.lines.take({buffer_.data(), static_cast<std::size_t>(n)},
                                     [&](std::string_view line) { take_row(number, line); }));
  return true;
}

void TailClients::take_row(std::size_t number, std::string_view line) {
  // A gap's line has a seq, too; it begins with another member.
  const bool is_gap = line.find("\"_gap\":{") != std::string_view::npos &&
                      line.find("\"_msg\":") == std::string_view::npos;
  if (is_gap && outcome_) {
    outcome_ = Error{ErrorCode::kDataLoss,
                     "a tail was too slow and missed rows: " + std::string(line.substr(0, 300))};
  }
  const auto seq = seq_of_row(line);
  if (!seq) return;
  (number == 0 ? of_first_ : of_others_).push_back({*seq, now()});
  if (number == 0) reached_ = *seq;
}

void TailClients::run() {
  while (!stop_) {
    auto read = read_ready(50);
    if (read) continue;
    outcome_ = std::move(read).error();
    return;
  }
}

Result<void> TailClients::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return outcome_;
}

}  // namespace duramen::bench
