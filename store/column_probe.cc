#include "store/column_probe.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "model/tokens.h"
#include "store/packed_search.h"

namespace duramen::store {
namespace {

using Bytes = std::bitset<256>;

Bytes bytes_of(std::string_view text) {
  Bytes out;
  for (const char c : text) out.set(static_cast<unsigned char>(c));
  return out;
}

/// The bytes that values of an encoding may have (docs/format/block.md, "Encodings of a part").
struct BytesOfEncodings {
  const Bytes decimal = bytes_of("0123456789");
  const Bytes hex = bytes_of("0123456789abcdef");
  const Bytes uuid = bytes_of("0123456789abcdef-");
  const Bytes ipv4 = bytes_of("0123456789.");
  const Bytes time = bytes_of("0123456789-/: t");
  const Bytes month = bytes_of("abcdefghijklmnopqrstuvwxyz");
};
const BytesOfEncodings& known_bytes() {
  static const BytesOfEncodings kKnown;
  return kKnown;
}

constexpr std::size_t kMaxDecimal = 20;
/// Values with as many different bytes may have all: looking further tells little.
constexpr std::size_t kManyBytes = 30;
constexpr std::size_t kLookedAtOnce = 1024;
/// Not worth a table of those seen.
constexpr std::size_t kFewBytes = 64;

bool is_text(Encoding encoding) {
  return encoding == Encoding::kConstant || encoding == Encoding::kText ||
         encoding == Encoding::kFixedText || encoding == Encoding::kDictionary;
}

}  // namespace

void ColumnProbe::add_bytes(std::string_view text) {
  if (text.size() <= kFewBytes) {
    for (const char c : text) bytes_.set(static_cast<unsigned char>(model::fold_ascii(c)));
    return;
  }
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kLookedAtOnce);
    text.remove_prefix(piece.size());
    std::array<bool, 256> seen{};
    for (const char c : piece) seen[static_cast<unsigned char>(c)] = true;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (!seen[i]) continue;
      bytes_.set(static_cast<unsigned char>(model::fold_ascii(static_cast<char>(i))));
    }
    if (bytes_.count() >= kManyBytes) {
      bytes_.set();
      return;
    }
  }
}

void ColumnProbe::add_sizes(Part& part, std::size_t least, std::size_t most) {
  part.min_size = least;
  part.max_size = most;
}

void ColumnProbe::clear() {
  bytes_.reset();
  parts_in_bytes_ = 0;
  parts_.clear();
}

bool ColumnProbe::add_part(Encoding encoding, LaneReaders in, std::size_t n) {
  Part part;
  part.encoding = encoding;
  part.values = n;
  switch (encoding) {
    case Encoding::kConstant:
    case Encoding::kText:
    case Encoding::kFixedText:
    case Encoding::kDictionary:
      add_texts(part, in);
      break;
    case Encoding::kUuid:
    case Encoding::kIpv4:
    case Encoding::kTime:
      if (!add_formatted(part, in)) return false;
      break;
    case Encoding::kDecimal:
    case Encoding::kPaddedDecimal:
    case Encoding::kLowerHex:
    case Encoding::kUpperHex:
      if (!add_number(part, in)) return false;
      break;
    case Encoding::kIntegers:
      return false;
  }
  parts_.push_back(part);
  return true;
}

void ColumnProbe::add_texts(Part& part, LaneReaders& in) {
  part.bytes = in.text.rest();
  const std::size_t size = part.bytes.size();
  if (part.encoding == Encoding::kConstant) {
    add_sizes(part, size, size);
  } else if (part.encoding == Encoding::kFixedText) {
    add_sizes(part, size / part.values, size / part.values);
  } else {
    add_sizes(part, 0, size);
  }
}

bool ColumnProbe::add_formatted(Part& part, LaneReaders& in) {
  if (part.encoding == Encoding::kUuid) {
    part.bytes = in.packed.rest();
    bytes_ |= known_bytes().uuid;
    add_sizes(part, kUuidText, kUuidText);
    return part.bytes.size() == part.values * kUuidBytes;
  }
  if (part.encoding == Encoding::kIpv4) {
    bytes_ |= known_bytes().ipv4;
    add_sizes(part, 7, 15);
    return true;
  }
  const std::uint8_t layout = in.numbers.u8();
  const std::uint8_t digits = in.numbers.u8();
  const std::array<char, 2> around{static_cast<char>(in.numbers.u8()),
                                   static_cast<char>(in.numbers.u8())};
  bytes_ |= known_bytes().time;
  if (layout == 3) bytes_ |= known_bytes().month;
  add_bytes({around.data(), around.size()});
  add_sizes(part, 19, std::size_t{22} + digits);
  return in.numbers.ok();
}

bool ColumnProbe::add_number(Part& part, LaneReaders& in) {
  part.prefix = in.numbers.text();
  part.suffix = in.numbers.text();
  add_bytes(part.prefix);
  add_bytes(part.suffix);
  const std::size_t around = part.prefix.size() + part.suffix.size();
  if (part.encoding == Encoding::kDecimal) {
    bytes_ |= known_bytes().decimal;
    add_sizes(part, around + 1, around + kMaxDecimal);
    return in.numbers.ok();
  }
  if (part.encoding == Encoding::kPaddedDecimal) {
    const std::size_t width = in.numbers.u8();
    bytes_ |= known_bytes().decimal;
    add_sizes(part, around + width, around + std::max(width, kMaxDecimal));
    return in.numbers.ok();
  }
  const std::uint64_t digits = in.numbers.varint();
  if (!in.numbers.ok() || digits > 2 * in.packed.remaining() / part.values) return false;
  part.bytes = in.packed.rest();
  bytes_ |= known_bytes().hex;
  add_sizes(part, around + digits, around + digits);
  return part.bytes.size() == (part.values * digits + 1) / 2;
}

const std::bitset<256>& ColumnProbe::bytes() {
  for (; parts_in_bytes_ < parts_.size(); ++parts_in_bytes_) {
    const Part& part = parts_[parts_in_bytes_];
    if (is_text(part.encoding)) add_bytes(part.bytes);
  }
  return bytes_;
}

bool ColumnProbe::may_hold(std::string_view folded, As as) const {
  const bool formatted_fits = std::all_of(folded.begin(), folded.end(), [this](char c) {
    return bytes_.test(static_cast<unsigned char>(c));
  });
  return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) {
    if (folded.size() > part.max_size) return false;
    if (as == As::kValue && folded.size() < part.min_size) return false;
    if (is_text(part.encoding)) return model::contains_folded(part.bytes, folded);
    return formatted_fits && may_be_formatted(part, folded, as);
  });
}

/// Of bytes that may all occur, and of a size that fits.
bool ColumnProbe::may_be_formatted(const Part& part, std::string_view folded, As as) {
  switch (part.encoding) {
    case Encoding::kUuid:
      if (as == As::kToken) return has_uuid_group(part.bytes, folded);
      return folded.size() < kUuidText || has_uuid(part.bytes, folded);
    case Encoding::kIpv4:
      return as != As::kToken || folded.size() <= 3;
    case Encoding::kTime:
      return true;
    default:
      return (as != As::kValue && folded.size() < part.max_size) || may_be_number(part, folded);
  }
}

/// As a whole value.
bool ColumnProbe::may_be_number(const Part& part, std::string_view folded) {
  const std::size_t around = part.prefix.size() + part.suffix.size();
  const std::string_view digits = folded.substr(part.prefix.size(), folded.size() - around);
  if (!begins_folded(part.prefix, folded.substr(0, part.prefix.size())) ||
      !begins_folded(part.suffix, folded.substr(part.prefix.size() + digits.size()))) {
    return false;
  }
  if (part.encoding == Encoding::kLowerHex || part.encoding == Encoding::kUpperHex) {
    return has_hex_number(part.bytes, digits);
  }
  return std::all_of(digits.begin(), digits.end(),
                     [](char c) { return model::token_class(c) == model::kDigit; });
}

}  // namespace duramen::store
