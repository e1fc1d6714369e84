#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/ids.h"

namespace duramen::query {

/// A record's identity for ever, as `_seq` shows it.
struct RecordName {
  model::NodeId node;
  model::Seq seq;  ///< the origin's
};

/// `0123456789abcdef:17`
std::string to_text(const RecordName& record);
/// Reads the same. Errors: kInvalidArgument.
Result<RecordName> parse_record_name(std::string_view text);

}  // namespace duramen::query
