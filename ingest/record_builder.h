#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ingest/field_names.h"
#include "ingest/ingest.h"
#include "ingest/json_scan.h"
#include "ingest/label_runs.h"
#include "ingest/stream_table.h"
#include "model/record_batch.h"

namespace duramen::ingest {

inline constexpr std::size_t kMaxLabelBytes = 1024;  ///< a longer value stays a field

/// Why a record was rejected. Stable: a metric's label.
enum class RejectReason : std::uint8_t {
  kNotJson,
  kSyntax,
  kDuplicateKey,
  kTime,
  kLimit,
  kReserved,
  kBase64,
  kEmpty,
};
inline constexpr std::array<std::string_view, 8> kRejectReasonNames = {
    "not_json", "syntax", "duplicate_key", "time", "limit", "reserved", "base64", "empty"};

struct Rejection {
  RejectReason reason;
  std::string text;
};

/// Good records that were not taken exactly as they came.
struct BuildCounts {
  std::uint64_t outside_range = 0;     ///< filed under received time: too old or in the future
  std::uint64_t too_many_days = 0;     ///< filed under received time: too many days in the request
  std::uint64_t too_many_streams = 0;  ///< their labels became fields
  std::uint64_t long_labels = 0;       ///< labels that became fields
  std::uint64_t split = 0;             ///< messages stored as parts
};

struct BuildOptions {
  IngestFormat format;
  IngestLimits limits;
  TimeNs received = 0;
  TimeNs oldest = 0;  ///< accepted without keep_old
};

/// Turns the fields of records, in any order, into rows of one RecordBatch: chooses time, message
/// and labels, cuts long messages, applies limits. Every decoder of ingest/ feeds one.
///
/// Per record: begin(), then key() and text()/json() for each field, then finish(). Views given to
/// text() and json() must live until finish().
/// Threading: none. Limits: those of BuildOptions and of field_names.h; a record over one is
/// rejected and leaves no trace in the batch.
class RecordBuilder {
 public:
  /// Errors: kInvalidArgument as FieldNames::create. `scratch` outlives it.
  static Result<RecordBuilder> create(BuildOptions options, Scratch& scratch);

  void begin();
  /// The name of the next field; kNoName when there are too many. A repeat rejects the record.
  std::uint32_t key(std::string_view text);
  /// Says that `name` (as expected) occurs.
  void key_again(std::uint32_t name) {
    FieldName& known = names_[name];
    if (known.seen == record_) reject_repeat(known);
    known.seen = record_;
  }
  void text(std::uint32_t name, std::string_view value);
  /// A number, true, false, array or object as JSON text.
  void json(std::uint32_t name, std::string_view value);
  /// The labels of a run, all at once. `run` must live until finish().
  void label_run(LabelRun& run);
  /// Rejects the current record, unless it is already.
  void reject(RejectReason reason, std::string text);
  bool rejected() const { return rejection_.has_value(); }
  const std::optional<Rejection>& rejection() const { return rejection_; }

  struct Value {
    std::uint32_t name = kNoName;
    model::FieldKind kind = model::FieldKind::kText;
    std::string_view text;
  };
  /// An object that was kept as a possible message but is not it: the decoder flattens it.
  std::optional<Value> take_loose_object();
  /// Ends the record; false when it is rejected.
  bool finish();

  FieldNames& names() { return names_; }
  std::uint64_t accepted() const { return accepted_; }
  const BuildCounts& counts() const { return counts_; }
  const BuildOptions& options() const { return options_; }
  /// Makes room for what is still to come, `consumed` of `total` input bytes being done.
  void reserve_for(std::size_t consumed, std::size_t total);
  model::RecordBatch& batch() { return batch_; }

 private:
  RecordBuilder(BuildOptions options, FieldNames names, Scratch& scratch);
  void reject_repeat(const FieldName& name);
  void add(const Value& value);
  bool count_field();
  void spread_run();
  void add_label(const Value& value);
  void add_field(const Value& value);
  void choose(Value& best, Value value);
  bool add_base64(std::uint32_t name, std::string_view value);
  bool resolve_time();
  std::optional<TimeNs> read_time(std::string_view text);
  std::optional<TimeNs> time_in_last_minute(std::string_view text) const;
  bool day_fits(TimeNs time);
  bool own_names_are_free(bool parts);
  bool take_name(std::uint32_t name);
  std::uint32_t resolve_stream();
  std::uint32_t column_of(std::uint32_t name);
  void write_fields();
  void write_parts(std::uint32_t stream);
  std::size_t part_end(std::size_t from) const;

  BuildOptions options_;
  Scratch* scratch_;
  FieldNames names_;
  StreamTable streams_;
  model::RecordBatch batch_;
  BuildCounts counts_;
  std::string stream_key_;
  std::string last_minute_;    ///< `2026-11-21T10:20:` of the last RFC 3339 time in UTC
  TimeNs last_minute_at_ = 0;  ///< when it began
  std::vector<std::int64_t> days_;
  std::uint64_t accepted_ = 0;
  TimeNs newest_;

  // The record that is being built.
  std::uint64_t record_ = 0;
  std::optional<Rejection> rejection_;
  Value time_text_;
  Value message_;
  TimeNs time_ = 0;
  enum class Claim : std::uint8_t {
    kNone,
    kRange,
    kDays
  } claimed_ = Claim::kNone;  ///< filed under received time, and why
  bool renamed_ = false;      ///< some field is stored under another name
  std::uint32_t fields_seen_ = 0;
  std::uint32_t long_labels_ = 0;
  LabelRun* run_ = nullptr;    ///< labels that are not in labels_
  std::vector<Value> labels_;  ///< by rank
  std::vector<Value> fields_;
  std::vector<Value> loose_;  ///< objects that wait for take_loose_object()
};

}  // namespace duramen::ingest
