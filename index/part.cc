#include "index/part.h"

#include <utility>

#include "base/checksum.h"
#include "base/log.h"
#include "index/files.h"

namespace duramen::index {

PartContext::PartContext(std::string path, std::size_t open_words, std::size_t open_words_bytes,
                         MetricRegistry& metrics)
    : directory(std::move(path)),
      words(open_words, open_words_bytes,
            metrics.counter("duramen_index_words_opened_total", "Word files opened for a query")),
      damaged(metrics.counter("duramen_index_damaged_parts_total",
                              "Index parts and manifests found damaged; their blocks are scanned "
                              "until they are indexed again")) {}

Part::Part(std::shared_ptr<PartContext> context, std::string segment, PartEntry entry)
    : context_(std::move(context)), segment_(std::move(segment)), entry_(std::move(entry)) {}

Part::~Part() {
  context_->words.forget(entry_.number);
  if (!unused_.load(std::memory_order_acquire)) return;
  // A file that cannot be removed is a leftover for the next start.
  static_cast<void>(remove_file(context_->directory + "/" + words_name(entry_.number)));
  static_cast<void>(remove_file(context_->directory + "/" + filter_name(entry_.number)));
}

Result<BlockSet> Part::find(const model::IndexKey& key, LookupCost& cost) const {
  if (key.kind == model::KeyKind::kWord || key.kind == model::KeyKind::kHead) {
    DURAMEN_TRY(const auto open, words(cost));
    return noting(open->find(key.kind, key.text, cost));
  }
  DURAMEN_TRY(const auto filter, open_filter());
  return noting(filter.find(key_hash(key.kind, key.text), cost));
}

Result<BlockSet> Part::find_prefix(model::KeyKind kind, std::string_view prefix,
                                   LookupCost& cost) const {
  DURAMEN_TRY(const auto open, words(cost));
  return noting(open->find_prefix(kind, prefix, cost));
}

Result<void> Part::labels(std::string_view prefix, std::size_t limit, std::set<std::string>& pairs,
                          LookupCost& cost) const {
  DURAMEN_TRY(const auto open, words(cost));
  return noting(open->labels(prefix, limit, pairs, cost));
}

Result<std::string> Part::read_words() const { return noting(checked_words()); }

Result<FilterReader> Part::open_filter() const { return noting(checked_filter()); }

std::vector<std::string> Part::verify(const std::function<void(std::uint64_t)>& read) const {
  std::vector<std::string> faults;
  const auto check = [&](const std::string& name, const Result<void>& result) {
    if (result) return;
    note(result.error());
    faults.push_back("index: segment " + segment_ + ", " + name + ": " + result.error().message +
                     (damaged() ? "; its blocks are scanned until they are indexed again" : ""));
  };
  const auto words = checked_words();
  read(entry_.words_size);
  check(words_name(entry_.number), words ? Result<void>() : words.error());
  check(filter_name(entry_.number), check_pages(read));
  return faults;
}

Result<std::string> Part::checked_words() const {
  DURAMEN_TRY(auto bytes,
              read_file(context_->directory + "/" + words_name(entry_.number), entry_.words_size));
  if (bytes.size() != entry_.words_size || checksum64(bytes) != entry_.words_sum) {
    return Error{ErrorCode::kDataLoss, "words: checksum"};
  }
  return bytes;
}

Result<FilterReader> Part::checked_filter() const {
  std::shared_ptr<const FilterHead> head;
  {
    const MutexLock lock(mutex_);
    head = filter_head_;
  }
  DURAMEN_TRY(auto filter,
              FilterReader::open(context_->directory + "/" + filter_name(entry_.number),
                                 entry_.filter_size, blocks(), std::move(head)));
  const MutexLock lock(mutex_);
  filter_head_ = filter.shared_head();
  return filter;
}

Result<void> Part::check_pages(const std::function<void(std::uint64_t)>& read) const {
  // The head is read again: what was kept says nothing of the file.
  DURAMEN_TRY(const auto filter,
              FilterReader::open(context_->directory + "/" + filter_name(entry_.number),
                                 entry_.filter_size, blocks()));
  for (const FilterGroup& group : filter.head().groups) {
    for (std::uint32_t page = 0; page < group.pages(); ++page) {
      DURAMEN_TRY_VOID(filter.page(group, page));
      read(group.page_bytes(page));
    }
  }
  return {};
}

Result<std::shared_ptr<Words>> Part::words(LookupCost& cost) const {
  return noting(context_->words.get(entry_.number, [&]() -> Result<std::shared_ptr<Words>> {
    DURAMEN_TRY(const auto bytes, checked_words());
    cost.bytes_read += bytes.size();
    return Words::open(bytes, blocks());
  }));
}

void Part::note(const Error& error) const {
  if (error.code != ErrorCode::kDataLoss && error.code != ErrorCode::kUnimplemented) return;
  if (damaged_.exchange(true, std::memory_order_acq_rel)) return;
  context_->damaged.add();
  context_->damaged_parts.fetch_add(1, std::memory_order_relaxed);
  log_warning("a part of the index is damaged: its blocks are scanned until they are indexed again",
              {{"segment", segment_},
               {"part", entry_.number},
               {"blocks", entry_.blocks.size()},
               {"reason", error.message}});
}

}  // namespace duramen::index
