#include "base/compression.h"
#include "tests/api/routes_fixture.h"

namespace duramen::api {
namespace {

using IngestRoute = RoutesTest;

constexpr const char* kPath = "/api/v1/ingest";
constexpr const char* kLine = R"({"time":"2026-11-21T11:00:00Z","log":"hello","app":"web"})";

TEST_F(IngestRoute, AnswersCountsAndSeqs) {
  const auto answer = ask("POST", kPath, std::string(kLine) + "\nnot json\n" + kLine + "\n");
  EXPECT_EQ(answer.status, 200);
  const auto body = json(answer);
  EXPECT_EQ(body["accepted"], 2);
  EXPECT_EQ(body["rejected"], 1);
  EXPECT_EQ(body["errors"][0]["line"], 2);
  EXPECT_FALSE(body["errors"][0]["reason"].get<std::string>().empty());
  EXPECT_EQ(body["first_seq"], "0000000000000abc:1");
  EXPECT_EQ(body["last_seq"], "0000000000000abc:2");
  EXPECT_EQ(body["duplicate"], false);
  EXPECT_TRUE(body["warnings"].is_array());
  EXPECT_EQ(store_.appended_rows, 2U);
}

TEST_F(IngestRoute, NoGoodLineIs400WithTheSameCounts) {
  const auto answer = ask("POST", kPath, "nonsense\n[1]\n");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
  const auto body = json(answer);
  EXPECT_EQ(body["accepted"], 0);
  EXPECT_EQ(body["rejected"], 2);
  EXPECT_EQ(body["errors"][1]["line"], 2);
  EXPECT_EQ(store_.appended_rows, 0U);
}

TEST_F(IngestRoute, EmptyBodyIs400) { EXPECT_EQ(ask("POST", kPath).status, 400); }

TEST_F(IngestRoute, PackedBodiesAreUnpacked) {
  for (const auto& [name, coding] :
       {std::pair("gzip", ContentCoding::kGzip), std::pair("GZIP", ContentCoding::kGzip),
        std::pair("zstd", ContentCoding::kZstd), std::pair("identity", ContentCoding::kIdentity)}) {
    const auto packed = encode_body(kLine, coding, 3);
    ASSERT_TRUE(packed);
    EXPECT_EQ(ask("POST", kPath, *packed, {{"content-encoding", name}}).status, 200) << name;
  }
}

TEST_F(IngestRoute, UnknownEncodingIs415AndNamesTheKnown) {
  const auto answer = ask("POST", kPath, kLine, {{"content-encoding", "br"}});
  EXPECT_EQ(answer.status, 415);
  EXPECT_EQ(answer.header("Accept-Encoding"), "gzip, zstd");
}

TEST_F(IngestRoute, BrokenGzipIs400AndStoresNothing) {
  auto packed = *encode_body(kLine, ContentCoding::kGzip, 3);
  packed.resize(packed.size() / 2);
  const auto answer = ask("POST", kPath, packed, {{"content-encoding", "gzip"}});
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(json(answer)["type"], "/problems/bad-body");
  EXPECT_EQ(store_.appended_rows, 0U);
}

TEST_F(IngestRoute, UnknownOrBadParametersAreNamed) {
  const auto answer = ask("POST", std::string(kPath) + "?tiem=t", kLine);
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(json(answer)["detail"].get<std::string>().find("'tiem'"), std::string::npos);
  EXPECT_EQ(ask("POST", std::string(kPath) + "?keep_old=perhaps", kLine).status, 400);
  EXPECT_EQ(ask("POST", kPath, kLine, {{"idempotency-key", std::string(257, 'k')}}).status, 400);
  EXPECT_EQ(ask("POST", std::string(kPath) + "?time=time&msg=log&stream=app,host&keep_old=1", kLine)
                .status,
            200);
}

struct Refused {
  ErrorCode code;
  int status;
  bool retry;
};

class IngestRefusal : public RoutesTest, public testing::WithParamInterface<Refused> {};

TEST_P(IngestRefusal, HasTheStatusOfTheContract) {
  store_.append_error = Error{GetParam().code, "because"};
  const auto answer = ask("POST", kPath, kLine);
  EXPECT_EQ(answer.status, GetParam().status);
  EXPECT_EQ(!answer.header("Retry-After").empty(), GetParam().retry);
  EXPECT_NE(answer.text.find("because"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, IngestRefusal,
                         testing::Values(Refused{ErrorCode::kAlreadyExists, 422, false},
                                         Refused{ErrorCode::kResourceExhausted, 429, true},
                                         Refused{ErrorCode::kUnavailable, 503, true},
                                         Refused{ErrorCode::kCancelled, 503, true},
                                         Refused{ErrorCode::kOutOfRange, 413, false},
                                         Refused{ErrorCode::kInvalidArgument, 400, false}));

}  // namespace
}  // namespace duramen::api
