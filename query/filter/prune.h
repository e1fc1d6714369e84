#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/index_keys.h"
#include "query/language/ast.h"

namespace duramen::query {

class RegexAtoms;

/// What the keys of a row must hold for a filter to match it: a condition that may hold for rows
/// that do not match, and never fails for one that does. Where nothing can be said, it always
/// holds. Pure values; cheap to copy. docs/query.md, "What is looked up".
struct Prune {
  enum class Kind {
    kAlways,
    kAll,     ///< of `children`
    kAny,     ///< of `children`
    kKey,     ///< `key` is there
    kPrefix,  ///< a key of `key.kind` that begins with `key.text`
    kRegex,   ///< enough literal parts of `regex` are there
  };
  Kind kind = Kind::kAlways;
  model::IndexKey key;
  std::vector<Prune> children;
  std::shared_ptr<const RegexAtoms> regex;
};

/// Derives the condition from a filter that compiles.
Prune prune_of(const Filter& filter);

/// In words, as docs/query.md has them: `word disk AND (word full OR head full)`.
std::string to_text(const Prune& prune);
std::string to_text(const model::IndexKey& key);

/// Which keys a block (or a row) has. A filter that is not exact may answer true for too many.
class KeyLookup {
 public:
  KeyLookup() = default;
  KeyLookup(const KeyLookup&) = delete;
  KeyLookup& operator=(const KeyLookup&) = delete;
  KeyLookup(KeyLookup&&) = delete;
  KeyLookup& operator=(KeyLookup&&) = delete;
  virtual ~KeyLookup() = default;
  virtual bool has(const model::IndexKey& key) const = 0;
  virtual bool has_prefix(model::KeyKind kind, std::string_view prefix) const = 0;
};

/// False: no row with these keys matches.
bool may_match(const Prune& prune, const KeyLookup& keys);

}  // namespace duramen::query
