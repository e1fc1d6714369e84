#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>

#include "store/offline_verify.h"
#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

namespace fs = std::filesystem;

using testing::IsEmpty;

/// A store, and places for copies of it.
class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() {
    store_.options.directory = files_.file("data");
    store_.options.epoch_raw_bytes = 16 << 10;  // many epochs
    store_.reopen();
  }

  std::string place(int number) const { return files_.file("copy-" + std::to_string(number)); }
  model::Seq checkpoint(const std::string& to) {
    fs::create_directories(to);
    const auto seq = store_.store->checkpoint(to);
    EXPECT_TRUE(seq) << seq.error().message;
    return seq ? *seq : model::Seq(0);
  }
  void append(const std::string& text) {
    const auto ack = append_and_wait(*store_.store, batch_of({text}));
    ASSERT_TRUE(ack) << ack.error().message;
  }
  /// The copy as if it had come from elsewhere: no bytes are shared with the store.
  static void detach(const std::string& place) {
    fs::copy(place, place + ".moved", fs::copy_options::recursive);
    fs::remove_all(place);
    fs::rename(place + ".moved", place);
  }
  std::unique_ptr<Store> open(const std::string& place) {
    StoreOptions options = store_.options;
    options.directory = place;
    metrics_.push_back(std::make_unique<MetricRegistry>());
    auto store = Store::open(options, store_.clock, *metrics_.back());
    EXPECT_TRUE(store) << store.error().message;
    return store ? *std::move(store) : nullptr;
  }

  TemporaryDirectory files_;
  TemporaryStore store_;
  std::vector<std::unique_ptr<MetricRegistry>> metrics_;
};

/// Appends numbered rows, and remembers how far it was acknowledged.
class Writer {
 public:
  explicit Writer(Store& store) : thread_([this, &store] { run(store); }) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  Writer(Writer&&) = delete;
  Writer& operator=(Writer&&) = delete;
  ~Writer() { stop(); }
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t acknowledged() const { return acknowledged_; }
  static std::string text(std::uint64_t number) {
    return "row " + std::to_string(number) + " " + std::string(number % 400, 'x');
  }

 private:
  void run(Store& store) {
    for (std::uint64_t number = 1; !stopping_; ++number) {
      const auto ack = append_and_wait(store, batch_of({text(number)}));
      ASSERT_TRUE(ack) << ack.error().message;
      ASSERT_EQ(ack->first.value(), number);
      acknowledged_ = number;
    }
  }
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> acknowledged_{0};
  std::thread thread_;
};

TEST_F(CheckpointTest, HasEveryRowThatWasAcknowledgedBeforeWhileAppendsRun) {
  constexpr int kCopies = 12;
  Writer writer(*store_.store);
  std::vector<std::uint64_t> before;
  std::vector<std::uint64_t> promised;
  for (int i = 0; i < kCopies; ++i) {
    const std::uint64_t goal = writer.acknowledged() + 60;
    ASSERT_TRUE(eventually([&] { return writer.acknowledged() >= goal; }));
    before.push_back(writer.acknowledged());
    promised.push_back(checkpoint(place(i)).value());
    const bool sealed = i % 3 != 1 || store_.store->seal().has_value();
    ASSERT_TRUE(sealed);
  }
  writer.stop();
  for (int i = 0; i < kCopies; ++i) {
    const auto n = static_cast<std::size_t>(i);
    SCOPED_TRACE(i);
    detach(place(i));
    const auto report = verify_directory(place(i), {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->faults, IsEmpty());
    const auto copy = open(place(i));
    ASSERT_NE(copy, nullptr);
    const auto rows = all_rows(*copy->snapshot());
    EXPECT_GE(promised[n], before[n]);
    EXPECT_GE(rows.size(), promised[n]);
    EXPECT_LE(rows.size(), writer.acknowledged());
    std::uint64_t next = 1;
    for (const auto& [seq, text] : rows) {
      EXPECT_EQ(seq, next++) << "a gap";
      EXPECT_EQ(text, Writer::text(seq));
    }
    EXPECT_THAT(copy->status().put_aside, IsEmpty());
  }
}

TEST_F(CheckpointTest, HasWhatIsInTheLogOnly) {
  append("never flushed");
  checkpoint(place(0));
  store_.store->close();
  detach(place(0));
  EXPECT_EQ(all_rows(*open(place(0))->snapshot()).at(1), "never flushed");
}

TEST_F(CheckpointTest, ACopyGoesOnUnderANewNodeAndKeepsTheOldNames) {
  append("one");
  store_.reopen();
  append("two");
  const auto before = store_.store->incarnations();
  checkpoint(place(0));
  append("three");
  const auto copy = open(place(0));
  const auto after = copy->incarnations();
  ASSERT_EQ(after.size(), before.size() + 1);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].first, before[i].first);
    EXPECT_EQ(after[i].node, before[i].node);
    EXPECT_NE(after.back().node, before[i].node);
  }
  const auto ack = append_and_wait(*copy, batch_of({"another"}));
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->node, after.back().node);
  EXPECT_EQ(ack->first.value(), 3U);
  EXPECT_EQ(copy->store_id(), store_.store->store_id());
}

TEST_F(CheckpointTest, ItStaysWhatItWasWhileTheStoreGoesOn) {
  for (int i = 0; i < 100; ++i) append(Writer::text(static_cast<std::uint64_t>(i)));
  ASSERT_TRUE(store_.store->seal());
  checkpoint(place(0));
  for (int i = 0; i < 100; ++i) append("later " + std::to_string(i));
  ASSERT_TRUE(store_.store->seal());
  store_.clock.advance(10 * kNsPerDay);
  store_.store->set_retention({kNsPerDay, std::nullopt});
  ASSERT_TRUE(store_.store->enforce_retention());
  EXPECT_THAT(store_.rows(), IsEmpty());
  EXPECT_EQ(all_rows(*open(place(0))->snapshot()).size(), 100U);
}

TEST_F(CheckpointTest, CarriesWhatWasPutAside) {
  append("one");
  fs::create_directories(files_.file("data/put-aside"));
  std::ofstream(files_.file("data/put-aside/report.txt")) << "a line\n";
  checkpoint(place(0));
  EXPECT_EQ(open(place(0))->status().put_aside, std::vector<std::string>{"a line"});
}

TEST_F(CheckpointTest, StandsBesideNoOtherStore) {
  checkpoint(place(0));
  const auto again = store_.store->checkpoint(place(0));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
}

TEST_F(CheckpointTest, WhatIsStagedIsNotCountedTwice) {
  for (int i = 0; i < 50; ++i) append(Writer::text(300));
  ASSERT_TRUE(store_.store->seal());
  const auto before = store_.store->status().disk_bytes;
  checkpoint(files_.file("data/" + std::string(kStagingFolder)));
  EXPECT_LT(store_.store->status().disk_bytes, before + before / 4);
}

}  // namespace
}  // namespace duramen::store
