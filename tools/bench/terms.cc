#include "tools/bench/terms.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "tools/bench/records.h"

namespace duramen::bench {
namespace {

constexpr std::uint64_t kWordSample = 20'000;  ///< records whose words are counted
constexpr std::size_t kShortestWord = 4;
constexpr std::size_t kTraceDigits = 16;
constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kAbsentLetters = 9;
constexpr std::uint64_t kAbsentSeed = 0x5EEDAB5E47;  ///< other numbers than those of the corpus

std::string after(std::string_view message, std::string_view mark, std::size_t length) {
  const std::size_t at = message.find(mark);
  if (at == std::string_view::npos || message.size() - at - mark.size() < length) return {};
  return std::string(message.substr(at + mark.size(), length));
}

std::string trace_of(const CorpusRecord& record) {
  return after(record.message, "traceId=", kTraceDigits);
}

std::string uuid_of(const CorpusRecord& record) {
  for (const std::string_view mark : {"request_id=", "\"request_id\":\"", " req=", "request="}) {
    std::string id = after(record.message, mark, kUuidLength);
    if (!id.empty()) return id;
  }
  return {};
}

std::string address_of(const CorpusRecord& record) {
  if (record.tag != "shop.edge" || !record.message.starts_with("10.")) return {};
  return record.message.substr(0, record.message.find(' '));
}

/// Takes one term of a kind from each of the places, or from the next record that has one.
class Picker {
 public:
  using TermOf = std::string (*)(const CorpusRecord&);
  Picker(TermOf term_of, std::uint64_t records, std::size_t wanted)
      : term_of_(term_of), step_(records / (wanted + 1)), wanted_(wanted) {}

  void see(const CorpusRecord& record, std::uint64_t number) {
    if (picked_.size() == wanted_ || number < (picked_.size() + 1) * step_) return;
    std::string term = term_of_(record);
    if (!term.empty()) picked_.push_back(std::move(term));
  }
  std::vector<std::string> picked() && { return std::move(picked_); }

 private:
  TermOf term_of_;
  std::uint64_t step_;
  std::size_t wanted_;
  std::vector<std::string> picked_;
};

class WordCounts {
 public:
  void see(const CorpusRecord& record) {
    std::set<std::string_view> words;
    for_each_token(record.folded, [&](std::string_view token) {
      const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
      if (token.size() >= kShortestWord && std::all_of(token.begin(), token.end(), letter)) {
        words.insert(token);
      }
    });
    for (const std::string_view word : words) ++counts_[std::string(word)];
  }
  std::vector<std::string> most_frequent(std::size_t wanted) const {
    std::vector<std::pair<std::uint64_t, std::string>> order;
    for (const auto& [word, count] : counts_) order.emplace_back(count, word);
    std::sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::vector<std::string> out;
    for (std::size_t i = 0; i < std::min(wanted, order.size()); ++i) out.push_back(order[i].second);
    return out;
  }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

void make_absent(Terms& terms, std::uint64_t seed, std::size_t wanted) {
  Random random(seed ^ kAbsentSeed);
  for (std::size_t i = 0; i < wanted; ++i) {
    std::string word = "qzx";
    while (word.size() < kAbsentLetters) word += static_cast<char>('a' + random.below(26));
    terms.absent_words.push_back(std::move(word));
    std::string token = "7";
    while (token.size() < kTraceDigits) token += "0123456789abcdef"[random.below(16)];
    terms.absent_tokens.push_back(std::move(token));
  }
}

}  // namespace

Result<Terms> find_terms(const CorpusOptions& options, std::uint64_t records, std::size_t wanted) {
  Terms terms;
  Picker traces(trace_of, records, wanted);
  Picker uuids(uuid_of, records, wanted);
  Picker addresses(address_of, records, wanted);
  WordCounts words;
  std::uint64_t number = 0;
  DURAMEN_TRY_VOID(for_each_record(options, records, [&](const CorpusRecord& record) {
    if (number == 0) terms.first = record.time;
    terms.last = record.time;
    traces.see(record, number);
    uuids.see(record, number);
    addresses.see(record, number);
    if (number < kWordSample) words.see(record);
    ++number;
  }));
  terms.traces = std::move(traces).picked();
  terms.uuids = std::move(uuids).picked();
  terms.addresses = std::move(addresses).picked();
  terms.words = words.most_frequent(wanted);
  make_absent(terms, options.seed, wanted);
  if (terms.traces.empty() || terms.uuids.empty() || terms.addresses.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 std::to_string(records) + " records are too few to ask questions about"};
  }
  return terms;
}

}  // namespace duramen::bench
