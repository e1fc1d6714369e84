#include "store/retention.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>
#include <utility>

namespace duramen::store {
namespace {

constexpr TimeNs kForEver = std::numeric_limits<TimeNs>::max();

/// Segments, oldest first, some of them marked to go.
class Judgement {
 public:
  Judgement(std::vector<AgedSegment> segments, const Retention& retention, TimeNs now)
      : segments_(std::move(segments)), retention_(retention), now_(now) {
    std::sort(segments_.begin(), segments_.end(),
              [this](const auto& a, const auto& b) { return key_of(a) < key_of(b); });
    going_.resize(segments_.size());
  }

  RetentionVerdict judge() {
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (is_too_old(segments_[i].id)) mark(i);
    }
    for (const RetentionClass& one : retention_.classes) {
      if (one.bytes) make_fit(*one.bytes, one.name);
    }
    if (retention_.bytes) make_fit(*retention_.bytes, "");
    RetentionVerdict verdict;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (!going_[i]) continue;
      (segments_[i].held ? verdict.held : verdict.drop).push_back(segments_[i].name);
    }
    return verdict;
  }

 private:
  std::tuple<std::int64_t, TimeNs, std::string> key_of(const AgedSegment& segment) const {
    const auto age = age_of(retention_, segment.id.retention_class);
    return {segment.id.day, age.value_or(kForEver), segment.name};
  }
  bool is_over(const SegmentId& id) const { return id.day < day_of(now_); }
  bool is_too_old(const SegmentId& id) const {
    const auto age = age_of(retention_, id.retention_class);
    // (day + 1) * kNsPerDay <= now - age, in days so that no far date overflows.
    return age && is_over(id) && id.day + 1 <= day_of(now_ - std::min(*age, now_));
  }
  void mark(std::size_t i) { going_[i] = true; }
  bool is_gone(std::size_t i) const { return going_[i] && !segments_[i].held; }

  /// Of one class, or of all with an empty name.
  void make_fit(std::uint64_t bytes, std::string_view name) {
    const auto counts = [&](std::size_t i) {
      return !is_gone(i) && (name.empty() || segments_[i].id.retention_class == name);
    };
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      if (counts(i)) total += segments_[i].disk_bytes;
    }
    for (std::size_t i = 0; i < segments_.size() && total > bytes; ++i) {
      if (!counts(i) || !is_over(segments_[i].id)) continue;
      mark(i);
      if (!segments_[i].held) total -= segments_[i].disk_bytes;
    }
  }

  std::vector<AgedSegment> segments_;
  const Retention& retention_;
  const TimeNs now_;
  std::vector<bool> going_;
};

ClassStatus status_of(const Retention& retention, const std::string& name) {
  ClassStatus out;
  out.name = name;
  out.age = age_of(retention, name);
  const RetentionClass* const rule = find_class(retention.classes, name);
  out.configured = rule != nullptr || name == kDefaultClass;
  if (rule == nullptr) return out;
  out.bytes = rule->bytes;
  out.condition = condition_text(*rule);
  return out;
}

/// The end of its day, and the age.
std::optional<TimeNs> due(std::int64_t day, const std::optional<TimeNs>& age) {
  if (!age || day + 1 >= kForEver / kNsPerDay) return std::nullopt;
  const TimeNs end = (day + 1) * kNsPerDay;
  return end > 0 && *age > kForEver - end ? std::nullopt : std::optional(end + *age);
}

}  // namespace

RetentionVerdict segments_to_drop(std::vector<AgedSegment> segments, const Retention& retention,
                                  TimeNs now) {
  return Judgement(std::move(segments), retention, now).judge();
}

std::vector<ClassStatus> class_statuses(const std::vector<SegmentStatus>& segments,
                                        const Retention& retention) {
  std::vector<ClassStatus> out;
  for (const RetentionClass& one : retention.classes) {
    out.push_back(status_of(retention, one.name));
  }
  out.push_back(status_of(retention, std::string(kDefaultClass)));
  std::map<std::string, std::int64_t> oldest;
  for (const SegmentStatus& segment : segments) {
    const auto id = parse_segment_name(segment.name);
    if (!id) continue;
    auto at = std::find_if(out.begin(), out.end(),
                           [&](const ClassStatus& one) { return one.name == id->retention_class; });
    if (at == out.end()) {
      at = out.insert(out.end(), status_of(retention, id->retention_class));
    }
    ++at->segments;
    at->blocks += segment.blocks;
    at->rows += segment.rows;
    at->raw_bytes += segment.raw_bytes;
    at->disk_bytes += segment.disk_bytes;
    if (segment.blocks == 0) continue;
    const auto [first, is_new] = oldest.try_emplace(at->name, id->day);
    if (!is_new && first->second <= id->day) continue;
    first->second = id->day;
    at->next = segment.name;
    at->next_due = due(id->day, at->age);
  }
  return out;
}

}  // namespace duramen::store
