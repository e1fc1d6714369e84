#include "store/column_integers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace duramen::store {
namespace {

constexpr std::uint8_t kReference = 0;
constexpr std::uint8_t kDelta = 1;
constexpr std::uint8_t kDictionary = 2;
constexpr std::uint8_t kRising = 3;
constexpr std::uint8_t kUnitFlag = 4;
constexpr unsigned kMaxLowBits = 56;
constexpr unsigned kMaxPlanes = 8;
constexpr std::size_t kMaxDistinct = 256;
constexpr std::size_t kSummedAtOnce = 512;
static_assert(kSummedAtOnce % 8 == 0, "low bits begin at a byte");

std::uint64_t zigzag(std::uint64_t difference) {
  const auto v = static_cast<std::int64_t>(difference);
  return (difference << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
std::uint64_t unzigzag(std::uint64_t v) { return (v >> 1) ^ (~(v & 1) + 1); }

unsigned width_of(std::uint64_t v) { return static_cast<unsigned>(std::bit_width(v)); }

/// How many bits the numbers have, and how they are divided into low bits and planes.
struct Widths {
  std::array<std::uint32_t, 65> rows{};
  std::uint64_t bits = 0;

  void add(std::uint64_t v) {
    const unsigned w = width_of(v);
    ++rows[w];
    bits += w;
  }
  unsigned largest() const {
    unsigned w = 64;
    while (w > 0 && rows[w] == 0) --w;
    return w;
  }
  /// All but one of 64 numbers have at most so many bits.
  unsigned typical(std::size_t n) const {
    std::size_t above = 0;
    unsigned w = 64;
    while (w > 0 && above + rows[w] <= n / 64) above += rows[w--];
    return w;
  }
};

/// Finds the distinct values, up to kMaxDistinct, in a small open-addressed set.
class DistinctNumbers {
 public:
  /// False when there are more than `limit`.
  bool collect(std::span<const std::uint64_t> values, std::size_t limit) {
    values_.clear();
    table_.fill(0);
    for (const std::uint64_t v : values) {
      std::uint16_t& slot = find(v);
      if (slot != 0) continue;
      if (values_.size() == limit) return false;
      values_.push_back(v);
      slot = static_cast<std::uint16_t>(values_.size());
    }
    return true;
  }
  /// Sorts; from now on index_of() gives the place in rising order.
  void rank() {
    std::sort(values_.begin(), values_.end());
    table_.fill(0);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      find(values_[i]) = static_cast<std::uint16_t>(i + 1);
    }
  }
  std::uint64_t index_of(std::uint64_t v) { return find(v) - 1U; }
  const std::vector<std::uint64_t>& values() const { return values_; }

 private:
  std::uint16_t& find(std::uint64_t v) {
    std::size_t at = (v * 0x9E3779B97F4A7C15ULL) >> 54;
    while (table_[at] != 0 && values_[table_[at] - 1U] != v) at = (at + 1) % table_.size();
    return table_[at];
  }
  std::array<std::uint16_t, 1024> table_{};
  std::vector<std::uint64_t> values_;
};

void append_low_bits(std::span<const std::uint64_t> numbers, unsigned width, std::string& out) {
  const std::size_t begin = out.size();
  const std::size_t size = (numbers.size() * width + 7) / 8;
  out.resize(begin + size + 8);
  char* to = out.data() + begin;
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  std::uint64_t pending = 0;
  unsigned filled = 0;
  for (const std::uint64_t v : numbers) {
    pending |= (v & mask) << filled;  // filled < 8, width <= 56
    filled += width;
    std::memcpy(to, &pending, 8);
    to += filled / 8;
    pending = filled >= 64 ? 0 : pending >> (filled / 8 * 8);
    filled %= 8;
  }
  if (filled != 0) std::memcpy(to, &pending, 8);
  out.resize(begin + size);
}

void append_planes(std::span<const std::uint64_t> numbers, unsigned low_bits, unsigned planes,
                   std::string& out) {
  const std::size_t n = numbers.size();
  const std::size_t begin = out.size();
  out.resize(begin + n * planes);
  for (unsigned p = 0; p < planes; ++p) {
    char* to = out.data() + begin + p * n;
    const unsigned shift = low_bits + 8 * p;
    for (std::size_t i = 0; i < n; ++i) to[i] = static_cast<char>(numbers[i] >> shift);
  }
}

/// True when the lowest bytes look like noise, so that packing them costs nothing: looks at the
/// entropy of a sample.
bool low_bytes_are_noise(std::span<const std::uint64_t> numbers) {
  constexpr std::size_t kSample = 1024;
  constexpr std::size_t kFewest = 256;
  constexpr double kNoiseBits = 7.3;  // 1,024 random bytes show about 7.8, 256 about 7.2
  if (numbers.size() < kFewest) return true;
  // The lowest bit is a sign in one mode and says little.
  std::array<std::uint16_t, 256> counts{};
  const std::size_t step = std::max<std::size_t>(1, numbers.size() / kSample);
  std::size_t n = 0;
  for (std::size_t i = 0; i < numbers.size(); i += step, ++n) ++counts[(numbers[i] >> 1) & 0xff];
  double bits = 0;
  for (const std::uint16_t c : counts) {
    if (c != 0) bits -= c * std::log2(static_cast<double>(c) / static_cast<double>(n));
  }
  const double expected = n >= kSample ? kNoiseBits : kNoiseBits - 0.6;
  return bits > expected * static_cast<double>(n);
}

void append_numbers(std::span<const std::uint64_t> numbers, const Widths& widths, LaneBytes& out,
                    bool indexes = false) {
  const unsigned largest = widths.largest();
  const unsigned typical = widths.typical(numbers.size());
  const bool pack = typical > 8 && !indexes && low_bytes_are_noise(numbers);
  const unsigned low_bits = pack ? std::min(typical - 8, kMaxLowBits) : 0;
  const unsigned planes = largest > low_bits ? (largest - low_bits + 7) / 8 : 0;
  ByteWriter writer(out.numbers());
  writer.u8(static_cast<std::uint8_t>(low_bits));
  writer.u8(static_cast<std::uint8_t>(planes));
  append_planes(numbers, low_bits, planes, out.numbers());
  if (low_bits != 0) append_low_bits(numbers, low_bits, out.packed());
}

struct Scratch {
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> scaled;
  DistinctNumbers distinct;
};
Scratch& scratch() {
  thread_local Scratch s;
  return s;
}

void write_dictionary(std::span<const std::uint64_t> values, DistinctNumbers& distinct,
                      std::vector<std::uint64_t>& indexes, LaneBytes& out) {
  distinct.rank();
  Widths widths;
  for (std::size_t i = 0; i < values.size(); ++i) {
    indexes[i] = distinct.index_of(values[i]);
    widths.add(indexes[i]);
  }
  ByteWriter writer(out.numbers());
  writer.varint(distinct.values().size());
  std::uint64_t before = 0;
  for (const std::uint64_t v : distinct.values()) {
    writer.varint(v - before);
    before = v;
  }
  append_numbers(indexes, widths, out);
}

std::uint64_t low_mask(unsigned bits) {
  return bits >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
}

/// What the modes would cost, in bits.
struct Costs {
  std::uint64_t reference = 0;
  std::uint64_t delta = 0;
  std::uint64_t rising = 0;
};

/// Looks at a few runs of neighbours.
Costs sample_costs(std::span<const std::uint64_t> values, std::uint64_t base, std::uint64_t mask) {
  constexpr std::size_t kRuns = 8;
  constexpr std::size_t kRunLength = 64;
  const std::size_t n = values.size();
  const std::size_t step = std::max(n / kRuns, kRunLength);
  Costs costs;
  std::size_t seen = 0;
  for (std::size_t begin = 0; begin < n; begin += step) {
    std::uint64_t before = values[begin == 0 ? 0 : begin - 1];
    for (std::size_t i = begin; i < std::min(n, begin + kRunLength); ++i, ++seen) {
      costs.reference += width_of(values[i] - base);
      costs.delta += width_of(zigzag(values[i] - before));
      costs.rising += width_of((values[i] - before) & mask);
      before = values[i];
    }
  }
  costs.delta += seen / 2;  // at equal widths the plain numbers are the better ones
  costs.rising += seen / 2;
  for (std::uint64_t* c : {&costs.reference, &costs.delta, &costs.rising}) *c = *c * n / seen;
  return costs;
}

/// Finds the cheapest mode; for a dictionary `s.distinct` is filled.
std::uint8_t choose_mode(std::span<const std::uint64_t> values, std::uint64_t low,
                         std::uint64_t span, DistinctNumbers& distinct) {
  const Costs costs = sample_costs(values, low, low_mask(width_of(span)));
  std::uint8_t mode = kReference;
  std::uint64_t best = costs.reference;
  if (costs.delta < best) {
    mode = kDelta;
    best = costs.delta;
  }
  if (costs.rising < best) {
    mode = kRising;
    best = costs.rising;
  }
  const std::size_t n = values.size();
  if (span > 0xff && n >= 16 && best > 2 * n &&
      distinct.collect(values, std::min(kMaxDistinct, n / 4))) {
    const std::size_t d = distinct.values().size();
    if (n * width_of(d - 1) + d * width_of(span) < best) mode = kDictionary;
  }
  return mode;
}

void encode_scaled(std::span<const std::uint64_t> values, std::uint64_t unit, LaneBytes& out) {
  Scratch& s = scratch();
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const std::uint64_t base = *low;
  const std::uint64_t span = *high - base;
  const std::uint8_t mode = choose_mode(values, base, span, s.distinct);
  ByteWriter writer(out.numbers());
  writer.u8(static_cast<std::uint8_t>(mode | (unit > 1 ? kUnitFlag : 0)));
  if (unit > 1) writer.varint(unit);
  s.numbers.resize(values.size());
  if (mode == kDictionary) return write_dictionary(values, s.distinct, s.numbers, out);
  writer.varint(mode == kDelta ? values[0] : base);
  const unsigned bits = width_of(span);
  if (mode == kRising) writer.u8(static_cast<std::uint8_t>(bits));
  Widths widths;
  std::uint64_t before = mode == kRising ? base : values[0];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint64_t v = values[i];
    s.numbers[i] = mode == kReference ? v - base
                   : mode == kDelta   ? zigzag(v - before)
                                      : (v - before) & low_mask(bits);
    widths.add(s.numbers[i]);
    before = v;
  }
  append_numbers(s.numbers, widths, out);
}

/// The high bytes, in planes of one byte a number, `stride` apart.
void read_planes(std::string_view planes, std::size_t stride, unsigned shift,
                 std::span<std::uint64_t> out) {
  const auto* from = reinterpret_cast<const unsigned char*>(planes.data());
  if (planes.empty()) {
    std::fill(out.begin(), out.end(), 0);
    return;
  }
  const std::size_t n = out.size();
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint64_t>(from[i]) << shift;
  for (std::size_t begin = stride; begin < planes.size(); begin += stride) {
    shift += 8;
    for (std::size_t i = 0; i < n; ++i) {
      out[i] |= static_cast<std::uint64_t>(from[begin + i]) << shift;
    }
  }
}

/// Numbers of `low_bits` bits, packed.
std::uint64_t low_bits_at(std::string_view low, unsigned low_bits, std::size_t place) {
  const std::size_t bit = place * low_bits;
  std::uint64_t v = 0;
  std::memcpy(&v, low.data() + bit / 8, std::min<std::size_t>(8, low.size() - bit / 8));
  return v >> (bit % 8) & low_mask(low_bits);
}

void add_low_bits(std::string_view low, unsigned low_bits, std::span<std::uint64_t> out) {
  const std::uint64_t mask = low_mask(low_bits);
  // Eight bytes at once, as long as there are eight.
  const std::size_t whole =
      low.size() < 8 ? 0 : std::min(out.size(), ((low.size() - 8) * 8 + 7) / low_bits + 1);
  for (std::size_t i = 0; i < whole; ++i) {
    const std::size_t bit = i * low_bits;
    std::uint64_t v = 0;
    std::memcpy(&v, low.data() + bit / 8, 8);
    out[i] |= (v >> (bit % 8)) & mask;
  }
  for (std::size_t i = whole; i < out.size(); ++i) out[i] |= low_bits_at(low, low_bits, i);
}

bool read_dictionary(LaneReaders& in, std::vector<std::uint64_t>& values) {
  const std::size_t d = in.numbers.count(1);
  if (!in.numbers.ok() || d == 0 || d > kMaxDistinct) return false;
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < d; ++i) values.push_back(v += in.numbers.varint());
  return in.numbers.ok();
}

}  // namespace

void encode_integers(std::span<const std::uint64_t> values, LaneBytes& out) {
  encode_scaled(values, 1, out);
}

void encode_times(std::span<const std::uint64_t> values, LaneBytes& out) {
  for (const std::uint64_t unit : {1'000'000'000U, 1'000'000U, 1'000U}) {
    if (!std::all_of(values.begin(), values.end(),
                     [unit](std::uint64_t v) { return v % unit == 0; })) {
      continue;
    }
    auto& scaled = scratch().scaled;
    scaled.assign(values.begin(), values.end());
    for (std::uint64_t& v : scaled) v /= unit;
    return encode_scaled(scaled, unit, out);
  }
  encode_scaled(values, 1, out);
}

void encode_indexes(std::span<const std::uint64_t> values, LaneBytes& out) {
  Widths widths;
  for (const std::uint64_t v : values) widths.add(v);
  ByteWriter writer(out.numbers());
  writer.u8(kReference);
  writer.varint(0);
  append_numbers(values, widths, out, true);
}

bool PackedIntegers::read(LaneReaders& in, std::size_t n) {
  n_ = n;
  const std::uint8_t flags = in.numbers.u8();
  mode_ = flags & 3;
  if (!in.numbers.ok() || flags > (kUnitFlag | kRising)) return false;
  unit_ = (flags & kUnitFlag) != 0 ? in.numbers.varint() : 1;
  if (mode_ == kDictionary) {
    if (!read_dictionary(in, dictionary_)) return false;
  } else {
    base_ = in.numbers.varint();
  }
  const unsigned bits = mode_ == kRising ? in.numbers.u8() : 0;
  low_bits_ = in.numbers.u8();
  const unsigned planes = in.numbers.u8();
  if (!in.numbers.ok() || bits > 64 || low_bits_ > kMaxLowBits || planes > kMaxPlanes) return false;
  if (planes != 0 && (in.numbers.remaining() / planes < n || low_bits_ + 8 * (planes - 1) >= 64)) {
    return false;
  }
  mask_ = low_mask(bits);
  high_ = in.numbers.raw(n * planes);
  low_ = in.packed.raw((n * low_bits_ + 7) / 8);
  return in.numbers.ok() && in.packed.ok();
}

bool PackedIntegers::resolve(std::span<std::uint64_t> numbers) const {
  std::uint64_t sum = mode_ == kDelta ? base_ : 0;
  switch (mode_) {
    case kReference:
      if (base_ == 0) return true;
      for (std::uint64_t& v : numbers) v += base_;
      return true;
    case kDelta:
      for (std::uint64_t& v : numbers) v = sum += unzigzag(v);
      return true;
    case kRising:
      for (std::uint64_t& v : numbers) {
        sum = (sum + v) & mask_;
        v = base_ + sum;
      }
      return true;
    default:
      for (std::uint64_t& v : numbers) {
        if (v >= dictionary_.size()) return false;
        v = dictionary_[v];
      }
      return true;
  }
}

bool PackedIntegers::decode(std::span<std::uint64_t> out) const {
  read_stored(0, out);
  if (!resolve(out)) return false;
  if (unit_ != 1) {
    for (std::uint64_t& v : out) v *= unit_;
  }
  return true;
}

void PackedIntegers::read_stored(std::size_t begin, std::span<std::uint64_t> out) const {
  read_planes(high_.substr(std::min(begin, high_.size())), n_, low_bits_, out);
  if (low_bits_ != 0) add_low_bits(low_.substr(begin / 8 * low_bits_), low_bits_, out);
}

std::uint64_t PackedIntegers::stored(std::size_t place) const {
  std::uint64_t out = low_bits_ == 0 ? 0 : low_bits_at(low_, low_bits_, place);
  unsigned shift = low_bits_;
  for (std::size_t at = place; at < high_.size(); at += n_, shift += 8) {
    out |= std::uint64_t{static_cast<unsigned char>(high_[at])} << shift;
  }
  return out;
}

std::uint64_t PackedIntegers::sum_up_to(std::size_t place) const {
  std::array<std::uint64_t, kSummedAtOnce> numbers;
  std::uint64_t sum = 0;
  for (std::size_t begin = 0; begin <= place; begin += numbers.size()) {
    const std::size_t n = std::min(numbers.size(), place + 1 - begin);
    read_stored(begin, std::span(numbers).first(n));
    for (std::size_t i = 0; i < n; ++i) {
      sum += mode_ == kDelta ? unzigzag(numbers[i]) : numbers[i];
    }
  }
  return sum;
}

std::optional<std::uint64_t> PackedIntegers::at(std::size_t place) const {
  switch (mode_) {
    case kReference:
      return unit_ * (base_ + stored(place));
    case kDelta:
      return unit_ * (base_ + sum_up_to(place));
    case kRising:
      return unit_ * (base_ + (sum_up_to(place) & mask_));
    default: {
      const std::uint64_t v = stored(place);
      if (v >= dictionary_.size()) return std::nullopt;
      return unit_ * dictionary_[v];
    }
  }
}

bool decode_integers(LaneReaders& in, std::span<std::uint64_t> out) {
  PackedIntegers packed;
  return packed.read(in, out.size()) && packed.decode(out);
}

}  // namespace duramen::store
