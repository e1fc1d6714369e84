#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "tools/cli/program_text.h"

namespace duramen::cli {

enum class OutputFormat { kText, kJson, kLogfmt };
enum class ColorChoice { kAuto, kAlways, kNever };

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNoMatch = 3;

struct GlobalOptions {
  std::string server = "http://127.0.0.1:5647";
  std::string token;
  OutputFormat output = OutputFormat::kText;
  ColorChoice color = ColorChoice::kAuto;
  std::string zone;  ///< empty: the machine's
};

/// Times and durations stay text here: they are read once the zone is known.
struct RangeOptions {
  std::string since;
  std::string start;
  std::string end;
};

struct QueryCommand {
  std::string query;
  RangeOptions range;
  std::optional<std::uint64_t> limit;  ///< 0: all
  bool oldest_first = false;
  std::string cursor;
  std::string timeout;
  std::vector<std::string> fields;
  bool with_end = false;  ///< the `_end` line, too
  bool explain = false;   ///< how it runs instead of the rows
  bool show_seq = false;
};

/// The lines around one.
struct ContextCommand {
  std::string seq;
  RangeOptions range;
  std::optional<std::uint64_t> before;
  std::optional<std::uint64_t> after;
  std::string timeout;
};

struct StatsCommand {
  std::string query;
  RangeOptions range;
  std::string timeout;
};

/// `tail` and `recent`.
struct TailCommand {
  std::vector<std::string> apps;  ///< as named on the command line
  std::string default_app;        ///< of the environment, when there are none
  bool all_apps = false;
  std::string query;
  std::uint64_t recent = 100;
  bool follow = true;
};

struct ImportCommand {
  enum class Format { kAuto, kNdjson, kText };
  std::vector<std::string> files;  ///< `-`: standard input
  Format format = Format::kAuto;
  std::string time_format = "auto";
  std::optional<int> year;
  bool keep_old = false;
  bool resume = false;
  std::vector<std::pair<std::string, std::string>> labels;
  std::uint64_t batch_bytes = 4ULL << 20;
  unsigned connections = 2;
  TimeNs max_wait = 60 * kNsPerSecond;
  bool quiet = false;
  std::vector<std::string> time_fields;
  std::vector<std::string> message_fields;
  std::vector<std::string> stream_fields;
};

struct DeleteCommand {
  std::string query;
  RangeOptions range;
  std::string reason;
  bool yes = false;      ///< without asking
  bool dry_run = false;  ///< only how many rows it would be
  bool detach = false;   ///< does not wait for its end
  bool list = false;
  std::optional<std::uint64_t> follow;
  std::optional<std::uint64_t> cancel;
};
struct QueriesCommand {
  std::optional<std::uint64_t> kill;
};
/// In which order `top` lists streams.
enum class TopOrder { kRecords, kBytes };
struct TopCommand {
  TimeNs interval = kNsPerSecond;
  std::optional<std::uint64_t> frames;  ///< none: one, on a screen until somebody ends it
  TopOrder order = TopOrder::kRecords;
  bool plain = false;  ///< no screen, also on a terminal
};
struct StatusCommand {};
struct VerifyCommand {
  std::string data_dir;  ///< empty: ask the daemon
};
struct SealCommand {};
struct BackupCommand {
  std::string directory;
};
struct RestoreCommand {
  std::string from;      ///< a backup directory, a tar, or a daemon's URL
  std::string data_dir;  ///< never empty
};
enum class Shell { kBash, kZsh, kFish };
struct CompletionCommand {
  Shell shell = Shell::kBash;
};
struct ManCommand {
  std::string page;       ///< a command; empty: the program
  std::string directory;  ///< all pages go there, when not empty
};

using Command =
    std::variant<QueryCommand, ContextCommand, StatsCommand, TailCommand, ImportCommand,
                 DeleteCommand, QueriesCommand, TopCommand, StatusCommand, VerifyCommand,
                 SealCommand, BackupCommand, RestoreCommand, CompletionCommand, ManCommand>;

struct Arguments {
  GlobalOptions global;
  Command command;
};

/// What to print instead of running a command: help, the version, a mistake.
struct EarlyExit {
  int code = kExitOk;
  std::string out;  ///< to standard output
  std::string err;  ///< to standard error, without `duramen: `
};

/// Value of an environment variable; empty when it is not set.
using Environment = std::function<std::string(const char*)>;

/// Reads the command line. Pure; CLI11 is behind it.
std::variant<Arguments, EarlyExit> parse_arguments(const std::vector<std::string>& arguments,
                                                   const Environment& environment);

/// What parse_arguments() understands.
ProgramText describe_program();

/// What `duramen` can be told to do, by its names.
inline constexpr std::array kCommandNames{
    "query", "context", "stats",  "tail", "recent", "import",  "delete",     "queries",
    "top",   "status",  "verify", "seal", "backup", "restore", "completion", "man"};

/// The known command nearest to `word` by edit distance; empty when none is near.
std::string nearest_command(const std::string& word);

}  // namespace duramen::cli
