#include "ingest/ingest.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"
#include "ingest/ndjson.h"

namespace duramen::ingest {
namespace {

/// What a packed body may grow to, as a first guess of what it will take (text packs about 8:1).
constexpr std::uint64_t kUnpackGuess = 16;
constexpr std::string_view kRejectedHelp = "Lines that were not stored, by reason.";
constexpr std::string_view kBatchesHelp = "Requests of the HTTP ingest, by what became of them.";
constexpr std::string_view kMovedHelp =
    "Records not taken exactly as they came (time, labels, length), by reason.";

/// Bytes of requests between admission and answer.
class InflightBudget {
 public:
  explicit InflightBudget(std::uint64_t limit) : limit_(limit) {}
  bool acquire(std::uint64_t bytes) {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ - std::min(limit_, used)) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_acquire));
    return true;
  }
  void release(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_release); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::uint64_t limit() const { return limit_; }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

struct Meters {
  explicit Meters(MetricRegistry& metrics)
      : accepted(metrics.counter("duramen_ingest_lines_accepted_total",
                                 "Lines that were stored durably; repeats are not counted again.")),
        bytes(metrics.counter("duramen_ingest_bytes_total", "Bytes of unpacked request bodies.")),
        stored(
            metrics.counter("duramen_ingest_batches_total", kBatchesHelp, {{"result", "stored"}})),
        duplicate(metrics.counter("duramen_ingest_batches_total", kBatchesHelp,
                                  {{"result", "duplicate"}})),
        refused(
            metrics.counter("duramen_ingest_batches_total", kBatchesHelp, {{"result", "refused"}})),
        invalid(
            metrics.counter("duramen_ingest_batches_total", kBatchesHelp, {{"result", "invalid"}})),
        outside_range(moved(metrics, "time_outside_range")),
        too_many_days(moved(metrics, "too_many_days")),
        too_many_streams(moved(metrics, "too_many_streams")),
        long_labels(moved(metrics, "long_label")),
        split(moved(metrics, "long_line")),
        ack_seconds(metrics.histogram("duramen_ingest_seconds",
                                      "From admission of a request to its durable answer.")) {
    for (std::size_t i = 0; i < rejected.size(); ++i) {
      rejected[i] = &metrics.counter("duramen_ingest_lines_rejected_total", kRejectedHelp,
                                     {{"reason", std::string(kRejectReasonNames[i])}});
    }
  }
  static Counter& moved(MetricRegistry& metrics, std::string_view reason) {
    return metrics.counter("duramen_ingest_records_changed_total", kMovedHelp,
                           {{"reason", std::string(reason)}});
  }

  Counter& accepted;
  Counter& bytes;
  Counter& stored;
  Counter& duplicate;
  Counter& refused;
  Counter& invalid;
  Counter& outside_range;
  Counter& too_many_days;
  Counter& too_many_streams;
  Counter& long_labels;
  Counter& split;
  LatencyHistogram& ack_seconds;
  std::array<Counter*, kRejectReasonNames.size()> rejected{};
};

void add_names(ByteWriter& out, const std::vector<std::string>& names) {
  out.varint(names.size());
  for (const std::string& name : names) out.text(name);
}

/// The same key from the same sender with the same content is a repeat (docs/http-api.md,
/// "Idempotency").
model::BatchId batch_id(const IngestRequest& request, std::string_view body) {
  std::string who;
  ByteWriter id(who);
  id.text("");  // tenant
  id.text(request.credential);
  id.text("http");
  id.text(request.idempotency_key);
  std::string what;
  ByteWriter content(what);
  content.u64(checksum64(body));
  add_names(content, request.format.time_fields);
  add_names(content, request.format.message_fields);
  add_names(content, request.format.stream_fields);
  content.u8(request.format.keep_old ? 1 : 0);
  return {hash128(who), checksum64(what)};
}

/// Gives bytes back when the request is answered, whichever way.
class Admission {
 public:
  explicit Admission(std::shared_ptr<InflightBudget> budget) : budget_(std::move(budget)) {}
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  Admission(Admission&&) = delete;
  Admission& operator=(Admission&&) = delete;
  ~Admission() { budget_->release(held_); }

  /// Holds `bytes` from now on, more or less than before. A request larger than the whole budget
  /// gets in when it is alone.
  Result<void> hold(std::uint64_t bytes) {
    bytes = std::min(bytes, budget_->limit());
    if (bytes > held_ && !budget_->acquire(bytes - held_)) {
      return Error{ErrorCode::kResourceExhausted,
                   "requests being stored hold " + std::to_string(budget_->used()) + " of " +
                       std::to_string(budget_->limit()) + " bytes, and this one needs " +
                       std::to_string(bytes - held_) + " more; send it again a little later"};
    }
    if (bytes < held_) budget_->release(held_ - bytes);
    held_ = bytes;
    return {};
  }

 private:
  std::shared_ptr<InflightBudget> budget_;
  std::uint64_t held_ = 0;
};

}  // namespace

struct Ingest::State {
  State(model::RecordSink& the_sink, const Clock& the_clock, MetricRegistry& metrics,
        const IngestLimits& the_limits, std::optional<TimeNs> age)
      : sink(the_sink),
        clock(the_clock),
        limits(the_limits),
        budget(std::make_shared<InflightBudget>(the_limits.inflight_bytes)),
        meters(metrics),
        retention_age(age.value_or(kKeepAll)) {
    metrics.gauge("duramen_ingest_inflight_bytes",
                  "Bytes of requests admitted and not yet answered.", {},
                  [shared = budget] { return static_cast<double>(shared->used()); });
  }

  static constexpr TimeNs kKeepAll = -1;

  model::RecordSink& sink;
  const Clock& clock;
  const IngestLimits limits;
  std::shared_ptr<InflightBudget> budget;
  Meters meters;
  std::atomic<TimeNs> retention_age;
};

/// One request from admission to answer.
struct Ingest::Pending {
  Pending(std::shared_ptr<State> the_state, Done the_done)
      : state(std::move(the_state)),
        done(std::move(the_done)),
        started(state->clock.now()),
        admission(state->budget) {}

  BuildOptions options(const IngestFormat& format) const {
    const TimeNs age = state->retention_age.load();
    const TimeNs oldest = age == State::kKeepAll ? 0 : std::max<TimeNs>(0, started - age);
    return {format, state->limits, started, oldest};
  }
  /// Unpacks and parses; the body is gone afterwards.
  Result<model::AppendRequest> prepare(IngestRequest request);
  /// Tells the sender how the append went.
  void settle(Result<model::AppendAck> ack);
  void refuse(Error error, Counter& counter) const {
    counter.add();
    done(std::move(error));
  }
  void count() const;

  std::shared_ptr<State> state;
  Done done;
  TimeNs started;
  Admission admission;
  ParsedBody parsed;
  std::vector<std::string> warnings;
};

Result<model::AppendRequest> Ingest::Pending::prepare(IngestRequest request) {
  const IngestLimits& limits = state->limits;
  if (request.body.size() > limits.body_bytes) {
    return Error{ErrorCode::kOutOfRange,
                 "the body has " + std::to_string(request.body.size()) +
                     " bytes, more than ingest.body_bytes = " + std::to_string(limits.body_bytes) +
                     "; send it in smaller requests"};
  }
  const bool packed = request.coding != ContentCoding::kIdentity;
  DURAMEN_TRY_VOID(
      admission.hold(packed ? std::min(limits.body_bytes, request.body.size() * kUnpackGuess)
                            : request.body.size()));
  std::string body = std::move(request.body);
  if (packed) {
    DURAMEN_TRY(body, decode_body(body, request.coding, limits.body_bytes));
    DURAMEN_TRY_VOID(admission.hold(body.size()));
  }
  state->meters.bytes.add(body.size());
  const BuildOptions build = options(request.format);
  DURAMEN_TRY(parsed, parse_ndjson(body, build));
  if (parsed.accepted == 0 && parsed.rejected == 0) {
    return Error{ErrorCode::kInvalidArgument, "the body holds no record"};
  }
  warnings = to_warnings(parsed.counts, build);
  model::AppendRequest append{std::move(parsed.records), std::nullopt};
  if (!request.idempotency_key.empty()) append.batch_id = batch_id(request, body);
  return append;
}

void Ingest::Pending::count() const {
  const Meters& meters = state->meters;
  for (std::size_t i = 0; i < meters.rejected.size(); ++i) {
    if (parsed.rejected_by_reason[i] != 0) meters.rejected[i]->add(parsed.rejected_by_reason[i]);
  }
  meters.ack_seconds.observe(static_cast<double>(state->clock.now() - started) /
                             static_cast<double>(kNsPerSecond));
}

void Ingest::Pending::settle(Result<model::AppendAck> ack) {
  Meters& meters = state->meters;
  if (!ack) {
    refuse(std::move(ack).error(), meters.refused);
    return;
  }
  count();
  if (ack->duplicate) {
    meters.duplicate.add();
  } else {
    meters.stored.add();
    meters.accepted.add(parsed.accepted);
    meters.outside_range.add(parsed.counts.outside_range);
    meters.too_many_days.add(parsed.counts.too_many_days);
    meters.too_many_streams.add(parsed.counts.too_many_streams);
    meters.long_labels.add(parsed.counts.long_labels);
    meters.split.add(parsed.counts.split);
  }
  done(IngestAnswer{parsed.accepted, parsed.rejected, std::move(parsed.errors), std::move(warnings),
                    *std::move(ack)});
}

Ingest::Ingest(model::RecordSink& sink, const Clock& clock, MetricRegistry& metrics,
               IngestLimits limits, std::optional<TimeNs> retention_age)
    : state_(std::make_shared<State>(sink, clock, metrics, limits, retention_age)) {}

Ingest::~Ingest() = default;

void Ingest::set_retention_age(std::optional<TimeNs> age) {
  state_->retention_age.store(age.value_or(State::kKeepAll));
}

void Ingest::ingest(IngestRequest request, Done done) {
  auto pending = std::make_shared<Pending>(state_, std::move(done));
  auto append = pending->prepare(std::move(request));
  if (!append) {
    const bool full = append.error().code == ErrorCode::kResourceExhausted;
    pending->refuse(std::move(append).error(),
                    full ? state_->meters.refused : state_->meters.invalid);
    return;
  }
  if (append->records->rows() == 0) {  // every line was bad: nothing to store
    pending->count();
    state_->meters.invalid.add();
    pending->done(
        IngestAnswer{0, pending->parsed.rejected, std::move(pending->parsed.errors), {}, {}});
    return;
  }
  state_->sink.append(*std::move(append),
                      [pending](Result<model::AppendAck> ack) { pending->settle(std::move(ack)); });
}

}  // namespace duramen::ingest
