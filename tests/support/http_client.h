#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace duramen::support {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string, std::less<>> headers;  ///< names in lower case
  std::string body;

  /// Empty when absent.
  std::string header(std::string_view name) const;
};

/// An answer that is read bit by bit. Threading: one thread. Blocking: every call, up to the
/// time-out given to open().
class HttpStream {
 public:
  /// Sends the request and reads the header of the answer.
  static Result<std::unique_ptr<HttpStream>> open(const std::string& base_url,
                                                  const std::string& method,
                                                  const std::string& target,
                                                  const std::string& body = {},
                                                  const HttpHeaders& headers = {},
                                                  TimeNs timeout = 30 * kNsPerSecond);
  HttpStream(const HttpStream&) = delete;
  HttpStream& operator=(const HttpStream&) = delete;
  HttpStream(HttpStream&&) = delete;
  HttpStream& operator=(HttpStream&&) = delete;
  ~HttpStream();

  const HttpAnswer& head() const;  ///< without the body
  /// The next bytes of the body, up to 16 KiB; nothing at its proper end. An answer that is cut
  /// off (no last chunk) is an error, kDataLoss.
  Result<std::optional<std::string>> read_some();
  /// Closes with a reset, as a client that is killed.
  void abort();

 private:
  struct State;
  explicit HttpStream(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Blocking HTTP/1.1 for tests: a connection for each request, whole answers.
/// Threading: any thread, each call is on its own.
/// Errors: kUnavailable (cannot connect), kDeadlineExceeded, kDataLoss (cut off), kInvalidArgument.
class HttpClient {
 public:
  /// `http://127.0.0.1:5647`, `http://[::1]:5647`.
  explicit HttpClient(std::string base_url, TimeNs timeout = 30 * kNsPerSecond)
      : base_url_(std::move(base_url)), timeout_(timeout) {}

  Result<HttpAnswer> get(const std::string& target, const HttpHeaders& headers = {}) const {
    return request("GET", target, {}, headers);
  }
  Result<HttpAnswer> post(const std::string& target, const std::string& body,
                          const HttpHeaders& headers = {}) const {
    return request("POST", target, body, headers);
  }
  Result<HttpAnswer> del(const std::string& target, const HttpHeaders& headers = {}) const {
    return request("DELETE", target, {}, headers);
  }
  Result<HttpAnswer> request(const std::string& method, const std::string& target,
                             const std::string& body, const HttpHeaders& headers = {}) const;

 private:
  std::string base_url_;
  TimeNs timeout_;
};

/// `text` as one part of a URL: everything but letters, digits and `-._~` as %XX.
std::string url_encode(std::string_view text);

}  // namespace duramen::support
