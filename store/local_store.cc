#include "store/local_store.h"

#include <rocksdb/snapshot.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "store/salvage/put_aside.h"
#include "store/salvage/salvage.h"
#include "store/verify.h"
#include "store/wal_check.h"

namespace duramen::store {

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options, const Clock& clock,
                                           MetricRegistry& metrics) {
  std::error_code error;
  std::filesystem::create_directories(options.directory, error);
  if (error) {
    return Error{ErrorCode::kUnavailable, "cannot create the data directory " + options.directory +
                                              ": " + error.message() +
                                              "; choose another with --data-dir"};
  }
  DURAMEN_TRY_VOID(check_current(options.directory));
  const bool salvage = salvage_is_pending(options.directory);
  auto store = LocalStore::open_once(options, clock, metrics, salvage);
  if (!store && store.error().code == ErrorCode::kDataLoss && !salvage) {
    log_error("the store is damaged: what cannot be read is put aside",
              {{"reason", store.error().message}});
    store = LocalStore::open_once(options, clock, metrics, true);
  }
  return store;
}

Result<std::unique_ptr<Store>> LocalStore::open_once(const StoreOptions& options,
                                                     const Clock& clock, MetricRegistry& metrics,
                                                     bool salvage) {
  DURAMEN_TRY(auto lock, DirectoryLock::take(options.directory));
  DURAMEN_TRY(auto database, salvage ? open_by_salvage(options.directory, options.env, clock)
                                     : Database::open(options.directory + "/db", options.env));
  auto store =
      std::make_unique<LocalStore>(options, clock, metrics, std::move(lock), std::move(database));
  DURAMEN_TRY_VOID(store->start());
  return std::unique_ptr<Store>(std::move(store));
}

LocalStore::LocalStore(StoreOptions options, const Clock& clock, MetricRegistry& metrics,
                       DirectoryLock lock, std::shared_ptr<Database> database)
    : options_(std::move(options)),
      clock_(clock),
      metrics_(metrics),
      lock_(std::move(lock)),
      database_(std::move(database)),
      catalog_(std::make_shared<Catalog>(
          database_, std::make_shared<BlockCache>(options_.cache_bytes, metrics),
          options_.open_raw_bytes,
          metrics.counter("duramen_store_damaged_blocks_total", "Blocks found damaged when read"),
          PutAside(options_.directory, clock))),
      epochs_(metrics.counter("duramen_store_epochs_total", "Epochs turned into blocks")),
      blocks_(metrics.counter("duramen_store_blocks_total", "Blocks written")),
      dropped_segments_(
          metrics.counter("duramen_store_dropped_segments_total", "Segments dropped by retention")),
      epoch_seconds_(
          metrics.histogram("duramen_store_epoch_seconds", "Building and committing one epoch")),
      held_segments_(std::make_shared<std::atomic<std::uint64_t>>(0)),
      retention_(options_.retention) {
  metrics.gauge("duramen_store_held_segments",
                "Segments that retention would drop and a cursor holds", {},
                [held = held_segments_] { return static_cast<double>(held->load()); });
}

LocalStore::~LocalStore() { close(); }

Result<void> LocalStore::start() {
  {
    const MutexLock work(work_mutex_);
    DURAMEN_TRY_VOID(mend_blob_files(*database_, PutAside(options_.directory, clock_)));
    DURAMEN_TRY(state_, load_state(*database_));
    DURAMEN_TRY_VOID(drop_unregistered_segments());
    catalog_->restore(state_.built, state_.next, state_.segments);
    state_.segments.clear();
    block_end_ = state_.next_block;
    const MutexLock lock(mutex_);
    deletions_ = std::move(state_.deletions);
    cursors_ = std::move(state_.cursors);
    state_.hidden.clear();
  }
  DURAMEN_TRY(const model::Seq next, replay_journal());
  DURAMEN_TRY(journal_, Journal::start(options_, clock_, metrics_, database_, catalog_, next));
  journal_->set_committed([this] { after_commit(); });
  builder_ = std::thread([this] { run_builder(); });
  return {};
}

Result<void> LocalStore::drop_unregistered_segments() {
  for (const auto& [name, family] : database_->found_segments()) {
    const auto registered = state_.segments.find(name);
    if (registered != state_.segments.end()) {
      registered->second.family = family;
      continue;
    }
    log_info("drop the rest of a segment whose creation or removal was interrupted",
             {{"segment", name}});
    DURAMEN_TRY_VOID(database_->drop_segment(family));
  }
  database_->forget_found_segments();
  for (const auto& [name, segment] : state_.segments) {
    if (segment.family == nullptr) {
      return Error{ErrorCode::kDataLoss,
                   "segment " + name + " is registered but has no column family"};
    }
  }
  return {};
}

Result<model::Seq> LocalStore::replay_journal() {
  const model::Seq built = catalog_->open_state().built;
  model::Seq next = catalog_->open_state().durable.plus(1);
  DURAMEN_TRY_VOID(database_->scan(
      database_->journal(), "", [&](std::string_view key, std::string_view value) -> Result<void> {
        if (options_.interrupted && options_.interrupted()) {
          return Error{ErrorCode::kCancelled, "opening the store was interrupted"};
        }
        if (key.size() != 8) return Error{ErrorCode::kDataLoss, "journal: a key of the wrong size"};
        const model::Seq first(load_be64(key.data()));
        if (first < built) return {};
        auto entry = decode_journal_entry(value);
        if (!entry) return put_entry_aside(first, value, entry.error());
        next = std::max(next, first.plus(entry->head.rows));
        catalog_->restore_rows(open_batch(
            model::RowSet(entry->records, {first, entry->head.node, first, entry->head.received}),
            value.size()));
        return {};
      }));
  return next;
}

/// An entry that was written damaged: RocksDB's checksum is right and the entry's is not.
Result<void> LocalStore::put_entry_aside(model::Seq first, std::string_view entry,
                                         const Error& why) const {
  if (why.code != ErrorCode::kDataLoss) return why;  // of a newer version
  const PutAside aside(options_.directory, clock_);
  const std::string name = "journal-" + std::to_string(first.value());
  if (std::error_code error; std::filesystem::exists(aside.path(name), error)) return {};
  DURAMEN_TRY_VOID(aside.keep(name, entry));
  return aside.report("the journal's entry at seq " + std::to_string(first.value()) +
                      " cannot be read and its rows are left out; it is kept as " + name + ": " +
                      why.message);
}

void LocalStore::after_commit() {
  {
    const MutexLock lock(mutex_);
    committed_ = true;
    changed_.notify_all();
  }
  const MutexLock lock(listener_mutex_);
  if (listener_) listener_();
}

void LocalStore::set_durable_listener(std::function<void()> listener) {
  const MutexLock lock(listener_mutex_);
  listener_.swap(listener);
}

void LocalStore::append(model::AppendRequest request, Done done) {
  journal_->append(std::move(request), std::move(done));
}

std::shared_ptr<const Snapshot> LocalStore::snapshot() { return catalog_->snapshot(catalog_); }

// ---- the builder thread

bool LocalStore::epoch_due() const {
  const Catalog::OpenState open = catalog_->open_state();
  if (open.batches == 0) return false;
  return open.weight >= options_.epoch_raw_bytes || open.full ||
         clock_.now() - open.oldest >= options_.epoch_age;
}

bool LocalStore::rows_open_up_to(model::Seq until) const {
  const Catalog::OpenState open = catalog_->open_state();
  return open.batches != 0 && open.built <= until;
}

Result<void> LocalStore::seal() {
  {
    const MutexLock lock(mutex_);
    const std::uint64_t mine = ++seals_wanted_;
    changed_.notify_all();
    while (seals_done_ < mine && !closing_ && !interrupted_) changed_.wait(mutex_);
    if (seals_done_ < mine) return Error{ErrorCode::kCancelled, "the store is closing"};
    if (seal_error_) return *seal_error_;
  }
  // No segment may go while it is flushed.
  const MutexLock work(work_mutex_);
  std::vector<Database::Family> families;
  for (const SegmentPtr& segment : catalog_->segments()) families.push_back(segment->family);
  return database_->flush_all(families);
}

void LocalStore::housekeeping() {
  if (auto dropped = enforce_retention(); !dropped) {
    log_error("retention failed", {{"error", dropped.error().message}});
  }
  if (auto forgotten = journal_->forget_old_batch_ids(); !forgotten) {
    log_error("forgetting old batch ids failed", {{"error", forgotten.error().message}});
  }
  const MutexLock work(work_mutex_);
  if (auto compacted = database_->compact_small_families(); !compacted) {
    log_error("joining tables failed", {{"error", compacted.error().message}});
  }
  if (auto dropped = database_->drop_leftovers(); !dropped) {
    log_error("a segment that is gone still takes room", {{"error", dropped.error().message}});
  }
  if (auto made = ensure_segments(segments_ahead()); !made) {
    log_error("making segments ahead failed", {{"error", made.error().message}});
  }
}

// ---- looking at it

StoreStatus LocalStore::status() {
  StoreStatus status;
  status.node = journal_->node();
  status.store_id = store_id();
  status.host = options_.host;
  status.batch_ids = journal_->batch_ids();
  status.writes_refused = journal_->refusal();
  status.wal_bytes = database_->wal_bytes();
  catalog_->describe(status);
  status.put_aside = PutAside::lines(options_.directory);
  describe_retention(status);
  std::error_code error;
  for (auto it = std::filesystem::recursive_directory_iterator(options_.directory, error);
       !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
    if (it.depth() == 0 && it->path().filename() == kStagingFolder) it.disable_recursion_pending();
    std::error_code gone;  // files come and go while we look
    const auto size = it->file_size(gone);
    if (!gone) status.disk_bytes += size;
  }
  status.free_bytes = std::filesystem::space(options_.directory, error).available;
  return status;
}

Result<VerifyReport> LocalStore::verify(
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  VerifyReport report;
  if (auto logs = check_wals(options_.directory + "/db"); !logs) {
    report.faults.push_back(logs.error().message);
  }
  report.table_files = database_->verify_tables(report.faults);
  std::vector<SegmentPtr> segments;
  model::Seq built;
  std::unique_ptr<rocksdb::ManagedSnapshot> journal;
  {
    // No epoch may go from the journal into blocks between looking at the one and the other.
    const MutexLock work(work_mutex_);
    segments = catalog_->segments();
    built = catalog_->open_state().built;
    journal = std::make_unique<rocksdb::ManagedSnapshot>(&database_->raw());
  }
  DURAMEN_TRY_VOID(verify_blocks(
      *catalog_, segments, progress, [this] { return interrupted_.load(); }, report));
  verify_journal(*database_, built, journal->snapshot(), report);
  add_put_aside(options_.directory, report);
  return report;
}

void LocalStore::interrupt() {
  const MutexLock lock(mutex_);
  interrupted_ = true;
  changed_.notify_all();
}

void LocalStore::close() {
  {
    const MutexLock lock(mutex_);
    if (closed_) return;
    closed_ = true;
    draining_ = true;
    changed_.notify_all();
  }
  // The journal first: what was accepted is committed while the builder still makes room.
  if (journal_ != nullptr) journal_->close();
  catalog_->stop();
  {
    const MutexLock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (builder_.joinable()) builder_.join();
}

}  // namespace duramen::store
