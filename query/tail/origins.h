#pragma once

#include <utility>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "query/rows/record_name.h"
#include "store/store.h"

namespace duramen::query {

/// Between the names of rows and their place in this store: rows that entered here have one number
/// for both, and an incarnation gave the seqs from its first one to that of the next.
/// Threading: const methods from any thread.
class Origins {
 public:
  explicit Origins(std::vector<store::Incarnation> incarnations)
      : incarnations_(std::move(incarnations)) {}

  /// The seq up to which somebody has everything who has the rows of this store up to `name`. A row
  /// that the store lost since (it was put back to an earlier state) leads to the last one before.
  /// Errors: kNotFound (no incarnation of this store; a row that is not stored yet).
  Result<model::Seq> local_seq(const RecordName& name, model::Seq durable) const;
  RecordName name_of(model::Seq seq) const;

 private:
  std::vector<store::Incarnation> incarnations_;  ///< oldest first
};

}  // namespace duramen::query
