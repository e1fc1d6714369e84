#include "ingest/label_runs.h"

#include <cstring>

namespace duramen::ingest {

/// By the first kMinBytes. Runs that fall on one slot only cost a comparison.
std::size_t LabelRuns::slot_of(const char* at) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < kMinBytes; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at + i, sizeof word);
    hash = (hash ^ word) * kMultiplier;
    hash ^= hash >> 29;
  }
  return hash % kSlots;
}

LabelRun* LabelRuns::find(const char* at, const char* end) {
  const auto left = static_cast<std::size_t>(end - at);
  if (left < kMinBytes) return nullptr;
  ++tries_;
  for (LabelRun& run : slots_[slot_of(at)]) {
    const std::size_t size = run.text.size();
    if (size != 0 && size <= left && std::memcmp(run.text.data(), at, size) == 0) {
      ++hits_;
      return &run;
    }
  }
  return nullptr;
}

void LabelRuns::add(LabelRun run) {
  auto& slot = slots_[slot_of(run.text.data())];
  slot[1] = std::move(slot[0]);
  slot[0] = std::move(run);
}

}  // namespace duramen::ingest
