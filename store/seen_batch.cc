#include "store/seen_batch.h"

#include "base/bytes.h"

namespace duramen::store {

std::string encode_seen(const SeenBatch& seen) {
  std::string out;
  ByteWriter writer(out);
  writer.u64(seen.payload);
  writer.u64(seen.ack.first.value());
  writer.u64(seen.ack.last.value());
  writer.u64(seen.ack.node.value());
  writer.i64(seen.accepted);
  return out;
}

Result<SeenBatch> decode_seen(std::string_view bytes) {
  ByteReader in(bytes);
  SeenBatch seen;
  seen.payload = in.u64();
  seen.ack.first = model::Seq(in.u64());
  seen.ack.last = model::Seq(in.u64());
  seen.ack.node = model::NodeId(in.u64());
  seen.accepted = in.i64();
  seen.ack.duplicate = true;
  if (!in.ok() || !in.done())
    return Error{ErrorCode::kDataLoss, "a batch id's entry has the wrong size"};
  return seen;
}

}  // namespace duramen::store
