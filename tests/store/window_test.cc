// Windows: fixed ranges of seqs, made of whole epochs, through which a seq leads to its blocks.

#include <algorithm>
#include <random>

#include "base/bytes.h"
#include "store/database.h"
#include "store/directory.h"
#include "store/keys.h"
#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

/// The windows and the directory of a closed store, as they lie in meta.
struct Meta {
  std::vector<Window> windows;
  std::vector<DirectoryEntry> entries;
};

Result<Meta> read_meta(const std::string& directory) {
  DURAMEN_TRY(const auto database, Database::open(directory + "/db", nullptr));
  Meta meta;
  DURAMEN_TRY_VOID(
      database->scan(database->meta(), meta_key(MetaKind::kWindow),
                     [&](std::string_view key, std::string_view value) -> Result<void> {
                       DURAMEN_TRY(const Window window, decode_window(key, value));
                       meta.windows.push_back(window);
                       return {};
                     }));
  DURAMEN_TRY_VOID(
      database->scan(database->meta(), meta_key(MetaKind::kDirectory),
                     [&](std::string_view key, std::string_view value) -> Result<void> {
                       DURAMEN_TRY(auto entry, decode_directory_entry(key, value));
                       meta.entries.push_back(std::move(entry));
                       return {};
                     }));
  return meta;
}

class WindowTest : public ::testing::Test, protected TemporaryStore {
 protected:
  void SetUp() override {
    options.window_raw_bytes = 1000;
    options.block_raw_bytes = 100;
    reopen();
  }

  /// One epoch of `raw` bytes in rows of at most 50 bytes, over two days and three streams.
  void epoch(std::uint64_t raw) {
    auto batch = std::make_shared<model::RecordBatch>();
    for (std::uint64_t left = raw, row = 0; left != 0; ++row) {
      const std::uint64_t size = std::min<std::uint64_t>(left, 50);
      const std::string app = "app" + std::to_string(row % 3);
      batch->add_row(batch->intern_stream(model::Labels({{"app", app}})),
                     kNoon - static_cast<TimeNs>(row % 2) * kNsPerDay, std::string(size, 'x'));
      left -= size;
    }
    ASSERT_TRUE(append_and_wait(*store, batch));
    ASSERT_TRUE(store->seal());
    expect_epoch(batch->rows(), raw);
  }

  Meta closed_meta() {
    store.reset();
    auto meta = read_meta(directory.path());
    EXPECT_TRUE(meta) << meta.error().message;
    return meta ? *std::move(meta) : Meta{};
  }

  void expect_windows(const std::vector<Window>& windows) const {
    ASSERT_EQ(windows.size(), expected_.size());
    for (std::size_t i = 0; i < windows.size(); ++i) {
      SCOPED_TRACE("window " + std::to_string(i + 1));
      EXPECT_EQ(windows[i].id.value(), i + 1);
      EXPECT_EQ(windows[i].first, expected_[i].first);
      EXPECT_EQ(windows[i].end, expected_[i].end);
      EXPECT_EQ(windows[i].raw_bytes, expected_[i].raw_bytes);
    }
  }

  /// What the windows should be after an epoch more.
  void expect_epoch(std::uint64_t rows, std::uint64_t raw) {
    if (expected_.empty() || expected_.back().raw_bytes >= options.window_raw_bytes) {
      expected_.push_back({model::WindowId(expected_.size() + 1), next_, next_, 0});
    }
    next_ = next_.plus(rows);
    expected_.back().end = next_;
    expected_.back().raw_bytes += raw;
  }

  std::vector<Window> expected_;
  model::Seq next_{1};
};

/// As docs/format/keys.md says: the windows' first seqs are ascending.
const Window* window_of(const std::vector<Window>& windows, model::Seq seq) {
  const auto after = std::upper_bound(windows.begin(), windows.end(), seq,
                                      [](model::Seq s, const Window& w) { return s < w.first; });
  return after == windows.begin() || seq >= (after - 1)->end ? nullptr : &*(after - 1);
}

void expect_contiguous(const std::vector<Window>& windows, model::Seq next) {
  ASSERT_FALSE(windows.empty());
  EXPECT_EQ(windows.front().first.value(), 1U);
  EXPECT_EQ(windows.back().end, next);
  for (std::size_t i = 1; i < windows.size(); ++i) {
    EXPECT_EQ(windows[i].first, windows[i - 1].end) << "window " << windows[i].id.value();
    EXPECT_LT(windows[i].first, windows[i].end) << "window " << windows[i].id.value();
  }
}

void expect_entries_inside(const Meta& meta) {
  for (const DirectoryEntry& entry : meta.entries) {
    SCOPED_TRACE("block " + std::to_string(entry.block.value()));
    const Window* window = window_of(meta.windows, entry.summary.min_seq);
    ASSERT_NE(window, nullptr);
    EXPECT_EQ(window->id, entry.window);
    EXPECT_LE(entry.summary.min_seq, entry.summary.max_seq);
    EXPECT_LT(entry.summary.max_seq, window->end);
  }
}

/// The rows that the directory's blocks of this seq's window have for it, when only those are read
/// whose seqs may hold it.
std::size_t rows_found(const Meta& meta, const Snapshot& snapshot, model::Seq seq) {
  const Window* window = window_of(meta.windows, seq);
  if (window == nullptr) return 0;
  std::size_t found = 0;
  for (const DirectoryEntry& entry : meta.entries) {
    if (entry.window != window->id || seq < entry.summary.min_seq || seq > entry.summary.max_seq) {
      continue;
    }
    const auto rows = snapshot.read({entry.block, entry.window, entry.segment, entry.summary});
    EXPECT_TRUE(rows) << rows.error().message;
    for (std::size_t row = 0; rows && row < rows->rows(); ++row) {
      if (rows->identity(row).seq == seq) ++found;
    }
  }
  return found;
}

TEST(Window, HoldsOneGibibyteUnlessToldOtherwise) {
  EXPECT_EQ(StoreOptions().window_raw_bytes, 1'073'741'824U);
}

TEST_F(WindowTest, IsClosedAtTheEndOfTheEpochThatFillsIt) {
  for (const std::uint64_t raw : {400U, 599U, 1U, 1000U, 3000U, 999U, 500U, 10U}) epoch(raw);
  const auto windows = closed_meta().windows;
  std::vector<std::uint64_t> raw;
  for (const Window& window : windows) raw.push_back(window.raw_bytes);
  EXPECT_THAT(raw, ::testing::ElementsAre(1000, 1000, 3000, 1499, 10));
  expect_windows(windows);
  expect_contiguous(windows, next_);
}

TEST_F(WindowTest, IsFilledOnAfterReopening) {
  epoch(600);
  reopen();
  epoch(300);
  reopen();
  epoch(100);  // full to the byte
  reopen();
  epoch(50);
  const auto windows = closed_meta().windows;
  EXPECT_EQ(windows.size(), 2U);
  expect_windows(windows);
}

TEST_F(WindowTest, OpenRowsBelongToNoWindowUntilTheirEpoch) {
  epoch(100);
  ASSERT_TRUE(append_and_wait(*store, batch_of({"open"})));
  const Meta meta = closed_meta();
  expect_windows(meta.windows);
  EXPECT_EQ(window_of(meta.windows, next_), nullptr);
}

TEST_F(WindowTest, StaysWhenRetentionDropsItsBlocks) {
  epoch(1200);
  epoch(200);
  store->set_retention({{}, 0});
  clock.advance(5 * kNsPerDay);
  ASSERT_TRUE(store->enforce_retention());
  const Meta meta = closed_meta();
  EXPECT_TRUE(meta.entries.empty());
  expect_windows(meta.windows);
}

TEST_F(WindowTest, LeadsFromEverySeqToTheOneBlockThatHasIt) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 12; ++i) {
    epoch(1 + random() % 900);
    if (random() % 4 == 0) reopen();
  }
  const Meta meta = closed_meta();
  expect_windows(meta.windows);
  expect_contiguous(meta.windows, next_);
  expect_entries_inside(meta);
  reopen();
  const auto snapshot = store->snapshot();
  EXPECT_EQ(snapshot->blocks().size(), meta.entries.size());
  for (model::Seq seq(1); seq < next_; seq = seq.plus(1)) {
    EXPECT_EQ(rows_found(meta, *snapshot, seq), 1U) << "seq " << seq.value();
  }
  EXPECT_EQ(window_of(meta.windows, model::Seq(0)), nullptr);
  EXPECT_EQ(window_of(meta.windows, next_), nullptr);
}

}  // namespace
}  // namespace duramen::store
