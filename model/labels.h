#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/ids.h"

namespace duramen::model {

/// The labels that make a stream: sorted by name, names unique, empty values absent.
/// A value type; immutable after construction.
class Labels {
 public:
  using Pair = std::pair<std::string, std::string>;

  Labels() = default;
  /// Sorts; of two equal names the last wins; drops empty values.
  explicit Labels(std::vector<Pair> pairs);

  const std::vector<Pair>& pairs() const { return pairs_; }
  /// The value, or empty when there is no such label.
  std::string_view find(std::string_view name) const;
  /// Hash of the canonical bytes: the same labels give the same id on every node, for ever.
  StreamId id() const { return id_; }
  /// varint count, then name and value as varint-counted text, in order of names.
  std::string canonical() const;
  /// About what it takes in memory, and more than canonical() does.
  std::size_t weight() const;
  /// Errors: kDataLoss for bytes that canonical() cannot have written.
  static Result<Labels> from_canonical(std::string_view bytes);

  friend bool operator==(const Labels& a, const Labels& b) { return a.pairs_ == b.pairs_; }

 private:
  std::vector<Pair> pairs_;
  StreamId id_ = hash128(std::string_view("\0", 1));
};

}  // namespace duramen::model
