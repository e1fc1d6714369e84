#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace duramen::bench {

/// A regex, in a syntax that all stores know, and what it means, written by hand.
struct Pattern {
  std::string regex;
  std::function<bool(std::string_view message)> holds;
};

/// Which records: all conditions that are set must hold.
struct RecordFilter {
  /// In the message, in any case, between token borders; here in lower case, each with a token.
  std::vector<std::string> phrases;
  std::string prefix;  ///< of a token of the message, in any case; here in lower case
  std::optional<Pattern> pattern;
  std::string label;
  std::string label_value;  ///< the whole of it
};

/// What a message says under a name, once it is taken apart.
struct ParsedField {
  enum class Format : std::uint8_t { kNone, kJson, kLogfmt };
  Format format = Format::kNone;
  std::string name;
  std::optional<std::int64_t> at_least;  ///< leaves out records without a number as large
};

struct TimeRange {
  TimeNs start = 0;  ///< inclusive
  TimeNs end = 0;    ///< exclusive
};

enum class Shape : std::uint8_t {
  kRows,           ///< the newest; all without a limit
  kCount,          ///< one number
  kCountByLabel,   ///< a number for each value
  kCountByMinute,  ///< a number for each minute with records
  kQuantiles,      ///< how many numbers the parsed field has, their median and 99 %
  kTopValues,      ///< the most frequent values of the parsed field
  kLabelValues,    ///< a label's values with their numbers of records
  kHistogram,      ///< counts for a page that draws them, in steps of a minute
  kContext,        ///< the lines around the newest record, from the same stream
};

/// One thing to ask, in no store's language: a QueryStore writes it down in its own.
struct Question {
  Shape shape = Shape::kRows;
  RecordFilter filter;
  ParsedField parsed;
  std::string label;  ///< that records are grouped by
  std::optional<TimeRange> range;
  /// Rows of kRows and kTopValues, 0 for all; of kContext on each side.
  std::uint64_t limit = 100;
};

/// One line of the report: the first question is asked cold, the others by one warm run each. They
/// differ in a term or the range, not in kind, so that no store can answer from what it kept of an
/// earlier answer.
struct BenchQuery {
  std::string name;
  std::vector<Question> questions;
};

}  // namespace duramen::bench
