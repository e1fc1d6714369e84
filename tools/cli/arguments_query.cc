#include "tools/cli/raw_arguments.h"

namespace duramen::cli {
namespace {

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

constexpr const char* kTailFooter =
    R"(APP is the label app; several are shown together. Without one it is DURAMEN_APP, else the first name
of the applications in ./manifest.yml, else the name in ./compose.yaml, else every app.

Examples:
  duramen tail checkout
  duramen tail web worker -q 'source:stderr OR error'
  duramen tail --all -n 0 -o json)";

const std::map<std::string, bool> orders_by_name{{"asc", true}, {"desc", false}};

void add_range(CLI::App& command, RangeOptions& range, std::string& timeout) {
  command.add_option("--since", range.since, "Rows of the last 15m, 2h, 3d")->type_name("DURATION");
  command.add_option("--start", range.start, "Rows from this time on: 2026-11-21 10:00, now-1h")
      ->type_name("TIME");
  command.add_option("--end", range.end, "Rows before this time")->type_name("TIME");
  command.add_option("--timeout", timeout, "Give up after this long")->type_name("DURATION");
}

void add_follower(CLI::App& app, Raw& raw, const char* name, const char* help) {
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

}  // namespace

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

void add_tail(CLI::App& app, Raw& raw) {
  add_follower(app, raw, "tail", "Follow log lines as they are stored");
  add_follower(app, raw, "recent", "Show the last log lines, oldest first");
}

}  // namespace duramen::cli
