#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/record_batch.h"
#include "model/record_sink.h"

namespace duramen::store {

/// The columns of a batch, packed by the thread that appends (docs/format/journal.md, "Columns").
struct PackedColumns {
  std::string bytes;
  std::uint64_t unpacked_size = 0;
  std::uint64_t checksum = 0;
};

struct JournalHead {
  std::uint32_t rows = 0;
  model::NodeId node;
  TimeNs received = 0;
  std::optional<model::BatchId> batch_id;
};

struct JournalEntry {
  JournalHead head;
  std::shared_ptr<const model::RecordBatch> records;
};

/// Pure, any thread. Errors: kInternal from zstd.
Result<PackedColumns> pack_columns(const model::RecordBatch& records);

/// The 72 bytes before the packed columns.
std::string encode_journal_head(const JournalHead& head, const PackedColumns& columns);

/// Reads a whole entry. Safe on damaged and hostile bytes.
/// Errors: kDataLoss (says what does not fit), kUnimplemented (a newer version).
Result<JournalEntry> decode_journal_entry(std::string_view entry);

}  // namespace duramen::store
