#pragma once

#include <memory>

#include "query/language/ast.h"
#include "query/pipes/stage.h"

namespace duramen::query {

/// Collects what a NamesPipe asks for, limited by the query's memory, and gives it at the end, the
/// most frequent first and equally frequent ones by bytes. A row of
/// - kFields has `name` (as rows show it), `rows`, and `kinds`: in how many rows it is a `label`,
///   a field that is `text`, or one that is `json`;
/// - kLabels has `name`, `rows`, and `values`: how many different ones;
/// - kLabelValues has `value` and `rows`.
/// Labels are those of the streams, also where a field hides them.
std::unique_ptr<Stage> make_names_stage(const NamesPipe& pipe, const StageContext& context,
                                        Stage& next);

}  // namespace duramen::query
