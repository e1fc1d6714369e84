#include <algorithm>
#include <charconv>
#include <limits>

#include "base/time_text.h"
#include "tools/settings_table.h"

namespace duramen::tools {
namespace {

constexpr std::string_view kNoLimit = "none";
constexpr std::string_view kAutomatic = "auto";

Error bad(std::string text) { return {ErrorCode::kInvalidArgument, std::move(text)}; }

std::string number_text(Kind kind, std::uint64_t number) {
  switch (kind) {
    case Kind::kBytes: {
      // Exact, unlike to_bytes_text(): the text stands for the value.
      std::string text = to_bytes_text(number);
      const auto back = parse_bytes(text);
      return back && *back == number ? text : std::to_string(number);
    }
    case Kind::kDuration:
      return to_duration_text(static_cast<TimeNs>(number));
    case Kind::kSeconds:
      return to_duration_text(static_cast<TimeNs>(number) * kNsPerSecond);
    default:
      return std::to_string(number);
  }
}

Result<std::uint64_t> parse_number(Kind kind, std::string_view text) {
  if (kind == Kind::kBytes) return parse_bytes(text);
  if (kind == Kind::kDuration || kind == Kind::kSeconds) {
    DURAMEN_TRY(const TimeNs duration, parse_duration(text));
    if (kind == Kind::kDuration) return static_cast<std::uint64_t>(duration);
    if (duration % kNsPerSecond != 0) {
      return bad("'" + std::string(text) + "' is not a whole number of seconds");
    }
    return static_cast<std::uint64_t>(duration / kNsPerSecond);
  }
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (text.empty() || read.ec != std::errc{} || read.ptr != end) {
    return bad("'" + std::string(text) + "' is not a whole number");
  }
  return number;
}

Result<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "0" || text == "no") return false;
  return bad("'" + std::string(text) + "' is neither true nor false");
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> list;
  while (true) {
    const std::size_t comma = text.find(',');
    list.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

/// `none` and `auto`, where they are values. True when `text` was one.
bool set_word(const Field& field, std::string_view text) {
  if (auto* const* size = std::get_if<SizeLimit*>(&field)) {
    if (text != kNoLimit && text != kAutomatic) return false;
    **size = SizeLimit{text == kAutomatic, std::nullopt};
    return true;
  }
  if (auto* const* age = std::get_if<std::optional<TimeNs>*>(&field)) {
    if (text != kNoLimit) return false;
    **age = std::nullopt;
    return true;
  }
  return false;
}

struct StoreNumber {
  std::uint64_t number;

  void operator()(std::uint32_t* to) const { *to = static_cast<std::uint32_t>(number); }
  void operator()(std::uint64_t* to) const { *to = number; }
  void operator()(TimeNs* to) const { *to = static_cast<TimeNs>(number); }
  void operator()(int* to) const { *to = static_cast<int>(number); }
  void operator()(std::optional<TimeNs>* to) const { *to = static_cast<TimeNs>(number); }
  void operator()(SizeLimit* to) const { *to = {false, number}; }
  template <class Other>
  void operator()(Other* /*unused*/) const {}
};

struct ValueText {
  Kind kind;

  std::string operator()(const std::string* value) const { return *value; }
  std::string operator()(const std::vector<std::string>* value) const {
    std::string out;
    for (const std::string& item : *value) out += (out.empty() ? "" : ",") + item;
    return out;
  }
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const std::uint32_t* value) const { return number_text(kind, *value); }
  std::string operator()(const std::uint64_t* value) const { return number_text(kind, *value); }
  std::string operator()(const TimeNs* value) const { return to_duration_text(*value); }
  std::string operator()(const int* value) const { return std::to_string(*value); }
  std::string operator()(const std::optional<TimeNs>* value) const {
    return *value ? to_duration_text(**value) : std::string(kNoLimit);
  }
  std::string operator()(const SizeLimit* value) const {
    if (value->automatic) return std::string(kAutomatic);
    return value->bytes ? number_text(kind, *value->bytes) : std::string(kNoLimit);
  }
  std::string operator()(const LogLevel* value) const {
    switch (*value) {
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
  std::string operator()(const std::vector<store::RetentionClass>* value) const {
    return class_list_text(*value);
  }
  std::string operator()(const LogFormat* value) const {
    return *value == LogFormat::kJson ? "json" : "text";
  }
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "text";
    case Kind::kList:
      return "list of texts";
    case Kind::kFlag:
      return "true or false";
    case Kind::kCount:
      return "number";
    case Kind::kBytes:
      return "size such as \"64MiB\"";
    case Kind::kDuration:
    case Kind::kSeconds:
      return "duration such as \"15m\"";
    case Kind::kLogLevel:
      return "level such as \"info\"";
    case Kind::kClasses:
      return "list of texts such as [\"audit: age=365d when app=auth\"]";
    case Kind::kLogFormat:
      break;
  }
  return "format such as \"text\"";
}

Result<void> set_from_number(const Setting& setting, std::uint64_t number, Settings& settings) {
  if (number < setting.least || number > setting.most) {
    const std::string least = number_text(setting.kind, setting.least);
    const std::string given = number_text(setting.kind, number) + " is ";
    if (setting.most == std::numeric_limits<std::uint64_t>::max()) {
      return bad(given + "below " + least);
    }
    return bad(given + "not between " + least + " and " + number_text(setting.kind, setting.most));
  }
  std::visit(StoreNumber{number}, setting.field(settings));
  return {};
}

Result<void> set_list(const Setting& setting, std::vector<std::string> list, Settings& settings) {
  for (const std::string& item : list) {
    if (item.empty()) return bad("an empty item in the list");
  }
  const Field field = setting.field(settings);
  if (auto* const* classes = std::get_if<std::vector<store::RetentionClass>*>(&field)) {
    DURAMEN_TRY(**classes, parse_classes(list));
    return {};
  }
  if (list.empty()) return bad("the list is empty");
  *std::get<std::vector<std::string>*>(field) = std::move(list);
  return {};
}

Result<void> set_from_text(const Setting& setting, std::string_view text, Settings& settings) {
  const Field field = setting.field(settings);
  switch (setting.kind) {
    case Kind::kText:
      if (text.empty()) return bad("it is empty");
      *std::get<std::string*>(field) = text;
      return {};
    case Kind::kList:
      return set_list(setting, split_list(text), settings);
    case Kind::kFlag: {
      DURAMEN_TRY(*std::get<bool*>(field), parse_flag(text));
      return {};
    }
    case Kind::kClasses: {
      DURAMEN_TRY(*std::get<std::vector<store::RetentionClass>*>(field), parse_class_list(text));
      return {};
    }
    case Kind::kLogLevel: {
      DURAMEN_TRY(*std::get<LogLevel*>(field), parse_log_level(text));
      return {};
    }
    case Kind::kLogFormat: {
      DURAMEN_TRY(*std::get<LogFormat*>(field), parse_log_format(text));
      return {};
    }
    case Kind::kCount:
    case Kind::kBytes:
    case Kind::kDuration:
    case Kind::kSeconds:
      break;
  }
  if (set_word(field, text)) return {};
  DURAMEN_TRY(const std::uint64_t number, parse_number(setting.kind, text));
  return set_from_number(setting, number, settings);
}

std::string value_text(const Setting& setting, const Settings& settings) {
  // The field is only read; Setting has one accessor for both ways.
  const Field field = setting.field(const_cast<Settings&>(settings));
  return std::visit(ValueText{setting.kind}, field);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string* nearest = nullptr;
  std::size_t least = word.size() / 3 + 2;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least) {
      least = distance;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? "" : "; did you mean '" + *nearest + "'?";
}

}  // namespace duramen::tools
