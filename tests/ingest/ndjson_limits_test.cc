#include <gmock/gmock.h>

#include "ingest/ndjson.h"
#include "tests/ingest/ingest_testing.h"

namespace duramen::ingest {
namespace {

using testing::build_options;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kNow;
using testing::row_of;
using ::testing::SizeIs;

ParsedBody parse(const std::string& body, const BuildOptions& options) {
  auto parsed = parse_ndjson(body, options);
  EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
  if (!parsed) return {};
  EXPECT_TRUE(parsed->records->check());
  return *std::move(parsed);
}

std::string repeat(const std::string& text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(NdjsonLimits, FieldsOfARecord) {
  BuildOptions options = build_options();
  options.limits.fields_per_record = 3;
  const ParsedBody parsed = parse(
      "{\"log\":\"x\",\"b\":1,\"c\":{\"d\":1}}\n{\"a\":1,\"b\":1,\"c\":1,\"d\":1}\n", options);
  EXPECT_EQ(parsed.accepted, 1U);
  ASSERT_THAT(parsed.errors, SizeIs(1));
  EXPECT_EQ(parsed.errors[0].line, 2U);
  EXPECT_THAT(parsed.errors[0].reason, HasSubstr("more than 3 fields"));
}

TEST(NdjsonLimits, DifferentFieldNamesOfARequest) {
  std::string body;
  for (std::size_t i = 0; i < kMaxNames + 10; ++i) body += "{\"key" + std::to_string(i) + "\":1}\n";
  body += "{\"key0\":2}\n";
  const ParsedBody parsed = parse(body, build_options());
  EXPECT_LE(parsed.accepted, kMaxNames);
  EXPECT_GT(parsed.accepted, kMaxNames - 200);
  EXPECT_EQ(parsed.accepted + parsed.rejected, kMaxNames + 11);
  EXPECT_THAT(parsed.errors[0].reason, HasSubstr("one name too many"));
  EXPECT_EQ(row_of(*parsed.records, parsed.records->rows() - 1).json_fields.at("key0"), "2");
}

TEST(NdjsonLimits, LengthOfAFieldName) {
  const ParsedBody parsed =
      parse("{\"" + std::string(kMaxNameBytes, 'n') + "\":1}\n{\"" +
                std::string(kMaxNameBytes + 1, 'n') + "\":{\"x\":[1]}}\n{\"" +
                std::string(600, 'a') + "\":{\"" + std::string(600, 'b') + "\":1}}",
            build_options());
  EXPECT_EQ(parsed.accepted, 1U);
  ASSERT_THAT(parsed.errors, SizeIs(2));
  EXPECT_THAT(parsed.errors[0].reason, HasSubstr("a field name of 1025 bytes"));
  EXPECT_THAT(parsed.errors[1].reason, HasSubstr("a field name of 1201 bytes"));
}

TEST(NdjsonLimits, StreamsOfARequestBecomeFieldsAndNothingIsLost) {
  BuildOptions options = build_options();
  options.limits.streams_per_request = 2;
  const ParsedBody parsed = parse(
      "{\"host\":\"a\",\"log\":\"1\"}\n{\"host\":\"b\",\"log\":\"2\"}\n{\"host\":\"c\",\"log\":"
      "\"3\"}\n"
      "{\"host\":\"d\",\"log\":\"4\"}\n{\"host\":\"a\",\"log\":\"5\"}\n",
      options);
  EXPECT_EQ(parsed.accepted, 5U);
  EXPECT_EQ(row_of(*parsed.records, 2).fields.at("host"), "c");
  EXPECT_EQ(row_of(*parsed.records, 4).labels.at("host"), "a");
  EXPECT_EQ(parsed.records->streams.size(), 3U);
  EXPECT_THAT(to_warnings(parsed.counts, options),
              ElementsAre(HasSubstr("the labels of 2 records")));
}

TEST(NdjsonLimits, LongFieldValueIsRejectedWithAdvice) {
  BuildOptions options = build_options();
  options.limits.line_bytes = 10;
  const ParsedBody parsed = parse("{\"f\":\"12345678901\"}\n{\"f\":\"1234567890\"}", options);
  EXPECT_EQ(parsed.accepted, 1U);
  EXPECT_THAT(parsed.errors.at(0).reason,
              HasSubstr("field 'f' has 11 bytes, more than ingest.line_bytes = 10"));
}

TEST(NdjsonLimits, LongMessageIsSplitIntoPartsThatConcatenate) {
  BuildOptions options = build_options();
  options.limits.line_bytes = 10;
  const std::string message = "0123456789abcdefghij\xC3\xA9xyz\xE2\x82\xAC\xF0\x9F\x98\x80 end";
  const ParsedBody parsed =
      parse("{\"host\":\"h\",\"n\":1,\"log\":\"" + message + "\"}\n{\"log\":\"" + message +
                "\"}\n{\"log\":\"0123456789\"}",
            options);
  EXPECT_EQ(parsed.accepted, 3U);
  EXPECT_EQ(parsed.counts.split, 2U);
  const std::size_t rows = parsed.records->rows();
  ASSERT_EQ(rows % 2, 1U);
  const std::size_t parts = rows / 2;
  std::string joined;
  const std::string id = row_of(*parsed.records, 0).fields.at("_part_id");
  for (std::size_t i = 0; i < parts; ++i) {
    const auto row = row_of(*parsed.records, i);
    EXPECT_LE(row.message.size(), 10U);
    EXPECT_EQ(row.labels.at("host"), "h");
    EXPECT_EQ(row.json_fields.at("_part"), std::to_string(i + 1));
    EXPECT_EQ(row.json_fields.at("_parts"), std::to_string(parts));
    EXPECT_EQ(row.fields.at("_part_id"), id);
    EXPECT_EQ(row.json_fields.count("n"), i == 0 ? 1U : 0U);
    joined += row.message;
  }
  EXPECT_EQ(joined, message);
  EXPECT_EQ(row_of(*parsed.records, 2).message, "\xC3\xA9xyz\xE2\x82\xAC")
      << "cut between characters";
  EXPECT_NE(row_of(*parsed.records, parts).fields.at("_part_id"), id);
  EXPECT_EQ(row_of(*parsed.records, rows - 1).message, "0123456789");
  EXPECT_THAT(to_warnings(parsed.counts, options),
              ElementsAre(HasSubstr("2 messages longer than")));
}

TEST(NdjsonLimits, PartsOfAMillionBytesComeTogetherAgain) {
  std::string message;
  for (int i = 0; message.size() < 3'500'000; ++i)
    message += "word " + std::to_string(i * 7919) + ' ';
  const ParsedBody parsed = parse("{\"log\":\"" + message + "\"}", build_options());
  EXPECT_EQ(parsed.records->rows(), 4U);
  EXPECT_EQ(parsed.records->messages, message);
}

TEST(NdjsonLimits, PartsOfBytesThatAreNotUtf8AreCutAtTheLimit) {
  BuildOptions options = build_options();
  options.limits.line_bytes = 3;
  const ParsedBody parsed = parse("{\"_msg_base64\":\"gICAgICAgIA=\"}", options);  // 8 times 0x80
  EXPECT_EQ(parsed.records->rows(), 3U);
  EXPECT_EQ(parsed.records->messages, std::string(8, '\x80'));
}

TEST(NdjsonLimits, PartFieldsOfTheSenderAreKeptUnlessTheLineMustBeSplit) {
  BuildOptions options = build_options();
  options.limits.line_bytes = 3;
  const ParsedBody parsed =
      parse("{\"log\":\"abc\",\"_part\":1}\n{\"log\":\"abcd\",\"_part\":1}", options);
  EXPECT_EQ(parsed.accepted, 1U);
  EXPECT_EQ(row_of(*parsed.records, 0).json_fields.at("_part"), "1");
  EXPECT_THAT(parsed.errors.at(0).reason, HasSubstr("'_part' is needed by Duramen"));
}

TEST(NdjsonLimits, NamedErrorsAreBoundedAndAllAreCounted) {
  BuildOptions options = build_options();
  options.limits.reported_errors = 5;
  const ParsedBody parsed = parse(repeat("x\n", 1000) + "{\"log\":\"good\"}", options);
  EXPECT_EQ(parsed.rejected, 1000U);
  EXPECT_EQ(parsed.rejected_by_reason[static_cast<std::size_t>(RejectReason::kNotJson)], 1000U);
  EXPECT_THAT(parsed.errors, SizeIs(5));
  EXPECT_EQ(parsed.accepted, 1U);
}

TEST(NdjsonLimits, RecordsOfARequest) {
  const auto parsed = parse_ndjson(repeat("{}\n", kMaxRecords + 1), build_options());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kOutOfRange);
  EXPECT_THAT(parsed.error().message, HasSubstr("more than 4194304 records"));
}

TEST(NdjsonLimits, DepthOfNesting) {
  const auto nested = [](const std::string& open, const std::string& close, std::size_t depth) {
    return "{\"x\":" + repeat(open, depth) + "1" + repeat(close, depth) + "}";
  };
  for (const auto& [open, close] :
       {std::pair<std::string, std::string>{"[", "]"}, {"{\"a\":", "}"}}) {
    EXPECT_EQ(parse(nested(open, close, 60), build_options()).accepted, 1U);
    const ParsedBody deep =
        parse(nested(open, close, 100'000) + "\n{\"log\":\"x\"}", build_options());
    EXPECT_EQ(deep.accepted, 1U);
    EXPECT_THAT(deep.errors.at(0).reason, HasSubstr("nested deeper than 64 levels"));
  }
}

}  // namespace
}  // namespace duramen::ingest
