#include "index/manifest.h"

#include <gtest/gtest.h>

#include "base/checksum.h"

namespace duramen::index {
namespace {

Manifest example() {
  PartEntry first{7, 1000, 0x1234, 500, {model::BlockId(3), model::BlockId(1)}};
  PartEntry second{1ULL << 40, 2, 3, 4, {model::BlockId(~0ULL), model::BlockId(0)}};
  return {"store", "2026-11-21.default", {first, second}};
}

TEST(Manifest, IsReadAsItWasWritten) {
  const auto read = decode_manifest(encode_manifest(example()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(*read == example());
}

TEST(Manifest, EveryFlippedBitIsFound) {
  const std::string bytes = encode_manifest(example());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(decode_manifest(damaged)) << "bit " << bit;
  }
}

TEST(Manifest, EveryCutIsFound) {
  const std::string bytes = encode_manifest(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_manifest(bytes.substr(0, size))) << "size " << size;
  }
  EXPECT_FALSE(decode_manifest(bytes + '\0'));
}

TEST(Manifest, ANewerVersionIsToldFromDamage) {
  std::string bytes = encode_manifest(example());
  bytes[4] = 2;
  bytes.resize(bytes.size() - 8);
  const std::uint64_t sum = checksum64(bytes);
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  const auto read = decode_manifest(bytes);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnimplemented);
}

TEST(Manifest, ASegmentIsNamedLikeAFile) {
  EXPECT_TRUE(is_segment_name("2026-11-21.default"));
  for (const char* name : {"", ".hidden", "a/b", "..", "a b", "a\n", "\xc3\xa4"}) {
    EXPECT_FALSE(is_segment_name(name)) << name;
  }
  EXPECT_FALSE(is_segment_name(std::string(201, 'a')));
}

}  // namespace
}  // namespace duramen::index
