#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "tools/bench/corpus.h"

namespace duramen::bench {

/// A record as a store has it after ingestion. The views live as long as the call that shows it.
struct CorpusRecord {
  TimeNs time = 0;
  std::string_view container;  ///< label container_name
  std::string_view source;
  std::string_view tag;
  std::string message;
  std::string folded;  ///< the message with ASCII letters in lower case

  /// Of one of the labels above by its name in the store; empty: no such label.
  std::string_view label(std::string_view name) const;
};

/// Makes the corpus again and shows its records in order of time.
/// Errors: kInternal (a line that is not as the corpus writes it).
Result<void> for_each_record(const CorpusOptions& options, std::uint64_t records,
                             const std::function<void(const CorpusRecord&)>& show);

/// Letters, digits, `_` and bytes above 127 (docs/query.md, "Tokens").
bool is_token_byte(char c);

/// Shows the tokens of a text.
void for_each_token(std::string_view text, const std::function<void(std::string_view)>& show);

/// Whether a text has a part with a token border before it and, if asked for, after it.
bool has_between_borders(std::string_view text, std::string_view part, bool border_after);

/// The text of a member of the one JSON object that a message is, a string without its quotes;
/// empty when it has none. Knows what the corpus writes: no escapes in such members.
std::string_view json_member(std::string_view message, std::string_view name);

/// The same for `name=value` between blanks.
std::string_view logfmt_member(std::string_view message, std::string_view name);

}  // namespace duramen::bench
