#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace duramen::api {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// A request as handlers see it: no sockets. Header names are lower case; query parameters are
/// decoded, in order, and may repeat.
struct Request {
  std::string method;
  std::string path;
  Parameters parameters;
  std::map<std::string, std::string, std::less<>> headers;
  std::string body;  ///< still encoded as content-encoding says
  std::string peer;  ///< address of the client, without the port

  /// The first of that name.
  std::optional<std::string_view> parameter(std::string_view name) const;
  std::string_view header(std::string_view name) const;  ///< empty when absent
};

/// Where a streamed body goes. Blocks while the client is slow, within a bounded buffer.
class BodyWriter {
 public:
  BodyWriter() = default;
  BodyWriter(const BodyWriter&) = delete;
  BodyWriter& operator=(const BodyWriter&) = delete;
  BodyWriter(BodyWriter&&) = delete;
  BodyWriter& operator=(BodyWriter&&) = delete;
  virtual ~BodyWriter() = default;
  /// Errors: kCancelled when the client left or does not read within the write time-out,
  /// kResourceExhausted when the body is too large for a client without chunks (HTTP/1.0).
  virtual Result<void> write(std::string_view bytes) = 0;
  /// True as soon as the client is known to be gone.
  virtual bool gone() const = 0;
  /// Calls `on_gone` once when the client goes away (at once if it has gone); from an I/O thread.
  virtual void when_gone(std::function<void()> on_gone) = 0;
  /// A write() that waits for a slow client asks `check` several times a second, and gives its
  /// error. Before the first write().
  virtual void give_up_when(std::function<Result<void>()> check) = 0;
};

struct Problem;

/// Produces a body on a stream thread, which may block. An error before the first write() becomes a
/// problem answer (producer_problem): the status is held back until then. A later error aborts the
/// chunked body without its last chunk, so that no client takes it for complete.
using BodyProducer = std::function<Result<void>(BodyWriter&)>;

/// A body that comes by itself, piece by piece, for as long as its source and the client like. No
/// thread waits for either. Destroyed when the client is gone.
/// Threading: open() once, then take(), one call at a time, on I/O threads: neither blocks.
class Feed {
 public:
  struct Part {
    std::string bytes;
    bool ended = false;  ///< nothing follows
    bool whole = true;   ///< false: the client must see that the answer was broken off
  };
  Feed() = default;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  Feed(Feed&&) = delete;
  Feed& operator=(Feed&&) = delete;
  virtual ~Feed() = default;
  /// `wake` is called, on any thread, when there is something to take after take() gave nothing; it
  /// only posts.
  virtual void open(std::function<void()> wake) = 0;
  /// About `bytes` of what waits.
  virtual Part take(std::size_t bytes) = 0;
};

/// How a feed is sent: at once, without being gathered.
struct FeedBody {
  std::shared_ptr<Feed> feed;
  std::string heartbeat;    ///< sent in chunks when nothing else was for a while
  bool web_socket = false;  ///< the request is an upgrade: each part is a message, in whole lines
};

struct Response {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::variant<std::string, BodyProducer, FeedBody> body;
  /// What an error of the producer means; without it the common table says.
  std::function<Problem(const Error&)> problem_of = nullptr;
};

/// Called exactly once, from any thread.
using Responder = std::function<void(Response)>;

/// Runs on a worker thread, must not wait for the disk or for other requests; answers through
/// `respond`, at once or later.
using Handler = std::function<void(Request, Responder)>;

Response json_response(int status, std::string json);
Response text_response(int status, std::string text);
/// `Not Found` for 404; `Unknown` for a status without a name.
std::string_view status_text(int status);

/// Decodes `%41`; nothing when a `%` is not followed by two hex digits.
std::optional<std::string> percent_decoded(std::string_view text);
/// Reads `a=1&b=x+y` (application/x-www-form-urlencoded). Errors: kInvalidArgument (bad percent
/// encoding: names the parameter; more than 1,000 parameters).
Result<Parameters> parse_form(std::string_view text);

/// RFC 9457. `type` is a short name (`bad-query`), made into a relative URI `/problems/<type>`.
struct Problem {
  int status = 500;
  std::string type;
  std::string title;
  std::string detail;
  std::optional<int> retry_after_seconds;
  /// Further members, each a name and a JSON value.
  std::vector<std::pair<std::string, std::string>> members;
};
Response problem_response(const Problem& problem);
/// A problem whose title is the status's name.
Problem make_problem(int status, std::string type, std::string detail);
/// The one table from ErrorCode to status, type and title.
Problem to_problem(const Error& error);
/// The same for an error of the response's producer: a body that is too large for the client
/// (kResourceExhausted, see BodyWriter) is so the next time too, so that is 422.
Problem producer_problem(const Response& response, const Error& error);

}  // namespace duramen::api
