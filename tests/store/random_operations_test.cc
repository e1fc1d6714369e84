// The store against a std::map: random appends, repeats, seals, reopenings, deletions and
// retention.

#include <random>
#include <set>

#include "store/directory.h"
#include "tests/store/deletion_fixture.h"

namespace duramen::store {
namespace {

class RandomOperations {
 public:
  explicit RandomOperations(std::uint64_t seed) : random_(seed) {
    temporary_.options.epoch_raw_bytes = 4'000;
    temporary_.options.block_raw_bytes = 2'000;
    temporary_.reopen();
  }

  void run(int operations) {
    for (int i = 0; i < operations && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("operation " + std::to_string(i));
      step();
      if (i % 7 == 0) check();
    }
    check();
  }

 private:
  struct Stored {
    std::string message;
    std::int64_t day;
    std::string app;
  };

  void step() {
    switch (random_() % 15) {
      case 0:
        ASSERT_TRUE(temporary_.store->seal());
        break;
      case 1:
        temporary_.reopen();
        break;
      case 2:
        expire();
        break;
      case 3:
        repeat();
        break;
      case 4:
        remove();
        break;
      case 5:
        ASSERT_TRUE(temporary_.store->erase_hidden_rows({}));
        break;
      default:
        append();
    }
  }

  void append() {
    auto batch = std::make_shared<model::RecordBatch>();
    std::vector<Stored> rows(1 + random_() % 30);
    for (Stored& row : rows) {
      row.app = "app" + std::to_string(random_() % 5);
      const TimeNs time = kNoon - static_cast<TimeNs>(random_() % 6) * kNsPerDay +
                          static_cast<TimeNs>(random_() % 1000);
      row.day = day_of(time);
      row.message =
          "message " + std::to_string(random_() % 1000) + std::string(random_() % 60, 'z');
      batch->add_row(batch->intern_stream(model::Labels({{"app", row.app}})), time, row.message);
    }
    const model::BatchId id{{random_(), random_()}, 1};
    auto ack = append_and_wait(*temporary_.store, batch, id);
    ASSERT_TRUE(ack);
    ASSERT_EQ(ack->first.value(), next_) << "seqs are consecutive";
    sent_.push_back({batch, id, *ack});
    for (Stored& row : rows) expected_[next_++] = std::move(row);
  }

  void repeat() {
    if (sent_.empty()) return;
    const Sent& sent = sent_[random_() % sent_.size()];
    auto ack = append_and_wait(*temporary_.store, sent.batch, sent.id);
    ASSERT_TRUE(ack);
    EXPECT_TRUE(ack->duplicate);
    EXPECT_EQ(ack->first, sent.ack.first);
    EXPECT_EQ(ack->node, sent.ack.node);
  }

  /// Now with classes, now without, so that segments of a class outlive its rule. All of one age.
  Retention rules(std::optional<TimeNs> age) {
    Retention out{age, {}};
    if (random_() % 3 == 0) return out;
    out.classes = {{"one", age, {}, {{"app", "app1", false}}},
                   {"more", age, {}, {{"app", "app", true}}}};
    if (random_() % 2 == 0) out.classes.pop_back();
    return out;
  }

  /// Days older than some go; only what is in blocks can, so seal first.
  void expire() {
    ASSERT_TRUE(temporary_.store->seal());
    const TimeNs age = static_cast<TimeNs>(1 + random_() % 6) * kNsPerDay;
    temporary_.store->set_retention(rules(age));
    ASSERT_TRUE(temporary_.store->enforce_retention());
    temporary_.store->set_retention(rules({}));
    const std::int64_t oldest = day_of(kNoon - age);
    std::erase_if(expected_, [&](const auto& row) { return row.second.day + 1 <= oldest; });
  }

  /// Some rows of those that are in blocks, now few, now all of some.
  void remove() {
    const std::uint64_t salt = random_();
    const std::uint64_t share = 1 + random_() % 20;
    const auto doomed = [&](std::uint64_t seq) { return ((seq / 8) ^ salt) % share == 0; };
    const auto snapshot = temporary_.store->snapshot();
    std::set<std::uint64_t> open;
    for (const auto& set : snapshot->open_rows()) {
      for (std::size_t row = 0; row < set.rows(); ++row) open.insert(set.identity(row).seq.value());
    }
    const auto planned = temporary_.store->plan_deletion(a_deletion(snapshot->seq()));
    ASSERT_TRUE(planned);
    // Epochs may end meanwhile: what is marked are rows of this snapshot's blocks.
    ASSERT_TRUE(temporary_.store->hide_rows(planned->id, mark(*snapshot, doomed), {}));
    std::erase_if(expected_,
                  [&](const auto& row) { return doomed(row.first) && !open.contains(row.first); });
  }

  void check() {
    const auto snapshot = temporary_.store->snapshot();
    std::set<std::uint64_t> seen;
    const auto take = [&](const model::RowSet& set) {
      for (std::size_t row = 0; row < set.rows(); ++row) {
        const std::uint64_t seq = set.identity(row).seq.value();
        const auto expected = expected_.find(seq);
        ASSERT_NE(expected, expected_.end()) << "seq " << seq << " should be gone";
        EXPECT_TRUE(seen.insert(seq).second) << "seq " << seq << " twice";
        EXPECT_EQ(set.records().message(row), expected->second.message);
        EXPECT_EQ(set.records().streams[set.records().stream[row]].find("app"),
                  expected->second.app);
      }
    };
    for (const auto& set : snapshot->open_rows()) take(set);
    for (const BlockRef& block : snapshot->blocks()) {
      auto rows = snapshot->read(block);
      ASSERT_TRUE(rows) << rows.error().message;
      take(*rows);
    }
    EXPECT_EQ(seen.size(), expected_.size());
    EXPECT_EQ(snapshot->seq().value(), next_ - 1);
  }

  struct Sent {
    std::shared_ptr<const model::RecordBatch> batch;
    model::BatchId id;
    model::AppendAck ack;
  };

  std::mt19937_64 random_;
  TemporaryStore temporary_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Stored> expected_;
  std::vector<Sent> sent_;
};

TEST(RandomOperations, TheStoreHoldsWhatAMapWouldHold) {
  for (int run = 0; run < 2; ++run) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomOperations operations(seed);
    operations.run(100);
  }
}

}  // namespace
}  // namespace duramen::store
