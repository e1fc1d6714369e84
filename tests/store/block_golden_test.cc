#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "store/block_head.h"
#include "tests/store/block_corpus.h"

namespace duramen::store {
namespace {

// The block under tests/golden/block_v1 was written once, from golden_rows(), by running this
// program with DURAMEN_WRITE_GOLDEN=1. Never change either: version 1 is read for ever.

const std::string kDirectory = std::string(DURAMEN_GOLDEN_DIR) + "/block_v1/";

/// A small generator of our own: the same numbers everywhere, for ever.
class Sequence {
 public:
  std::uint64_t next(std::uint64_t limit) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state_ >> 33) % limit;
  }
  std::string text(std::size_t size, std::string_view letters) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i) out.push_back(letters[next(letters.size())]);
    return out;
  }

 private:
  std::uint64_t state_ = 1;
};

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz";

std::string golden_message(std::size_t i, Sequence& s) {
  const auto number = [&](std::uint64_t limit) { return std::to_string(s.next(limit)); };
  switch (i % 8) {
    case 0:
      return "request " + s.text(8, kHex) + "-" + s.text(4, kHex) + "-" + s.text(4, kHex) + "-" +
             s.text(4, kHex) + "-" + s.text(12, kHex) + " from 10.0." + number(3) + "." +
             number(256);
    case 1:
      return "2026-11-21T10:20:3" + number(10) + "." + std::to_string(100 + s.next(900)) +
             "Z took " + number(90'000) + "ms, id=" + s.text(12, kHex);
    case 2:
      return "user " + s.text(6, kAlphabet) + " logged in";
    case 3:
      return "key " + s.text(7, "0123456789ABCDEF") + "0 seq 00" +
             std::to_string(1000 + s.next(9000));
    case 4:
      return "pod web" + number(2) + "x" + number(5) + "y is up, generation " + std::to_string(i);
    case 5:
      return "[21/Nov/2026:10:2" + number(10) + ":05 +0000] state v" + s.text(3, "1a") + "\xff";
    case 6:
      return "\x11 raw " + s.text(s.next(9), kAlphabet) + std::string(1, '\0');
    default:
      return i % 3 == 0 ? "" : "constant";
  }
}

model::RowSet golden_rows() {
  Sequence s;
  Rows rows;
  std::vector<model::RowIdentity> identities;
  TimeNs time = 1'795'256'430'000'000'000;
  for (std::size_t i = 0; i < 6000; ++i) {
    if (i % 2000 == 0) rows.stream({{"app", "golden" + std::to_string(i)}, {"host", "h1"}});
    if (i % 4 == 0) rows.field("status", std::to_string(200 + s.next(4)), model::FieldKind::kJson);
    if (i % 6 == 0) rows.field("note", s.text(s.next(20), kAlphabet));
    if (i % 12 == 0) rows.field("level", "info");
    if (i % 2000 == 0) rows.field("large", s.text(60'000, "ab"));
    time += static_cast<TimeNs>(s.next(2'000'000)) * 1000;
    rows.add(golden_message(i, s), time);
    const model::Seq seq(1'000'000 + i * 3 + s.next(3));
    const bool replica = i % 500 == 499;
    identities.push_back({seq, model::NodeId(replica ? 0x1234567890abcdefULL : 42),
                          replica ? model::Seq(i) : seq, time + 1'000'000});
  }
  return rows.with(std::move(identities));
}

std::string read_golden(const std::string& name) {
  std::ifstream in(kDirectory + name, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  EXPECT_TRUE(in) << kDirectory + name;
  return out.str();
}

void write_golden(const std::string& name, const std::string& bytes) {
  std::ofstream out(kDirectory + name, std::ios::binary);
  out << bytes;
  ASSERT_TRUE(out.flush()) << kDirectory + name;
}

BlockBytes golden_block() {
  return {read_golden("head.bin"), read_golden("rows.bin"), read_golden("vars.bin"),
          read_golden("fields.bin")};
}

TEST(BlockGolden, Version1IsStillRead) {
  const auto rows = decoded(golden_block());
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(difference(golden_rows(), *rows), "");
}

TEST(BlockGolden, Version1IsStillWritten) {
  const BlockBytes now = encoded(golden_rows());
  // NOLINTNEXTLINE(concurrency-mt-unsafe): the test has one thread
  if (std::getenv("DURAMEN_WRITE_GOLDEN") != nullptr) {
    write_golden("head.bin", now.head);
    write_golden("rows.bin", now.rows);
    write_golden("vars.bin", now.vars);
    write_golden("fields.bin", now.fields);
  }
  const BlockBytes golden = golden_block();
  EXPECT_TRUE(now.head == golden.head);
  EXPECT_TRUE(now.rows == golden.rows);
  EXPECT_TRUE(now.vars == golden.vars);
  EXPECT_TRUE(now.fields == golden.fields);
}

/// The bytes that the worked example in docs/format/block.md shows for a value.
std::string example_bytes(const std::string& value) {
  std::ifstream in(std::string(DURAMEN_GOLDEN_DIR) + "/../../docs/format/block.md");
  EXPECT_TRUE(in);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(value + "  ", 0) != 0) continue;
    std::istringstream bytes(line.substr(value.size(), line.find('|') - value.size()));
    for (unsigned byte = 0; bytes >> std::hex >> byte;) out.push_back(static_cast<char>(byte));
  }
  return out;
}

TEST(BlockGolden, TheWorkedExampleIsWhatIsWritten) {
  const auto batch = std::make_shared<model::RecordBatch>();
  const std::vector<model::Labels::Pair> labels = {{"app", "web"}};
  const std::uint32_t stream = batch->intern_stream(model::Labels(labels));
  batch->add_row(stream, 1'000'000'000, "GET /a 200 took 12ms");
  batch->add_row(stream, 3'000'000'000, "GET /a 404 took 7ms");
  const model::RowSet rows(
      batch, model::RowIdentity{model::Seq(5), model::NodeId(7), model::Seq(5), 4'000'000'000});
  const BlockBytes written = encoded(rows);
  EXPECT_TRUE(written.head == example_bytes("head"));
  EXPECT_TRUE(written.rows == example_bytes("rows"));
  EXPECT_TRUE(written.vars == example_bytes("vars"));
  EXPECT_TRUE(written.fields.empty());
  EXPECT_EQ(difference(rows, decoded(written).value()), "");
}

TEST(BlockGolden, Version1HasEveryEncoding) {
  const auto head = decode_head(golden_block().head);
  ASSERT_TRUE(head) << head.error().message;
  std::set<Encoding> seen;
  bool several_parts = false;
  bool word_slots = false;
  for (const ValueDirectory* d : {&head->rows, &head->vars, &head->fields}) {
    for (const PartEntry& p : d->parts) {
      seen.insert(p.encoding);
      several_parts |= !p.last;
    }
  }
  for (const BlockTemplate& t : head->templates) {
    word_slots |= t.text.find('\x12') != std::string::npos;
  }
  EXPECT_EQ(seen.size(), kLastEncoding + 1U);
  EXPECT_TRUE(several_parts);
  EXPECT_TRUE(word_slots);
  EXPECT_GT(head->templates[0].rows, 0U);
}

}  // namespace
}  // namespace duramen::store
