#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "model/record_sink.h"

namespace duramen::store {

/// What is remembered of a batch with an id (docs/format/keys.md, "batches"). Internal to store/.
struct SeenBatch {
  std::uint64_t payload = 0;
  model::AppendAck ack;
  TimeNs accepted = 0;
};

std::string encode_seen(const SeenBatch& seen);
/// Errors: kDataLoss.
Result<SeenBatch> decode_seen(std::string_view bytes);

}  // namespace duramen::store
