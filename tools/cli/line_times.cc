#include "tools/cli/line_times.h"

#include <memory>
#include <utility>

#include "ingest/text_time.h"
#include "tools/cli/zone.h"

namespace duramen::cli {

Result<LineTime> make_line_time(const ImportCommand& command, TimeNs now,
                                std::optional<TimeNs> previous) {
  if (command.time_format == "now") return LineTime();
  ingest::TextTimeOptions options;
  options.format = command.time_format;
  options.year = command.year;
  options.now = now;
  options.previous = previous;
  options.zone_offset_seconds = zone_offset_seconds;
  DURAMEN_TRY(auto reader, ingest::TextTimeReader::create(std::move(options)));
  // Shared, because a std::function is copied; used by one reader.
  auto shared = std::make_shared<ingest::TextTimeReader>(std::move(reader));
  return LineTime([shared, previous](std::string_view line) mutable {
    if (const auto found = shared->read(line)) previous = found;
    return previous;
  });
}

}  // namespace duramen::cli
