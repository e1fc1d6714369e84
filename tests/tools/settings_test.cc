#include "tools/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "tests/base/temporary_directory.h"
#include "tools/settings_table.h"

namespace duramen::tools {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Environment variables(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto at = values.find(name);
    if (at == values.end()) return std::nullopt;
    return at->second;
  };
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string toml_error(std::string_view text) {
  Settings settings;
  const auto done = apply_toml(text, "x.toml", settings);
  return done ? "" : done.error().message;
}

std::string usage_error(const std::vector<std::string>& args) {
  const auto parsed = parse_command_line(args);
  return parsed ? "" : parsed.error().message;
}

std::string option_error(const std::vector<std::string>& args) {
  auto parsed = parse_command_line(args);
  if (!parsed) return "usage: " + parsed.error().message;
  const auto settings = load_settings(*parsed, variables({}));
  return settings ? "" : settings.error().message;
}

TEST(SettingsTable, EverySettingTakesItsOwnDefaultInEveryPlace) {
  for (const Setting& setting : settings_table()) {
    const Settings defaults;
    std::string value = value_text(setting, defaults);
    if (value.empty()) value = "anything";
    Settings settings;
    const auto set = set_from_text(setting, value, settings);
    ASSERT_TRUE(set) << setting.key << ": " << set.error().message;
    EXPECT_EQ(value_text(setting, settings), value) << setting.key;
    EXPECT_EQ(option_error({option_name(setting) + "=" + value}), "");
    EXPECT_TRUE(load_settings({}, variables({{variable_name(setting), value}}))) << setting.key;
    const bool quoted = setting.kind != Kind::kCount && setting.kind != Kind::kFlag;
    EXPECT_EQ(toml_error(std::string(setting.key) + " = " + (quoted ? "'" + value + "'" : value)),
              "");
  }
}

TEST(SettingsTable, NamesFollowFromTheKey) {
  const Setting* setting = find_setting("store.min_free_bytes");
  ASSERT_NE(setting, nullptr);
  EXPECT_EQ(option_name(*setting), "--store-min-free-bytes");
  EXPECT_EQ(variable_name(*setting), "DURAMEN_STORE_MIN_FREE_BYTES");
}

TEST(SettingsFile, TakesEveryKindOfValue) {
  Settings s;
  const auto done = apply_toml(R"(
    data_dir = "/data"
    [http]
    listen = ["127.0.0.1:1", "[::1]:2"]
    insecure_listen = true
    io_threads = 3
    body_bytes = "1.5MiB"
    read_timeout = "1m"
    [query]
    timeout = "1m30s"
    [store]
    zstd_level = 7
    min_free_bytes = 4096
    [retention]
    age = "2d"
    bytes = "10GiB"
    [log]
    level = "debug"
    format = "json"
  )",
                               "x.toml", s);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(s.data_dir, "/data");
  EXPECT_THAT(s.http.listen, ElementsAre("127.0.0.1:1", "[::1]:2"));
  EXPECT_TRUE(s.http.insecure_listen);
  EXPECT_EQ(s.http.io_threads, 3U);
  EXPECT_EQ(s.http.body_bytes, 3U << 19);
  EXPECT_EQ(s.http.read_timeout_seconds, 60U);
  EXPECT_EQ(s.query.timeout, 90 * kNsPerSecond);
  EXPECT_EQ(s.store.zstd_level, 7);
  EXPECT_EQ(s.store.min_free_bytes, 4096U);
  EXPECT_EQ(s.retention_age, 2 * kNsPerDay);
  EXPECT_FALSE(s.retention_bytes.automatic);
  EXPECT_EQ(s.retention_bytes.bytes, 10ULL << 30);
  EXPECT_EQ(s.log_level, LogLevel::kDebug);
  EXPECT_EQ(s.log_format, LogFormat::kJson);
}

TEST(SettingsFile, UnknownKeysNameThePlaceAndTheNearestKey) {
  EXPECT_EQ(toml_error("\n[http]\n  lisen = 'a'\n"),
            "x.toml:3:3: unknown setting 'http.lisen'; did you mean 'http.listen'?");
  EXPECT_EQ(toml_error("[htp]\nlisten = 'a'\n"),
            "x.toml:1:2: unknown setting 'htp'; did you mean 'http'?");
  EXPECT_EQ(toml_error("datadir = '/x'"),
            "x.toml:1:1: unknown setting 'datadir'; did you mean 'data_dir'?");
  EXPECT_EQ(toml_error("[http]\ncolour_of_the_sky = 1"),
            "x.toml:2:1: unknown setting 'http.colour_of_the_sky'");
  EXPECT_EQ(toml_error("[empty]\n"), "x.toml:1:2: unknown setting 'empty'");
}

TEST(SettingsFile, WrongTypesNameThePlace) {
  EXPECT_EQ(toml_error("[http]\nbody_bytes = true"),
            "x.toml:2:14: http.body_bytes: expected a size such as \"64MiB\", found a boolean");
  EXPECT_EQ(toml_error("[http]\nio_threads = '2'"),
            "x.toml:2:14: http.io_threads: expected a number, found a string");
  EXPECT_EQ(toml_error("[http]\nio_threads = 2.5"),
            "x.toml:2:14: http.io_threads: expected a number, found a decimal number");
  EXPECT_EQ(toml_error("[http]\nlisten = [1]"),
            "x.toml:2:10: http.listen: expected only strings in the list, found an integer");
  EXPECT_EQ(toml_error("[http]\ninsecure_listen = 'yes'"),
            "x.toml:2:19: http.insecure_listen: expected true or false, found a string");
  EXPECT_EQ(toml_error("[query]\ntimeout = 5"),
            "x.toml:2:11: query.timeout: expected a duration such as \"15m\", found an integer");
  EXPECT_EQ(toml_error("http = 1"),
            "x.toml:1:8: http: expected a group of settings ([http]), found an integer");
  EXPECT_EQ(toml_error("data_dir = 2026-11-21"),
            "x.toml:1:12: data_dir: expected a text, found a date or time");
}

TEST(SettingsFile, ValuesOutOfRangeNameThePlaceAndTheRange) {
  EXPECT_EQ(toml_error("[http]\nio_threads = 0"),
            "x.toml:2:14: http.io_threads: 0 is not between 1 and 64");
  EXPECT_EQ(toml_error("[http]\nio_threads = -1"), "x.toml:2:14: http.io_threads: it is negative");
  EXPECT_EQ(toml_error("[http]\nbody_bytes = '5GiB'"),
            "x.toml:2:14: http.body_bytes: 5GiB is not between 1KiB and 1GiB");
  EXPECT_EQ(toml_error("[retention]\nage = '10m'"), "x.toml:2:7: retention.age: 10m is below 1h");
  EXPECT_EQ(toml_error("[http]\nread_timeout = '1500ms'"),
            "x.toml:2:16: http.read_timeout: '1500ms' is not a whole number of seconds");
  EXPECT_EQ(toml_error("[http]\nlisten = []"), "x.toml:2:10: http.listen: the list is empty");
  EXPECT_THAT(toml_error("[log]\nlevel = 'loud'"),
              HasSubstr("x.toml:2:9: log.level: 'loud' is no log level: debug, info"));
}

std::string class_error(const std::string& classes) {
  const std::string error = toml_error("[retention]\nclasses = " + classes);
  const std::string place = "x.toml:2:11: retention.classes: ";
  return error.starts_with(place) ? error.substr(place.size()) : error;
}

TEST(RetentionClasses, AreReadFromFileAndText) {
  Settings s;
  ASSERT_TRUE(
      apply_toml("[retention]\nclasses = ['audit: age=365d when app=auth, env=prod*',\n"
                 "'noise:bytes=1GiB   age=none when level=*']\nhold_for_sinks = true",
                 "x.toml", s));
  ASSERT_EQ(s.retention_classes.size(), 2U);
  const store::RetentionClass audit{
      "audit", 365 * kNsPerDay, {}, {{"app", "auth", false}, {"env", "prod", true}}};
  EXPECT_EQ(s.retention_classes[0], audit);
  const store::RetentionClass noise{"noise", {}, 1ULL << 30, {{"level", "", true}}};
  EXPECT_EQ(s.retention_classes[1], noise);
  EXPECT_TRUE(s.hold_for_sinks);
  const Setting& setting = *find_setting("retention.classes");
  const std::string text = value_text(setting, s);
  EXPECT_EQ(text,
            "audit: age=365d when app=auth,env=prod*; noise: age=none bytes=1GiB when level=*");
  Settings again;
  ASSERT_TRUE(set_from_text(setting, text, again));
  EXPECT_EQ(again.retention_classes, s.retention_classes);
  ASSERT_TRUE(set_from_text(setting, "none", again));
  EXPECT_TRUE(again.retention_classes.empty());
  ASSERT_TRUE(apply_toml("[retention]\nclasses = []", "x.toml", s));
  EXPECT_TRUE(s.retention_classes.empty());
}

TEST(RetentionClasses, AnOptionMayBeRepeated) {
  const auto parsed = parse_command_line(
      {"--retention-classes", "a: age=1d when x=1", "--retention-classes=b: age=2d when x=2,y=3"});
  ASSERT_TRUE(parsed);
  const auto s = load_settings(*parsed, variables({}));
  ASSERT_TRUE(s) << s.error().message;
  ASSERT_EQ(s->retention_classes.size(), 2U);
  EXPECT_EQ(s->retention_classes[1].when.size(), 2U);
}

TEST(RetentionClasses, EveryMistakeIsNamed) {
  EXPECT_EQ(
      class_error("3"),
      "expected a list of texts such as [\"audit: age=365d when app=auth\"], found an integer");
  EXPECT_EQ(class_error("[3]"), "expected only strings in the list, found an integer");
  EXPECT_EQ(class_error("['']"), "an empty item in the list");
  EXPECT_EQ(class_error("['audit']"),
            "'audit' has no name and ':'; write it as 'audit: age=365d when app=auth'");
  EXPECT_EQ(class_error("[': age=1d when a=b']"),
            "class '': a class's name has letters, digits, '-' and '_', from 1 to 32 of them");
  EXPECT_THAT(class_error("['a.b: age=1d when a=b']"), HasSubstr("class 'a.b': a class's name"));
  EXPECT_THAT(class_error("['" + std::string(33, 'a') + ": age=1d when a=b']"),
              HasSubstr("from 1 to 32"));
  EXPECT_EQ(class_error("['default: age=1d when a=b']"),
            "class 'default': this class is what fits no other; its limits are retention.age and "
            "retention.bytes");
  EXPECT_EQ(class_error("['a: age=1d when x=1', 'a: age=2d when x=2']"),
            "class 'a': there are two of the name");
  EXPECT_EQ(class_error("['a: age=1d']"),
            "class 'a': it does not say which rows it has; end it with 'when LABEL=VALUE'");
  EXPECT_EQ(class_error("['a: when x=1']"),
            "class 'a': it has no age; write age=30d, or age=none for no limit by age");
  EXPECT_EQ(class_error("['a: agge=1d when x=1']"),
            "class 'a': unknown limit 'agge=1d'; did you mean 'age'?; there are age=… and bytes=…, "
            "then 'when'");
  EXPECT_EQ(class_error("['a: age=1d age=2d when x=1']"), "class 'a': it has age= twice");
  EXPECT_EQ(class_error("['a: age=1m when x=1']"), "class 'a': age=1m is below 1h");
  EXPECT_THAT(class_error("['a: age=soon when x=1']"), HasSubstr("class 'a': "));
  EXPECT_THAT(class_error("['a: age when x=1']"), HasSubstr("class 'a': "));
  EXPECT_EQ(class_error("['a: age=1d bytes=3 when x=1']"), "class 'a': bytes=3 is below 1MiB");
  EXPECT_THAT(class_error("['a: age=1d bytes=big when x=1']"), HasSubstr("class 'a': "));
  EXPECT_EQ(class_error("['a: age=1d when ']"),
            "class 'a': the condition '' has no '='; write LABEL=VALUE");
  EXPECT_EQ(class_error("['a: age=1d when x']"),
            "class 'a': the condition 'x' has no '='; write LABEL=VALUE");
  EXPECT_EQ(class_error("['a: age=1d when =x']"),
            "class 'a': the condition '=x' has no label before its '='");
  EXPECT_EQ(class_error("['a: age=1d when x=']"),
            "class 'a': the condition 'x=' has no value; '*' stands for any");
  EXPECT_EQ(class_error("['a: age=1d when x=*y']"),
            "class 'a': the condition 'x=*y' has a '*' before the end of its value");
  EXPECT_EQ(class_error("['a: age=1d when x=1,x=2']"),
            "class 'a': the label 'x' has two conditions");
  EXPECT_EQ(class_error("['a: age=1d when x=1,']"),
            "class 'a': the conditions end with a ','; take it away or add one");
  EXPECT_EQ(class_error("['a: age=1d when a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1']"),
            "class 'a': it has 9 conditions; at most 8 can be");
  std::string eight = "[";
  for (char c = 'a'; c <= 'h'; ++c) eight += std::string("'") + c + ": age=1d when x=1',";
  EXPECT_EQ(class_error(eight + "]"), "8 classes; at most 7 can be beside 'default'");
}

TEST(SettingsFile, BrokenTomlNamesThePlace) {
  EXPECT_THAT(toml_error("[http]\nlisten = [\n'a'\n"), HasSubstr("x.toml:"));
  EXPECT_THAT(toml_error("a = 1\na = 2"), HasSubstr("x.toml:2:"));
  EXPECT_THAT(toml_error("\xFF"), HasSubstr("x.toml:1:1: "));
  EXPECT_EQ(toml_error(""), "");
}

TEST(SettingsSources, OptionWinsOverVariableOverFileOverDefault) {
  const TemporaryDirectory directory;
  const std::string file = directory.file("duramen.toml");
  write_file(file,
             "host = 'file'\n[http]\nlisten = 'file:1'\nio_threads = 5\n[log]\nlevel = 'error'\n");
  const auto parsed = parse_command_line({"--config", file, "--host=flag", "--insecure-listen"});
  ASSERT_TRUE(parsed);
  const auto s = load_settings(
      *parsed, variables({{"DURAMEN_HOST", "variable"}, {"DURAMEN_HTTP_LISTEN", "a:1,b:2"}}));
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->host, "flag");
  EXPECT_THAT(s->http.listen, ElementsAre("a:1", "b:2"));
  EXPECT_EQ(s->http.io_threads, 5U);
  EXPECT_EQ(s->log_level, LogLevel::kError);
  EXPECT_TRUE(s->http.insecure_listen);
  EXPECT_EQ(s->http.worker_threads, Settings{}.http.worker_threads);
}

TEST(SettingsSources, TheVariableNamesTheFileToo) {
  const TemporaryDirectory directory;
  write_file(directory.file("a.toml"), "host = 'a'");
  const auto s = load_settings({}, variables({{"DURAMEN_CONFIG", directory.file("a.toml")}}));
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(s->host, "a");
}

TEST(SettingsSources, ErrorsNameTheOptionOrTheVariable) {
  EXPECT_EQ(option_error({"--http-io-threads", "many"}),
            "--http-io-threads: 'many' is not a whole number");
  const auto s = load_settings({}, variables({{"DURAMEN_LOG_FORMAT", "xml"}}));
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().message, "DURAMEN_LOG_FORMAT: 'xml' is no log format: text or json");
}

TEST(SettingsSources, ABudgetWithoutRoomForOneBodyNamesBothKeys) {
  EXPECT_EQ(option_error({"--http-bodies-bytes=1MiB"}),
            "--http-bodies-bytes: http.bodies_bytes = 1MiB has no room for http.body_bytes = "
            "64MiB; raise the first or lower the second");
  EXPECT_EQ(option_error({"--ingest-body-bytes=1GiB"}),
            "--ingest-body-bytes: ingest.inflight_bytes = 256MiB has no room for "
            "ingest.body_bytes = 1GiB; raise the first or lower the second");
  EXPECT_EQ(option_error({"--http-bodies-bytes=1MiB", "--http-body-bytes=1MiB"}), "");
}

TEST(SettingsSources, KnowsWhereAKeyWasSet) {
  const TemporaryDirectory directory;
  const std::string file = directory.file("a.toml");
  write_file(file, "host = 'a'\n[http]\nlisten = ['a:1']\nio_threads = 3\n");
  const auto parsed = parse_command_line({"--config", file, "--http-io-threads=4"});
  const auto s = load_settings(*parsed, variables({{"DURAMEN_HOST", "b"}}));
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_EQ(place_of(*s, "http.listen"), file + ":3:10: http.listen");
  EXPECT_EQ(place_of(*s, "host"), "DURAMEN_HOST");
  EXPECT_EQ(place_of(*s, "http.io_threads"), "--http-io-threads");
  EXPECT_EQ(place_of(*s, "log.level"), "log.level");
}

TEST(SettingsSources, AFileThatCannotBeReadIsAnError) {
  const TemporaryDirectory directory;
  EXPECT_EQ(option_error({"--config", directory.file("none.toml")}),
            "cannot read " + directory.file("none.toml") + ": No such file or directory");
  EXPECT_THAT(option_error({"--config", directory.path()}), HasSubstr("Is a directory"));
  write_file(directory.file("large.toml"), std::string((1U << 20) + 1, '\n'));
  EXPECT_THAT(option_error({"--config", directory.file("large.toml")}), HasSubstr("1 MiB"));
  write_file(directory.file("empty.toml"), "");
  EXPECT_EQ(option_error({"--config", directory.file("empty.toml")}), "");
}

TEST(CommandLine, ListsMayBeRepeatedOrHaveCommas) {
  const auto parsed = parse_command_line({"--http-listen", "a:1", "--http-listen=b:2,c:3"});
  ASSERT_TRUE(parsed);
  EXPECT_THAT(load_settings(*parsed, variables({}))->http.listen, ElementsAre("a:1", "b:2", "c:3"));
}

TEST(CommandLine, TheLastOfARepeatedOptionWins) {
  const auto parsed = parse_command_line({"--host", "a", "--host", "b"});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(load_settings(*parsed, variables({}))->host, "b");
}

TEST(CommandLine, NoneAndAutoAreLimits) {
  const auto parsed = parse_command_line({"--retention-bytes=none", "--retention-age=none"});
  const auto s = load_settings(*parsed, variables({}));
  ASSERT_TRUE(s);
  EXPECT_FALSE(s->retention_bytes.automatic);
  EXPECT_EQ(s->retention_bytes.bytes, std::nullopt);
  EXPECT_EQ(s->retention_age, std::nullopt);
  EXPECT_TRUE(Settings{}.retention_bytes.automatic);
}

TEST(CommandLine, UsageErrorsSayWhatIsNear) {
  EXPECT_EQ(usage_error({"--http-lisen", "x"}),
            "unknown option '--http-lisen'; did you mean '--http-listen'?");
  EXPECT_EQ(usage_error({"--completely-other=3"}),
            "unknown option '--completely-other'; --help lists them");
  EXPECT_EQ(usage_error({"run"}), "unexpected argument 'run'; see --help");
  EXPECT_EQ(usage_error({"--data-dir"}), "the option --data-dir needs a value");
  EXPECT_EQ(usage_error({"--help=yes"}), "the option --help takes no value");
}

TEST(CommandLine, Actions) {
  EXPECT_EQ(parse_command_line({})->action, Action::kRun);
  EXPECT_EQ(parse_command_line({"-h"})->action, Action::kHelp);
  EXPECT_EQ(parse_command_line({"--version"})->action, Action::kVersion);
  EXPECT_EQ(parse_command_line({"--check-config"})->action, Action::kCheckConfig);
}

TEST(Reload, NamesWhatOnlyARestartCanChange) {
  const Settings before;
  Settings after;
  after.log_level = LogLevel::kDebug;
  after.retention_age = kNsPerDay;
  EXPECT_THAT(changed_until_restart(before, after), ElementsAre());
  after.http.listen = {"127.0.0.1:1"};
  after.store.zstd_level = 9;
  EXPECT_THAT(changed_until_restart(before, after), ElementsAre("http.listen", "store.zstd_level"));
}

TEST(Places, DataDirectoryWithoutRootIsInTheHome) {
  const auto system = std::string("/var/lib/duramen");
  const auto home = default_data_dir(variables({{"HOME", "/home/me"}}));
  ASSERT_TRUE(home);
  EXPECT_TRUE(*home == system || *home == "/home/me/.local/share/duramen") << *home;
  const auto xdg = default_data_dir(variables({{"HOME", "/h"}, {"XDG_DATA_HOME", "/x"}}));
  EXPECT_TRUE(*xdg == system || *xdg == "/x/duramen") << *xdg;
}

TEST(Places, AutomaticLimitIsThatOfTheNearestDirectory) {
  const TemporaryDirectory directory;
  const auto before = automatic_limit(directory.file("not/yet"));
  ASSERT_TRUE(before);
  EXPECT_GT(*before, 0U);
  // What cannot be seen is the store's to complain about, with the reason.
  EXPECT_TRUE(automatic_limit("/dev/null/x"));
}

TEST(Places, AutomaticLimitStaysWhatTheFirstStartFound) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(remember_automatic_limit(directory.path(), 12345));
  ASSERT_TRUE(remember_automatic_limit(directory.path(), 99)) << "another start";
  const auto later = automatic_limit(directory.path());
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_EQ(*later, 12345U);
}

TEST(Places, AnAutomaticLimitThatIsNoNumberIsNamed) {
  const TemporaryDirectory directory;
  std::ofstream(directory.file("retention.bytes")) << "12x\n";
  const auto limit = automatic_limit(directory.path());
  ASSERT_FALSE(limit);
  EXPECT_THAT(limit.error().message, HasSubstr("retention.bytes: not a number"));
}

TEST(Docs, ConfigPageIsWhatTheProgramSays) {
  std::ifstream file(DURAMEN_SOURCE_DIR "/docs/config.md", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == config_docs())
      << "run: build/dev/bin/duramend --print-config-docs > docs/config.md";
}

TEST(Docs, HelpAndPageNameEverySetting) {
  for (const Setting& setting : settings_table()) {
    EXPECT_THAT(help_text(), HasSubstr("\n  " + option_name(setting)));
    EXPECT_THAT(config_docs(), HasSubstr("| `" + std::string(setting.key) + "` | "));
  }
}

TEST(Docs, TheManualPageNamesEverySettingWithItsDefault) {
  const std::string page = manual_page();
  EXPECT_THAT(page, testing::StartsWith(".TH DURAMEND 8 "));
  for (const Setting& setting : settings_table()) {
    std::string option = option_name(setting);
    for (std::size_t at = 0; (at = option.find('-', at)) != std::string::npos; at += 2) {
      option.insert(at, "\\");
    }
    EXPECT_THAT(page, HasSubstr(".TP\n\\fB" + option + "\\fR")) << setting.key;
  }
  EXPECT_THAT(page, HasSubstr("Default: \\fB127.0.0.1:5647\\fR.\n"));
  EXPECT_EQ(page.find('`'), std::string::npos);
  EXPECT_EQ(parse_command_line({"--man"})->action, Action::kPrintMan);
}

TEST(Docs, TheExampleOfThePageIsValid) {
  const std::string page = config_docs();
  const std::size_t from = page.find("```toml\n") + 8;
  EXPECT_EQ(toml_error(page.substr(from, page.find("```", from) - from)), "");
}

}  // namespace
}  // namespace duramen::tools
