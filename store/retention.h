#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace duramen::store {

/// A segment as retention sees it.
struct AgedSegment {
  std::string name;
  std::int64_t day = 0;
  std::uint64_t disk_bytes = 0;
};

/// Which segments go, oldest first. The rule, one row a case (`today` is the day of `now`):
///
/// | day            | its end + age | all bytes    | goes |
/// |----------------|---------------|--------------|------|
/// | today or later | any           | any          | no   |
/// | before today   | <= now        | any          | yes  |
/// | before today   | > now         | over `bytes` | yes, oldest first, until the rest fits |
/// | before today   | > now         | within       | no   |
///
/// An absent limit is never reached. Pure.
std::vector<std::string> segments_to_drop(std::vector<AgedSegment> segments,
                                          const Retention& retention, TimeNs now);

}  // namespace duramen::store
