#include "tools/daemon.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>

#include "backup/staging.h"
#include "base/log.h"
#include "base/time_text.h"
#include "tools/process_metrics.h"
#include "tools/version.h"

namespace duramen::tools {
namespace {

constexpr const char* kDraining = "draining";

std::string address_file(const Settings& settings) { return settings.data_dir + "/http.address"; }

store::Retention retention_of(const Settings& settings) {
  return {settings.retention_age, settings.retention_bytes.bytes, settings.retention_classes,
          settings.hold_for_sinks};
}

void log_retention(const Settings& settings) {
  const store::Retention retention = retention_of(settings);
  log_info("retention",
           {{"age", retention.age ? to_duration_text(*retention.age) : "none"},
            {"bytes", retention.bytes ? to_bytes_text(*retention.bytes) : "none"},
            {"bytes_from",
             settings.retention_bytes.automatic ? "free disk at the first start" : "settings"},
            {"hold_for_sinks", retention.hold_for_sinks ? "true" : "false"}});
  for (const store::RetentionClass& one : retention.classes) {
    log_info("retention of a class", {{"class", one.name},
                                      {"age", one.age ? to_duration_text(*one.age) : "none"},
                                      {"bytes", one.bytes ? to_bytes_text(*one.bytes) : "none"},
                                      {"when", condition_text(one)}});
  }
}

std::string host_name() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "localhost";
  return name;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) (out += out.empty() ? "" : " ") += word;
  return out;
}

Error with_remedy(Error error) {
  if (error.code == ErrorCode::kDataLoss) {
    error.message += "; keep a copy of the directory and see \"Damage\" in docs/operations.md";
  } else if (error.message.find("--data-dir") == std::string::npos) {
    error.message += "; or choose another directory with --data-dir";
  }
  return error;
}

}  // namespace

Result<Settings> resolve_settings(Settings settings, const Environment& environment) {
  if (settings.data_dir.empty()) {
    DURAMEN_TRY(settings.data_dir, default_data_dir(environment));
  }
  if (settings.host.empty()) settings.host = host_name();
  if (settings.retention_bytes.automatic) {
    DURAMEN_TRY(settings.retention_bytes.bytes, automatic_limit(settings.data_dir));
  }
  settings.store.directory = settings.data_dir;
  settings.store.host = settings.host;
  settings.store.retention = retention_of(settings);
  return settings;
}

Daemon::Daemon(Settings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock) {}

Daemon::~Daemon() { stop(0); }

Result<std::unique_ptr<Daemon>> Daemon::listen(const Settings& settings, const Clock& clock) {
  std::unique_ptr<Daemon> daemon(new Daemon(settings, clock));
  register_process_metrics(daemon->metrics_, clock);
  DURAMEN_TRY(daemon->server_,
              api::HttpServer::start(settings.http, daemon->gate_, daemon->metrics_));
  log_info("listening; the store is being opened", {{"addresses", joined(daemon->addresses())}});
  return daemon;
}

Result<void> Daemon::open() {
  DURAMEN_TRY_VOID(open_store());
  DURAMEN_TRY_VOID(open_index());
  if (interrupted_.load()) return Error{ErrorCode::kCancelled, "the start was interrupted"};
  return serve();
}

void Daemon::interrupt_open() {
  interrupted_.store(true);
  readiness_.set(kDraining);
}

Result<void> Daemon::open_store() {
  store::StoreOptions options = settings_.store;
  options.interrupted = [this] { return interrupted_.load(); };
  auto store = store::Store::open(options, clock_, metrics_);
  if (!store) return with_remedy(std::move(store).error());
  store_ = *std::move(store);
  // Now that the lock is ours: an address that was left behind leads nowhere.
  ::unlink(address_file(settings_).c_str());
  // And what a backup held on to that was killed.
  DURAMEN_TRY_VOID(backup::remove_staging(settings_.data_dir));
  return remember_limit(settings_);
}

Result<void> Daemon::open_index() {
  index::IndexOptions options;
  options.directory = settings_.data_dir + "/index";
  options.owner = store_->store_id();
  options.block_end = store_->block_end();
  auto index = index::Index::open(std::move(options), metrics_);
  if (!index) return with_remedy(std::move(index).error());
  index_ = *std::move(index);
  indexer_ = std::make_unique<query::Indexer>(*store_, *index_, metrics_);
  return {};
}

Result<void> Daemon::remember_limit(const Settings& settings) const {
  if (!settings.retention_bytes.automatic) return {};
  return remember_automatic_limit(settings_.data_dir, *settings.retention_bytes.bytes);
}

Result<void> Daemon::serve() {
  queries_ = query::make_query_engine(*store_, index_.get(), settings_.query, clock_, metrics_);
  tails_ = query::make_tails(
      *store_, index_.get(),
      {settings_.tail, [queries = queries_.get()] { return queries->new_id(); }}, clock_, metrics_);
  sink_ = std::make_unique<ingest::CountedSink>(*store_, rates_);
  ingest_ = std::make_unique<ingest::Ingest>(*sink_, clock_, metrics_, settings_.ingest,
                                             store::longest_age(retention_of(settings_)));
  deletions_ = query::make_deletions(
      *store_, index_.get(), [this] { return indexer_->forget_gone_blocks(); }, {}, clock_,
      metrics_);
  router_ = api::make_router({.store = *store_,
                              .queries = *queries_,
                              .ingest = *ingest_,
                              .clock = clock_,
                              .metrics = metrics_,
                              .readiness = readiness_,
                              .version = std::string(kVersion),
                              .ingest_limits = settings_.ingest,
                              .indexer = indexer_.get(),
                              .tails = tails_.get(),
                              .rates = &rates_,
                              .deletions = deletions_.get(),
                              .data_dir = settings_.data_dir});
  indexer_->start();
  deletions_->start();
  server_->serve(router_);
  serving_ = true;
  readiness_.set("");
  log_retention(settings_);
  return write_address_file();
}

Result<void> Daemon::write_address_file() const {
  const std::string path = address_file(settings_);
  const std::string temporary = path + ".new";
  {
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    for (const std::string& address : server_->addresses()) file << address << "\n";
    file.close();
    if (!file) {
      return Error{ErrorCode::kUnavailable,
                   "cannot write " + temporary + ": " + std::generic_category().message(errno)};
    }
  }
  // Whoever waits for the file finds it whole.
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return Error{ErrorCode::kUnavailable,
                 "cannot write " + path + ": " + std::generic_category().message(errno)};
  }
  return {};
}

Result<void> Daemon::reload(const Settings& settings) {
  Settings next = settings;
  if (next.retention_bytes.automatic) {
    DURAMEN_TRY(next.retention_bytes.bytes, automatic_limit(settings_.data_dir));
    DURAMEN_TRY_VOID(remember_limit(next));
  }
  settings_.log_level = next.log_level;
  settings_.log_format = next.log_format;
  settings_.retention_age = next.retention_age;
  settings_.retention_bytes = next.retention_bytes;
  settings_.retention_classes = next.retention_classes;
  settings_.hold_for_sinks = next.hold_for_sinks;
  set_log(settings_.log_level, settings_.log_format);
  store_->set_retention(retention_of(settings_));
  ingest_->set_retention_age(store::longest_age(retention_of(settings_)));
  log_info("configuration reloaded");
  log_retention(settings_);
  return {};
}

void Daemon::stop(TimeNs limit) {
  if (stopped_) return;
  stopped_ = true;
  readiness_.set(kDraining);
  if (serving_) {
    server_->serve(gate_);
    log_info("stopping: finishing open requests");
    ::unlink(address_file(settings_).c_str());
    tails_->end_all("the daemon is stopping");
    indexer_->interrupt();
    store_->interrupt();
    deletions_->stop();
  }
  if (server_ != nullptr) server_->stop(limit);
  tails_.reset();
  deletions_.reset();
  if (indexer_ != nullptr) indexer_->stop();
  if (store_ != nullptr) store_->close();
}

}  // namespace duramen::tools
