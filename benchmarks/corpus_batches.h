#pragma once

#include <memory>
#include <string>

#include "ingest/ndjson.h"
#include "model/record_batch.h"

namespace duramen::benchmarks {

/// NDJSON of about `bytes` bytes; equal for equal arguments.
std::string corpus_body(std::size_t bytes);

ingest::BuildOptions build_options();

/// The records of corpus_body(bytes), parsed once and kept.
std::shared_ptr<const model::RecordBatch> corpus_batch(std::size_t bytes);

}  // namespace duramen::benchmarks
