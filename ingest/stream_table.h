#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace duramen::ingest {

/// Finds the stream of a record by the bytes of its labels: one hash and one comparison.
/// Threading: none. Limits: its user stops adding.
class StreamTable {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  StreamTable() : slots_(64) {}
  /// kNone when the key was never added.
  std::uint32_t find(std::string_view key) const;
  /// Adds a key that find() does not know.
  void add(std::string_view key, std::uint32_t stream);
  std::size_t size() const { return count_; }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t stream = kNone;
    std::uint32_t key_begin = 0;
    std::uint32_t key_size = 0;
  };
  std::size_t slot_of(std::string_view key, std::uint64_t hash) const;

  std::vector<Slot> slots_;  ///< open addressing, a power of two, at most half full
  std::string keys_;
  std::size_t count_ = 0;
};

}  // namespace duramen::ingest
