#include "ingest/field_names.h"

#include <algorithm>
#include <array>

#include "base/checksum.h"
#include "ingest/spread_hash.h"

namespace duramen::ingest {
namespace {

constexpr std::array<std::string_view, 5> kTimeFields = {"_time", "time", "@timestamp", "ts",
                                                         "timestamp"};
/// The empty key is the last choice of a message; as a field it is called `_empty`.
constexpr std::array<std::string_view, 5> kMessageFields = {"_msg", "log", "message", "msg", ""};
constexpr std::array<std::string_view, 29> kStreamFields = {"host",
                                                            "hostname",
                                                            "node",
                                                            "node_name",
                                                            "cluster",
                                                            "namespace",
                                                            "pod",
                                                            "pod_name",
                                                            "container",
                                                            "container_name",
                                                            "container_id",
                                                            "image",
                                                            "image_name",
                                                            "app",
                                                            "application",
                                                            "service",
                                                            "service_name",
                                                            "job",
                                                            "instance",
                                                            "source",
                                                            "stream",
                                                            "tag",
                                                            "unit",
                                                            "kubernetes.host",
                                                            "kubernetes.namespace_name",
                                                            "kubernetes.pod_name",
                                                            "kubernetes.container_name",
                                                            "kubernetes.container_image",
                                                            "kubernetes.container_hash"};

/// Names that a row gets from Duramen: a sender's field of that name is kept under another one.
constexpr std::array<std::string_view, 8> kBuiltIn = {"_time", "_msg", "_seq",   "_received",
                                                      "_node", "_gap", "_error", "_end"};
constexpr std::string_view kBase64Suffix = "_base64";

template <std::size_t N>
std::vector<std::string_view> to_vector(const std::array<std::string_view, N>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

std::vector<std::string_view> default_time_fields() { return to_vector(kTimeFields); }
std::vector<std::string_view> default_message_fields() { return to_vector(kMessageFields); }
std::vector<std::string_view> default_stream_fields() { return to_vector(kStreamFields); }

FieldNames::FieldNames() : names_(1), slots_(256) { names_.reserve(64); }

Result<FieldNames> FieldNames::create(const IngestFormat& format) {
  FieldNames names;
  const auto message = names.intern("_msg_base64");
  names[message].role = FieldRole::kMessage;  // rank 0: bytes that JSON cannot carry win
  // What the request says goes first, so that a default never takes a name away from it.
  for (const bool explicit_pass : {true, false}) {
    DURAMEN_TRY_VOID(names.give_role(format.time_fields, default_time_fields(), FieldRole::kTime,
                                     "time", explicit_pass));
    DURAMEN_TRY_VOID(names.give_role(format.message_fields, default_message_fields(),
                                     FieldRole::kMessage, "msg", explicit_pass));
    DURAMEN_TRY_VOID(names.give_role(format.stream_fields, default_stream_fields(),
                                     FieldRole::kLabel, "stream", explicit_pass));
  }
  return names;
}

Result<void> FieldNames::give_role(const std::vector<std::string>& chosen,
                                   const std::vector<std::string_view>& defaults, FieldRole role,
                                   std::string_view parameter, bool explicit_pass) {
  if (explicit_pass == chosen.empty()) return {};
  const auto complain = [&](const std::string& what) {
    return Error{ErrorCode::kInvalidArgument, "parameter " + std::string(parameter) + ": " + what};
  };
  if (chosen.size() > kMaxFormatNames) {
    return complain("names " + std::to_string(chosen.size()) + " fields, more than " +
                    std::to_string(kMaxFormatNames));
  }
  const std::vector<std::string_view> list =
      explicit_pass ? std::vector<std::string_view>(chosen.begin(), chosen.end()) : defaults;
  std::uint16_t rank = 1;
  for (const std::string_view text : list) {
    if (explicit_pass && (text.empty() || text.size() > kMaxNameBytes)) {
      return complain("a field name must have 1 to " + std::to_string(kMaxNameBytes) + " bytes");
    }
    FieldName& name = names_[intern(text)];
    if (name.role != FieldRole::kField) {
      if (explicit_pass) return complain("field '" + std::string(text) + "' is named twice");
      continue;
    }
    if (role == FieldRole::kLabel && name.stored_as != kNoName) {
      return complain("'" + std::string(text) + "' is a name that Duramen itself uses");
    }
    name.role = role;
    name.rank = rank++;
  }
  return {};
}

std::size_t FieldNames::slot_of(std::string_view text, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = spread_hash(hash) & mask;
  while (slots_[slot].name != kNoName &&
         (slots_[slot].hash != hash || names_[slots_[slot].name].text != text)) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

std::uint32_t FieldNames::intern(std::string_view text) {
  const std::uint64_t hash = checksum64(text);
  const std::size_t slot = slot_of(text, hash);
  if (slots_[slot].name != kNoName) return slots_[slot].name;
  if (names_.size() >= kMaxNames) return kNoName;
  const std::uint32_t name = add(text, hash, slot);
  link_special(name);
  return name;
}

std::uint32_t FieldNames::intern_own(std::string_view text) {
  const std::uint64_t hash = checksum64(text);
  const std::size_t slot = slot_of(text, hash);
  return slots_[slot].name != kNoName ? slots_[slot].name : add(text, hash, slot);
}

std::uint32_t FieldNames::add(std::string_view text, std::uint64_t hash, std::size_t slot) {
  const auto name = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back();
  names_.back().text = text;
  names_.back().plain = std::none_of(text.begin(), text.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
  });
  slots_[slot] = {hash, name};
  if (names_.size() * 2 > slots_.size()) grow();
  return name;
}

void FieldNames::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& entry : old) {
    if (entry.name == kNoName) continue;
    std::size_t slot = spread_hash(entry.hash) & mask;
    while (slots_[slot].name != kNoName) slot = (slot + 1) & mask;
    slots_[slot] = entry;
  }
}

void FieldNames::link_special(std::uint32_t name) {
  const std::string text = names_[name].text;
  if (text.empty()) {
    const std::uint32_t other = intern_own("_empty");
    names_[name].stored_as = other;
  } else if (std::find(kBuiltIn.begin(), kBuiltIn.end(), text) != kBuiltIn.end()) {
    const std::uint32_t other = intern_own(text + "_claimed");
    names_[name].stored_as = other;
  } else if (text.size() > kBase64Suffix.size() && text.ends_with(kBase64Suffix)) {
    const std::uint32_t other = intern_own(text.substr(0, text.size() - kBase64Suffix.size()));
    names_[name].decoded = other;
  }
}

}  // namespace duramen::ingest
