#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "tools/bench/corpus.h"
#include "tools/bench/question.h"
#include "tools/bench/records.h"

namespace duramen::bench {

/// Whether a question is about a record: the rules of docs/query.md as far as the list needs them,
/// each the simplest way, by looking at the text.
bool asks_for(const Question& question, const CorpusRecord& record);

/// What an answer must say; nothing where only the store knows.
struct Expected {
  std::optional<std::uint64_t> rows;
  std::optional<std::uint64_t> count;  ///< the one number, or the sum of all numbers
};

/// What the corpus says to all questions of a list, found in one walk over it.
class Expectations {
 public:
  /// `whole` is the range of the corpus. The list must outlive this. Errors: those of
  /// for_each_record().
  static Result<Expectations> find(const std::vector<BenchQuery>& list, const CorpusOptions& corpus,
                                   std::uint64_t records, TimeRange whole);
  /// `question` is one of the list.
  Expected of(const Question& question) const;

 private:
  struct Tally {
    const Question* question = nullptr;  ///< one of those that it counts for
    std::uint64_t matched = 0;
    std::uint64_t seen = 0;  ///< number of the last record that it was shown
    std::map<std::string, std::uint64_t, std::less<>> groups;
  };
  Expectations(const std::vector<BenchQuery>& list, TimeRange whole);
  void see(const CorpusRecord& record);
  void show(const CorpusRecord& record, Tally& tally) const;

  std::uint64_t records_ = 0;
  std::vector<Tally> tallies_;
  std::vector<std::size_t> for_every_record_;
  /// Most ask for a phrase: then only records with a token of it need a look.
  std::unordered_map<std::string_view, std::vector<std::size_t>> for_token_;
  std::map<const Question*, std::size_t> tally_of_;  ///< questions that ask for the same share one
};

}  // namespace duramen::bench
