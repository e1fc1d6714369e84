#pragma once

#include <cstdint>
#include <vector>

#include "model/ids.h"
#include "model/record_batch.h"
#include "query/filter/template_judge.h"
#include "query/rows/batch_columns.h"
#include "query/rows/column_row.h"
#include "query/tail/chunk.h"
#include "query/tail/tail_query.h"

namespace duramen::query {

/// The rows of one open batch that match, as lines. What the stream alone decides is decided once
/// for all rows of the stream: most tails follow one app.
/// Threading: one thread. Ownership: the query outlives it.
class BatchLines {
 public:
  /// Rows with after < seq <= up_to.
  BatchLines(const TailQuery& query, const model::RowSet& rows, model::Seq after, model::Seq up_to);

  /// Appends rows to `to` until they fill it; false when there are no more.
  bool append(TailChunk& to);
  /// Every row up to it has been looked at.
  model::Seq looked_at() const { return looked_at_; }

 private:
  Verdict judge(const Matcher::Node& node, std::uint32_t stream) const;
  Verdict judge_leaf(const Matcher::Node& leaf, std::uint32_t stream) const;

  const TailQuery& query_;
  const model::Seq up_to_;
  BatchColumns columns_;
  ColumnRow row_;
  std::vector<Verdict> of_stream_;
  bool hopeless_ = true;  ///< no stream can match
  std::size_t next_ = 0;
  model::Seq looked_at_;
};

}  // namespace duramen::query
