#include "store/catalog.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "store/keys.h"
#include "store/salvage/salvage.h"

namespace duramen::store {
namespace {

/// Batches below this are joined, into ones of up to kJoinedRaw.
constexpr std::uint64_t kSmall = 64 << 10;
constexpr std::uint64_t kJoined = 1 << 20;
constexpr std::size_t kJoinAtLeast = 64;

BlockRef to_ref(const DirectoryEntry& entry) {
  return {entry.block, entry.window, entry.segment, entry.summary, entry.hidden};
}

model::Seq last_seq(const OpenBatch& batch) {
  return batch.rows.identity(batch.rows.rows() - 1).seq;
}

/// No seq lies between: none failed to be written, and none is in a block.
bool follows(const OpenBatch& before, const OpenBatch& batch) {
  return batch.rows.identity(0).seq == last_seq(before).plus(1);
}

Result<std::string> read_part(const Database& database, const Segment& segment,
                              model::BlockId block, BlockPart part) {
  DURAMEN_TRY(auto value, database.get(segment.family, block_key(part, block)));
  if (value) return *std::move(value);
  return Error{ErrorCode::kDataLoss, std::string("no value for part ") + static_cast<char>(part)};
}

Result<void> check_summary(const BlockSummary& of_head, const DirectoryEntry& block) {
  if (of_head == block.summary) return {};
  return Error{ErrorCode::kDataLoss, "its head is not the one that the directory names"};
}

/// Where a block is read from. The segment is let go before the database.
struct BlockSource {
  std::shared_ptr<const Database> database;
  std::shared_ptr<BlockCache> cache;
  SegmentPtr segment;
  model::BlockId block;
  Result<BlockCache::Layout> layout() const {
    if (auto known = cache->find_layout(block)) return known;
    DURAMEN_TRY(const std::string head, read_part(*database, *segment, block, BlockPart::kHead));
    DURAMEN_TRY(auto layout, BlockLayout::read(head));
    cache->add_layout(block, layout);
    return layout;
  }
  Result<BlockCache::Value> read(BlockPart part) const {
    if (auto known = cache->find(block, part)) return known;
    DURAMEN_TRY(std::string read, read_part(*database, *segment, block, part));
    auto value = std::make_shared<const std::string>(std::move(read));
    cache->add(block, part, value);
    return value;
  }
};

model::RowSet without(const model::RowSet& rows, const RowMarks& hidden) {
  auto records = std::make_shared<model::RecordBatch>();
  std::vector<model::RowIdentity> identities;
  const std::vector<std::uint32_t> marked = hidden.rows();
  auto next = marked.begin();
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    if (next != marked.end() && *next == row) {
      ++next;
      continue;
    }
    records->copy_row(rows.records(), row);
    identities.push_back(rows.identity(row));
  }
  return {std::move(records), std::move(identities)};
}

OpenBatch join(const std::vector<OpenBatch>& batches) {
  auto records = std::make_shared<model::RecordBatch>();
  std::vector<model::RowIdentity> identities;
  std::uint64_t packed_bytes = 0;
  for (const OpenBatch& batch : batches) {
    for (std::size_t row = 0; row < batch.rows.rows(); ++row) {
      records->copy_row(batch.rows.records(), row);
      identities.push_back(batch.rows.identity(row));
    }
    packed_bytes += batch.packed_bytes;
  }
  const std::uint64_t identities_take = identities.size() * sizeof(model::RowIdentity);
  OpenBatch joined =
      open_batch(model::RowSet(std::move(records), std::move(identities)), packed_bytes);
  joined.weight += identities_take;
  return joined;
}

}  // namespace

OpenBatch open_batch(model::RowSet rows, std::uint64_t packed_bytes) {
  const std::uint64_t raw_bytes = rows.records().raw_bytes();
  const std::uint64_t weight = rows.records().weight();
  return {std::move(rows), packed_bytes, raw_bytes, weight};
}

/// Copies the published state; holds segments (and their handles) as long as it lives.
class LocalSnapshot final : public Snapshot {
 public:
  LocalSnapshot(std::shared_ptr<Catalog> catalog, model::Seq seq, std::vector<model::RowSet> open,
                std::map<std::string, SegmentPtr> segments)
      : catalog_(std::move(catalog)),
        seq_(seq),
        open_(std::move(open)),
        segments_(std::move(segments)) {
    for (const auto& [name, segment] : segments_) {
      for (const DirectoryEntry& entry : segment->blocks) blocks_.push_back(to_ref(entry));
    }
  }

  model::Seq seq() const override { return seq_; }
  const std::vector<model::RowSet>& open_rows() const override { return open_; }
  const std::vector<BlockRef>& blocks() const override { return blocks_; }
  Result<model::RowSet> read(const BlockRef& block) const override {
    DURAMEN_TRY(const SegmentPtr segment, segment_of(block));
    return catalog_->read_block(*segment, to_entry(block));
  }
  Result<std::unique_ptr<BlockReader>> open(const BlockRef& block) const override {
    DURAMEN_TRY(SegmentPtr segment, segment_of(block));
    return catalog_->open_block(std::move(segment), to_entry(block));
  }

 private:
  Result<SegmentPtr> segment_of(const BlockRef& block) const {
    const auto found = segments_.find(block.segment);
    if (found != segments_.end()) return found->second;
    return Error{ErrorCode::kNotFound, "segment " + block.segment + " is not in this snapshot"};
  }
  static DirectoryEntry to_entry(const BlockRef& block) {
    DirectoryEntry entry;
    entry.window = block.window;
    entry.block = block.id;
    entry.segment = block.segment;
    entry.summary = block.summary;
    entry.hidden = block.hidden;
    return entry;
  }

  std::shared_ptr<Catalog> catalog_;
  model::Seq seq_;
  std::vector<model::RowSet> open_;
  std::map<std::string, SegmentPtr> segments_;
  std::vector<BlockRef> blocks_;
};

void Catalog::restore(model::Seq built, model::Seq next,
                      const std::map<std::string, Segment>& segments) {
  const MutexLock lock(mutex_);
  built_ = built;
  blocks_end_ = next;
  durable_ = model::Seq(next.value() - 1);
  for (const auto& [name, segment] : segments) {
    segments_[name] = std::make_shared<const Segment>(segment);
  }
}

void Catalog::restore_rows(OpenBatch batch) {
  const MutexLock lock(mutex_);
  durable_ = std::max(durable_, last_seq(batch));
  open_weight_ += batch.weight;
  open_.push_back(std::move(batch));
}

void Catalog::publish_rows(std::vector<OpenBatch> batches, model::Seq durable) {
  const MutexLock lock(mutex_);
  for (OpenBatch& batch : batches) {
    open_weight_ += batch.weight;
    open_.push_back(std::move(batch));
  }
  durable_ = durable;
}

bool Catalog::wait_for_room() {
  const MutexLock lock(mutex_);
  while (open_weight_ >= open_limit_ && !stopped_) room_.wait(mutex_);
  return open_weight_ < open_limit_;
}

void Catalog::stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  room_.notify_all();
}

Catalog::OpenState Catalog::open_state() const {
  const MutexLock lock(mutex_);
  OpenState state{open_.size(), open_weight_, open_weight_ >= open_limit_, durable_, built_, 0};
  if (!open_.empty()) state.oldest = open_.front().rows.identity(0).received;
  return state;
}

std::vector<OpenBatch> Catalog::first_batches(std::uint64_t weight) const {
  const MutexLock lock(mutex_);
  std::vector<OpenBatch> out;
  std::uint64_t taken = 0;
  for (const OpenBatch& batch : open_) {
    if (!out.empty() && taken + batch.weight > weight) break;
    if (!out.empty() && !follows(out.back(), batch)) break;
    taken += batch.weight;
    out.push_back(batch);
  }
  return out;
}

void Catalog::join_small_batches() {
  std::vector<OpenBatch> run;
  std::size_t begin = 0;
  {
    const MutexLock lock(mutex_);
    std::uint64_t weight = 0;
    for (std::size_t i = 0; i < open_.size() && weight < kJoined; ++i) {
      const bool goes_on = run.empty() || follows(run.back(), open_[i]);
      if (open_[i].weight >= kSmall || !goes_on) {
        if (run.size() >= kJoinAtLeast) break;
        run.clear();
        weight = 0;
        if (open_[i].weight >= kSmall) continue;
      }
      if (run.empty()) begin = i;
      weight += open_[i].weight;
      run.push_back(open_[i]);
    }
  }
  if (run.size() < kJoinAtLeast) return;
  OpenBatch joined = join(run);
  // Others only append meanwhile: the run still stands where it stood.
  const MutexLock lock(mutex_);
  const auto at = open_.begin() + static_cast<std::ptrdiff_t>(begin);
  open_weight_ += joined.weight;
  for (const OpenBatch& batch : run) open_weight_ -= batch.weight;
  *at = std::move(joined);
  open_.erase(at + 1, at + static_cast<std::ptrdiff_t>(run.size()));
}

void Catalog::publish_epoch(std::size_t batches, model::Seq built,
                            const std::vector<DirectoryEntry>& blocks) {
  std::vector<OpenBatch> released;  // freed outside the lock
  const MutexLock lock(mutex_);
  std::map<std::string, Segment> changed;
  for (const DirectoryEntry& block : blocks) {
    auto [it, is_new] = changed.try_emplace(block.segment);
    if (is_new) it->second = *segments_.at(block.segment);
    it->second.blocks.push_back(block);
  }
  for (auto& [name, segment] : changed) publish(std::move(segment));
  const auto end = open_.begin() + static_cast<std::ptrdiff_t>(batches);
  released.assign(std::make_move_iterator(open_.begin()), std::make_move_iterator(end));
  open_.erase(open_.begin(), end);
  for (const OpenBatch& batch : released) open_weight_ -= batch.weight;
  built_ = built;
  blocks_end_ = std::max(blocks_end_, built);
  room_.notify_all();
}

void Catalog::publish(Segment segment) {
  std::erase_if(replaced_, [](const auto& before) { return before.expired(); });
  SegmentPtr& now = segments_[segment.name];
  if (now != nullptr) replaced_.push_back(now);
  now = std::make_shared<const Segment>(std::move(segment));
}

void Catalog::add_segment(Segment segment) {
  const MutexLock lock(mutex_);
  publish(std::move(segment));
}

void Catalog::change_blocks(const std::vector<BlockChange>& changes) {
  std::map<std::string, std::map<model::BlockId, const BlockChange*>> by_segment;
  for (const BlockChange& change : changes) by_segment[change.segment][change.block] = &change;
  const MutexLock lock(mutex_);
  for (const auto& [name, blocks] : by_segment) {
    const auto found = segments_.find(name);
    if (found == segments_.end()) continue;
    Segment segment = *found->second;
    segment.blocks.clear();
    for (const DirectoryEntry& block : found->second->blocks) {
      const auto change = blocks.find(block.block);
      if (change == blocks.end()) {
        segment.blocks.push_back(block);
      } else if (change->second->now) {
        segment.blocks.push_back(*change->second->now);
      }
    }
    publish(std::move(segment));
  }
}

std::vector<std::weak_ptr<const Segment>> Catalog::still_read(
    const std::set<std::string>& segments) {
  std::vector<std::weak_ptr<const Segment>> out;
  const MutexLock lock(mutex_);
  for (const std::weak_ptr<const Segment>& before : replaced_) {
    const SegmentPtr segment = before.lock();
    if (segment != nullptr && segments.contains(segment->name)) out.push_back(before);
  }
  return out;
}

void Catalog::remove_segment(const std::string& name) {
  const MutexLock lock(mutex_);
  segments_.erase(name);
}

std::shared_ptr<const Snapshot> Catalog::snapshot(std::shared_ptr<Catalog> self) const {
  std::vector<model::RowSet> open;
  std::map<std::string, SegmentPtr> segments;
  model::Seq durable;
  {
    const MutexLock lock(mutex_);
    open.reserve(open_.size());
    for (const OpenBatch& batch : open_) open.push_back(batch.rows);
    segments = segments_;
    durable = durable_;
  }
  return std::make_shared<LocalSnapshot>(std::move(self), durable, std::move(open),
                                         std::move(segments));
}

model::Seq Catalog::durable() const {
  const MutexLock lock(mutex_);
  return durable_;
}

OpenRows Catalog::open_rows_after(model::Seq after) const {
  OpenRows out;
  const MutexLock lock(mutex_);
  out.durable = durable_;
  out.whole = after >= durable_ || after.plus(1) >= blocks_end_;
  const auto begin = std::partition_point(
      open_.begin(), open_.end(), [&](const OpenBatch& batch) { return last_seq(batch) <= after; });
  out.batches.reserve(static_cast<std::size_t>(open_.end() - begin));
  for (auto at = begin; at != open_.end(); ++at) out.batches.push_back(at->rows);
  return out;
}

SegmentPtr Catalog::find_segment(const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto found = segments_.find(name);
  return found == segments_.end() ? nullptr : found->second;
}

std::vector<SegmentPtr> Catalog::segments() const {
  const MutexLock lock(mutex_);
  std::vector<SegmentPtr> out;
  for (const auto& [name, segment] : segments_) out.push_back(segment);
  return out;
}

void Catalog::report_damage(const DirectoryEntry& block, const std::string& what) {
  std::string text = "segment " + block.segment + ", block " + std::to_string(block.block.value()) +
                     " (" + std::to_string(block.summary.rows) + " rows, seqs " +
                     std::to_string(block.summary.min_seq.value()) + " to " +
                     std::to_string(block.summary.max_seq.value()) + "): " + what;
  const MutexLock lock(mutex_);
  if (!damaged_.emplace(block.block, text).second) return;
  damaged_counter_.add();
  log_error("a block is damaged; it is left out of answers until it is restored",
            {{"block", text}});
}

void Catalog::describe(StoreStatus& status) const {
  const MutexLock lock(mutex_);
  status.durable = durable_;
  status.built = built_;
  for (const OpenBatch& batch : open_) {
    status.open_raw_bytes += batch.raw_bytes;
    status.open_rows += batch.rows.rows();
    status.journal_bytes += batch.packed_bytes;
  }
  status.rows = status.open_rows;
  for (const auto& [name, segment] : segments_) {
    SegmentStatus& out = status.segments.emplace_back();
    out.name = name;
    out.blocks = segment->blocks.size();
    for (const DirectoryEntry& block : segment->blocks) {
      out.rows += block.seen_rows();
      out.raw_bytes += block.summary.raw_bytes;
      out.disk_bytes += block.stored_bytes();
      status.block_sizes.templates += block.stored[0];
      status.block_sizes.rows += block.stored[1];
      status.block_sizes.variables += block.stored[2];
      status.block_sizes.fields += block.stored[3];
    }
    status.rows += out.rows;
    status.block_bytes += out.disk_bytes;
  }
  for (const auto& [id, text] : damaged_) status.damaged.push_back(text);
}

Result<std::unique_ptr<BlockReader>> Catalog::open_block(SegmentPtr segment,
                                                         const DirectoryEntry& block) const {
  if (block.hidden != nullptr) {
    return Error{ErrorCode::kUnimplemented,
                 "rows of it are hidden, which only reading it whole leaves out"};
  }
  const BlockSource source{database_, cache_, std::move(segment), block.block};
  DURAMEN_TRY(auto layout, source.layout());
  DURAMEN_TRY_VOID(check_summary(layout->head.summary, block));
  return std::make_unique<BlockReader>(std::move(layout),
                                       [source](BlockPart part) { return source.read(part); });
}

Result<model::RowSet> Catalog::read_parts(const Segment& segment,
                                          const DirectoryEntry& block) const {
  cache_->forget(block.block);  // who reads it whole may have found that wrong
  std::array<std::string, kBlockParts.size()> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    DURAMEN_TRY(parts[i], read_part(*database_, segment, block.block, kBlockParts[i]));
  }
  DURAMEN_TRY(const BlockSummary summary, read_summary(parts[0]));
  DURAMEN_TRY_VOID(check_summary(summary, block));
  DURAMEN_TRY(model::RowSet rows, decode_block(parts[0], parts[1], parts[2], parts[3]));
  return block.hidden == nullptr ? rows : without(rows, block.hidden->rows);
}

/// A damaged byte in a table file hides the references to several blocks, and nothing is lost with
/// it. True when it is worth reading again.
bool Catalog::mend(const Segment& segment) {
  if (!aside_) return false;
  const MutexLock lock(mend_mutex_);
  const auto [tried, is_new] = mended_.emplace(segment.name, false);
  if (!is_new) return tried->second;
  const auto written = write_damaged_tables_again(*database_, segment.family, *aside_);
  if (!written) {
    log_error("a damaged segment cannot be mended",
              {{"segment", segment.name}, {"error", written.error().message}});
  }
  tried->second = written && *written;
  return tried->second;
}

Result<model::RowSet> Catalog::read_block(const Segment& segment, const DirectoryEntry& block) {
  const auto is_damage = [](const Result<model::RowSet>& rows) {
    return !rows && rows.error().code == ErrorCode::kDataLoss;
  };
  auto rows = read_parts(segment, block);
  if (is_damage(rows) && mend(segment)) rows = read_parts(segment, block);
  if (is_damage(rows)) report_damage(block, rows.error().message);
  if (!rows) {
    return std::move(rows).error().with("segment " + block.segment + ", block " +
                                        std::to_string(block.block.value()));
  }
  return rows;
}

}  // namespace duramen::store
