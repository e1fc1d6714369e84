#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "store/store.h"

namespace duramen::store {

/// `progress(done, total)`, in blocks.
using VerifyProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// As Store::verify, for a directory that no process has open. Changes nothing there, so that a
/// read-only copy and a store that must not be touched can be checked, too.
///
/// Blocking: reads everything; no other process can open the store meanwhile.
/// Errors: kNotFound (there is no store), kUnavailable (in use: names the directory; not readable),
/// kUnimplemented (a newer format). Damage is in the report, also where it keeps the store from
/// being opened.
Result<VerifyReport> verify_directory(const std::string& directory, const VerifyProgress& progress);

}  // namespace duramen::store
