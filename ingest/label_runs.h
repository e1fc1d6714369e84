#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace duramen::ingest {

/// Labels that stood one after another in an earlier record, as bytes and as what they meant.
struct LabelRun {
  std::string_view text;             ///< from the first key's quote to the last value's
  std::vector<std::uint32_t> names;  ///< of all its keys, in order
  std::vector<std::pair<std::uint32_t, std::string_view>> labels;  ///< name and value, not empty
  std::uint32_t stream = 0xFFFFFFFF;  ///< of a record with just these labels, once that is known
};

/// Records of one stream repeat the bytes of their labels. This finds them again with one hash and
/// one comparison instead of parsing key by key; byte for byte the same text means the same.
///
/// Threading: none. Ownership: views into the body, which outlives it. Limits: kSlots * 2 runs; it
/// gives up on a body whose labels do not repeat.
class LabelRuns {
 public:
  static constexpr std::size_t kMinBytes = 64;  ///< shorter runs are parsed as quickly

  LabelRuns() : slots_(kSlots) {}
  /// The run that stands at `at`, or null. `at` is on the quote of a key.
  LabelRun* find(const char* at, const char* end);
  /// Remembers a run of at least kMinBytes.
  void add(LabelRun run);
  bool useful() const { return tries_ < kTrial || hits_ * 2 > tries_; }

 private:
  static constexpr std::size_t kSlots = 512;
  static constexpr std::uint64_t kTrial = 1024;
  static std::size_t slot_of(const char* at);
  /// Two runs with the same beginning: stdout and stderr of one container differ late.
  std::vector<std::array<LabelRun, 2>> slots_;
  std::uint64_t tries_ = 0;
  std::uint64_t hits_ = 0;
};

}  // namespace duramen::ingest
