#include "backup/send.h"

#include <utility>

namespace duramen::backup {

Result<Manifest> send_backup(const SendOptions& options, Sink sink) {
  Manifest manifest;
  manifest.version = options.version;
  manifest.store_id = options.store.store_id();
  manifest.time = options.clock.now();
  DURAMEN_TRY(const auto staging,
              Staging::make(options.store, options.copy_index, options.data_dir));
  manifest.durable = staging.durable();
  DURAMEN_TRY(const auto names, staging.files());
  DURAMEN_TRY(const auto tar, TarWriter::open(std::move(sink)));
  for (const std::string& name : names) {
    DURAMEN_TRY(auto file, tar->add_file(name, staging.directory() + "/" + name));
    manifest.files.push_back(std::move(file));
  }
  DURAMEN_TRY_VOID(tar->add_text(std::string(kManifestName), encode_manifest(manifest)));
  DURAMEN_TRY_VOID(tar->finish());
  return manifest;
}

}  // namespace duramen::backup
