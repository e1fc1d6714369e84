#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "tools/bench/corpus.h"

namespace duramen::bench {

struct GenerateOptions {
  CorpusOptions corpus;
  std::uint64_t records = 100'000;
  std::string output = "-";  ///< a file; `-` is standard output
};

/// Writes the corpus. Errors: kUnavailable (cannot open or write); a reader that closes the pipe is
/// no error.
Result<void> generate(const GenerateOptions& options);

}  // namespace duramen::bench
