#include "tools/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <numeric>

#include "base/time_text.h"
#include "tools/cli/describe.h"
#include "tools/version.h"

namespace duramen::cli {
namespace {

constexpr std::array kCommands{"query",   "context", "stats",  "tail", "recent",     "import",
                               "queries", "status",  "verify", "seal", "completion", "man"};

constexpr const char* kQueryFooter =
    R"(Words are one query (docs/query.md): error AND NOT "connection reset" app:web* status:>=500
What begins with a dash goes behind --:  duramen query -- -debug error

Exit codes: 0 rows were found, 1 an error, 2 wrong usage or a bad query, 3 no match.

Examples:
  duramen query --since 15m error
  duramen query 'app:checkout /tim(e|ed) ?out/' --limit 20
  duramen query --all -o json 'source:stderr' > stderr.ndjson
  duramen query 'error | stats count() as n by app | sort n desc | head 5'
  duramen query --explain 'req12345 app:checkout')";

constexpr const char* kImportFooter =
    R"(A file that is imported again, or whose import was interrupted, is stored once: every batch carries
a key made from the file's path, the place in it and the content, and the daemon keeps these keys for
a day. With --resume the place reached is also kept on this machine, so that a file that has grown
goes on where it ended.

Time formats of text lines: auto (finds the common ones), now, or a strptime format such as
'%Y-%m-%d %H:%M:%S'. --year is for times without a year, --tz for times without a zone.

Examples:
  duramen import app.log
  duramen import --label app=web --label env=prod access.log.gz
  kubectl logs web | duramen import - --label app=web
  duramen import records.ndjson --stream app,host)";

constexpr const char* kTailFooter =
    R"(APP is the label app; several are shown together. Without one it is DURAMEN_APP, else the first name
of the applications in ./manifest.yml, else the name in ./compose.yaml, else every app.

Examples:
  duramen tail checkout
  duramen tail web worker -q 'source:stderr OR error'
  duramen tail --all -n 0 -o json)";

struct Raw {
  GlobalOptions global;
  bool utc = false;
  bool version = false;
  QueryCommand query;
  ContextCommand context;
  StatsCommand stats;
  TailCommand tail;
  ImportCommand import;
  QueriesCommand queries;
  VerifyCommand verify;
  CompletionCommand completion;
  ManCommand man;
  std::vector<std::string> query_words;
  std::vector<std::string> stats_words;
  std::vector<std::string> labels;
  std::string batch_bytes = "4MiB";
  std::string max_wait = "60s";
  bool all = false;
};

const std::map<std::string, OutputFormat> outputs_by_name{{"text", OutputFormat::kText},
                                                          {"json", OutputFormat::kJson},
                                                          {"logfmt", OutputFormat::kLogfmt}};
const std::map<std::string, ColorChoice> colors_by_name{
    {"auto", ColorChoice::kAuto}, {"always", ColorChoice::kAlways}, {"never", ColorChoice::kNever}};
const std::map<std::string, ImportCommand::Format> formats_by_name{
    {"auto", ImportCommand::Format::kAuto},
    {"ndjson", ImportCommand::Format::kNdjson},
    {"text", ImportCommand::Format::kText}};

const std::map<std::string, Shell> shells_by_name{
    {"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}};
const std::map<std::string, bool> orders_by_name{{"asc", true}, {"desc", false}};

/// One of `values`, by name; the message lists the names.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& flags, T& target,
                        const std::map<std::string, T>& values, const std::string& help) {
  std::string names;
  for (const auto& [name, value] : values) names += (names.empty() ? "" : "|") + name;
  return app
      .add_option_function<std::string>(
          flags,
          [&target, &values, names](const std::string& given) {
            const auto at = values.find(given);
            if (at == values.end())
              throw CLI::ValidationError("'" + given + "' is not one of " + names);
            target = at->second;
          },
          help)
      ->type_name(names);
}

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

void add_range(CLI::App& command, RangeOptions& range, std::string& timeout) {
  command.add_option("--since", range.since, "Rows of the last 15m, 2h, 3d")->type_name("DURATION");
  command.add_option("--start", range.start, "Rows from this time on: 2026-11-21 10:00, now-1h")
      ->type_name("TIME");
  command.add_option("--end", range.end, "Rows before this time")->type_name("TIME");
  command.add_option("--timeout", timeout, "Give up after this long")->type_name("DURATION");
}

void add_query(CLI::App& app, Raw& raw) {
  CLI::App& command = *app.add_subcommand("query", "Find log lines");
  command.add_option("QUERY", raw.query_words, "The query; * is everything")
      ->required()
      ->type_name("");
  add_range(command, raw.query.range, raw.query.timeout);
  command.add_option("--limit", raw.query.limit, "At most this many rows (100 without it)")
      ->type_name("N");
  command.add_flag("--all", raw.all, "Every row that matches");
  add_choice(command, "--order", raw.query.oldest_first, orders_by_name,
             "desc: newest first; asc: oldest first");
  command.add_option("--cursor", raw.query.cursor, "Go on where an earlier answer ended")
      ->type_name("C");
  command.add_flag("--with-end", raw.query.with_end,
                   "With -o json: a last line {\"_end\":…} with the number of rows and the cursor");
  command.add_flag("--explain", raw.query.explain,
                   "Run it without its rows: what the index ruled out, and what was read");
  command.add_flag("--seq", raw.query.show_seq, "Show each row's _seq, by which context finds it");
  command.add_option("-f,--fields", raw.query.fields, "Only these fields, as a table")
      ->delimiter(',')
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->type_name("A,B");
  command.footer(kQueryFooter);
}

void add_context(CLI::App& app, Raw& raw) {
  CLI::App& command = *app.add_subcommand("context", "Show the lines around one");
  command.add_option("SEQ", raw.context.seq, "The _seq of a row, as query --seq shows it")
      ->required()
      ->type_name("");
  command.add_option("-B,--before", raw.context.before, "Lines before it (10 without it)")
      ->type_name("N");
  command.add_option("-A,--after", raw.context.after, "Lines after it (10 without it)")
      ->type_name("N");
  add_range(command, raw.context.range, raw.context.timeout);
  command.footer(
      "Examples:\n  duramen query --seq --limit 1 'payment failed'\n"
      "  duramen context -B 20 e8983ffc1116829f:150060");
}

void add_stats(CLI::App& app, Raw& raw) {
  CLI::App& command = *app.add_subcommand("stats", "Count and summarise log lines");
  command
      .add_option("QUERY", raw.stats_words,
                  "A query with a stats or top pipe; without one: a count")
      ->required()
      ->type_name("");
  add_range(command, raw.stats.range, raw.stats.timeout);
  command.footer(
      "Examples:\n  duramen stats error\n  duramen stats 'error | stats count() as n by app'");
}

void add_tail(CLI::App& app, Raw& raw, const char* name, const char* help) {
  CLI::App& command = *app.add_subcommand(name, help);
  command.add_option("APP", raw.tail.apps, "Apps, by their label; see below")->type_name("");
  command.add_option("-n", raw.tail.recent, "Begin with this many rows that are stored")
      ->type_name("N")
      ->default_str("100");
  command
      .add_option("-q,--query", raw.tail.query,
                  "Only rows that match; fields, where and parse may follow")
      ->type_name("QUERY");
  command.add_flag("--all", raw.tail.all_apps, "Every app");
  command.footer(kTailFooter);
}

void add_import_fields(CLI::App& command, Raw& raw) {
  const auto add = [&](const char* flag, std::vector<std::string>& into, const char* help) {
    command.add_option(flag, into, help)
        ->delimiter(',')
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all()
        ->type_name("A,B");
  };
  add("--time-field", raw.import.time_fields, "NDJSON: members that may hold the time");
  add("--msg-field", raw.import.message_fields, "NDJSON: members that may hold the message");
  add("--stream", raw.import.stream_fields, "NDJSON: members that are labels of the stream");
}

void add_import(CLI::App& app, Raw& raw) {
  CLI::App& command = *app.add_subcommand("import", "Store files of log lines or records");
  command.add_option("FILE", raw.import.files, "Files, plain or gzip or zstd; - is standard input")
      ->type_name("");
  add_choice(command, "--format", raw.import.format, formats_by_name, "What the files hold");
  command
      .add_option("--time-format", raw.import.time_format, "Where a text line's time comes from")
      ->type_name("auto|now|FORMAT");
  command.add_option("--year", raw.import.year, "For times without a year")
      ->check(CLI::Range(1970, 2261))
      ->type_name("Y");
  command.add_flag("--keep-old", raw.import.keep_old,
                   "Keep times that are older than the retention");
  command
      .add_option("--label", raw.labels, "A label for every line; for text, app and file are set")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->type_name("NAME=VALUE");
  add_import_fields(command, raw);
  command.add_option("--batch-bytes", raw.batch_bytes, "Size of one request")
      ->type_name("BYTES")
      ->default_str("4MiB");
  command.add_option("--connections", raw.import.connections, "Files that are sent side by side")
      ->check(CLI::Range(1, 64))
      ->type_name("N")
      ->default_str("2");
  command.add_option("--max-wait", raw.max_wait, "Give up when the daemon refuses for this long")
      ->type_name("DURATION")
      ->default_str("60s");
  command.add_flag("--resume", raw.import.resume, "Go on where the last import of this file ended");
  command.add_flag("-q,--quiet", raw.import.quiet, "No progress bar, no summary");
  command.footer(kImportFooter);
}

void add_admin(CLI::App& app, Raw& raw) {
  CLI::App& queries = *app.add_subcommand("queries", "List running queries, or stop one");
  queries.add_option("--kill", raw.queries.kill, "Stop this query")->type_name("ID");
  app.add_subcommand("status", "How the daemon is: rows, disk, retention, damage");
  CLI::App& verify =
      *app.add_subcommand("verify", "Read everything stored and check every checksum");
  verify.add_option("--data-dir", raw.verify.data_dir, "Check this directory without a daemon")
      ->type_name("DIR");
  app.add_subcommand("seal", "Turn all rows into blocks and flush; returns when done");
}

void add_texts(CLI::App& app, Raw& raw) {
  CLI::App& completion =
      *app.add_subcommand("completion", "Print a script for a shell's completion");
  add_choice(completion, "SHELL", raw.completion.shell, shells_by_name, "The shell")->required();
  completion.footer(
      "Examples:\n  source <(duramen completion bash)\n"
      "  duramen completion zsh > ~/.zfunc/_duramen\n"
      "  duramen completion fish > ~/.config/fish/completions/duramen.fish");
  CLI::App& man = *app.add_subcommand("man", "Print a manual page");
  man.add_option("COMMAND", raw.man.page, "The command; without it, the page of the program")
      ->type_name("");
  man.add_option("--dir", raw.man.directory, "Write all pages into this directory")
      ->type_name("DIR");
  man.footer(
      "Examples:\n  duramen man query | man -l -\n  duramen man --dir /usr/local/share/man/man1");
}

std::string joined(const std::vector<std::string>& words) {
  return std::accumulate(
      words.begin(), words.end(), std::string(),
      [](std::string a, const std::string& b) { return a.empty() ? b : std::move(a) + " " + b; });
}

EarlyExit usage(std::string message) { return {kExitUsage, "", std::move(message)}; }

/// What CLI11 says over several lines, as one sentence.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

std::optional<EarlyExit> finish_import(Raw& raw) {
  for (const std::string& label : raw.labels) {
    const std::size_t at = label.find('=');
    if (at == 0 || at == std::string::npos) {
      return usage("--label wants name=value, not '" + label + "'");
    }
    raw.import.labels.emplace_back(label.substr(0, at), label.substr(at + 1));
  }
  const auto bytes = parse_bytes(raw.batch_bytes);
  if (!bytes) return usage("--batch-bytes: " + bytes.error().message);
  if (*bytes < 1024 || *bytes > (32ULL << 20))
    return usage("--batch-bytes must be from 1KiB to 32MiB");
  raw.import.batch_bytes = *bytes;
  const auto wait = parse_duration(raw.max_wait);
  if (!wait) return usage("--max-wait: " + wait.error().message);
  raw.import.max_wait = *wait;
  if (raw.import.files.empty()) return usage("import wants files, or - for standard input");
  if (std::count(raw.import.files.begin(), raw.import.files.end(), "-") > 1) {
    return usage("standard input can be imported once");
  }
  return std::nullopt;
}

std::variant<Arguments, EarlyExit> finish(const std::string& command, Raw& raw) {
  if (raw.utc) {
    if (!raw.global.zone.empty()) return usage("--utc and --tz exclude each other");
    raw.global.zone = "UTC";
  }
  const RangeOptions& range = command == "stats"     ? raw.stats.range
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
  if (command == "queries") return Arguments{raw.global, raw.queries};
  if (command == "status") return Arguments{raw.global, StatusCommand{}};
  if (command == "verify") return Arguments{raw.global, raw.verify};
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
      const bool known = std::find(kCommands.begin(), kCommands.end(), word) != kCommands.end();
      return known ? "" : word;
    }
  }
  return {};
}

/// Letters to insert, remove, change or swap with their neighbour.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
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
  add_tail(app, raw, "tail", "Follow log lines as they are stored");
  add_tail(app, raw, "recent", "Show the last log lines, oldest first");
  add_import(app, raw);
  add_admin(app, raw);
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

std::string nearest_command(const std::string& word) {
  std::string best;
  std::size_t best_distance = 3;  // further away is no slip of the finger
  for (const std::string command : kCommands) {
    const std::size_t distance = edit_distance(word, command);
    // Of two that are equally near, the one as long as the word: letters were swapped.
    const bool nearer =
        distance < best_distance || (distance == best_distance && command.size() == word.size());
    if (!nearer || distance >= 3 || distance >= word.size()) continue;
    best_distance = distance;
    best = command;
  }
  return best;
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
  const auto chosen = app.get_subcommands();
  if (chosen.empty()) return EarlyExit{kExitUsage, "", app.help()};
  return finish(chosen.front()->get_name(), raw);
}

}  // namespace duramen::cli
