#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace duramen {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

TEST(Bytes, FixedNumbersAreLittleEndian) {
  std::string out;
  ByteWriter writer(out);
  writer.u8(0x01);
  writer.u16(0x0302);
  writer.u32(0x07060504);
  writer.u64(0x0F0E0D0C0B0A0908);
  writer.i64(-2);
  EXPECT_EQ(out, std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"
                             "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"));
  ByteReader reader(out);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0302);
  EXPECT_EQ(reader.u32(), 0x07060504U);
  EXPECT_EQ(reader.u64(), 0x0F0E0D0C0B0A0908U);
  EXPECT_EQ(reader.i64(), -2);
  EXPECT_TRUE(reader.ok());
  EXPECT_TRUE(reader.done());
}

TEST(Bytes, VarintsRoundTripAtEveryLength) {
  for (int bits = 0; bits <= 64; ++bits) {
    for (const int around : {-1, 0, 1}) {
      const std::uint64_t value =
          (bits == 64 ? 0 : 1ULL << bits) + static_cast<std::uint64_t>(around);
      std::string out;
      ByteWriter writer(out);
      writer.varint(value);
      writer.zigzag(static_cast<std::int64_t>(value));
      ByteReader reader(out);
      ASSERT_EQ(reader.varint(), value);
      ASSERT_EQ(reader.zigzag(), static_cast<std::int64_t>(value));
      ASSERT_TRUE(reader.ok() && reader.done());
    }
  }
  std::string out;
  ByteWriter(out).varint(kMax);
  EXPECT_EQ(out.size(), 10U);
}

TEST(Bytes, AVarintThatDoesNotEndFails) {
  ByteReader eleven("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
  eleven.varint();
  EXPECT_FALSE(eleven.ok());
  ByteReader cut("\x80\x80");
  EXPECT_EQ(cut.varint(), 0U);
  EXPECT_FALSE(cut.ok());
}

TEST(Bytes, AReadPastTheEndFailsForGood) {
  ByteReader reader("abc");
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0);
  EXPECT_EQ(reader.raw(1), "");
  EXPECT_EQ(reader.text(), "");
  EXPECT_EQ(reader.remaining(), 0U);
  EXPECT_FALSE(reader.ok());
}

TEST(Bytes, TextAndCountAreCheckedAgainstWhatIsThere) {
  std::string out;
  ByteWriter writer(out);
  writer.text("hello");
  writer.text("");
  writer.varint(kMax);
  ByteReader reader(out);
  EXPECT_EQ(reader.text(), "hello");
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.ok());
  ByteReader again = reader;
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(again.count(1), 0U);
  EXPECT_FALSE(again.ok());

  std::string three(
      "\x03"
      "abcdef",
      7);
  EXPECT_EQ(ByteReader(three).count(2), 3U);
  EXPECT_EQ(ByteReader(three).count(3), 0U);
}

TEST(Bytes, BigEndianOrderIsNumberOrder) {
  std::string previous;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{255},
                                    std::uint64_t{256}, std::uint64_t{1} << 32, kMax}) {
    std::string key;
    append_be64(key, value);
    EXPECT_EQ(load_be64(key.data()), value);
    EXPECT_TRUE(previous.empty() || previous < key);
    previous = key;
  }
}

}  // namespace
}  // namespace duramen
