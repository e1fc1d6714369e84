#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "base/checksum.h"
#include "base/compression.h"
#include "store/block_head.h"
#include "tests/store/block_corpus.h"

namespace duramen::store {
namespace {

using Random = std::mt19937_64;

std::array<std::string*, 4> values_of(BlockBytes& b) {
  return {&b.head, &b.rows, &b.vars, &b.fields};
}
constexpr std::array<const char*, 4> kNames = {"head", "rows", "vars", "fields"};

/// Rows that make every kind of column in little space.
model::RowSet small_rows() { return mixed_rows(77, 60); }

Result<model::RowSet> decoded_by_columns(const BlockBytes& bytes) {
  DURAMEN_TRY(const auto reader, BlockReader::open(fetch_from(bytes)));
  return read_by_columns(*reader, 5);
}

void expect_data_loss(const BlockBytes& bytes) {
  EXPECT_FALSE(decoded_by_columns(bytes));
  const auto back = decoded(bytes);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::kDataLoss) << back.error().message;
  EXPECT_NE(back.error().message.find("block"), std::string::npos) << back.error().message;
}

TEST(BlockDamage, AFlippedByteAnywhereIsNoticed) {
  const BlockBytes good = encoded(small_rows());
  Random random(1);
  for (std::size_t value = 0; value < kNames.size(); ++value) {
    BlockBytes bad = good;
    std::string& bytes = *values_of(bad)[value];
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      SCOPED_TRACE(std::string(kNames[value]) + " byte " + std::to_string(at));
      const char was = bytes[at];
      bytes[at] = static_cast<char>(was ^ static_cast<char>(1 + random() % 255));
      expect_data_loss(bad);
      bytes[at] = was;
    }
  }
}

TEST(BlockDamage, EveryTruncationAndExtensionIsNoticed) {
  const BlockBytes good = encoded(small_rows());
  for (std::size_t value = 0; value < kNames.size(); ++value) {
    BlockBytes bad = good;
    std::string& bytes = *values_of(bad)[value];
    const std::string whole = bytes;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      SCOPED_TRACE(std::string(kNames[value]) + " cut to " + std::to_string(size));
      bytes = whole.substr(0, size);
      expect_data_loss(bad);
    }
    for (const std::size_t more : {1U, 8U, 64U}) {
      SCOPED_TRACE(std::string(kNames[value]) + " longer by " + std::to_string(more));
      bytes = whole + std::string(more, '\0');
      expect_data_loss(bad);
    }
  }
}

TEST(BlockDamage, ValuesOfAnotherBlockAreNoticed) {
  const BlockBytes a = encoded(mixed_rows(1, 60));
  BlockBytes b = encoded(mixed_rows(2, 60));
  for (std::size_t value = 0; value < kNames.size(); ++value) {
    BlockBytes mixed = a;
    std::swap(*values_of(mixed)[value], *values_of(b)[value]);
    expect_data_loss(mixed);
    std::swap(*values_of(mixed)[value], *values_of(b)[value]);
  }
}

void fix_head_checksum(std::string& head) {
  head.resize(head.size() - 8);
  ByteWriter(head).u64(checksum64(head));
}

TEST(BlockDamage, ANewerVersionIsNamed) {
  BlockBytes bytes = encoded(small_rows());
  bytes.head[4] = 2;
  fix_head_checksum(bytes.head);
  const auto back = decoded(bytes);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::kUnimplemented);
  EXPECT_NE(back.error().message.find("version 2"), std::string::npos) << back.error().message;
  EXPECT_FALSE(read_summary(bytes.head));
}

/// The sum of all columns' bytes is not what the head says; who reads single columns cannot know.
bool is_about_a_sum(const Error& error) {
  return error.message.ends_with("message bytes") || error.message.ends_with("value bytes");
}

/// What a reader may give for bytes that somebody made on purpose, with right checksums: rows that
/// hold together, or an error; never a crash.
void expect_no_crash(const BlockBytes& bytes) {
  const auto back = decoded(bytes);
  if (back) {
    const auto whole = back->records().check();
    EXPECT_TRUE(whole) << whole.error().message;
  }
  const auto by_columns = decoded_by_columns(bytes);
  if (back) {
    ASSERT_TRUE(by_columns) << by_columns.error().message;
    EXPECT_EQ(difference(*back, *by_columns), "");
  } else if (!is_about_a_sum(back.error())) {
    EXPECT_FALSE(by_columns) << "but: " << back.error().message;
  }
  (void)read_summary(bytes.head);
  (void)block_sizes(bytes.head);
}

void mutate(std::string& bytes, Random& random) {
  if (bytes.empty()) return;
  for (std::uint64_t n = random() % 3 + 1; n > 0; --n) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 5) {
      case 0:
        bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes[at] = static_cast<char>(bytes[at] + (random() % 2 == 0 ? 1 : -1));
        break;
      case 2:
        bytes[at] = '\xff';
        break;
      case 3:
        bytes.erase(at, random() % 9);
        break;
      default:
        bytes.insert(at, std::string(random() % 9, static_cast<char>(random())));
        break;
    }
    if (bytes.empty()) return;
  }
}

constexpr std::size_t kFixedPart = 64;

/// Changes bytes within the sections of a head, below their compression.
std::string with_mutated_section(std::string_view head, Random& random) {
  ByteReader in(head.substr(kFixedPart, head.size() - kFixedPart - 8));
  std::string out(head.substr(0, kFixedPart));
  const std::uint64_t victim = random() % 3;
  for (std::uint64_t section = 0; section < 3; ++section) {
    const std::uint8_t method = in.u8();
    const std::uint64_t raw_size = in.varint();
    const std::string_view stored = in.text();
    std::string raw(stored);
    if (method == 1) {
      raw.clear();
      EXPECT_TRUE(zstd_expand(raw, stored, raw_size));
    }
    if (section == victim) mutate(raw, random);
    ByteWriter writer(out);
    writer.u8(0);
    writer.varint(raw.size());
    writer.text(raw);
  }
  out.append(8, '\0');
  fix_head_checksum(out);
  return out;
}

TEST(BlockDamage, AHeadMadeOnPurposeDoesNotCrash) {
  const BlockBytes good = encoded(small_rows());
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    BlockBytes bad = good;
    if (seed % 2 == 0) {
      bad.head = with_mutated_section(good.head, random);
    } else {
      bad.head[8 + random() % (kFixedPart - 8)] = static_cast<char>(random());
      fix_head_checksum(bad.head);
    }
    expect_no_crash(bad);
  }
}

/// Takes the frames of a value apart, lets `change` work on their raw bytes, and puts them together
/// again, stored, with sizes and checksums that fit.
void rewrite_frames(ValueDirectory& directory, std::string& value,
                    const std::function<void(std::vector<std::string>&)>& change) {
  std::vector<std::string> frames;
  std::size_t at = 0;
  for (const FrameEntry& f : directory.frames) {
    const std::string_view stored = std::string_view(value).substr(at, f.stored_size);
    at += f.stored_size;
    std::string& raw = frames.emplace_back();
    if (f.compressed) {
      ASSERT_TRUE(zstd_expand(raw, stored, f.raw_size));
    } else {
      raw = stored;
    }
  }
  change(frames);
  value.clear();
  for (std::size_t i = 0; i < frames.size(); ++i) {
    FrameEntry& f = directory.frames[i];
    f.compressed = false;
    f.raw_size = f.stored_size = frames[i].size();
    f.checksum = checksum64(frames[i]);
    value += frames[i];
  }
}

TEST(BlockDamage, FramesMadeOnPurposeDoNotCrash) {
  const BlockBytes good = encoded(small_rows());
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    BlockBytes bad = good;
    auto head = decode_head(good.head);
    ASSERT_TRUE(head) << head.error().message;
    const std::array<ValueDirectory*, 3> directories = {&head->rows, &head->vars, &head->fields};
    const std::size_t value = random() % 3;
    rewrite_frames(*directories[value], *values_of(bad)[value + 1], [&](auto& frames) {
      if (!frames.empty()) mutate(frames[random() % frames.size()], random);
    });
    const auto bytes = encode_head(*head, 1);
    ASSERT_TRUE(bytes) << bytes.error().message;
    bad.head = *bytes;
    expect_no_crash(bad);
  }
}

/// Changes what the head promises, in ways that bytes alone seldom hit.
void break_promise(BlockHead& head, Random& random) {
  const auto any = [&](auto& list) -> auto& { return list[random() % list.size()]; };
  auto& directory = *std::array{&head.rows, &head.vars, &head.fields}[random() % 3];
  const std::uint64_t odd = std::array<std::uint64_t, 6>{
      0, 1, 0xffff, 0xffffffff, ~std::uint64_t{0}, random()}[random() % 6];
  switch (random() % 10) {
    case 0:
      head.summary.rows = static_cast<std::uint32_t>(odd % kMaxBlockRows + 1);
      break;
    case 1:
      any(head.templates).rows = static_cast<std::uint32_t>(odd % kMaxBlockRows);
      break;
    case 2:
      any(head.templates).text = std::string(random() % 600, '\x11');
      break;
    case 3:
      any(head.field_sets).push_back(0);
      break;
    case 4:
      head.message_bytes = odd % kMaxBlockRaw;
      head.summary.raw_bytes = head.message_bytes + random() % 1000;
      break;
    case 5:
      if (!directory.parts.empty()) any(directory.parts).sizes[random() % kLanes] = odd;
      break;
    case 6:
      if (!directory.parts.empty())
        any(directory.parts).encoding = static_cast<Encoding>(random() % 12);
      break;
    case 7:
      if (!directory.parts.empty()) {
        any(directory.parts).last = random() % 2 == 0;
        any(directory.parts).values = odd;
      }
      break;
    case 8:
      any(head.rows.frames).raw_size = odd;
      break;
    default:
      head.field_values = static_cast<std::uint32_t>(odd % kMaxBlockFields);
      break;
  }
}

TEST(BlockDamage, AnIndexBehindTheLastIsNoticed) {
  const BlockBytes good = encoded(small_rows());
  const std::array<std::function<void(BlockHead&)>, 3> drops = {
      [](BlockHead& head) { head.streams.pop_back(); },
      [](BlockHead& head) { head.nodes.pop_back(); },
      [](BlockHead& head) { head.field_sets.pop_back(); }};
  for (const auto& drop : drops) {
    BlockHead head = decode_head(good.head).value();
    drop(head);
    BlockBytes bad = good;
    bad.head = encode_head(head, 1).value();
    expect_data_loss(bad);
    const auto reader = BlockReader::open(fetch_from(bad));
    ASSERT_TRUE(reader) << reader.error().message;
    int refused = 0;
    for (std::size_t c = 0; c < kRowColumns; ++c) {
      refused += !(*reader)->numbers(static_cast<RowColumn>(c));
    }
    EXPECT_EQ(refused, 1);
    const auto other = BlockReader::open(fetch_from(bad)).value();
    int refused_alone = 0;
    for (std::size_t c = 0; c < kRowColumns; ++c) {
      bool all = true;
      for (std::size_t row = 0; row < other->rows(); ++row) {
        all = all && other->number(static_cast<RowColumn>(c), row);
      }
      refused_alone += !all;
    }
    EXPECT_EQ(refused_alone, 1);
  }
}

TEST(BlockDamage, BrokenPromisesDoNotCrash) {
  const BlockBytes good = encoded(small_rows());
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    BlockBytes bad = good;
    auto head = decode_head(good.head);
    ASSERT_TRUE(head) << head.error().message;
    for (std::uint64_t n = random() % 2 + 1; n > 0; --n) break_promise(*head, random);
    const auto bytes = encode_head(*head, 1);
    ASSERT_TRUE(bytes) << bytes.error().message;
    bad.head = *bytes;
    expect_no_crash(bad);
  }
}

}  // namespace
}  // namespace duramen::store
