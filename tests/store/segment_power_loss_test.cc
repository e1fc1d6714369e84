// Power cuts while the first epoch of a day makes its segment: at every operation, one after the
// other, so that one of them lies between making the column family and registering it.

#include <rocksdb/db.h>

#include <set>

#include "store/directory.h"
#include "store/keys.h"
#include "tests/store/lossy_store.h"

namespace duramen::store {
namespace {

class SegmentPowerLoss : public LossyStore {
 protected:
  /// Segments that have a column family, as the directory says while no store is open.
  std::set<std::string> families() {
    std::vector<std::string> all;
    EXPECT_TRUE(rocksdb::DB::ListColumnFamilies({}, options.directory + "/db", &all).ok());
    std::erase_if(all, [](const std::string& name) { return !name.ends_with(".default"); });
    return {all.begin(), all.end()};
  }
  std::set<std::string> segments() {
    std::set<std::string> out;
    for (const auto& segment : store->status().segments) out.insert(segment.name);
    return out;
  }
};

TEST_F(SegmentPowerLoss, AtAnyOperationOfMakingASegmentLosesNoRowAndLeavesNoSegmentHalfMade) {
  int half_made = 0;
  std::set<std::string> expected;
  bool cut = true;
  for (std::uint64_t at = 0; cut; ++at) {
    SCOPED_TRACE("power cut at operation " + std::to_string(at));
    ASSERT_LT(at, 300U);
    const TimeNs day = kNoon - static_cast<TimeNs>(at + 2) * kNsPerDay;
    const std::string message = "day " + std::to_string(at);
    ASSERT_TRUE(append_and_wait(*store, batch_of({message}, day)));
    expected.insert(message);
    fs_->cut_after(at);
    (void)store->seal();
    cut = fs_->is_cut();
    store.reset();
    fs_->lose_unsynced();

    const std::string segment = segment_name(day_of(day), kDefaultClass);
    const bool made = families().contains(segment);
    open_quietly();
    if (made && !segments().contains(segment)) ++half_made;
    std::multiset<std::string> seen;
    for (const auto& [seq, text] : rows()) seen.insert(text);
    ASSERT_EQ(seen, std::multiset<std::string>(expected.begin(), expected.end()));
    ASSERT_TRUE(store->seal());
  }
  EXPECT_GT(half_made, 0) << "a cut must come between making and registering";
  EXPECT_EQ(segments().size(), expected.size() + 2) << "and today's and tomorrow's";
  const auto registered = segments();
  store.reset();
  EXPECT_EQ(families(), registered);
}

}  // namespace
}  // namespace duramen::store
