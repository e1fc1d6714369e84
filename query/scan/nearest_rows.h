#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "query/progress.h"
#include "query/rows/column_row.h"
#include "query/rows/row.h"

namespace duramen::query {

/// The rows with the seqs that are nearest to one seq, on one side of it; up to a number of them,
/// within the query's memory. Threading: none.
class NearestRows {
 public:
  enum class Side : std::uint8_t { kOlder, kNewer };
  NearestRows(Side side, std::uint64_t limit, Progress& progress)
      : newer_(side == Side::kNewer), limit_(limit), memory_(progress) {}

  /// Whether a row with this seq, or with one from `first` to `last`, may still belong here.
  bool wants(model::Seq seq, model::Seq from) const { return wants(seq, seq, from); }
  bool wants(model::Seq first, model::Seq last, model::Seq from) const;

  struct Candidate {
    model::Seq seq;
    std::uint32_t row;  ///< in what the view is bound to
  };
  /// Leaves the candidates that belong here, the nearest first.
  void choose(std::vector<Candidate>& candidates) const;
  /// Takes what choose() left. Errors: kResourceExhausted.
  Result<void> take(const std::vector<Candidate>& candidates, ColumnRow& view);

  struct Kept {
    model::Seq seq;
    Row row;
  };
  const std::vector<Kept>& nearest_first() const { return kept_; }

 private:
  bool before(model::Seq a, model::Seq b) const { return newer_ ? a < b : b < a; }
  bool has_room_for(model::Seq seq) const;
  Result<void> keep(model::Seq seq, Row row);

  const bool newer_;
  const std::uint64_t limit_;
  MemoryUse memory_;
  std::vector<Kept> kept_;
};

}  // namespace duramen::query
