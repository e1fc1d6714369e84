#include <atomic>
#include <memory>

#include "api/routes/parameters.h"
#include "api/routes/route_groups.h"
#include "backup/send.h"
#include "base/log.h"

namespace duramen::api {
namespace {

constexpr std::string_view kOpenApi = R"({
  "description": "Streams a backup of the store and its index as of one moment, as a tar. Its last member, backup.json, names every file with size and digest: without it the backup is cut off (docs/format/backup.md). One at a time; ends when the client goes away.",
  "responses": {
    "200": {"description":"the backup","content":{"application/x-tar":{}}},
    "409": {"description":"another backup is being sent"},
    "422": {"description":"the store has more files than a backup may have, or HTTP/1.0 more than 4 MiB"},
    "503": {"description":"the disk refuses, too many answers are streamed, starting or stopping"}
  }
})";

/// What the backups of one daemon share.
struct Backups {
  explicit Backups(MetricRegistry& metrics)
      : whole(metrics.counter("duramen_backups_total", "Backups, by how they ended",
                              {{"end", "whole"}})),
        broken(metrics.counter("duramen_backups_total", "Backups, by how they ended",
                               {{"end", "broken_off"}})),
        bytes(metrics.counter("duramen_backup_bytes_total", "Bytes of backups sent")) {}
  Counter& whole;
  Counter& broken;
  Counter& bytes;
  std::atomic<bool> running{false};
};

/// Has the only turn until it dies, or none.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& running) : running_(running), mine_(!running.exchange(true)) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  Turn(Turn&&) = delete;
  Turn& operator=(Turn&&) = delete;
  ~Turn() {
    if (mine_) running_.store(false);
  }
  bool mine() const { return mine_; }

 private:
  std::atomic<bool>& running_;
  const bool mine_;
};

Result<void> send(const Services& services, Backups& backups, BodyWriter& out) {
  const Turn turn(backups.running);
  if (!turn.mine()) {
    return Error{ErrorCode::kAlreadyExists,
                 "another backup is being sent; one at a time: try again when it has ended"};
  }
  backup::IndexCopier copy_index;
  if (services.indexer != nullptr) {
    copy_index = [&](const std::string& to) { return services.indexer->checkpoint(to); };
  }
  // A stop does not wait for what may take hours.
  const auto stopping = [&services]() -> Result<void> {
    if (services.readiness.reason().empty()) return {};
    return Error{ErrorCode::kCancelled, "the daemon is stopping"};
  };
  out.give_up_when(stopping);
  log_info("a backup begins");
  const auto sent = backup::send_backup(
      {services.store, std::move(copy_index), services.data_dir, services.version, services.clock},
      [&](std::string_view bytes) -> Result<void> {
        DURAMEN_TRY_VOID(stopping());
        backups.bytes.add(bytes.size());
        return out.write(bytes);
      });
  if (!sent) {
    backups.broken.add();
    log_warning("a backup broke off", {{"reason", sent.error().message}});
    return sent.error();
  }
  backups.whole.add();
  log_info("a backup was sent", {{"files", sent->files.size()},
                                 {"bytes", sent->bytes()},
                                 {"durable_seq", sent->durable.value()}});
  return {};
}

Problem problem_of(const Error& error) {
  if (error.code == ErrorCode::kAlreadyExists) {
    return make_problem(409, "backup-running", error.message);
  }
  // Too many files, or too much for HTTP/1.0: the next time, too.
  if (error.code == ErrorCode::kResourceExhausted) {
    return make_problem(422, "backup-too-large", error.message);
  }
  return to_problem(error);
}

}  // namespace

void add_backup_route(Router& router, const Services& services) {
  if (services.data_dir.empty()) return;
  const auto backups = std::make_shared<Backups>(services.metrics);
  router.add({"POST", "/api/v1/admin/backup", "Stream a backup of everything",
              [services, backups](const Request& request, const Responder& respond) {
                if (auto refusal = refuse_unknown(request.parameters, {})) {
                  respond(*std::move(refusal));
                  return;
                }
                respond(Response{
                    200,
                    {{"Content-Type", "application/x-tar"}, {"Cache-Control", "no-store"}},
                    [services, backups](BodyWriter& out) { return send(services, *backups, out); },
                    problem_of});
              },
              std::string(kOpenApi)});
}

}  // namespace duramen::api
