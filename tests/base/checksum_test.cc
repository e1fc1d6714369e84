#include "base/checksum.h"

#include <gtest/gtest.h>

namespace duramen {
namespace {

// Values of the reference implementation: they are on disks and never change.
TEST(Checksum, IsXxh3) {
  EXPECT_EQ(checksum64(""), 0x2D06800538D394C2U);
  EXPECT_EQ(hash128("").to_hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(checksum64("a"), 0xE6C632B61E964E1FU);
  EXPECT_EQ(checksum64("abc"), 0x78AF5F94892F3950U);
}

TEST(Checksum, OfPiecesIsThatOfTheWhole) {
  std::string bytes;
  for (int i = 0; i < 5000; ++i) bytes += static_cast<char>(i * 7);
  for (const std::size_t piece : {1U, 13U, 256U, 1024U, 5000U}) {
    Hash128Stream stream;
    EXPECT_EQ(stream.result(), hash128(""));
    for (std::size_t at = 0; at < bytes.size(); at += piece) stream.add(bytes.substr(at, piece));
    EXPECT_EQ(stream.result(), hash128(bytes)) << piece;
  }
}

TEST(Checksum, TheSeedTellsKindsApart) {
  EXPECT_EQ(hash64("abc", 0), checksum64("abc"));
  EXPECT_NE(hash64("abc", 3), hash64("abc", 4));
}

TEST(Checksum, NoticesEveryFlippedBit) {
  std::string bytes(300, 'x');
  const std::uint64_t whole = checksum64(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= static_cast<char>(1U << bit % 8);
    ASSERT_NE(checksum64(bytes), whole) << bit;
    bytes[bit / 8] ^= static_cast<char>(1U << bit % 8);
  }
}

TEST(Hash128, TextAndBytesAreBigEndian) {
  const Hash128 hash{0x0123456789ABCDEF, 0xFEDCBA9876543210};
  EXPECT_EQ(hash.to_hex(), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ(hash.to_bytes(), "\x01\x23\x45\x67\x89\xAB\xCD\xEF\xFE\xDC\xBA\x98\x76\x54\x32\x10");
  EXPECT_LT((Hash128{1, 9}), (Hash128{2, 0}));
}

}  // namespace
}  // namespace duramen
