#include "ingest/ndjson.h"

#include <algorithm>
#include <cstring>

#include "base/json_text.h"
#include "base/time_text.h"

namespace duramen::ingest {
namespace {

constexpr std::size_t kSampleBytes = 64 * 1024;  ///< parsed before the columns get their room
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class NdjsonParser {
 public:
  NdjsonParser(const std::string& body, RecordBuilder builder, Scratch& scratch)
      : begin_(body.data()),
        end_(body.data() + body.size()),
        line_start_(begin_),
        scan_(body, scratch),
        builder_(std::move(builder)),
        max_errors_(builder_.options().limits.reported_errors) {}

  Result<ParsedBody> run() {
    if (std::string_view(begin_, size()).starts_with(kByteOrderMark)) scan_.at += 3;
    skip_blank();
    if (scan_.at == end_) {
      return Error{ErrorCode::kInvalidArgument, "the body is empty: it should hold JSON objects"};
    }
    if (*scan_.at == '[') {
      DURAMEN_TRY_VOID(array_or_lines());
    } else {
      DURAMEN_TRY_VOID(lines());
    }
    out_.records = std::make_shared<model::RecordBatch>(std::move(builder_.batch()));
    out_.accepted = builder_.accepted();
    out_.counts = builder_.counts();
    return std::move(out_);
  }

 private:
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }

  /// Skips white space between records and counts lines.
  void skip_blank() {
    for (; scan_.at != end_; ++scan_.at) {
      const char c = *scan_.at;
      if (c == '\n') {
        start_line(scan_.at + 1);
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }
  void start_line(const char* at) {
    ++line_;
    line_start_ = at;
  }
  /// Counts the lines that a record ran over.
  void count_lines_to(const char* at) {
    while (const void* found =
               std::memchr(line_start_, '\n', static_cast<std::size_t>(at - line_start_))) {
      start_line(static_cast<const char*>(found) + 1);
    }
  }

  Result<void> lines();
  Result<void> array_or_lines();
  Result<void> array();
  bool record();
  Result<void> count_record();
  void skip_bad_line();
  void reject_record(std::uint64_t line);
  void reject_syntax(std::uint64_t line, const char* line_start);

  bool object(unsigned depth);
  bool field(unsigned depth);
  bool key(std::uint32_t& name);
  bool value(std::uint32_t name, char first, unsigned depth);
  bool nested_object(std::uint32_t name, unsigned depth);
  bool loose_objects();
  bool known_labels();
  void extend_run(std::uint32_t name, std::string_view value, bool plain);
  void end_run();

  const char* begin_;
  const char* end_;
  const char* line_start_;
  std::uint64_t line_ = 1;
  JsonScanner scan_;
  RecordBuilder builder_;
  std::size_t max_errors_;
  ParsedBody out_;
  std::uint64_t records_ = 0;
  bool room_made_ = false;
  bool in_array_ = false;
  bool object_in_array_ = false;
  bool several_lines_ = true;  ///< until it has failed once: bounds the work of broken bodies

  std::uint32_t last_key_ = FieldNames::kStart;
  std::string path_;  ///< of the object being read: `kubernetes.`
  std::string full_;  ///< scratch of key()

  LabelRuns runs_;
  LabelRun run_;                     ///< being recorded
  const char* run_begin_ = nullptr;  ///< null: none is being recorded
};

Result<void> NdjsonParser::count_record() {
  if (++records_ > kMaxRecords) {
    return Error{ErrorCode::kOutOfRange, "the request has more than " +
                                             std::to_string(kMaxRecords) +
                                             " records; send it in smaller requests"};
  }
  const auto consumed = static_cast<std::size_t>(scan_.at - begin_);
  if (!room_made_ && consumed >= kSampleBytes) {
    room_made_ = true;
    builder_.reserve_for(consumed, size());
  }
  return {};
}

Result<void> NdjsonParser::lines() {
  while (scan_.at != end_) {
    DURAMEN_TRY_VOID(count_record());
    const std::uint64_t line = line_;
    const char* const line_start = line_start_;
    scan_.allow_line_ends(several_lines_);
    scan_.clear_crossed();
    builder_.begin();
    bool ok = false;
    if (*scan_.at != '{') {
      builder_.reject(
          RejectReason::kNotJson,
          "not a JSON object (it must begin with {); plain text is taken by 'duramen import'");
    } else {
      ok = record();
      scan_.allow_line_ends(false);
      const char after = ok ? scan_.next() : '\0';
      if (ok && after != '\n' && after != '{' && scan_.at != end_) {
        ok = scan_.fail("text after the object");
      }
    }
    if (ok) {
      if (!builder_.finish()) reject_record(line);
      if (scan_.crossed() != nullptr) count_lines_to(scan_.at);
    } else {
      reject_syntax(line, line_start);
      skip_bad_line();
    }
    skip_blank();
  }
  return {};
}

/// Goes to the end of the line in which the bad record began: the next line may be good.
void NdjsonParser::skip_bad_line() {
  const char* from = scan_.at;
  if (scan_.crossed() != nullptr) {
    from = scan_.crossed();
    several_lines_ = false;
  }
  const void* line_end = std::memchr(from, '\n', static_cast<std::size_t>(end_ - from));
  scan_.at = line_end == nullptr ? end_ : static_cast<const char*>(line_end);
}

/// A body that begins with `[` is an array, or a line of text such as `[INFO] hi` is its first. An
/// array without any object that is broken was none: nothing of it was kept, so the lines are read
/// from the beginning. At most twice the work, and only for bodies without an object up to there.
Result<void> NdjsonParser::array_or_lines() {
  const char* const begin = scan_.at;
  const char* const line_start = line_start_;
  const std::uint64_t line = line_;
  auto read = array();
  if (read || object_in_array_ || read.error().code != ErrorCode::kInvalidArgument) return read;
  scan_.at = begin;
  scan_.clear_crossed();
  line_start_ = line_start;
  line_ = line;
  in_array_ = false;
  records_ = 0;
  out_ = {};
  return lines();
}

Result<void> NdjsonParser::array() {
  in_array_ = true;
  scan_.allow_line_ends(true);
  ++scan_.at;
  bool closed = scan_.next() == ']';
  while (!closed) {
    DURAMEN_TRY_VOID(count_record());
    count_lines_to(scan_.at);
    const std::uint64_t line = line_;
    builder_.begin();
    bool ok = false;
    if (*scan_.at == '{') {
      object_in_array_ = true;
      ok = record();
    } else {
      builder_.reject(RejectReason::kNotJson, "not a JSON object");
      ok = scan_.skip_value(1);
    }
    if (ok) {
      const char c = scan_.next();
      closed = c == ']';
      if (c != ',' && !closed) ok = scan_.fail("expected , or ] after an element");
    }
    if (!ok) break;
    if (!builder_.finish()) reject_record(line);
    ++scan_.at;
    if (!closed) scan_.next();
  }
  if (closed) {
    if (records_ == 0) ++scan_.at;
    scan_.next();
    if (scan_.at == end_) return {};
    scan_.fail("text after the array");
  }
  count_lines_to(scan_.fault().at);
  return Error{ErrorCode::kInvalidArgument,
               "the JSON array is broken, nothing of it was stored: line " + std::to_string(line_) +
                   ", byte " + std::to_string(scan_.fault().at - line_start_ + 1) + ": " +
                   scan_.fault().reason};
}

void NdjsonParser::reject_syntax(std::uint64_t line, const char* line_start) {
  if (!builder_.rejected()) {
    const JsonFault& fault = scan_.fault();
    const bool crossed = scan_.crossed() != nullptr && fault.at >= scan_.crossed();
    const char* const at = crossed ? scan_.crossed() : fault.at;
    std::string text = "byte " + std::to_string(at - line_start + 1) + ": ";
    text += crossed ? "the object does not end in this line" : fault.reason;
    if (!crossed && at == end_) text += ", but the body ends";
    if (!crossed && at != end_ && *at == '\n') text += ", but the line ends";
    builder_.reject(RejectReason::kSyntax, std::move(text));
  }
  reject_record(line);
}

void NdjsonParser::reject_record(std::uint64_t line) {
  ++out_.rejected;
  const Rejection& rejection = *builder_.rejection();
  ++out_.rejected_by_reason[static_cast<std::size_t>(rejection.reason)];
  if (out_.errors.size() >= max_errors_) return;
  std::string text = rejection.text;
  if (in_array_) text = "element " + std::to_string(records_) + ": " + text;
  out_.errors.push_back({line, std::move(text)});
}

/// One object; `at` is on its brace.
bool NdjsonParser::record() {
  last_key_ = FieldNames::kStart;
  path_.clear();
  ++scan_.at;
  const bool ok = object(1);
  if (run_begin_ != nullptr) end_run();
  return ok && loose_objects();
}

/// Objects that could have been the message but are not become fields as any other object.
bool NdjsonParser::loose_objects() {
  while (const auto loose = builder_.take_loose_object()) {
    const char* const back = scan_.at;
    scan_.at = loose->text.data();
    path_ = builder_.names()[loose->name].text + ".";
    ++scan_.at;
    if (!object(2)) return false;
    scan_.at = back;
  }
  return true;
}

/// The fields of an object up to its closing brace; `at` is behind the opening one.
bool NdjsonParser::object(unsigned depth) {
  char c = scan_.next();
  if (c == '}') {
    ++scan_.at;
    return true;
  }
  while (true) {
    if (c != '"') return scan_.fail("expected a field name in quotes");
    if (!known_labels() && !field(depth)) return false;
    c = scan_.next();
    if (c == '}') {
      ++scan_.at;
      return true;
    }
    if (c != ',') return scan_.fail("expected , or } after a value");
    ++scan_.at;
    c = scan_.next();
  }
}

/// Takes several labels at once, when an earlier record had the same bytes; else starts to record
/// them. `at` is on the quote of a key.
bool NdjsonParser::known_labels() {
  if (run_begin_ != nullptr || !path_.empty()) return false;
  const FieldNames& names = builder_.names();
  if (names[names.expected_after(last_key_)].role != FieldRole::kLabel || !runs_.useful()) {
    return false;
  }
  LabelRun* const known = runs_.find(scan_.at, end_);
  if (known == nullptr) {
    run_begin_ = scan_.at;
    run_.names.clear();
    run_.labels.clear();
    run_.text = {};
    return false;
  }
  builder_.label_run(*known);
  last_key_ = known->names.back();
  scan_.at += known->text.size();
  return true;
}

void NdjsonParser::extend_run(std::uint32_t name, std::string_view value, bool plain) {
  if (!path_.empty() || !plain || builder_.names()[name].role != FieldRole::kLabel ||
      value.size() > kMaxLabelBytes || scan_.crossed() != nullptr || builder_.rejected()) {
    end_run();
    return;
  }
  run_.names.push_back(name);
  if (!value.empty()) run_.labels.emplace_back(name, value);
  run_.text = {run_begin_, static_cast<std::size_t>(scan_.at - run_begin_)};
}

/// Keeps what was recorded, if it is worth it.
void NdjsonParser::end_run() {
  run_begin_ = nullptr;
  if (run_.text.size() < LabelRuns::kMinBytes || run_.labels.empty()) return;
  run_.stream = StreamTable::kNone;
  runs_.add(run_);
}

/// A key and its value; `at` is on the key's quote.
bool NdjsonParser::field(unsigned depth) {
  ++scan_.at;
  std::uint32_t name = kNoName;
  if (!key(name)) return false;
  if (*scan_.at != ':' && scan_.next() != ':') return scan_.fail("expected : after a field name");
  ++scan_.at;
  const char first = *scan_.at == '"' ? '"' : scan_.next();
  if (name == kNoName) return scan_.skip_value(depth);
  return value(name, first, depth);
}

/// The key behind `at`; `name` is kNoName when the record is rejected for it.
bool NdjsonParser::key(std::uint32_t& name) {
  FieldNames& names = builder_.names();
  const std::uint32_t expected = names.expected_after(last_key_);
  const FieldName& guess = names[expected];
  const std::size_t prefix = path_.size();
  if (guess.plain && guess.text.size() >= prefix) {
    const std::size_t leaf = guess.text.size() - prefix;
    if (static_cast<std::size_t>(end_ - scan_.at) > leaf && scan_.at[leaf] == '"' &&
        std::memcmp(scan_.at, guess.text.data() + prefix, leaf) == 0 &&
        (prefix == 0 || std::memcmp(path_.data(), guess.text.data(), prefix) == 0)) {
      scan_.at += leaf + 1;
      builder_.key_again(expected);
      last_key_ = expected;
      name = expected;
      return true;
    }
  }
  std::string_view text;
  bool plain = false;
  if (!scan_.string(text, plain)) return false;
  if (!path_.empty()) {
    full_.assign(path_).append(text);
    text = full_;
  }
  name = builder_.key(text);
  if (name != kNoName) {
    names[last_key_].next = name;
    last_key_ = name;
  }
  return true;
}

bool NdjsonParser::value(std::uint32_t name, char first, unsigned depth) {
  const char* const begin = scan_.at;
  if (first == '"') {
    ++scan_.at;
    std::string_view text;
    bool plain = false;
    if (!scan_.string(text, plain)) return false;
    builder_.text(name, text);
    if (run_begin_ != nullptr) extend_run(name, text, plain);
    return true;
  }
  if (run_begin_ != nullptr) end_run();
  if (first == '{' && builder_.names()[name].role != FieldRole::kMessage) {
    return nested_object(name, depth);
  }
  if (!scan_.skip_value(depth)) return false;
  if (first != 'n') {  // null is absent
    builder_.json(name, {begin, static_cast<std::size_t>(scan_.at - begin)});
  }
  return true;
}

bool NdjsonParser::nested_object(std::uint32_t name, unsigned depth) {
  if (depth >= JsonScanner::kMaxDepth) return scan_.fail("nested deeper than 64 levels");
  const char* const begin = scan_.at;
  ++scan_.at;
  if (scan_.next() == '}') {  // nothing to flatten: kept as it is
    ++scan_.at;
    builder_.json(name, {begin, static_cast<std::size_t>(scan_.at - begin)});
    return true;
  }
  const std::size_t outer = path_.size();
  path_.append(builder_.names()[name].text, outer).push_back('.');
  const bool ok = object(depth + 1);
  path_.resize(outer);
  return ok;
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

}  // namespace

Result<ParsedBody> parse_ndjson(const std::string& body, const BuildOptions& options) {
  if (body.size() > kMaxBodyBytes) {
    return Error{ErrorCode::kOutOfRange, "the body has " + std::to_string(body.size()) +
                                             " bytes, more than " + std::to_string(kMaxBodyBytes)};
  }
  // Twice: a string with escapes may also be base64.
  Scratch scratch(body.size() * 2 + 64);
  DURAMEN_TRY(RecordBuilder builder, RecordBuilder::create(options, scratch));
  return NdjsonParser(body, std::move(builder), scratch).run();
}

std::vector<std::string> to_warnings(const BuildCounts& counts, const BuildOptions& options) {
  std::vector<std::string> out;
  if (counts.outside_range != 0) {
    out.push_back(counted(counts.outside_range, "record", "records") + " had a time outside " +
                  to_rfc3339(options.oldest) + " to " + to_rfc3339(options.received + kNsPerDay) +
                  ": filed under the received time; the field _time_claimed has what was sent");
  }
  if (counts.too_many_days != 0) {
    out.push_back(
        counted(counts.too_many_days, "record", "records") + " would open more than " +
        std::to_string(options.limits.days_per_request) +
        " days in one request: filed under the received time; the field _time_claimed has "
        "what was sent; send fewer days in one request");
  }
  if (counts.too_many_streams != 0) {
    out.push_back("the labels of " + counted(counts.too_many_streams, "record", "records") +
                  " are kept as fields: the request has more than " +
                  std::to_string(options.limits.streams_per_request) +
                  " streams; name fewer stream fields");
  }
  if (counts.long_labels != 0) {
    out.push_back(counted(counts.long_labels, "label", "labels") + " longer than " +
                  std::to_string(kMaxLabelBytes) + " bytes: kept as fields");
  }
  if (counts.split != 0) {
    out.push_back(counted(counts.split, "message", "messages") +
                  " longer than ingest.line_bytes = " + std::to_string(options.limits.line_bytes) +
                  ": stored as parts; the fields _part, _parts and _part_id put them together");
  }
  return out;
}

void append_ndjson_row(std::string& out, const model::RecordBatch& batch, std::size_t row) {
  const auto member = [&out](std::string_view name, std::string_view value) {
    out += ',';
    const bool utf8 = is_utf8(value);
    append_json_string_lossy(out, utf8 ? name : std::string(name) + "_base64");
    out += ':';
    append_json_string_lossy(out, utf8 ? value : to_base64(value));
  };
  out += "{\"_time\":\"";
  append_rfc3339(out, batch.time[row]);
  out += '"';
  member("_msg", batch.message(row));
  for (const auto& [name, value] : batch.streams[batch.stream[row]].pairs()) member(name, value);
  for (std::uint32_t f = batch.first_field(row); f < batch.fields_end[row]; ++f) {
    const std::string& name = batch.field_names[batch.field_name[f]];
    if (batch.field_kind[f] == model::FieldKind::kText) {
      member(name, batch.value(f));
      continue;
    }
    out += ',';
    append_json_string_lossy(out, name);
    out += ':';
    out += batch.value(f);
  }
  out += "}\n";
}

}  // namespace duramen::ingest
