// The small values of meta: directory entries, windows, segments.

#include "store/directory.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/time_text.h"
#include "store/keys.h"

namespace duramen::store {
namespace {

using Random = std::mt19937_64;

template <class T>
constexpr T kMin = std::numeric_limits<T>::min();
template <class T>
constexpr T kMax = std::numeric_limits<T>::max();

std::string key_of(const DirectoryEntry& entry) { return directory_key(entry.window, entry.block); }
std::string key_of(const Window& window) { return meta_key(MetaKind::kWindow, window.id.value()); }

/// Every number is the smallest, or every number is the largest.
DirectoryEntry edge_entry(bool largest) {
  const std::uint64_t u64 = largest ? kMax<std::uint64_t> : 0;
  const std::uint32_t u32 = largest ? kMax<std::uint32_t> : 0;
  const std::int64_t i64 = largest ? kMax<std::int64_t> : kMin<std::int64_t>;
  DirectoryEntry entry;
  entry.window = model::WindowId(u64);
  entry.block = model::BlockId(u64);
  entry.segment = largest ? std::string(70'000, '\xff') : "";
  entry.summary = {u32, u64, i64, i64, model::Seq(u64), model::Seq(u64)};
  entry.stored = {u32, u32, u32, u32};
  return entry;
}

DirectoryEntry random_entry(Random& random) {
  DirectoryEntry entry;
  entry.window = model::WindowId(random());
  entry.block = model::BlockId(random());
  entry.segment.resize(random() % 200);
  for (char& c : entry.segment) c = static_cast<char>(random());
  entry.summary = {static_cast<std::uint32_t>(random()),
                   random(),
                   static_cast<std::int64_t>(random()),
                   static_cast<std::int64_t>(random()),
                   model::Seq(random()),
                   model::Seq(random())};
  for (std::uint32_t& part : entry.stored) part = static_cast<std::uint32_t>(random());
  return entry;
}

DirectoryEntry typical_entry() {
  DirectoryEntry entry;
  entry.window = model::WindowId(3);
  entry.block = model::BlockId(0x0102030405060708);
  entry.segment = "2026-11-21.default";
  entry.summary = {1000, 90'000, -2, 5, model::Seq(17), model::Seq(0x1122334455667788)};
  entry.stored = {400, 300, 200, 0};
  return entry;
}

void expect_round_trip(const DirectoryEntry& entry) {
  const auto back = decode_directory_entry(key_of(entry), encode_directory_value(entry));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->window, entry.window);
  EXPECT_EQ(back->block, entry.block);
  EXPECT_EQ(back->segment, entry.segment);
  EXPECT_EQ(back->summary, entry.summary);
  EXPECT_EQ(back->stored, entry.stored);
}

void expect_entry_refused(std::string_view key, std::string_view value, ErrorCode code) {
  const auto entry = decode_directory_entry(key, value);
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code, code) << entry.error().message;
  EXPECT_NE(entry.error().message.find("directory"), std::string::npos) << entry.error().message;
}

/// `value` with its last 8 bytes replaced by the checksum of what is before them.
std::string with_right_checksum(std::string value) {
  value.resize(value.size() - 8);
  ByteWriter(value).u64(checksum64(value));
  return value;
}

TEST(DirectoryEntry, EdgesAndRandomEntriesComeBack) {
  expect_round_trip(edge_entry(false));
  expect_round_trip(edge_entry(true));
  expect_round_trip(typical_entry());
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 2000; ++i) expect_round_trip(random_entry(random));
}

TEST(DirectoryEntry, LiesAsTheFormatPageSays) {
  std::string expected = std::string("\x01\x12", 2) + "2026-11-21.default" +
                         std::string("\xe8\x03\0\0", 4) +            // rows
                         std::string("\x90\x5f\x01\0\0\0\0\0", 8) +  // raw bytes
                         "\xfe\xff\xff\xff\xff\xff\xff\xff" +        // min time
                         std::string("\x05\0\0\0\0\0\0\0", 8) +      // max time
                         std::string("\x11\0\0\0\0\0\0\0", 8) +      // min seq
                         "\x88\x77\x66\x55\x44\x33\x22\x11" +        // max seq
                         std::string("\x90\x01\0\0\x2c\x01\0\0\xc8\0\0\0\0\0\0\0", 16);  // stored
  ByteWriter(expected).u64(checksum64(expected));
  EXPECT_EQ(encode_directory_value(typical_entry()), expected);
  EXPECT_EQ(key_of(typical_entry()),
            std::string("d\0\0\0\0\0\0\0\x03\x01\x02\x03\x04\x05\x06\x07\x08", 17));
}

TEST(DirectoryEntry, EveryFlippedBitIsNoticed) {
  const std::string key = key_of(typical_entry());
  std::string value = encode_directory_value(typical_entry());
  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    SCOPED_TRACE("bit " + std::to_string(bit));
    const char flip = static_cast<char>(1U << (bit % 8));
    value[bit / 8] = static_cast<char>(value[bit / 8] ^ flip);
    expect_entry_refused(key, value, ErrorCode::kDataLoss);
    value[bit / 8] = static_cast<char>(value[bit / 8] ^ flip);
  }
}

TEST(DirectoryEntry, EveryTruncationAndExtensionIsNoticed) {
  const std::string key = key_of(typical_entry());
  const std::string value = encode_directory_value(typical_entry());
  for (std::size_t size = 0; size < value.size(); ++size) {
    SCOPED_TRACE("cut to " + std::to_string(size));
    expect_entry_refused(key, value.substr(0, size), ErrorCode::kDataLoss);
  }
  for (const std::size_t more : {1U, 4U, 8U, 100U}) {
    SCOPED_TRACE("longer by " + std::to_string(more));
    expect_entry_refused(key, value + std::string(more, '\0'), ErrorCode::kDataLoss);
  }
}

TEST(DirectoryEntry, WrongLengthsUnderARightChecksumAreNoticed) {
  const std::string key = key_of(typical_entry());
  const std::string value = encode_directory_value(typical_entry());
  for (std::size_t size = 9; size < value.size(); ++size) {
    SCOPED_TRACE("cut to " + std::to_string(size));
    expect_entry_refused(key, with_right_checksum(value.substr(0, size)), ErrorCode::kDataLoss);
  }
  expect_entry_refused(key, with_right_checksum(value + '\0'), ErrorCode::kDataLoss);
  for (const int length : {0, 0x11, 0x13, 0x7f, 0xff}) {  // of the segment; 0xff goes on
    SCOPED_TRACE("segment of " + std::to_string(length));
    std::string bad = value;
    bad[1] = static_cast<char>(length);
    expect_entry_refused(key, with_right_checksum(bad), ErrorCode::kDataLoss);
  }
}

TEST(DirectoryEntry, HostileBytesUnderARightChecksumDoNotCrash) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const std::string key = key_of(typical_entry());
  for (int i = 0; i < 20'000; ++i) {
    std::string value = encode_directory_value(typical_entry());
    value.resize(9 + random() % value.size());
    for (std::size_t n = random() % 4; n > 0; --n)
      value[random() % value.size()] = static_cast<char>(random());
    const auto entry = decode_directory_entry(key, with_right_checksum(value));
    if (entry) {
      EXPECT_LE(entry->segment.size(), value.size());
    }
  }
}

TEST(DirectoryEntry, ANewerVersionIsRefusedAsSuch) {
  const std::string key = key_of(typical_entry());
  for (const int version : {2, 3, 255}) {
    std::string value = encode_directory_value(typical_entry());
    value[0] = static_cast<char>(version);
    expect_entry_refused(key, with_right_checksum(value), ErrorCode::kUnimplemented);
  }
}

TEST(DirectoryEntry, AKeyOfAnotherSizeIsRefused) {
  const std::string value = encode_directory_value(typical_entry());
  const std::string key = key_of(typical_entry());
  for (std::size_t size = 0; size < key.size(); ++size) {
    expect_entry_refused(key.substr(0, size), value, ErrorCode::kDataLoss);
  }
  expect_entry_refused(key + '\0', value, ErrorCode::kDataLoss);
}

TEST(DirectoryEntry, StoredBytesAreAddedWithoutOverflow) {
  EXPECT_EQ(edge_entry(true).stored_bytes(), 4ULL * kMax<std::uint32_t>);
}

void expect_round_trip(const Window& window) {
  const auto back = decode_window(key_of(window), encode_window_value(window));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->id, window.id);
  EXPECT_EQ(back->first, window.first);
  EXPECT_EQ(back->end, window.end);
  EXPECT_EQ(back->raw_bytes, window.raw_bytes);
}

void expect_window_refused(std::string_view key, std::string_view value) {
  const auto window = decode_window(key, value);
  ASSERT_FALSE(window);
  EXPECT_EQ(window.error().code, ErrorCode::kDataLoss) << window.error().message;
}

Window window_of(Random& random) {
  const std::uint64_t a = random();
  const std::uint64_t b = random();
  return {model::WindowId(random()), model::Seq(std::min(a, b)), model::Seq(std::max(a, b)),
          random()};
}

TEST(DirectoryWindow, EdgesAndRandomWindowsComeBack) {
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{1}, kMax<std::uint64_t>}) {
    expect_round_trip(Window{model::WindowId(n), model::Seq(n), model::Seq(n), n});
  }
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 2000; ++i) expect_round_trip(window_of(random));
}

TEST(DirectoryWindow, OneThatEndsBeforeItBeginsIsRefused) {
  const Window window{model::WindowId(1), model::Seq(8), model::Seq(7), 0};
  expect_window_refused(key_of(window), encode_window_value(window));
}

TEST(DirectoryWindow, LiesAsTheFormatPageSays) {
  const Window window{model::WindowId(0x0203), model::Seq(1), model::Seq(0x0405), 6};
  EXPECT_EQ(key_of(window), std::string("w\0\0\0\0\0\0\x02\x03", 9));
  EXPECT_EQ(encode_window_value(window),
            std::string("\x01\0\0\0\0\0\0\0\x05\x04\0\0\0\0\0\0\x06\0\0\0\0\0\0\0", 24));
}

TEST(DirectoryWindow, AKeyOrValueOfAnotherSizeIsRefused) {
  Random random(1);
  const Window window = window_of(random);
  const std::string key = key_of(window) + std::string(9, '\0');
  const std::string value = encode_window_value(window) + std::string(24, '\0');
  for (std::size_t size = 0; size <= key.size(); ++size) {
    if (size != 9) expect_window_refused(key.substr(0, size), value.substr(0, 24));
  }
  for (std::size_t size = 0; size <= value.size(); ++size) {
    if (size != 24) expect_window_refused(key.substr(0, 9), value.substr(0, size));
  }
}

const std::int64_t kFirstDay = day_of(kMin<TimeNs>);
const std::int64_t kLastDay = day_of(kMax<TimeNs>);

void expect_day_back(std::int64_t day, std::string_view retention_class) {
  const auto back = decode_segment(encode_segment_value(day, retention_class));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, (SegmentId{day, std::string(retention_class)}));
}

TEST(SegmentValue, EdgesAndRandomDaysComeBack) {
  for (const std::int64_t day :
       {kFirstDay, std::int64_t{-1}, std::int64_t{0}, std::int64_t{20'777}, kLastDay}) {
    for (const std::string& retention_class :
         {std::string(), std::string("default"), std::string("a\0b", 3), std::string(300, 'x')}) {
      expect_day_back(day, retention_class);
    }
  }
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    const auto days = static_cast<std::uint64_t>(kLastDay - kFirstDay) + 1;
    expect_day_back(kFirstDay + static_cast<std::int64_t>(random() % days),
                    std::string(random() % 200, 'c'));
  }
}

TEST(SegmentValue, ADayThatNoTimeIsInIsRefused) {
  for (const std::int64_t day :
       {kFirstDay - 1, kLastDay + 1, kMin<std::int64_t>, kMax<std::int64_t>}) {
    EXPECT_FALSE(decode_segment(encode_segment_value(day, kDefaultClass))) << day;
  }
}

TEST(SegmentValue, LiesAsTheFormatPageSays) {
  EXPECT_EQ(encode_segment_value(-2, kDefaultClass),
            "\xfe\xff\xff\xff\xff\xff\xff\xff\x07"
            "default");
  EXPECT_EQ(segment_key(segment_name(0, kDefaultClass)), "s1970-01-01.default");
}

TEST(SegmentValue, EveryTruncationAndExtensionIsNoticed) {
  const std::string value = encode_segment_value(20'777, kDefaultClass);
  for (std::size_t size = 0; size <= value.size() + 9; ++size) {
    if (size == value.size()) continue;
    SCOPED_TRACE("size " + std::to_string(size));
    const auto day = decode_segment((value + std::string(9, '\0')).substr(0, size));
    ASSERT_FALSE(day);
    EXPECT_EQ(day.error().code, ErrorCode::kDataLoss) << day.error().message;
  }
}

TEST(SegmentName, IsTheDateOfEveryTimeOfItsDay) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto time = static_cast<TimeNs>(random());
    EXPECT_EQ(segment_name(day_of(time), "c"), to_rfc3339(time).substr(0, 10) + ".c") << time;
  }
}

TEST(SegmentName, SortsAsTheDaysDo) {
  std::string before = segment_name(day_of(kMin<TimeNs>), kDefaultClass);
  for (std::int64_t day = day_of(kMin<TimeNs>) + 1; day <= day_of(kMax<TimeNs>); ++day) {
    std::string name = segment_name(day, kDefaultClass);
    ASSERT_LT(before, name) << "day " << day;
    before = std::move(name);
  }
}

}  // namespace
}  // namespace duramen::store
