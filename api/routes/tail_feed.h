#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/http.h"
#include "api/routes/query_call.h"
#include "query/rows/record_name.h"
#include "query/tail/tails.h"

namespace duramen::api {

/// How a tail's rows are written.
struct TailFormat {
  enum class Kind : std::uint8_t {
    kLines,   ///< as they are, one a line; also a WebSocket's messages
    kEvents,  ///< server-sent events
    kShaped,  ///< through `line`, one a line
  };
  Kind kind = Kind::kLines;
  LineFormat line = nullptr;
};

/// A tail's rows for one client. Without `follows` the end is an end; else it is said by a line
/// `{"_end":{"reason":…}}`.
class TailFeed final : public Feed {
 public:
  /// `behind`: what a client goes on behind when it gets no row; said to server-sent events.
  TailFeed(std::shared_ptr<query::Tail> tail, TailFormat format, bool follows,
           std::optional<query::RecordName> behind);

  void open(std::function<void()> wake) override { tail_->open(std::move(wake)); }
  Part take(std::size_t bytes) override;

 private:
  void append(const query::TailPiece& piece, std::string& out) const;
  void append_end(const std::string& reason, std::string& out) const;

  const std::shared_ptr<query::Tail> tail_;
  const TailFormat format_;
  const bool follows_;
  std::string first_;  ///< before all rows
};

}  // namespace duramen::api
