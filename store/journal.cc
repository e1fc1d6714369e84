#include "store/journal.h"

#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <chrono>
#include <random>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/time_text.h"
#include "store/keys.h"
#include "store/seen_batch.h"

namespace duramen::store {
namespace {

constexpr std::uint64_t kGroupBytes = 32ULL << 20;
constexpr auto kRetryRefused = std::chrono::seconds(1);

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

model::NodeId draw_node() {
  std::random_device random;
  std::uint64_t id = 0;
  while (id == 0) id = (static_cast<std::uint64_t>(random()) << 32) | random();
  return model::NodeId(id);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

/// What becomes of one pending append, told after the group's sync.
struct Journal::Outcome {
  Result<model::AppendAck> result;
};

/// One write of several batches while it is put together.
struct Journal::Group {
  rocksdb::WriteBatch batch;
  std::vector<OpenBatch> open;
  std::unordered_map<Hash128, SeenBatch> ids;
  model::Seq next;
  model::NodeId node;
};

Journal::Journal(const StoreOptions& options, const Clock& clock, MetricRegistry& metrics,
                 std::shared_ptr<Database> database, std::shared_ptr<Catalog> catalog,
                 model::Seq next)
    : options_(options),
      clock_(clock),
      database_(std::move(database)),
      catalog_(std::move(catalog)),
      appended_batches_(
          metrics.counter("duramen_journal_batches_total", "Batches synced to the journal")),
      appended_rows_(metrics.counter("duramen_journal_rows_total", "Rows synced to the journal")),
      appended_bytes_(metrics.counter("duramen_journal_raw_bytes_total",
                                      "Bytes of messages and field values synced to the journal")),
      repeats_(metrics.counter("duramen_journal_repeated_batches_total",
                               "Batches recognised by their id and not stored again")),
      refused_full_(metrics.counter("duramen_journal_refused_total", "Appends refused, by reason",
                                    {{"reason", "full"}})),
      refused_unavailable_(metrics.counter("duramen_journal_refused_total",
                                           "Appends refused, by reason",
                                           {{"reason", "unavailable"}})),
      syncs_(
          metrics.counter("duramen_journal_syncs_total", "Synced writes; one serves many appends")),
      ack_seconds_(metrics.histogram("duramen_journal_ack_seconds", "From append to ack")),
      sync_seconds_(metrics.histogram("duramen_journal_sync_seconds", "One synced write")),
      next_(next) {}

Result<std::unique_ptr<Journal>> Journal::start(const StoreOptions& options, const Clock& clock,
                                                MetricRegistry& metrics,
                                                std::shared_ptr<Database> database,
                                                std::shared_ptr<Catalog> catalog, model::Seq next) {
  std::unique_ptr<Journal> journal(
      new Journal(options, clock, metrics, std::move(database), std::move(catalog), next));
  DURAMEN_TRY_VOID(journal->read_incarnations());
  DURAMEN_TRY_VOID(journal->begin_incarnation());
  DURAMEN_TRY(journal->batch_ids_, journal->count_batch_ids());
  journal->thread_ = std::thread([raw = journal.get()] { raw->run(); });
  return journal;
}

Journal::~Journal() { close(); }

void Journal::close() {
  {
    const MutexLock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

model::NodeId Journal::node() const {
  const MutexLock lock(mutex_);
  return node_;
}

std::optional<std::string> Journal::refusal() const {
  const MutexLock lock(mutex_);
  return refusal_;
}

Result<void> Journal::begin_incarnation() {
  const model::NodeId node = draw_node();
  std::string value;
  ByteWriter writer(value);
  writer.u64(node.value());
  writer.i64(clock_.now());
  writer.text(options_.host);
  rocksdb::WriteBatch batch;
  batch.Put(database_->meta().get(), meta_key(MetaKind::kIncarnation, next_.value()), value);
  DURAMEN_TRY_VOID(database_->write(batch, true));
  const MutexLock lock(mutex_);
  node_ = node;
  incarnations_[next_] = node;
  return {};
}

Result<void> Journal::read_incarnations() {
  return database_->scan(
      database_->meta(), meta_key(MetaKind::kIncarnation),
      [&](std::string_view key, std::string_view value) -> Result<void> {
        ByteReader in(value);
        const model::NodeId node(in.u64());
        if (key.size() != 9 || !in.ok()) {
          return Error{ErrorCode::kDataLoss, "meta: an incarnation of the wrong size"};
        }
        const MutexLock lock(mutex_);
        incarnations_[model::Seq(load_be64(key.data() + 1))] = node;
        return {};
      });
}

std::vector<Incarnation> Journal::incarnations() const {
  const MutexLock lock(mutex_);
  std::vector<Incarnation> out;
  for (const auto& [first, node] : incarnations_) out.push_back({first, node});
  return out;
}

Result<std::uint64_t> Journal::count_batch_ids() const {
  std::uint64_t n = 0;
  // All keys, though one kind would do: what cannot be read must show now, not at a repeat.
  DURAMEN_TRY_VOID(database_->scan(database_->batches(), "",
                                   [&](std::string_view key, std::string_view) -> Result<void> {
                                     if (key[0] == static_cast<char>(BatchesKind::kByTime)) ++n;
                                     return {};
                                   }));
  return n;
}

/// A block must be able to hold any one row.
Result<void> Journal::check_rows_fit(const model::RecordBatch& records) {
  constexpr std::size_t kMaxRow = 128ULL << 20;
  if (records.weight() <= kMaxRow) return {};
  for (std::size_t row = 0; row < records.rows(); ++row) {
    std::size_t bytes = records.row_weight(row);
    for (std::uint32_t f = records.first_field(row); f < records.fields_end[row]; ++f) {
      bytes += records.field_names[records.field_name[f]].size();
    }
    bytes += records.streams[records.stream[row]].weight();
    if (bytes > kMaxRow) {
      return Error{ErrorCode::kInvalidArgument,
                   "record " + std::to_string(row + 1) + " of the batch takes " +
                       std::to_string(bytes) + " bytes with its fields, the limit is " +
                       std::to_string(kMaxRow) + ": send less in one record"};
    }
  }
  return {};
}

Result<void> Journal::admit(const model::AppendRequest& request, std::uint64_t bytes) {
  if (request.records == nullptr || request.records->rows() == 0) {
    return Error{ErrorCode::kInvalidArgument, "an empty batch"};
  }
  DURAMEN_TRY_VOID(check_rows_fit(*request.records));
  const MutexLock lock(mutex_);
  if (closing_) return Error{ErrorCode::kUnavailable, "the store is closing"};
  if (queued_bytes_ != 0 && queued_bytes_ + bytes > options_.queue_bytes) {
    refused_full_.add();
    return Error{ErrorCode::kResourceExhausted,
                 "the journal's queue is full (" + std::to_string(queued_bytes_) + " of " +
                     std::to_string(options_.queue_bytes) +
                     " bytes wait for the disk): send it again later"};
  }
  queued_bytes_ += bytes;
  return {};
}

void Journal::append(model::AppendRequest request, model::RecordSink::Done done) {
  const std::uint64_t bytes = request.records == nullptr ? 0 : request.records->memory_bytes();
  if (auto admitted = admit(request, bytes); !admitted) return done(std::move(admitted).error());
  auto columns = pack_columns(*request.records);
  if (!columns) {
    give_back(bytes);
    return done(std::move(columns).error());
  }
  Pending pending{std::move(request),
                  *std::move(columns),
                  clock_.now(),
                  std::chrono::steady_clock::now(),
                  bytes,
                  std::move(done)};
  if (enqueue(pending)) return;
  give_back(bytes);
  pending.done(Error{ErrorCode::kUnavailable, "the store is closing"});
}

/// Moves from `pending` unless the journal is closing: then false.
bool Journal::enqueue(Pending& pending) {
  const MutexLock lock(mutex_);
  if (closing_) return false;
  queue_.push_back(std::move(pending));
  changed_.notify_all();
  return true;
}

void Journal::give_back(std::uint64_t bytes) {
  const MutexLock lock(mutex_);
  queued_bytes_ -= bytes;
}

/// Empty when closing, and every now and then while appends are refused.
std::vector<Journal::Pending> Journal::take_group() {
  const MutexLock lock(mutex_);
  while (queue_.empty() && !closing_ && !refusal_) changed_.wait(mutex_);
  if (queue_.empty() && !closing_) changed_.wait_for(mutex_, kRetryRefused);
  std::uint64_t bytes = 0;
  std::size_t n = 0;
  while (n < queue_.size() && (n == 0 || bytes + queue_[n].bytes <= kGroupBytes))
    bytes += queue_[n++].bytes;
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(n);
  std::vector<Pending> group(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  return group;
}

void Journal::run() {
  while (true) {
    std::vector<Pending> group = take_group();
    if (group.empty()) {
      if (closed_and_empty()) return;
      try_again();
      continue;
    }
    // A full store stops here, with the journal on disk within its bounds: acks get slow, then the
    // queue fills and senders are told to come back.
    if (catalog_->wait_for_room()) {
      commit(std::move(group));
    } else {
      for (Pending& pending : group) {
        pending.done(Error{ErrorCode::kUnavailable, "the store is closing"});
      }
    }
  }
}

bool Journal::closed_and_empty() const {
  const MutexLock lock(mutex_);
  return closing_ && queue_.empty();
}

/// Nobody may be sending: those who look before they send would wait for ever.
void Journal::try_again() {
  if (!check_disk() || !recover()) return;
  const MutexLock lock(mutex_);
  refusal_.reset();
}

void Journal::refuse(std::string reason) {
  const MutexLock lock(mutex_);
  if (refusal_ != reason) log_error("appends are refused", {{"reason", reason}});
  refusal_ = std::move(reason);
}

void Journal::commit(std::vector<Pending> group) {
  std::vector<Outcome> outcomes;
  auto committed = commit_group(group, outcomes);
  std::uint64_t bytes = 0;
  for (const Pending& pending : group) bytes += pending.bytes;
  {
    const MutexLock lock(mutex_);
    queued_bytes_ -= bytes;
    if (committed) refusal_.reset();
  }
  if (!committed) {
    refuse(committed.error().message);
    refused_unavailable_.add(group.size());
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    if (committed) {
      ack_seconds_.observe(seconds_since(group[i].arrived));
      group[i].done(std::move(outcomes[i].result));
    } else {
      group[i].done(Error{ErrorCode::kUnavailable, committed.error().message});
    }
  }
  group.clear();
  if (committed && committed_) committed_();
}

Result<void> Journal::check_disk() {
  struct statvfs disk {};
  if (statvfs(options_.directory.c_str(), &disk) != 0) return {};
  const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
  if (free >= options_.min_free_bytes) return {};
  return Error{ErrorCode::kUnavailable, "disk full: " + to_bytes_text(free) + " free at " +
                                            options_.directory + ", below the limit of " +
                                            to_bytes_text(options_.min_free_bytes) +
                                            "; make room or lower retention.bytes"};
}

Result<void> Journal::recover() {
  if (!failed_) return {};
  DURAMEN_TRY_VOID(database_->resume());
  DURAMEN_TRY_VOID(begin_incarnation());
  failed_ = false;
  log_info("appends are accepted again");
  return {};
}

/// The ack of an earlier batch with this id: stored before, or staged just now in the same group.
Result<std::optional<model::AppendAck>> Journal::find_repeat(const Group& group,
                                                             const model::BatchId& id) const {
  SeenBatch seen;
  if (const auto same = group.ids.find(id.id); same != group.ids.end()) {
    seen = same->second;
  } else {
    DURAMEN_TRY(auto value, database_->get(database_->batches(), batch_id_key(id.id)));
    if (!value) return std::optional<model::AppendAck>();
    DURAMEN_TRY(seen, decode_seen(*value));
  }
  if (seen.payload != id.payload) {
    return Error{ErrorCode::kAlreadyExists, "this batch id was used before with another content"};
  }
  seen.ack.duplicate = true;
  return std::optional<model::AppendAck>(seen.ack);
}

void Journal::stage_entry(Group& group, const Pending& pending, const model::AppendAck& ack) {
  const model::RecordBatch& records = *pending.request.records;
  const JournalHead head{static_cast<std::uint32_t>(records.rows()), ack.node, pending.received,
                         pending.request.batch_id};
  const std::string head_bytes = encode_journal_head(head, pending.columns);
  const std::string key = journal_key(ack.first);
  const rocksdb::Slice key_part = slice(key);
  const rocksdb::Slice value_parts[2] = {slice(head_bytes), slice(pending.columns.bytes)};
  group.batch
      .Put(database_->journal().get(), rocksdb::SliceParts(&key_part, 1),
           rocksdb::SliceParts(value_parts, 2))
      .PermitUncheckedError();
  group.open.push_back(open_batch(
      model::RowSet(pending.request.records, {ack.first, ack.node, ack.first, pending.received}),
      head_bytes.size() + pending.columns.bytes.size()));
}

void Journal::stage_batch_id(Group& group, const Pending& pending, const model::AppendAck& ack) {
  const model::BatchId& id = *pending.request.batch_id;
  const SeenBatch seen{id.payload, ack, pending.received};
  rocksdb::ColumnFamilyHandle* family = database_->batches().get();
  group.batch.Put(family, batch_id_key(id.id), encode_seen(seen)).PermitUncheckedError();
  group.batch.Put(family, batch_time_key(pending.received, id.id), rocksdb::Slice())
      .PermitUncheckedError();
  group.ids.emplace(id.id, seen);
}

/// Puts one batch into the group's write, or finds that it need not or must not be stored.
Result<model::AppendAck> Journal::stage(Group& group, const Pending& pending) {
  const auto& id = pending.request.batch_id;
  if (id) {
    DURAMEN_TRY(const auto repeat, find_repeat(group, *id));
    if (repeat) {
      repeats_.add();
      return *repeat;
    }
  }
  const std::size_t rows = pending.request.records->rows();
  const model::AppendAck ack{group.next, group.next.plus(rows - 1), group.node, false};
  stage_entry(group, pending, ack);
  if (id) stage_batch_id(group, pending, ack);
  group.next = group.next.plus(rows);
  return ack;
}

Result<void> Journal::commit_group(const std::vector<Pending>& pending,
                                   std::vector<Outcome>& outcomes) {
  if (failed_) {
    DURAMEN_TRY_VOID(check_disk());
    DURAMEN_TRY_VOID(recover());
  }
  Group group;
  group.next = next_;
  group.node = node();
  for (const Pending& one : pending) outcomes.push_back({stage(group, one)});
  if (group.open.empty()) return {};  // repeats need no room
  DURAMEN_TRY_VOID(check_disk());
  const auto started = std::chrono::steady_clock::now();
  next_ = group.next;  // also when the write fails: its seqs may lie in a WAL that is read again
  if (auto written = database_->write(group.batch, options_.sync); !written) {
    failed_ = true;
    return std::move(written).error().with("journal");
  }
  sync_seconds_.observe(seconds_since(started));
  syncs_.add();
  batch_ids_ += group.ids.size();
  appended_batches_.add(group.open.size());
  for (const OpenBatch& one : group.open) {
    appended_rows_.add(one.rows.rows());
    appended_bytes_.add(one.raw_bytes);
  }
  catalog_->publish_rows(std::move(group.open), model::Seq(group.next.value() - 1));
  return {};
}

Result<void> Journal::forget_old_batch_ids() {
  constexpr int kRounds = 100;  // a million ids at once, so that other housekeeping has its turn
  for (int round = 0; round < kRounds; ++round) {
    DURAMEN_TRY(const bool more, forget_some_batch_ids());
    if (!more) break;
  }
  return {};
}

Result<bool> Journal::forget_some_batch_ids() {
  const TimeNs oldest = clock_.now() - options_.batch_id_age;
  const std::uint64_t total = batch_ids_.load();
  std::uint64_t excess = total > options_.batch_ids ? total - options_.batch_ids : 0;
  constexpr std::uint64_t kAtOnce = 10'000;
  rocksdb::WriteBatch batch;
  std::uint64_t gone = 0;
  bool done = false;
  const std::string prefix(1, static_cast<char>(BatchesKind::kByTime));
  rocksdb::ColumnFamilyHandle* family = database_->batches().get();
  const std::unique_ptr<rocksdb::Iterator> it(
      database_->raw().NewIterator(rocksdb::ReadOptions(), family));
  for (it->Seek(prefix); it->Valid() && it->key().starts_with(prefix) && !done; it->Next()) {
    const std::string_view key = it->key().ToStringView();
    const auto accepted = static_cast<TimeNs>(load_be64(key.data() + 1));
    done = gone >= kAtOnce || (accepted >= oldest && excess == 0);
    if (done) break;
    if (excess > 0) --excess;
    batch.Delete(family, slice(key)).PermitUncheckedError();
    std::string id_key(1, static_cast<char>(BatchesKind::kById));
    id_key.append(key.substr(9));
    batch.Delete(family, id_key).PermitUncheckedError();
    ++gone;
  }
  if (!it->status().ok()) return to_error(it->status(), "batch ids");
  if (gone == 0) return false;
  DURAMEN_TRY_VOID(database_->write(batch, options_.sync));
  batch_ids_ -= gone;
  return gone == kAtOnce;
}

}  // namespace duramen::store
