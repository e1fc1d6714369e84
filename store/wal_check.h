#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace duramen::store {

/// Tells a torn tail of a RocksDB write-ahead log from a damaged one.
///
/// A crash leaves an incomplete last record, and RocksDB rightly drops it. But where the length of
/// a record near the end of the file is damaged, the record looks incomplete, too, and RocksDB
/// would drop it and everything behind it without a word, although it was acknowledged. The same
/// where the type of a record is damaged into one of a log that was written over: RocksDB takes it
/// for what an earlier log left there, and ends. LogWalk finds such records: the stored checksum
/// fits another length or type, or a whole record follows later.
/// Internal to store/. Pure.
/// Errors: kDataLoss (says at which byte).
Result<void> check_log(std::string_view log);

/// Checks all logs in a RocksDB directory, before it is opened or while it is open: a log that is
/// being written looks torn at worst. Blocking: reads them (<= 256 MiB).
Result<void> check_wals(const std::string& directory);

}  // namespace duramen::store
