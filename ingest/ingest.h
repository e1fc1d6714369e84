#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/compression.h"
#include "base/metrics.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/record_sink.h"

namespace duramen::ingest {

struct IngestLimits {
  std::uint64_t body_bytes = 64ULL << 20;  ///< of one request, decompressed
  std::uint64_t line_bytes = 1ULL << 20;   ///< a longer message is split into marked parts
  std::uint32_t fields_per_record = 1000;
  std::uint32_t streams_per_request = 10'000;
  std::uint64_t inflight_bytes = 256ULL << 20;  ///< bodies being parsed or waiting for their ack
  std::uint32_t reported_errors = 100;          ///< rejected lines named in one answer
  std::uint32_t days_per_request = 64;          ///< new days that one batch may open
};

/// What the query parameters of POST /api/v1/ingest say. Empty lists mean the defaults of
/// docs/http-api.md.
struct IngestFormat {
  std::vector<std::string> time_fields;
  std::vector<std::string> message_fields;
  std::vector<std::string> stream_fields;
  bool keep_old = false;  ///< keep event times outside the accepted range as they are
};

struct IngestRequest {
  std::string body;
  ContentCoding coding = ContentCoding::kIdentity;
  IngestFormat format;
  std::string idempotency_key;  ///< empty: none
  std::string credential;       ///< who sends; part of the batch id
};

struct RejectedLine {
  std::uint64_t line;  ///< from 1
  std::string reason;
};

struct IngestAnswer {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::vector<RejectedLine> errors;  ///< the first `reported_errors`
  std::vector<std::string> warnings;  ///< "3 lines had a time outside …: filed under received time"
  std::optional<model::AppendAck> ack;  ///< absent when no line was good
};

/// The write path of the HTTP formats: admit, unpack, parse to columns, append, answer after the
/// ack. Stores all good lines of a request in one append, or nothing.
///
/// Threading: any thread. Blocking: CPU only (unpack, parse, pack), never the disk; `done` is
/// called once, from the calling thread or the journal's commit thread.
/// Ownership: sink, clock and metrics outlive it.
class Ingest {
 public:
  using Done = std::function<void(Result<IngestAnswer>)>;

  Ingest(model::RecordSink& sink, const Clock& clock, MetricRegistry& metrics, IngestLimits limits,
         std::optional<TimeNs> retention_age);
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;
  Ingest(Ingest&&) = delete;
  Ingest& operator=(Ingest&&) = delete;
  ~Ingest();

  /// Errors: kOutOfRange (body over the limit: HTTP 413), kInvalidArgument (broken compression,
  /// nothing that could be a record), kResourceExhausted (in-flight bytes), and those of
  /// RecordSink::append.
  void ingest(IngestRequest request, Done done);
  void set_retention_age(std::optional<TimeNs> age);

 private:
  struct State;
  struct Pending;
  std::shared_ptr<State> state_;
};

}  // namespace duramen::ingest
