#pragma once

#include "base/clock.h"
#include "base/metrics.h"

namespace duramen::tools {

/// What every Prometheus client says of its process (process_cpu_seconds_total,
/// process_resident_memory_bytes, …), and duramen_build_info.
/// Ownership: the clock is read now only.
void register_process_metrics(MetricRegistry& metrics, const Clock& clock);

}  // namespace duramen::tools
