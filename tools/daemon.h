#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "api/routes.h"
#include "api/server.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "index/index.h"
#include "ingest/counted_sink.h"
#include "ingest/ingest.h"
#include "ingest/stream_rates.h"
#include "query/deletion/deletions.h"
#include "query/engine.h"
#include "query/indexer.h"
#include "query/tail/tails.h"
#include "store/store.h"
#include "tools/settings.h"

namespace duramen::tools {

/// The whole daemon: builds the objects, wires them, and takes them down in the reverse order.
///
/// Life: listen(), open(), stop(). Between the first two, and while it stops, /health answers and
/// everything else is 503 with the reason.
/// Threading: one thread, but interrupt_open() and cancel_queries() from any. Blocking: open()
/// replays the journal, stop() waits for open requests. Ownership: owns everything; the clock
/// outlives it.
class Daemon {
 public:
  /// Takes the addresses, before anything is opened or changed on the disk.
  /// Errors: one line with the remedy.
  static Result<std::unique_ptr<Daemon>> listen(const Settings& settings, const Clock& clock);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  Daemon(Daemon&&) = delete;
  Daemon& operator=(Daemon&&) = delete;
  ~Daemon();

  /// Opens the store and serves it. Errors: one line with the remedy; kCancelled after
  /// interrupt_open(). Then only stop() is left.
  Result<void> open();
  /// Not ready, and not going to be: a running open() ends as soon as it can.
  void interrupt_open();

  /// Bound addresses, `127.0.0.1:5647`.
  std::vector<std::string> addresses() const { return server_->addresses(); }
  const std::string& data_dir() const { return settings_.data_dir; }

  /// Applies what can be changed while running, and logs what cannot.
  /// Errors: as load_settings(); then nothing has changed.
  Result<void> reload(const Settings& settings);
  /// Ends running queries; their answers say so.
  void cancel_queries() {
    if (queries_ != nullptr) queries_->cancel_all();
  }
  /// At any point of its life. Answers open requests, `limit` at most, while new connections are
  /// told that it is not ready; then closes listeners and store. The objects stay: another thread
  /// may still cancel_queries().
  void stop(TimeNs limit);

 private:
  Daemon(Settings settings, const Clock& clock);
  Result<void> open_store();
  Result<void> open_index();
  Result<void> remember_limit(const Settings& settings) const;
  Result<void> serve();
  Result<void> write_address_file() const;

  Settings settings_;
  const Clock& clock_;
  MetricRegistry metrics_;
  api::Readiness readiness_;
  std::atomic<bool> interrupted_{false};
  ingest::StreamRates rates_{clock_, metrics_};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<query::Indexer> indexer_;
  std::unique_ptr<query::QueryEngine> queries_;
  std::unique_ptr<query::Tails> tails_;
  std::unique_ptr<query::Deletions> deletions_;
  std::unique_ptr<ingest::CountedSink> sink_;
  std::unique_ptr<ingest::Ingest> ingest_;
  const api::Router gate_ = api::make_gate(readiness_);
  api::Router router_;
  std::unique_ptr<api::HttpServer> server_;
  bool serving_ = false;  ///< requests reach router_
  bool stopped_ = false;
};

/// The settings with everything filled in that is worked out at start: data directory, host name,
/// retention. Reads the disk. Errors: one line with the remedy.
Result<Settings> resolve_settings(Settings settings, const Environment& environment);

}  // namespace duramen::tools
