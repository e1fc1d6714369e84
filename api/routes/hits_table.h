#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "query/engine.h"

namespace duramen::api {

/// What the column with the number of rows is called; no group may have the name.
inline constexpr std::string_view kHitsName = "_hits";

/// The shortest of a ladder of usual steps with at most about 100 of them from `first` to `last`.
TimeNs usual_step(TimeNs first, TimeNs last);

/// Gathers the rows of `stats count() as _hits by …, time(step)` into a histogram:
/// `{"step":…,"step_ns":…,"total":…,"buckets":[{"time":…,"count":…},…],…}`, with buckets without
/// hits, and the most frequent groups if there are any. Threading: none.
class HitsTable {
 public:
  static constexpr std::uint64_t kMaxBuckets = 10'000;
  static constexpr std::size_t kMaxCells = 1'000'000;  ///< buckets with hits, of all groups
  static constexpr std::size_t kMaxGroupBytes = 64U << 20;

  struct Options {
    TimeNs step = kNsPerSecond;
    std::optional<TimeNs> first;  ///< what buckets reach from at least;
    std::optional<TimeNs> last;   ///< and to; none: where there are hits
    std::size_t groups = 0;       ///< that are shown; 0: the rows are not grouped
  };
  explicit HitsTable(const Options& options) : options_(options) {}

  /// Errors: kOutOfRange (over a limit: says which, and what to do), kInternal (another row).
  Result<void> add(std::string_view row);
  /// Errors: kOutOfRange; those of `write`.
  Result<void> write(const query::QueryEnd& end,
                     const std::function<Result<void>(std::string_view)>& write) const;

  /// Errors: kOutOfRange when there are more than kMaxBuckets from `first` to `last`.
  static Result<void> check(TimeNs step, TimeNs first, TimeNs last);

 private:
  using Counts = std::map<std::int64_t, std::uint64_t>;  ///< number of a step since 1970: rows
  struct Group {
    std::uint64_t total = 0;
    Counts counts;
  };
  struct Row {
    std::int64_t bucket = 0;
    std::uint64_t rows = 0;
    std::string fields;  ///< an object
  };
  using Shown = std::pair<const std::string, Group>;

  static Result<Row> read(std::string_view json, TimeNs step);
  Result<void> add_to_group(const Row& row);
  /// Those without hits, too.
  Result<Counts> all_buckets() const;
  void append_buckets(std::string& out, const Counts& counts) const;
  void append_groups(std::string& out) const;

  const Options options_;
  std::uint64_t total_ = 0;
  Counts counts_;
  std::unordered_map<std::string, Group> groups_;  ///< by their fields
  std::size_t cells_ = 0;
  std::size_t group_bytes_ = 0;
};

}  // namespace duramen::api
