#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/server.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "ingest/ingest.h"
#include "query/engine.h"
#include "query/tail/tails.h"
#include "store/store.h"

namespace duramen::tools {

/// How much the store may take on disk.
struct SizeLimit {
  bool automatic = true;               ///< 80 % of what there is room for; see automatic_limit()
  std::optional<std::uint64_t> bytes;  ///< without `automatic`: none means no limit
};

/// Everything that duramend can be told. The defaults here are the defaults.
struct Settings {
  std::string data_dir;  ///< empty: default_data_dir()
  std::string host;      ///< empty: the host name
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  std::optional<TimeNs> retention_age;
  SizeLimit retention_bytes;
  std::vector<store::RetentionClass> retention_classes;
  bool hold_for_sinks = false;
  api::ServerOptions http;
  ingest::IngestLimits ingest;
  query::QueryLimits query;
  query::TailLimits tail;
  store::StoreOptions store;  ///< directory, host and retention are the ones above
  /// Where a key was set: `duramen.toml:3:10: http.listen`, the variable or the option.
  std::map<std::string, std::string, std::less<>> places;
};

/// How errors name the setting `key`: its place, or the key where its default stands.
std::string place_of(const Settings& settings, std::string_view key);

struct Setting;

enum class Action { kRun, kHelp, kVersion, kCheckConfig, kPrintConfigDocs, kPrintMan };

/// The arguments of duramend, not yet applied.
struct CommandLine {
  Action action = Action::kRun;
  std::string config_file;  ///< empty: none
  std::vector<std::pair<const Setting*, std::string>> values;
};

/// The value of an environment variable, if it is set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> process_environment(const std::string& name);

/// `args` without the program's name. Errors: kInvalidArgument, in one line (usage: exit code 2).
Result<CommandLine> parse_command_line(const std::vector<std::string>& args);

/// Reads the file (of the command line, else of DURAMEN_CONFIG), then applies in this order:
/// defaults, file, environment, command line. Reads the disk.
/// Errors: kInvalidArgument, in one line that names the place: file, line and column, variable or
/// option.
Result<Settings> load_settings(const CommandLine& command_line, const Environment& environment);

/// Applies TOML text; `file` is what errors call it. Threading: pure.
Result<void> apply_toml(std::string_view text, const std::string& file, Settings& settings);

/// Keys of the settings that differ and that only a restart can change.
std::vector<std::string> changed_until_restart(const Settings& before, const Settings& after);

/// `/var/lib/duramen` if this process may write there, else `$XDG_DATA_HOME/duramen`, else
/// `~/.local/share/duramen`. Errors: kInvalidArgument when there is no home either.
Result<std::string> default_data_dir(const Environment& environment);

/// What the first start in `directory` found and remember_automatic_limit() kept, else 80 % of what
/// is free plus what `directory` holds already. Kept, because a limit that follows the free space
/// would make the store give up days when something else fills the disk. Errors: kUnavailable;
/// kInvalidArgument when the file that keeps it is not what was written.
Result<std::uint64_t> automatic_limit(const std::string& directory);
/// Writes `retention.bytes` into the directory unless it is there. Durable when it returns.
/// Errors: kUnavailable.
Result<void> remember_automatic_limit(const std::string& directory, std::uint64_t bytes);

std::string help_text();
/// docs/config.md, whole.
std::string config_docs();
/// `--man`: the page duramend(8), as roff.
std::string manual_page();

}  // namespace duramen::tools
