#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/index_keys.h"
#include "query/filter/prune.h"

namespace re2 {
class FilteredRE2;
}

namespace duramen::query {

/// The literal parts that a text must hold for a regex to match it, as RE2 finds them
/// (re2/filtered_re2.h), and the keys of whole tokens within them.
///
/// A part may begin and end in the middle of a token, so tokens that touch its ends give no key.
/// RE2 compares letters with all of Unicode folded, keys only with ASCII folded: tokens that hold
/// one of the two ASCII letters that others fold to (k, s) are used only where the pattern cannot
/// ignore case, and bytes outside ASCII never.
/// Threading: immutable.
class RegexAtoms {
 public:
  /// Nothing when the pattern does not compile or needs no literal part.
  static std::shared_ptr<const RegexAtoms> of(std::string_view pattern);
  RegexAtoms(const RegexAtoms&) = delete;
  RegexAtoms& operator=(const RegexAtoms&) = delete;
  RegexAtoms(RegexAtoms&&) = delete;
  RegexAtoms& operator=(RegexAtoms&&) = delete;
  ~RegexAtoms();

  /// False when too few parts can be there.
  bool may_match(const KeyLookup& keys) const;
  /// The same for a text of which it is known whether it may contain a part, ignoring the case of
  /// ASCII letters; parts are in lower case.
  bool may_match(const std::function<bool(std::string_view)>& may_contain) const;
  /// Bytes of all parts: what a look for each of them costs for each byte of a text.
  std::size_t part_bytes() const;
  /// Whether keys are looked up at all.
  bool has_keys() const;
  /// The keys of each part; a part without any is there.
  const std::vector<std::vector<model::IndexKey>>& keys() const { return keys_; }
  /// `present`: the numbers of the parts that are there.
  bool passes(const std::vector<int>& present) const;
  /// The keys of each part that has some: `word time AND word out; word refused`.
  std::string to_text() const;

 private:
  RegexAtoms();

  std::unique_ptr<re2::FilteredRE2> filter_;
  std::vector<std::string> parts_;  ///< empty: cannot be looked for, and is there
  std::vector<std::vector<model::IndexKey>> keys_;
};

}  // namespace duramen::query
