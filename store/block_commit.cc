#include "store/block_commit.h"

#include <cstdint>
#include <utility>

#include "store/keys.h"

namespace duramen::store {

DirectoryEntry directory_entry(const EncodedBlock& block, model::WindowId window, model::BlockId id,
                               std::string segment) {
  const auto size = [](const std::string& part) { return static_cast<std::uint32_t>(part.size()); };
  DirectoryEntry entry;
  entry.window = window;
  entry.block = id;
  entry.segment = std::move(segment);
  entry.summary = block.summary;
  entry.stored = {size(block.bytes.head), size(block.bytes.rows), size(block.bytes.vars),
                  size(block.bytes.fields)};
  return entry;
}

void put_block(const Database& database, const Database::Family& segment,
               const DirectoryEntry& entry, const BlockBytes& bytes, rocksdb::WriteBatch& batch) {
  const std::string* parts[] = {&bytes.head, &bytes.rows, &bytes.vars, &bytes.fields};
  for (std::size_t part = 0; part < kBlockParts.size(); ++part) {
    batch.Put(segment.get(), block_key(kBlockParts[part], entry.block), *parts[part])
        .PermitUncheckedError();
  }
  batch
      .Put(database.meta().get(), directory_key(entry.window, entry.block),
           encode_directory_value(entry))
      .PermitUncheckedError();
}

}  // namespace duramen::store
