#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace duramen::query {

/// A compiled RE2 pattern: linear time, bounded memory (4 MiB each).
/// Threading: const methods from any thread. Cheap to copy (shared).
class Regex {
 public:
  static constexpr std::size_t kMaxMemory = 4U << 20;

  /// Errors: kInvalidArgument, with RE2's reason and the part of the pattern.
  static Result<Regex> compile(std::string_view pattern);

  bool search(std::string_view text) const;

  struct Group {
    std::string name;
    int number;
  };
  const std::vector<Group>& groups() const { return groups_; }
  /// What the named groups matched, in the order of groups(); a group that took no part is absent.
  /// Nothing when the pattern matches nowhere.
  std::optional<std::vector<std::optional<std::string_view>>> find(std::string_view text) const;

 private:
  explicit Regex(std::shared_ptr<const re2::RE2> compiled);
  std::shared_ptr<const re2::RE2> compiled_;
  std::vector<Group> groups_;
};

}  // namespace duramen::query
