#pragma once

#include <cstdint>

#include "base/checksum.h"
#include "base/clock.h"
#include "base/strong_int.h"

namespace duramen::model {

/// A record's place in this node's journal: consecutive from 1, never restarts, never reused.
using Seq = StrongInt<struct SeqTag, std::uint64_t>;

/// One incarnation of one node: random, drawn at every start, journaled before the first append.
using NodeId = StrongInt<struct NodeTag, std::uint64_t>;

/// Unit of indexing and merging. Never reused.
using BlockId = StrongInt<struct BlockTag, std::uint64_t>;

/// A fixed range of seqs made of whole epochs, about 1 GiB raw. Merging never crosses one.
using WindowId = StrongInt<struct WindowTag, std::uint64_t>;

/// Hash of a stream's labels (model/labels.h).
using StreamId = Hash128;

/// Everything about one record that is not its content.
struct RowIdentity {
  Seq seq;              ///< local: cursors, tail, snapshots
  NodeId node;          ///< origin: with origin_seq the record's identity for ever
  Seq origin_seq;       ///< equals seq for a record that entered here
  TimeNs received = 0;  ///< when this node accepted the batch
  friend bool operator==(const RowIdentity&, const RowIdentity&) = default;
};

}  // namespace duramen::model
