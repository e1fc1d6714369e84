// What is written of a deletion (docs/format/keys.md), against files of version 1.

#include <fstream>
#include <random>
#include <sstream>

#include "base/bytes.h"
#include "base/checksum.h"
#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

using ::testing::ElementsAre;

Deletion golden_deletion() {
  Deletion out;
  out.id = 7;
  out.state = DeletionState::kHidden;
  out.query = "card AND app:\"sh\xc3\xb6p\"";
  out.start = -5;
  out.up_to = model::Seq(1ULL << 40);
  out.by = "192.0.2.7";
  out.reason = "ticket 17";
  out.asked = kNoon;
  out.hidden = kNoon + 1;
  out.rows = 300;
  out.blocks = 2;
  out.problem = "block 3 cannot be read";
  return out;
}

HiddenRows golden_hidden() {
  HiddenRows out;
  out.deletion = 7;
  for (const std::uint32_t row : {0U, 1U, 130U, 70'000U}) out.rows.add(row);
  return out;
}

std::string golden_file(const std::string& name) {
  std::ifstream file(DURAMEN_GOLDEN_DIR "/" + name, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  EXPECT_TRUE(file) << name;
  return std::move(bytes).str();
}

std::string deletion_key() {
  std::string key = "a";
  append_be64(key, 7);
  return key;
}

TEST(DeletionFormat, GoldenFilesOfVersion1AreReadForEver) {
  const auto deletion = decode_deletion(deletion_key(), golden_file("deletion_v1.bin"));
  ASSERT_TRUE(deletion) << deletion.error().message;
  EXPECT_EQ(*deletion, golden_deletion());
  const auto hidden = decode_hidden_rows(golden_file("hidden_rows_v1.bin"));
  ASSERT_TRUE(hidden) << hidden.error().message;
  EXPECT_EQ(hidden->deletion, 7U);
  EXPECT_THAT(hidden->rows.rows(), ElementsAre(0U, 1U, 130U, 70'000U));
}

TEST(DeletionFormat, GoldenFilesOfVersion1AreStillWritten) {
  EXPECT_EQ(encode_deletion(golden_deletion()), golden_file("deletion_v1.bin"));
  EXPECT_EQ(encode_hidden_rows(golden_hidden()), golden_file("hidden_rows_v1.bin"));
}

TEST(DeletionFormat, EveryFlippedBitAndEveryCutIsNoticed) {
  const std::string deletion = encode_deletion(golden_deletion());
  const std::string hidden = encode_hidden_rows(golden_hidden());
  for (std::size_t at = 0; at < deletion.size(); ++at) {
    std::string bad = deletion;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_FALSE(decode_deletion(deletion_key(), bad)) << at;
    EXPECT_FALSE(decode_deletion(deletion_key(), deletion.substr(0, at))) << at;
  }
  for (std::size_t at = 0; at < hidden.size(); ++at) {
    std::string bad = hidden;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_FALSE(decode_hidden_rows(bad)) << at;
    EXPECT_FALSE(decode_hidden_rows(hidden.substr(0, at))) << at;
  }
}

/// With a checksum that is right.
std::string summed(std::string value) {
  const std::uint64_t sum = checksum64(value);
  ByteWriter(value).u64(sum);
  return value;
}

TEST(DeletionFormat, HostileBytesWithGoodChecksumsDoNotCrash) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string good[] = {encode_deletion(golden_deletion()),
                              encode_hidden_rows(golden_hidden())};
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good[i % 2].substr(0, good[i % 2].size() - 8);
    for (std::size_t n = 1 + random() % 3; n > 0; --n) {
      bad[1 + random() % (bad.size() - 1)] = static_cast<char>(random());
    }
    (void)decode_deletion(deletion_key(), summed(bad));
    const auto hidden = decode_hidden_rows(summed(bad));
    if (!hidden) continue;
    const auto rows = hidden->rows.rows();
    EXPECT_EQ(rows.size(), hidden->rows.count());
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
    EXPECT_TRUE(rows.empty() || rows.back() + 1 == hidden->rows.end());
  }
}

TEST(DeletionFormat, ANewerVersionIsRefusedAsSuch) {
  std::string value = encode_deletion(golden_deletion());
  value.resize(value.size() - 8);
  value[0] = 2;
  EXPECT_EQ(decode_deletion(deletion_key(), summed(value)).error().code, ErrorCode::kUnimplemented);
  std::string hidden = encode_hidden_rows(golden_hidden());
  hidden.resize(hidden.size() - 8);
  hidden[0] = 2;
  EXPECT_EQ(decode_hidden_rows(summed(hidden)).error().code, ErrorCode::kUnimplemented);
}

TEST(DeletionFormat, TheExampleOfTheFormatDocumentIsTrue) {
  HiddenRows hidden;
  hidden.deletion = 1;
  for (const std::uint32_t row : {0U, 2U, 3U}) hidden.rows.add(row);
  const std::string value = encode_hidden_rows(hidden);
  EXPECT_EQ(value.substr(0, value.size() - 8),
            std::string("\x01\x01\0\0\0\0\0\0\0\x03\0\0\0\x00\x01\x00", 16));
}

}  // namespace
}  // namespace duramen::store
