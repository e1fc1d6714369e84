#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
enum class LogFormat { kText, kJson };

/// One `key=value` of a log line. Never put a record's content or a secret into one.
struct LogField {
  std::string key;
  std::string value;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  template <std::integral I>
  LogField(std::string_view k, I v) : key(k), value(std::to_string(v)) {}
  template <std::floating_point F>
  LogField(std::string_view k, F v) : key(k), value(std::to_string(v)) {}
};

/// The process's own log, on stderr by default: RFC 3339 time, level, message, fields; text
/// (logfmt) or one JSON object a line. The same message is written at most 10 times in 10 seconds;
/// then one line says how many were left out. Threading: any thread. Blocking: one short write.
void set_log(LogLevel minimum, LogFormat format);
Result<LogLevel> parse_log_level(std::string_view text);
Result<LogFormat> parse_log_format(std::string_view text);
void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields = {});

inline void log_info(std::string_view m, std::initializer_list<LogField> f = {}) {
  log(LogLevel::kInfo, m, f);
}
inline void log_warning(std::string_view m, std::initializer_list<LogField> f = {}) {
  log(LogLevel::kWarning, m, f);
}
inline void log_error(std::string_view m, std::initializer_list<LogField> f = {}) {
  log(LogLevel::kError, m, f);
}
inline void log_debug(std::string_view m, std::initializer_list<LogField> f = {}) {
  log(LogLevel::kDebug, m, f);
}

}  // namespace duramen
