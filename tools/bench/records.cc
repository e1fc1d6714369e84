#include "tools/bench/records.h"

#include <algorithm>
#include <optional>

#include "base/time_text.h"

namespace duramen::bench {
namespace {

constexpr auto kNone = std::string_view::npos;

bool is_border(std::string_view text, std::size_t at) {
  return at == 0 || at == text.size() || !is_token_byte(text[at - 1]) || !is_token_byte(text[at]);
}

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Reads the members of a line in the order in which the corpus writes them.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  /// The text of the next member, from behind `before` to the next quote.
  bool take(std::string_view before, std::string_view& out) {
    if (!rest_.starts_with(before)) return false;
    rest_.remove_prefix(before.size());
    const std::size_t end = rest_.find('"');
    if (end == kNone) return false;
    out = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return true;
  }
  /// The last member, without its escapes.
  bool take_message(std::string_view before, std::string_view after, std::string& out) {
    if (!rest_.starts_with(before) || !rest_.ends_with(after)) return false;
    rest_.remove_prefix(before.size());
    rest_.remove_suffix(after.size());
    out.clear();
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] != '\\') {
        out += rest_[i];
        continue;
      }
      const auto plain = unescaped(++i < rest_.size() ? rest_[i] : '\0');
      if (!plain) return false;
      out += *plain;
    }
    return true;
  }

 private:
  static std::optional<char> unescaped(char c) {
    switch (c) {
      case 't':
        return '\t';
      case 'n':
        return '\n';
      case '"':
      case '\\':
        return c;
      default:
        return std::nullopt;
    }
  }
  std::string_view rest_;
};

bool read_record(std::string_view line, CorpusRecord& out) {
  LineReader reader(line);
  std::string_view time;
  std::string_view container_id;
  const bool whole =
      reader.take("{\"time\":\"", time) && reader.take("\",\"container_name\":\"", out.container) &&
      reader.take("\",\"container_id\":\"", container_id) &&
      reader.take("\",\"source\":\"", out.source) && reader.take("\",\"tag\":\"", out.tag) &&
      reader.take_message("\",\"log\":\"", "\"}\n", out.message);
  const auto parsed = parse_rfc3339(time);
  if (!whole || !parsed) return false;
  out.time = *parsed;
  out.folded.resize(out.message.size());
  std::transform(out.message.begin(), out.message.end(), out.folded.begin(), folded);
  return true;
}

}  // namespace

std::string_view CorpusRecord::label(std::string_view name) const {
  if (name == "container_name") return container;
  if (name == "source") return source;
  if (name == "tag") return tag;
  return {};
}

Result<void> for_each_record(const CorpusOptions& options, std::uint64_t records,
                             const std::function<void(const CorpusRecord&)>& show) {
  Corpus corpus(options);
  CorpusRecord record;
  std::string line;
  while (corpus.records() < records) {
    line.clear();
    corpus.append_record(line);
    if (!read_record(line, record)) {
      return Error{ErrorCode::kInternal, "the corpus has a line that is not understood: " + line};
    }
    show(record);
  }
  return {};
}

bool is_token_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) > 127;
}

void for_each_token(std::string_view text, const std::function<void(std::string_view)>& show) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t end = i;
    while (end < text.size() && is_token_byte(text[end])) ++end;
    if (end > i) show(text.substr(i, end - i));
    i = end;
  }
}

bool has_between_borders(std::string_view text, std::string_view part, bool border_after) {
  for (std::size_t at = text.find(part); at != kNone; at = text.find(part, at + 1)) {
    if (is_border(text, at) && (!border_after || is_border(text, at + part.size()))) return true;
  }
  return false;
}

std::string_view json_member(std::string_view message, std::string_view name) {
  if (!message.starts_with('{')) return {};
  const std::string key = "\"" + std::string(name) + "\":";
  std::size_t at = message.find(key);
  if (at == kNone) return {};
  at += key.size();
  const bool text = at < message.size() && message[at] == '"';
  if (text) ++at;
  const std::size_t end = message.find_first_of(text ? "\"" : ",}", at);
  return end == kNone ? std::string_view{} : message.substr(at, end - at);
}

std::string_view logfmt_member(std::string_view message, std::string_view name) {
  const std::string key = " " + std::string(name) + "=";
  std::size_t at = message.find(key);
  if (at == kNone) return {};
  at += key.size();
  return message.substr(at, message.find(' ', at) - at);
}

}  // namespace duramen::bench
