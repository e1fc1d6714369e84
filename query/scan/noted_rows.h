#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <vector>

#include "base/result.h"
#include "query/scan/kept_row.h"
#include "query/scan/unit_reader.h"

namespace duramen::query {

/// Rows of which is only noted where they lie, and which are read when it is known that they are
/// needed. Their units are kept open until then, as far as memory allows.
/// Threading: as run_pipeline().
class NotedRows {
 public:
  explicit NotedRows(const ReadContext& context) : context_(context) {}

  /// Takes the unit that the reader has open.
  void keep_open(const ScanUnit& unit, UnitReader& reader);
  void clear();

  /// Puts a row's content into it from where the reader stands.
  using Fill = std::function<void(UnitReader&, KeptRow&)>;
  /// Fills all rows, on all processors. False: they take more than `limit` bytes, or a block cannot
  /// be read, which is noted: some may be filled then. Errors: as UnitReader.
  Result<bool> read(std::span<KeptRow> rows, std::uint64_t limit, const Fill& fill);

 private:
  struct UnitRows {
    const ScanUnit* unit = nullptr;
    UnitReader::Suspended suspended;
    std::vector<KeptRow*> rows;  ///< by number
    Result<bool> read = true;
  };
  class Filling;

  std::vector<UnitRows> by_unit(std::span<KeptRow> rows);

  const ReadContext& context_;
  std::map<const ScanUnit*, UnitReader::Suspended> open_;
  std::uint64_t open_bytes_ = 0;
};

}  // namespace duramen::query
