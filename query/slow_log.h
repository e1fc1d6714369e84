#pragma once

#include <cstdint>
#include <string_view>

#include "query/executor.h"
#include "query/progress.h"

namespace duramen::query {

/// Longest part of a query's text in a line of the log.
inline constexpr std::size_t kLoggedQueryBytes = 1024;

/// Writes one warning about a query that took long: its canonical text (cut), its time range, what
/// it read and how it ended. Threading: any thread. Blocking: one short write.
void log_slow(const Execution& execution, const Progress& progress, std::uint64_t id,
              std::string_view outcome);

}  // namespace duramen::query
