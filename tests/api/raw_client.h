#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace duramen::api {

/// An answer as it came over the wire.
struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< chunks joined
  bool complete = false;  ///< all of Content-Length, or the last chunk, has come
};

/// A plain blocking socket that sends any bytes; every wait ends after 10 s.
class RawClient {
 public:
  /// `address` as HttpServer::addresses() gives it. A client that could not connect has !ok().
  explicit RawClient(const std::string& address, int receive_buffer = 0);
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;
  ~RawClient() { close(); }

  bool ok() const { return fd_ >= 0; }
  /// False when the peer has closed.
  bool send(std::string_view bytes);
  /// Ends our side only.
  void shutdown_send();
  /// Closes with a reset instead of a polite end.
  void reset();
  void close();
  /// Reads one answer; keeps what follows it. `head_only`: the answer to a HEAD.
  RawResponse read_response(bool head_only = false);
  /// True when the server ends the connection (after whatever it still sends).
  bool wait_for_end();
  /// Reads at least one byte more; empty at the end or after the time-out.
  std::string read_some();

 private:
  bool fill();
  std::optional<std::string> take_line();
  bool take(std::size_t bytes, std::string& into);
  void read_chunks(RawResponse& out);

  int fd_ = -1;
  std::string buffer_;
};

}  // namespace duramen::api
