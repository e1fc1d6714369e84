#include "ingest/ingest.h"

#include <gmock/gmock.h>

#include <thread>

#include "tests/ingest/ingest_testing.h"

namespace duramen::ingest {
namespace {

using testing::FakeSink;
using ::testing::HasSubstr;
using testing::kNow;
using ::testing::SizeIs;

class IngestTest : public ::testing::Test {
 protected:
  Ingest& ingest() {
    if (!ingest_) ingest_.emplace(sink_, clock_, metrics_, limits_, retention_);
    return *ingest_;
  }
  /// What an ingest answers at once.
  Result<IngestAnswer> send(IngestRequest request) {
    std::vector<Result<IngestAnswer>> answers;
    ingest().ingest(std::move(request),
                    [&](Result<IngestAnswer> a) { answers.push_back(std::move(a)); });
    EXPECT_THAT(answers, SizeIs(1));
    return answers.empty() ? Result<IngestAnswer>(Error{ErrorCode::kInternal, "no answer"})
                           : answers[0];
  }
  static IngestRequest request(std::string body) {
    IngestRequest out;
    out.body = std::move(body);
    return out;
  }
  static IngestRequest keyed(std::string key, std::string credential = "",
                             std::string body = "{\"log\":\"x\"}") {
    IngestRequest out = request(std::move(body));
    out.idempotency_key = std::move(key);
    out.credential = std::move(credential);
    return out;
  }
  std::uint64_t metric(const std::string& line) const {
    const std::string text = metrics_.render();
    const std::size_t at = text.find("\n" + line + " ");
    return at == std::string::npos ? 9999 : std::stoull(text.substr(at + line.size() + 2));
  }

  FakeSink sink_;
  ManualClock clock_{kNow};
  MetricRegistry metrics_;
  IngestLimits limits_;
  std::optional<TimeNs> retention_;

 private:
  std::optional<Ingest> ingest_;
};

TEST_F(IngestTest, GoodLinesAreAppendedOnceAndBadOnesNamed) {
  const auto answer = send(request("{\"log\":\"a\"}\nbad\n{\"log\":\"b\"}\n"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->accepted, 2U);
  EXPECT_EQ(answer->rejected, 1U);
  ASSERT_THAT(answer->errors, SizeIs(1));
  EXPECT_EQ(answer->errors[0].line, 2U);
  ASSERT_TRUE(answer->ack);
  EXPECT_EQ(answer->ack->last, model::Seq(2));
  ASSERT_THAT(sink_.requests, SizeIs(1));
  EXPECT_EQ(sink_.requests[0].records->rows(), 2U);
  EXPECT_FALSE(sink_.requests[0].batch_id);
  EXPECT_EQ(metric("duramen_ingest_lines_accepted_total"), 2U);
  EXPECT_EQ(metric("duramen_ingest_lines_rejected_total{reason=\"not_json\"}"), 1U);
  EXPECT_EQ(metric("duramen_ingest_batches_total{result=\"stored\"}"), 1U);
}

TEST_F(IngestTest, NothingIsAnsweredBeforeTheAck) {
  sink_.hold = true;
  int answers = 0;
  ingest().ingest(request("{\"log\":\"a\"}"), [&](const Result<IngestAnswer>&) { ++answers; });
  EXPECT_EQ(answers, 0);
  EXPECT_EQ(metric("duramen_ingest_lines_accepted_total"), 0U);
  EXPECT_GT(metric("duramen_ingest_inflight_bytes"), 0U);
  sink_.release();
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(metric("duramen_ingest_inflight_bytes"), 0U);
}

TEST_F(IngestTest, BodyWithoutAGoodLineAppendsNothing) {
  const auto answer = send(request("a\nb\n"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->accepted, 0U);
  EXPECT_EQ(answer->rejected, 2U);
  EXPECT_FALSE(answer->ack);
  EXPECT_THAT(sink_.requests, SizeIs(0));
  EXPECT_EQ(metric("duramen_ingest_lines_rejected_total{reason=\"not_json\"}"), 2U);
}

TEST_F(IngestTest, EmptyBodyAndEmptyArrayAreInvalid) {
  for (const char* body : {"", "\n", "[]"}) {
    const auto answer = send(request(body));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(IngestTest, PackedBodiesAreUnpacked) {
  for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kZstd}) {
    IngestRequest packed = request(*encode_body("{\"log\":\"packed\"}", coding, 3));
    packed.coding = coding;
    ASSERT_TRUE(send(packed));
    EXPECT_EQ(sink_.requests.back().records->message(0), "packed");
  }
}

TEST_F(IngestTest, CutPackedBodyStoresNothing) {
  std::string body;
  for (int i = 0; i < 1000; ++i) body += "{\"log\":\"line " + std::to_string(i * 7919) + "\"}\n";
  IngestRequest packed = request(*encode_body(body, ContentCoding::kGzip, 3));
  packed.coding = ContentCoding::kGzip;
  packed.body.resize(packed.body.size() / 2);
  const auto answer = send(packed);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(answer.error().message, HasSubstr("gzip"));
  EXPECT_THAT(sink_.requests, SizeIs(0));
  EXPECT_EQ(metric("duramen_ingest_inflight_bytes"), 0U);
}

TEST_F(IngestTest, BodyOverTheLimitIsRefusedPackedOrNot) {
  limits_.body_bytes = 1000;
  const std::string big = "{\"log\":\"" + std::string(2000, 'x') + "\"}";
  auto answer = send(request(big));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutOfRange);
  EXPECT_THAT(answer.error().message, HasSubstr("ingest.body_bytes = 1000"));
  IngestRequest packed = request(*encode_body(big, ContentCoding::kGzip, 3));
  packed.coding = ContentCoding::kGzip;
  answer = send(packed);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kOutOfRange);
}

TEST_F(IngestTest, InflightBytesAreBoundedAndGivenBack) {
  limits_.inflight_bytes = 1000;
  sink_.hold = true;
  const std::string body = "{\"log\":\"" + std::string(700, 'x') + "\"}";
  int stored = 0;
  ingest().ingest(request(body), [&](const Result<IngestAnswer>& a) { stored += a ? 1 : 0; });
  const auto full = send(request(body));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(full.error().message, HasSubstr("of 1000 bytes"));
  EXPECT_EQ(metric("duramen_ingest_batches_total{result=\"refused\"}"), 1U);
  sink_.release();
  EXPECT_EQ(stored, 1);
  sink_.hold = false;
  EXPECT_TRUE(send(request(body)));
}

TEST_F(IngestTest, RequestLargerThanTheBudgetGetsInAlone) {
  limits_.inflight_bytes = 100;
  EXPECT_TRUE(send(request("{\"log\":\"" + std::string(700, 'x') + "\"}")));
}

TEST_F(IngestTest, RefusalOfTheSinkIsPassedOnAndCountsNoLine) {
  sink_.refuse = Error{ErrorCode::kUnavailable, "disk full"};
  const auto answer = send(request("{\"log\":\"a\"}"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(metric("duramen_ingest_lines_accepted_total"), 0U);
  EXPECT_EQ(metric("duramen_ingest_batches_total{result=\"refused\"}"), 1U);
}

TEST_F(IngestTest, BatchIdNamesSenderAndKeyAndItsPayloadTheContent) {
  ASSERT_TRUE(send(keyed("k")));
  ASSERT_TRUE(send(keyed("k")));
  ASSERT_TRUE(send(keyed("k", "someone")));
  ASSERT_TRUE(send(keyed("k2")));
  ASSERT_TRUE(send(keyed("k", "", "{\"log\":\"y\"}")));
  IngestRequest other_format = keyed("k");
  other_format.format.keep_old = true;
  ASSERT_TRUE(send(other_format));
  const auto id = [&](std::size_t i) { return *sink_.requests.at(i).batch_id; };
  EXPECT_EQ(id(0).id, id(1).id);
  EXPECT_EQ(id(0).payload, id(1).payload);
  EXPECT_NE(id(0).id, id(2).id);
  EXPECT_NE(id(0).id, id(3).id);
  EXPECT_EQ(id(0).id, id(4).id);
  EXPECT_NE(id(0).payload, id(4).payload);
  EXPECT_EQ(id(0).id, id(5).id);
  EXPECT_NE(id(0).payload, id(5).payload);
}

TEST_F(IngestTest, RepeatPackedAnotherWayIsStillTheSameBatch) {
  IngestRequest packed = keyed("k");
  ASSERT_TRUE(send(packed));
  packed.body = *encode_body(packed.body, ContentCoding::kZstd, 3);
  packed.coding = ContentCoding::kZstd;
  ASSERT_TRUE(send(packed));
  EXPECT_EQ(sink_.requests[0].batch_id->payload, sink_.requests[1].batch_id->payload);
}

TEST_F(IngestTest, RepeatIsAnsweredLikeTheFirstAndCountedApart) {
  sink_.duplicate = true;
  const auto answer = send(keyed("k"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->accepted, 1U);
  EXPECT_TRUE(answer->ack->duplicate);
  EXPECT_EQ(metric("duramen_ingest_lines_accepted_total"), 0U);
  EXPECT_EQ(metric("duramen_ingest_batches_total{result=\"duplicate\"}"), 1U);
}

TEST_F(IngestTest, RetentionAgeDecidesWhatIsTooOldAndCanChange) {
  retention_ = 2 * kNsPerDay;
  const std::string body = "{\"log\":\"a\",\"time\":\"2026-11-18T10:00:00Z\"}";
  auto answer = send(request(body));
  ASSERT_TRUE(answer);
  ASSERT_THAT(answer->warnings, SizeIs(1));
  EXPECT_THAT(answer->warnings[0], HasSubstr("1 record had a time outside 2026-11-19T10:00:00"));
  EXPECT_EQ(sink_.requests.back().records->time[0], kNow);
  EXPECT_EQ(metric("duramen_ingest_records_changed_total{reason=\"time_outside_range\"}"), 1U);
  ingest().set_retention_age(std::nullopt);
  answer = send(request(body));
  EXPECT_THAT(answer->warnings, SizeIs(0));
  EXPECT_EQ(sink_.requests.back().records->time[0], kNow - 3 * kNsPerDay);
}

TEST_F(IngestTest, ManyThreadsShareOneBudgetAndLeaveNothingBehind) {
  class CountingSink final : public model::RecordSink {
   public:
    void append(model::AppendRequest request, Done done) override {
      rows += request.records->rows();
      done(model::AppendAck{model::Seq(1), model::Seq(request.records->rows()), model::NodeId(1),
                            false});
    }
    std::atomic<std::uint64_t> rows{0};
  } sink;
  limits_.inflight_bytes = 200'000;
  Ingest shared(sink, clock_, metrics_, limits_, std::nullopt);
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> answers{0};
  std::string body;
  for (int i = 0; i < 500; ++i)
    body += "{\"host\":\"h" + std::to_string(i % 7) + "\",\"log\":\"some text\"}\n";
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        shared.ingest(request(body), [&](const Result<IngestAnswer>& a) {
          ++answers;
          if (a) accepted += a->accepted;
        });
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answers, 100U);
  EXPECT_EQ(accepted, sink.rows);
  EXPECT_EQ(accepted, 50'000U);
  EXPECT_EQ(metric("duramen_ingest_inflight_bytes"), 0U);
}

}  // namespace
}  // namespace duramen::ingest
