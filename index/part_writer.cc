#include "index/part_writer.h"

#include <utility>

#include "base/checksum.h"
#include "index/files.h"
#include "index/filter_writer.h"
#include "index/words.h"

namespace duramen::index {
namespace {

/// The names of the files of a part that is being written; removes them when it does not come to
/// an end.
class NewFiles {
 public:
  NewFiles(const std::string& directory, std::uint64_t number)
      : words_(directory + "/" + words_name(number)),
        filter_(directory + "/" + filter_name(number)) {}
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;
  NewFiles(NewFiles&&) = delete;
  NewFiles& operator=(NewFiles&&) = delete;
  ~NewFiles() {
    if (kept_) return;
    for (const std::string& path : {words_, filter_, temporary_filter()}) {
      static_cast<void>(remove_file(path));  // else a leftover for the next start
    }
  }

  Result<void> write_words(const std::string& bytes, PartEntry& entry) const {
    entry.words_size = bytes.size();
    entry.words_sum = checksum64(bytes);
    return replace_file(words_, bytes);
  }
  std::string temporary_filter() const { return filter_ + ".tmp"; }
  Result<void> keep() {
    DURAMEN_TRY_VOID(rename_file(temporary_filter(), filter_));
    kept_ = true;
    return {};
  }

 private:
  const std::string words_;
  const std::string filter_;
  bool kept_ = false;
};

}  // namespace

Result<PartEntry> write_part(const std::string& directory, std::uint64_t number,
                             const std::vector<std::shared_ptr<const DeltaBlock>>& blocks) {
  PartEntry entry;
  entry.number = number;
  std::vector<const BlockKeys*> keys;
  for (const auto& block : blocks) {
    entry.blocks.push_back(block->block);
    keys.push_back(&block->keys);
  }
  DURAMEN_TRY_VOID(ensure_directory(directory));  // somebody may have deleted all of it
  NewFiles files(directory, number);
  DURAMEN_TRY(const auto words, build_words(directory + "/build-" + std::to_string(number), keys));
  DURAMEN_TRY_VOID(files.write_words(words, entry));
  DURAMEN_TRY(entry.filter_size, write_filter(files.temporary_filter(), keys));
  DURAMEN_TRY_VOID(files.keep());
  return entry;
}

Result<PartEntry> merge_parts(const std::string& directory, std::uint64_t number,
                              const std::vector<std::shared_ptr<Part>>& parts) {
  PartEntry entry;
  entry.number = number;
  std::vector<std::string> words;
  std::vector<FilterReader> filters;
  for (const auto& part : parts) {
    const auto& blocks = part->entry().blocks;
    entry.blocks.insert(entry.blocks.end(), blocks.begin(), blocks.end());
    DURAMEN_TRY(words.emplace_back(), part->read_words());
    DURAMEN_TRY(auto filter, part->open_filter());
    filters.push_back(std::move(filter));
  }
  NewFiles files(directory, number);
  DURAMEN_TRY(const auto merged, merge_words(words));
  DURAMEN_TRY_VOID(files.write_words(merged, entry));
  words.clear();
  std::vector<const FilterReader*> sources;
  for (const FilterReader& filter : filters) sources.push_back(&filter);
  auto size = merge_filters(files.temporary_filter(), sources);
  if (!size && size.error().code == ErrorCode::kDataLoss) {
    for (const auto& part : parts) part->verify([](std::uint64_t) {});  // which one was it?
  }
  DURAMEN_TRY(entry.filter_size, std::move(size));
  DURAMEN_TRY_VOID(files.keep());
  return entry;
}

}  // namespace duramen::index
