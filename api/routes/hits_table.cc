#include "api/routes/hits_table.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "api/routes/json_members.h"
#include "api/routes/query_call.h"
#include "base/time_text.h"

namespace duramen::api {
namespace {

constexpr std::size_t kGroupBytes = 200;
constexpr std::uint64_t kUsualBuckets = 100;

constexpr TimeNs kMs = kNsPerSecond / 1000;
constexpr TimeNs kMinute = 60 * kNsPerSecond;
constexpr TimeNs kHour = 60 * kMinute;
constexpr TimeNs kUsualSteps[] = {
    1 * kMs,          2 * kMs,          5 * kMs,           10 * kMs,          20 * kMs,
    50 * kMs,         100 * kMs,        200 * kMs,         500 * kMs,         1 * kNsPerSecond,
    2 * kNsPerSecond, 5 * kNsPerSecond, 10 * kNsPerSecond, 15 * kNsPerSecond, 30 * kNsPerSecond,
    1 * kMinute,      2 * kMinute,      5 * kMinute,       10 * kMinute,      15 * kMinute,
    30 * kMinute,     1 * kHour,        2 * kHour,         3 * kHour,         6 * kHour,
    12 * kHour,       1 * kNsPerDay,    2 * kNsPerDay,     7 * kNsPerDay,     30 * kNsPerDay,
    90 * kNsPerDay,   365 * kNsPerDay,  3650 * kNsPerDay};

std::int64_t bucket_of(TimeNs time, TimeNs step) { return time / step - (time % step < 0 ? 1 : 0); }

/// The beginning of a bucket; the first that there is may begin before there are times.
TimeNs begin_of(std::int64_t bucket, TimeNs step) {
  TimeNs out = 0;
  return __builtin_mul_overflow(bucket, step, &out) ? std::numeric_limits<TimeNs>::min() : out;
}

std::uint64_t span(std::int64_t first, std::int64_t last) {
  return static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
}

}  // namespace

TimeNs usual_step(TimeNs first, TimeNs last) {
  if (last <= first) return kNsPerSecond;
  for (const TimeNs step : kUsualSteps) {
    if (span(first, last) / static_cast<std::uint64_t>(step) < kUsualBuckets) return step;
  }
  return std::end(kUsualSteps)[-1];
}

Result<void> HitsTable::check(TimeNs step, TimeNs first, TimeNs last) {
  const std::uint64_t more = span(bucket_of(first, step), bucket_of(last, step));
  if (last < first || more < kMaxBuckets) return {};
  return Error{ErrorCode::kOutOfRange, "the range has over " + std::to_string(kMaxBuckets) +
                                           " buckets of " + to_duration_text(step) +
                                           "; give a longer 'step' or a shorter range"};
}

Result<HitsTable::Row> HitsTable::read(std::string_view json, TimeNs step) {
  constexpr std::string_view kTime = "\"_time\"";
  Row out;
  bool has_time = false;
  bool has_rows = false;
  out.fields = "{";
  const bool object = for_each_member(json, [&](std::string_view name, std::string_view value) {
    if (name == kTime && value.size() > 2) {
      const auto time = parse_rfc3339(value.substr(1, value.size() - 2));
      has_time = time.has_value();
      if (time) out.bucket = bucket_of(*time, step);
    } else if (name.substr(1, name.size() - 2) == kHitsName) {
      const char* const end = value.data() + value.size();
      has_rows = std::from_chars(value.data(), end, out.rows).ptr == end;
    } else {
      if (out.fields.size() > 1) out.fields += ',';
      out.fields.append(name).append(":").append(value);
    }
  });
  out.fields += '}';
  if (object && has_time && has_rows) return out;
  return Error{ErrorCode::kInternal, "a row that has no time and number of hits"};
}

Result<void> HitsTable::add(std::string_view json) {
  DURAMEN_TRY(const Row row, read(json, options_.step));
  total_ += row.rows;
  counts_[row.bucket] += row.rows;
  if (counts_.size() > kMaxBuckets) {
    return check(options_.step, std::numeric_limits<TimeNs>::min(),
                 std::numeric_limits<TimeNs>::max());
  }
  return options_.groups == 0 ? Result<void>() : add_to_group(row);
}

Result<void> HitsTable::add_to_group(const Row& row) {
  const auto [at, is_new] = groups_.try_emplace(row.fields);
  if (is_new) group_bytes_ += row.fields.size() + kGroupBytes;
  at->second.total += row.rows;
  at->second.counts[row.bucket] += row.rows;
  if (++cells_ <= kMaxCells && group_bytes_ <= kMaxGroupBytes) return {};
  return Error{ErrorCode::kOutOfRange,
               "the groups have over 1,000,000 buckets with hits, or 64 MiB; give a longer "
               "'step', a shorter range, or other fields in 'by'"};
}

Result<HitsTable::Counts> HitsTable::all_buckets() const {
  Counts out = counts_;
  const auto reach = [&](const std::optional<TimeNs>& time, bool backwards) {
    if (!time) return;
    const std::int64_t bucket = bucket_of(*time, options_.step);
    // A range that lies wholly before its other end has no bucket.
    const bool widens = out.empty() ? !backwards
                        : backwards ? bucket < out.begin()->first
                                    : bucket > out.rbegin()->first;
    if (widens) out.try_emplace(bucket, 0);
  };
  if (out.empty() && !(options_.first && options_.last && *options_.first <= *options_.last)) {
    return out;
  }
  reach(options_.last, false);
  reach(options_.first, true);
  DURAMEN_TRY_VOID(check(options_.step, begin_of(out.begin()->first, options_.step),
                         begin_of(out.rbegin()->first, options_.step)));
  const std::int64_t last = out.rbegin()->first;
  for (std::int64_t bucket = out.begin()->first; bucket < last; ++bucket) {
    out.try_emplace(bucket, 0);
  }
  return out;
}

void HitsTable::append_buckets(std::string& out, const Counts& counts) const {
  out += "\"buckets\":[";
  for (const auto& [bucket, rows] : counts) {
    if (out.back() != '[') out += ',';
    out += "{\"time\":\"";
    append_rfc3339(out, begin_of(bucket, options_.step));
    out += "\",\"count\":" + std::to_string(rows) + "}";
  }
  out += ']';
}

void HitsTable::append_groups(std::string& out) const {
  std::vector<const Shown*> order;
  order.reserve(groups_.size());
  for (const Shown& group : groups_) order.push_back(&group);
  std::sort(order.begin(), order.end(), [](const Shown* a, const Shown* b) {
    if (a->second.total != b->second.total) return a->second.total > b->second.total;
    return a->first < b->first;
  });
  const auto append = [&](const Group& group) {
    out += "\"total\":" + std::to_string(group.total) + ",";
    append_buckets(out, group.counts);
    out += '}';
  };
  const std::size_t shown = std::min(options_.groups, order.size());
  out += ",\"groups\":[";
  for (std::size_t i = 0; i < shown; ++i) {
    out += (i > 0 ? ",{\"fields\":" : "{\"fields\":") + order[i]->first + ",";
    append(order[i]->second);
  }
  Group rest;
  for (std::size_t i = shown; i < order.size(); ++i) {
    rest.total += order[i]->second.total;
    for (const auto& [bucket, rows] : order[i]->second.counts) rest.counts[bucket] += rows;
  }
  out += "],\"other\":{\"groups\":" + std::to_string(order.size() - shown) + ",";
  append(rest);
}

Result<void> HitsTable::write(const query::QueryEnd& end,
                              const std::function<Result<void>(std::string_view)>& write) const {
  DURAMEN_TRY(const Counts buckets, all_buckets());
  std::string out = "{\"step\":\"" + to_duration_text(options_.step) +
                    "\",\"step_ns\":" + std::to_string(options_.step) +
                    ",\"total\":" + std::to_string(total_) + ",";
  append_buckets(out, buckets);
  DURAMEN_TRY_VOID(write(out));
  out.clear();
  if (options_.groups != 0) append_groups(out);
  out += ',';
  append_end_members(out, end);
  return write(out + "}\n");
}

}  // namespace duramen::api
