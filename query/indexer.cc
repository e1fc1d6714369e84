#include "query/indexer.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "base/log.h"
#include "query/block_key_scan.h"

namespace duramen::query {
namespace {

constexpr auto kTick = std::chrono::seconds(1);
constexpr auto kAfterFailure = std::chrono::seconds(10);

bool is_of_disk(ErrorCode code) {
  return code == ErrorCode::kUnavailable || code == ErrorCode::kResourceExhausted;
}

}  // namespace

Indexer::Indexer(store::Store& store, index::Index& index, MetricRegistry& metrics)
    : store_(store),
      index_(index),
      blocks_(metrics.counter("duramen_index_blocks_total", "Blocks added to the index.")),
      failures_(metrics.counter("duramen_index_failures_total",
                                "Times that indexing failed and is tried again.")),
      seconds_(metrics.histogram("duramen_index_block_seconds", "Indexing one block.")),
      missing_(std::make_shared<std::atomic<std::uint64_t>>(0)) {
  metrics.gauge("duramen_index_missing_blocks", "Blocks that wait to be indexed.", {},
                [missing = missing_] { return static_cast<double>(missing->load()); });
}

void Indexer::start() {
  thread_ = std::thread([this] { run(); });
}

void Indexer::interrupt() { interrupted_.store(true); }

void Indexer::end_thread() {
  stopping_.store(true);
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Indexer::stop() {
  end_thread();
  if (auto flushed = index_.flush(); !flushed) {
    log_warning("the index of the newest blocks is not on the disk; it will be made again",
                {{"error", flushed.error().message}});
  }
}

void Indexer::run() {
  bool failed = false;
  while (true) {
    {
      const MutexLock lock(mutex_);
      if (!stopped_) changed_.wait_for(mutex_, failed ? kAfterFailure : kTick);
      if (stopped_) return;
    }
    const auto done = catch_up();
    failed = !done && done.error().code != ErrorCode::kCancelled;
    if (!failed) continue;
    failures_.add();
    log_error("indexing failed; queries read what is not indexed",
              {{"error", done.error().message}});
  }
}

Result<void> Indexer::seal() {
  DURAMEN_TRY_VOID(catch_up());
  const MutexLock work(work_mutex_);
  for (const std::string& segment : index_.segments()) {
    if (interrupted_.load()) return Error{ErrorCode::kCancelled, "stopping"};
    DURAMEN_TRY_VOID(index_.seal(segment));
  }
  return {};
}

Result<std::vector<std::string>> Indexer::verify(
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return index_.verify([&](std::uint64_t done, std::uint64_t total) {
    if (progress) progress(done, total);
    return !interrupted_.load();
  });
}

Result<void> Indexer::catch_up() {
  const MutexLock work(work_mutex_);
  const auto snapshot = store_.snapshot();
  DURAMEN_TRY_VOID(drop_segments(*snapshot));
  if (!compared_) DURAMEN_TRY_VOID(keep_live_blocks(*snapshot));
  compared_ = true;
  DURAMEN_TRY_VOID(add_blocks(*snapshot));
  return seal_quiet_segments();
}

Result<void> Indexer::forget_gone_blocks() {
  const MutexLock work(work_mutex_);
  const auto snapshot = store_.snapshot();
  DURAMEN_TRY_VOID(keep_live_blocks(*snapshot));
  return add_blocks(*snapshot);
}

Result<void> Indexer::keep_live_blocks(const store::Snapshot& snapshot) {
  std::map<std::string, std::set<model::BlockId>> live;
  for (const store::BlockRef& block : snapshot.blocks()) live[block.segment].insert(block.id);
  for (const std::string& segment : index_.segments()) {
    if (interrupted_.load()) return Error{ErrorCode::kCancelled, "stopping"};
    DURAMEN_TRY_VOID(index_.keep_only(segment, live[segment]));
  }
  return {};
}

Result<void> Indexer::seal_quiet_segments() {
  std::map<std::string, int> quiet;
  for (const std::string& segment : index_.segments()) {
    int& rounds = quiet[segment];
    rounds = std::min(quiet_[segment] + 1, kRoundsUntilSealed + 1);
    if (rounds == kRoundsUntilSealed) DURAMEN_TRY_VOID(index_.seal(segment));
  }
  quiet_ = std::move(quiet);
  return {};
}

Result<void> Indexer::drop_segments(const store::Snapshot& snapshot) {
  std::set<std::string> live;
  for (const store::BlockRef& block : snapshot.blocks()) live.insert(block.segment);
  forget_unreadable(snapshot);
  for (const std::string& segment : index_.segments()) {
    if (!live.contains(segment)) DURAMEN_TRY_VOID(index_.drop(segment));
  }
  return {};
}

std::vector<const store::BlockRef*> Indexer::missing(const store::Snapshot& snapshot) const {
  std::map<std::string, std::shared_ptr<const index::SegmentView>> views;
  std::vector<const store::BlockRef*> out;
  const MutexLock lock(mutex_);
  for (const store::BlockRef& block : snapshot.blocks()) {
    if (unreadable_.contains(block.id)) continue;
    auto& view = views[block.segment];
    if (view == nullptr) view = index_.view(block.segment);
    const auto& known = view->blocks();
    if (!std::binary_search(known.begin(), known.end(), block.id)) out.push_back(&block);
  }
  return out;
}

std::uint64_t Indexer::missing_blocks() const { return missing(*store_.snapshot()).size(); }

void Indexer::forget_unreadable(const store::Snapshot& snapshot) {
  const MutexLock lock(mutex_);
  if (unreadable_.empty()) return;
  std::set<model::BlockId> still;
  for (const store::BlockRef& block : snapshot.blocks()) {
    if (unreadable_.contains(block.id)) still.insert(block.id);
  }
  unreadable_.swap(still);
}

std::size_t Indexer::unreadable_blocks() const {
  const MutexLock lock(mutex_);
  return unreadable_.size();
}

void Indexer::mark_unreadable(model::BlockId block) {
  const MutexLock lock(mutex_);
  unreadable_.insert(block);
}

Result<void> Indexer::add_blocks(const store::Snapshot& snapshot) {
  auto blocks = missing(snapshot);
  // The newest are asked for most.
  std::sort(blocks.begin(), blocks.end(), [](const auto* a, const auto* b) {
    return a->summary.max_time != b->summary.max_time ? a->summary.max_time > b->summary.max_time
                                                      : a->id > b->id;
  });
  missing_->store(blocks.size());
  for (const store::BlockRef* block : blocks) {
    if (interrupted_.load() || stopping_.load()) return Error{ErrorCode::kCancelled, "stopping"};
    DURAMEN_TRY_VOID(add_block(snapshot, *block));
    missing_->fetch_sub(1);
  }
  return {};
}

Result<void> Indexer::add_block(const store::Snapshot& snapshot, const store::BlockRef& block) {
  const auto started = std::chrono::steady_clock::now();
  auto keys = keys_of_block(snapshot, block);
  if (!keys) {
    if (is_of_disk(keys.error().code)) return std::move(keys).error();
    mark_unreadable(block.id);  // it is noted as damaged, and never looked up
    return {};
  }
  DURAMEN_TRY_VOID(index_.add(block.segment, block.id, *std::move(keys)));
  quiet_[block.segment] = 0;
  blocks_.add();
  seconds_.observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  return {};
}

}  // namespace duramen::query
