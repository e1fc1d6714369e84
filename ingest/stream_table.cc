#include "ingest/stream_table.h"

#include "base/checksum.h"
#include "ingest/spread_hash.h"

namespace duramen::ingest {

std::size_t StreamTable::slot_of(std::string_view key, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = spread_hash(hash) & mask;
  while (true) {
    const Slot& slot = slots_[at];
    if (slot.stream == kNone) return at;
    if (slot.hash == hash && std::string_view(keys_).substr(slot.key_begin, slot.key_size) == key) {
      return at;
    }
    at = (at + 1) & mask;
  }
}

std::uint32_t StreamTable::find(std::string_view key) const {
  return slots_[slot_of(key, checksum64(key))].stream;
}

void StreamTable::add(std::string_view key, std::uint32_t stream) {
  if ((count_ + 1) * 2 > slots_.size()) {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.stream == kNone) continue;
      std::size_t at = spread_hash(slot.hash) & mask;
      while (slots_[at].stream != kNone) at = (at + 1) & mask;
      slots_[at] = slot;
    }
  }
  const std::uint64_t hash = checksum64(key);
  slots_[slot_of(key, hash)] = {hash, stream, static_cast<std::uint32_t>(keys_.size()),
                                static_cast<std::uint32_t>(key.size())};
  keys_ += key;
  ++count_;
}

}  // namespace duramen::ingest
