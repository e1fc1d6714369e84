#include "store/salvage/log_walk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace duramen::store {
namespace {

std::string log_of(const std::vector<std::string>& records) {
  std::string log;
  for (const std::string& record : records) append_log_record(log, record);
  return log;
}

/// Of sizes around the ends of the log's blocks of 32 KiB, too.
std::vector<std::string> random_records(std::mt19937_64& random) {
  std::vector<std::string> records;
  for (int i = 0; i < 12; ++i) {
    const std::size_t near = 32 * 1024 - 7 - random() % 40;
    const std::size_t size = random() % 3 == 0 ? near * (1 + random() % 3) : random() % 600;
    std::string record(size, '\0');
    for (char& c : record) c = static_cast<char>(random());
    records.push_back(std::move(record));
  }
  return records;
}

class LogWalkTest : public ::testing::Test {
 protected:
  std::uint64_t seed_ = std::random_device{}();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  std::mt19937_64 random_{seed_};
};

TEST_F(LogWalkTest, ReadsWhatWasWritten) {
  for (int i = 0; i < 50; ++i) {
    const auto records = random_records(random_);
    const std::string log = log_of(records);
    const LogContent content = read_log(log);
    EXPECT_TRUE(content.records == records);
    EXPECT_TRUE(content.damage.empty());
    EXPECT_EQ(content.end, log.size());
  }
}

TEST_F(LogWalkTest, ATornTailIsNoDamage) {
  for (int i = 0; i < 100; ++i) {
    const auto records = random_records(random_);
    std::string log = log_of(records);
    log.resize(random_() % log.size());
    const LogContent content = read_log(log);
    EXPECT_TRUE(content.damage.empty()) << content.damage[0].what;
    ASSERT_LT(content.records.size(), records.size());
    EXPECT_TRUE(std::equal(content.records.begin(), content.records.end(), records.begin()));
  }
}

TEST_F(LogWalkTest, RoomKeptFreeIsNoDamage) {
  std::string log = log_of({"a", "b"});
  log.resize(log.size() + 100'000, '\0');
  const LogContent content = read_log(log);
  EXPECT_EQ(content.records.size(), 2U);
  EXPECT_TRUE(content.damage.empty());
}

TEST_F(LogWalkTest, ZerosInTheMiddleOfARecordAreDamage) {
  std::string log = log_of({"a", std::string(100'000, 'b')});
  std::fill(log.begin() + 40'000, log.end(), '\0');
  const LogContent content = read_log(log);
  EXPECT_EQ(content.records, std::vector<std::string>{"a"});
  ASSERT_EQ(content.damage.size(), 1U);
  EXPECT_FALSE(content.damage[0].mended);
}

TEST_F(LogWalkTest, AFlippedBitCostsAtMostTheRecordItIsIn) {
  for (int i = 0; i < 200; ++i) {
    const auto records = random_records(random_);
    std::string log = log_of(records);
    const std::size_t at = random_() % log.size();
    log[at] = static_cast<char>(log[at] ^ (1 << (random_() % 8)));
    const LogContent content = read_log(log);
    ASSERT_GE(content.records.size() + 1, records.size()) << "at " << at;
    if (content.records.size() == records.size()) {
      EXPECT_TRUE(content.records == records);
      continue;
    }
    EXPECT_FALSE(content.damage.empty()) << "at " << at << ": a record is missing without a word";
    auto rest = records;
    for (const std::string& record : content.records) {
      const auto found = std::find(rest.begin(), rest.end(), record);
      ASSERT_NE(found, rest.end()) << "a record that was never written";
      rest.erase(rest.begin(), found + 1);  // and in order
    }
  }
}

TEST_F(LogWalkTest, HostileBytesGiveRecordsOfTheirOwnSizeAtMost) {
  for (int i = 0; i < 200; ++i) {
    std::string log(random_() % 5000, '\0');
    for (char& c : log) c = static_cast<char>(random_() % 4 == 0 ? random_() : random_() % 8);
    std::size_t total = 0;
    for (const std::string& record : read_log(log).records) total += record.size();
    EXPECT_LE(total, log.size());
  }
}

}  // namespace
}  // namespace duramen::store
