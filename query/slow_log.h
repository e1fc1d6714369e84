#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "query/executor.h"
#include "query/progress.h"
#include "query/scan/plan_report.h"

namespace duramen::query {

/// Longest part of a query's text in a line of the log.
inline constexpr std::size_t kLoggedQueryBytes = 1024;

/// The canonical text of a query as the log shows it: cut, but not within a character.
std::string logged_text(const Query& query);

/// Writes one warning about a query that took long: its text, its time range, its plan, what it
/// read and how it ended. Threading: any thread. Blocking: one short write.
void log_slow(const Execution& execution, const PlanReport& plan, const Progress& progress,
              std::uint64_t id, std::string_view outcome);

}  // namespace duramen::query
