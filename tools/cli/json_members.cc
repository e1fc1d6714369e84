#include "tools/cli/json_members.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/json_text.h"

namespace duramen::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r";

/// Goes through the members of an object.
class MemberWalk {
 public:
  explicit MemberWalk(std::string_view text) : text_(text), at_(1) {}

  /// The raw key of the next member, with its quotes; the value is passed over. Nothing at the end
  /// of the object and where the text is wrong.
  std::optional<std::string_view> next() {
    skip_blanks();
    begin_ = at_;
    if (peek() != '"' || !skip_string()) return std::nullopt;
    const std::string_view key = text_.substr(begin_, at_ - begin_);
    skip_blanks();
    if (peek() != ':') return std::nullopt;
    value_ = ++at_;
    if (!skip_value()) return std::nullopt;
    end_ = at_;
    comma_ = peek() == ',';
    if (comma_) ++at_;
    return key;
  }
  /// The member that next() has passed.
  std::string_view member() const { return text_.substr(begin_, end_ - begin_); }
  bool member_is_whole() const {
    return nlohmann::json::accept(text_.substr(value_, end_ - value_));
  }
  bool at_end() {
    skip_blanks();
    return !comma_ && peek() == '}';
  }
  std::string_view rest() const { return text_.substr(at_); }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }
  bool skip_string() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return true;
      }
    }
    return false;
  }
  /// To the comma or brace behind a value.
  bool skip_value() {
    for (std::size_t depth = 0; at_ < text_.size();) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == '}')) return true;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (c == '"' ? !skip_string() : ++at_ == 0) return false;
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_;
  std::size_t begin_ = 0;
  std::size_t value_ = 0;
  std::size_t end_ = 0;
  bool comma_ = false;  ///< behind the last member
};

bool is_one_of(std::string_view key, const Members& names) {
  const auto named = [&](std::string_view text) {
    return std::any_of(names.begin(), names.end(),
                       [&](const auto& member) { return member.first == text; });
  };
  if (key.find('\\') == std::string_view::npos) return named(key.substr(1, key.size() - 2));
  const auto unescaped = nlohmann::json::parse(key, nullptr, false);
  return unescaped.is_string() && named(unescaped.get_ref<const std::string&>());
}

bool may_have(std::string_view object, const Members& names) {
  if (object.find("\\u") != std::string_view::npos) return true;
  return std::any_of(names.begin(), names.end(), [&](const auto& member) {
    return object.find("\"" + member.first + "\"") != std::string_view::npos ||
           member.first.find_first_of("\"\\") != std::string::npos;
  });
}

}  // namespace

std::string json_members(const Members& members) {
  std::string out;
  for (const auto& [name, value] : members) {
    append_json_string_lossy(out, name);
    out.push_back(':');
    append_json_string_lossy(out, value);
    out.push_back(',');
  }
  return out;
}

bool without_members(std::string_view object, const Members& names, std::string& out) {
  if (!may_have(object, names)) return false;
  std::string kept = "{";
  bool dropped = false;
  MemberWalk walk(object);
  while (const auto key = walk.next()) {
    if (is_one_of(*key, names)) {
      if (!walk.member_is_whole()) return false;
      dropped = true;
      continue;
    }
    if (kept.size() > 1) kept += ',';
    kept += walk.member();
  }
  if (!dropped || !walk.at_end()) return false;
  out = std::move(kept);
  out += walk.rest();
  return true;
}

}  // namespace duramen::cli
