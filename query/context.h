#pragma once

#include "base/result.h"
#include "query/executor.h"
#include "query/progress.h"
#include "query/request.h"

namespace duramen::query {

/// Gives the record that `execution.request.context` names and the lines around it: the records of
/// its stream that came before and after it, in the order in which this store took them. That is
/// the order of their seqs, which go on over restarts; times have no part in it. Oldest first; each
/// row begins with `_context`, its distance from the record that was asked for.
///
/// Reads the blocks and open batches whose seqs are near, and goes outwards until no other can have
/// a row that is nearer. A range leaves out rows beyond it, but never the record itself.
/// Blocking: as RunningQuery::run. Errors: the same; kNotFound (no such record), kDataLoss (where
/// it may be cannot be read). A damaged block beside it makes the answer partial.
Result<QueryEnd> execute_context(const Execution& execution, Progress& progress,
                                 const LineWriter& write);

}  // namespace duramen::query
