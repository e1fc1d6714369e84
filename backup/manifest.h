#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/checksum.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/ids.h"

namespace duramen::backup {

// What one backup may have. A sender refuses to begin with more, a receiver refuses to go on.
inline constexpr std::size_t kMostFiles = 400'000;
inline constexpr std::uint64_t kMostFileBytes = 1ULL << 40;
inline constexpr std::size_t kMostManifestBytes = 64U << 20;

inline constexpr std::uint64_t kFormat = 1;
inline constexpr std::string_view kManifestName = "backup.json";
/// The limit by size that the daemon worked out for itself (docs/operations.md, "Files").
inline constexpr std::string_view kRetentionName = "retention.bytes";

struct File {
  std::string name;  ///< `db/000012.sst`, as in a data directory
  std::uint64_t size = 0;
  Hash128 digest;  ///< XXH3-128 of its bytes
  friend bool operator==(const File&, const File&) = default;
};

/// What a backup says of itself: docs/format/backup.md. A value.
struct Manifest {
  std::string version;   ///< of the daemon that made it
  std::string store_id;  ///< in hex
  model::Seq durable;    ///< every row up to it is in the backup
  TimeNs time = 0;       ///< when it was begun
  std::vector<File> files;
  std::uint64_t bytes() const;
};

std::string encode_manifest(const Manifest& manifest);
/// Errors: kDataLoss (says what is wrong), kUnimplemented (of a newer format).
Result<Manifest> decode_manifest(std::string_view json);

/// The folders of a data directory that a backup has.
bool is_backup_folder(std::string_view name);
/// A file of a backup: `FOLDER/FILE` with such a folder, or kRetentionName. Letters, digits, `.`,
/// `_`, `-` only, no dot first, so that no name leads anywhere else.
bool is_backup_file(std::string_view name);

}  // namespace duramen::backup
