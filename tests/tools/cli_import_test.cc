#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/compression.h"
#include "base/json_text.h"
#include "base/time_text.h"
#include "tests/base/temporary_directory.h"
#include "tools/cli/batches.h"
#include "tools/cli/input.h"
#include "tools/cli/line_times.h"
#include "tools/cli/sender.h"
#include "tools/cli/zone.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class CliBatches : public testing::Test {
 protected:
  std::unique_ptr<BatchReader> reader(const std::string& bytes, BatchOptions options = {}) {
    const std::string path = directory_.file("input");
    std::ofstream(path, std::ios::binary) << bytes;
    auto input = Input::open(path);
    EXPECT_TRUE(input) << input.error().message;
    return std::make_unique<BatchReader>(std::move(*input), std::move(options));
  }

  static std::vector<Batch> all(BatchReader& from) {
    std::vector<Batch> out;
    while (true) {
      auto batch = from.next();
      EXPECT_TRUE(batch) << batch.error().message;
      if (!batch || !*batch) return out;
      out.push_back(**std::move(batch));
    }
  }

  /// The messages that the daemon will store, as bytes.
  static std::vector<std::string> messages(const std::vector<Batch>& batches) {
    std::vector<std::string> out;
    for (const Batch& batch : batches) {
      std::size_t at = 0;
      while (at < batch.body.size()) {
        const std::size_t end = batch.body.find('\n', at);
        const Json row = Json::parse(batch.body.substr(at, end - at));
        std::string bytes;
        if (row.contains("_msg")) bytes = row["_msg"].get<std::string>();
        if (row.contains("_msg_base64")) {
          EXPECT_TRUE(from_base64(row["_msg_base64"].get<std::string>(), bytes));
        }
        out.push_back(bytes);
        at = end + 1;
      }
    }
    return out;
  }

  TemporaryDirectory directory_;
};

TEST_F(CliBatches, TextLinesKeepTheirBytes) {
  const std::string bytes =
      std::string("plain\n\n \r\n\xff\xfe\n\0x\n", 16) + "\"q\\uote\"\ttab\nno end";
  const auto batches = all(*reader(bytes, {.format = LineFormat::kText}));
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_THAT(messages(batches), ElementsAre("plain", "", " \r", "\xff\xfe", std::string("\0x", 2),
                                             "\"q\\uote\"\ttab", "no end"));
  EXPECT_THAT(batches[0].lines, ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_EQ(batches[0].end, bytes.size());
}

TEST_F(CliBatches, AnyBytesComeBackInBatchesOfAnySize) {
  std::string bytes;
  std::vector<std::string> lines;
  unsigned state = 12345;
  for (int i = 0; i < 3000; ++i) {
    std::string line;
    for (unsigned n = (state = state * 1103515245 + 12345) >> 24; n > 0; --n) {
      const char c = static_cast<char>((state = state * 1103515245 + 12345) >> 16);
      if (c != '\n') line.push_back(c);
    }
    bytes += line + "\n";
    lines.push_back(line);
  }
  for (const std::uint64_t size :
       {std::uint64_t{1024}, std::uint64_t{10'000}, std::uint64_t{4} << 20}) {
    const auto batches = all(*reader(bytes, {.format = LineFormat::kText, .batch_bytes = size}));
    EXPECT_EQ(messages(batches), lines);
    std::uint64_t at = 0;
    for (const Batch& batch : batches) {
      EXPECT_EQ(batch.begin, at);
      at = batch.end;
    }
    EXPECT_EQ(at, bytes.size());
  }
}

TEST_F(CliBatches, TheSameFileIsAlwaysCutTheSameWay) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += "line " + std::to_string(i) + "\n";
  const BatchOptions options{.format = LineFormat::kText, .batch_bytes = 5000};
  const auto first = all(*reader(bytes, options));
  const auto second = all(*reader(bytes, options));
  ASSERT_EQ(first.size(), second.size());
  ASSERT_GT(first.size(), 10U);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].body, second[i].body);
}

TEST_F(CliBatches, TheFormatIsSeenInTheFirstLine) {
  auto records = reader("\n{\"a\":1}\n");
  EXPECT_EQ(all(*records)[0].body, "{\"a\":1}\n");
  EXPECT_EQ(records->format(), LineFormat::kNdjson);
  EXPECT_THAT(messages(all(*reader("\n \ntext\n"))), ElementsAre("", " ", "text"));
  EXPECT_THAT(messages(all(*reader("\n\n"))), ElementsAre("", ""));
  auto text = reader("{not json}\n{\"a\":1}\n");
  EXPECT_THAT(messages(all(*text)), ElementsAre("{not json}", "{\"a\":1}"));
  EXPECT_EQ(text->format(), LineFormat::kText);
}

TEST_F(CliBatches, RecordsKeepTheirBytesAndGetLabels) {
  const BatchOptions options{.format = LineFormat::kNdjson, .json_labels = {{"app", "x\"y"}}};
  const auto batches = all(*reader("{\"n\":1.500}\n  { }\n\n[1]\n{bad\n", options));
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].body,
            "{\"app\":\"x\\\"y\",\"n\":1.500}\n{\"app\":\"x\\\"y\" }\n{\"app\":\"x\\\"y\",bad\n");
  EXPECT_THAT(batches[0].lines, ElementsAre(1, 2, 5)) << "the blank line keeps its number";
  EXPECT_THAT(batches[0].refused, ElementsAre(Pair(4, HasSubstr("not a JSON object"))));
}

TEST_F(CliBatches, ALineThatIsNoObjectIsRefusedHere) {
  const BatchOptions options{.format = LineFormat::kNdjson};
  const auto batches =
      all(*reader("\xEF\xBB\xBF{\"a\":1}\n[INFO] x\n  {\"a\":2}\ntext\n{\"a\":3}\n", options));
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].body, "{\"a\":1}\n  {\"a\":2}\n{\"a\":3}\n");
  EXPECT_THAT(batches[0].lines, ElementsAre(1, 3, 5));
  EXPECT_THAT(batches[0].refused, ElementsAre(Pair(2, HasSubstr("{")), Pair(4, HasSubstr("{"))));
}

TEST_F(CliBatches, RefusedLinesAreBoundedInABatch) {
  std::string bytes;
  for (int i = 0; i < 25'000; ++i) bytes += "x\n";
  const auto batches = all(*reader(bytes, {.format = LineFormat::kNdjson}));
  std::size_t refused = 0;
  for (const Batch& batch : batches) {
    EXPECT_LE(batch.refused.size(), 10'000U);
    refused += batch.refused.size();
  }
  EXPECT_EQ(refused, 25'000U);
  EXPECT_EQ(batches.back().end, bytes.size());
}

TEST_F(CliBatches, ALabelTakesThePlaceOfAMemberOfItsName) {
  const BatchOptions options{.format = LineFormat::kNdjson, .json_labels = {{"env", "t"}}};
  const std::vector<std::pair<std::string, std::string>> samples = {
      {R"({"env":"x","a":1})", R"({"env":"t","a":1})"},
      {R"({"a":1.50, "env" : {"b":["},",{}]} , "c":"\"env\":"})",
       R"({"env":"t","a":1.50,"c":"\"env\":"})"},
      {R"({"a":1,"\u0065nv":"x"})", R"({"env":"t","a":1})"},
      {R"({"env":"x"})", R"({"env":"t"})"},
      {R"({"a":{"env":1}})", R"({"env":"t","a":{"env":1}})"},
      {R"({"a":"env"} tail)", R"({"env":"t","a":"env"} tail)"},
      // What is wrong stays as it is: the daemon says so.
      {R"({"env":"x" "b":2})", R"({"env":"t","env":"x" "b":2})"},
      {R"({"env":"x",})", R"({"env":"t","env":"x",})"},
      {R"({"env":"x")", R"({"env":"t","env":"x")"},
      {R"({"env":)", R"({"env":"t","env":)"},
      {R"({"env)", R"({"env":"t","env)"}};
  for (const auto& [line, wanted] : samples) {
    const auto batches = all(*reader(line + "\n", options));
    ASSERT_EQ(batches.size(), 1U) << line;
    EXPECT_EQ(batches[0].body, wanted + "\n");
  }
}

TEST_F(CliBatches, NoLineMakesARequestOverTheLimit) {
  constexpr std::size_t kLine = 16U << 20;
  std::string bytes;
  for (const char c : {'\1', '"', 'x', '\xff'}) bytes += std::string(kLine, c) + "\n";
  const auto batches =
      all(*reader(bytes, {.format = LineFormat::kText, .batch_bytes = 32ULL << 20}));
  for (const Batch& batch : batches) EXPECT_LE(batch.body.size(), 64U << 20);
  const auto found = messages(batches);
  ASSERT_EQ(found.size(), 4U);
  for (const std::string& message : found) EXPECT_EQ(message.size(), kLine);
  EXPECT_EQ(found[0][kLine - 1], '\1');
}

TEST_F(CliBatches, TextLabelsStandInEveryLine) {
  const BatchOptions options{.format = LineFormat::kText,
                             .text_labels = {{"app", "a"}, {"file", "/f\xff"}}};
  const Json row = Json::parse(all(*reader("x\n", options))[0].body);
  EXPECT_EQ(row["app"], "a");
  EXPECT_EQ(row["file"], "/f\xef\xbf\xbd");
  EXPECT_FALSE(row.contains("_time"));
}

TEST_F(CliBatches, ABatchHasAtMostItsDays) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += std::to_string(1'600'000'000 + i * 86'400) + " x\n";
  BatchOptions options{.format = LineFormat::kText};
  options.line_time = [](std::string_view line) { return parse_unix_time(line.substr(0, 10)); };
  const auto batches = all(*reader(bytes, options));
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].lines.size(), 64U);
  EXPECT_EQ(batches[1].lines.size(), 36U);
}

TEST_F(CliBatches, AnEnormousLineIsRefusedAndTheRestGoesOn) {
  const std::string bytes = "a\n" + std::string(40U << 20, 'x') + "\nb\n";
  const auto batches = all(*reader(bytes, {.format = LineFormat::kText}));
  EXPECT_THAT(messages(batches), ElementsAre("a", "b"));
  std::vector<std::pair<std::uint64_t, std::string>> refused;
  for (const Batch& batch : batches)
    refused.insert(refused.end(), batch.refused.begin(), batch.refused.end());
  EXPECT_THAT(refused, ElementsAre(Pair(2, HasSubstr("16 MiB"))));
  EXPECT_EQ(batches.back().end, bytes.size());
}

TEST_F(CliBatches, CompressedFilesAreUnpacked) {
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += "line " + std::to_string(i * 7919) + "\n";
  const auto plain = messages(all(*reader(bytes, {.format = LineFormat::kText})));
  for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kZstd}) {
    const std::string packed = encode_body(bytes, coding, 3).value();
    EXPECT_EQ(messages(all(*reader(packed, {.format = LineFormat::kText}))), plain);
    const std::string two = packed + encode_body("tail\n", coding, 3).value();
    EXPECT_EQ(messages(all(*reader(two, {.format = LineFormat::kText}))).back(), "tail");
    const std::string cut = packed.substr(0, packed.size() - 5);
    auto broken = reader(cut, {.format = LineFormat::kText});
    auto batch = broken->next();
    while (batch && *batch) batch = broken->next();
    ASSERT_FALSE(batch) << "a cut-off file must not pass for a whole one";
    EXPECT_EQ(batch.error().code, ErrorCode::kDataLoss);
  }
}

TEST_F(CliBatches, AnEmptyFileHasNoBatch) {
  EXPECT_TRUE(all(*reader("")).empty());
  EXPECT_TRUE(all(*reader(encode_body("", ContentCoding::kGzip, 1).value())).empty());
}

TEST_F(CliBatches, AGrownFileGoesOnWhereItEnded) {
  const BatchOptions options{.format = LineFormat::kText};
  const std::string old_part = "one\ntwo\n";
  const ImportPlace place = all(*reader(old_part, options)).back().place;
  auto grown = reader(old_part + "three\n", options);
  ASSERT_TRUE(grown->skip(place));
  const auto batches = all(*grown);
  EXPECT_THAT(messages(batches), ElementsAre("three"));
  EXPECT_THAT(batches[0].lines, ElementsAre(3));
  EXPECT_FALSE(reader("one\ntwX\nthree\n", options)->skip(place)) << "another content";
  EXPECT_FALSE(reader("one\n", options)->skip(place)) << "shorter";
}

TEST_F(CliBatches, AnUnfinishedLastLineWaitsWhereTheFileMayGrow) {
  const BatchOptions options{.format = LineFormat::kText, .may_grow = true};
  auto first = reader("one\ntw", options);
  const auto batches = all(*first);
  EXPECT_THAT(messages(batches), ElementsAre("one"));
  EXPECT_TRUE(first->left_unfinished());
  EXPECT_EQ(batches.back().place.end, 4U);
  auto grown = reader("one\ntwo\n", options);
  ASSERT_TRUE(grown->skip(batches.back().place));
  EXPECT_THAT(messages(all(*grown)), ElementsAre("two"));
  EXPECT_FALSE(grown->left_unfinished());
  EXPECT_TRUE(all(*reader("tw", options)).empty());
  EXPECT_TRUE(all(*reader("\n\n", {.may_grow = true})).empty()) << "the format is not known yet";
}

TEST_F(CliBatches, AnUnfinishedEnormousLineWaits) {
  const BatchOptions options{.format = LineFormat::kText, .may_grow = true};
  const std::string bytes = "a\n" + std::string(40U << 20, 'x');
  const auto batches = all(*reader(bytes, options));
  EXPECT_EQ(batches.back().place.end, 2U);
  EXPECT_TRUE(batches.back().refused.empty());
  auto grown = reader(bytes + "\nb\n", options);
  ASSERT_TRUE(grown->skip(batches.back().place));
  const auto rest = all(*grown);
  EXPECT_THAT(messages(rest), ElementsAre("b"));
  EXPECT_THAT(rest.at(0).refused, ElementsAre(Pair(2, HasSubstr("16 MiB"))));
}

TEST_F(CliBatches, APackedFileDoesNotGrow) {
  const std::string packed = encode_body("one\ntw", ContentCoding::kGzip, 3).value();
  EXPECT_THAT(messages(all(*reader(packed, {.may_grow = true}))), ElementsAre("one", "tw"));
}

TEST_F(CliBatches, TheFormatThatWasFoundIsUsedAgain) {
  const ImportPlace text = all(*reader("text\n", {.may_grow = true})).back().place;
  auto grown = reader("text\n{\"a\":1}\n", {.may_grow = true});
  ASSERT_TRUE(grown->skip(text));
  EXPECT_THAT(messages(all(*grown)), ElementsAre("{\"a\":1}"));
  const ImportPlace records = all(*reader("{\"a\":1}\n", {.may_grow = true})).back().place;
  auto records_grown = reader("{\"a\":1}\ntext\n", {.may_grow = true});
  ASSERT_TRUE(records_grown->skip(records));
  EXPECT_EQ(all(*records_grown).at(0).refused.size(), 1U);
}

TEST(CliImport, TheAppIsTheNameWithoutWhatRotationAdded) {
  EXPECT_EQ(app_of_file("/var/log/nginx/access.log"), "access");
  EXPECT_EQ(app_of_file("app.log.2.gz"), "app");
  EXPECT_EQ(app_of_file("app.log.zst"), "app");
  EXPECT_EQ(app_of_file("v1.2.log"), "v1.2");
  EXPECT_EQ(app_of_file("syslog"), "syslog");
}

TEST(CliImport, PlacesAreKeptPerFileAndStore) {
  const TemporaryDirectory directory;
  const ImportPlaces places(directory.file("state"), "store1");
  EXPECT_FALSE(places.load("/a").value().has_value());
  ASSERT_TRUE(places.save("/a", {10, 2, "h", "t", LineFormat::kNdjson, -5}));
  const auto loaded = places.load("/a").value();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->end, 10U);
  EXPECT_EQ(loaded->lines, 2U);
  EXPECT_EQ(loaded->tail, "t");
  EXPECT_EQ(loaded->format, LineFormat::kNdjson);
  EXPECT_EQ(loaded->time, -5);
  EXPECT_FALSE(places.load("/b").value().has_value());
  EXPECT_FALSE(ImportPlaces(directory.file("state"), "store2").load("/a").value().has_value());
}

TEST(CliImport, ALineWithoutTimeHasTheOneOfTheLineBefore) {
  ASSERT_TRUE(set_zone("UTC"));
  ImportCommand command;
  auto line_time = make_line_time(command, parse_rfc3339("2026-11-21T00:00:00Z").value());
  ASSERT_TRUE(line_time);
  const auto first = parse_rfc3339("2026-11-20T10:00:00Z");
  EXPECT_EQ((*line_time)("no time yet"), std::nullopt);
  EXPECT_EQ((*line_time)("2026-11-20T10:00:00Z ERROR x"), first);
  EXPECT_EQ((*line_time)("   at java.lang.Thread.run"), first);
}

TEST(CliImport, ALineAfterThePlaceHasTheTimeOfTheLineBefore) {
  ASSERT_TRUE(set_zone("UTC"));
  ImportCommand command;
  command.year = 2025;
  const TimeNs now = parse_rfc3339("2026-11-21T00:00:00Z").value();
  const TimeNs previous = parse_rfc3339("2025-12-31T10:00:00Z").value();
  auto line_time = make_line_time(command, now, previous);
  ASSERT_TRUE(line_time);
  EXPECT_EQ((*line_time)("   at java.lang.Thread.run"), previous);
  EXPECT_EQ((*line_time)("Jan  1 10:00:00 host app: x"), parse_rfc3339("2026-01-01T10:00:00Z"));
}

TEST(CliImport, NowAsksForNoTimeAndABadFormatIsRefused) {
  ImportCommand command;
  command.time_format = "now";
  EXPECT_FALSE(static_cast<bool>(make_line_time(command, 0).value()));
  command.time_format = "%Q";
  EXPECT_EQ(make_line_time(command, 0).error().code, ErrorCode::kInvalidArgument);
}

/// Gives prepared replies and remembers what was asked.
class ScriptedClient final : public Client {
 public:
  explicit ScriptedClient(std::vector<Result<HttpReply>> replies) : replies_(std::move(replies)) {}
  Result<HttpReply> call(const HttpRequest& request) override {
    keys.push_back(request.headers.at("idempotency-key"));
    return replies_[std::min(keys.size(), replies_.size()) - 1];
  }
  Result<HttpReply> call_by_lines(const HttpRequest& request, const LineTaker&) override {
    return call(request);
  }
  Result<HttpReply> call_with_reader(const HttpRequest& request, const BodyReader&) override {
    return call(request);
  }
  const std::string& server() const override { return server_; }
  std::vector<std::string> keys;

 private:
  std::vector<Result<HttpReply>> replies_;
  std::string server_ = "http://scripted";
};

struct Sending {
  std::vector<std::int64_t> pauses;
  SendOptions options;
  Sending() {
    options.target = "/api/v1/ingest";
    options.pause = [this](std::chrono::milliseconds time) { pauses.push_back(time.count()); };
  }
};

const HttpReply stored_reply{200, {}, R"({"accepted":3,"rejected":0,"duplicate":true})"};
const HttpReply busy_reply{503, {}, R"({"detail":"busy"})"};

TEST(CliSender, BacksOffAndKeepsTheKey) {
  ScriptedClient client(
      {busy_reply, Error{ErrorCode::kUnavailable, "reset"}, busy_reply, stored_reply});
  Sending sending;
  const auto reply = send_batch(client, sending.options, "k", "body");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->accepted, 3U);
  EXPECT_TRUE(reply->duplicate);
  EXPECT_THAT(sending.pauses, ElementsAre(200, 400, 800));
  EXPECT_THAT(client.keys, ElementsAre("k", "k", "k", "k"));
}

TEST(CliSender, WaitsAsLongAsRetryAfterSays) {
  ScriptedClient client({HttpReply{429, {{"retry-after", "7"}}, "{}"}, stored_reply});
  Sending sending;
  ASSERT_TRUE(send_batch(client, sending.options, "k", "body"));
  EXPECT_THAT(sending.pauses, ElementsAre(7000));
}

TEST(CliSender, GivesUpAfterItsTime) {
  ScriptedClient client({busy_reply});
  Sending sending;
  sending.options.max_wait = 2 * kNsPerSecond;
  const auto reply = send_batch(client, sending.options, "k", "body");
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr("busy"));
  EXPECT_THAT(sending.pauses, ElementsAre(200, 400, 800));
}

TEST(CliSender, DoesNotRepeatWhatCannotGetBetter) {
  for (const int status : {400, 401, 413, 415, 422, 500}) {
    ScriptedClient client({HttpReply{status, {}, R"({"detail":"no"})"}});
    Sending sending;
    EXPECT_FALSE(send_batch(client, sending.options, "k", "body")) << status;
    EXPECT_EQ(client.keys.size(), 1U);
  }
}

}  // namespace
}  // namespace duramen::cli
