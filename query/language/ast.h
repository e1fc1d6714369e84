#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace duramen::query {

inline constexpr std::string_view kMessageName = "_msg";
inline constexpr std::string_view kTimeName = "_time";
inline constexpr std::string_view kSeqName = "_seq";
inline constexpr std::string_view kReceivedName = "_received";

bool is_builtin_name(std::string_view name);
/// `_time` and `_received`: compared as times.
bool is_time_name(std::string_view name);

enum class CompareOp : std::uint8_t { kEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

/// A node of the filter. A value type; docs/query.md says what each kind matches.
struct Filter {
  enum class Kind : std::uint8_t {
    kAll,         ///< `*`
    kAnd,         ///< at least two children, none of them kAnd
    kOr,          ///< at least two children, none of them kOr
    kNot,         ///< one child
    kWords,       ///< `text` between token borders, ignoring ASCII case
    kWordPrefix,  ///< `text` after a token border, ignoring ASCII case
    kEquals,      ///< the value is `text`
    kStartsWith,  ///< the value begins with `text`
    kRegex,       ///< `text` is a pattern
    kExists,
    kCompareNumber,  ///< `op` with the number `text`
    kCompareBytes,   ///< `op` (never kEqual) with the bytes `text`
    kCompareTime,    ///< `op` with `time`; `field` is a time
  };
  Kind kind = Kind::kAll;
  CompareOp op = CompareOp::kEqual;
  std::string field;  ///< of every kind that tests one
  std::string text;
  TimeNs time = 0;
  std::vector<Filter> children;

  friend bool operator==(const Filter&, const Filter&) = default;
};

/// Joins with kAnd or kOr and keeps the tree flat; one child is itself.
Filter join(Filter::Kind kind, std::vector<Filter> children);

struct FieldsPipe {
  std::vector<std::string> names;
  friend bool operator==(const FieldsPipe&, const FieldsPipe&) = default;
};
struct HeadPipe {
  std::uint64_t rows = 0;
  friend bool operator==(const HeadPipe&, const HeadPipe&) = default;
};
struct SortPipe {
  struct Key {
    std::string name;
    bool descending = false;
    friend bool operator==(const Key&, const Key&) = default;
  };
  std::vector<Key> keys;
  friend bool operator==(const SortPipe&, const SortPipe&) = default;
};
struct WherePipe {
  Filter filter;
  friend bool operator==(const WherePipe&, const WherePipe&) = default;
};
struct TopPipe {
  std::uint64_t rows = 0;
  std::vector<std::string> names;
  friend bool operator==(const TopPipe&, const TopPipe&) = default;
};
struct StatsPipe {
  enum class Function : std::uint8_t { kCount, kCountUniq, kSum, kAvg, kMin, kMax, kQuantile };
  struct Call {
    Function function = Function::kCount;
    double quantile = 0;             ///< of kQuantile
    std::vector<std::string> names;  ///< fields
    std::string as;                  ///< never empty
    friend bool operator==(const Call&, const Call&) = default;
  };
  struct Group {
    std::string name;  ///< `_time` for a step
    TimeNs step = 0;   ///< 0: by the value
    friend bool operator==(const Group&, const Group&) = default;
  };
  std::vector<Call> calls;
  std::vector<Group> by;
  friend bool operator==(const StatsPipe&, const StatsPipe&) = default;
};
struct ParsePipe {
  enum class Format : std::uint8_t { kJson, kLogfmt, kRegex };
  Format format = Format::kJson;
  std::string pattern;  ///< of kRegex
  std::string from = std::string(kMessageName);
  std::string prefix;
  friend bool operator==(const ParsePipe&, const ParsePipe&) = default;
};
/// Which names the rows have, or which values one label. Not in the language: other folders append
/// it to a filter (QueryRequest::pipes). It stands first, on records as they are stored.
struct NamesPipe {
  enum class Of : std::uint8_t { kFields, kLabels, kLabelValues };
  Of of = Of::kFields;
  std::string label;  ///< of kLabelValues
  friend bool operator==(const NamesPipe&, const NamesPipe&) = default;
};

using Pipe = std::variant<FieldsPipe, HeadPipe, SortPipe, WherePipe, TopPipe, StatsPipe, ParsePipe,
                          NamesPipe>;

struct Query {
  Filter filter;
  std::vector<Pipe> pipes;
  friend bool operator==(const Query&, const Query&) = default;
};

/// The canonical text: parsing it gives an equal tree (but for a NamesPipe, which is only shown).
std::string to_text(const Query& query);
std::string to_text(const Filter& filter);

}  // namespace duramen::query
