#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "query/rows/record_name.h"

namespace duramen::query {

/// Rows as lines, in the order of their local seqs: what tails share. Immutable once it is shared.
struct TailChunk {
  struct Row {
    std::size_t end = 0;  ///< in `lines`, behind the line end
    model::Seq seq;       ///< local
    RecordName name;      ///< what a client resumes by
  };
  std::string lines;  ///< a JSON object each
  std::vector<Row> rows;

  std::size_t begin(std::size_t row) const { return row == 0 ? 0 : rows[row - 1].end; }
  /// Without its line end.
  std::string_view line(std::size_t row) const {
    return std::string_view(lines).substr(begin(row), rows[row].end - begin(row) - 1);
  }
  /// Closes the line that was appended to `lines`.
  void end_row(model::Seq seq, RecordName name) {
    lines += '\n';
    rows.push_back({lines.size(), seq, name});
  }
};
using TailChunkPtr = std::shared_ptr<const TailChunk>;

/// A chunk is handed on at this size: what a client's queue may hold beyond its limit.
inline constexpr std::size_t kTailChunkBytes = 128 * 1024;

/// Some rows of a chunk: from `begin` up to `end`.
struct TailPiece {
  TailChunkPtr chunk;
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t bytes() const {
    return begin == end ? 0 : chunk->rows[end - 1].end - chunk->begin(begin);
  }
};

}  // namespace duramen::query
