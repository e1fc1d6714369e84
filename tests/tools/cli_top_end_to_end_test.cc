// `duramen top` against a real daemon: in a pipe, and on a terminal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/tools/cli_end_to_end.h"
#include "tests/tools/cli_terminal.h"
#include "tools/cli/columns.h"

namespace duramen {
namespace {

using nlohmann::json;
using support::CliRun;
using support::CliTerminal;
using testing::AllOf;
using testing::Contains;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kEnter = "\x1b[?1049h";
constexpr const char* kLeave = "\x1b[?1049l";

class CliTop : public CliEndToEnd {
 protected:
  void import(const std::string& records) {
    ASSERT_EQ(duramen({"import", "-", "-q"}, records).code, 0);
  }
  support::Variables on_terminal() const {
    support::Variables out = variables();
    out.emplace_back("TERM", "xterm");
    return out;
  }
  static bool same(const termios& a, const termios& b) {
    return a.c_lflag == b.c_lflag && a.c_iflag == b.c_iflag && a.c_oflag == b.c_oflag;
  }
};

TEST_F(CliTop, APipeGetsOneFrameAfterOneInterval) {
  import(
      "{\"app\":\"web\",\"log\":\"a\"}\n{\"app\":\"web\",\"log\":\"b\"}\n{\"app\":\"db\",\"log\":"
      "\"c\"}\n");
  const CliRun run = duramen({"top", "--interval", "0.2"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, StartsWith("duramen top  "));
  EXPECT_THAT(run.out, HasSubstr("\ningest  0 records/s, 0B/s; 3 rows stored, 3 not in blocks"));
  EXPECT_THAT(run.out, HasSubstr("\nstreams  2\n"));
  EXPECT_THAT(run.out, HasSubstr("        2  app=web\n"));
  EXPECT_THAT(run.out, HasSubstr("\nqueries  0\n"));
  EXPECT_THAT(run.out, EndsWith("\ntails  0\n"));
  EXPECT_THAT(run.out, Not(HasSubstr("\x1b")));
}

TEST_F(CliTop, ProgramsGetADocumentAFrame) {
  import("{\"app\":\"web\\u001b[2J\",\"log\":\"a\"}\n");
  const CliRun run = duramen({"top", "--interval", "200ms", "-n", "3", "-o", "json"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 3);
  const json frame = json::parse(run.out.substr(0, run.out.find('\n')));
  EXPECT_GE(frame["seconds"].get<double>(), 0.19);
  EXPECT_EQ(frame["rows"], 1);
  EXPECT_EQ(frame["streams"][0]["labels"]["app"], "web\x1b[2J");
  EXPECT_EQ(frame["ingest"]["records"], 1);
  EXPECT_EQ(frame["tails"], json::array());
}

TEST_F(CliTop, ATailIsListed) {
  support::CliProcess tail;
  tail.start({support::program("duramen"), "tail", "--all", "-q", "app:web"}, variables());
  const CliRun run =
      cli_.shell("until duramen top --interval 0.2 | grep app:web; do :; done", variables());
  EXPECT_THAT(run.out, HasSubstr("app:web"));
}

TEST_F(CliTop, WhereNobodyAnswersItIsAnErrorAndNoScreen) {
  CliTerminal terminal(80, 24);
  terminal.start({"top"}, {{"DURAMEN_URL", "http://127.0.0.1:1"}});
  EXPECT_EQ(terminal.wait_end(), 1);
  EXPECT_THAT(terminal.all(), AllOf(HasSubstr("http://127.0.0.1:1"), Not(HasSubstr(kEnter))));
}

TEST_F(CliTop, AScreenIsDrawnAgainAndQLeavesTheTerminalAsItWas) {
  import("{\"app\":\"web\",\"log\":\"a\"}\n");
  CliTerminal terminal(80, 24);
  const termios before = terminal.settings();
  terminal.start({"top", "--interval", "0.2"}, on_terminal());
  ASSERT_TRUE(terminal.wait_for(kEnter));
  ASSERT_TRUE(terminal.wait_for("app=web"));
  EXPECT_EQ(terminal.settings().c_lflag & static_cast<tcflag_t>(ICANON | ECHO), 0U);
  import("{\"app\":\"db\",\"log\":\"a\"}\n");
  ASSERT_TRUE(terminal.wait_for("app=db"));
  ASSERT_TRUE(terminal.wait_for("\x1b[J"));
  EXPECT_THAT(terminal.screen(), Contains(HasSubstr("2 rows stored")));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_end(), 0);
  EXPECT_THAT(terminal.all(), EndsWith(std::string("\x1b[?7h\x1b[?25h") + kLeave));
  EXPECT_TRUE(same(before, terminal.settings()));
}

TEST_F(CliTop, ControlCAndTerminationLeaveTheTerminalAsItWas) {
  for (const bool typed : {true, false}) {
    CliTerminal terminal(80, 24);
    const termios before = terminal.settings();
    terminal.start({"top"}, on_terminal());
    ASSERT_TRUE(terminal.wait_for("\x1b[J"));
    if (typed) {
      terminal.type("\x03");
    } else {
      terminal.signal(SIGTERM);
    }
    EXPECT_EQ(terminal.wait_end(), typed ? 0 : 128 + SIGTERM);
    EXPECT_THAT(terminal.all(), EndsWith(kLeave));
    EXPECT_TRUE(same(before, terminal.settings()));
  }
}

TEST_F(CliTop, ControlZLeavesTheScreenAndComesBack) {
  CliTerminal terminal(80, 24);
  terminal.start({"top"}, on_terminal());
  ASSERT_TRUE(terminal.wait_for("\x1b[J"));
  terminal.type("\x1a");
  // There is no shell: the system does not stop it.
  ASSERT_TRUE(terminal.wait_for(kLeave));
  ASSERT_TRUE(terminal.wait_for(kEnter));
  ASSERT_TRUE(terminal.wait_for("\x1b[J"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_end(), 0);
}

TEST_F(CliTop, ATerminalThatIsGoneEndsIt) {
  CliTerminal terminal(80, 24);
  terminal.start({"top"}, on_terminal());
  ASSERT_TRUE(terminal.wait_for("\x1b[J"));
  terminal.hang_up();
  EXPECT_GE(terminal.wait_end(), 0);
}

TEST_F(CliTop, LinesFitAndFollowTheSizeOfTheTerminal) {
  std::string records;
  for (int i = 0; i < 50; ++i) {
    records += "{\"app\":\"app" + std::to_string(i) + std::string(60, 'x') + "\",\"log\":\"a\"}\n";
  }
  import(records);
  CliTerminal terminal(60, 12);
  terminal.start({"top", "--interval", "60s"}, on_terminal());
  ASSERT_TRUE(terminal.wait_for("\x1b[J"));
  const auto fits = [&](std::size_t columns, std::size_t rows) {
    const auto lines = terminal.screen();
    return lines.size() <= rows && std::all_of(lines.begin(), lines.end(), [&](const auto& line) {
             return cli::columns_of(line) <= columns;
           });
  };
  EXPECT_TRUE(fits(60, 12)) << testing::PrintToString(terminal.screen());
  EXPECT_EQ(terminal.screen().size(), 12U);
  terminal.resize(30, 40);
  ASSERT_TRUE(terminal.wait_for("\x1b[J"));
  EXPECT_TRUE(fits(30, 40)) << testing::PrintToString(terminal.screen());
  EXPECT_EQ(terminal.screen().size(), 40U);
  terminal.type("q");
  EXPECT_EQ(terminal.wait_end(), 0);
}

TEST_F(CliTop, NoLabelActsOnTheTerminalAndNoColorIsHeeded) {
  import("{\"app\":\"evil\\u001b[31m\\u0007\\nline\\ttab\",\"log\":\"a\"}\n");
  CliTerminal terminal(80, 24);
  support::Variables settings = on_terminal();
  settings.emplace_back("NO_COLOR", "1");
  terminal.start({"top"}, settings);
  ASSERT_TRUE(terminal.wait_for("\\x1b[31m\\x07\\nline\\ttab"));
  terminal.type("q");
  EXPECT_EQ(terminal.wait_end(), 0);
  EXPECT_THAT(terminal.all(), Not(HasSubstr("\x1b[31m")));
  EXPECT_THAT(terminal.all(), Not(HasSubstr("\x1b[1m"))) << "no colour, and nothing bold";
}

TEST_F(CliTop, ALostConnectionIsSaidAndFoundAgain) {
  const std::string address = daemon_.base_url().substr(7);
  CliTerminal terminal(80, 24);
  terminal.start({"top", "--interval", "0.2"}, on_terminal());
  ASSERT_TRUE(terminal.wait_for("\x1b[J"));
  daemon_.kill();
  ASSERT_TRUE(terminal.wait_for("CONNECTION LOST, asking again in 1 s: "));
  ASSERT_TRUE(terminal.wait_for("CONNECTION LOST, asking again in 2 s: "));
  ASSERT_TRUE(daemon_.start({"--data-dir", files_.file("data"), "--http-listen", address}));
  ASSERT_TRUE(daemon_.wait_ready());
  bool found = false;
  for (int i = 0; i < 200 && !found; ++i) {
    ASSERT_TRUE(terminal.wait_for("\x1b[J"));
    found = terminal.screen().at(1).starts_with("ingest");
  }
  EXPECT_TRUE(found) << testing::PrintToString(terminal.screen());
  terminal.type("q");
  EXPECT_EQ(terminal.wait_end(), 0);
}

TEST_F(CliTop, ControlCIsHeardWhileTheDaemonDoesNotAnswer) {
  CliTerminal terminal(80, 24);
  terminal.start({"top", "--interval", "0.2"}, on_terminal());
  ASSERT_TRUE(terminal.wait_for("\x1b[J"));
  ASSERT_TRUE(daemon_.signal(SIGSTOP));
  terminal.wait_quiet(3 * 200);  // an answer is outstanding: no frame comes any more
  const auto began = std::chrono::steady_clock::now();
  terminal.type("\x03");
  EXPECT_EQ(terminal.wait_end(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_THAT(terminal.all(), EndsWith(kLeave));
  ASSERT_TRUE(daemon_.signal(SIGCONT));
}

TEST_F(CliTop, AScreenEndsAfterSoManyFrames) {
  CliTerminal terminal(80, 24);
  terminal.start({"top", "--interval", "0.2", "-n", "2"}, on_terminal());
  EXPECT_EQ(terminal.wait_end(), 0);
  EXPECT_THAT(terminal.all(), EndsWith(kLeave));
}

}  // namespace
}  // namespace duramen
