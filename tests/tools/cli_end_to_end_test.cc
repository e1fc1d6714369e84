#include "tests/tools/cli_end_to_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/compression.h"
#include "base/json_text.h"
#include "tests/support/http_client.h"

namespace duramen {
namespace {

using nlohmann::json;
using support::CliProcess;
using support::CliRun;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(CliEndToEnd, TextIsFoundAgainByteForByteInOrder) {
  std::vector<std::string> lines = {
      "first",       "",         "",  "latin \xfc\xdf", std::string("n\0ul", 4),
      "cr at end\r", "\x1b[31m", " ", "{\"json\":1}",   "last without end"};
  std::string content;
  for (const std::string& line : lines) content += line + "\n";
  content.pop_back();
  const std::string path = file("odd.log", content);
  const CliRun import = duramen({"import", "--time-format", "now", path, "-o", "json"});
  ASSERT_EQ(import.code, 0) << import.err;
  EXPECT_EQ(summary(import)["accepted"], lines.size());
  std::vector<std::string> found;
  for (const json& row : rows("app:odd")) {
    EXPECT_EQ(row["file"], path);
    std::string bytes;
    if (row.contains("_msg_base64")) {
      ASSERT_TRUE(from_base64(row["_msg_base64"].get<std::string>(), bytes));
    } else {
      bytes = row["_msg"].get<std::string>();
    }
    found.push_back(bytes);
  }
  EXPECT_EQ(found, lines);
}

TEST_F(CliEndToEnd, TimesOfTextAreReadAndShownInTheZone) {
  const std::string path =
      file("t.log", "2026-11-20 10:00:00 one\n  continued\n2026-11-20T12:00:00Z two\n");
  ASSERT_EQ(duramen({"--tz", "+02:00", "import", path}).code, 0);
  const CliRun run = duramen({"--tz", "+02:00", "query", "--order", "asc", "*"});
  EXPECT_EQ(run.out,
            "2026-11-20T10:00:00.000+02:00 t 2026-11-20 10:00:00 one\n"
            "2026-11-20T10:00:00.000+02:00 t   continued\n"
            "2026-11-20T14:00:00.000+02:00 t 2026-11-20T12:00:00Z two\n");
  EXPECT_THAT(duramen({"--utc", "query", "two"}).out, StartsWith("2026-11-20T12:00:00.000+00:00"));
}

TEST_F(CliEndToEnd, ARepeatedImportStoresNothingTwice) {
  std::string content;
  for (int i = 0; i < 3000; ++i) content += "line " + std::to_string(i) + "\n";
  const std::vector<std::string> arguments = {"import", "--batch-bytes", "20KiB",
                                              "-o",     "json",          file("a.log", content)};
  EXPECT_EQ(summary(duramen(arguments))["accepted"], 3000);
  const json second = summary(duramen(arguments));
  EXPECT_EQ(second["accepted"], 0);
  EXPECT_EQ(second["duplicates"], 3000);
  EXPECT_EQ(stored_rows(), 3000U);
}

TEST_F(CliEndToEnd, AnImportThatWasKilledIsFinishedByTheNext) {
  constexpr std::uint64_t kLines = 100'000;
  std::string content;
  for (std::uint64_t i = 0; i < kLines; ++i) {
    content +=
        "request " + std::to_string(i * 2654435761U) + " took some time and then ended well\n";
  }
  const std::vector<std::string> arguments = {
      "import", "--batch-bytes",         "64KiB", "--time-format", "now", "-o",
      "json",   file("big.log", content)};
  CliProcess killed;
  std::vector<std::string> words = {support::program("duramen")};
  words.insert(words.end(), arguments.begin(), arguments.end());
  killed.start(words, variables());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (stored_rows() == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(
        std::chrono::milliseconds(1));  // another process: nothing to wait on
  }
  killed.kill();
  const std::uint64_t before = stored_rows();
  ASSERT_GT(before, 0U);
  const CliRun rest = duramen(arguments);
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_EQ(stored_rows(), kLines);
  const json counts = summary(rest);
  EXPECT_EQ(counts["accepted"].get<std::uint64_t>() + counts["duplicates"].get<std::uint64_t>(),
            kLines);
  EXPECT_GT(counts["duplicates"].get<std::uint64_t>(), 0U);
}

TEST_F(CliEndToEnd, AnImportOutlivesARestartOfTheDaemon) {
  std::string content;
  for (int i = 0; i < 20'000; ++i) content += "line " + std::to_string(i) + " of many\n";
  const std::string path = file("r.log", content);
  // A port that is known before the second start.
  const std::string address = daemon_.base_url().substr(7);
  CliProcess import;
  import.start({support::program("duramen"), "import", "--batch-bytes", "4KiB", "-o", "json", path},
               variables());
  while (import.running() && stored_rows() == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  daemon_.kill();
  ASSERT_TRUE(daemon_.start({"--data-dir", files_.file("data"), "--http-listen", address}));
  ASSERT_TRUE(daemon_.wait_ready());
  const CliRun run = import.wait();
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(stored_rows(), 20'000U);
}

TEST_F(CliEndToEnd, AFileThatGrewGoesOnWithResume) {
  const std::string path = file("grow.log", "one\ntwo\n");
  const std::vector<std::string> arguments = {"import", "--resume", "--time-format", "now", "-o",
                                              "json",   path};
  EXPECT_EQ(summary(duramen(arguments))["accepted"], 2);
  std::ofstream(path, std::ios::app) << "three\n";
  const json second = summary(duramen(arguments));
  EXPECT_EQ(second["accepted"], 1);
  EXPECT_EQ(second["duplicates"], 0);
  std::ofstream(path, std::ios::trunc) << "wholly new\n";
  const CliRun rewritten = duramen(arguments);
  EXPECT_EQ(summary(rewritten)["accepted"], 1);
  EXPECT_THAT(rewritten.err, HasSubstr("other content"));
  EXPECT_EQ(stored_rows(), 4U);
}

TEST_F(CliEndToEnd, AFileThatIsBeingWrittenIsStoredAsItWillBe) {
  const std::string path = file("w.log", "2026-11-20T10:00:00Z one\ntw");
  const std::vector<std::string> arguments = {"import", "--resume", path};
  const CliRun first = duramen(arguments);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(first.out, HasSubstr("accepted 1, "));
  EXPECT_THAT(first.out, HasSubstr("1 last line does not end yet and waits for the next import"));
  std::ofstream(path, std::ios::app) << "o\n{\"json\":1}\n";
  EXPECT_THAT(duramen(arguments).out, HasSubstr("accepted 2, "));
  const auto found = rows("app:w");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[1]["_msg"], "two");
  EXPECT_EQ(found[2]["_msg"], "{\"json\":1}") << "it is a file of text";
  for (const json& row : found) EXPECT_EQ(row["_time"], "2026-11-20T10:00:00.000000000Z");
}

TEST_F(CliEndToEnd, AFileByAnotherSpellingIsTheSameFile) {
  const std::string path = file("s.log", "one\ntwo\n");
  EXPECT_EQ(summary(duramen({"import", "-o", "json", path}))["accepted"], 2);
  const std::string directory = files_.path();
  for (const std::string& spelling :
       {directory + "/./s.log", directory + "//s.log", directory + "/data/../s.log"}) {
    EXPECT_EQ(summary(duramen({"import", "-o", "json", spelling}))["duplicates"], 2) << spelling;
  }
  const CliRun relative =
      cli_.shell("cd '" + directory + "' && duramen import -o json s.log ./s.log", variables());
  EXPECT_EQ(summary(relative)["duplicates"], 4) << relative.out << relative.err;
  EXPECT_EQ(stored_rows(), 2U);
}

TEST_F(CliEndToEnd, ALabelOfRecordsIsALabel) {
  const std::string path = file("l.ndjson",
                                "{\"log\":\"a\",\"app\":\"web\"}\n[INFO] hi\n"
                                "{\"log\":\"b\",\"env\":\"prod\"}\n");
  const CliRun import = duramen({"import", path, "--label", "env=test", "-o", "json"});
  EXPECT_EQ(import.code, 1);
  EXPECT_EQ(summary(import)["accepted"], 2) << import.err;
  EXPECT_EQ(summary(import)["rejected"], 1);
  EXPECT_THAT(import.err, HasSubstr(path + ":2: not a JSON object"));
  EXPECT_EQ(rows("env:test").size(), 2U);
}

TEST_F(CliEndToEnd, RecordsKeepFieldsAndBadLinesAreNamed) {
  const std::string path =
      file("r.ndjson",
           "{\"time\":\"2026-11-20T10:00:00Z\",\"log\":\"hello\",\"app\":\"web\",\"status\":500}\n"
           "{\"time\":\"2026-11-20T10:00:01Z\",\"log\":\n"
           "{\"time\":\"2026-11-20T10:00:02Z\",\"log\":\"bye\",\"app\":\"web\",\"status\":200}\n");
  const CliRun import = duramen({"import", path, "--label", "env=test"});
  EXPECT_EQ(import.code, 1);
  EXPECT_THAT(import.err, HasSubstr(path + ":2: "));
  EXPECT_THAT(import.out, HasSubstr("accepted 2, rejected 1, duplicates 0 from 1 file"));
  const auto found = rows("status:>=500");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]["_msg"], "hello");
  EXPECT_EQ(found[0]["env"], "test");
  EXPECT_EQ(found[0]["status"], 500);
}

TEST_F(CliEndToEnd, ALongLineOfControlCharactersStopsNoFile) {
  const std::string path = file("long.log", std::string(16U << 20, '\1') + "\nbehind it\n");
  const CliRun run = duramen({"import", "-o", "json", path});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(summary(run)["accepted"], 2);
  EXPECT_EQ(rows("behind").size(), 1U);
}

TEST_F(CliEndToEnd, CompressedFilesAndPipesGoInAsTheyAre) {
  const std::string packed = encode_body("in gzip\n", ContentCoding::kGzip, 6).value();
  ASSERT_EQ(duramen({"import", file("z.log.gz", packed)}).code, 0);
  ASSERT_EQ(duramen({"import", "-", "--label", "app=pipe"}, "from a pipe\n").code, 0);
  EXPECT_EQ(rows("app:z").size(), 1U);
  EXPECT_EQ(rows("app:pipe").size(), 1U);
}

TEST_F(CliEndToEnd, ExitCodesTellWhatHappened) {
  ASSERT_EQ(duramen({"import", "-"}, "an error\n").code, 0);
  EXPECT_EQ(duramen({"query", "error"}).code, 0);
  EXPECT_EQ(duramen({"query", "absentword"}).code, 3);
  EXPECT_EQ(duramen({"query", "--since", "nonsense", "error"}).code, 2);
  EXPECT_EQ(duramen({"query"}).code, 2);
  EXPECT_EQ(duramen({"stats", "error"}).code, 0);
  const CliRun none = duramen({"stats", "absentword"});
  EXPECT_EQ(none.code, 3);
  EXPECT_EQ(none.out, "count\n    0\n");
  EXPECT_EQ(duramen({"stats", "absentword | stats count() as n"}).code, 0);
  EXPECT_EQ(duramen({"queries", "--kill", "999999"}).code, 3);
  daemon_.kill();
  EXPECT_EQ(duramen({"query", "error"}).code, 1);
}

TEST_F(CliEndToEnd, ABadQueryIsShownWithItsPlace) {
  const CliRun run = duramen({"query", "error", "status:>="});
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.out, "");
  EXPECT_THAT(run.err, StartsWith("duramen: column "));
  EXPECT_THAT(run.err, HasSubstr("\n  error status:>=\n"));
  EXPECT_THAT(run.err, HasSubstr("^\n"));
}

TEST_F(CliEndToEnd, AClosedPipeIsQuiet) {
  std::string content;
  for (int i = 0; i < 10'000; ++i)
    content += "a line of the log with some words in it " + std::to_string(i) + "\n";
  ASSERT_EQ(duramen({"import", file("p.log", content)}).code, 0);
  for (const char* line : {"set -o pipefail; duramen query --all '*' | head -1",
                           "set -o pipefail; duramen query --all -o json '*' | head -1"}) {
    const CliRun run = cli_.shell(line, variables());
    EXPECT_EQ(run.code, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 1);
  }
}

TEST_F(CliEndToEnd, AllRowsComeAndPagesFitTogether) {
  std::string content;
  for (int i = 0; i < 12'345; ++i) content += "n" + std::to_string(i) + "\n";
  ASSERT_EQ(duramen({"import", file("all.log", content), "--batch-bytes", "32KiB"}).code, 0);
  const auto found = rows("*");
  ASSERT_EQ(found.size(), 12'345U);
  for (std::size_t i = 0; i < found.size(); ++i)
    ASSERT_EQ(found[i]["_msg"], "n" + std::to_string(i));
  const auto page =
      support::HttpClient(daemon_.base_url()).get("/api/v1/query?q=%2A&order=asc&limit=5&end=1");
  ASSERT_TRUE(page);
  const json end = json::parse(page->body.substr(page->body.rfind("{\"_end\"")));
  const CliRun next = duramen({"query", "-o", "json", "--order", "asc", "--limit", "1", "--cursor",
                               end["_end"]["cursor"].get<std::string>(), "*"});
  EXPECT_EQ(json::parse(next.out, nullptr, false)["_msg"], "n5") << next.err;
  const CliRun limited = duramen({"query", "-o", "json", "*"});
  EXPECT_EQ(std::count(limited.out.begin(), limited.out.end(), '\n'), 100);
}

TEST_F(CliEndToEnd, TablesAreAligned) {
  ASSERT_EQ(duramen({"import", "-", "--label", "app=web"}, "error a\nerror b\n").code, 0);
  ASSERT_EQ(duramen({"import", "-", "--label", "app=database"}, "error c\n").code, 0);
  EXPECT_EQ(duramen({"stats", "error | stats count() as n by app | sort n desc"}).out,
            "app       n\nweb       2\ndatabase  1\n");
  EXPECT_EQ(duramen({"stats", "error"}).out, "count\n    3\n");
  EXPECT_EQ(duramen({"stats", "-o", "json", "error"}).out, "{\"count\":3}\n");
  EXPECT_THAT(duramen({"query", "-f", "app,_msg", "web"}).out +
                  duramen({"query", "-f", "app,_msg", "c"}).out,
              HasSubstr("database  error c"));
  EXPECT_EQ(duramen({"query", "-o", "logfmt", "-f", "app,_msg", "c"}).out,
            "app=database _msg=\"error c\"\n");
}

TEST_F(CliEndToEnd, ABarInQuotesOrInARegexIsNoPipe) {
  ASSERT_EQ(duramen({"import", "-"}, "a|b timeout\nrefused\nok\n").code, 0);
  EXPECT_EQ(duramen({"stats", "/timeout|refused/"}).out, "count\n    2\n");
  EXPECT_EQ(duramen({"stats", "\"a|b\""}).out, "count\n    1\n");
  EXPECT_EQ(duramen({"stats", "/timeout|refused/ | stats count() as n"}).out, "n\n2\n");
  EXPECT_EQ(duramen({"stats", "/timeout|refused/ |"}).code, 2);
}

TEST_F(CliEndToEnd, TheEndOfAnAnswerIsForProgramsThatAskForIt) {
  ASSERT_EQ(duramen({"import", "-"}, "one\ntwo\n").code, 0);
  const CliRun run = duramen({"query", "-o", "json", "--with-end", "--limit", "1", "*"});
  EXPECT_EQ(run.code, 0);
  const std::string last = run.out.substr(run.out.find('\n') + 1);
  const json end = json::parse(last, nullptr, false);
  ASSERT_TRUE(end.is_object() && end.contains("_end")) << run.out;
  EXPECT_EQ(end["_end"]["rows"], 1);
  const CliRun next = duramen({"query", "-o", "json", "--with-end", "--cursor",
                               end["_end"]["cursor"].get<std::string>(), "*"});
  EXPECT_EQ(std::count(next.out.begin(), next.out.end(), '\n'), 2) << next.out;
  EXPECT_EQ(duramen({"query", "--with-end", "*"}).code, 2);
}

TEST_F(CliEndToEnd, ColoursAreForTerminals) {
  ASSERT_EQ(duramen({"import", "-"}, "one \x1b[2J\n").code, 0);
  const std::string escape = "\x1b[";
  const auto on_terminal = [&](const std::vector<std::string>& options,
                               const support::Variables& more = {{"TERM", "xterm"}}) {
    std::vector<std::string> words = options;
    words.insert(words.end(), {"query", "*"});
    support::Variables all = variables();
    all.insert(all.end(), more.begin(), more.end());
    return cli_.run_on_terminal(words, all).out;
  };
  EXPECT_THAT(on_terminal({}), HasSubstr(escape));
  EXPECT_THAT(on_terminal({}), HasSubstr("\\x1b[2J")) << "the log's own codes are shown";
  EXPECT_THAT(on_terminal({}, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}), Not(HasSubstr(escape)));
  EXPECT_THAT(on_terminal({}, {{"TERM", "xterm"}, {"NO_COLOR", ""}}), HasSubstr(escape));
  EXPECT_THAT(on_terminal({}, {{"TERM", "dumb"}}), Not(HasSubstr(escape)));
  EXPECT_THAT(on_terminal({"--color", "never"}), Not(HasSubstr(escape)));
  EXPECT_THAT(on_terminal({"--color=always"}, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}),
              HasSubstr(escape));
  EXPECT_THAT(duramen({"--color=always", "query", "*"}).out, HasSubstr("\x1b[0m"));
  EXPECT_THAT(duramen({"--color=auto", "query", "-f", "_msg", "*"}).out, Not(HasSubstr("\x1b[0m")));
}

TEST_F(CliEndToEnd, ProgressIsDrawnOnATerminalAndLeavesNothingBehind) {
  const std::string path = file("p.ndjson", "{\"log\":\"a\"}\nbad\n{\"log\":\"b\"}\n");
  const CliRun run = cli_.run_on_terminal({"import", "--batch-bytes", "1KiB", path}, variables());
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.out, HasSubstr("\r\x1b[K[="));
  EXPECT_THAT(run.out, HasSubstr("100 %"));
  EXPECT_THAT(run.out, HasSubstr(path + ":2: not a JSON object"));
  EXPECT_THAT(run.out, HasSubstr("\r\x1b[Kaccepted 2, rejected 1, ")) << "the bar is gone";
  const CliRun quiet = cli_.run_on_terminal({"import", "-q", file("q.log", "x\n")}, variables());
  EXPECT_EQ(quiet.out, "");
}

TEST_F(CliEndToEnd, StatusVerifyAndSealWork) {
  ASSERT_EQ(duramen({"import", "-"}, "one\ntwo\n").code, 0);
  const CliRun seal = duramen({"seal"});
  EXPECT_EQ(seal.code, 0) << seal.err;
  EXPECT_THAT(seal.out, StartsWith("sealed in "));
  const CliRun status = duramen({"status"});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("rows               2, 0 of them not in blocks yet"));
  EXPECT_THAT(status.out, HasSubstr("writes             accepted"));
  const CliRun status_json = duramen({"status", "-o", "json"});
  EXPECT_EQ(json::parse(status_json.out)["rows"], 2);
  EXPECT_EQ(status_json.out.find('\n'), status_json.out.size() - 1) << "one object on one line";
  const CliRun online = duramen({"verify"});
  EXPECT_EQ(online.code, 0) << online.err;
  EXPECT_THAT(online.out, StartsWith("ok: "));
  const CliRun busy = duramen({"verify", "--data-dir", files_.file("data")});
  EXPECT_EQ(busy.code, 1) << "the daemon has it open";
  EXPECT_THAT(busy.err, HasSubstr("in use"));
  ASSERT_TRUE(daemon_.terminate());
  const CliRun offline = duramen({"verify", "--data-dir", files_.file("data"), "-o", "json"});
  EXPECT_EQ(offline.code, 0) << offline.err;
  const json report = json::parse(offline.out);
  EXPECT_EQ(report["ok"], true);
  EXPECT_EQ(report["rows"], 2);
}

TEST_F(CliEndToEnd, VerifyMakesNoStoreOutOfAMistypedPath) {
  const std::string path = files_.file("mistyped");
  const CliRun run = duramen({"verify", "--data-dir", path});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("no store"));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(CliEndToEnd, VerifyNamesADamagedFile) {
  std::string content;
  for (int i = 0; i < 5000; ++i)
    content += "some line with number " + std::to_string(i * 7919) + "\n";
  ASSERT_EQ(duramen({"import", file("v.log", content)}).code, 0);
  ASSERT_EQ(duramen({"seal"}).code, 0);
  ASSERT_TRUE(daemon_.terminate());
  std::filesystem::path largest;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(files_.file("data"))) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".sst" && extension != ".blob") continue;
    if (largest.empty() || entry.file_size() > std::filesystem::file_size(largest))
      largest = entry.path();
  }
  ASSERT_FALSE(largest.empty());
  std::fstream damaged(largest, std::ios::in | std::ios::out | std::ios::binary);
  damaged.seekg(500);
  const char byte = static_cast<char>(damaged.get());
  damaged.seekp(500);
  damaged.put(static_cast<char>(byte ^ 0x20));
  damaged.close();
  const CliRun run = duramen({"verify", "--data-dir", files_.file("data")});
  EXPECT_EQ(run.code, 1) << run.out;
  EXPECT_THAT(run.out + run.err, Not(HasSubstr("ok: ")));
}

}  // namespace
}  // namespace duramen
