#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/directory.h"
#include "store/store.h"

namespace duramen::store {

/// A segment as retention sees it.
struct AgedSegment {
  std::string name;
  SegmentId id;
  std::uint64_t disk_bytes = 0;
  bool held = false;  ///< somebody needs rows of it
};

struct RetentionVerdict {
  std::vector<std::string> drop;
  std::vector<std::string> held;  ///< they would go if nobody needed them
};

/// Which segments go, oldest day first, and of one day the class first that keeps rows for a
/// shorter time. The rule, one row a case; what a row says is taken out before the next row counts:
///
/// | day            | end + age of class | class's bytes | all bytes    | goes               |
/// |----------------|--------------------|---------------|--------------|--------------------|
/// | today or later | any                | any           | any          | no                 |
/// | before today   | <= now             | any           | any          | yes                |
/// | before today   | > now              | over its own  | any          | until its own fit  |
/// | before today   | > now              | within        | over `bytes` | until all fit      |
/// | before today   | > now              | within        | within       | no                 |
///
/// `today` is the day of `now`; its bytes count. An absent limit is never reached; a class that is
/// not configured has `default`'s age and no bytes of its own. A held segment that would go stays,
/// its bytes count, and the next one is looked at. Pure.
RetentionVerdict segments_to_drop(std::vector<AgedSegment> segments, const Retention& retention,
                                  TimeNs now);

/// What of status() is said of each class: those of the rules, `default`, and others that
/// still have segments. Pure.
std::vector<ClassStatus> class_statuses(const std::vector<SegmentStatus>& segments,
                                        const Retention& retention);

}  // namespace duramen::store
