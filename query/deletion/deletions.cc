#include "query/deletion/deletions.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/mutex.h"
#include "base/time_text.h"
#include "query/deletion/doomed_rows.h"
#include "query/language/parser.h"
#include "query/progress.h"

namespace duramen::query {
namespace {

using store::Deletion;
using store::DeletionState;

constexpr auto kAfterTrouble = std::chrono::seconds(10);
constexpr TimeNs kNoTimeout = std::numeric_limits<TimeNs>::max();
constexpr std::size_t kProblemsTold = 20;

/// Errors: kInvalidArgument, kOutOfRange.
Result<Query> check_filter(const std::string& q, const DeletionLimits& limits) {
  if (q.size() > limits.max_query_bytes) {
    return Error{ErrorCode::kOutOfRange, "the query has " + std::to_string(q.size()) +
                                             " bytes, the limit is " +
                                             std::to_string(limits.max_query_bytes)};
  }
  if (q.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Error{ErrorCode::kInvalidArgument,
                 "nothing says which rows to delete; `*` is every row"};
  }
  DURAMEN_TRY(Query query, parse_query(q));
  if (!query.pipes.empty()) {
    return Error{ErrorCode::kInvalidArgument,
                 "a deletion takes a filter alone, without pipes: rows are deleted whole"};
  }
  return query;
}

Result<void> check_request(const DeletionRequest& request, const DeletionLimits& limits) {
  if (request.reason.size() > limits.max_reason_bytes) {
    return Error{ErrorCode::kOutOfRange, "the reason has " + std::to_string(request.reason.size()) +
                                             " bytes, the limit is " +
                                             std::to_string(limits.max_reason_bytes)};
  }
  if (request.start && request.end && *request.start >= *request.end) {
    return Error{ErrorCode::kInvalidArgument,
                 "the range is empty: its start " + to_rfc3339(*request.start) +
                     " is not before its end " + to_rfc3339(*request.end)};
  }
  return {};
}

/// Not too many: they are kept for ever.
std::string told(const std::vector<std::string>& problems) {
  std::string out;
  for (std::size_t i = 0; i < std::min(problems.size(), kProblemsTold); ++i) {
    out += (out.empty() ? "" : "; ") + problems[i];
  }
  if (problems.size() > kProblemsTold) {
    out += "; and " + std::to_string(problems.size() - kProblemsTold) + " more";
  }
  return out;
}

/// It would come to the same the next time.
bool is_final(ErrorCode code) {
  return code == ErrorCode::kInvalidArgument || code == ErrorCode::kResourceExhausted ||
         code == ErrorCode::kOutOfRange;
}

std::string_view phase_name(store::ErasePhase phase) {
  switch (phase) {
    case store::ErasePhase::kRewriting:
      return "rewriting";
    case store::ErasePhase::kWaiting:
      return "readers";
    case store::ErasePhase::kPurging:
      break;
  }
  return "purging";
}

class LocalDeletions final : public Deletions {
 public:
  LocalDeletions(store::Store& store, const index::Index* index, CleanIndex clean_index,
                 DeletionLimits limits, const Clock& clock, MetricRegistry& metrics)
      : store_(store),
        index_(index),
        clean_index_(std::move(clean_index)),
        limits_(limits),
        clock_(clock),
        metrics_(metrics),
        rows_(metrics.counter("duramen_deleted_rows_total", "Rows that deletions took away.")) {}
  ~LocalDeletions() override { stop(); }
  LocalDeletions(const LocalDeletions&) = delete;
  LocalDeletions& operator=(const LocalDeletions&) = delete;
  LocalDeletions(LocalDeletions&&) = delete;
  LocalDeletions& operator=(LocalDeletions&&) = delete;

  Result<DeletionInfo> request(const DeletionRequest& request) override;
  std::vector<DeletionInfo> list() const override;
  std::optional<DeletionInfo> find(std::uint64_t id) const override;
  Result<void> cancel(std::uint64_t id) override;
  void start() override {
    thread_ = std::thread([this] { run(); });
  }
  void stop() override;
  Result<bool> step() override;

 private:
  void run();
  std::optional<Deletion> oldest_open();
  Result<void> carry_out(Deletion deletion, Progress& progress);
  /// Gives it with its rows hidden, or as it ended before that.
  Result<Deletion> hide(const Deletion& deletion, Progress& progress);
  Result<DoomedRows> look(const Deletion& deletion, Progress& progress);
  Result<void> erase(const Deletion& deletion);
  Result<Deletion> end(const Deletion& deletion, DeletionState state, std::string problem);
  DeletionInfo info_of(Deletion deletion) const DURAMEN_REQUIRES(mutex_);
  void at(std::string_view phase, std::uint64_t done, std::uint64_t total);

  store::Store& store_;
  const index::Index* const index_;
  const CleanIndex clean_index_;
  const DeletionLimits limits_;
  const Clock& clock_;
  MetricRegistry& metrics_;
  Counter& rows_;

  /// What is being done now.
  struct Current {
    std::uint64_t id = 0;
    std::shared_ptr<Progress> progress;
    std::string_view phase = "waiting";
    std::uint64_t done = 0;
    std::uint64_t total = 0;
  };

  Mutex step_mutex_;  ///< one at a time
  mutable Mutex mutex_;
  CondVar changed_;
  Current current_ DURAMEN_GUARDED_BY(mutex_);
  std::string trouble_ DURAMEN_GUARDED_BY(mutex_);  ///< of the oldest
  bool asked_ DURAMEN_GUARDED_BY(mutex_) = true;
  bool stopped_ DURAMEN_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// ---- what others ask

Result<DeletionInfo> LocalDeletions::request(const DeletionRequest& request) {
  DURAMEN_TRY(const Query query, check_filter(request.q, limits_));
  DURAMEN_TRY_VOID(check_request(request, limits_));
  const auto all = store_.deletions();
  const auto open = static_cast<std::uint64_t>(
      std::count_if(all.begin(), all.end(), [](const Deletion& one) { return one.is_open(); }));
  if (open >= limits_.waiting) {
    return Error{ErrorCode::kResourceExhausted,
                 std::to_string(open) + " deletions wait, as many as may; try again later"};
  }
  Deletion deletion;
  deletion.query = to_text(query);
  deletion.start = request.start;
  deletion.end = request.end;
  deletion.up_to = store_.durable();
  deletion.by = request.by;
  deletion.reason = request.reason;
  deletion.asked = clock_.now();
  DURAMEN_TRY(deletion, store_.plan_deletion(std::move(deletion)));
  log_info("a deletion was asked for", {{"id", deletion.id},
                                        {"q", deletion.query},
                                        {"by", deletion.by},
                                        {"reason", deletion.reason}});
  const MutexLock lock(mutex_);
  asked_ = true;
  changed_.notify_all();
  return info_of(std::move(deletion));
}

DeletionInfo LocalDeletions::info_of(Deletion deletion) const {
  DeletionInfo info;
  if (deletion.is_open()) info.phase = "waiting";
  if (deletion.is_open() && deletion.id == current_.id) {
    info.phase = current_.phase;
    info.done = current_.done;
    info.total = current_.total;
    if (current_.phase == "looking" && current_.progress != nullptr) {
      info.done = current_.progress->units;
      info.total = current_.progress->units_total;
    }
    info.trouble = trouble_;
  }
  info.deletion = std::move(deletion);
  return info;
}

std::vector<DeletionInfo> LocalDeletions::list() const {
  std::vector<DeletionInfo> out;
  for (Deletion& deletion : store_.deletions()) {
    const MutexLock lock(mutex_);
    out.push_back(info_of(std::move(deletion)));
  }
  return out;
}

std::optional<DeletionInfo> LocalDeletions::find(std::uint64_t id) const {
  for (Deletion& deletion : store_.deletions()) {
    if (deletion.id != id) continue;
    const MutexLock lock(mutex_);
    return info_of(std::move(deletion));
  }
  return std::nullopt;
}

Result<void> LocalDeletions::cancel(std::uint64_t id) {
  const auto info = find(id);
  if (!info) {
    return Error{ErrorCode::kNotFound, "there is no deletion " + std::to_string(id)};
  }
  if (info->deletion.state != DeletionState::kPlanned) {
    return Error{
        ErrorCode::kInvalidArgument,
        "it is too late: the rows of deletion " + std::to_string(id) +
            (info->deletion.hidden ? " are deleted" : " were never hidden, and it has ended")};
  }
  {
    const MutexLock lock(mutex_);
    if (current_.id == id) {
      current_.progress->cancel();
      return {};
    }
  }
  DURAMEN_TRY_VOID(end(info->deletion, DeletionState::kCancelled, {}));
  return {};
}

void LocalDeletions::stop() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    if (current_.progress != nullptr) current_.progress->cancel();
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

// ---- the thread

void LocalDeletions::run() {
  bool troubled = false;
  for (;;) {
    {
      const MutexLock lock(mutex_);
      if (troubled && !stopped_) changed_.wait_for(mutex_, kAfterTrouble);
      while (!troubled && !asked_ && !stopped_) changed_.wait(mutex_);
      if (stopped_) return;
      asked_ = false;
    }
    auto more = step();
    while (more && *more) more = step();
    troubled = !more;
    if (!troubled || more.error().code == ErrorCode::kCancelled) continue;
    log_error("a deletion does not get on; it is tried again", {{"error", more.error().message}});
  }
}

std::optional<Deletion> LocalDeletions::oldest_open() {
  auto all = store_.deletions();
  const auto open =
      std::find_if(all.begin(), all.end(), [](const Deletion& one) { return one.is_open(); });
  const MutexLock lock(mutex_);
  if (open == all.end() || stopped_) {
    current_ = {};
    return std::nullopt;
  }
  current_ = {
      open->id,
      std::make_shared<Progress>(clock_, kNoTimeout, std::numeric_limits<std::uint64_t>::max()),
      "waiting", 0, 0};
  return *open;
}

Result<bool> LocalDeletions::step() {
  const MutexLock stepping(step_mutex_);
  const auto deletion = oldest_open();
  if (!deletion) return false;
  std::shared_ptr<Progress> progress;
  {
    const MutexLock lock(mutex_);
    progress = current_.progress;
  }
  const auto done = carry_out(*deletion, *progress);
  const MutexLock lock(mutex_);
  trouble_ = done ? std::string() : done.error().message;
  if (!done) return done.error();
  current_ = {};
  return true;
}

Result<void> LocalDeletions::carry_out(Deletion deletion, Progress& progress) {
  if (deletion.state == DeletionState::kPlanned) {
    DURAMEN_TRY(deletion, hide(deletion, progress));
  }
  if (deletion.state != DeletionState::kHidden) return {};
  return erase(deletion);
}

Result<Deletion> LocalDeletions::hide(const Deletion& deletion, Progress& progress) {
  auto doomed = look(deletion, progress);
  if (doomed) {
    if (auto may = progress.check(); !may) doomed = std::move(may).error();
  }
  if (!doomed) {
    const Error& error = doomed.error();
    if (is_final(error.code)) return end(deletion, DeletionState::kFailed, error.message);
    const MutexLock lock(mutex_);
    // Of the daemon's stop, or of who asked.
    if (error.code != ErrorCode::kCancelled || stopped_ || progress.check()) return error;
  }
  if (!doomed) return end(deletion, DeletionState::kCancelled, {});
  DURAMEN_TRY(Deletion hidden, store_.hide_rows(deletion.id, doomed->blocks, told(doomed->damage)));
  rows_.add(hidden.rows);
  log_info("the rows of a deletion are hidden",
           {{"id", hidden.id}, {"rows", hidden.rows}, {"blocks", hidden.blocks}});
  return hidden;
}

Result<DoomedRows> LocalDeletions::look(const Deletion& deletion, Progress& progress) {
  at("sealing", 0, 0);
  DURAMEN_TRY_VOID(store_.seal());
  at("looking", 0, 0);
  DURAMEN_TRY(const Query query, parse_query(deletion.query));
  const auto snapshot = store_.snapshot();
  return find_doomed_rows(*snapshot, index_, query.filter, {deletion.start, deletion.end},
                          deletion.up_to, limits_.mark_bytes, progress);
}

Result<void> LocalDeletions::erase(const Deletion& deletion) {
  DURAMEN_TRY(auto problems,
              store_.erase_hidden_rows(
                  [this](store::ErasePhase phase, std::uint64_t done, std::uint64_t total) {
                    at(phase_name(phase), done, total);
                  }));
  if (!deletion.problem.empty()) problems.insert(problems.begin(), deletion.problem);
  at("indexing", 0, 0);
  if (clean_index_) DURAMEN_TRY_VOID(clean_index_());
  DURAMEN_TRY_VOID(end(deletion, DeletionState::kDone, told(problems)));
  return {};
}

Result<Deletion> LocalDeletions::end(const Deletion& deletion, DeletionState state,
                                     std::string problem) {
  DURAMEN_TRY(Deletion ended, store_.end_deletion(deletion.id, state, std::move(problem)));
  const char* const outcome = state == DeletionState::kDone     ? "done"
                              : state == DeletionState::kFailed ? "failed"
                                                                : "cancelled";
  metrics_
      .counter("duramen_deletions_total", "Deletions by how they ended.", {{"outcome", outcome}})
      .add();
  log_info(
      "a deletion has ended",
      {{"id", ended.id}, {"outcome", outcome}, {"rows", ended.rows}, {"problem", ended.problem}});
  return ended;
}

void LocalDeletions::at(std::string_view phase, std::uint64_t done, std::uint64_t total) {
  const MutexLock lock(mutex_);
  current_.phase = phase;
  current_.done = done;
  current_.total = total;
}

}  // namespace

std::unique_ptr<Deletions> make_deletions(store::Store& store, const index::Index* index,
                                          CleanIndex clean_index, DeletionLimits limits,
                                          const Clock& clock, MetricRegistry& metrics) {
  return std::make_unique<LocalDeletions>(store, index, std::move(clean_index), limits, clock,
                                          metrics);
}

}  // namespace duramen::query
