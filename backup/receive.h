#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "backup/file_tree.h"
#include "backup/manifest.h"
#include "backup/tar_reader.h"
#include "base/result.h"

namespace duramen::backup {

/// Told how many bytes more were taken.
using OnBytes = std::function<void(std::uint64_t bytes)>;

// Both write what they take into `tree`, on the disk, and give what the backup says of itself when
// every file is as it says. After an error the tree holds what came so far: it is worth nothing.
// Blocking: disk, and the source. Errors: kDataLoss (cut off, damaged, not what a backup is: names
// the file), kUnimplemented (of a newer format), kUnavailable (disk), and those of the source.

/// The stream of send_backup(), from somebody who is not trusted. Takes the source to its end.
Result<Manifest> receive_stream(const Source& source, FileTree& tree, const OnBytes& on_bytes);

/// A directory that was made from such a stream. `manifest` is what read_manifest() gave.
Result<Manifest> receive_directory(const std::string& from, const Manifest& manifest,
                                   FileTree& tree, const OnBytes& on_bytes);

/// What a backup directory says of itself. Errors: also kNotFound (there is no backup.json).
Result<Manifest> read_manifest(const std::string& directory);

}  // namespace duramen::backup
