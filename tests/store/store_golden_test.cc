// A whole data directory of store format 1, which every later Duramen must open.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <tuple>

#include "base/time_text.h"
#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

namespace fs = std::filesystem;

// tests/golden/store_v1 was written once, by write_golden(): run this program with
// DURAMEN_WRITE_STORE_GOLDEN=DIR, which makes DIR and prints the ids that it drew. Never change the
// directory, golden_batches() or the ids: format 1 is read for ever. A new format gets a directory
// of its own. RocksDB's LOG and OPTIONS files and both locks are left out: nothing reads them.

const std::string kGolden = std::string(DURAMEN_GOLDEN_DIR) + "/store_v1";
constexpr const char* kStoreId = "3af836aaf7de1b9824ce53cc0c6218b1";  // as status shows it
constexpr model::NodeId kFirstNode{4378238587086601075};
constexpr model::NodeId kSecondNode{6775092806043334885};

struct GoldenBatch {
  std::shared_ptr<model::RecordBatch> records = std::make_shared<model::RecordBatch>();
  std::optional<model::BatchId> id;
  model::NodeId node;
  TimeNs received = 0;
};

class BatchBuilder {
 public:
  BatchBuilder(model::NodeId node, TimeNs received, std::optional<model::BatchId> id) {
    batch_.node = node;
    batch_.received = received;
    batch_.id = id;
  }
  BatchBuilder& field(std::string_view name, model::FieldKind kind, std::string_view value) {
    batch_.records->add_field(batch_.records->intern_field_name(name), kind, value);
    return *this;
  }
  BatchBuilder& row(const std::vector<model::Labels::Pair>& labels, TimeNs time,
                    std::string_view message) {
    batch_.records->add_row(batch_.records->intern_stream(model::Labels(labels)), time, message);
    return *this;
  }
  GoldenBatch done() { return std::move(batch_); }

 private:
  GoldenBatch batch_;
};

constexpr model::FieldKind kText = model::FieldKind::kText;
constexpr model::FieldKind kJson = model::FieldKind::kJson;
const std::vector<model::Labels::Pair> kWeb = {{"app", "web"}, {"host", "n1"}};
const std::vector<model::Labels::Pair> kDb = {{"app", "db"}, {"bytes", std::string("\0\xff", 2)}};

/// In the order of their seqs, from 1. The first is an epoch (and a window) of its own, the second
/// and third are another, which thus has rows of both incarnations; the others stay in the journal.
std::vector<GoldenBatch> golden_batches() {
  const model::BatchId first{{0x0102030405060708, 0x090a0b0c0d0e0f10}, 0x1112131415161718};
  const model::BatchId third{{0x2122232425262728, 0x292a2b2c2d2e2f30}, 0x3132333435363738};
  const model::BatchId fourth{{0, 1}, 0};
  std::vector<GoldenBatch> out;
  out.push_back(BatchBuilder(kFirstNode, kNoon, first)
                    .field("status", kJson, "200")
                    .field("user", kText, "ann")
                    .row(kWeb, kNoon - 3, "GET /a 200 took 12ms from 10.0.0.7")
                    .row(kWeb, kNoon - kNsPerDay, "GET /b 404 took 7ms from 10.0.0.8")
                    .field("status", kText, "")
                    .row(kDb, kNoon - 2, std::string("\x11 raw \0\xff\n", 9))
                    .row({}, kNoon - kNsPerDay, "")
                    .done());
  out.push_back(BatchBuilder(kFirstNode, kNoon, {}).row(kWeb, kNoon - 1, "second batch").done());
  out.push_back(BatchBuilder(kSecondNode, kNoon + kNsPerSecond, third)
                    .field("deep", kJson, R"({"a":[1,null]})")
                    .row(kDb, kNoon - kNsPerDay, "third batch 2026-09-20T14:13:20.5Z")
                    .row(kWeb, kNoon, "third batch 9f86d081-884c-4d7d-9a2f-eaa0c55ad015")
                    .done());
  out.push_back(BatchBuilder(kSecondNode, kNoon + kNsPerSecond, fourth)
                    .field("user", kText, "\xff")
                    .row({}, std::numeric_limits<TimeNs>::min(), "far before")
                    .row(kDb, std::numeric_limits<TimeNs>::max(), "far behind")
                    .done());
  out.push_back(
      BatchBuilder(kSecondNode, kNoon + kNsPerSecond, {}).row(kWeb, kNoon + 1, "last").done());
  return out;
}

/// Everything that a row is.
struct GoldenRow {
  TimeNs time = 0;
  std::vector<model::Labels::Pair> labels;
  std::vector<std::tuple<std::string, model::FieldKind, std::string>> fields;
  std::string message;
  model::RowIdentity identity;
  friend bool operator==(const GoldenRow&, const GoldenRow&) = default;
};
using GoldenRows = std::map<std::uint64_t, GoldenRow>;

void PrintTo(const GoldenRow& row, std::ostream* out) {
  *out << "seq " << row.identity.seq.value() << " of node " << row.identity.node.value() << " at "
       << to_rfc3339(row.time) << ", " << row.labels.size() << " labels, " << row.fields.size()
       << " fields: " << row.message;
}

void take_rows(const model::RowSet& set, GoldenRows& out) {
  const model::RecordBatch& records = set.records();
  for (std::size_t i = 0; i < set.rows(); ++i) {
    GoldenRow row{records.time[i],
                  records.streams[records.stream[i]].pairs(),
                  {},
                  std::string(records.message(i)),
                  set.identity(i)};
    for (std::uint32_t f = records.first_field(i); f < records.fields_end[i]; ++f) {
      row.fields.emplace_back(records.field_names[records.field_name[f]], records.field_kind[f],
                              records.value(f));
    }
    EXPECT_TRUE(out.emplace(row.identity.seq.value(), std::move(row)).second) << "a seq twice";
  }
}

GoldenRows golden_rows() {
  GoldenRows out;
  for (const GoldenBatch& batch : golden_batches()) {
    const model::Seq next(out.size() + 1);
    take_rows({batch.records, model::RowIdentity{next, batch.node, next, batch.received}}, out);
  }
  return out;
}

GoldenRows stored_rows(const Snapshot& snapshot) {
  GoldenRows out;
  for (const model::RowSet& set : snapshot.open_rows()) take_rows(set, out);
  for (const BlockRef& block : snapshot.blocks()) {
    const auto rows = snapshot.read(block);
    EXPECT_TRUE(rows) << rows.error().message;
    if (rows) take_rows(*rows, out);
  }
  return out;
}

// ---- written once

void keep_what_matters(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& file : fs::directory_iterator(from)) {
    const std::string name = file.path().filename();
    const bool is_log = name.rfind("LOG", 0) == 0 || name.rfind("OPTIONS", 0) == 0;
    if (is_log || name == "LOCK") continue;
    fs::copy_file(file.path(), to / name);
  }
}

void write_golden(const fs::path& to) {
  TemporaryStore temporary;
  temporary.options.window_raw_bytes = 1;  // every epoch fills one
  const auto batches = golden_batches();
  const auto append = [&](std::size_t i) {
    temporary.clock.set(batches[i].received);
    ASSERT_TRUE(append_and_wait(*temporary.store, batches[i].records, batches[i].id));
  };
  temporary.reopen();
  append(0);
  ASSERT_TRUE(temporary.store->seal());
  append(1);
  std::cout << "first node " << temporary.store->status().node.value() << "\n";
  temporary.reopen();
  append(2);
  ASSERT_TRUE(temporary.store->seal());
  append(3);
  append(4);
  std::cout << "second node " << temporary.store->status().node.value() << "\nstore id "
            << temporary.store->status().store_id << "\n";
  temporary.store.reset();
  keep_what_matters(temporary.directory.file("db"), to / "db");
}

// ---- read for ever

class StoreGolden : public ::testing::Test, protected TemporaryStore {
 protected:
  void SetUp() override {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the test has one thread
    const char* write_to = std::getenv("DURAMEN_WRITE_STORE_GOLDEN");
    if (write_to != nullptr && !fs::exists(write_to)) {
      write_golden(write_to);
      GTEST_SKIP() << "wrote " << write_to << " instead";
    }
    fs::copy(kGolden, directory.path(), fs::copy_options::recursive);
    clock.set(kNoon + kNsPerSecond);
    reopen();
  }

  void expect_known(const GoldenBatch& batch, model::Seq first) {
    const auto ack = append_and_wait(*store, batch.records, batch.id);
    ASSERT_TRUE(ack) << ack.error().message;
    EXPECT_TRUE(ack->duplicate);
    EXPECT_EQ(ack->first, first);
    EXPECT_EQ(ack->last, first.plus(batch.records->rows() - 1));
    EXPECT_EQ(ack->node, batch.node);
  }

  void expect_no_faults(std::uint64_t blocks, std::uint64_t journal_entries) {
    const auto report = store->verify({});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->faults, ::testing::IsEmpty());
    EXPECT_EQ(report->blocks, blocks);
    EXPECT_EQ(report->journal_entries, journal_entries);
    EXPECT_EQ(report->rows, golden_rows().size());
  }
};

TEST_F(StoreGolden, Version1IsStillOpened) {
  const auto snapshot = store->snapshot();
  EXPECT_EQ(stored_rows(*snapshot), golden_rows());
  EXPECT_EQ(snapshot->seq().value(), golden_rows().size());
  const StoreStatus status = store->status();
  EXPECT_EQ(status.store_id, kStoreId);
  EXPECT_EQ(status.built.value(), 8U);
  EXPECT_EQ(status.open_rows, 3U);
  EXPECT_EQ(status.batch_ids, 3U);
  expect_no_faults(4, 2);
}

using Place = std::tuple<std::uint64_t, std::uint64_t, std::string>;  // block, window, segment

std::vector<Place> places(const Snapshot& snapshot) {
  std::vector<Place> out;
  for (const BlockRef& block : snapshot.blocks()) {
    out.emplace_back(block.id.value(), block.window.value(), block.segment);
  }
  std::sort(out.begin(), out.end());
  return out;
}

TEST_F(StoreGolden, BlocksOfVersion1KeepTheirWindowsAndSegments) {
  EXPECT_THAT(
      places(*store->snapshot()),
      ::testing::ElementsAre(Place(1, 1, "2026-09-20.default"), Place(2, 1, "2026-09-21.default"),
                             Place(3, 2, "2026-09-20.default"), Place(4, 2, "2026-09-21.default")));
}

TEST_F(StoreGolden, RepeatsOfBatchesOfVersion1AreRecognised) {
  model::Seq first(1);
  for (const GoldenBatch& batch : golden_batches()) {
    if (batch.id) expect_known(batch, first);
    first = first.plus(batch.records->rows());
  }
  EXPECT_EQ(stored_rows(*store->snapshot()), golden_rows());
}

TEST_F(StoreGolden, AStoreOfVersion1GoesOn) {
  const auto ack = append_and_wait(*store, batch_of({"new"}));
  ASSERT_TRUE(ack) << ack.error().message;
  EXPECT_EQ(ack->first.value(), golden_rows().size() + 1);
  EXPECT_NE(ack->node, kFirstNode);
  EXPECT_NE(ack->node, kSecondNode);
  ASSERT_TRUE(store->seal());
  reopen();
  auto rows = stored_rows(*store->snapshot());
  EXPECT_EQ(rows.extract(ack->first.value()).mapped().message, "new");
  EXPECT_EQ(rows, golden_rows());
  EXPECT_TRUE(store->snapshot()->open_rows().empty());
  EXPECT_EQ(places(*store->snapshot()).back(), Place(7, 2, "2262-04-11.default"))
      << "block ids and the open window go on";
}

}  // namespace
}  // namespace duramen::store
