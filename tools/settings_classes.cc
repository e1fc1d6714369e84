// `retention.classes`: one text a class, `audit: age=365d bytes=20GiB when
// app=auth,namespace=prod*`.

#include <algorithm>

#include "base/time_text.h"
#include "tools/settings_table.h"

namespace duramen::tools {
namespace {

constexpr TimeNs kLeastAge = 3'600 * kNsPerSecond;
constexpr std::uint64_t kLeastBytes = 1ULL << 20;
constexpr std::size_t kMaxConditions = 8;
constexpr std::string_view kExample = "'audit: age=365d when app=auth'";

Error bad(std::string text) { return {ErrorCode::kInvalidArgument, std::move(text)}; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// What lies before the first `separator`; it is taken off `text`, with the separator.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return part;
}

Result<store::LabelCondition> parse_condition(std::string_view text) {
  const std::string shown(text);
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return bad("the condition '" + shown + "' has no '='; write LABEL=VALUE");
  }
  store::LabelCondition out{std::string(trimmed(text.substr(0, equals))),
                            std::string(trimmed(text.substr(equals + 1)))};
  if (out.label.empty()) return bad("the condition '" + shown + "' has no label before its '='");
  if (out.value.empty()) {
    return bad("the condition '" + shown + "' has no value; '*' stands for any");
  }
  out.prefix = out.value.back() == '*';
  if (out.prefix) out.value.pop_back();
  if (out.value.find('*') != std::string::npos) {
    return bad("the condition '" + shown + "' has a '*' before the end of its value");
  }
  return out;
}

Result<void> parse_conditions(std::string_view text, store::RetentionClass& out) {
  if (text.ends_with(',')) return bad("the conditions end with a ','; take it away or add one");
  do {
    DURAMEN_TRY(auto condition, parse_condition(trimmed(take_until(text, ','))));
    for (const store::LabelCondition& before : out.when) {
      if (before.label == condition.label) {
        return bad("the label '" + condition.label + "' has two conditions");
      }
    }
    out.when.push_back(std::move(condition));
  } while (!text.empty());
  if (out.when.size() > kMaxConditions) {
    return bad("it has " + std::to_string(out.when.size()) + " conditions; at most " +
               std::to_string(kMaxConditions) + " can be");
  }
  return {};
}

Result<void> parse_age(std::string_view text, store::RetentionClass& out) {
  if (text == "none") return {};
  DURAMEN_TRY(out.age, parse_duration(text));
  if (*out.age < kLeastAge) return bad("age=" + std::string(text) + " is below 1h");
  return {};
}

Result<void> parse_size(std::string_view text, store::RetentionClass& out) {
  if (text == "none") return {};
  DURAMEN_TRY(out.bytes, parse_bytes(text));
  if (*out.bytes < kLeastBytes) return bad("bytes=" + std::string(text) + " is below 1MiB");
  return {};
}

/// `age=365d bytes=20GiB`, in any order.
Result<void> parse_limits(std::string_view text, store::RetentionClass& out) {
  bool has_age = false;
  bool has_bytes = false;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    const std::string_view word = take_until(text, ' ');
    std::string_view value = word;
    const std::string key(take_until(value, '='));
    if (key != "age" && key != "bytes") {
      return bad("unknown limit '" + std::string(word) + "'" + did_you_mean(key, {"age", "bytes"}) +
                 "; there are age=… and bytes=…, then 'when'");
    }
    bool& seen = key == "age" ? has_age : has_bytes;
    if (seen) return bad("it has " + key + "= twice");
    seen = true;
    DURAMEN_TRY_VOID(key == "age" ? parse_age(value, out) : parse_size(value, out));
  }
  if (!has_age) return bad("it has no age; write age=30d, or age=none for no limit by age");
  return {};
}

Result<store::RetentionClass> parse_rule(std::string_view name, std::string_view rest) {
  store::RetentionClass out;
  out.name = name;
  if (!store::is_class_name(name)) {
    return bad("a class's name has letters, digits, '-' and '_', from 1 to " +
               std::to_string(store::kMaxClassName) + " of them");
  }
  if (name == store::kDefaultClass) {
    return bad(
        "this class is what fits no other; its limits are retention.age and retention.bytes");
  }
  constexpr std::string_view kWhen = " when ";
  const std::string padded = " " + std::string(rest) + " ";
  const std::size_t when = padded.find(kWhen);
  if (when == std::string::npos) {
    return bad("it does not say which rows it has; end it with 'when LABEL=VALUE'");
  }
  DURAMEN_TRY_VOID(parse_limits(std::string_view(padded).substr(0, when), out));
  DURAMEN_TRY_VOID(
      parse_conditions(trimmed(std::string_view(padded).substr(when + kWhen.size())), out));
  return out;
}

Result<store::RetentionClass> parse_class(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return bad("'" + std::string(text) + "' has no name and ':'; write it as " +
               std::string(kExample));
  }
  const std::string_view name = trimmed(text.substr(0, colon));
  auto parsed = parse_rule(name, text.substr(colon + 1));
  if (!parsed) return std::move(parsed).error().with("class '" + std::string(name) + "'");
  return parsed;
}

/// Exact, unlike to_bytes_text(): the text stands for the value.
std::string exact_bytes(std::uint64_t bytes) {
  std::string text = to_bytes_text(bytes);
  const auto back = parse_bytes(text);
  return back && *back == bytes ? text : std::to_string(bytes);
}

}  // namespace

Result<std::vector<store::RetentionClass>> parse_classes(const std::vector<std::string>& texts) {
  if (texts.size() >= store::kMaxClasses) {
    return bad(std::to_string(texts.size()) + " classes; at most " +
               std::to_string(store::kMaxClasses - 1) + " can be beside 'default'");
  }
  std::vector<store::RetentionClass> out;
  for (const std::string& text : texts) {
    DURAMEN_TRY(auto one, parse_class(trimmed(text)));
    if (store::find_class(out, one.name) != nullptr) {
      return bad("there are two of the name").with("class '" + one.name + "'");
    }
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<store::RetentionClass>> parse_class_list(std::string_view text) {
  std::vector<std::string> texts;
  while (text != "none" && !text.empty()) texts.emplace_back(take_until(text, ';'));
  return parse_classes(texts);
}

std::string class_list_text(const std::vector<store::RetentionClass>& classes) {
  std::string out;
  for (const store::RetentionClass& one : classes) {
    out += (out.empty() ? "" : "; ") + one.name +
           ": age=" + (one.age ? to_duration_text(*one.age) : "none");
    if (one.bytes) out += " bytes=" + exact_bytes(*one.bytes);
    out += " when " + condition_text(one);
  }
  return out.empty() ? "none" : out;
}

}  // namespace duramen::tools
