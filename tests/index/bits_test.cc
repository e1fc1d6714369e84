#include "index/bits.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace duramen::index {
namespace {

std::string random_bits(std::mt19937_64& random, std::size_t count) {
  std::string bits((count + 7) / 8, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    if (random() % 2 == 0) set_bit(bits, i);
  }
  return bits;
}

TEST(Bits, WhatIsTakenIsWhatStandsThere) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 500; ++round) {
    const std::size_t size = 1 + random() % 100;
    const std::string bits = random_bits(random, size);
    const std::size_t at = random() % size;
    const std::size_t count = 1 + random() % (size - at);
    std::string taken;
    take_bits(bits, at, count, taken);
    ASSERT_EQ(taken.size(), (count + 7) / 8);
    for (std::size_t i = 0; i < taken.size() * 8; ++i) {
      ASSERT_EQ(test_bit(taken, i), i < count && test_bit(bits, at + i)) << "seed " << seed;
    }
  }
}

TEST(Bits, WhatIsPutSideBySideIsOneRow) {
  const std::uint64_t seed = std::random_device()();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 500; ++round) {
    std::vector<bool> expected;
    std::string row(40, '\0');
    while (expected.size() < 280) {
      const std::size_t count = 1 + random() % 40;
      const std::string bits = random_bits(random, count);
      put_bits(row, expected.size(), bits);
      for (std::size_t i = 0; i < count; ++i) expected.push_back(test_bit(bits, i));
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(test_bit(row, i), expected[i]) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace duramen::index
