#include "index/inventory.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "base/log.h"
#include "index/files.h"

namespace duramen::index {
namespace {

/// A million blocks take less than a tenth of it.
constexpr std::uint64_t kMaxManifest = 64 << 20;

Error unusable(const std::string& directory, const std::error_code& error) {
  return {ErrorCode::kUnavailable, "index directory " + directory + ": " + error.message()};
}

Result<std::vector<std::string>> names_in(const std::string& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return unusable(directory, error);
  std::vector<std::string> names;
  std::filesystem::directory_iterator at(directory, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  if (error) return unusable(directory, error);
  std::sort(names.begin(), names.end());
  return names;
}

bool is_part_file(const std::string& name) {
  return name.ends_with(".words") || name.ends_with(".filter");
}

bool is_unfinished(const std::string& name) {
  return name.ends_with(".tmp") || name.starts_with("build-");
}

std::uint64_t number_of(const std::string& name) {
  std::uint64_t number = 0;
  const std::size_t begin = name.starts_with("build-") ? 6 : 0;
  std::from_chars(name.data() + begin, name.data() + name.size(), number);
  return number;
}

class Stocktaking {
 public:
  Stocktaking(const IndexOptions& options, Counter& damaged)
      : options_(options), damaged_(damaged) {}

  Result<Inventory> run() {
    DURAMEN_TRY(const auto names, names_in(options_.directory));
    for (const std::string& name : names) {
      if (name.ends_with(".manifest")) DURAMEN_TRY_VOID(take_manifest(name));
    }
    for (const std::string& name : names) {
      if (is_part_file(name) || is_unfinished(name)) {
        inventory_.next_number = std::max(inventory_.next_number, number_of(name) + 1);
        if (!listed_.contains(name)) DURAMEN_TRY_VOID(remove(name));
      }
    }
    return std::move(inventory_);
  }

 private:
  Result<void> take_manifest(const std::string& name) {
    auto bytes = read_file(path(name), kMaxManifest);
    if (!bytes && bytes.error().code == ErrorCode::kUnavailable) return std::move(bytes).error();
    auto manifest = bytes ? decode_manifest(*bytes) : Result<Manifest>(bytes.error());
    if (manifest && manifest_name(manifest->segment) != name) {
      manifest = Error{ErrorCode::kDataLoss, "manifest: of another segment"};
    }
    if (!manifest) {
      found_damage(name, manifest.error().message);
      return remove(name);
    }
    if (manifest->owner != options_.owner) {
      log_warning("an index of another store is left out", {{"manifest", name}});
      return remove(name);
    }
    return take_parts(*std::move(manifest));
  }

  Result<void> take_parts(Manifest manifest) {
    const std::size_t before = manifest.parts.size();
    std::erase_if(manifest.parts, [&](const PartEntry& part) { return !is_trusted(part); });
    // On disk, too: what is not trusted now must not be trusted after the next start.
    if (manifest.parts.size() != before) {
      DURAMEN_TRY_VOID(save_manifest(options_, manifest.segment, manifest.parts));
    }
    for (const PartEntry& part : manifest.parts) {
      listed_.insert(words_name(part.number));
      listed_.insert(filter_name(part.number));
      inventory_.next_number = std::max(inventory_.next_number, part.number + 1);
    }
    if (!manifest.parts.empty()) {
      inventory_.segments[manifest.segment] = std::move(manifest.parts);
    }
    return {};
  }

  bool is_trusted(const PartEntry& part) {
    const auto end = options_.block_end;
    if (end && *std::max_element(part.blocks.begin(), part.blocks.end()) >= *end) {
      log_warning("a part of the index is of a later state of the store and is left out",
                  {{"part", part.number}});
      return false;
    }
    return has_size(words_name(part.number), part.words_size) &&
           has_size(filter_name(part.number), part.filter_size);
  }

  bool has_size(const std::string& name, std::uint64_t size) {
    const auto real = file_size(path(name));
    if (real && *real == size) return true;
    found_damage(name, real ? "not of its size" : real.error().message);
    return false;
  }

  void found_damage(const std::string& name, const std::string& reason) {
    damaged_.add();
    log_warning("a file of the index is damaged: what it answered for is indexed again",
                {{"file", name}, {"reason", reason}});
  }

  Result<void> remove(const std::string& name) {
    std::error_code error;
    std::filesystem::remove_all(path(name), error);
    if (error) return unusable(path(name), error);
    return {};
  }
  std::string path(const std::string& name) const { return options_.directory + "/" + name; }

  const IndexOptions& options_;
  Counter& damaged_;
  Inventory inventory_;
  std::set<std::string> listed_;
};

}  // namespace

Result<Inventory> take_inventory(const IndexOptions& options, Counter& damaged) {
  return Stocktaking(options, damaged).run();
}

Result<void> save_manifest(const IndexOptions& options, const std::string& segment,
                           const std::vector<PartEntry>& parts) {
  const std::string path = options.directory + "/" + manifest_name(segment);
  DURAMEN_TRY_VOID(ensure_directory(options.directory));
  if (parts.empty()) {
    DURAMEN_TRY_VOID(remove_file(path));
  } else {
    DURAMEN_TRY_VOID(sync_directory(options.directory));
    DURAMEN_TRY_VOID(replace_file(path, encode_manifest({options.owner, segment, parts})));
  }
  return sync_directory(options.directory);
}

}  // namespace duramen::index
