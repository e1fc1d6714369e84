#include "index/block_keys.h"

#include <algorithm>
#include <utility>

#include "base/checksum.h"

namespace duramen::index {
namespace {

/// Grows when it is more than half full: few steps, and never without a free slot.
constexpr std::size_t kFirstSlots = 256;
/// The same for hashes: a block has some ten thousand.
constexpr unsigned kFirstBits = 12;
/// 4 MiB are kept from one block to the next.
constexpr std::size_t kKeptSlots = 512 << 10;
/// Of the text of a pair, in bytes.
constexpr std::size_t kLongPair = 24;

/// Short tokens stand in many blocks anyway, and there are many of them: few rows are enough. A
/// long value is mostly found by its tokens before it is by its pair.
std::uint64_t filter_rows(model::KeyKind kind, std::size_t size) {
  if (kind == model::KeyKind::kPair) return size < kLongPair ? 5 : 3;
  if (size <= 4) return 2;
  return size == 5 ? 3 : 6;
}

/// By insertion, which takes one step for each that is in its place; should there be many that are
/// not, as nobody would see by chance, by sorting.
void sort_nearly_sorted(std::vector<std::uint64_t>& numbers) {
  std::size_t steps = 16 * numbers.size();
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::uint64_t number = numbers[i];
    std::size_t at = i;
    for (; at != 0 && numbers[at - 1] > number && steps != 0; --at, --steps) {
      numbers[at] = numbers[at - 1];
    }
    numbers[at] = number;
  }
  if (steps == 0) std::sort(numbers.begin(), numbers.end());
}

}  // namespace

std::uint64_t key_hash(model::KeyKind kind, std::string_view text) noexcept {
  const std::uint64_t hash = hash64(text, static_cast<std::uint64_t>(kind));
  return (hash & ~std::uint64_t{7}) | filter_rows(kind, text.size());
}

std::size_t BlockKeys::weight() const {
  std::size_t bytes = hashes.size() * sizeof(std::uint64_t);
  for (const auto* texts : {&words, &heads, &labels}) {
    for (const std::string& text : *texts) bytes += sizeof(std::string) + text.size();
  }
  return bytes;
}

void BlockKeysBuilder::add(model::KeyKind kind, std::string_view text) {
  switch (kind) {
    case model::KeyKind::kWord:
      words_.add(text.substr(0, model::kMaxWord));
      break;
    case model::KeyKind::kHead:
      heads_.add(text.substr(0, model::kMaxWord));
      break;
    case model::KeyKind::kToken:
    case model::KeyKind::kPair:
      hashes_.add(key_hash(kind, text));
      break;
  }
}

void BlockKeysBuilder::add_label(std::string_view pair) { labels_.add(pair); }

BlockKeys BlockKeysBuilder::take() {
  return {words_.take_sorted(), heads_.take_sorted(), labels_.take_sorted(), hashes_.take_sorted(),
          0};
}

void BlockKeysBuilder::TextSet::add(std::string_view text) {
  if (text.empty()) return;
  if (2 * (used_ + 1) > slots_.size()) grow();
  const std::uint64_t hash = checksum64(text);
  std::size_t at = hash & (slots_.size() - 1);
  for (; slots_[at].begin != slots_[at].end; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.hash == hash &&
        std::string_view(text_).substr(slot.begin, slot.end - slot.begin) == text) {
      return;
    }
  }
  const auto begin = static_cast<std::uint32_t>(text_.size());
  text_.append(text);
  slots_[at] = {hash, begin, static_cast<std::uint32_t>(text_.size())};
  ++used_;
}

void BlockKeysBuilder::TextSet::grow() {
  std::vector<Slot> old(std::max(kFirstSlots, slots_.size() * 2));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.begin == slot.end) continue;
    std::size_t at = slot.hash & (slots_.size() - 1);
    while (slots_[at].begin != slots_[at].end) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

std::vector<std::string> BlockKeysBuilder::TextSet::take_sorted() {
  std::vector<std::string> out;
  out.reserve(used_);
  for (const Slot& slot : slots_) {
    if (slot.begin != slot.end) out.push_back(text_.substr(slot.begin, slot.end - slot.begin));
  }
  std::sort(out.begin(), out.end());
  *this = TextSet();
  return out;
}

void BlockKeysBuilder::HashSet::add(std::uint64_t hash) {
  if (slots_.empty()) grow();
  __builtin_prefetch(&slots_[slot_of(hash)], 1);
  waiting_[waiting_count_++] = hash;
  if (waiting_count_ == kWaiting) insert_waiting();
}

void BlockKeysBuilder::HashSet::insert_waiting() {
  if (2 * (used_ + waiting_count_) > slots_.size()) grow();
  for (std::size_t i = 0; i < waiting_count_; ++i) insert(waiting_[i]);
  waiting_count_ = 0;
}

void BlockKeysBuilder::HashSet::insert(std::uint64_t hash) {
  std::size_t at = slot_of(hash);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at] == hash) return;
  }
  slots_[at] = hash;
  ++used_;
}

void BlockKeysBuilder::HashSet::grow() {
  size_bits_ = std::max(size_bits_ + 1, kFirstBits);
  std::vector<std::uint64_t> old(std::size_t{1} << size_bits_);
  old.swap(slots_);
  used_ = 0;
  for (const std::uint64_t hash : old) {
    if (hash != 0) insert(hash);
  }
}

std::vector<std::uint64_t> BlockKeysBuilder::HashSet::take_sorted() {
  insert_waiting();
  std::vector<std::uint64_t> out;
  out.reserve(used_);
  for (const std::uint64_t hash : slots_) {
    if (hash != 0) out.push_back(hash);
  }
  sort_nearly_sorted(out);
  if (slots_.size() > kKeptSlots) {
    slots_ = {};
    size_bits_ = 0;
  }
  std::fill(slots_.begin(), slots_.end(), 0);
  used_ = 0;
  return out;
}

}  // namespace duramen::index
