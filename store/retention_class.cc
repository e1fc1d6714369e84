#include "store/retention_class.h"

#include <algorithm>

namespace duramen::store {
namespace {

bool fits(const LabelCondition& condition, const model::Labels& labels) {
  const std::string_view value = labels.find(condition.label);
  if (value.empty()) return false;  // not there
  return condition.prefix ? value.substr(0, condition.value.size()) == condition.value
                          : value == condition.value;
}

}  // namespace

std::string_view class_of(std::span<const RetentionClass> classes, const model::Labels& labels) {
  for (const RetentionClass& one : classes) {
    if (std::all_of(one.when.begin(), one.when.end(),
                    [&](const LabelCondition& condition) { return fits(condition, labels); })) {
      return one.name;
    }
  }
  return kDefaultClass;
}

const RetentionClass* find_class(std::span<const RetentionClass> classes, std::string_view name) {
  const auto at = std::find_if(classes.begin(), classes.end(),
                               [&](const RetentionClass& one) { return one.name == name; });
  return at == classes.end() ? nullptr : &*at;
}

std::optional<TimeNs> age_of(const Retention& retention, std::string_view name) {
  const RetentionClass* const one = find_class(retention.classes, name);
  return one == nullptr ? retention.age : one->age;
}

std::optional<TimeNs> longest_age(const Retention& retention) {
  std::optional<TimeNs> longest = retention.age;
  for (const RetentionClass& one : retention.classes) {
    if (!longest || !one.age) return std::nullopt;
    longest = std::max(*longest, *one.age);
  }
  return longest;
}

std::string condition_text(const RetentionClass& retention_class) {
  std::string out;
  for (const LabelCondition& condition : retention_class.when) {
    out += (out.empty() ? "" : ",") + condition.label + "=" + condition.value;
    if (condition.prefix) out += "*";
  }
  return out;
}

bool is_class_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxClassName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

}  // namespace duramen::store
