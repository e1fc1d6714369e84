#include "tools/cli/render.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "model/tokens.h"
#include "tools/cli/json_access.h"
#include "tools/cli/problem.h"
#include "tools/cli/table.h"
#include "tools/cli/zone.h"

namespace duramen::cli {
namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kCyan = "\x1b[36m";
constexpr std::string_view kMagenta = "\x1b[35m";
/// A level word further inside is part of the text, not the line's level.
constexpr std::size_t kLevelSearchBytes = 160;

std::string_view color_of(Level level) {
  switch (level) {
    case Level::kError:
      return "\x1b[1;31m";
    case Level::kWarning:
      return "\x1b[33m";
    case Level::kInfo:
      return "\x1b[32m";
    case Level::kDebug:
      return kDim;
    case Level::kNone:
      break;
  }
  return "";
}

std::string painted(std::string_view text, std::string_view color, bool on) {
  if (!on || color.empty() || text.empty()) return std::string(text);
  return std::string(color) + std::string(text) + std::string(kReset);
}

/// Of red and yellow there are enough: they are levels.
constexpr std::array<std::string_view, 6> kSenderColors{"\x1b[36m", "\x1b[32m", "\x1b[34m",
                                                        "\x1b[35m", "\x1b[96m", "\x1b[94m"};

/// The same in every run: FNV-1a.
std::string_view color_of_sender(std::string_view sender, const RenderOptions& options) {
  if (!options.color_by_sender) return kCyan;
  std::uint32_t hash = 2166136261U;
  for (const char c : sender) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
  return kSenderColors[hash % kSenderColors.size()];
}

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;  ///< 0: the bytes are no UTF-8
};

CodePoint decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  char32_t value = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3fU);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (overlong || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, size};
}

bool acts_on_a_terminal(char32_t c) {
  const bool control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
  const bool direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
                         c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029;
  return control || direction;
}

void append_escape(std::string& out, char32_t c) {
  char text[16];
  std::snprintf(text, sizeof text, c <= 0x7f ? "\\x%02x" : "\\u%04x", static_cast<unsigned>(c));
  out += text;
}

std::string make_visible(std::string_view text, std::string_view line_break) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint c = decode_utf8(text);
    if (c.size == 0) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<std::uint8_t>(text[0]));
      out += escape;
      text.remove_prefix(1);
      continue;
    }
    if (c.value == '\n') {
      out += line_break;
    } else if (c.value == '\r') {
      out += "\\r";
    } else if (c.value == '\t' || !acts_on_a_terminal(c.value)) {
      out += text.substr(0, c.size);
    } else {
      append_escape(out, c.value);
    }
    text.remove_prefix(c.size);
  }
  return out;
}

struct LevelWord {
  std::string_view word;
  Level level;
};
constexpr std::array kLevelWords{
    LevelWord{"error", Level::kError},     LevelWord{"err", Level::kError},
    LevelWord{"fatal", Level::kError},     LevelWord{"panic", Level::kError},
    LevelWord{"critical", Level::kError},  LevelWord{"crit", Level::kError},
    LevelWord{"alert", Level::kError},     LevelWord{"emerg", Level::kError},
    LevelWord{"severe", Level::kError},    LevelWord{"warn", Level::kWarning},
    LevelWord{"warning", Level::kWarning}, LevelWord{"info", Level::kInfo},
    LevelWord{"notice", Level::kInfo},     LevelWord{"debug", Level::kDebug},
    LevelWord{"trace", Level::kDebug},     LevelWord{"verbose", Level::kDebug},
};

bool all_capitals(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_marked(std::string_view text, std::size_t begin, std::size_t size) {
  const std::string_view before = text.substr(0, begin);
  const std::string_view after = text.substr(begin + size);
  const auto opens = [&](char c) { return before.ends_with(c); };
  const auto closes = [&](char c) { return after.starts_with(c); };
  if ((opens('[') && closes(']')) || (opens('<') && closes('>')) || (opens('(') && closes(')'))) {
    return true;
  }
  return before.ends_with("level=") || before.ends_with("level=\"") || before.ends_with("lvl=") ||
         before.ends_with("\"level\":\"") || before.ends_with("severity=");
}

std::string shown(std::string_view text, const RenderOptions& options) {
  return options.visible ? visible_on_one_line(text) : std::string(text);
}

std::string time_column(const Row& row) {
  const std::string_view text = row.value("_time");
  if (const auto at = parse_rfc3339(text)) return local_time_text(*at);
  return std::string(text);
}

/// Of the lines around one: which one it is.
std::string_view context_column(const Row& row) {
  const RowField* distance = row.find("_context");
  if (distance == nullptr) return {};
  return distance->value == "0" ? "> " : "  ";
}

/// `app/instance`, else the container, else whatever names the sender.
std::string sender_column(const Row& row) {
  if (const std::string_view app = row.value("app"); !app.empty()) {
    const std::string_view instance = row.value("instance");
    return instance.empty() ? std::string(app) : std::string(app) + "/" + std::string(instance);
  }
  for (const std::string_view name : {"container", "container_name", "application", "service",
                                      "service_name", "pod", "tag", "file", "host"}) {
    if (const std::string_view value = row.value(name); !value.empty()) return std::string(value);
  }
  return "-";
}

bool has_own_column(std::string_view name) {
  return name == "_time" || name == "_seq" || name == "_msg" || name == "_msg_base64" ||
         name == "_context" || name == "app" || name == "instance" || name == "source";
}

std::string painted_message(std::string_view message, const LevelPlace& level,
                            const RenderOptions& options) {
  const auto shape = [&](std::string_view text) {
    return options.visible ? visible_text(text) : std::string(text);
  };
  if (!options.color || !level.in_message) return shape(message);
  const auto at = static_cast<std::size_t>(level.text.data() - message.data());
  return shape(message.substr(0, at)) + painted(level.text, color_of(level.level), true) +
         shape(message.substr(at + level.text.size()));
}

void append_logfmt_value(std::string& out, std::string_view value, const RenderOptions& options) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != '\x7f';
  });
  const std::string text = options.visible ? make_visible(value, "\n") : std::string(value);
  if (plain) {
    out += text;
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

/// What a gap's value says to people; the value itself when it says something else.
std::string gap_in_words(std::string_view gap) {
  const auto json = nlohmann::json::parse(shallow(gap), nullptr, false);
  if (!json.is_object()) return std::string(gap);
  std::string out =
      json.contains("rows") ? grouped_digits(number(json, "rows")) + " rows missed" : "rows missed";
  const std::string reason = text(json, "reason");
  return reason.empty() ? out : out + ": " + reason;
}

std::string render_gap(const Row& row, std::string_view gap, const RenderOptions& options) {
  return painted(time_column(row), kDim, options.color) + " " +
         painted(shown(sender_column(row), options), kCyan, options.color) + " " +
         painted("GAP " + shown(gap_in_words(gap), options), color_of(Level::kWarning),
                 options.color);
}

}  // namespace

std::string visible_text(std::string_view text) { return make_visible(text, "\n    "); }

std::string visible_on_one_line(std::string_view text) { return make_visible(text, "\\n"); }

Level level_of_word(std::string_view word) {
  const std::string small = model::folded(word);
  for (const LevelWord& known : kLevelWords) {
    if (known.word == small) return known.level;
  }
  return Level::kNone;
}

LevelPlace find_level(const Row& row, std::string_view message) {
  for (const std::string_view name : {"level", "severity", "lvl"}) {
    const std::string_view value = row.value(name);
    if (const Level level = level_of_word(value); level != Level::kNone)
      return {level, value, false};
  }
  LevelPlace found;
  const std::string_view head = message.substr(0, kLevelSearchBytes);
  model::for_each_token(head, [&](const model::Token& token) {
    if (found.level != Level::kNone || token.has_digit) return;
    const std::string_view word = head.substr(token.begin, token.size);
    if (!all_capitals(word) && !is_marked(head, token.begin, token.size)) return;
    if (const Level level = level_of_word(word); level != Level::kNone) found = {level, word, true};
  });
  return found;
}

std::string render_log_row(const Row& row, const RenderOptions& options) {
  if (const RowField* gap = row.find("_gap")) return render_gap(row, gap->value, options);
  const std::string message = row.message();
  const LevelPlace level = find_level(row, message);
  std::string out(context_column(row));
  out += painted(time_column(row), kDim, options.color);
  if (options.seq) out += " " + shown(row.value("_seq"), options);
  const std::string sender = sender_column(row);
  out += " " + painted(shown(sender, options), color_of_sender(sender, options), options.color);
  if (row.value("source") == "stderr" || row.value("stream") == "stderr")
    out += " " + painted("STDERR", kMagenta, options.color);
  if (level.level != Level::kNone && !level.in_message) {
    std::string word(level.text);
    for (char& c : word) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    out += " " + painted(word, color_of(level.level), options.color);
  }
  if (!message.empty()) return out + " " + painted_message(message, level, options);
  Row rest;
  for (const RowField& field : row.fields) {
    if (!has_own_column(field.name)) rest.fields.push_back(field);
  }
  return rest.fields.empty() ? out : out + " " + render_logfmt(rest, options);
}

std::string render_logfmt(const Row& row, const RenderOptions& options) {
  std::string out;
  for (const RowField& field : row.fields) {
    if (!out.empty()) out.push_back(' ');
    out += shown(field.name, options);
    out.push_back('=');
    append_logfmt_value(out, field.value, options);
  }
  return out;
}

bool is_log_row(const Row& row) {
  return row.find("_time") != nullptr &&
         (row.find("_msg") != nullptr || row.find("_msg_base64") != nullptr ||
          row.find("_gap") != nullptr);
}

}  // namespace duramen::cli
