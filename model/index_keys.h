#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/record_batch.h"
#include "model/tokens.h"

namespace duramen::model {

/// What a row is found by (docs/query.md, "What is looked up"). Stable: written to disk.
enum class KeyKind : std::uint8_t {
  kWord = 1,   ///< a token without a digit
  kHead = 2,   ///< of a token with a digit: what stands before the first one
  kToken = 3,  ///< a token with a digit, of kMinToken bytes and more
  kPair = 4,   ///< the name and the whole value of a field or label
};

struct IndexKey {
  KeyKind kind = KeyKind::kWord;
  std::string text;
  friend auto operator<=>(const IndexKey&, const IndexKey&) = default;
};

/// Longer words and heads are cut to this, in rows and in queries.
inline constexpr std::size_t kMaxWord = 64;
/// Shorter tokens with digits are in nearly every block.
inline constexpr std::size_t kMinToken = 4;

/// Calls `take(KeyKind, std::string_view)` for the keys of one token. `folded` is the token in
/// lower case.
template <class Take>
void for_each_key_of_token(std::string_view folded, bool has_digit, Take&& take) {
  if (!has_digit) {
    take(KeyKind::kWord, folded.substr(0, kMaxWord));
    return;
  }
  std::size_t head = 0;
  while (token_class(folded[head]) != kDigit) ++head;
  if (head != 0) take(KeyKind::kHead, folded.substr(0, head < kMaxWord ? head : kMaxWord));
  if (folded.size() >= kMinToken) take(KeyKind::kToken, folded);
}

/// The same for all tokens of a text. `scratch` holds the text in lower case: the views that
/// `take` gets are good until the call returns.
template <class Take>
void for_each_key_of_text(std::string_view text, std::string& scratch, Take&& take) {
  scratch.assign(text);
  for (char& c : scratch) c = fold_ascii(c);
  for_each_token(scratch, [&](const Token& token) {
    for_each_key_of_token(std::string_view(scratch).substr(token.begin, token.size),
                          token.has_digit, take);
  });
}

/// The text of a kPair key; names and values keep their case.
std::string pair_text(std::string_view name, std::string_view value);

/// All keys of a row: tokens of the message, of field values and of label values, and a pair for
/// each field and label. Keys may come more than once.
///
/// The invariant, tested on random rows and queries: whatever a filter can match in a row, the keys
/// that it asks for (query/filter/prune.h) are among these.
template <class Take>
void for_each_key_of_row(const RecordBatch& records, std::size_t row, Take&& take) {
  std::string scratch;
  for_each_key_of_text(records.message(row), scratch, take);
  for (std::size_t f = records.first_field(row); f < records.fields_end[row]; ++f) {
    for_each_key_of_text(records.value(f), scratch, take);
    take(KeyKind::kPair,
         std::string_view(pair_text(records.field_names[records.field_name[f]], records.value(f))));
  }
  for (const auto& [name, value] : records.streams[records.stream[row]].pairs()) {
    for_each_key_of_text(value, scratch, take);
    take(KeyKind::kPair, std::string_view(pair_text(name, value)));
  }
}

}  // namespace duramen::model
