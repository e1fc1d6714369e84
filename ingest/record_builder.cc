#include "ingest/record_builder.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "base/json_text.h"
#include "base/time_text.h"

namespace duramen::ingest {
namespace {

using model::FieldKind;

/// RecordBatch counts bytes in 32 bits; parts add names and numbers to what came.
constexpr std::size_t kMaxBatchBytes = std::size_t{3} << 30;
constexpr std::size_t kBytesPerPart = 64;
constexpr std::string_view kTimeClaimed = "_time_claimed";
constexpr std::string_view kPart = "_part";
constexpr std::string_view kParts = "_parts";
constexpr std::string_view kPartId = "_part_id";

bool is_utf8_tail(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// A sender's text as part of a reason: short, and UTF-8.
std::string shown(std::string_view text) {
  constexpr std::size_t kShown = 64;
  if (!is_utf8(text)) return "(not UTF-8)";
  if (text.size() <= kShown) return "'" + std::string(text) + "'";
  std::size_t end = kShown;
  while (end > 0 && is_utf8_tail(text[end])) --end;
  return "'" + std::string(text.substr(0, end)) + "…'";
}

std::int64_t day_of(TimeNs time) { return time / kNsPerDay - (time % kNsPerDay < 0 ? 1 : 0); }

/// The number of eight digits, all at once.
std::optional<std::uint32_t> eight_digits(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t high = word & 0xF0F0F0F0F0F0F0F0;
  const std::uint64_t carried = (word + 0x0606060606060606) & 0xF0F0F0F0F0F0F0F0;
  if (high != 0x3030303030303030 || carried != 0x3030303030303030) return std::nullopt;
  word &= 0x0F0F0F0F0F0F0F0F;
  word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FF;    // pairs
  word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFF;  // fours
  return static_cast<std::uint32_t>(word * 10'000 + (word >> 32));
}

void append_size(std::string& key, std::uint16_t rank, std::size_t size) {
  char head[6];
  const auto size32 = static_cast<std::uint32_t>(size);
  std::memcpy(head, &rank, 2);
  std::memcpy(head + 2, &size32, 4);
  key.append(head, sizeof head);
}

template <class Column>
void reserve_scaled(Column& column, double factor) {
  column.reserve(static_cast<std::size_t>(static_cast<double>(column.size()) * factor));
}

}  // namespace

Result<RecordBuilder> RecordBuilder::create(BuildOptions options, Scratch& scratch) {
  DURAMEN_TRY(FieldNames names, FieldNames::create(options.format));
  return RecordBuilder(std::move(options), std::move(names), scratch);
}

RecordBuilder::RecordBuilder(BuildOptions options, FieldNames names, Scratch& scratch)
    : options_(std::move(options)),
      scratch_(&scratch),
      names_(std::move(names)),
      newest_(options_.received + kNsPerDay) {
  options_.limits.line_bytes = std::max<std::uint64_t>(options_.limits.line_bytes, 1);
}

void RecordBuilder::begin() {
  ++record_;
  rejection_.reset();
  time_text_ = {};
  message_ = {};
  claimed_ = Claim::kNone;
  renamed_ = false;
  fields_seen_ = 0;
  long_labels_ = 0;
  run_ = nullptr;
  labels_.clear();
  fields_.clear();
  loose_.clear();
  scratch_->reset();
}

void RecordBuilder::reject(RejectReason reason, std::string text) {
  if (!rejection_) rejection_ = Rejection{reason, std::move(text)};
}

std::uint32_t RecordBuilder::key(std::string_view text) {
  if (text.size() > kMaxNameBytes) {
    reject(RejectReason::kLimit, "a field name of " + std::to_string(text.size()) +
                                     " bytes, more than " + std::to_string(kMaxNameBytes) + ": " +
                                     shown(text));
    return kNoName;
  }
  const std::uint32_t name = names_.intern(text);
  if (name == kNoName) {
    reject(RejectReason::kLimit,
           "field " + shown(text) + " is one name too many: a request may have " +
               std::to_string(kMaxNames) +
               " different ones; send data under names in an array or as text");
    return kNoName;
  }
  key_again(name);
  return name;
}

void RecordBuilder::reject_repeat(const FieldName& name) {
  reject(RejectReason::kDuplicateKey, "field " + shown(name.text) + " occurs twice");
}

void RecordBuilder::text(std::uint32_t name, std::string_view value) {
  if (rejected()) return;
  if (names_[name].decoded != kNoName && add_base64(name, value)) return;
  add({name, FieldKind::kText, value});
}

void RecordBuilder::json(std::uint32_t name, std::string_view value) {
  if (rejected()) return;
  add({name, FieldKind::kJson, value});
}

bool RecordBuilder::count_field() {
  if (++fields_seen_ <= options_.limits.fields_per_record) return true;
  reject(RejectReason::kLimit, "more than " + std::to_string(options_.limits.fields_per_record) +
                                   " fields in one record");
  return false;
}

void RecordBuilder::label_run(LabelRun& run) {
  for (const std::uint32_t name : run.names) {
    key_again(name);
    if (rejected() || !count_field()) return;
  }
  spread_run();
  if (labels_.empty()) {
    run_ = &run;
    return;
  }
  for (const auto& [name, value] : run.labels) add_label({name, FieldKind::kText, value});
}

/// Makes the labels of a run single ones, because they are not all.
void RecordBuilder::spread_run() {
  if (run_ == nullptr) return;
  const LabelRun& run = *std::exchange(run_, nullptr);
  for (const auto& [name, value] : run.labels) add_label({name, FieldKind::kText, value});
}

void RecordBuilder::add(const Value& value) {
  if (!count_field()) return;
  switch (names_[value.name].role) {
    case FieldRole::kTime:
      choose(time_text_, value);
      return;
    case FieldRole::kMessage:
      choose(message_, value);
      return;
    case FieldRole::kLabel:
      add_label(value);
      return;
    case FieldRole::kField:
      add_field(value);
  }
}

/// Keeps the better of two candidates: one that has text, then the one named first in its list.
void RecordBuilder::choose(Value& best, Value value) {
  if (best.name != kNoName) {
    const bool better = best.text.empty() ||
                        (!value.text.empty() && names_[value.name].rank < names_[best.name].rank);
    if (better) std::swap(best, value);
    if (value.kind == FieldKind::kJson && value.text.starts_with('{')) {
      loose_.push_back(value);
    } else {
      add_field(value);
    }
    return;
  }
  best = value;
}

void RecordBuilder::add_label(const Value& value) {
  if (value.text.empty()) return;
  spread_run();
  if (value.kind != FieldKind::kText || value.text.size() > kMaxLabelBytes) {
    if (value.kind == FieldKind::kText) ++long_labels_;
    add_field(value);
    return;
  }
  labels_.push_back(value);
  for (std::size_t i = labels_.size() - 1;
       i > 0 && names_[labels_[i].name].rank < names_[labels_[i - 1].name].rank; --i) {
    std::swap(labels_[i], labels_[i - 1]);
  }
}

void RecordBuilder::add_field(const Value& value) {
  if (value.text.empty()) return;
  if (value.text.size() > options_.limits.line_bytes) {
    reject(
        RejectReason::kLimit,
        "field " + shown(names_[value.name].text) + " has " + std::to_string(value.text.size()) +
            " bytes, more than ingest.line_bytes = " + std::to_string(options_.limits.line_bytes) +
            "; send it as the message, which is split into parts");
    return;
  }
  renamed_ |= names_[value.name].stored_as != kNoName;
  fields_.push_back(value);
}

/// `x_base64` stands for bytes of `x` that JSON cannot carry. Text that happens to be base64 of
/// text stays what it is: a sender's own field.
bool RecordBuilder::add_base64(std::uint32_t name, std::string_view value) {
  const bool message = names_[name].role == FieldRole::kMessage && names_[name].rank == 0;
  std::string bytes;
  if (!from_base64(value, bytes)) {
    if (message) {
      reject(RejectReason::kBase64, "field '_msg_base64' is not base64 with padding (RFC 4648)");
    }
    return message;
  }
  if (!message && is_utf8(bytes)) return false;
  char* const kept = scratch_->cursor();
  if (kept == nullptr) {
    reject(RejectReason::kLimit, "out of memory");
    return true;
  }
  // NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, no C string
  std::memcpy(kept, bytes.data(), bytes.size());
  scratch_->keep(bytes.size());
  Value decoded{name, FieldKind::kText, {kept, bytes.size()}};
  if (!message) {
    decoded.name = names_[name].decoded;
    key_again(decoded.name);
    if (names_[decoded.name].role != FieldRole::kMessage) {
      add_field(decoded);  // bytes are no label and no time
      return true;
    }
  }
  add(decoded);
  return true;
}

std::optional<RecordBuilder::Value> RecordBuilder::take_loose_object() {
  if (loose_.empty()) return std::nullopt;
  const Value value = loose_.back();
  loose_.pop_back();
  return value;
}

bool RecordBuilder::finish() {
  if (rejected() || !resolve_time()) return false;
  if (message_.name == kNoName && fields_.empty() && labels_.empty() && run_ == nullptr) {
    reject(RejectReason::kEmpty, "the record has neither a message nor a field");
    return false;
  }
  const bool parts = message_.text.size() > options_.limits.line_bytes;
  if ((renamed_ || claimed_ != Claim::kNone || parts) && !own_names_are_free(parts)) return false;
  const std::size_t part_bytes =
      parts ? (message_.text.size() / options_.limits.line_bytes + 1) * kBytesPerPart : 0;
  if (batch_.raw_bytes() + message_.text.size() + part_bytes > kMaxBatchBytes) {
    reject(RejectReason::kLimit, "the request holds more than 3 GiB; send less at once");
    return false;
  }
  const std::uint32_t stream = resolve_stream();
  write_fields();
  if (parts) {
    write_parts(stream);
  } else {
    batch_.add_row(stream, time_, message_.text);
  }
  counts_.long_labels += long_labels_;
  counts_.outside_range += claimed_ == Claim::kRange ? 1 : 0;
  counts_.too_many_days += claimed_ == Claim::kDays ? 1 : 0;
  ++accepted_;
  return true;
}

bool RecordBuilder::resolve_time() {
  const std::string_view text = time_text_.text;
  if (text.empty() || text == "0" || text == "-") {
    time_ = options_.received;
    return true;
  }
  std::optional<TimeNs> time;
  if (time_text_.kind == FieldKind::kText) time = read_time(text);
  if (!time) time = parse_unix_time(text);
  if (!time && !is_time_beyond_range(text)) {
    reject(RejectReason::kTime, "field " + shown(names_[time_text_.name].text) + ": " +
                                    shown(text) +
                                    " is no time: use RFC 3339, or Unix time in s, ms, us or ns");
    return false;
  }
  time_ = time.value_or(options_.received);
  if (!time) {
    claimed_ = Claim::kRange;  // not even keep_old can keep it: a time is 64 bits of nanoseconds
  } else if (!options_.format.keep_old && (time_ < options_.oldest || time_ > newest_)) {
    claimed_ = Claim::kRange;
  } else if (!day_fits(time_)) {
    claimed_ = Claim::kDays;
  }
  if (claimed_ != Claim::kNone) time_ = options_.received;
  return true;
}

/// Most times of a request differ from the one before in their seconds only.
std::optional<TimeNs> RecordBuilder::time_in_last_minute(std::string_view text) const {
  const std::size_t prefix = last_minute_.size();
  if (prefix == 0 || text.size() < prefix + 3 || text.size() > prefix + 13 || text.back() != 'Z' ||
      std::memcmp(text.data(), last_minute_.data(), prefix) != 0) {
    return std::nullopt;
  }
  const auto digit = [](char c) { return static_cast<unsigned>(c - '0'); };
  const char* at = text.data() + prefix;
  const char* const end = text.data() + text.size() - 1;
  const unsigned tens = digit(at[0]);
  const unsigned ones = digit(at[1]);
  if (tens > 5 || ones > 9) return std::nullopt;
  at += 2;
  std::int64_t nanoseconds = 0;
  std::int64_t scale = kNsPerSecond;
  if (at != end) {
    if (*at != '.' || ++at == end) return std::nullopt;
    if (end - at >= 8) {
      const auto eight = eight_digits(at);
      if (!eight) return std::nullopt;
      nanoseconds = *eight;
      scale = 10;
      at += 8;
    }
    for (; at != end; ++at) {
      if (digit(*at) > 9) return std::nullopt;
      nanoseconds = nanoseconds * 10 + digit(*at);
      scale /= 10;
    }
  }
  return last_minute_at_ + (tens * 10 + ones) * kNsPerSecond + nanoseconds * scale;
}

std::optional<TimeNs> RecordBuilder::read_time(std::string_view text) {
  constexpr std::size_t kMinute = 17;  // `2026-11-21T10:20:`
  if (auto time = time_in_last_minute(text)) return time;
  const auto time = parse_rfc3339(text);
  // Away from the ends of the range, where a minute may begin before it.
  constexpr TimeNs kFar = std::numeric_limits<TimeNs>::max() - kNsPerDay;
  if (time && text.size() > kMinute + 2 && text.back() == 'Z' && text[kMinute - 1] == ':' &&
      *time > -kFar && *time < kFar) {
    const TimeNs in_minute = *time % (60 * kNsPerSecond);
    last_minute_at_ = *time - in_minute - (in_minute < 0 ? 60 * kNsPerSecond : 0);
    last_minute_ = text.substr(0, kMinute);
  }
  return time;
}

/// The day of the received time does not count: it is there anyway.
bool RecordBuilder::day_fits(TimeNs time) {
  const std::int64_t day = day_of(time);
  if (!days_.empty() && days_.back() == day) return true;
  if (day == day_of(options_.received)) return true;
  const auto found = std::find(days_.begin(), days_.end(), day);
  if (found != days_.end()) {
    std::swap(*found, days_.back());
    return true;
  }
  if (days_.size() >= options_.limits.days_per_request) return false;
  days_.push_back(day);
  return true;
}

/// A row has each name once, so what Duramen adds must not be there already.
bool RecordBuilder::own_names_are_free(bool parts) {
  for (const Value& field : fields_) {
    const std::uint32_t other = names_[field.name].stored_as;
    if (other != kNoName && !take_name(other)) return false;
  }
  if (claimed_ != Claim::kNone && !take_name(names_.intern_own(kTimeClaimed))) return false;
  return !parts || (take_name(names_.intern_own(kPart)) && take_name(names_.intern_own(kParts)) &&
                    take_name(names_.intern_own(kPartId)));
}

bool RecordBuilder::take_name(std::uint32_t name) {
  FieldName& own = names_[name];
  if (own.seen == record_) {
    reject(RejectReason::kReserved,
           "field " + shown(own.text) + " is needed by Duramen for this record; rename it");
    return false;
  }
  own.seen = record_;
  return true;
}

std::uint32_t RecordBuilder::resolve_stream() {
  if (run_ != nullptr) {
    if (run_->stream != StreamTable::kNone) return run_->stream;
    LabelRun& run = *run_;
    spread_run();
    const std::uint32_t stream = resolve_stream();
    if (!labels_.empty()) run.stream = stream;
    return stream;
  }
  stream_key_.clear();
  for (const Value& label : labels_) {
    append_size(stream_key_, names_[label.name].rank, label.text.size());
    stream_key_.append(label.text);
  }
  std::uint32_t stream = streams_.find(stream_key_);
  if (stream != StreamTable::kNone) return stream;
  if (!labels_.empty() && streams_.size() >= options_.limits.streams_per_request) {
    ++counts_.too_many_streams;
    fields_.insert(fields_.begin(), labels_.begin(), labels_.end());
    labels_.clear();
    return resolve_stream();
  }
  std::vector<model::Labels::Pair> pairs;
  pairs.reserve(labels_.size());
  for (const Value& label : labels_) pairs.emplace_back(names_[label.name].text, label.text);
  stream = static_cast<std::uint32_t>(batch_.streams.size());
  batch_.streams.emplace_back(std::move(pairs));
  streams_.add(stream_key_, stream);
  return stream;
}

std::uint32_t RecordBuilder::column_of(std::uint32_t name) {
  FieldName& known = names_[name];
  if (known.stored_as != kNoName) return column_of(known.stored_as);
  if (known.column == kNoName) {
    known.column = static_cast<std::uint32_t>(batch_.field_names.size());
    batch_.field_names.push_back(known.text);
  }
  return known.column;
}

void RecordBuilder::write_fields() {
  for (const Value& field : fields_) {
    batch_.add_field(column_of(field.name), field.kind, field.text);
  }
  if (claimed_ != Claim::kNone) {
    batch_.add_field(column_of(names_.intern_own(kTimeClaimed)), time_text_.kind, time_text_.text);
  }
}

/// Cuts between characters where the message is UTF-8.
std::size_t RecordBuilder::part_end(std::size_t from) const {
  const std::size_t limit = options_.limits.line_bytes;
  if (message_.text.size() - from <= limit) return message_.text.size();
  const std::size_t cut = from + limit;
  std::size_t end = cut;
  while (end > from && cut - end < 4 && is_utf8_tail(message_.text[end])) --end;
  return end == from || is_utf8_tail(message_.text[end]) ? cut : end;
}

void RecordBuilder::write_parts(std::uint32_t stream) {
  std::size_t parts = 0;
  for (std::size_t from = 0; from < message_.text.size(); from = part_end(from)) ++parts;
  // The record's number tells equal messages of one request apart; a repeat of the request gives
  // the same id again.
  const std::string id = hash128(std::to_string(record_) + " " + hash128(message_.text).to_hex())
                             .to_hex()
                             .substr(0, 16);
  const std::string total = std::to_string(parts);
  std::size_t from = 0;
  for (std::size_t part = 1; part <= parts; ++part) {
    const std::size_t end = part_end(from);
    batch_.add_field(column_of(names_.intern_own(kPart)), FieldKind::kJson, std::to_string(part));
    batch_.add_field(column_of(names_.intern_own(kParts)), FieldKind::kJson, total);
    batch_.add_field(column_of(names_.intern_own(kPartId)), FieldKind::kText, id);
    batch_.add_row(stream, time_, message_.text.substr(from, end - from));
    from = end;
  }
  ++counts_.split;
}

void RecordBuilder::reserve_for(std::size_t consumed, std::size_t total) {
  if (consumed == 0 || batch_.rows() == 0) return;
  const double factor = 1.05 * static_cast<double>(total) / static_cast<double>(consumed);
  reserve_scaled(batch_.stream, factor);
  reserve_scaled(batch_.time, factor);
  reserve_scaled(batch_.message_end, factor);
  reserve_scaled(batch_.fields_end, factor);
  reserve_scaled(batch_.messages, factor);
  reserve_scaled(batch_.field_name, factor);
  reserve_scaled(batch_.field_kind, factor);
  reserve_scaled(batch_.value_end, factor);
  reserve_scaled(batch_.values, factor);
}

}  // namespace duramen::ingest
