#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/bench/corpus.h"
#include "tools/bench/store.h"

namespace duramen::bench {

/// What one query of the list took. Times are those of the client, from sending the question to the
/// last byte of the answer.
struct QueryFigures {
  std::string name;
  std::string text;    ///< as the store was asked the cold question
  std::string target;  ///< the same as the path and parameters of a GET
  StoreAnswer answer;
  std::optional<StoreRead> read;
  double cold_seconds = 0;           ///< first question after a start without a page cache
  std::uint64_t cached_bytes = 0;    ///< of the store's files, that stayed in memory all the same
  std::vector<double> warm_seconds;  ///< sorted
  double cpu_seconds = 0;            ///< of the store, a warm run in the mean
  std::uint64_t peak_memory_bytes = 0;  ///< of the store, from its start on

  double warm_median_seconds() const;
};

/// Asks a store that holds this corpus every query of the list: cold, once more, and then `runs`
/// times with other terms. Every answer is compared with what the corpus says to the question.
/// Errors: kInvalidArgument (too few records), kInternal (an answer is wrong, or another one warm
/// than cold), and those of QueryStore.
Result<std::vector<QueryFigures>> run_queries(QueryStore& store, const CorpusOptions& corpus,
                                              std::uint64_t records, unsigned runs);

/// A table with one line a query; nothing without queries.
std::string queries_table(const std::vector<QueryFigures>& figures);
nlohmann::ordered_json queries_json(const std::vector<QueryFigures>& figures);

}  // namespace duramen::bench
