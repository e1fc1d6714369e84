#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/json_text.h"
#include "ingest/ndjson.h"
#include "tests/ingest/ingest_testing.h"

namespace duramen::ingest {
namespace {

using nlohmann::json;
using testing::build_options;
using testing::kNow;
using testing::Row;
using testing::rows_of;

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

std::string random_text(Random& random, std::size_t max) {
  static const std::vector<std::string> kPieces = {"a",
                                                   "Z",
                                                   "7",
                                                   " ",
                                                   "\"",
                                                   "\\",
                                                   "/",
                                                   "\n",
                                                   "\t",
                                                   std::string(1, '\0'),
                                                   "\x1f",
                                                   "\x7f",
                                                   "\xC3\xA9",
                                                   "\xE2\x82\xAC",
                                                   "\xF0\x9F\x98\x80",
                                                   "word",
                                                   "{\"k\":1}",
                                                   "0123456789abcdef"};
  std::string out;
  for (std::size_t n = below(random, max); n > 0; --n)
    out += kPieces[below(random, kPieces.size())];
  return out;
}

/// A JSON string with every character written in a random legal way.
std::string random_json_string(Random& random, const std::string& text) {
  if (below(random, 2) == 0) {
    std::string out;
    append_json_string(out, text);
    return out;
  }
  const std::string ascii = json(text).dump(-1, ' ', true);  // \u escapes and surrogate pairs
  std::string out;
  for (const char c : ascii) {
    if (c == '/' && below(random, 2) == 0) out += '\\';
    out += c;
  }
  return out;
}

std::string space(Random& random) {
  static const std::vector<std::string> kSpaces = {"", "", "", " ", "\t", "\r", "  "};
  return kSpaces[below(random, kSpaces.size())];
}

struct Made {
  Row row;
  std::string line;
};

Made random_record(Random& random) {
  static const std::vector<std::string> kValues = {
      "0", "-1.5e300", "true", "false", "[]", "[1,[null]]", "{}", "123456789012345678901234567890"};
  Made made;
  made.row.time = kNow;
  std::vector<std::string> members;
  const auto member = [&](const std::string& name, const std::string& value) {
    members.push_back(space(random) + random_json_string(random, name) + space(random) + ":" +
                      space(random) + value + space(random));
  };
  made.row.message = random_text(random, 30);
  member("log", random_json_string(random, made.row.message));
  for (const char* label : {"host", "app", "container_name"}) {
    if (below(random, 2) == 0) continue;
    const std::string value = random_text(random, 4);
    if (!value.empty()) made.row.labels[label] = value;
    member(label, random_json_string(random, value));
  }
  for (std::size_t i = 0, n = below(random, 5); i < n; ++i) {
    const std::string name = "f" + std::to_string(i) + random_text(random, 3);
    if (below(random, 2) == 0) {
      const std::string value = random_text(random, 10);
      if (!value.empty()) made.row.fields[name] = value;
      member(name, random_json_string(random, value));
    } else if (below(random, 4) == 0) {
      const std::string inner = random_text(random, 3);
      const std::string value = "v" + random_text(random, 3);
      made.row.fields[name + "." + inner] = value;
      member(name, "{" + space(random) + random_json_string(random, inner) + ":" +
                       random_json_string(random, value) + "}");
    } else {
      const std::string value = kValues[below(random, kValues.size())];
      made.row.json_fields[name] = value;
      member(name, value);
    }
  }
  std::shuffle(members.begin(), members.end(), random);
  made.line = "{";
  for (std::size_t i = 0; i < members.size(); ++i) made.line += (i == 0 ? "" : ",") + members[i];
  made.line += "}";
  return made;
}

TEST(NdjsonProperty, RandomRowsComeBackFromJson) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::vector<Row> rows;
    std::string body;
    for (std::size_t n = 1 + below(random, 40); n > 0; --n) {
      const Made made = random_record(random);
      rows.push_back(made.row);
      body += made.line + (below(random, 3) == 0 ? " \r\n" : "\n");
    }
    const auto parsed = parse_ndjson(body, build_options());
    ASSERT_TRUE(parsed);
    ASSERT_TRUE(parsed->records->check());
    ASSERT_EQ(parsed->rejected, 0U) << parsed->errors[0].reason << "\n" << body;
    ASSERT_EQ(rows_of(*parsed->records), rows) << body;

    // The same records as an array over lines.
    std::string array = "[";
    for (std::size_t at = 0; at < body.size(); ++at) {
      array += body[at] == '\n' && at + 1 < body.size() ? ",\n" : std::string(1, body[at]);
    }
    const auto from_array = parse_ndjson(array + "]", build_options());
    ASSERT_TRUE(from_array) << from_array.error().message;
    ASSERT_EQ(rows_of(*from_array->records), rows);
  }
}

TEST(NdjsonProperty, RowsWrittenAsJsonAreReadBackTheSame) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::string body;
    for (std::size_t n = 1 + below(random, 20); n > 0; --n)
      body += random_record(random).line + "\n";
    const auto first = parse_ndjson(body, build_options());
    ASSERT_TRUE(first);
    std::string written;
    for (std::size_t i = 0; i < first->records->rows(); ++i)
      append_ndjson_row(written, *first->records, i);
    const auto second = parse_ndjson(written, build_options());
    ASSERT_TRUE(second);
    ASSERT_EQ(rows_of(*second->records), rows_of(*first->records)) << written;
  }
}

/// A line of container labels as long as real ones, from few values, so that they repeat; now and
/// then with something that breaks the pattern.
std::string random_labelled_line(Random& random) {
  const std::string container =
      "k8s_service-" + std::to_string(below(random, 5)) + std::string(40, 'x');
  std::vector<std::string> labels = {
      R"("container_name":")" + container + "\"",
      R"("container_id":")" + std::string(64, "ab"[below(random, 2)]) + "\"",
      R"("source":")" + std::string(below(random, 2) == 0 ? "stdout" : "stderr") + "\"",
      R"("tag":")" + std::string(below(random, 3), 't') + "\""};
  static const std::vector<std::string> kBreaks = {
      R"("host":"h")",  R"("host":7)",      R"("container_id":"again")", R"("app":"\u0061pp")",
      R"("a":{"b":1})", R"("n":null)",      R"("image":{"tag":"x"})",    R"("tag" : "spaced")",
      R"("bad":"\q")",  R"("time":"never")"};
  std::vector<std::string> members = {R"("time":"2026-11-21T09:5)" +
                                      std::to_string(below(random, 10)) + R"(:01.)" +
                                      std::to_string(below(random, 1'000'000'000)) + "Z\""};
  members.insert(members.end(), labels.begin(), labels.end());
  members.push_back(R"("log":"text )" + std::to_string(below(random, 3)) + "\"");
  if (below(random, 4) == 0) {
    const std::size_t at = below(random, members.size() + 1);
    members.insert(members.begin() + static_cast<std::ptrdiff_t>(at),
                   kBreaks[below(random, kBreaks.size())]);
  }
  if (below(random, 10) == 0)
    members.erase(members.begin() + static_cast<std::ptrdiff_t>(below(random, members.size())));
  if (below(random, 10) == 0) std::shuffle(members.begin(), members.end(), random);
  std::string line = "{";
  for (std::size_t i = 0; i < members.size(); ++i) line += (i == 0 ? "" : ",") + members[i];
  return line + "}";
}

/// What is remembered from line to line must not change what a line means.
TEST(NdjsonProperty, LinesMeanTheSameTogetherAndAlone) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    BuildOptions options = build_options();
    options.limits.reported_errors = 100'000;
    if (seed % 3 == 0) options.limits.fields_per_record = 6;
    std::string body;
    std::vector<Row> rows;
    std::vector<std::string> reasons;
    const std::size_t lines = seed % 10 == 0 ? 3000 : 300;
    for (std::size_t n = 0; n < lines; ++n) {
      const std::string line = random_labelled_line(random);
      body += line + "\n";
      const auto alone = parse_ndjson(line, options);
      ASSERT_TRUE(alone);
      for (Row& row : rows_of(*alone->records)) rows.push_back(std::move(row));
      for (const auto& error : alone->errors) reasons.push_back(error.reason);
    }
    const auto together = parse_ndjson(body, options);
    ASSERT_TRUE(together);
    ASSERT_TRUE(together->records->check());
    ASSERT_EQ(rows_of(*together->records), rows);
    std::vector<std::string> reasons_together;
    for (const auto& error : together->errors) reasons_together.push_back(error.reason);
    ASSERT_EQ(reasons_together, reasons);
    std::set<std::string> streams;
    for (const auto& labels : together->records->streams) streams.insert(labels.canonical());
    ASSERT_EQ(streams.size(), together->records->streams.size()) << "a stream has two numbers";
  }
}

enum class Judgement { kGood, kBad, kBeyondIt };

/// What the other parser says. It does not take numbers that a double cannot hold and halves of
/// surrogate pairs; the grammar does.
Judgement judge(const std::string& text) {
  constexpr int kNumberOverflow = 406;
  try {
    const json parsed = json::parse(text);
    return parsed.is_object() ? Judgement::kGood : Judgement::kBad;
  } catch (const json::exception& e) {
    const bool beyond = e.id == kNumberOverflow ||
                        std::string_view(e.what()).find("surrogate") != std::string_view::npos;
    return beyond ? Judgement::kBeyondIt : Judgement::kBad;
  }
}

/// Another parser judges the same texts: what we take must be JSON, and JSON must be taken.
TEST(NdjsonProperty, AcceptsExactlyTheJsonThatAnotherParserAccepts) {
  std::size_t good = 0;
  std::size_t bad = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Random random(seed);
    std::string line = random_record(random).line;
    for (std::size_t n = below(random, 3); n > 0; --n) {
      static const std::string kBytes = "\"\\{}[],:0129eE+-.tfnu \x01\x80\xC3\xF5z";
      const std::size_t at = below(random, line.size());
      switch (below(random, 3)) {
        case 0:
          line[at] = kBytes[below(random, kBytes.size())];
          break;
        case 1:
          line.erase(at, 1 + below(random, 3));
          break;
        default:
          line.insert(at, 1, kBytes[below(random, kBytes.size())]);
      }
      if (line.empty()) line = "x";
    }
    if (line.find_first_not_of(" \t\r") == std::string::npos ||
        line[line.find_first_not_of(" \t\r")] != '{') {
      continue;
    }
    const auto parsed = parse_ndjson(line, build_options());
    ASSERT_TRUE(parsed);
    const auto syntax = parsed->rejected_by_reason[static_cast<std::size_t>(RejectReason::kSyntax)];
    const Judgement other = judge(line);
    if (other == Judgement::kBeyondIt) continue;
    if (other == Judgement::kGood) {
      EXPECT_EQ(syntax, 0U) << "seed " << seed << ": " << line << "\n"
                            << parsed->errors.at(0).reason;
      ++good;
    } else {
      // Two objects in one line, or a record rejected for something else first.
      EXPECT_GT(parsed->rejected + (parsed->accepted > 1 ? 1 : 0), 0U)
          << "seed " << seed << ": " << line;
      ++bad;
    }
  }
  EXPECT_GT(good, 5000U);
  EXPECT_GT(bad, 2000U);
}

TEST(NdjsonProperty, AnyBytesAreParsedWithoutHarm) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Random random(seed);
    std::string body;
    for (std::size_t n = below(random, 200); n > 0; --n) {
      body += below(random, 3) == 0 ? static_cast<char>(below(random, 256))
                                    : "{}[]\":,\n\\u0a1-."[below(random, 16)];
    }
    const auto parsed = parse_ndjson(body, build_options());
    if (parsed) {
      ASSERT_TRUE(parsed->records->check()) << seed;
      ASSERT_LE(parsed->accepted + parsed->rejected, body.size());
    }
  }
}

TEST(NdjsonProperty, EveryTruncationKeepsTheWholeLinesBeforeIt) {
  Random random(7);
  std::string body;
  std::vector<std::size_t> ends;
  for (int i = 0; i < 12; ++i) {
    body += random_record(random).line;
    ends.push_back(body.size());
    body += "\n";
  }
  for (std::size_t size = 1; size <= body.size(); ++size) {
    const auto parsed = parse_ndjson(body.substr(0, size), build_options());
    ASSERT_TRUE(parsed);
    std::size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= size) ++whole;
    const bool cut = whole < ends.size() && size > (whole == 0 ? 0 : ends[whole - 1] + 1);
    ASSERT_EQ(parsed->accepted, whole) << size;
    ASSERT_EQ(parsed->rejected, cut ? 1U : 0U) << size;
    if (cut) {
      ASSERT_EQ(parsed->errors.at(0).line, whole + 1);
    }
  }
}

}  // namespace
}  // namespace duramen::ingest
