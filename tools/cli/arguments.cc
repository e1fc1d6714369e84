#include "tools/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <numeric>

#include "tools/cli/backup_arguments.h"
#include "tools/cli/describe.h"
#include "tools/cli/raw_arguments.h"
#include "tools/version.h"

namespace duramen::cli {
namespace {

const std::map<std::string, OutputFormat> outputs_by_name{{"text", OutputFormat::kText},
                                                          {"json", OutputFormat::kJson},
                                                          {"logfmt", OutputFormat::kLogfmt}};
const std::map<std::string, ColorChoice> colors_by_name{
    {"auto", ColorChoice::kAuto}, {"always", ColorChoice::kAlways}, {"never", ColorChoice::kNever}};
void add_global(CLI::App& app, Raw& raw) {
  app.add_option("--server", raw.global.server, "The daemon [DURAMEN_URL]")
      ->type_name("URL")
      ->default_str("http://127.0.0.1:5647");
  app.add_option("--token", raw.global.token, "Sent as a bearer token [DURAMEN_TOKEN]")
      ->type_name("TOKEN");
  add_choice(app, "-o,--output", raw.global.output, outputs_by_name, "How answers are written");
  add_choice(app, "--color", raw.global.color, colors_by_name,
             "Colours; auto: on a terminal, unless NO_COLOR is set");
  app.add_flag("--utc", raw.utc, "Show times in UTC");
  app.add_option("--tz", raw.global.zone, "Show times in this zone (Europe/Paris, +02:00)")
      ->type_name("ZONE");
  app.add_flag("--version", raw.version, "Print the version");
}

/// What CLI11 says over several lines, as one sentence.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::variant<Arguments, EarlyExit> finish(const std::string& command, Raw& raw) {
  if (raw.utc) {
    if (!raw.global.zone.empty()) return usage("--utc and --tz exclude each other");
    raw.global.zone = "UTC";
  }
  const RangeOptions& range = command == "stats"     ? raw.stats.range
                              : command == "delete"  ? raw.remove.range
                              : command == "context" ? raw.context.range
                                                     : raw.query.range;
  if (!range.since.empty() && !range.start.empty())
    return usage("--since and --start exclude each other");
  if (raw.all && raw.query.limit) return usage("--all and --limit exclude each other");
  if (raw.query.explain && (raw.query.with_end || !raw.query.cursor.empty()))
    return usage("--explain goes with neither --with-end nor --cursor");
  if (command == "tail" || command == "recent") {
    if (raw.tail.all_apps && !raw.tail.apps.empty()) return usage("--all goes without APP");
    raw.tail.follow = command == "tail";
    return Arguments{raw.global, raw.tail};
  }
  if (command == "query") {
    raw.query.query = joined(raw.query_words);
    if (raw.all) raw.query.limit = 0;
    if (raw.query.with_end && raw.global.output != OutputFormat::kJson)
      return usage("--with-end wants -o json");
    return Arguments{raw.global, raw.query};
  }
  if (command == "context") return Arguments{raw.global, raw.context};
  if (command == "completion") return Arguments{raw.global, raw.completion};
  if (command == "man") {
    if (!raw.man.page.empty() && !raw.man.directory.empty())
      return usage("--dir writes all pages: it goes with no COMMAND");
    return Arguments{raw.global, raw.man};
  }
  if (command == "stats") {
    raw.stats.query = joined(raw.stats_words);
    return Arguments{raw.global, raw.stats};
  }
  if (command == "import") {
    if (auto mistake = finish_import(raw)) return *std::move(mistake);
    return Arguments{raw.global, raw.import};
  }
  if (command == "delete") {
    if (auto mistake = finish_delete(raw)) return *std::move(mistake);
    return Arguments{raw.global, raw.remove};
  }
  if (command == "queries") return Arguments{raw.global, raw.queries};
  if (command == "top") {
    if (auto mistake = finish_top(raw)) return *std::move(mistake);
    return Arguments{raw.global, raw.top};
  }
  if (command == "status") return Arguments{raw.global, StatusCommand{}};
  if (command == "verify") return Arguments{raw.global, raw.verify};
  if (command == "backup") return Arguments{raw.global, raw.backup};
  if (command == "restore") return Arguments{raw.global, raw.restore};
  return Arguments{raw.global, SealCommand{}};
}

/// The first word that is no option: the command as it was meant.
std::string unknown_command(const std::vector<std::string>& arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const bool takes_value = word == "--server" || word == "--token" || word == "-o" ||
                             word == "--output" || word == "--color" || word == "--tz";
    if (takes_value) {
      ++i;
    } else if (!word.starts_with("-")) {
      const bool known =
          std::find(kCommandNames.begin(), kCommandNames.end(), word) != kCommandNames.end();
      return known ? "" : word;
    }
  }
  return {};
}

EarlyExit mistake(const CLI::ParseError& e, const std::vector<std::string>& arguments) {
  if (const std::string word = unknown_command(arguments); !word.empty()) {
    const std::string near = nearest_command(word);
    return usage("there is no command '" + word + "'" +
                 (near.empty() ? "; see duramen --help" : "; did you mean '" + near + "'?"));
  }
  std::string text = one_line(e.what());
  const bool extra = dynamic_cast<const CLI::ExtrasError*>(&e) != nullptr;
  if (extra) text += " (a query that begins with a dash goes behind --)";
  return usage(text);
}

void build(CLI::App& app, Raw& raw) {
  app.name("duramen");
  app.description("Asks and feeds a Duramen log store.");
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.set_help_flag("-h,--help", "Print this help");
  app.get_formatter()->column_width(34);
  add_global(app, raw);
  add_query(app, raw);
  add_context(app, raw);
  add_stats(app, raw);
  add_tail(app, raw);
  add_import(app, raw);
  add_delete(app, raw);
  add_admin(app, raw);
  add_backup_commands(app, raw.backup, raw.restore);
  add_texts(app, raw);
  app.footer("Each command has its own help: duramen query --help");
}

}  // namespace

ProgramText describe_program() {
  Raw raw;
  CLI::App app;
  build(app, raw);
  return text_of(app);
}

std::string joined(const std::vector<std::string>& words) {
  return std::accumulate(
      words.begin(), words.end(), std::string(),
      [](std::string a, const std::string& b) { return a.empty() ? b : std::move(a) + " " + b; });
}

std::variant<Arguments, EarlyExit> parse_arguments(const std::vector<std::string>& arguments,
                                                   const Environment& environment) {
  Raw raw;
  if (std::string url = environment("DURAMEN_URL"); !url.empty())
    raw.global.server = std::move(url);
  raw.global.token = environment("DURAMEN_TOKEN");
  raw.tail.default_app = environment("DURAMEN_APP");
  CLI::App app;
  build(app, raw);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return EarlyExit{kExitOk, app.help(), ""};
  } catch (const CLI::ParseError& e) {
    return mistake(e, arguments);
  } catch (const std::exception& e) {
    return usage(one_line(e.what()));
  }
  if (raw.version) return EarlyExit{kExitOk, "duramen " + std::string(kVersion) + "\n", ""};
  if (app.got_subcommand("restore")) {
    if (auto found = find_data_dir(raw.restore, environment); !found) {
      return usage(std::move(found).error().message);
    }
  }
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) return EarlyExit{kExitUsage, "", app.help()};
  return finish(chosen.front()->get_name(), raw);
}

}  // namespace duramen::cli
