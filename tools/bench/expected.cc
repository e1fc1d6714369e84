#include "tools/bench/expected.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <utility>

namespace duramen::bench {
namespace {

constexpr TimeNs kNsPerMinute = 60 * kNsPerSecond;

std::string_view parsed_text(const ParsedField& field, const CorpusRecord& record) {
  switch (field.format) {
    case ParsedField::Format::kJson:
      return json_member(record.message, field.name);
    case ParsedField::Format::kLogfmt:
      return logfmt_member(record.message, field.name);
    case ParsedField::Format::kNone:
      break;
  }
  return {};
}

std::optional<std::int64_t> parsed_number(const ParsedField& field, const CorpusRecord& record) {
  const std::string_view text = parsed_text(field, record);
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_in(const std::optional<TimeRange>& range, TimeNs time) {
  return !range || (time >= range->start && time < range->end);
}

bool holds(const RecordFilter& filter, const CorpusRecord& record) {
  if (!filter.label.empty() && record.label(filter.label) != filter.label_value) return false;
  if (!filter.prefix.empty() && !has_between_borders(record.folded, filter.prefix, false)) {
    return false;
  }
  if (filter.pattern && !filter.pattern->holds(record.message)) return false;
  return std::all_of(filter.phrases.begin(), filter.phrases.end(), [&](const std::string& phrase) {
    return has_between_borders(record.folded, phrase, true);
  });
}

/// What a shape groups by; nothing where it counts no groups.
std::optional<std::string> group_of(const Question& question, const CorpusRecord& record) {
  switch (question.shape) {
    case Shape::kCountByLabel:
    case Shape::kLabelValues:
      return std::string(record.label(question.label));
    case Shape::kCountByMinute:
      return std::to_string(record.time / kNsPerMinute);
    case Shape::kTopValues:
      return std::string(parsed_text(question.parsed, record));
    default:
      return std::nullopt;
  }
}

/// Equal for questions that the same records and groups answer, whatever they are asked in.
std::string key_of(const Question& question, TimeRange whole) {
  const RecordFilter& filter = question.filter;
  const TimeRange range = question.range.value_or(whole);
  std::string key;
  const auto add = [&](std::string_view part) {
    key += part;
    key += '\0';
  };
  for (const std::string& phrase : filter.phrases) add(phrase);
  add("");
  add(filter.prefix);
  add(filter.pattern ? filter.pattern->regex : "");
  add(filter.label);
  add(filter.label_value);
  add(std::to_string(static_cast<int>(question.parsed.format)));
  add(question.parsed.name);
  add(std::to_string(question.parsed.at_least.value_or(-1)));
  add(question.label);
  add(std::to_string(std::max(range.start, whole.start)));
  add(std::to_string(std::min(range.end, whole.end)));
  const bool grouped = group_of(question, CorpusRecord()).has_value();
  add(grouped && question.label.empty() ? std::to_string(static_cast<int>(question.shape)) : "");
  add(question.shape == Shape::kQuantiles ? "numbers" : "");
  return key;
}

std::string_view longest_token(std::string_view phrase) {
  std::string_view longest;
  for_each_token(phrase, [&](std::string_view token) {
    if (token.size() > longest.size()) longest = token;
  });
  return longest;
}

std::uint64_t most(const std::map<std::string, std::uint64_t, std::less<>>& groups,
                   std::uint64_t limit) {
  std::vector<std::uint64_t> counts;
  for (const auto& [name, count] : groups) counts.push_back(count);
  std::sort(counts.begin(), counts.end(), std::greater<>());
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(limit, counts.size()); ++i) sum += counts[i];
  return sum;
}

}  // namespace

bool asks_for(const Question& question, const CorpusRecord& record) {
  if (!is_in(question.range, record.time) || !holds(question.filter, record)) return false;
  const ParsedField& parsed = question.parsed;
  if (!parsed.at_least && question.shape != Shape::kQuantiles) return true;
  const auto number = parsed_number(parsed, record);
  return number && (!parsed.at_least || *number >= *parsed.at_least);
}

Expectations::Expectations(const std::vector<BenchQuery>& list, TimeRange whole) {
  std::map<std::string, std::size_t> known;
  for (const BenchQuery& query : list) {
    for (const Question& question : query.questions) {
      const auto [at, is_new] = known.try_emplace(key_of(question, whole), tallies_.size());
      tally_of_[&question] = at->second;
      if (!is_new) continue;
      const auto& phrases = question.filter.phrases;
      auto& wanted =
          phrases.empty() ? for_every_record_ : for_token_[longest_token(phrases.front())];
      wanted.push_back(tallies_.size());
      tallies_.push_back({&question, 0, 0, {}});
    }
  }
}

void Expectations::see(const CorpusRecord& record) {
  ++records_;
  for (const std::size_t i : for_every_record_) show(record, tallies_[i]);
  for_each_token(record.folded, [&](std::string_view token) {
    const auto found = for_token_.find(token);
    if (found == for_token_.end()) return;
    for (const std::size_t i : found->second) show(record, tallies_[i]);
  });
}

void Expectations::show(const CorpusRecord& record, Tally& tally) const {
  if (std::exchange(tally.seen, records_) == records_) return;
  if (!asks_for(*tally.question, record)) return;
  ++tally.matched;
  if (auto group = group_of(*tally.question, record)) ++tally.groups[*std::move(group)];
}

Result<Expectations> Expectations::find(const std::vector<BenchQuery>& list,
                                        const CorpusOptions& corpus, std::uint64_t records,
                                        TimeRange whole) {
  Expectations out(list, whole);
  DURAMEN_TRY_VOID(
      for_each_record(corpus, records, [&](const CorpusRecord& record) { out.see(record); }));
  return out;
}

Expected Expectations::of(const Question& question) const {
  const Tally& tally = tallies_[tally_of_.at(&question)];
  const std::uint64_t groups = tally.groups.size();
  const std::uint64_t matched = tally.matched;
  switch (question.shape) {
    case Shape::kRows:
      return {question.limit == 0 ? matched : std::min(matched, question.limit), std::nullopt};
    case Shape::kCount:
    case Shape::kQuantiles:
      return {1, matched};
    case Shape::kCountByLabel:
    case Shape::kCountByMinute:
    case Shape::kLabelValues:
      return {groups, matched};
    case Shape::kTopValues:
      return {std::min(groups, question.limit), most(tally.groups, question.limit)};
    case Shape::kHistogram:
      return {std::nullopt, matched};
    case Shape::kContext:
      break;
  }
  return {};
}

}  // namespace duramen::bench
