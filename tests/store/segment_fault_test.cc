// Faults of the disk and power cuts while a segment's column family is made or dropped.

#include <rocksdb/db.h>

#include <algorithm>
#include <atomic>

#include "tests/store/lossy_store.h"

namespace duramen::store {
namespace {

using rocksdb::IOStatus;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr TimeNs kOld = kNoon - 10 * kNsPerDay;
constexpr const char* kOldSegment = "2026-09-11.default";

class SegmentFault : public LossyStore {
 protected:
  void SetUp() override {
    options.epoch_raw_bytes = 10'000;
    LossyStore::SetUp();
  }
  /// Segments that have a column family, as the directory says while no store is open.
  std::vector<std::string> families() {
    std::vector<std::string> out;
    EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, options.directory + "/db", &out).ok());
    std::erase_if(out, [](const std::string& name) { return !name.ends_with(".default"); });
    return out;
  }
  bool has_family(const std::string& name) {
    const auto all = families();
    return std::find(all.begin(), all.end(), name) != all.end();
  }
  bool has_segment(const std::string& name) {
    for (const auto& segment : store->status().segments) {
      if (segment.name == name) return true;
    }
    return false;
  }
};

struct Fault {
  const char* name;
  duramen::testing::PowerLossFileSystem::Change at;
  IOStatus status;
};

/// The manifest cannot be written while retention drops a segment.
class SegmentDropFault : public SegmentFault, public ::testing::WithParamInterface<Fault> {
 protected:
  void SetUp() override {
    SegmentFault::SetUp();
    ASSERT_TRUE(append_and_wait(*store, batch_of({"old"}, kOld)));
    ASSERT_TRUE(append_and_wait(*store, batch_of({"new"})));
    ASSERT_TRUE(store->seal());
    fs_->set_hook([this](Change change, const std::string& name) {
      if (!is_manifest(name)) return IOStatus::OK();
      if (change == Change::kSync && !broken_) ++synced_;
      if (change != GetParam().at || !broken_) return IOStatus::OK();
      ++failed_;
      return GetParam().status;
    });
    broken_ = true;
    store->set_retention({5 * kNsPerDay, {}});
    // Once when it is dropped, once when the builder tries again what is left.
    ASSERT_TRUE(eventually([&] { return failed_ >= 2; }));
    EXPECT_THAT(rows(), ElementsAre(Pair(2, "new")));
    EXPECT_FALSE(has_segment(kOldSegment));
  }

  std::atomic<bool> broken_{false};
  std::atomic<int> failed_{0};
  std::atomic<int> synced_{0};
};

TEST_P(SegmentDropFault, TakesNoOtherRowAndIsMadeUpForWhenTheDiskIsWellAgain) {
  ASSERT_TRUE(append_and_wait(*store, batch_of({"newer"}))) << "appends do not need the manifest";
  broken_ = false;
  store->set_retention({});  // the builder keeps house
  ASSERT_TRUE(eventually([&] { return synced_ > 0; }));
  ASSERT_TRUE(append_and_wait(*store, batch_of({"newest"})));
  ASSERT_TRUE(store->seal());
  const auto expected = ElementsAre(Pair(2, "new"), Pair(3, "newer"), Pair(4, "newest"));
  EXPECT_THAT(rows(), expected);
  store.reset();
  EXPECT_FALSE(has_family(kOldSegment));
  reopen();
  EXPECT_THAT(rows(), expected);
}

TEST_P(SegmentDropFault, DoesNotBringRowsBackWhenNewOnesOfTheirDayCome) {
  broken_ = false;
  ASSERT_TRUE(append_and_wait(*store, batch_of({"late"}, kOld)));
  ASSERT_TRUE(store->seal());
  EXPECT_TRUE(has_segment(kOldSegment));
  const auto expected = ElementsAre(Pair(2, "new"), Pair(3, "late"));
  EXPECT_THAT(rows(), expected);
  reopen();
  EXPECT_THAT(rows(), expected);
}

TEST_P(SegmentDropFault, LosesNoNewRowsOfItsDayWhenTheProcessDies) {
  broken_ = false;
  // An epoch alone: seal() would flush, and thereby write a new manifest.
  ASSERT_TRUE(append_and_wait(*store, batch_of({std::string(20'000, 'l')}, kOld)));
  ASSERT_TRUE(eventually([&] { return store->status().open_rows == 0; }));
  fs_->cut();
  store.reset();
  options.env = nullptr;
  reopen();
  EXPECT_THAT(rows(), ElementsAre(Pair(2, "new"), Pair(3, std::string(20'000, 'l'))));
}

TEST_P(SegmentDropFault, DoesNotKeepTheStoreFromOpeningWhenTheProcessDies) {
  fs_->cut();
  store.reset();
  options.env = nullptr;
  reopen();
  EXPECT_THAT(rows(), ElementsAre(Pair(2, "new")));
}

/// The manifest cannot be written while `broken_`.
class ManifestFault : public SegmentFault, public ::testing::WithParamInterface<Fault> {
 protected:
  void SetUp() override {
    SegmentFault::SetUp();
    fs_->set_hook([this](Change change, const std::string& name) {
      if (!is_manifest(name) || change != GetParam().at || !broken_) return IOStatus::OK();
      ++failed_;
      return GetParam().status;
    });
  }

  std::atomic<bool> broken_{false};
  std::atomic<int> failed_{0};
};

/// The manifest cannot be written while an epoch makes a segment.
class SegmentMakeFault : public ManifestFault {
 protected:
  void SetUp() override {
    ManifestFault::SetUp();
    broken_ = true;
    ASSERT_TRUE(append_and_wait(*store, batch_of({"late"}, kOld)));
    ASSERT_TRUE(eventually([&] { return !store->seal() && failed_ >= 3; }));
    ASSERT_TRUE(append_and_wait(*store, batch_of({"new"})));
  }
};

TEST_P(SegmentMakeFault, LeavesRowsInTheJournalUntilTheDiskIsWellAgain) {
  const auto expected = ElementsAre(Pair(1, "late"), Pair(2, "new"));
  EXPECT_THAT(rows(), expected);
  broken_ = false;
  ASSERT_TRUE(eventually([&] { return !!store->seal(); }));
  EXPECT_TRUE(has_segment(kOldSegment));
  EXPECT_THAT(rows(), expected);
  reopen();
  EXPECT_TRUE(has_segment(kOldSegment));
  EXPECT_THAT(rows(), expected);
}

TEST_P(SegmentMakeFault, DoesNotKeepTheStoreFromOpeningWhenTheProcessDies) {
  fs_->cut();
  store.reset();
  options.env = nullptr;
  reopen();
  EXPECT_THAT(rows(), ElementsAre(Pair(1, "late"), Pair(2, "new")));
}

/// The manifest cannot be written while seal() flushes.
class SealFault : public ManifestFault {
 protected:
  void SetUp() override {
    ManifestFault::SetUp();
    ASSERT_TRUE(append_and_wait(*store, batch_of({"a"})));
    broken_ = true;
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(store->seal());
    EXPECT_GE(failed_, 1);
    EXPECT_THAT(rows(), ElementsAre(Pair(1, "a")));
  }
};

TEST_P(SealFault, IsOverWhenTheStoreIsOpenedAgain) {
  broken_ = false;
  reopen();
  EXPECT_THAT(rows(), ElementsAre(Pair(1, "a")));
  ASSERT_TRUE(append_and_wait(*store, batch_of({"b"})));
  ASSERT_TRUE(store->seal());
  EXPECT_THAT(rows(), ElementsAre(Pair(1, "a"), Pair(2, "b")));
}

/// What RocksDB takes back without a new start.
class FullDiskSealFault : public SealFault {};

TEST_P(FullDiskSealFault, IsOverWhenThereIsRoomAgain) {
  broken_ = false;
  EXPECT_TRUE(eventually([&] { return !!append_and_wait(*store, batch_of({"b"})); }));
  EXPECT_TRUE(eventually([&] { return !!store->seal(); }));
  EXPECT_EQ(rows().size(), 2U);
}

TEST_P(SealFault, DoesNotKeepTheStoreFromOpeningWhenTheProcessDies) {
  fs_->cut();
  store.reset();
  options.env = nullptr;
  reopen();
  EXPECT_THAT(rows(), ElementsAre(Pair(1, "a")));
}

const auto kFaults = ::testing::Values(
    Fault{"write_of_a_full_disk", LossyStore::Change::kAppend, IOStatus::NoSpace("injected fault")},
    Fault{"sync_of_a_full_disk", LossyStore::Change::kSync, IOStatus::NoSpace("injected fault")},
    Fault{"write_of_a_broken_disk", LossyStore::Change::kAppend,
          IOStatus::IOError("injected fault")},
    Fault{"sync_of_a_broken_disk", LossyStore::Change::kSync, IOStatus::IOError("injected fault")});
std::string name_of(const ::testing::TestParamInfo<Fault>& fault) { return fault.param.name; }
INSTANTIATE_TEST_SUITE_P(Faults, SegmentDropFault, kFaults, name_of);
INSTANTIATE_TEST_SUITE_P(Faults, SegmentMakeFault, kFaults, name_of);
INSTANTIATE_TEST_SUITE_P(Faults, SealFault, kFaults, name_of);
INSTANTIATE_TEST_SUITE_P(Faults, FullDiskSealFault,
                         ::testing::Values(Fault{"sync", LossyStore::Change::kSync,
                                                 IOStatus::NoSpace("injected fault")}),
                         name_of);

}  // namespace
}  // namespace duramen::store
