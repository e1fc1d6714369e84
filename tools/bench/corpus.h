#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace duramen::bench {

struct CorpusOptions {
  std::uint64_t seed = 1;
  /// Different request ids to choose from; 0: a new request every few records, for ever.
  std::uint64_t ids = 0;
  TimeNs start = 0;
  double rate = 400;  ///< records in a second of log time
};

/// Small and fast, and the same on every machine (xoshiro256**, Blackman and Vigna).
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t next();
  /// 0 to limit - 1; limit up to 2^32.
  std::uint64_t below(std::uint64_t limit) { return ((next() >> 32) * limit) >> 32; }
  /// From 0 up to 1, without 1.
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::array<std::uint64_t, 4> state_;
};

/// Container logs as a log collector sends them, one JSON object a line: 16 services with three
/// containers each, plain text, logfmt and JSON messages, request ids that run through several
/// services, addresses, durations, stderr, stack traces a line a record.
///
/// Deterministic: equal options give equal bytes. Threading: none. Unbounded: the caller stops.
class Corpus {
 public:
  explicit Corpus(const CorpusOptions& options);
  /// Appends one line with its line end.
  void append_record(std::string& out);
  std::uint64_t records() const { return records_; }
  /// Text of all `log` members, without JSON escapes.
  std::uint64_t message_bytes() const { return message_bytes_; }

  struct Piece {
    std::string text;  ///< as it stands in JSON
    std::size_t message_bytes = 0;
    char variable = '\0';  ///< what follows the text
  };
  struct Template {
    std::vector<Piece> pieces;
    unsigned weight = 0;
    bool error = false;
    int trace = -1;  ///< stack trace that follows
  };

 private:
  struct Service {
    std::vector<Template> templates;
    std::vector<std::uint16_t> choice;  ///< a template for each unit of weight
    std::vector<std::string> heads[2];  ///< a container: JSON up to the message, stdout and stderr
  };
  struct Request {
    std::string uuid;
    std::string trace;
    std::string address;
    std::uint32_t user = 0;
    std::uint32_t order = 0;
    std::uint32_t path = 0;
  };

  Request make_request();
  void pick_request();
  void step_time();
  void append_message(const Template& chosen, std::string& out);
  void append_variable(char variable, std::string& out);
  void append_clock(std::string& out, char separator, bool zone) const;

  Random random_;
  std::uint64_t ids_;
  double gap_ns_;
  TimeNs now_;
  std::vector<Service> services_;
  std::vector<std::uint8_t> service_choice_;
  std::vector<std::vector<Template>> traces_;
  std::vector<std::string> addresses_;
  std::vector<Request> requests_;
  Request current_;
  std::uint64_t records_ = 0;
  std::uint64_t message_bytes_ = 0;

  // A stack trace goes on over several records of one container.
  int trace_ = -1;
  std::size_t trace_line_ = 0;
  std::size_t trace_service_ = 0;
  std::size_t trace_container_ = 0;
};

}  // namespace duramen::bench
