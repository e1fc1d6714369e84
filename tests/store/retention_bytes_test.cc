// Retention by size on a real store: days go, oldest first, and nothing else does.

#include <random>

#include "store/directory.h"
#include "store/keys.h"
#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

constexpr std::int64_t kDays = 6;  ///< the last of them is tomorrow

class RetentionBytes : public ::testing::Test, protected TemporaryStore {
 protected:
  void SetUp() override {
    options.epoch_raw_bytes = 30'000;
    reopen();
    for (int round = 0; round < 3; ++round) {  // several blocks a day
      for (std::int64_t day = 0; day < kDays; ++day) append(day);
    }
    ASSERT_TRUE(store->seal());
  }
  static TimeNs time_of(std::int64_t day) { return kNoon + (day - kDays + 2) * kNsPerDay; }
  static std::string segment_of(std::int64_t day) {
    return segment_name(day_of(time_of(day)), kDefaultClass);
  }
  void append(std::int64_t day) {
    std::vector<std::string> messages(10, "day " + std::to_string(day) + " ");
    for (std::string& message : messages) {
      for (int i = 0; i < 100; ++i) message += std::to_string(random_());
    }
    auto ack = append_and_wait(*store, batch_of(messages, time_of(day)));
    ASSERT_TRUE(ack);
    std::uint64_t seq = ack->first.value();
    for (const std::string& message : messages) rows_of_[day][seq++] = message;
  }
  std::uint64_t bytes_from(std::int64_t first_day) {
    std::uint64_t bytes = 0;
    for (const auto& segment : store->status().segments) {
      if (segment.name >= segment_of(first_day)) bytes += segment.disk_bytes;
    }
    return bytes;
  }
  std::map<std::uint64_t, std::string> expected_from(std::int64_t first_day) const {
    std::map<std::uint64_t, std::string> out;
    for (const auto& [day, rows] : rows_of_) {
      if (day >= first_day) out.insert(rows.begin(), rows.end());
    }
    return out;
  }
  /// Sets a limit and waits until the builder has applied it.
  void limit(std::uint64_t bytes, std::int64_t first_day_that_stays) {
    store->set_retention({{}, bytes});
    EXPECT_TRUE(eventually(
        [&] { return store->status().segments.front().name == segment_of(first_day_that_stays); }));
    EXPECT_EQ(rows(), expected_from(first_day_that_stays));
  }

  std::mt19937_64 random_{1};
  std::map<std::int64_t, std::map<std::uint64_t, std::string>> rows_of_;
};

TEST_F(RetentionBytes, TheOldestDaysGoUntilTheRestFits) {
  limit(bytes_from(0), 0);
  limit(bytes_from(0) - 1, 1);
  limit(bytes_from(3), 3);
  reopen();
  EXPECT_EQ(rows(), expected_from(3));
}

TEST_F(RetentionBytes, TodayAndLaterStayHoweverSmallTheLimit) {
  limit(1, kDays - 2);
  clock.advance(kNsPerDay);
  limit(1, kDays - 1);
  clock.advance(kNsPerDay);
  store->set_retention({{}, 1});
  EXPECT_TRUE(eventually([&] { return rows().empty(); }));
}

TEST_F(RetentionBytes, ASnapshotTakenBeforeStillReadsItsRows) {
  {
    const auto snapshot = store->snapshot();
    limit(bytes_from(3), 3);
    ASSERT_TRUE(store->seal());
    EXPECT_EQ(all_rows(*snapshot), expected_from(0));
  }
  EXPECT_EQ(rows(), expected_from(3));
}

TEST_F(RetentionBytes, OpenRowsOfADayThatIsGoneStayUntilTheyAreInABlock) {
  limit(bytes_from(2), 2);
  rows_of_.erase(0);
  options.epoch_raw_bytes = 1 << 20;
  reopen();
  append(0);
  auto dropped = store->enforce_retention();
  ASSERT_TRUE(dropped);
  auto expected = expected_from(2);
  expected.insert(rows_of_[0].begin(), rows_of_[0].end());
  EXPECT_EQ(rows(), expected);
  ASSERT_TRUE(store->seal());
  limit(bytes_from(2), 2);
}

}  // namespace
}  // namespace duramen::store
