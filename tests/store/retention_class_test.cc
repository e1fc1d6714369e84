// Classes on a real store: rows apart in segments, dropped by rules of their own.

#include <set>

#include "store/database.h"
#include "store/directory.h"
#include "store/keys.h"
#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

constexpr TimeNs kOld = kNoon - 3 * kNsPerDay;

class RetentionClassTest : public ::testing::Test, protected TemporaryStore {
 protected:
  void SetUp() override {
    options.retention = rules();
    reopen();
  }
  static Retention rules(TimeNs debug_age = 10 * kNsPerDay) {
    Retention out;
    out.classes = {{"audit", 30 * kNsPerDay, {}, {{"app", "auth", true}}},
                   {"debug", debug_age, {}, {{"app", "noise", false}}}};
    return out;
  }
  void append(const std::string& app, const std::string& message, TimeNs time) {
    ASSERT_TRUE(append_and_wait(*store, batch_of({message}, time, app)));
  }
  void append_three(TimeNs time) {
    append("auth-1", "login", time);
    append("noise", "tick", time);
    append("web", "GET", time);
  }
  std::set<std::string> segments() {
    std::set<std::string> out;
    for (const auto& segment : store->status().segments) {
      if (segment.blocks > 0) out.insert(segment.name);
    }
    return out;
  }
  std::set<std::string> texts() {
    std::set<std::string> out;
    for (const auto& [seq, text] : rows()) out.insert(text);
    return out;
  }
  std::vector<std::string> enforce() {
    auto dropped = store->enforce_retention();
    EXPECT_TRUE(dropped) << dropped.error().message;
    return *dropped;
  }
};

TEST_F(RetentionClassTest, BlocksOfDifferentClassesLieApartAndStaySo) {
  append_three(kOld);
  ASSERT_TRUE(store->seal());
  const std::set<std::string> expected = {"2026-09-18.audit", "2026-09-18.debug",
                                          "2026-09-18.default"};
  EXPECT_EQ(segments(), expected);
  reopen();
  EXPECT_EQ(segments(), expected);
  EXPECT_EQ(rows().size(), 3U);
  EXPECT_TRUE(store->verify({})->faults.empty());
}

TEST_F(RetentionClassTest, EachGoesByItsOwnAgeAndAtOnceWhenRulesChange) {
  append_three(kOld);
  ASSERT_TRUE(store->seal());
  store->set_retention(rules(kNsPerDay));
  ASSERT_TRUE(eventually([&] { return segments().size() == 2; }));
  EXPECT_EQ(texts(), (std::set<std::string>{"login", "GET"}));
  Retention shorter = rules(kNsPerDay);
  shorter.age = 2 * kNsPerDay;
  store->set_retention(shorter);
  ASSERT_TRUE(eventually([&] { return rows().size() == 1; }));
  shorter.classes[0].age = kNsPerDay;
  store->set_retention(shorter);
  ASSERT_TRUE(eventually([&] { return rows().empty(); }));
}

TEST_F(RetentionClassTest, ItsOwnBytesTakeNothingOfTheOthers) {
  append_three(kOld);
  append("noise", "yesterday", kNoon - kNsPerDay);
  append("noise", "today", kNoon);
  ASSERT_TRUE(store->seal());
  Retention tight = rules();
  tight.classes[1].bytes = 1;
  store->set_retention(tight);
  ASSERT_TRUE(eventually([&] { return rows().size() == 3; }));
  EXPECT_EQ(texts(), (std::set<std::string>{"login", "GET", "today"}));
}

TEST_F(RetentionClassTest, NewRulesSortNewBlocksAndOldSegmentsFallUnderDefault) {
  append("auth-1", "before", kOld);
  ASSERT_TRUE(store->seal());
  store->set_retention({10 * kNsPerDay, {}});
  append("auth-1", "after", kOld);
  ASSERT_TRUE(store->seal());
  EXPECT_EQ(segments(), (std::set<std::string>{"2026-09-18.audit", "2026-09-18.default"}));
  const auto classes = store->status().classes;
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_EQ(classes[1].name, "audit");
  EXPECT_FALSE(classes[1].configured);
  options.retention = {10 * kNsPerDay, {}};
  reopen();
  EXPECT_EQ(texts(), (std::set<std::string>{"before", "after"}));
  clock.advance(10 * kNsPerDay);
  (void)enforce();
  EXPECT_TRUE(rows().empty());
}

TEST_F(RetentionClassTest, TomorrowsSegmentIsMadeAheadForClassesThatHaveRows) {
  append("auth-1", "today", kNoon);
  ASSERT_TRUE(store->seal());
  const auto names = [&] {
    std::set<std::string> out;
    for (const auto& segment : store->status().segments) out.insert(segment.name);
    return out;
  };
  store->set_retention(rules());  // wakes the housekeeping
  ASSERT_TRUE(eventually([&] { return names().contains("2026-09-22.audit"); }));
  EXPECT_FALSE(names().contains("2026-09-22.debug"));
}

/// The registry's entry of a segment is taken away, as damage may.
TEST_F(RetentionClassTest, SalvageTakesTheClassFromTheNameOfTheFamily) {
  append_three(kOld);
  ASSERT_TRUE(store->seal());
  store.reset();
  {
    auto database = Database::open(options.directory + "/db", nullptr);
    ASSERT_TRUE(database);
    ASSERT_TRUE((*database)
                    ->raw()
                    .Delete({}, (*database)->meta().get(), segment_key("2026-09-18.audit"))
                    .ok());
  }
  reopen();
  EXPECT_EQ(segments(),
            (std::set<std::string>{"2026-09-18.audit", "2026-09-18.debug", "2026-09-18.default"}));
  EXPECT_EQ(rows().size(), 3U);
  EXPECT_FALSE(store->status().put_aside.empty());
}

}  // namespace
}  // namespace duramen::store
