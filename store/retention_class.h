#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/labels.h"

namespace duramen::store {

/// The class of rows that fit no other.
inline constexpr std::string_view kDefaultClass = "default";
inline constexpr std::size_t kMaxClasses = 8;  ///< `default` among them
inline constexpr std::size_t kMaxClassName = 32;

/// What a label of a stream has to be.
struct LabelCondition {
  std::string label;
  std::string value;
  bool prefix = false;  ///< the label begins with the value; with an empty one: it is there
  friend bool operator==(const LabelCondition&, const LabelCondition&) = default;
};

/// Rows that are kept in segments of their own, by limits of their own.
struct RetentionClass {
  std::string name;
  std::optional<TimeNs> age;           ///< none: no limit by age
  std::optional<std::uint64_t> bytes;  ///< of this class alone; none: no limit
  std::vector<LabelCondition> when;    ///< all of them
  friend bool operator==(const RetentionClass&, const RetentionClass&) = default;
};

/// What is kept. Whole segments (day, class) go, oldest day first; today's and later ones never go.
struct Retention {
  std::optional<TimeNs> age;                 ///< of `default`; none: no limit by age
  std::optional<std::uint64_t> bytes;        ///< of all together on disk; none: no limit
  std::vector<RetentionClass> classes = {};  ///< the first that fits has the row
  /// A segment with rows that a cursor has not confirmed stays (Cursor::hold).
  bool hold_for_sinks = false;
};

/// The class of a stream's rows. Pure.
std::string_view class_of(std::span<const RetentionClass> classes, const model::Labels& labels);
/// None: `default`, or one that is not configured any more.
const RetentionClass* find_class(std::span<const RetentionClass> classes, std::string_view name);
/// How long the class keeps rows: the limit of `default` for one that is not configured.
std::optional<TimeNs> age_of(const Retention& retention, std::string_view name);
/// How long any class keeps rows; none: for ever.
std::optional<TimeNs> longest_age(const Retention& retention);
/// `app=auth,env=prod*`.
std::string condition_text(const RetentionClass& retention_class);
/// Letters, digits, `-` and `_`, up to kMaxClassName: a part of segments' names.
bool is_class_name(std::string_view name);

}  // namespace duramen::store
