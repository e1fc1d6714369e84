#pragma once

#include <optional>

#include "base/clock.h"

namespace duramen::tools {

enum class Signal { kTerminate, kReload };

/// Takes SIGTERM, SIGINT and SIGHUP out of the ordinary ways, so that no code runs in a signal
/// handler, and ignores SIGPIPE. Call before the first thread starts: threads inherit it.
void hold_signals();

/// The next signal. Without `limit` waits for ever; else gives nothing after it.
/// Threading: any thread; each signal goes to one waiting thread.
std::optional<Signal> wait_signal(std::optional<TimeNs> limit = std::nullopt);

}  // namespace duramen::tools
