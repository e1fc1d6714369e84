#include "tools/bench/corpus.h"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/time_text.h"
#include "tools/bench/texts.h"

namespace duramen::bench {
namespace {

using nlohmann::json;

std::string corpus_text(const CorpusOptions& options, std::uint64_t records) {
  Corpus corpus(options);
  std::string out;
  while (corpus.records() < records) corpus.append_record(out);
  return out;
}

CorpusOptions options(std::uint64_t seed = 1, std::uint64_t ids = 1000) {
  CorpusOptions out;
  out.seed = seed;
  out.ids = ids;
  out.start = *parse_rfc3339("2026-01-15T08:00:00Z");
  return out;
}

std::vector<json> parsed(const std::string& text) {
  std::vector<json> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    out.push_back(json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  return out;
}

TEST(Corpus, SeedDecidesEveryByte) {
  EXPECT_EQ(corpus_text(options(1), 2000), corpus_text(options(1), 2000));
  EXPECT_NE(corpus_text(options(1), 100), corpus_text(options(2), 100));
}

TEST(Corpus, RecordsLookLikeThoseOfAContainerHost) {
  Corpus corpus(options());
  std::string text;
  while (corpus.records() < 20'000) corpus.append_record(text);
  std::set<std::string> names;
  std::set<std::string> containers;
  std::map<std::string, int> sources;
  std::uint64_t message_bytes = 0;
  int json_messages = 0;
  int trace_lines = 0;
  TimeNs previous = 0;
  for (const json& record : parsed(text)) {
    ASSERT_EQ(record.size(), 6U);
    const auto time = parse_rfc3339(record["time"].get<std::string>());
    ASSERT_TRUE(time);
    ASSERT_GT(*time, previous);
    previous = *time;
    ASSERT_EQ(record["container_id"].get<std::string>().size(), 64U);
    containers.insert(record["container_name"].get<std::string>());
    names.insert(record["tag"].get<std::string>());
    ++sources[record["source"].get<std::string>()];
    const auto log = record["log"].get<std::string>();
    message_bytes += log.size();
    json_messages += json::accept(log) ? 1 : 0;
    trace_lines += log.starts_with("\tat ") ? 1 : 0;
  }
  EXPECT_EQ(names.size(), 16U);
  EXPECT_EQ(containers.size(), 48U);
  EXPECT_GT(sources["stderr"], 1000);
  EXPECT_GT(sources["stdout"], 15'000);
  EXPECT_GT(json_messages, 2000);
  EXPECT_GT(trace_lines, 50);
  EXPECT_EQ(corpus.message_bytes(), message_bytes);
  EXPECT_NEAR(static_cast<double>(text.size()) / 20'000, 380, 10) << "bytes a line";
  EXPECT_NEAR(static_cast<double>(message_bytes) / 20'000, 138, 8) << "bytes a message";
}

TEST(Corpus, CardinalityOfIdsIsAsAsked) {
  const auto ids = [](std::uint64_t wanted) {
    std::set<std::string> seen;
    for (const json& record : parsed(corpus_text(options(3, wanted), 20'000))) {
      const json log = json::parse(record["log"].get<std::string>(), nullptr, false);
      if (log.is_object() && log.contains("request_id")) seen.insert(log["request_id"]);
    }
    return seen.size();
  };
  EXPECT_LE(ids(50), 50U);
  EXPECT_GE(ids(50), 45U);
  EXPECT_GT(ids(1000), 600U);
  EXPECT_GT(ids(0), 1000U);
}

TEST(Corpus, EveryVariableOfATextIsKnown) {
  const std::set<char> known = {'u', 'h', 'i', 'U', 'o', 'p', 'd', 'n', 'N',
                                'x', 'f', 's', 'w', 'a', 't', 'T', '%'};
  const auto check = [&](std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%') continue;
      ASSERT_LT(i + 1, text.size()) << text;
      EXPECT_EQ(known.count(text[++i]), 1U) << text;
    }
  };
  for (const auto& service : text_services()) {
    for (const auto& from : service.templates) {
      check(from.text);
      EXPECT_LT(from.trace, static_cast<int>(text_traces().size()));
    }
  }
  for (const auto& trace : text_traces()) {
    for (const auto line : trace) check(line);
  }
}

}  // namespace
}  // namespace duramen::bench
