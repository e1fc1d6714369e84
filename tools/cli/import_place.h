#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace duramen::cli {

enum class LineFormat { kNdjson, kText };

/// How far a file was imported into a store, and how to recognise it: its beginning and the bytes
/// before the place must be the same; and what was learnt on the way there. A value type.
struct ImportPlace {
  std::uint64_t end = 0;                  ///< bytes of the unpacked file
  std::uint64_t lines = 0;                ///< lines before `end`
  std::string head;                       ///< hash of the first kFingerprintBytes before `end`
  std::string tail;                       ///< hash of the last kFingerprintBytes before `end`
  std::optional<LineFormat> format = {};  ///< as it was found or given
  std::optional<TimeNs> time = {};        ///< of the last line of text, for lines without one
};

/// Sees the bytes of a file in order and knows the fingerprint of what it has seen.
class Fingerprint {
 public:
  static constexpr std::size_t kBytes = 4096;
  void add(std::string_view bytes);
  std::string head() const;
  std::string tail() const;

 private:
  std::string head_;
  std::string tail_;
};

/// The places of imports with --resume, one small file each under
/// `$XDG_STATE_HOME/duramen/import` (else `~/.local/state/…`).
///
/// Durability: replaced by rename, not synced; a lost place costs a repeat that the daemon
/// recognises. Threading: any thread for different files. Errors: kUnavailable (names the file).
class ImportPlaces {
 public:
  ImportPlaces(std::string directory, std::string store_id)
      : directory_(std::move(directory)), store_id_(std::move(store_id)) {}

  /// Nothing when this file was not imported into this store before.
  Result<std::optional<ImportPlace>> load(const std::string& path) const;
  Result<void> save(const std::string& path, const ImportPlace& place) const;

 private:
  std::string file_of(const std::string& path) const;
  std::string directory_;
  std::string store_id_;
};

}  // namespace duramen::cli
