#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "index/index.h"

namespace duramen::query {

/// Blocks and their keys in memory; exact. Counts the look-ups.
class FakeView final : public index::SegmentView {
 public:
  using Keys = std::vector<model::IndexKey>;

  void add(model::BlockId block, Keys keys) {
    keys_[block] = std::move(keys);
    blocks_.clear();
    for (const auto& [id, of_block] : keys_) blocks_.push_back(id);
  }

  const std::vector<model::BlockId>& blocks() const override { return blocks_; }
  index::BlockSet find(const model::IndexKey& key, index::LookupCost& cost) const override {
    return matching(cost, [&](const model::IndexKey& other) { return other == key; });
  }
  index::BlockSet find_prefix(model::KeyKind kind, std::string_view prefix,
                              index::LookupCost& cost) const override {
    return matching(cost, [&](const model::IndexKey& other) {
      return other.kind == kind && other.text.starts_with(prefix);
    });
  }
  index::LabelList labels(std::string_view, std::size_t, index::LookupCost&) const override {
    return {};
  }

 private:
  template <class Fits>
  index::BlockSet matching(index::LookupCost& cost, Fits&& fits) const {
    ++cost.terms;
    index::BlockSet out = index::BlockSet::none(blocks_.size());
    std::size_t place = 0;
    for (const auto& [block, keys] : keys_) {
      if (std::any_of(keys.begin(), keys.end(), fits)) out.set(place);
      ++place;
    }
    return out;
  }

  std::map<model::BlockId, Keys> keys_;
  std::vector<model::BlockId> blocks_;
};

/// Segments of such views; what is added is remembered.
class FakeIndex final : public index::Index {
 public:
  FakeView& of(const std::string& segment) {
    auto& view = views_[segment];
    if (view == nullptr) view = std::make_shared<FakeView>();
    return *view;
  }
  const std::vector<model::BlockId>& added() const { return added_; }
  const std::vector<std::string>& sealed() const { return sealed_; }
  /// Adding that block fails from now on.
  void refuse(std::optional<model::BlockId> block) { refused_ = block; }

  std::shared_ptr<const index::SegmentView> view(const std::string& segment) const override {
    const auto found = views_.find(segment);
    return found == views_.end() ? std::make_shared<FakeView>() : found->second;
  }
  std::vector<std::string> segments() const override {
    std::vector<std::string> out;
    for (const auto& [name, view] : views_) out.push_back(name);
    return out;
  }
  Result<void> add(const std::string& segment, model::BlockId block, index::BlockKeys) override {
    if (block == refused_) return Error{ErrorCode::kUnavailable, "the disk is full"};
    of(segment).add(block, {});
    added_.push_back(block);
    return {};
  }
  Result<void> seal(const std::string& segment) override {
    sealed_.push_back(segment);
    return {};
  }
  Result<void> flush() override { return {}; }
  Result<void> checkpoint(const std::string& /*directory*/) override { return {}; }
  Result<void> drop(const std::string& segment) override {
    views_.erase(segment);
    return {};
  }
  Result<void> keep_only(const std::string&, const std::set<model::BlockId>&) override {
    return {};
  }
  index::IndexStatus status() const override { return {}; }
  Result<std::vector<std::string>> verify(const index::VerifyProgress&) override {
    return std::vector<std::string>{};
  }

 private:
  std::map<std::string, std::shared_ptr<FakeView>> views_;
  std::vector<model::BlockId> added_;
  std::vector<std::string> sealed_;
  std::optional<model::BlockId> refused_;
};

}  // namespace duramen::query
