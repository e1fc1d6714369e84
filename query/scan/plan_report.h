#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace duramen::query {

/// What a plan came to, for explain and the log of slow queries. A value.
struct PlanReport {
  struct Segment {
    std::string name;
    std::uint64_t blocks = 0;      ///< with rows in the time range
    std::uint64_t indexed = 0;     ///< of those
    std::uint64_t candidates = 0;  ///< may have rows that match; those not indexed are among them
  };
  /// One of the conditions that must all hold, by itself.
  struct Predicate {
    std::string text;              ///< docs/query.md, "What is looked up"
    std::uint64_t candidates = 0;  ///< of the indexed blocks of all these segments
  };
  std::string looked_up;  ///< the whole condition; empty: there is none
  std::vector<Segment> segments;
  std::vector<Predicate> predicates;  ///< only when asked for
  std::uint64_t index_bytes = 0;      ///< read from files of the index
  std::uint64_t index_terms = 0;      ///< words looked at
  std::uint64_t index_rows = 0;       ///< rows of filters looked at
  bool cut_short = false;             ///< too many keys: not all were looked up

  std::uint64_t blocks() const;
  std::uint64_t candidates() const;
};

}  // namespace duramen::query
