#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/ingest.h"

namespace duramen::ingest {

/// What a field of a record is used for.
enum class FieldRole : std::uint8_t { kField, kTime, kMessage, kLabel };

/// The names looked for when a request names none (docs/http-api.md, "Ingest"); earlier ones win.
std::vector<std::string_view> default_time_fields();
std::vector<std::string_view> default_message_fields();
/// Present as strings they become labels of the stream.
std::vector<std::string_view> default_stream_fields();

inline constexpr std::uint32_t kNoName = 0xFFFFFFFF;
inline constexpr std::size_t kMaxNameBytes = 1024;  ///< of one flattened field name
inline constexpr std::size_t kMaxNames = 10'000;    ///< different field names in one request
inline constexpr std::size_t kMaxFormatNames = 64;  ///< names in one list of IngestFormat

/// One field name of a request.
struct FieldName {
  std::string text;                   ///< flattened: `kubernetes.pod_name`
  std::uint64_t seen = 0;             ///< last record that had it
  std::uint32_t next = 0;             ///< the name that followed it last time
  std::uint32_t column = kNoName;     ///< index in RecordBatch::field_names, once it is a field
  std::uint32_t stored_as = kNoName;  ///< another name, for names that Duramen itself uses
  std::uint32_t decoded = kNoName;    ///< for `x_base64`: `x`
  std::uint16_t rank = 0;             ///< place in its list: smaller wins
  FieldRole role = FieldRole::kField;
  bool plain = false;  ///< stands in JSON as it is, without escapes
};

/// All field names of one request, interned: a record costs a comparison a key, not a lookup,
/// because the key that followed the last time mostly follows again.
/// Threading: none. Limits: kMaxNames, kMaxNameBytes.
class FieldNames {
 public:
  /// The name before the first key of a record.
  static constexpr std::uint32_t kStart = 0;

  /// Errors: kInvalidArgument when the lists of `format` contradict each other.
  static Result<FieldNames> create(const IngestFormat& format);

  FieldName& operator[](std::uint32_t name) { return names_[name]; }
  const FieldName& operator[](std::uint32_t name) const { return names_[name]; }

  /// The name that is expected after `name`; kStart when there is no expectation.
  std::uint32_t expected_after(std::uint32_t name) const { return names_[name].next; }
  /// kNoName when the request has too many names.
  std::uint32_t intern(std::string_view text);
  /// For names that Duramen makes itself: few, and not counted against the limit.
  std::uint32_t intern_own(std::string_view text);

 private:
  FieldNames();
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t name = kNoName;
  };
  std::size_t slot_of(std::string_view text, std::uint64_t hash) const;
  std::uint32_t add(std::string_view text, std::uint64_t hash, std::size_t slot);
  void grow();
  void link_special(std::uint32_t name);
  Result<void> give_role(const std::vector<std::string>& chosen,
                         const std::vector<std::string_view>& defaults, FieldRole role,
                         std::string_view parameter, bool explicit_pass);

  std::vector<FieldName> names_;
  std::vector<Slot> slots_;  ///< open addressing, a power of two, at most half full
};

}  // namespace duramen::ingest
