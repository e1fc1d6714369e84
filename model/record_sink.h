#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/checksum.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/record_batch.h"

namespace duramen::model {

/// Names a batch so that its repeat is recognised. `id` hashes who sent it and what he calls it
/// (tenant, credential, peer where that is part of the name, tag, key); `payload` hashes the
/// content.
struct BatchId {
  Hash128 id;
  std::uint64_t payload = 0;
};

struct AppendRequest {
  std::shared_ptr<const RecordBatch> records;  ///< at least one row, check() holds
  std::optional<BatchId> batch_id;
};

struct AppendAck {
  Seq first;
  Seq last;
  NodeId node;             ///< the incarnation that took the records
  bool duplicate = false;  ///< an earlier batch with this id was stored; these are its seqs
};

/// Where collectors and ingest formats push records. The store implements it.
class RecordSink {
 public:
  RecordSink() = default;
  RecordSink(const RecordSink&) = delete;
  RecordSink& operator=(const RecordSink&) = delete;
  RecordSink(RecordSink&&) = delete;
  RecordSink& operator=(RecordSink&&) = delete;
  virtual ~RecordSink() = default;

  using Done = std::function<void(Result<AppendAck>)>;

  /// Appends the batch whole or not at all.
  ///
  /// Durability: when `done` gets an ack, the records survive power loss.
  /// Ownership:  shares `records`, which must not change any more.
  /// Threading:  any thread; concurrent appends share one sync.
  /// Blocking:   packs the batch on the calling thread (CPU, about 500 MB/s), never waits for the
  ///             disk. `done` is called once: on the caller's thread for a refusal, else on the
  ///             journal's commit thread; it must be short and must not call back into the sink.
  /// Errors:     kResourceExhausted (journal budget or queue full: retry later, HTTP 429),
  ///             kUnavailable (disk full or failed, draining: HTTP 503), kInvalidArgument (an empty
  ///             or malformed batch), kAlreadyExists (the batch id was used with another payload:
  ///             HTTP 422).
  virtual void append(AppendRequest request, Done done) = 0;
};

}  // namespace duramen::model
