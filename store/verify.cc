#include "store/verify.h"

#include <string>

#include "base/bytes.h"
#include "store/journal_entry.h"
#include "store/salvage/put_aside.h"

namespace duramen::store {

Result<void> verify_blocks(Catalog& catalog, const std::vector<SegmentPtr>& segments,
                           const VerifyProgress& progress, const std::function<bool()>& interrupted,
                           VerifyReport& report) {
  std::uint64_t total = 0;
  for (const SegmentPtr& segment : segments) total += segment->blocks.size();
  for (const SegmentPtr& segment : segments) {
    for (const DirectoryEntry& block : segment->blocks) {
      if (interrupted && interrupted()) {
        return Error{ErrorCode::kCancelled, "the store is closing"};
      }
      auto rows = catalog.read_block(*segment, block);
      if (!rows) {
        report.faults.push_back(rows.error().message);
      } else {
        report.rows += rows->rows();
      }
      ++report.blocks;
      if (progress) progress(report.blocks, total);
    }
  }
  return {};
}

void verify_journal(const Database& database, model::Seq built, const rocksdb::Snapshot* snapshot,
                    VerifyReport& report) {
  const auto take = [&](std::string_view key, std::string_view value) -> Result<void> {
    const model::Seq first(key.size() == 8 ? load_be64(key.data()) : 0);
    if (key.size() == 8 && first < built) return {};
    ++report.journal_entries;
    auto entry = decode_journal_entry(value);
    if (key.size() != 8) {
      report.faults.emplace_back("journal: a key of the wrong size");
    } else if (!entry) {
      report.faults.push_back("journal at seq " + std::to_string(first.value()) + ": " +
                              entry.error().message);
    } else {
      report.rows += entry->head.rows;
    }
    return {};
  };
  auto scanned = database.scan(database.journal(), "", take, snapshot);
  if (!scanned) report.faults.push_back(scanned.error().message);
}

void add_put_aside(const std::string& data_directory, VerifyReport& report) {
  for (const std::string& line : PutAside::lines(data_directory)) {
    report.faults.push_back("put aside: " + line);
  }
}

}  // namespace duramen::store
