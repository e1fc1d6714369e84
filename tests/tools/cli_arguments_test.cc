#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/base/temporary_directory.h"
#include "tools/cli/app_name.h"
#include "tools/cli/arguments.h"

namespace duramen::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::variant<Arguments, EarlyExit> parse(const std::vector<std::string>& arguments,
                                         const std::map<std::string, std::string>& variables = {}) {
  return parse_arguments(arguments, [&](const char* name) {
    const auto at = variables.find(name);
    return at == variables.end() ? std::string() : at->second;
  });
}

template <class Wanted>
Wanted command(const std::vector<std::string>& arguments) {
  const auto parsed = parse(arguments);
  if (const auto* exit = std::get_if<EarlyExit>(&parsed)) {
    ADD_FAILURE() << exit->err;
    return {};
  }
  return std::get<Wanted>(std::get<Arguments>(parsed).command);
}

EarlyExit exit_of(const std::vector<std::string>& arguments) {
  const auto parsed = parse(arguments);
  if (const auto* exit = std::get_if<EarlyExit>(&parsed)) return *exit;
  ADD_FAILURE() << "it was accepted";
  return {};
}

TEST(CliArguments, TheWordsOfAQueryAreOneQuery) {
  const auto query = command<QueryCommand>({"query", "error", "AND", "app:web"});
  EXPECT_EQ(query.query, "error AND app:web");
  EXPECT_FALSE(query.limit.has_value());
  EXPECT_FALSE(query.oldest_first);
}

TEST(CliArguments, OptionsOfAQueryStandBeforeOrBehindIt) {
  const auto query = command<QueryCommand>(
      {"query", "--since", "15m", "error", "--limit", "7", "--order", "asc", "--cursor", "abc"});
  EXPECT_EQ(query.query, "error");
  EXPECT_EQ(query.range.since, "15m");
  EXPECT_EQ(query.limit, 7U);
  EXPECT_TRUE(query.oldest_first);
  EXPECT_EQ(query.cursor, "abc");
}

TEST(CliArguments, TopLooksAsOftenAsItIsTold) {
  EXPECT_EQ(command<TopCommand>({"top"}).interval, kNsPerSecond);
  EXPECT_EQ(command<TopCommand>({"top", "--interval", "0.2"}).interval, kNsPerSecond / 5);
  EXPECT_EQ(command<TopCommand>({"top", "--interval", "1m"}).interval, 60 * kNsPerSecond);
  const auto top = command<TopCommand>({"top", "-b", "-n", "3", "--order", "bytes"});
  EXPECT_EQ(top.frames, 3U);
  EXPECT_EQ(top.order, TopOrder::kBytes);
  EXPECT_TRUE(top.plain);
  for (const char* interval : {"0.1", "61", "2h", "-1", "nan", "inf", "soon", ""}) {
    EXPECT_THAT(exit_of({"top", "--interval", interval}).err, HasSubstr("--interval")) << interval;
  }
  EXPECT_EQ(exit_of({"top", "-n", "0"}).code, kExitUsage);
  EXPECT_EQ(exit_of({"top", "-o", "logfmt"}).err, "top writes text or json");
}

TEST(CliArguments, AnExplanationHasNoPagesAndNoEndLine) {
  EXPECT_TRUE(command<QueryCommand>({"query", "error", "--explain"}).explain);
  EXPECT_FALSE(command<QueryCommand>({"query", "error"}).explain);
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{"--cursor", "c"}, {"--with-end", "-o", "json"}}) {
    std::vector<std::string> arguments{"query", "--explain", "error"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const EarlyExit exit = exit_of(arguments);
    EXPECT_EQ(exit.code, kExitUsage);
    EXPECT_THAT(exit.err, HasSubstr("--explain goes with neither"));
  }
}

TEST(CliArguments, ContextTakesOneRowAndHowManyAroundIt) {
  const auto context =
      command<ContextCommand>({"context", "-B", "3", "00ff:17", "--after", "0", "--since", "1h"});
  EXPECT_EQ(context.seq, "00ff:17");
  EXPECT_EQ(context.before, 3U);
  EXPECT_EQ(context.after, 0U);
  EXPECT_EQ(context.range.since, "1h");
  EXPECT_FALSE(command<ContextCommand>({"context", "00ff:17"}).before.has_value());
  EXPECT_EQ(exit_of({"context"}).code, kExitUsage);
  EXPECT_EQ(exit_of({"context", "00ff:17", "00ff:18"}).code, kExitUsage);
  EXPECT_EQ(exit_of({"context", "00ff:17", "--since", "1h", "--start", "now"}).code, kExitUsage);
}

TEST(CliArguments, TheProgramIsDescribedWithAllItsCommands) {
  const ProgramText program = describe_program();
  EXPECT_EQ(program.whole.name, "duramen");
  for (const CommandText& command : program.commands) {
    EXPECT_NE(command.help, "") << command.name;
    EXPECT_EQ(nearest_command(command.name + "x"), command.name);
  }
  const auto query = std::find_if(program.commands.begin(), program.commands.end(),
                                  [](const CommandText& c) { return c.name == "query"; });
  ASSERT_NE(query, program.commands.end());
  const auto order = std::find_if(query->options.begin(), query->options.end(),
                                  [](const OptionText& o) { return o.flags.back() == "--order"; });
  ASSERT_NE(order, query->options.end());
  EXPECT_THAT(order->choices, ElementsAre("asc", "desc"));
  EXPECT_EQ(query->positionals.front().value, "QUERY");
}

TEST(CliArguments, APageOrADirectoryOfPages) {
  EXPECT_EQ(command<ManCommand>({"man", "query"}).page, "query");
  EXPECT_EQ(command<ManCommand>({"man", "--dir", "d"}).directory, "d");
  EXPECT_EQ(exit_of({"man", "query", "--dir", "d"}).code, kExitUsage);
  EXPECT_EQ(command<CompletionCommand>({"completion", "zsh"}).shell, Shell::kZsh);
  EXPECT_EQ(exit_of({"completion"}).code, kExitUsage);
}

TEST(CliArguments, FieldsTakeOneWordWithCommas) {
  const auto query = command<QueryCommand>({"query", "-f", "app,_msg", "error", "-f", "x"});
  EXPECT_THAT(query.fields, ElementsAre("app", "_msg", "x"));
  EXPECT_EQ(query.query, "error");
}

TEST(CliArguments, ALeadingDashGoesBehindTwoDashes) {
  EXPECT_EQ(command<QueryCommand>({"query", "--", "-debug", "error"}).query, "-debug error");
  const EarlyExit exit = exit_of({"query", "-debug", "error"});
  EXPECT_EQ(exit.code, kExitUsage);
  EXPECT_THAT(exit.err, HasSubstr("behind --"));
}

TEST(CliArguments, AllIsALimitOfZero) {
  EXPECT_EQ(command<QueryCommand>({"query", "--all", "*"}).limit, 0U);
  EXPECT_EQ(exit_of({"query", "--all", "--limit", "3", "*"}).code, kExitUsage);
}

TEST(CliArguments, GlobalOptionsStandBeforeAndBehindTheCommand) {
  for (const auto& arguments :
       {std::vector<std::string>{"-o", "json", "--server", "http://x:1", "status"},
        std::vector<std::string>{"status", "-o", "json", "--server", "http://x:1"}}) {
    const auto parsed = parse(arguments);
    const GlobalOptions& global = std::get<Arguments>(parsed).global;
    EXPECT_EQ(global.output, OutputFormat::kJson);
    EXPECT_EQ(global.server, "http://x:1");
  }
}

TEST(CliArguments, VariablesAreTheDefaultsAndOptionsWin) {
  const std::map<std::string, std::string> variables{{"DURAMEN_URL", "http://v:2"},
                                                     {"DURAMEN_TOKEN", "secret"}};
  const auto plain = parse({"status"}, variables);
  EXPECT_EQ(std::get<Arguments>(plain).global.server, "http://v:2");
  EXPECT_EQ(std::get<Arguments>(plain).global.token, "secret");
  const auto given = parse({"--server", "http://o:3", "status"}, variables);
  EXPECT_EQ(std::get<Arguments>(given).global.server, "http://o:3");
  EXPECT_EQ(std::get<Arguments>(parse({"status"})).global.server, "http://127.0.0.1:5647");
}

TEST(CliArguments, WithoutACommandThereIsHelpAndAUsageError) {
  const EarlyExit exit = exit_of({});
  EXPECT_EQ(exit.code, kExitUsage);
  EXPECT_THAT(exit.err, HasSubstr("import"));
}

TEST(CliArguments, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(exit_of({"--help"}).code, kExitOk);
  EXPECT_THAT(exit_of({"--version"}).out, HasSubstr("duramen 0."));
  for (const char* name : {"query", "stats", "import", "queries", "status", "verify", "seal"}) {
    const EarlyExit exit = exit_of({name, "--help"});
    EXPECT_EQ(exit.code, kExitOk);
    EXPECT_THAT(exit.out, HasSubstr(std::string("duramen ") + name));
  }
}

TEST(CliArguments, AMistypedCommandIsToldItsNearest) {
  const EarlyExit exit = exit_of({"qurey", "error"});
  EXPECT_EQ(exit.code, kExitUsage);
  EXPECT_THAT(exit.err, HasSubstr("did you mean 'query'"));
  EXPECT_EQ(nearest_command("stauts"), "status");
  EXPECT_EQ(nearest_command("imprt"), "import");
  EXPECT_EQ(nearest_command("xyzzy"), "");
  EXPECT_THAT(exit_of({"xyzzy"}).err, HasSubstr("no command 'xyzzy'"));
}

TEST(CliArguments, TailAndRecentTakeAppsANumberAndAQuery) {
  const auto tail = command<TailCommand>({"tail", "web", "mail", "-n", "0", "-q", "error OR warn"});
  EXPECT_THAT(tail.apps, ElementsAre("web", "mail"));
  EXPECT_EQ(tail.recent, 0U);
  EXPECT_EQ(tail.query, "error OR warn");
  EXPECT_TRUE(tail.follow);
  const auto recent = command<TailCommand>({"recent"});
  EXPECT_EQ(recent.recent, 100U);
  EXPECT_FALSE(recent.follow);
  EXPECT_THAT(exit_of({"tail", "--all", "web"}).err, HasSubstr("--all goes without APP"));
  const auto parsed = parse({"tail"}, {{"DURAMEN_APP", "shop"}});
  EXPECT_EQ(std::get<TailCommand>(std::get<Arguments>(parsed).command).default_app, "shop");
}

TEST(CliAppName, AManifestNamesItsFirstApplication) {
  EXPECT_EQ(
      app_of_manifest("---\nname: no\napplications:\n- name: shop\n  memory: 1G\n- name: b\n"),
      "shop");
  EXPECT_EQ(
      app_of_manifest("applications:\n  # the first\n  - memory: 1G\n    name: 'my shop' # x\n"),
      "my shop");
  EXPECT_EQ(app_of_manifest("applications:\nother:\n  - name: shop\n"), std::nullopt);
  EXPECT_EQ(app_of_manifest(""), std::nullopt);
}

TEST(CliAppName, AComposeFileHasANameAtItsTop) {
  EXPECT_EQ(app_of_compose("services:\n  web:\n    name: no\nname: shop # x\n"), "shop");
  EXPECT_EQ(app_of_compose("name: \"the shop\"\r\n"), "the shop");
  EXPECT_EQ(app_of_compose("services:\n  name: no\n"), std::nullopt);
}

TEST(CliAppName, TheManifestOfADirectoryGoesFirst) {
  const TemporaryDirectory directory;
  EXPECT_EQ(app_of_directory(directory.path()), std::nullopt);
  std::ofstream(directory.file("compose.yaml")) << "name: composed\n";
  EXPECT_EQ(app_of_directory(directory.path()), "composed");
  std::ofstream(directory.file("manifest.yml")) << "applications:\n- name: shop\n";
  EXPECT_EQ(app_of_directory(directory.path()), "shop");
}

TEST(CliArguments, ImportReadsLabelsSizesAndFiles) {
  const auto import = command<ImportCommand>(
      {"import", "a.log", "--label", "app=x", "b.log", "--label", "k=a=b", "--batch-bytes", "64KiB",
       "--max-wait", "2m", "--format", "text", "--year", "2020"});
  EXPECT_THAT(import.files, ElementsAre("a.log", "b.log"));
  EXPECT_THAT(import.labels, ElementsAre(Pair("app", "x"), Pair("k", "a=b")));
  EXPECT_EQ(import.batch_bytes, 65536U);
  EXPECT_EQ(import.max_wait, 120 * kNsPerSecond);
  EXPECT_EQ(import.format, ImportCommand::Format::kText);
  EXPECT_EQ(import.year, 2020);
}

TEST(CliArguments, ImportRefusesWhatItCannotUse) {
  EXPECT_THAT(exit_of({"import"}).err, HasSubstr("standard input"));
  EXPECT_THAT(exit_of({"import", "x", "--label", "novalue"}).err, HasSubstr("name=value"));
  EXPECT_THAT(exit_of({"import", "x", "--batch-bytes", "1GiB"}).err, HasSubstr("32MiB"));
  EXPECT_THAT(exit_of({"import", "x", "--format", "xml"}).err, HasSubstr("auto|ndjson|text"));
  EXPECT_EQ(exit_of({"import", "-", "-"}).code, kExitUsage);
  EXPECT_EQ(exit_of({"--utc", "--tz", "Europe/Paris", "status"}).code, kExitUsage);
}

TEST(CliArguments, StandardInputIsAFileName) {
  EXPECT_THAT(command<ImportCommand>({"import", "-"}).files, ElementsAre("-"));
}

}  // namespace
}  // namespace duramen::cli
