#include "store/offline_verify.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "base/metrics.h"
#include "store/database.h"
#include "store/directory_lock.h"
#include "store/keys.h"
#include "store/local_store.h"
#include "store/verify.h"
#include "store/wal_check.h"

namespace duramen::store {
namespace {

/// What keeps the store from being opened is a fault like any other, unless it cannot even be
/// looked at.
Result<void> take_fault(Error error, VerifyReport& report) {
  if (error.code != ErrorCode::kDataLoss) return error;
  report.faults.push_back(std::move(error.message));
  return {};
}

Result<StoreState> read_state(Database& database) {
  DURAMEN_TRY(const auto format, database.get(database.meta(), meta_key(MetaKind::kFormat)));
  if (!format) return Error{ErrorCode::kDataLoss, "meta: the store has no format"};
  return load_state(database);
}

/// Gives the registered segments their column families. Others are what an interrupted creation or
/// removal left: the next start drops them.
void find_families(Database& database, StoreState& state, VerifyReport& report) {
  for (const auto& [name, family] : database.found_segments()) {
    const auto registered = state.segments.find(name);
    if (registered != state.segments.end()) registered->second.family = family;
  }
  database.forget_found_segments();
  std::erase_if(state.segments, [&](const auto& segment) {
    if (segment.second.family != nullptr) return false;
    report.faults.push_back("segment " + segment.first + " is registered but has no column family");
    return true;
  });
}

Result<void> verify_database(const std::shared_ptr<Database>& database,
                             const VerifyProgress& progress, VerifyReport& report) {
  report.table_files = database->verify_tables(report.faults);
  auto state = read_state(*database);
  if (!state) return take_fault(std::move(state).error(), report);
  find_families(*database, *state, report);
  MetricRegistry metrics;
  Catalog catalog(database, std::make_shared<BlockCache>(0, metrics), 0,
                  metrics.counter("damaged", "Blocks found damaged"), std::nullopt);
  catalog.restore(state->built, state->next, state->segments);
  state->segments.clear();
  DURAMEN_TRY_VOID(verify_blocks(catalog, catalog.segments(), progress, {}, report));
  verify_journal(*database, state->built, nullptr, report);
  return {};
}

}  // namespace

Result<VerifyReport> verify_directory(const std::string& directory,
                                      const VerifyProgress& progress) {
  const std::string path = directory + "/db";
  std::error_code error;
  if (!std::filesystem::exists(path + "/CURRENT", error)) {
    const std::string why = error ? ": " + error.message() : "";
    return Error{ErrorCode::kNotFound, "there is no store in " + directory + why};
  }
  DURAMEN_TRY(const auto lock, DirectoryLock::take_to_read(directory));
  VerifyReport report;
  if (auto logs = check_wals(path); !logs) {
    DURAMEN_TRY_VOID(take_fault(std::move(logs).error(), report));
  }
  auto database = Database::open_read_only(path);
  if (database) {
    DURAMEN_TRY_VOID(verify_database(*database, progress, report));
  } else {
    DURAMEN_TRY_VOID(take_fault(std::move(database).error(), report));
  }
  add_put_aside(directory, report);
  return report;
}

}  // namespace duramen::store
