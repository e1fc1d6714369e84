#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/ingest.h"
#include "ingest/record_builder.h"
#include "model/record_batch.h"

namespace duramen::ingest {

inline constexpr std::uint64_t kMaxRecords = 1ULL << 22;  ///< in one request
inline constexpr std::uint64_t kMaxBodyBytes = 1ULL << 30;

/// What a body held.
struct ParsedBody {
  std::shared_ptr<model::RecordBatch>
      records;                 ///< rows of the good records, in order; check() holds
  std::uint64_t accepted = 0;  ///< records; a split one counts once
  std::uint64_t rejected = 0;
  std::array<std::uint64_t, kRejectReasonNames.size()> rejected_by_reason{};
  std::vector<RejectedLine> errors;  ///< the first limits.reported_errors
  BuildCounts counts;
};

/// Parses a whole request body (docs/http-api.md, "Ingest"): JSON objects, mostly one a line; or
/// objects one after another or over several lines; or one JSON array of objects.
///
/// A line that is wrong is rejected with its number and reason, and the next line goes on. An array
/// with wrong JSON has no place to go on and is an error as a whole; but when no object came before
/// the fault, it is taken for lines that happen to begin with `[`.
/// Why no on-demand JSON library here: every byte must be checked (values are stored as they came),
/// faults need their place, and the keys of a line are known from the line before. UTF-8 is checked
/// by simdjson. Measured in docs/benchmarks.md.
///
/// Threading: pure. Blocking: CPU only. Ownership: copies what it keeps.
/// Errors: kInvalidArgument (contradicting format, empty body, broken array), kOutOfRange (more
/// than kMaxRecords records or kMaxBodyBytes bytes).
Result<ParsedBody> parse_ndjson(const std::string& body, const BuildOptions& options);

/// Says in words what `counts` counts, for the answer.
std::vector<std::string> to_warnings(const BuildCounts& counts, const BuildOptions& options);

/// Appends row `row` as one line that parse_ndjson() reads back as the same row (with keep_old and
/// with its labels named as stream fields): `_time`, `_msg` or `_msg_base64`, labels, fields.
void append_ndjson_row(std::string& out, const model::RecordBatch& batch, std::size_t row);

}  // namespace duramen::ingest
