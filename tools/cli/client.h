#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::cli {

struct HttpRequest {
  std::string method = "GET";
  std::string target;  ///< path and query, encoded (tools/cli/url.h)
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;
  /// Without any progress (connecting included), not for the whole exchange.
  std::chrono::seconds timeout{60};
  /// Called when all lines that have come so far are taken: more may be long in coming. Its error
  /// ends the exchange.
  std::function<Result<void>()> on_pause = nullptr;
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
  std::string body;

  bool ok() const { return status >= 200 && status < 300; }
  std::string_view header(std::string_view name) const;
  /// What Retry-After says in seconds.
  std::optional<std::chrono::seconds> retry_after() const;
};

/// Takes one line of an answer, without its line end. False: enough, hang up. Errors end the
/// exchange and come back to the caller.
using LineTaker = std::function<Result<bool>(std::string_view line)>;

/// Reads a body by `next`, which gives some bytes at a time and none at the end, also of a body
/// that breaks off. Its error ends the exchange and comes back to the caller.
using BodyReader = std::function<Result<void>(const std::function<std::string()>& next)>;

/// One keep-alive connection to one daemon (cpprestsdk behind it).
///
/// Threading: one thread at a time; import opens one client a connection. Blocking: every call.
/// Memory: an answer read by lines is buffered up to 64 MiB while the taker is slow, then the
/// connection is left unread. Errors: kInvalidArgument (a URL that cannot be used), kUnavailable
/// (nobody answers: names the URL and how to start a daemon), kDeadlineExceeded (no progress),
/// kDataLoss (the answer broke off). An HTTP error status is no Error: see HttpReply::status.
class Client {
 public:
  /// `server`: `http://host:port`, `https://…`, `http://[::1]:5647`; a path in front of the API is
  /// kept. `token` is sent as a bearer token when it is not empty.
  static Result<std::unique_ptr<Client>> open(const std::string& server, const std::string& token);

  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  Client(Client&&) = delete;
  Client& operator=(Client&&) = delete;
  virtual ~Client() = default;

  /// The whole answer, at most 256 MiB.
  virtual Result<HttpReply> call(const HttpRequest& request) = 0;
  /// A good answer (2xx) goes to `take` line by line and the reply's body stays empty; any other
  /// comes back as a whole.
  virtual Result<HttpReply> call_by_lines(const HttpRequest& request, const LineTaker& take) = 0;
  /// A good answer (2xx) is read by `read`, on this thread, and the reply's body stays empty; any
  /// other comes back as a whole.
  virtual Result<HttpReply> call_with_reader(const HttpRequest& request,
                                             const BodyReader& read) = 0;
  /// As given to open(), for messages.
  virtual const std::string& server() const = 0;
};

}  // namespace duramen::cli
