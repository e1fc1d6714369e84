#include "store/retention.h"

#include <algorithm>

#include "store/directory.h"

namespace duramen::store {

std::vector<std::string> segments_to_drop(std::vector<AgedSegment> segments,
                                          const Retention& retention, TimeNs now) {
  std::sort(segments.begin(), segments.end(), [](const AgedSegment& a, const AgedSegment& b) {
    return a.day != b.day ? a.day < b.day : a.name < b.name;
  });
  std::uint64_t total = 0;
  for (const AgedSegment& segment : segments) total += segment.disk_bytes;
  std::vector<std::string> out;
  for (const AgedSegment& segment : segments) {
    if (segment.day >= day_of(now)) break;
    // (day + 1) * kNsPerDay <= now - age, in days so that no far date overflows.
    const bool too_old =
        retention.age && segment.day + 1 <= day_of(now - std::min(*retention.age, now));
    const bool too_much = retention.bytes && total > *retention.bytes;
    if (!too_old && !too_much) continue;
    out.push_back(segment.name);
    total -= segment.disk_bytes;
  }
  return out;
}

}  // namespace duramen::store
