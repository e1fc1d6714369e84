#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/filter/matcher.h"
#include "query/filter/prune.h"
#include "query/pipes/stage.h"
#include "query/rows/column_row.h"
#include "query/rows/row.h"
#include "query/tail/chunk.h"

namespace duramen::query {

/// A query that rows pass one by one, as they come: a filter, and after it `fields`, `where` and
/// `parse`. Threading: const methods from any thread.
class TailQuery {
 public:
  /// Errors: kInvalidArgument (with the column; a pipe that needs the end of the rows).
  static Result<std::shared_ptr<const TailQuery>> compile(std::string_view q);
  TailQuery(const TailQuery&) = delete;
  TailQuery& operator=(const TailQuery&) = delete;
  TailQuery(TailQuery&&) = delete;
  TailQuery& operator=(TailQuery&&) = delete;
  ~TailQuery() = default;

  const std::string& text() const { return text_; }  ///< canonical: equal ones mean the same
  const NameTable& names() const { return names_; }
  const Matcher& matcher() const { return *matcher_; }
  const Prune& prune() const { return prune_; }
  /// Whether a row that the filter lets pass may still be dropped.
  bool may_drop() const { return may_drop_; }

  /// Of a row that the filter lets pass: false when it is dropped.
  bool keeps(const ColumnRow& row) const { return !may_drop_ || operated(row).has_value(); }
  /// Appends it to the chunk unless it is dropped. `seq`: its local one.
  void append(const ColumnRow& row, model::Seq seq, const Position& position, TailChunk& to) const;

 private:
  TailQuery() = default;
  std::optional<Row> operated(const ColumnRow& row) const;

  std::string text_;
  NameTable names_;
  std::optional<Matcher> matcher_;
  Prune prune_;
  std::vector<std::unique_ptr<RowOperation>> operations_;
  bool may_drop_ = false;
};

}  // namespace duramen::query
