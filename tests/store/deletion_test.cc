// Deleting rows: they disappear together, for good, and their bytes with them.

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "tests/store/deletion_fixture.h"

namespace duramen::store {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Which of the 40 rows are deleted: some of each block.
bool is_doomed(std::uint64_t seq) { return seq % 3 == 0; }

/// Bytes that no compression makes smaller, and without digits, which would be taken out of them:
/// so they lie on the disk as they are.
std::string incompressible(std::mt19937_64& random) {
  std::string out;
  while (out.size() < 400) {
    const auto byte = static_cast<char>(random());
    if (byte < '0' || byte > '9') out.push_back(byte);
  }
  return out;
}

class DeletionTest : public ::testing::Test {
 protected:
  DeletionTest() {
    temporary_.options.block_raw_bytes = 4'000;
    temporary_.reopen();
  }

  /// Rows 1 to `count`, of two days.
  void append(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      messages_.push_back(incompressible(random_));
      const TimeNs time = kNoon - static_cast<TimeNs>(i % 2) * kNsPerDay;
      ASSERT_TRUE(append_and_wait(*temporary_.store, batch_of({messages_.back()}, time)));
    }
  }
  void append_and_seal(std::uint64_t count) {
    append(count);
    ASSERT_TRUE(temporary_.store->seal());
  }

  std::map<std::uint64_t, std::string> all_but(const std::function<bool(std::uint64_t)>& doomed) {
    std::map<std::uint64_t, std::string> out;
    for (std::uint64_t seq = 1; seq <= messages_.size(); ++seq) {
      if (!doomed(seq)) out[seq] = messages_[seq - 1];
    }
    return out;
  }

  /// How many of these rows' messages lie somewhere below the data directory.
  std::size_t on_disk(const std::function<bool(std::uint64_t)>& which) {
    std::string all;
    for (const auto& file :
         std::filesystem::recursive_directory_iterator(temporary_.directory.path())) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      std::stringstream bytes;
      bytes << in.rdbuf();
      all += bytes.str();
    }
    std::size_t found = 0;
    for (std::uint64_t seq = 1; seq <= messages_.size(); ++seq) {
      // A piece of it: a log cuts what it holds into blocks.
      const std::string piece = messages_[seq - 1].substr(100, 24);
      if (which(seq) && all.find(piece) != std::string::npos) ++found;
    }
    return found;
  }

  TemporaryStore temporary_;
  std::mt19937_64 random_{std::random_device{}()};
  std::vector<std::string> messages_;
};

TEST_F(DeletionTest, HiddenRowsAreInNoSnapshotFromThenOnAndInThoseFromBefore) {
  append_and_seal(40);
  const auto before = temporary_.store->snapshot();
  const auto deletion = hide(*temporary_.store, is_doomed);
  ASSERT_TRUE(deletion) << deletion.error().message;
  EXPECT_EQ(deletion->state, DeletionState::kHidden);
  EXPECT_EQ(deletion->rows, 13U);
  EXPECT_GT(deletion->blocks, 2U);
  EXPECT_EQ(all_rows(*before).size(), 40U);
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));
  EXPECT_EQ(temporary_.store->status().rows, 27U);
}

TEST_F(DeletionTest, ABlockWithHiddenRowsIsOnlyReadWhole) {
  append_and_seal(10);
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  const auto snapshot = temporary_.store->snapshot();
  for (const BlockRef& block : snapshot->blocks()) {
    ASSERT_NE(block.hidden, nullptr);
    EXPECT_EQ(snapshot->open(block).error().code, ErrorCode::kUnimplemented);
  }
}

TEST_F(DeletionTest, ErasedRowsAreNowhereOnTheDisk) {
  append_and_seal(40);
  append(20);  // these stay in the journal
  ASSERT_EQ(on_disk(is_doomed), 20U) << "the test looks at the wrong place";
  ASSERT_TRUE(temporary_.store->seal());
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  const auto erased = temporary_.store->erase_hidden_rows({});
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_THAT(*erased, IsEmpty());
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));
  EXPECT_TRUE(eventually([&] { return on_disk(is_doomed) == 0; }));
  EXPECT_EQ(on_disk([](std::uint64_t seq) { return !is_doomed(seq); }), 40U);
  temporary_.reopen();
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));
  EXPECT_EQ(on_disk(is_doomed), 0U);
  const auto report = temporary_.store->verify({});
  ASSERT_TRUE(report);
  EXPECT_THAT(report->faults, IsEmpty());
  EXPECT_EQ(report->rows, 40U);
}

TEST_F(DeletionTest, ABlockOfWhichNothingIsLeftGoes) {
  append_and_seal(10);
  ASSERT_TRUE(hide(*temporary_.store, [](std::uint64_t) { return true; }));
  EXPECT_THAT(temporary_.rows(), IsEmpty());
  ASSERT_TRUE(temporary_.store->erase_hidden_rows({}));
  EXPECT_THAT(temporary_.store->snapshot()->blocks(), IsEmpty());
  append(1);
  EXPECT_EQ(temporary_.rows().begin()->first, 11U) << "no seq is given twice";
}

TEST_F(DeletionTest, RewrittenBlocksHaveIdsThatNoBlockHad) {
  append_and_seal(10);
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  std::set<std::uint64_t> ids;
  std::set<std::uint64_t> gone;
  auto snapshot = temporary_.store->snapshot();
  for (const BlockRef& block : snapshot->blocks()) {
    ids.insert(block.id.value());
    if (block.hidden != nullptr) gone.insert(block.id.value());
  }
  snapshot.reset();
  ASSERT_TRUE(temporary_.store->erase_hidden_rows({}));
  temporary_.reopen();
  append_and_seal(1);
  snapshot = temporary_.store->snapshot();
  for (const BlockRef& block : snapshot->blocks()) {
    EXPECT_EQ(block.hidden, nullptr);
    EXPECT_EQ(gone.count(block.id.value()), 0U);
    ids.erase(block.id.value());
  }
  EXPECT_EQ(ids, gone) << "the others are untouched";
}

TEST_F(DeletionTest, EveryStateOutlivesAClose) {
  append_and_seal(40);
  const auto planned = temporary_.store->plan_deletion(a_deletion(temporary_.store->durable()));
  ASSERT_TRUE(planned);
  temporary_.reopen();
  EXPECT_THAT(temporary_.store->deletions(), ElementsAre(*planned));
  EXPECT_EQ(temporary_.rows().size(), 40U);

  const auto hidden = temporary_.store->hide_rows(
      planned->id, mark(*temporary_.store->snapshot(), is_doomed), "block 7 was damaged");
  ASSERT_TRUE(hidden) << hidden.error().message;
  temporary_.reopen();
  EXPECT_THAT(temporary_.store->deletions(), ElementsAre(*hidden));
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));

  ASSERT_TRUE(temporary_.store->erase_hidden_rows({}));
  const auto done = temporary_.store->end_deletion(planned->id, DeletionState::kDone, "");
  ASSERT_TRUE(done) << done.error().message;
  temporary_.reopen();
  EXPECT_THAT(temporary_.store->deletions(), ElementsAre(*done));
  EXPECT_EQ(done->ended, temporary_.clock.now());
  EXPECT_EQ(done->query, "card AND number");
}

/// Ends erasing when it comes to a phase for the given time, as a kill would.
class EraseInterrupted : public DeletionTest, public ::testing::WithParamInterface<int> {};

TEST_P(EraseInterrupted, GoesOnAfterTheNextStart) {
  append_and_seal(40);
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  int calls = 0;
  const auto erased =
      temporary_.store->erase_hidden_rows([&](ErasePhase, std::uint64_t, std::uint64_t) {
        if (++calls == GetParam()) temporary_.store->interrupt();
      });
  EXPECT_TRUE(erased || erased.error().code == ErrorCode::kCancelled);
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));
  temporary_.reopen();
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));
  const auto again = temporary_.store->erase_hidden_rows({});
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));
  EXPECT_TRUE(eventually([&] { return on_disk(is_doomed) == 0; }));
}

INSTANTIATE_TEST_SUITE_P(AtEachCall, EraseInterrupted, ::testing::Range(1, 8));

TEST_F(DeletionTest, SalvageDoesNotBringBackBlocksThatWereWrittenAgain) {
  append_and_seal(40);
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  auto before = temporary_.store->snapshot();  // keeps the old values on the disk
  ASSERT_FALSE(
      temporary_.store->erase_hidden_rows([&](ErasePhase phase, std::uint64_t, std::uint64_t) {
        if (phase == ErasePhase::kWaiting) temporary_.store->interrupt();
      }));
  before.reset();
  temporary_.store.reset();
  ASSERT_EQ(on_disk(is_doomed), 13U);
  std::ofstream(temporary_.directory.path() + "/salvage-pending") << "";  // as a kill leaves it
  temporary_.reopen();
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));
  ASSERT_TRUE(temporary_.store->erase_hidden_rows({}));
  EXPECT_EQ(temporary_.rows(), all_but(is_doomed));
  EXPECT_TRUE(eventually([&] { return on_disk(is_doomed) == 0; }));
}

TEST_F(DeletionTest, ErasingWaitsForASnapshotThatHasTheRows) {
  append_and_seal(20);
  auto before = temporary_.store->snapshot();
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  bool waited = false;
  const auto erased =
      temporary_.store->erase_hidden_rows([&](ErasePhase phase, std::uint64_t, std::uint64_t) {
        if (phase != ErasePhase::kWaiting || before == nullptr) return;
        waited = true;
        EXPECT_EQ(all_rows(*before).size(), 20U);
        before.reset();
      });
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_TRUE(waited);
}

TEST_F(DeletionTest, ASnapshotFromAfterwardsIsNotWaitedFor) {
  append_and_seal(20);
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  std::shared_ptr<const Snapshot> after;
  const auto erased =
      temporary_.store->erase_hidden_rows([&](ErasePhase phase, std::uint64_t, std::uint64_t) {
        if (phase == ErasePhase::kPurging) after = temporary_.store->snapshot();
      });
  ASSERT_TRUE(erased) << erased.error().message;
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(all_rows(*after), all_but(is_doomed));
}

TEST_F(DeletionTest, ASecondDeletionMarksWhatTheFirstLeft) {
  append_and_seal(40);
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  ASSERT_TRUE(hide(*temporary_.store, [](std::uint64_t seq) { return seq % 4 == 0; }));
  const auto rest = [](std::uint64_t seq) { return seq % 3 == 0 || seq % 4 == 0; };
  EXPECT_EQ(temporary_.rows(), all_but(rest));
  temporary_.reopen();
  EXPECT_EQ(temporary_.rows(), all_but(rest));
  ASSERT_TRUE(temporary_.store->erase_hidden_rows({}));
  EXPECT_EQ(temporary_.rows(), all_but(rest));
}

TEST_F(DeletionTest, ASegmentThatRetentionDropsTakesItsHiddenRowsAlong) {
  append_and_seal(40);
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  temporary_.store->set_retention({kNsPerDay / 4, {}});
  ASSERT_TRUE(temporary_.store->enforce_retention());
  const auto gone = [](std::uint64_t seq) { return is_doomed(seq) || seq % 2 == 0; };
  EXPECT_EQ(temporary_.rows(), all_but(gone));
  ASSERT_TRUE(temporary_.store->erase_hidden_rows({}));
  temporary_.reopen();
  EXPECT_EQ(temporary_.rows(), all_but(gone));
}

TEST_F(DeletionTest, MarksThatABlockDoesNotHaveHideNothing) {
  append_and_seal(10);
  const auto planned = temporary_.store->plan_deletion(a_deletion(temporary_.store->durable()));
  ASSERT_TRUE(planned);
  std::vector<MarkedBlock> marks = mark(*temporary_.store->snapshot(), is_doomed);
  marks.back().rows.add(1000);
  const auto hidden = temporary_.store->hide_rows(planned->id, marks, {});
  ASSERT_FALSE(hidden);
  EXPECT_EQ(hidden.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(hidden.error().message, HasSubstr("has no row 1000"));
  EXPECT_EQ(temporary_.rows().size(), 10U);
  temporary_.reopen();
  EXPECT_EQ(temporary_.rows().size(), 10U);
}

TEST_F(DeletionTest, ADeletionEndsOnceAndAsItsRowsAre) {
  append_and_seal(10);
  Store& store = *temporary_.store;
  const auto planned = store.plan_deletion(a_deletion(store.durable()));
  ASSERT_TRUE(planned);
  EXPECT_FALSE(store.end_deletion(planned->id, DeletionState::kDone, {}));
  ASSERT_TRUE(store.hide_rows(planned->id, {}, {}));
  EXPECT_FALSE(store.hide_rows(planned->id, {}, {})) << "hidden twice";
  EXPECT_FALSE(store.end_deletion(planned->id, DeletionState::kCancelled, {}));
  ASSERT_TRUE(store.end_deletion(planned->id, DeletionState::kDone, {}));
  EXPECT_FALSE(store.end_deletion(planned->id, DeletionState::kDone, {}));
  EXPECT_FALSE(store.end_deletion(99, DeletionState::kDone, {}));
  const auto second = store.plan_deletion(a_deletion(store.durable()));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, planned->id + 1);
  ASSERT_TRUE(store.end_deletion(second->id, DeletionState::kCancelled, {}));
}

TEST_F(DeletionTest, ABlockThatCannotBeReadStaysHiddenAndIsNamed) {
  append_and_seal(40);
  ASSERT_TRUE(hide(*temporary_.store, is_doomed));
  temporary_.store.reset();
  // A byte of each blob file: of some value of some block.
  for (const auto& file :
       std::filesystem::directory_iterator(temporary_.directory.path() + "/db")) {
    if (file.path().extension() != ".blob") continue;
    std::fstream blob(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    blob.seekp(static_cast<std::streamoff>(file.file_size() / 2));
    blob.put('\x55');
  }
  temporary_.reopen();
  const auto erased = temporary_.store->erase_hidden_rows({});
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_THAT(*erased, Not(IsEmpty()));
  EXPECT_THAT(*erased, ::testing::Contains(HasSubstr("still on the disk")));
  EXPECT_THAT(*erased, ::testing::Contains(HasSubstr("is damaged elsewhere")));
  EXPECT_TRUE(append_and_wait(*temporary_.store, batch_of({"still written"})));
  ASSERT_TRUE(temporary_.store->seal());
  const auto snapshot = temporary_.store->snapshot();
  for (const BlockRef& block : snapshot->blocks()) {
    const auto rows = snapshot->read(block);
    if (!rows) continue;
    for (std::size_t row = 0; row < rows->rows(); ++row) {
      EXPECT_FALSE(is_doomed(rows->identity(row).seq.value()));
    }
  }
}

}  // namespace
}  // namespace duramen::store
