#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/bench/corpus.h"

namespace duramen::bench {

/// What can be asked of a corpus. Of each kind there are as many as were wanted, or fewer.
struct Terms {
  TimeNs first = 0;  ///< time of the first record
  TimeNs last = 0;
  std::vector<std::string> traces;     ///< ids of 16 hex digits
  std::vector<std::string> uuids;      ///< ids of requests
  std::vector<std::string> addresses;  ///< of clients
  std::vector<std::string> words;      ///< without digits, the most frequent first, in lower case
  std::vector<std::string> absent_words;
  std::vector<std::string> absent_tokens;  ///< with digits, as long as a trace id
};

/// Takes ids out of records at places spread evenly over the corpus and the words that most of its
/// first records have. Equal options give equal terms.
/// Errors: kInvalidArgument (a corpus so small that a kind of term is missing).
Result<Terms> find_terms(const CorpusOptions& options, std::uint64_t records, std::size_t wanted);

}  // namespace duramen::bench
