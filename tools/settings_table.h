#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/settings.h"

namespace duramen::tools {

enum class Kind {
  kText,
  kList,      ///< of texts
  kFlag,      ///< true or false
  kCount,     ///< a whole number
  kBytes,     ///< 64MiB
  kDuration,  ///< 15m
  kSeconds,   ///< a duration that is kept in whole seconds
  kLogLevel,
  kLogFormat,
  kClasses,  ///< retention classes, one text each
};

/// Where a value is kept; the type follows from the kind.
using Field = std::variant<std::string*, std::vector<std::string>*, bool*, std::uint32_t*,
                           std::uint64_t*, TimeNs*, int*, std::optional<TimeNs>*, SizeLimit*,
                           LogLevel*, LogFormat*, std::vector<store::RetentionClass>*>;

/// One setting: everything that the file, options, variables, --help and docs/config.md need.
/// In reading order, not packed: there are only some rows.
struct Setting {  // NOLINT(clang-analyzer-optin.performance.Padding)
  /// `http.listen`; the option is --http-listen, the variable DURAMEN_HTTP_LISTEN.
  std::string_view key;
  Kind kind;
  Field (*field)(Settings&);
  std::uint64_t least;  ///< of numbers, in the unit of `kind` (bytes, nanoseconds, seconds)
  std::uint64_t most;
  bool reloadable;               ///< SIGHUP applies it
  std::string_view doc;          ///< Markdown, one sentence or more
  std::string_view default_doc;  ///< where the default is worked out at start
};

std::span<const Setting> settings_table();
/// Nothing when there is no such key.
const Setting* find_setting(std::string_view key);

std::string option_name(const Setting& setting);    ///< `--http-listen`
std::string variable_name(const Setting& setting);  ///< `DURAMEN_HTTP_LISTEN`
/// What a value looks like: `size`, `true or false`, `number`.
std::string_view kind_name(Kind kind);

// What help and documents say of a setting.
std::string group_of(const Setting& setting);  ///< `http`; empty: top level
std::string_view placeholder(Kind kind);       ///< `SIZE`; empty for a flag
std::string default_text(const Setting& setting, const Settings& defaults);  ///< Markdown
std::string range_text(const Setting& setting);  ///< `From 1 to 64.`; empty: no range

/// Sets from text as options and variables have it (a list with commas). Errors: kInvalidArgument
/// that says what would be right, without the name of the setting.
Result<void> set_from_text(const Setting& setting, std::string_view text, Settings& settings);
Result<void> set_from_number(const Setting& setting, std::uint64_t number, Settings& settings);
Result<void> set_list(const Setting& setting, std::vector<std::string> list, Settings& settings);

/// Retention classes from one text each; from texts with `;` between them, or `none`; and back.
/// Errors: kInvalidArgument that names the class and says what would be right.
Result<std::vector<store::RetentionClass>> parse_classes(const std::vector<std::string>& texts);
Result<std::vector<store::RetentionClass>> parse_class_list(std::string_view text);
std::string class_list_text(const std::vector<store::RetentionClass>& classes);

/// The value as set_from_text() takes it.
std::string value_text(const Setting& setting, const Settings& settings);

/// ` (did you mean 'http.listen'?)`, or nothing when no candidate is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace duramen::tools
