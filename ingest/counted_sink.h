#pragma once

#include "ingest/stream_rates.h"
#include "model/record_sink.h"

namespace duramen::ingest {

/// A sink that counts what another one has taken, by stream: for whatever pushes records. Repeats
/// and what was refused are not counted.
/// Threading, blocking, errors: as RecordSink::append. Ownership: `sink` and `rates` outlive it,
/// and `rates` what waits in the sink.
class CountedSink final : public model::RecordSink {
 public:
  CountedSink(model::RecordSink& sink, StreamRates& rates) : sink_(sink), rates_(rates) {}
  void append(model::AppendRequest request, Done done) override;

 private:
  model::RecordSink& sink_;
  StreamRates& rates_;
};

}  // namespace duramen::ingest
