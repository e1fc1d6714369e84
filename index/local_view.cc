#include "index/local_view.h"

#include <algorithm>
#include <set>
#include <utility>

namespace duramen::index {
namespace {

bool is_word(model::KeyKind kind) {
  return kind == model::KeyKind::kWord || kind == model::KeyKind::kHead;
}

const std::vector<std::string>& texts_of(const BlockKeys& keys, model::KeyKind kind) {
  return kind == model::KeyKind::kHead ? keys.heads : keys.words;
}

bool holds(const BlockKeys& keys, const model::IndexKey& key) {
  if (is_word(key.kind)) {
    const auto& texts = texts_of(keys, key.kind);
    return std::binary_search(texts.begin(), texts.end(), key.text);
  }
  return std::binary_search(keys.hashes.begin(), keys.hashes.end(), key_hash(key.kind, key.text));
}

const Error& known_damage() {
  static const Error kError{ErrorCode::kDataLoss, "known to be damaged"};
  return kError;
}

}  // namespace

LocalView::LocalView(const std::vector<std::shared_ptr<Part>>& parts,
                     const std::vector<std::shared_ptr<const DeltaBlock>>& delta) {
  for (const auto& part : parts) {
    blocks_.insert(blocks_.end(), part->entry().blocks.begin(), part->entry().blocks.end());
  }
  for (const auto& block : delta) blocks_.push_back(block->block);
  std::sort(blocks_.begin(), blocks_.end());
  blocks_.erase(std::unique(blocks_.begin(), blocks_.end()), blocks_.end());
  for (const auto& part : parts) {
    PartPlaces places{part, {}};
    for (const model::BlockId block : part->entry().blocks) {
      places.places.push_back(place_of(block));
    }
    parts_.push_back(std::move(places));
  }
  for (const auto& block : delta) delta_.push_back({block, place_of(block->block)});
}

BlockSet LocalView::find(const model::IndexKey& key, LookupCost& cost) const {
  if (key.text.empty()) return BlockSet::all(blocks_.size());
  model::IndexKey cut = key;
  if (is_word(cut.kind) && cut.text.size() > model::kMaxWord) cut.text.resize(model::kMaxWord);
  BlockSet found = BlockSet::none(blocks_.size());
  for (const DeltaPlace& at : delta_) {
    if (holds(at.block->keys, cut)) found.set(at.place);
  }
  for (const PartPlaces& at : parts_) {
    take(at, at.part->damaged() ? known_damage() : at.part->find(cut, cost), found, cost);
  }
  return found;
}

BlockSet LocalView::find_prefix(model::KeyKind kind, std::string_view prefix,
                                LookupCost& cost) const {
  if (prefix.empty() || !is_word(kind)) return BlockSet::all(blocks_.size());
  prefix = prefix.substr(0, model::kMaxWord);
  BlockSet found = BlockSet::none(blocks_.size());
  for (const DeltaPlace& at : delta_) {
    const auto& texts = texts_of(at.block->keys, kind);
    const auto first = std::lower_bound(texts.begin(), texts.end(), prefix);
    if (first != texts.end() && first->starts_with(prefix)) found.set(at.place);
  }
  for (const PartPlaces& at : parts_) {
    take(at, at.part->damaged() ? known_damage() : at.part->find_prefix(kind, prefix, cost), found,
         cost);
  }
  return found;
}

LabelList LocalView::labels(std::string_view prefix, std::size_t limit, LookupCost& cost) const {
  LabelList out;
  std::set<std::string> pairs;
  for (const DeltaPlace& at : delta_) {
    const auto& labels = at.block->keys.labels;
    for (auto pair = std::lower_bound(labels.begin(), labels.end(), prefix);
         pair != labels.end() && pair->starts_with(prefix) && pairs.size() <= limit; ++pair) {
      pairs.insert(*pair);
    }
  }
  for (const PartPlaces& at : parts_) {
    const Result<void> read =
        at.part->damaged() ? known_damage() : at.part->labels(prefix, limit, pairs, cost);
    if (!read) {
      ++cost.unreadable;
      out.complete = false;
    }
  }
  if (pairs.size() > limit) out.complete = false;
  for (const std::string& pair : pairs) {
    if (out.pairs.size() < limit) out.pairs.push_back(pair);
  }
  return out;
}

bool LocalView::has(model::BlockId block) const {
  return std::binary_search(blocks_.begin(), blocks_.end(), block);
}

bool LocalView::damaged() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const PartPlaces& at) { return at.part->damaged(); });
}

std::size_t LocalView::place_of(model::BlockId block) const {
  return static_cast<std::size_t>(std::lower_bound(blocks_.begin(), blocks_.end(), block) -
                                  blocks_.begin());
}

void LocalView::take(const PartPlaces& from, const Result<BlockSet>& answer, BlockSet& found,
                     LookupCost& cost) {
  if (answer) {
    answer->for_each([&](std::size_t place) { found.set(from.places[place]); });
    return;
  }
  ++cost.unreadable;
  for (const std::size_t place : from.places) found.set(place);
}

}  // namespace duramen::index
