#include "query/tail/origins.h"

#include <algorithm>
#include <string>

namespace duramen::query {

Result<model::Seq> Origins::local_seq(const RecordName& name, model::Seq durable) const {
  const auto of = std::find_if(incarnations_.begin(), incarnations_.end(),
                               [&](const auto& one) { return one.node == name.node; });
  if (of == incarnations_.end()) {
    return Error{ErrorCode::kNotFound, "the record " + to_text(name) +
                                           " is of another store than this one; begin without it"};
  }
  const auto next = std::next(of);
  if (next != incarnations_.end()) {
    return std::min(name.seq, model::Seq(next->first.value() - 1));
  }
  if (name.seq <= durable) return name.seq;
  return Error{ErrorCode::kNotFound, "the record " + to_text(name) +
                                         " is not stored here: the last one is " +
                                         to_text(name_of(durable))};
}

RecordName Origins::name_of(model::Seq seq) const {
  model::NodeId node;
  for (const store::Incarnation& one : incarnations_) {
    if (one.first <= seq || node == model::NodeId()) node = one.node;
  }
  return {node, seq};
}

}  // namespace duramen::query
