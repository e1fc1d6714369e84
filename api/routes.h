#pragma once

#include <atomic>
#include <string>

#include "api/router.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "ingest/ingest.h"
#include "ingest/stream_rates.h"
#include "query/deletion/deletions.h"
#include "query/engine.h"
#include "query/indexer.h"
#include "query/tail/tails.h"
#include "store/store.h"

namespace duramen::api {

/// What /health/ready says. Threading: any thread.
class Readiness {
 public:
  /// Empty: ready. Else 503 with this reason (`starting: …`, `draining`).
  void set(std::string reason) {
    const MutexLock lock(mutex_);
    reason_ = std::move(reason);
  }
  std::string reason() const {
    const MutexLock lock(mutex_);
    return reason_;
  }

 private:
  mutable Mutex mutex_;
  std::string reason_ DURAMEN_GUARDED_BY(mutex_) = "starting: the store is being opened";
};

/// What the routes work on. Everything outlives the router made from it.
struct Services {
  store::Store& store;
  query::QueryEngine& queries;
  ingest::Ingest& ingest;
  const Clock& clock;
  MetricRegistry& metrics;
  const Readiness& readiness;
  std::string version;
  ingest::IngestLimits ingest_limits;
  query::Indexer* indexer = nullptr;           ///< none: nothing is indexed
  query::Tails* tails = nullptr;               ///< none: no routes of tails
  const ingest::StreamRates* rates = nullptr;  ///< none: no route of streams
  query::Deletions* deletions = nullptr;       ///< none: nothing can be deleted
  std::string data_dir = {};  ///< where a backup is staged; empty: no route of backups
};

/// All routes of this daemon (docs/http-api.md).
Router make_router(const Services& services);
/// What is answered while nothing else can be, before and after make_router()'s time: health, and
/// 503 with the reason everywhere else. Ownership: `readiness` outlives it.
Router make_gate(const Readiness& readiness);

}  // namespace duramen::api
