#include "store/journal_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

#include "base/checksum.h"
#include "base/compression.h"

namespace duramen::store {
namespace {

std::string encode(const model::RecordBatch& records, JournalHead head) {
  auto columns = pack_columns(records);
  EXPECT_TRUE(columns);
  head.rows = static_cast<std::uint32_t>(records.rows());
  return encode_journal_head(head, *columns) + columns->bytes;
}

/// The batch of the golden file: every feature of version 1.
model::RecordBatch golden_batch() {
  model::RecordBatch batch;
  const auto web = batch.intern_stream(model::Labels({{"app", "web"}, {"host", "n1"}}));
  const auto none = batch.intern_stream(model::Labels());
  batch.add_field(batch.intern_field_name("status"), model::FieldKind::kJson, "200");
  batch.add_row(web, 1'790'000'000'000'000'000, "GET /a 200");
  batch.add_row(none, -5, std::string("\0\xff\n", 3));
  batch.add_field(batch.intern_field_name("user"), model::FieldKind::kText, "");
  batch.add_field(batch.intern_field_name("status"), model::FieldKind::kText, "x");
  batch.add_row(web, std::numeric_limits<TimeNs>::max(), "");
  return batch;
}
JournalHead golden_head() {
  return {3, model::NodeId(0x1122334455667788), 1'790'000'000'000'000'001,
          model::BatchId{{0x0102030405060708, 0x090a0b0c0d0e0f10}, 42}};
}

void expect_equal(const model::RecordBatch& a, const model::RecordBatch& b) {
  EXPECT_EQ(a.streams, b.streams);
  EXPECT_EQ(a.field_names, b.field_names);
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.time, b.time);
  EXPECT_EQ(a.message_end, b.message_end);
  EXPECT_EQ(a.fields_end, b.fields_end);
  EXPECT_EQ(a.messages, b.messages);
  EXPECT_EQ(a.field_name, b.field_name);
  EXPECT_EQ(a.field_kind, b.field_kind);
  EXPECT_EQ(a.value_end, b.value_end);
  EXPECT_EQ(a.values, b.values);
}

model::RecordBatch random_batch(std::mt19937_64& random) {
  model::RecordBatch batch;
  const auto text = [&](std::size_t limit) {
    std::string out(random() % limit, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  };
  const std::size_t rows = 1 + random() % 200;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto fields = random() % 4;
    for (std::size_t f = 0; f < fields; ++f) {
      batch.add_field(batch.intern_field_name("f" + std::to_string(f * 3 + random() % 3)),
                      static_cast<model::FieldKind>(random() % 2), text(20));
    }
    const auto stream = batch.intern_stream(model::Labels({{"app", std::to_string(random() % 5)}}));
    batch.add_row(stream, static_cast<TimeNs>(random()), text(i == 0 ? 100'000 : 80));
  }
  return batch;
}

TEST(JournalEntry, RandomBatchesComeBackExactly) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 50; ++i) {
    const model::RecordBatch batch = random_batch(random);
    auto entry = decode_journal_entry(encode(batch, {0, model::NodeId(9), 17, {}}));
    ASSERT_TRUE(entry) << entry.error().message;
    expect_equal(*entry->records, batch);
    EXPECT_EQ(entry->head.received, 17);
    EXPECT_FALSE(entry->head.batch_id);
  }
}

TEST(JournalEntry, EveryFlippedBitIsNoticed) {
  const std::string good = encode(golden_batch(), golden_head());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    auto entry = decode_journal_entry(bad);
    ASSERT_FALSE(entry) << "byte " << at;
    EXPECT_TRUE(entry.error().code == ErrorCode::kDataLoss || at == 0) << entry.error().message;
  }
}

TEST(JournalEntry, EveryTruncationIsNoticed) {
  const std::string good = encode(golden_batch(), golden_head());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_journal_entry(std::string_view(good).substr(0, size))) << size;
  }
}

TEST(JournalEntry, HostileColumnsWithGoodChecksumsDoNotCrash) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  auto columns = pack_columns(golden_batch());
  ASSERT_TRUE(columns);
  std::string raw;
  ASSERT_TRUE(zstd_expand(raw, columns->bytes, columns->unpacked_size));
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = raw;
    for (std::size_t n = 1 + random() % 3; n > 0; --n)
      bad[random() % bad.size()] = static_cast<char>(random());
    PackedColumns packed;
    packed.unpacked_size = bad.size();
    ASSERT_TRUE(zstd_append(packed.bytes, bad, 1));
    packed.checksum = checksum64(packed.bytes);
    auto entry = decode_journal_entry(encode_journal_head(golden_head(), packed) + packed.bytes);
    EXPECT_TRUE(!entry || entry->records->check());
  }
}

TEST(JournalEntry, NewerVersionIsRefusedAsSuch) {
  std::string entry = encode(golden_batch(), golden_head());
  entry[0] = 2;
  EXPECT_EQ(decode_journal_entry(entry).error().code, ErrorCode::kUnimplemented);
}

/// Written once, when version 1 was new; a change here means a new version and a new file.
std::string golden_file() {
  std::ifstream file(DURAMEN_GOLDEN_DIR "/journal_v1.bin", std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  EXPECT_TRUE(file) << "journal_v1.bin";
  return std::move(bytes).str();
}

TEST(JournalEntry, GoldenFileOfVersion1IsReadForEver) {
  const std::string bytes = golden_file();
  auto entry = decode_journal_entry(bytes);
  ASSERT_TRUE(entry) << entry.error().message;
  expect_equal(*entry->records, golden_batch());
  EXPECT_EQ(entry->head.node, golden_head().node);
  EXPECT_EQ(entry->head.received, golden_head().received);
  ASSERT_TRUE(entry->head.batch_id);
  EXPECT_EQ(entry->head.batch_id->id, golden_head().batch_id->id);
  EXPECT_EQ(entry->head.batch_id->payload, 42U);
}

TEST(JournalEntry, GoldenFileOfVersion1IsStillWritten) {
  // Packed bytes are compared, too: the version of zstd is Debian's.
  EXPECT_EQ(encode(golden_batch(), golden_head()), golden_file());
}

TEST(JournalEntry, ExampleOfTheFormatDocumentIsTrue) {
  model::RecordBatch batch;
  batch.add_row(batch.intern_stream(model::Labels()), 5, "hi");
  auto columns = pack_columns(batch);
  ASSERT_TRUE(columns);
  std::string raw;
  ASSERT_TRUE(zstd_expand(raw, columns->bytes, columns->unpacked_size));
  EXPECT_EQ(raw, std::string("\x01\x01\x00\x00\x01\x00\x0a\x02\x00hi\x00", 12));
}

}  // namespace
}  // namespace duramen::store
