#include "store/column_integers.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace duramen::store {
namespace {

using Random = std::mt19937_64;
using Numbers = std::vector<std::uint64_t>;

LaneReaders readers(const LaneBytes& bytes) {
  return {ByteReader(bytes.lanes[0]), ByteReader(bytes.lanes[1]), ByteReader(bytes.lanes[2])};
}

/// Numbers of a shape for which the encoder picks one mode or another.
Numbers numbers_of_shape(int shape, std::size_t n, Random& random) {
  const std::uint64_t base = random() >> random() % 64;
  const unsigned bits = random() % 64;
  const std::uint64_t unit = random() % 2 == 0 ? 1 : 1'000'000;
  Numbers out;
  std::uint64_t v = base;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t noise = random() >> bits;
    switch (shape) {
      case 0:  // within a range
        v = base + noise;
        break;
      case 1:  // rising, and beginning again
        v = i % 700 == 699 ? base : v + random() % 1000 * unit;
        break;
      case 2:  // up and down
        v += random() % 64 - 32;
        break;
      case 3:  // few, far apart
        v = base + (random() % 7) * 0x123456789abU;
        break;
      default:
        v = random() % 97 == 0 ? noise : base;
    }
    out.push_back(v);
  }
  return out;
}

void expect_numbers(const Numbers& numbers, const LaneBytes& bytes, Random& random) {
  LaneReaders in = readers(bytes);
  PackedIntegers packed;
  ASSERT_TRUE(packed.read(in, numbers.size()));
  EXPECT_TRUE(in.used_up());
  Numbers back(numbers.size(), 7);
  ASSERT_TRUE(packed.decode(back));
  EXPECT_EQ(back, numbers);
  for (int i = 0; i < 30; ++i) {
    const std::size_t place = random() % numbers.size();
    ASSERT_EQ(packed.at(place), numbers[place]) << "at " << place;
  }
}

TEST(PackedIntegers, GivesAllNumbersAndEachAlone) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 500 && !HasFailure(); ++i) {
    SCOPED_TRACE("round " + std::to_string(i));
    const Numbers numbers = numbers_of_shape(i % 5, 1 + random() % 3000, random);
    LaneBytes bytes;
    if (i % 3 == 0) {
      encode_times(numbers, bytes);
    } else {
      encode_integers(numbers, bytes);
    }
    expect_numbers(numbers, bytes, random);
  }
}

TEST(PackedIntegers, ReadsWhatDecodesAlsoFromDamagedBytes) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  int decoded = 0;
  for (int i = 0; i < 3000 && !HasFailure(); ++i) {
    const Numbers numbers = numbers_of_shape(i % 5, 1 + random() % 600, random);
    LaneBytes bytes;
    encode_integers(numbers, bytes);
    std::string& lane = bytes.numbers();
    lane[random() % std::min<std::size_t>(lane.size(), 12)] ^= static_cast<char>(1 << random() % 8);
    LaneReaders in = readers(bytes);
    PackedIntegers packed;
    if (!packed.read(in, numbers.size())) continue;
    Numbers back(numbers.size());
    const bool whole = packed.decode(back);
    for (std::size_t place = 0; place < back.size(); ++place) {
      const auto alone = packed.at(place);
      ASSERT_TRUE(!whole || alone == back[place]) << "at " << place;
    }
    decoded += whole;
  }
  EXPECT_GT(decoded, 100);
}

}  // namespace
}  // namespace duramen::store
