#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/ids.h"
#include "store/row_marks.h"

namespace duramen::store {

/// How far a deletion is. Stable: written to disk.
enum class DeletionState : std::uint8_t {
  kPlanned = 1,    ///< every row is still seen
  kHidden = 2,     ///< none of its rows is seen any more, but they are still on the disk
  kDone = 3,       ///< they are gone
  kCancelled = 4,  ///< before any row was hidden
  kFailed = 5,     ///< the same; `problem` says why
};

/// What is kept for ever of one deletion: who asked for it, and what became of it. To the store
/// the query is only a text. A value.
struct Deletion {
  std::uint64_t id = 0;  ///< given by the store, rising from 1
  DeletionState state = DeletionState::kPlanned;
  std::string query;
  std::optional<TimeNs> start;  ///< of event times, inclusive
  std::optional<TimeNs> end;    ///< exclusive
  model::Seq up_to;             ///< rows that came later are not meant
  std::string by;               ///< who asked, as far as that is known
  std::string reason;           ///< why, in their words
  TimeNs asked = 0;
  std::optional<TimeNs> hidden;  ///< when its rows disappeared
  std::optional<TimeNs> ended;
  std::uint64_t rows = 0;    ///< that were hidden
  std::uint64_t blocks = 0;  ///< that they were in
  std::string problem;       ///< what could not be looked at or taken out; empty: nothing

  bool is_open() const {
    return state == DeletionState::kPlanned || state == DeletionState::kHidden;
  }
  friend bool operator==(const Deletion&, const Deletion&) = default;
};

/// Rows of one block that are going to be deleted.
struct MarkedBlock {
  model::BlockId block;
  RowMarks rows;  ///< as a snapshot reads the block
};

/// Rows of one block that are deleted and still in it.
struct HiddenRows {
  std::uint64_t deletion = 0;
  RowMarks rows;  ///< as they lie in the block
};

// The values of these kinds of meta keys (docs/format/keys.md).
// Errors: kDataLoss, kUnimplemented (a newer version).
std::string encode_deletion(const Deletion& deletion);
Result<Deletion> decode_deletion(std::string_view key, std::string_view value);
std::string encode_hidden_rows(const HiddenRows& hidden);
Result<HiddenRows> decode_hidden_rows(std::string_view value);

}  // namespace duramen::store
