#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/ipv6.h"
#include "tests/tools/cli_fake_server.h"
#include "tests/tools/cli_process.h"

namespace duramen {
namespace {

using support::CliProcess;
using support::CliRun;
using support::FakeServer;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kQuery = "/api/v1/query";
constexpr const char* kIngest = "/api/v1/ingest";
constexpr const char* kStatus = "/api/v1/status";
const std::string plain_row =
    R"({"_time":"2026-11-21T10:20:30Z","_seq":"a:1","_msg":"one","app":"x"})";
const std::string plain_end = R"({"_end":{"rows":1,"cursor":"","partial":false}})";

std::string status_answer() { return FakeServer::answer("200 OK", R"({"store_id":"s1"})"); }
std::string stored(int count) {
  return FakeServer::answer("200 OK",
                            R"({"accepted":)" + std::to_string(count) +
                                R"(,"rejected":0,"errors":[],"warnings":[],"duplicate":false})");
}

CliRun query(const FakeServer& server, std::vector<std::string> words) {
  CliProcess cli;
  words.insert(words.begin(), {"--server", server.url(), "query"});
  return cli.run(words);
}

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

/// The value of a header; empty when it is absent.
std::string header(const std::string& head, const std::string& name) {
  const std::size_t at = lower(head).find("\r\n" + lower(name) + ":");
  if (at == std::string::npos) return {};
  const std::size_t begin = head.find_first_not_of(' ', at + name.size() + 3);
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

TEST(CliFaults, AnAnswerWithoutItsEndIsIncomplete) {
  FakeServer server({{kQuery, {FakeServer::chunked({plain_row + "\n"}, true)}}});
  const CliRun run = query(server, {"*"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr("one"));
  EXPECT_THAT(run.err, HasSubstr("incomplete"));
}

TEST(CliFaults, AnAnswerThatIsCutOffIsAnError) {
  FakeServer server({{kQuery, {FakeServer::chunked({plain_row + "\n"}, false)}}});
  const CliRun run = query(server, {"*"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr("one"));
  EXPECT_THAT(run.err, HasSubstr("broke off"));
}

TEST(CliFaults, AnErrorLineIsWhatTheUserReads) {
  const std::string error =
      R"({"_error":{"type":"/problems/timeout","detail":"the time-out of 1s passed"}})";
  for (const bool whole : {false, true}) {
    FakeServer server({{kQuery, {FakeServer::chunked({plain_row + "\n", error + "\n"}, whole)}}});
    const CliRun run = query(server, {"*"});
    EXPECT_EQ(run.code, 1);
    EXPECT_EQ(run.err, "duramen: the time-out of 1s passed\n");
  }
}

TEST(CliFaults, StoppingAQueryIsToldInTheFormatAskedFor) {
  const auto stop = [](const std::string& format) {
    FakeServer server({{"/api/v1/queries/17", {FakeServer::answer("204 No Content", "")}}});
    CliProcess cli;
    return cli.run({"--server", server.url(), "-o", format, "queries", "--kill", "17"}).out;
  };
  EXPECT_EQ(stop("text"), "query 17 is told to stop\n");
  EXPECT_EQ(stop("json"), "{\"id\":17,\"stopping\":true}\n");
  EXPECT_EQ(stop("logfmt"), "id=17 stopping=true\n");
}

TEST(CliFaults, LabelsOfRecordsAreAskedForBesideTheUsualOnes) {
  FakeServer server({{kStatus, {status_answer()}}, {kIngest, {stored(1)}}});
  const auto target = [&](std::vector<std::string> options) {
    CliProcess cli;
    options.insert(options.begin(), {"--server", server.url(), "import", "-"});
    EXPECT_EQ(cli.run(options, {}, "{\"log\":\"x\"}\n").code, 0);
    const std::string head = server.seen().back().head;
    return head.substr(0, head.find("\r\n"));
  };
  EXPECT_THAT(target({}), Not(HasSubstr("stream=")));
  EXPECT_THAT(target({"--label", "env=test"}), AllOf(HasSubstr("stream="), HasSubstr("app"),
                                                     HasSubstr("pod_name"), HasSubstr("env")));
  EXPECT_THAT(target({"--label", "env=test", "--msg-field", "app"}), Not(HasSubstr("Capp%2C")));
  EXPECT_THAT(target({"--label", "env=test", "--stream", "a"}),
              AllOf(HasSubstr("env"), Not(HasSubstr("pod_name"))));
}

TEST(CliFaults, RowsAreCutAnywhereByTheNetwork) {
  const std::string text = plain_row + "\n" + plain_row + "\n" + plain_end + "\n";
  std::vector<std::string> chunks;
  for (std::size_t at = 0; at < text.size(); at += 7) chunks.push_back(text.substr(at, 7));
  FakeServer server({{kQuery, {FakeServer::chunked(chunks, true)}}});
  const CliRun run = query(server, {"-o", "json", "*"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out, plain_row + "\n" + plain_row + "\n");
}

TEST(CliFaults, ARowThatLooksLikeAnEndIsARow) {
  const std::string posing = R"({"_end":{"x":1},"_msg":"z"})";
  FakeServer server(
      {{kQuery,
        {FakeServer::chunked({posing + "\n" + plain_row + "\n" + plain_end + "\n"}, true)}}});
  const CliRun run = query(server, {"-o", "json", "*"});
  EXPECT_EQ(run.code, 0);
  EXPECT_EQ(run.out, posing + "\n" + plain_row + "\n");
}

TEST(CliFaults, JsonRowsPassUnchanged) {
  const std::string odd = R"({ "_time" : "x",  "n":1.500, "_msg":"\u001b[31m" })";
  FakeServer server({{kQuery, {FakeServer::chunked({odd + "\n" + plain_end + "\n"}, true)}}});
  EXPECT_EQ(query(server, {"-o", "json", "*"}).out, odd + "\n");
}

TEST(CliFaults, WarningsOfAPartialAnswerAreShown) {
  const std::string end =
      R"({"_end":{"rows":1,"cursor":"c9","partial":true,"warnings":["block 7 is damaged"]}})";
  FakeServer server({{kQuery, {FakeServer::chunked({plain_row + "\n" + end + "\n"}, true)}}});
  const CliRun run = query(server, {"*"});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.err, HasSubstr("block 7 is damaged"));
}

TEST(CliFaults, NoMatchWhereABlockCouldNotBeReadIsAnError) {
  const std::string nothing =
      R"({"_end":{"rows":0,"cursor":"","partial":true,"warnings":["block 7 is damaged"]}})";
  FakeServer server({{kQuery, {FakeServer::chunked({nothing + "\n"}, true)}}});
  const CliRun run = query(server, {"*"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("block 7 is damaged"));
}

TEST(CliFaults, TheRequestAsksForTheEndAndCarriesTheToken) {
  FakeServer server({{kQuery, {FakeServer::chunked({plain_row + "\n" + plain_end + "\n"}, true)}}});
  CliProcess cli;
  const CliRun run = cli.run({"query", "a b", "--limit", "5", "--order", "asc"},
                             {{"DURAMEN_URL", server.url()}, {"DURAMEN_TOKEN", "s3cret"}});
  ASSERT_EQ(run.code, 0) << run.err;
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_THAT(seen[0].head, HasSubstr("GET /api/v1/query?q=a%20b&limit=5&order=asc&end=1 "));
  EXPECT_EQ(header(seen[0].head, "Authorization"), "Bearer s3cret");
}

TEST(CliFaults, ALongQueryGoesInTheBody) {
  FakeServer server({{kQuery, {FakeServer::chunked({plain_row + "\n" + plain_end + "\n"}, true)}}});
  const std::string word(6000, 'w');
  EXPECT_EQ(query(server, {word}).code, 0);
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_THAT(seen[0].head, HasSubstr("POST /api/v1/query HTTP"));
  EXPECT_EQ(header(seen[0].head, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(seen[0].body, "q=" + word + "&end=1");
}

TEST(CliFaults, AnIPv6AddressInBracketsWorks) {
  FakeServer server({{kQuery, {FakeServer::chunked({plain_row + "\n" + plain_end + "\n"}, true)}}},
                    "::1");
  if (server.url().empty()) GTEST_SKIP() << support::kNoIpv6;
  const CliRun run = query(server, {"*"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ("http://" + header(server.seen().at(0).head, "Host"), server.url());
}

TEST(CliFaults, WithoutADaemonTheMessageSaysWhatToDo) {
  std::string url;
  {
    const FakeServer gone({});
    url = gone.url();
  }
  CliProcess cli;
  for (const char* command : {"status", "queries", "seal", "verify"}) {
    const CliRun run = cli.run({"--server", url, command});
    EXPECT_EQ(run.code, 1);
    EXPECT_THAT(run.err, HasSubstr("no daemon answers at " + url));
    EXPECT_THAT(run.err, HasSubstr("duramend"));
  }
  EXPECT_EQ(cli.run({"--server", url, "import", "-"}, {}, "x\n").code, 1) << "it must not wait";
}

TEST(CliFaults, AnUnusableUrlIsWrongUsage) {
  CliProcess cli;
  for (const char* url : {"ftp://x", "localhost", "http://", "::1"}) {
    const CliRun run = cli.run({"--server", url, "status"});
    EXPECT_EQ(run.code, 2) << url;
    EXPECT_THAT(run.err, HasSubstr("http://"));
  }
}

TEST(CliFaults, ABusyServerIsAskedAgainWithTheSameKey) {
  FakeServer server({{kStatus, {status_answer()}},
                     {kIngest,
                      {FakeServer::answer("503 Service Unavailable", R"({"detail":"starting"})",
                                          "Retry-After: 0\r\n"),
                       FakeServer::answer("429 Too Many Requests", R"({"detail":"budget"})",
                                          "Retry-After: 0\r\n"),
                       "", stored(2)}}});
  CliProcess cli;
  const CliRun run =
      cli.run({"--server", server.url(), "import", "-", "--time-format", "now"}, {}, "a\nb\n");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("accepted 2, rejected 0, duplicates 0"));
  const auto seen = server.seen();
  ASSERT_GE(seen.size(), 5U);
  const std::string key = header(seen[1].head, "idempotency-key");
  EXPECT_FALSE(key.empty());
  for (std::size_t i = 2; i < seen.size(); ++i) {
    EXPECT_EQ(header(seen[i].head, "idempotency-key"), key);
    EXPECT_EQ(seen[i].body, seen[1].body);
  }
}

TEST(CliFaults, ImportGivesUpWhenTheServerRefusesForTooLong) {
  FakeServer server(
      {{kStatus, {status_answer()}},
       {kIngest,
        {FakeServer::answer("503 Service Unavailable", R"({"detail":"the disk is full"})",
                            "Retry-After: 9\r\n")}}});
  CliProcess cli;
  const CliRun run =
      cli.run({"--server", server.url(), "import", "-", "--max-wait", "1s"}, {}, "a\n");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("the disk is full"));
  EXPECT_THAT(run.err, HasSubstr("gave up"));
  EXPECT_EQ(server.seen().size(), 2U);
}

TEST(CliFaults, RejectedLinesAreNamedByTheirPlaceInTheFile) {
  const std::string body =
      R"({"accepted":1,"rejected":1,"errors":[{"line":2,"reason":"no JSON \u001b[2J"}]})";
  FakeServer server(
      {{kStatus, {status_answer()}}, {kIngest, {FakeServer::answer("200 OK", body)}}});
  CliProcess cli;
  const CliRun run = cli.run({"--server", server.url(), "import", "-", "--format", "ndjson"}, {},
                             "\n\n{\"a\":1}\n\n{bad\n");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("standard input:5: no JSON \\x1b[2J"));
  EXPECT_THAT(run.out, HasSubstr("accepted 1, rejected 1"));
}

TEST(CliFaults, ABodyWithoutOneGoodLineIsCountedNotRepeated) {
  const std::string body = R"({"detail":"no line was stored","accepted":0,"rejected":1,)"
                           R"("errors":[{"line":1,"reason":"no object"}]})";
  FakeServer server(
      {{kStatus, {status_answer()}}, {kIngest, {FakeServer::answer("400 Bad Request", body)}}});
  CliProcess cli;
  const CliRun run = cli.run(
      {"--server", server.url(), "import", "-", "--format", "ndjson", "-o", "json"}, {}, "{}\n");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr(R"("rejected":1)"));
  EXPECT_EQ(server.seen().size(), 2U);
}

TEST(CliFaults, OnlyTheRunOfAPipeRecognisesItsRepeats) {
  FakeServer server({{kStatus, {status_answer()}}, {kIngest, {stored(1)}}});
  CliProcess cli;
  const std::vector<std::string> plain = {"--server", server.url(),    "import",
                                          "-",        "--time-format", "now"};
  std::vector<std::string> resumed = plain;
  resumed.emplace_back("--resume");
  for (const auto& arguments : {plain, plain, resumed, resumed}) {
    ASSERT_EQ(cli.run(arguments, {}, "same\n").code, 0);
  }
  std::vector<std::string> keys;
  for (const auto& request : server.seen()) {
    if (std::string key = header(request.head, "idempotency-key"); !key.empty())
      keys.push_back(key);
  }
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_NE(keys[0], keys[1]) << "the same words said twice are two lines";
  EXPECT_EQ(keys[2], keys[3]);
}

TEST(CliFaults, AFileThatIsMissingDoesNotStopTheOthers) {
  FakeServer server({{kStatus, {status_answer()}}, {kIngest, {stored(1)}}});
  CliProcess cli;
  const CliRun run =
      cli.run({"--server", server.url(), "import", "/nonexistent/file", "-"}, {}, "x\n");
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("/nonexistent/file"));
  EXPECT_THAT(run.out, HasSubstr("accepted 1"));
}

TEST(CliFaults, AnEndlessAnswerIsLeftWhenTheReaderHasEnough) {
  std::vector<std::string> rows(20'000, plain_row + "\n");
  FakeServer server({{kQuery, {FakeServer::chunked(rows, false)}}});
  CliProcess cli;
  const CliRun run = cli.shell("set -o pipefail; duramen query --all '*' | head -1",
                               {{"DURAMEN_URL", server.url()}});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("one"));
  EXPECT_EQ(run.err, "");
}

}  // namespace
}  // namespace duramen
