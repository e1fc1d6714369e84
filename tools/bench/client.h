#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::bench {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// One keep-alive HTTP/1.1 connection.
/// Threading: none. Blocking: until the answer is there. Errors: kUnavailable for everything that
/// goes wrong on the way.
class HttpConnection {
 public:
  static Result<HttpConnection> open(const std::string& host, const std::string& port);
  HttpConnection(HttpConnection&&) noexcept;
  HttpConnection& operator=(HttpConnection&&) noexcept;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  ~HttpConnection();

  Result<HttpAnswer> get(const std::string& target);
  /// For a body of any length: hands it on piece by piece as it comes, and gives the status, which
  /// is known only afterwards. `take` must not use this connection.
  Result<int> get(const std::string& target, const std::function<void(std::string_view)>& take);
  Result<HttpAnswer> post(const std::string& target, std::string_view content_type,
                          std::string_view body);

 private:
  struct Socket;
  explicit HttpConnection(std::unique_ptr<Socket> socket);
  template <class Request>
  Result<HttpAnswer> exchange(const Request& request);
  std::unique_ptr<Socket> socket_;
};

}  // namespace duramen::bench
