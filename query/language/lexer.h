#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::query {

/// Where bare text stands decides how it may begin and what it may contain (docs/query.md).
enum class BareContext : std::uint8_t {
  kTerm,   ///< a word, or the name before a colon
  kValue,  ///< after `field:` or an operator
  kName,   ///< a name in a pipe
};

bool is_keyword(std::string_view bare);
/// True when `text` can be written without quotes there.
bool is_bare(std::string_view text, BareContext context);
/// `text` in quotes, with escapes, always UTF-8.
std::string quoted(std::string_view text);
/// `pattern` between slashes.
std::string slashed(std::string_view pattern);

/// A place in the query text, and the pieces that are read there. Pieces are read as the parser
/// asks for them, since `(`, `,` or `/` mean different things after a colon and in a pipe.
/// Ownership: views into the text, which must outlive it and be UTF-8.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  void skip_space();
  bool at_end() const { return at_ >= text_.size(); }
  /// The next byte, or NUL at the end.
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  std::size_t offset() const { return at_; }
  void move_to(std::size_t offset) { at_ = offset; }
  std::string_view since(std::size_t offset) const { return text_.substr(offset, at_ - offset); }
  /// Takes `piece` when it stands here.
  bool take(std::string_view piece);
  /// The longest bare text here; empty when there is none.
  std::string_view bare(BareContext context);
  /// At `"`.
  Result<std::string> quoted_text();
  /// At `/` or `"`: the pattern up to the same byte. Backslashes stay, except before the two.
  Result<std::string> pattern();
  /// True when a term may end here: a blank, `)`, `|` or the end.
  bool at_border() const;
  /// What stands here, for an error: `'foo'`, or `the end`.
  std::string here() const;

  Error error(std::size_t offset, std::string_view message) const;
  Error error_here(std::string_view message) const { return error(at_, message); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace duramen::query
