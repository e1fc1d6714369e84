#include "index/block_keys.h"

#include <algorithm>
#include <utility>

#include "base/checksum.h"

namespace duramen::index {
namespace {

/// Grows when it is more than half full: few steps, and never without a free slot.
constexpr std::size_t kFirstSlots = 256;

}  // namespace

std::uint64_t key_hash(model::KeyKind kind, std::string_view text) noexcept {
  return hash64(text, static_cast<std::uint64_t>(kind));
}

std::size_t BlockKeys::weight() const {
  std::size_t bytes = hashes.size() * sizeof(std::uint64_t);
  for (const auto* texts : {&words, &heads, &labels}) {
    for (const std::string& text : *texts) bytes += sizeof text + text.size();
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
  return {words_.take_sorted(), heads_.take_sorted(), labels_.take_sorted(), hashes_.take_sorted()};
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

void BlockKeysBuilder::NumberSet::add(std::uint64_t number) {
  if (number == 0) {
    has_zero_ = true;
    return;
  }
  if (2 * (used_ + 1) > slots_.size()) grow();
  std::size_t at = number & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at] == number) return;
  }
  slots_[at] = number;
  ++used_;
}

void BlockKeysBuilder::NumberSet::grow() {
  std::vector<std::uint64_t> old(std::max(kFirstSlots, slots_.size() * 2));
  old.swap(slots_);
  for (const std::uint64_t number : old) {
    if (number == 0) continue;
    std::size_t at = number & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = number;
  }
}

std::vector<std::uint64_t> BlockKeysBuilder::NumberSet::take_sorted() {
  std::vector<std::uint64_t> out;
  out.reserve(used_ + 1);
  if (has_zero_) out.push_back(0);
  for (const std::uint64_t number : slots_) {
    if (number != 0) out.push_back(number);
  }
  std::sort(out.begin(), out.end());
  *this = NumberSet();
  return out;
}

}  // namespace duramen::index
