#include "tools/bench/query_list.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

#include "tools/bench/records.h"
#include "tools/bench/texts.h"

namespace duramen::bench {
namespace {

using Format = ParsedField::Format;

constexpr std::size_t kPrefixLetters = 4;
constexpr std::size_t kMostShiftSeconds = 60;
constexpr std::int64_t kSlowMs = 500;
constexpr std::int64_t kLongQueueMs = 100;
constexpr std::uint64_t kTopValues = 10;
constexpr std::uint64_t kContextLines = 10;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What some services say, word by word: at least two words.
std::vector<std::string> phrase_words(std::size_t i) {
  std::vector<std::string> words;
  for_each_token(text_words()[i % text_words().size()],
                 [&](std::string_view token) { words.emplace_back(token); });
  return words;
}

Pattern with_ending(const std::string& first, const std::string& second) {
  return {"/" + first + "(s|ed)? " + second + "/", [first, second](std::string_view message) {
            const auto has = [&](const std::string& part) {
              return message.find(part) != std::string_view::npos;
            };
            return has(first) && (has(first + " " + second) || has(first + "s " + second) ||
                                  has(first + "ed " + second));
          }};
}

/// A whole word and a blank, and letters behind it.
Pattern with_whole_word(const std::string& word) {
  return {"/ " + word + " [a-z]+/", [part = " " + word + " "](std::string_view message) {
            for (std::size_t at = message.find(part); at != std::string_view::npos;
                 at = message.find(part, at + 1)) {
              const std::size_t next = at + part.size();
              if (next < message.size() && is_lower(message[next])) return true;
            }
            return false;
          }};
}

/// Nothing that could be looked up: digits and a blank, and `letters` letters somewhere behind.
Pattern without_literal(std::size_t letters) {
  return {"/[0-9]{3} .*[a-z]{" + std::to_string(letters) + "}/",
          [letters](std::string_view message) {
            std::size_t digits = 0;
            std::size_t i = 0;
            while (i < message.size() && !(digits >= 3 && message[i] == ' ')) {
              digits = is_digit(message[i++]) ? digits + 1 : 0;
            }
            std::size_t run = 0;
            for (; i < message.size() && run < letters; ++i) {
              run = is_lower(message[i]) ? run + 1 : 0;
            }
            return run >= letters;
          }};
}

RecordFilter with_phrases(std::vector<std::string> phrases) {
  RecordFilter out;
  out.phrases = std::move(phrases);
  return out;
}

RecordFilter with_prefix(std::string prefix) {
  RecordFilter out;
  out.prefix = std::move(prefix);
  return out;
}

RecordFilter with_pattern(Pattern pattern) {
  RecordFilter out;
  out.pattern = std::move(pattern);
  return out;
}

RecordFilter with_tag(std::string_view tag) {
  RecordFilter out;
  out.label = "tag";
  out.label_value = "shop." + std::string(tag);
  return out;
}

class ListMaker {
 public:
  ListMaker(const Terms& terms, std::size_t variants) : terms_(terms), variants_(variants) {}

  std::vector<BenchQuery> make() && {
    add_lookups();
    add_words();
    add_regexes();
    add_labels();
    add_parsed();
    add_wholes();
    add_ranges();
    return std::move(list_);
  }

 private:
  void add(std::string name, const std::function<Question(std::size_t)>& question) {
    BenchQuery query{std::move(name), {}};
    for (std::size_t i = 0; i < variants_; ++i) query.questions.push_back(question(i));
    list_.push_back(std::move(query));
  }
  void add_phrases(std::string name, Shape shape, const std::vector<std::string>& terms) {
    add(std::move(name),
        [&](std::size_t i) { return asking(shape, with_phrases({terms[i % terms.size()]})); });
  }
  static Question asking(Shape shape, RecordFilter filter) {
    Question out;
    out.shape = shape;
    out.filter = std::move(filter);
    return out;
  }
  /// Of all records: a range around them that is another one each time.
  Question of_all(Shape shape, std::size_t i, RecordFilter filter = {}) const {
    Question out = asking(shape, std::move(filter));
    out.range = TimeRange{terms_.first - shift(i + 1), terms_.last + shift(i + 1)};
    return out;
  }
  /// Of a tenth of the time in the middle.
  Question of_tenth(Shape shape, std::size_t i, RecordFilter filter) const {
    Question out = asking(shape, std::move(filter));
    const TimeNs tenth = (terms_.last - terms_.first) / 10;
    const TimeNs start = terms_.first + tenth / 2 * 9 + shift(i);
    out.range = TimeRange{start, start + tenth};
    return out;
  }
  static TimeNs shift(std::size_t i) {
    return static_cast<TimeNs>(i % kMostShiftSeconds) * kNsPerSecond;
  }
  const std::string& word(std::size_t i) const { return terms_.words[i % terms_.words.size()]; }

  void add_lookups() {
    add_phrases("absent word", Shape::kRows, terms_.absent_words);
    add_phrases("absent token", Shape::kRows, terms_.absent_tokens);
    add_phrases("trace id", Shape::kRows, terms_.traces);
    add_phrases("uuid", Shape::kRows, terms_.uuids);
    add_phrases("address", Shape::kRows, terms_.addresses);
    add_phrases("address count", Shape::kCount, terms_.addresses);
    add("context", [&](std::size_t i) {
      Question out =
          asking(Shape::kContext, with_phrases({terms_.traces[i % terms_.traces.size()]}));
      out.limit = kContextLines;
      return out;
    });
  }

  void add_words() {
    add_phrases("word count", Shape::kCount, terms_.words);
    add_phrases("word newest", Shape::kRows, terms_.words);
    add("two words", [&](std::size_t i) {
      const auto words = phrase_words(i);
      return asking(Shape::kCount, with_phrases({words.front(), words.back()}));
    });
    add("phrase", [&](std::size_t i) {
      const auto words = phrase_words(i);
      return asking(Shape::kCount, with_phrases({words[0] + " " + words[1]}));
    });
    add("prefix", [&](std::size_t i) {
      return asking(Shape::kCount, with_prefix(word(i).substr(0, kPrefixLetters)));
    });
  }

  void add_regexes() {
    add("regex literal", [&](std::size_t i) {
      const auto words = phrase_words(i);
      return asking(Shape::kCount, with_pattern(with_ending(words[0], words[1])));
    });
    add("regex whole word", [&](std::size_t i) {
      return asking(Shape::kCount, with_pattern(with_whole_word(phrase_words(i)[1])));
    });
    add("regex scan",
        [&](std::size_t i) { return of_all(Shape::kCount, i, with_pattern(without_literal(9))); });
  }

  static RecordFilter of_service(std::size_t i) {
    return with_tag(text_services()[i % text_services().size()].tag);
  }

  void add_labels() {
    add("label newest", [&](std::size_t i) { return asking(Shape::kRows, of_service(i)); });
    add("label count", [&](std::size_t i) { return asking(Shape::kCount, of_service(i)); });
    add("label and word", [&](std::size_t i) {
      RecordFilter filter = of_service(i);
      filter.phrases = {"error"};
      return asking(Shape::kRows, std::move(filter));
    });
    add("label values", [&](std::size_t i) { return by_tag(Shape::kLabelValues, i); });
  }
  Question by_tag(Shape shape, std::size_t i) const {
    Question out = of_all(shape, i);
    out.label = "tag";
    return out;
  }

  void add_parsed() {
    const auto at_least = [](std::int64_t least, std::size_t i) {
      return least + static_cast<std::int64_t>(i);
    };
    add("json number", [&](std::size_t i) {
      Question out = asking(Shape::kCount, {});
      out.parsed = {Format::kJson, "duration_ms", at_least(kSlowMs, i)};
      return out;
    });
    add("logfmt number", [&](std::size_t i) {
      Question out = asking(Shape::kRows, with_tag("notifier"));
      out.parsed = {Format::kLogfmt, "queue_ms", at_least(kLongQueueMs, i)};
      return out;
    });
    add("json quantiles", [&](std::size_t i) {
      Question out = of_all(Shape::kQuantiles, i);
      out.parsed = {Format::kJson, "duration_ms", std::nullopt};
      return out;
    });
    add("json top values", [&](std::size_t i) {
      Question out = of_all(Shape::kTopValues, i, with_tag("gateway"));
      out.parsed = {Format::kJson, "path", std::nullopt};
      out.limit = kTopValues;
      return out;
    });
  }

  void add_wholes() {
    add("newest", [&](std::size_t i) { return of_all(Shape::kRows, i); });
    add("count", [&](std::size_t i) { return of_all(Shape::kCount, i); });
    add("count by label", [&](std::size_t i) { return by_tag(Shape::kCountByLabel, i); });
    add("count by minute", [&](std::size_t i) { return of_all(Shape::kCountByMinute, i); });
    add("hits",
        [&](std::size_t i) { return of_all(Shape::kHistogram, i, with_phrases({word(i)})); });
    add("export", [&](std::size_t i) {
      Question out = of_all(Shape::kRows, i);
      out.limit = 0;
      return out;
    });
  }

  void add_ranges() {
    add("tenth, word",
        [&](std::size_t i) { return of_tenth(Shape::kCount, i, with_phrases({word(i)})); });
    add("tenth, newest",
        [&](std::size_t i) { return of_tenth(Shape::kRows, i, with_phrases({word(i)})); });
    add("tenth, by minute", [&](std::size_t i) { return of_tenth(Shape::kCountByMinute, i, {}); });
  }

  const Terms& terms_;
  std::size_t variants_;
  std::vector<BenchQuery> list_;
};

}  // namespace

std::vector<BenchQuery> make_query_list(const Terms& terms, std::size_t variants) {
  return ListMaker(terms, variants).make();
}

}  // namespace duramen::bench
