#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/time_text.h"
#include "tools/cli/raw_arguments.h"

namespace duramen::cli {
namespace {

const std::map<std::string, Shell> shells_by_name{
    {"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}};
const std::map<std::string, TopOrder> top_orders_by_name{{"records", TopOrder::kRecords},
                                                         {"bytes", TopOrder::kBytes}};

constexpr TimeNs kShortestInterval = kNsPerSecond / 5;
constexpr TimeNs kLongestInterval = 60 * kNsPerSecond;

void add_top(CLI::App& app, Raw& raw) {
  CLI::App& command = *app.add_subcommand("top", "Show live who sends how much, queries and tails");
  command.add_option("--interval", raw.interval, "How often it looks, from 200ms to 60s")
      ->type_name("DURATION")
      ->default_str("1s");
  command.add_option("-n", raw.top.frames, "End after so many frames (without a terminal: 1)")
      ->check(CLI::PositiveNumber)
      ->type_name("COUNT");
  add_choice(command, "--order", raw.top.order, top_orders_by_name,
             "By which rate streams are sorted");
  command.add_flag("-b,--plain", raw.top.plain, "Frames one below the other, also on a terminal");
  command.footer(
      "Keys: r sorts by records, b by bytes, q ends it.\n\n"
      "Examples:\n  duramen top\n  duramen top --interval 5s -n 12 -o json > minute.ndjson");
}

/// A duration; a bare number is in seconds.
Result<TimeNs> parse_interval(const std::string& text) {
  double seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool number = read.ec == std::errc() && read.ptr == text.data() + text.size();
  if (!number || !std::isfinite(seconds)) return parse_duration(text);
  // Far beyond what is allowed, and far from what cannot be converted.
  return static_cast<TimeNs>(std::clamp(seconds, 0.0, 1e6) * static_cast<double>(kNsPerSecond));
}

}  // namespace

void add_admin(CLI::App& app, Raw& raw) {
  CLI::App& queries = *app.add_subcommand("queries", "List running queries, or stop one");
  queries.add_option("--kill", raw.queries.kill, "Stop this query")->type_name("ID");
  add_top(app, raw);
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

std::optional<EarlyExit> finish_top(Raw& raw) {
  const auto interval = parse_interval(raw.interval);
  if (!interval) return usage("--interval: " + interval.error().message);
  if (!(*interval >= kShortestInterval && *interval <= kLongestInterval)) {
    return usage("--interval must be from 200ms to 60s, not '" + raw.interval + "'");
  }
  raw.top.interval = *interval;
  if (raw.global.output == OutputFormat::kLogfmt) return usage("top writes text or json");
  return std::nullopt;
}

}  // namespace duramen::cli
