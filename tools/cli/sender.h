#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tools/cli/client.h"

namespace duramen::cli {

/// What the daemon says about one request of an import.
struct IngestReply {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  bool duplicate = false;  ///< stored by an earlier request with this key
  std::vector<std::pair<std::uint64_t, std::string>> errors;  ///< line of the body, from 1, and why
  std::vector<std::string> warnings;
};

/// Waits between two tries. A test passes one that does not sleep.
using Pause = std::function<void(std::chrono::milliseconds)>;

struct SendOptions {
  std::string target;  ///< /api/v1/ingest?…
  TimeNs max_wait = 60 * kNsPerSecond;
  Pause pause;
  std::function<void(const std::string& why)> waiting;  ///< told before each wait
};

/// Sends one body until it is stored or refused for good. Refusals that pass (429, 503, a broken
/// connection) are repeated with the same key, after what Retry-After says or 0.2 s doubling up to
/// 5 s, for `max_wait` in all.
///
/// Errors: what the daemon said last. A body of which no line could be stored is no error but a
/// reply with `rejected`. Blocking: yes.
Result<IngestReply> send_batch(Client& client, const SendOptions& options, const std::string& key,
                               const std::string& body);

}  // namespace duramen::cli
