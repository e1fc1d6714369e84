#include <algorithm>

#include "store/column_appender.h"
#include "store/column_encoding.h"
#include "store/column_integers.h"
#include "store/column_text.h"
#include "store/column_time.h"

namespace duramen::store {
namespace {

bool decode_constant(LaneReaders& in, std::size_t n, ColumnAppender& out) {
  const std::string_view value = in.text.rest();
  for (std::size_t i = 0; i < n; ++i) {
    if (!out.skip() && !out.add(value)) return false;
  }
  return true;
}

bool decode_text(LaneReaders& in, std::size_t n, ColumnAppender& out) {
  std::vector<std::uint64_t> sizes(n);
  if (!decode_integers(in, sizes)) return false;
  for (const std::uint64_t size : sizes) {
    if (size > in.text.remaining()) return false;
    const std::string_view value = in.text.raw(size);
    if (!out.skip() && !out.add(value)) return false;
  }
  return true;
}

bool decode_fixed_text(LaneReaders& in, std::size_t n, ColumnAppender& out) {
  const std::size_t width = in.text.remaining() / n;
  if (width == 0) return false;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view value = in.text.raw(width);
    if (!out.skip() && !out.add(value)) return false;
  }
  return true;
}

bool decode_dictionary(LaneReaders& in, std::size_t n, ColumnAppender& out) {
  const std::uint64_t d = in.numbers.varint();
  if (!in.numbers.ok() || d == 0 || d > n) return false;
  std::vector<std::uint64_t> sizes(d);
  std::vector<std::uint64_t> ids(n);
  if (!decode_integers(in, sizes) || !decode_integers(in, ids)) return false;
  std::vector<std::string_view> distinct;
  distinct.reserve(d);
  for (const std::uint64_t size : sizes) {
    if (size > in.text.remaining()) return false;
    distinct.push_back(in.text.raw(size));
  }
  return std::all_of(ids.begin(), ids.end(), [&](std::uint64_t id) {
    return out.skip() || (id < distinct.size() && out.add(distinct[id]));
  });
}

/// Appends `v` with at least `width` digits.
void append_decimal(std::string& out, std::uint64_t v, std::size_t width) {
  char digits[20];
  char* at = digits + sizeof digits;
  do {
    *--at = static_cast<char>('0' + v % 10);
    v /= 10;
  } while (v != 0);
  const auto size = static_cast<std::size_t>(digits + sizeof digits - at);
  if (size < width) out.append(width - size, '0');
  out.append(at, size);
}

bool decode_decimal(LaneReaders& in, std::size_t n, bool padded, ColumnAppender& out) {
  const std::string_view prefix = in.numbers.text();
  const std::string_view suffix = in.numbers.text();
  const std::size_t width = padded ? in.numbers.u8() : 0;
  std::vector<std::uint64_t> numbers(n);
  if (!in.numbers.ok() || width > 19 || !decode_integers(in, numbers)) return false;
  for (const std::uint64_t v : numbers) {
    if (out.skip()) continue;
    out.bytes().append(prefix);
    append_decimal(out.bytes(), v, width);
    out.bytes().append(suffix);
    if (!out.end_value()) return false;
  }
  return true;
}

bool decode_hex(LaneReaders& in, std::size_t n, std::string_view digits, ColumnAppender& out) {
  const std::string_view prefix = in.numbers.text();
  const std::string_view suffix = in.numbers.text();
  const std::uint64_t width = in.numbers.varint();
  if (!in.numbers.ok() || width > 2 * in.packed.remaining() / n) return false;
  const std::string_view packed = in.packed.raw((n * width + 1) / 2);
  if (!in.packed.ok()) return false;
  for (std::size_t i = 0; i < n; ++i) {
    if (out.skip()) continue;
    out.bytes().append(prefix);
    for (std::size_t at = i * width; at < (i + 1) * width; ++at) {
      const auto byte = static_cast<unsigned char>(packed[at / 2]);
      out.bytes().push_back(digits[at % 2 == 0 ? byte >> 4 : byte & 15]);
    }
    out.bytes().append(suffix);
    if (!out.end_value()) return false;
  }
  return true;
}

bool decode_uuids(LaneReaders& in, std::size_t n, ColumnAppender& out) {
  if (in.packed.remaining() / 16 < n) return false;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view uuid = in.packed.raw(16);
    if (out.skip()) continue;
    append_uuid(out.bytes(), uuid);
    if (!out.end_value()) return false;
  }
  return true;
}

bool decode_ipv4s(LaneReaders& in, std::size_t n, ColumnAppender& out) {
  std::vector<std::uint64_t> numbers(n);
  if (!decode_integers(in, numbers)) return false;
  return std::all_of(numbers.begin(), numbers.end(), [&](std::uint64_t v) {
    if (out.skip()) return true;
    if (v > 0xffffffffU) return false;
    append_ipv4(out.bytes(), static_cast<std::uint32_t>(v));
    return out.end_value();
  });
}

bool decode_any(Encoding encoding, LaneReaders& in, std::size_t n, ColumnAppender& out) {
  switch (encoding) {
    case Encoding::kConstant:
      return decode_constant(in, n, out);
    case Encoding::kText:
      return decode_text(in, n, out);
    case Encoding::kFixedText:
      return decode_fixed_text(in, n, out);
    case Encoding::kDictionary:
      return decode_dictionary(in, n, out);
    case Encoding::kDecimal:
      return decode_decimal(in, n, false, out);
    case Encoding::kPaddedDecimal:
      return decode_decimal(in, n, true, out);
    case Encoding::kLowerHex:
      return decode_hex(in, n, "0123456789abcdef", out);
    case Encoding::kUpperHex:
      return decode_hex(in, n, "0123456789ABCDEF", out);
    case Encoding::kUuid:
      return decode_uuids(in, n, out);
    case Encoding::kIpv4:
      return decode_ipv4s(in, n, out);
    case Encoding::kTime:      // decode_values
    case Encoding::kIntegers:  // only in rows
      break;
  }
  return false;
}

}  // namespace

bool decode_some_values(Encoding encoding, LaneReaders& in, std::size_t n,
                        std::span<const TimeNs> times, const WantedValues& wanted,
                        std::size_t& budget, ColumnValues& out) {
  const std::size_t had = out.bytes.size();
  ColumnAppender appender(out, wanted, budget);
  out.ends.reserve(out.ends.size() + n);
  if (n == 0) return false;
  const bool decoded = encoding == Encoding::kTime ? decode_time_texts(in, n, times, appender)
                                                   : decode_any(encoding, in, n, appender);
  if (!decoded) return false;
  budget -= out.bytes.size() - had;
  return in.used_up();
}

bool decode_values(Encoding encoding, LaneReaders& in, std::size_t n, std::span<const TimeNs> times,
                   std::size_t& budget, ColumnValues& out) {
  return decode_some_values(encoding, in, n, times, std::nullopt, budget, out);
}

}  // namespace duramen::store
