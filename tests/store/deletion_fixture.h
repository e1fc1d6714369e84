#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/store/store_fixture.h"

namespace duramen::store {

/// The rows in blocks that `doomed(seq)` names, as one marks them.
inline std::vector<MarkedBlock> mark(const Snapshot& snapshot,
                                     const std::function<bool(std::uint64_t)>& doomed) {
  std::vector<MarkedBlock> out;
  for (const BlockRef& block : snapshot.blocks()) {
    const auto rows = snapshot.read(block);
    EXPECT_TRUE(rows) << rows.error().message;
    if (!rows) continue;
    MarkedBlock marked{block.id, {}};
    for (std::uint32_t row = 0; row < rows->rows(); ++row) {
      if (doomed(rows->identity(row).seq.value())) marked.rows.add(row);
    }
    if (marked.rows.count() != 0) out.push_back(std::move(marked));
  }
  return out;
}

inline Deletion a_deletion(model::Seq up_to) {
  Deletion deletion;
  deletion.query = "card AND number";
  deletion.up_to = up_to;
  deletion.by = "127.0.0.1";
  deletion.reason = "asked for";
  deletion.asked = kNoon;
  return deletion;
}

/// Plans a deletion and hides its rows.
inline Result<Deletion> hide(Store& store, const std::function<bool(std::uint64_t)>& doomed) {
  DURAMEN_TRY(const Deletion planned, store.plan_deletion(a_deletion(store.durable())));
  return store.hide_rows(planned.id, mark(*store.snapshot(), doomed), {});
}

}  // namespace duramen::store
