#include "ingest/counted_sink.h"

#include <utility>

namespace duramen::ingest {

void CountedSink::append(model::AppendRequest request, Done done) {
  BatchTally tally(request.records, rates_.limits().streams_per_batch);
  sink_.append(std::move(request), [&rates = rates_, tally = std::move(tally),
                                    done = std::move(done)](Result<model::AppendAck> ack) {
    // Before the answer: who has it finds its records counted.
    if (ack && !ack->duplicate) rates.add(tally);
    done(std::move(ack));
  });
}

}  // namespace duramen::ingest
