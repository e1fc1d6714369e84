#pragma once

#include <string>

#include "backup/manifest.h"
#include "backup/staging.h"
#include "backup/tar_writer.h"
#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace duramen::backup {

/// What is backed up. Everything outlives the call.
struct SendOptions {
  store::Store& store;
  IndexCopier copy_index;  ///< may be empty
  std::string data_dir;
  std::string version;  ///< of this program
  const Clock& clock;
};

/// Takes a copy of store and index and sends it to `sink` as a tar (docs/format/backup.md); gives
/// what it said of it. What it links is let go before it returns, however it ends.
/// One at a time for a data directory: the caller sees to it.
/// Blocking: disk and sink. Errors: as Staging and TarWriter; nothing was sent when the copy
/// failed.
Result<Manifest> send_backup(const SendOptions& options, Sink sink);

}  // namespace duramen::backup
