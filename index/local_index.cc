#include "index/local_index.h"

#include <algorithm>
#include <set>
#include <utility>

#include "index/files.h"
#include "index/merge_policy.h"
#include "index/part_writer.h"

namespace duramen::index {
namespace {

std::vector<std::size_t> sizes_of(const std::vector<std::shared_ptr<Part>>& parts) {
  std::vector<std::size_t> sizes;
  for (const auto& part : parts) sizes.push_back(part->blocks());
  return sizes;
}

bool any_damaged(const std::vector<std::shared_ptr<Part>>& parts) {
  return std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part->damaged(); });
}

}  // namespace

Result<std::unique_ptr<Index>> Index::open(IndexOptions options, MetricRegistry& metrics) {
  auto context = std::make_shared<PartContext>(options.directory, options.open_words,
                                               options.open_words_bytes, metrics);
  DURAMEN_TRY(const auto inventory, take_inventory(options, context->damaged));
  return std::unique_ptr<Index>(
      std::make_unique<LocalIndex>(std::move(options), inventory, std::move(context), metrics));
}

LocalIndex::LocalIndex(IndexOptions options, const Inventory& inventory,
                       std::shared_ptr<PartContext> context, MetricRegistry& metrics)
    : options_(std::move(options)),
      context_(std::move(context)),
      parts_written_(metrics.counter("duramen_index_parts_written_total",
                                     "Index parts written from blocks in memory")),
      merges_(metrics.counter("duramen_index_merges_total", "Index parts merged from others")),
      next_number_(inventory.next_number) {
  const MutexLock lock(mutex_);
  for (const auto& [name, entries] : inventory.segments) {
    for (const PartEntry& entry : entries) {
      segments_[name].parts.push_back(new_part(name, entry));
    }
  }
}

std::shared_ptr<const SegmentView> LocalIndex::view(const std::string& segment) const {
  return current(segment);
}

std::vector<std::string> LocalIndex::segments() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, segment] : segments_) names.push_back(name);
  return names;
}

Result<void> LocalIndex::add(const std::string& segment, model::BlockId block, BlockKeys keys) {
  if (!is_segment_name(segment)) {
    return Error{ErrorCode::kInvalidArgument, "no name for a segment: '" + segment + "'"};
  }
  const MutexLock writing(writer_);
  if (current(segment)->has(block)) return {};
  DURAMEN_TRY_VOID(sweep(segment));
  auto added = std::make_shared<DeltaBlock>(DeltaBlock{block, std::move(keys), 0});
  added->weight = added->keys.weight();
  DURAMEN_TRY_VOID(make_room(segment, added->weight));
  const MutexLock lock(mutex_);
  Segment& to = segments_[segment];
  to.delta_bytes += added->weight;
  to.delta.push_back(std::move(added));
  to.view.reset();
  return {};
}

Result<void> LocalIndex::seal(const std::string& segment) {
  const MutexLock writing(writer_);
  DURAMEN_TRY_VOID(write_delta(segment));
  return merge(segment, parts_to_seal);
}

Result<void> LocalIndex::flush() {
  for (const std::string& segment : segments()) {
    const MutexLock writing(writer_);
    DURAMEN_TRY_VOID(write_delta(segment));
  }
  return {};
}

Result<void> LocalIndex::checkpoint(const std::string& directory) {
  DURAMEN_TRY_VOID(ensure_directory(directory));
  const auto link = [&](const std::string& name) -> Result<void> {
    auto linked = link_file(options_.directory + "/" + name, directory + "/" + name);
    if (!linked && linked.error().code == ErrorCode::kDataLoss) return {};
    return linked;
  };
  const MutexLock writing(writer_);  // so that manifests and parts belong together
  for (const std::string& segment : segments()) {
    const Parts parts = copy_of(segment).parts;
    if (!parts.empty()) DURAMEN_TRY_VOID(link(manifest_name(segment)));
    for (const auto& part : parts) {
      DURAMEN_TRY_VOID(link(words_name(part->entry().number)));
      DURAMEN_TRY_VOID(link(filter_name(part->entry().number)));
    }
  }
  return {};
}

Result<void> LocalIndex::drop(const std::string& segment) {
  const MutexLock writing(writer_);
  Segment gone = copy_of(segment);
  if (!gone.parts.empty()) DURAMEN_TRY_VOID(save_manifest(options_, segment, {}));
  for (const auto& part : gone.parts) part->remove_when_unused();
  const MutexLock lock(mutex_);
  segments_.erase(segment);
  return {};
}

Result<void> LocalIndex::keep_only(const std::string& segment,
                                   const std::set<model::BlockId>& blocks) {
  const MutexLock writing(writer_);
  Parts parts = copy_of(segment).parts;
  const std::size_t gone = std::erase_if(parts, [&](const auto& part) {
    return std::any_of(part->entry().blocks.begin(), part->entry().blocks.end(),
                       [&](model::BlockId block) { return !blocks.contains(block); });
  });
  if (gone != 0) DURAMEN_TRY_VOID(publish(segment, parts, false));
  const MutexLock lock(mutex_);
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return {};
  Segment& kept = found->second;
  std::erase_if(kept.delta, [&](const auto& block) {
    if (blocks.contains(block->block)) return false;
    kept.delta_bytes -= block->weight;
    return true;
  });
  kept.view.reset();
  return {};
}

IndexStatus LocalIndex::status() const {
  IndexStatus status;
  status.damaged_parts = context_->damaged_parts.load(std::memory_order_relaxed);
  const MutexLock lock(mutex_);
  for (const auto& [name, segment] : segments_) {
    SegmentIndexStatus& out = status.segments.emplace_back();
    out.name = name;
    out.blocks = view_locked(segment)->blocks().size();
    out.delta_blocks = segment.delta.size();
    status.delta_bytes += segment.delta_bytes;
    for (const auto& part : segment.parts) {
      if (part->damaged()) continue;
      ++out.parts;
      out.word_bytes += part->entry().words_size;
      out.filter_bytes += part->entry().filter_size;
    }
  }
  return status;
}

Result<std::vector<std::string>> LocalIndex::verify(const VerifyProgress& progress) {
  Parts parts;
  for (const std::string& segment : segments()) {
    const Parts more = copy_of(segment).parts;
    parts.insert(parts.end(), more.begin(), more.end());
  }
  std::uint64_t total = 0;
  std::uint64_t done = 0;
  for (const auto& part : parts) total += part->entry().words_size + part->entry().filter_size;
  bool go_on = true;
  const auto report = [&] {
    if (progress && !progress(std::min(done, total), total)) go_on = false;
  };
  std::vector<std::string> faults;
  for (const auto& part : parts) {
    auto found = part->verify([&](std::uint64_t bytes) {
      done += bytes;
      report();
    });
    if (!go_on) return Error{ErrorCode::kCancelled, "stopping"};
    std::move(found.begin(), found.end(), std::back_inserter(faults));
  }
  done = total;
  report();
  return faults;
}

std::shared_ptr<const LocalView> LocalIndex::view_locked(const Segment& segment) {
  if (segment.view == nullptr || segment.view->damaged()) {
    Parts sound;
    for (const auto& part : segment.parts) {
      if (!part->damaged()) sound.push_back(part);
    }
    segment.view = std::make_shared<const LocalView>(sound, segment.delta);
  }
  return segment.view;
}

std::shared_ptr<const LocalView> LocalIndex::current(const std::string& segment) const {
  static const auto kEmpty = std::make_shared<const LocalView>(Parts(), Delta());
  const MutexLock lock(mutex_);
  const auto found = segments_.find(segment);
  return found == segments_.end() ? kEmpty : view_locked(found->second);
}

LocalIndex::Segment LocalIndex::copy_of(const std::string& segment) const {
  const MutexLock lock(mutex_);
  const auto found = segments_.find(segment);
  return found == segments_.end() ? Segment() : found->second;
}

Result<void> LocalIndex::publish(const std::string& segment, const Parts& parts, bool with_delta) {
  Parts before = copy_of(segment).parts;  // files are removed after the lock is left
  Delta written;
  std::vector<PartEntry> entries;
  for (const auto& part : parts) entries.push_back(part->entry());
  const auto saved = save_manifest(options_, segment, entries);
  const std::set<std::shared_ptr<Part>> old(before.begin(), before.end());
  const std::set<std::shared_ptr<Part>> now(parts.begin(), parts.end());
  for (const auto& part : saved ? before : parts) {
    if (!(saved ? now : old).contains(part)) part->remove_when_unused();
  }
  DURAMEN_TRY_VOID(saved);
  const MutexLock lock(mutex_);
  Segment& to = segments_[segment];
  to.parts = parts;
  if (with_delta) {
    written.swap(to.delta);
    to.delta_bytes = 0;
  }
  to.view.reset();
  return {};
}

Result<void> LocalIndex::write_delta(const std::string& segment) {
  DURAMEN_TRY_VOID(sweep(segment));
  Segment now = copy_of(segment);
  if (!now.delta.empty()) {
    DURAMEN_TRY(auto entry, write_part(options_.directory, next_number_++, now.delta));
    now.parts.push_back(new_part(segment, std::move(entry)));
    DURAMEN_TRY_VOID(publish(segment, now.parts, true));
    parts_written_.add();
  }
  return merge(segment, parts_to_merge);
}

Result<void> LocalIndex::make_room(const std::string& segment, std::size_t bytes) {
  if (copy_of(segment).delta.size() >= options_.delta_blocks) {
    DURAMEN_TRY_VOID(write_delta(segment));
  }
  while (delta_bytes() + bytes > options_.delta_bytes) {
    const std::string largest = largest_delta();
    if (largest.empty()) break;  // one block alone may be larger
    DURAMEN_TRY_VOID(write_delta(largest));
  }
  return {};
}

Result<void> LocalIndex::sweep(const std::string& segment) {
  Parts parts = copy_of(segment).parts;
  if (!any_damaged(parts)) return {};
  std::erase_if(parts, [](const auto& part) { return part->damaged(); });
  return publish(segment, parts, false);
}

Result<void> LocalIndex::merge(const std::string& segment, std::vector<std::size_t> (*choose)(
                                                               const std::vector<std::size_t>&)) {
  for (;;) {
    const auto chosen = choose(sizes_of(copy_of(segment).parts));
    if (chosen.empty()) return {};
    DURAMEN_TRY(const bool merged, merge_once(segment, chosen));
    if (merged) merges_.add();
  }
}

Result<bool> LocalIndex::merge_once(const std::string& segment,
                                    const std::vector<std::size_t>& chosen) {
  Parts parts = copy_of(segment).parts;
  Parts sources;
  for (const std::size_t at : chosen) sources.push_back(parts[at]);
  auto entry = merge_parts(options_.directory, next_number_++, sources);
  if (!entry && any_damaged(sources)) {
    DURAMEN_TRY_VOID(sweep(segment));
    return false;
  }
  if (!entry) return Error{ErrorCode::kUnavailable, entry.error().message};
  for (auto at = chosen.rbegin(); at != chosen.rend(); ++at) {
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(*at));
  }
  parts.push_back(new_part(segment, *std::move(entry)));
  DURAMEN_TRY_VOID(publish(segment, parts, false));
  return true;
}

std::shared_ptr<Part> LocalIndex::new_part(const std::string& segment, PartEntry entry) const {
  return std::make_shared<Part>(context_, segment, std::move(entry));
}

std::string LocalIndex::largest_delta() const {
  const MutexLock lock(mutex_);
  const auto largest = std::max_element(
      segments_.begin(), segments_.end(),
      [](const auto& a, const auto& b) { return a.second.delta_bytes < b.second.delta_bytes; });
  if (largest == segments_.end() || largest->second.delta.empty()) return {};
  return largest->first;
}

std::size_t LocalIndex::delta_bytes() const {
  const MutexLock lock(mutex_);
  std::size_t bytes = 0;
  for (const auto& [name, segment] : segments_) bytes += segment.delta_bytes;
  return bytes;
}

}  // namespace duramen::index
