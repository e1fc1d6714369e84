#include "base/log.h"

#include <unistd.h>

#include <cerrno>

#include "base/json_text.h"
#include "base/log_writer.h"
#include "base/time_text.h"

namespace duramen {
namespace {

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      break;
  }
  return "error";
}

bool is_plain(std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7F || c == '"' || c == '=' || c == '\\') return false;
  }
  return !value.empty();
}

void append_text_value(std::string& out, std::string_view value) {
  if (is_plain(value)) {
    out += value;
  } else {
    append_json_string_lossy(out, value);
  }
}

void append_text_line(std::string& out, TimeNs time, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  out += "time=";
  append_rfc3339(out, time);
  out += " level=";
  out += level_name(level);
  out += " msg=";
  append_text_value(out, message);
  for (const LogField& field : fields) {
    out += ' ';
    out += field.key;
    out += '=';
    append_text_value(out, field.value);
  }
  out += '\n';
}

void append_json_line(std::string& out, TimeNs time, LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  out += "{\"time\":\"";
  append_rfc3339(out, time);
  out += "\",\"level\":\"";
  out += level_name(level);
  out += "\",\"msg\":";
  append_json_string_lossy(out, message);
  for (const LogField& field : fields) {
    out += ',';
    append_json_string_lossy(out, field.key);
    out += ':';
    append_json_string_lossy(out, field.value);
  }
  out += "}\n";
}

void append_line(std::string& out, LogFormat format, TimeNs time, LogLevel level,
                 std::string_view message, std::initializer_list<LogField> fields) {
  if (format == LogFormat::kJson) {
    append_json_line(out, time, level, message, fields);
  } else {
    append_text_line(out, time, level, message, fields);
  }
}

void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody can be told
    line.remove_prefix(static_cast<std::size_t>(n));
  }
}

LogWriter& process_log() {
  // Never destroyed: threads that outlive main() may still log.
  static auto& clock = *new SystemClock();
  static auto& writer = *new LogWriter(clock, write_to_stderr);
  return writer;
}

}  // namespace

void LogWriter::set(LogLevel minimum, LogFormat format) {
  const MutexLock lock(mutex_);
  minimum_ = minimum;
  format_ = format;
}

bool LogWriter::window_is_over(const Repeats& repeats, TimeNs now) {
  return now - repeats.first >= kWindow || now < repeats.first;  // or the clock was set back
}

void LogWriter::sweep_locked(TimeNs now, std::string& out) {
  for (auto at = repeats_.begin(); at != repeats_.end();) {
    const Repeats& repeats = at->second;
    if (!window_is_over(repeats, now)) {
      ++at;
      continue;
    }
    if (repeats.left_out != 0) {
      append_line(out, format_, now, repeats.level, "left out repeated log lines",
                  {{"count", repeats.left_out}, {"message", at->first}});
    }
    at = repeats_.erase(at);
  }
  next_sweep_ = now + kNsPerSecond;
}

bool LogWriter::admit_locked(LogLevel level, std::string_view message, TimeNs now,
                             std::string& out) {
  auto at = repeats_.find(message);
  const bool over = at != repeats_.end() && window_is_over(at->second, now);
  if (over || now >= next_sweep_ || repeats_.size() >= kMessages) {
    sweep_locked(now, out);
    at = repeats_.find(message);
  }
  if (at == repeats_.end()) {
    if (repeats_.size() >= kMessages) return true;  // too many kinds at once: written, not counted
    at = repeats_.emplace(std::string(message), Repeats{now, 0, 0, level}).first;
  }
  if (at->second.written < kRepeats) {
    ++at->second.written;
    return true;
  }
  ++at->second.left_out;
  return false;
}

void LogWriter::write(LogLevel level, std::string_view message,
                      std::initializer_list<LogField> fields) {
  const TimeNs now = clock_.now();
  std::string out;
  {
    const MutexLock lock(mutex_);
    if (level < minimum_) return;
    if (admit_locked(level, message, now, out)) {
      append_line(out, format_, now, level, message, fields);
    }
  }
  if (!out.empty()) sink_(out);
}

void set_log(LogLevel minimum, LogFormat format) { process_log().set(minimum, format); }

Result<LogLevel> parse_log_level(std::string_view text) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (text == level_name(level)) return level;
  }
  return Error{ErrorCode::kInvalidArgument,
               "'" + std::string(text) + "' is no log level: debug, info, warning or error"};
}

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "text") return LogFormat::kText;
  if (text == "json") return LogFormat::kJson;
  return Error{ErrorCode::kInvalidArgument,
               "'" + std::string(text) + "' is no log format: text or json"};
}

void log(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  process_log().write(level, message, fields);
}

}  // namespace duramen
