#include "index/block_keys.h"

#include <algorithm>
#include <utility>

#include "base/checksum.h"

namespace duramen::index {
namespace {

/// Grows when it is more than half full: few steps, and never without a free slot.
constexpr std::size_t kFirstSlots = 256;
/// Of the text of a pair, in bytes.
constexpr std::size_t kLongPair = 24;

/// Short tokens stand in many blocks anyway, and there are many of them: few rows are enough. A
/// long value is mostly found by its tokens before it is by its pair.
std::uint64_t filter_rows(model::KeyKind kind, std::size_t size) {
  if (kind == model::KeyKind::kPair) return size < kLongPair ? 5 : 3;
  if (size <= 4) return 2;
  return size == 5 ? 3 : 6;
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
  if (2 * (used_ + 1) > slots_.size()) grow();
  std::size_t at = (hash >> 3) & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at] == hash) return;
  }
  slots_[at] = hash;
  ++used_;
}

void BlockKeysBuilder::HashSet::grow() {
  std::vector<std::uint64_t> old(std::max(kFirstSlots, slots_.size() * 2));
  old.swap(slots_);
  for (const std::uint64_t hash : old) {
    if (hash == 0) continue;
    std::size_t at = (hash >> 3) & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = hash;
  }
}

std::vector<std::uint64_t> BlockKeysBuilder::HashSet::take_sorted() {
  std::vector<std::uint64_t> out;
  out.reserve(used_);
  for (const std::uint64_t hash : slots_) {
    if (hash != 0) out.push_back(hash);
  }
  std::sort(out.begin(), out.end());
  *this = HashSet();
  return out;
}

}  // namespace duramen::index
