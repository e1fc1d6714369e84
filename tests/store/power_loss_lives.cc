#include "tests/store/power_loss_lives.h"

#include <atomic>
#include <thread>

#include "store/directory.h"
#include "tests/store/deletion_fixture.h"

namespace duramen::store {

using duramen::testing::PowerLossFileSystem;

namespace {

constexpr TimeNs kKept = 2 * kNsPerDay;
constexpr int kBatchesALife = 40;
constexpr std::uint64_t kRecoveryOperations = 60;  // about so many does opening take
constexpr std::uint64_t kLifeOperations = 400;

/// Without numbers, which differ from run to run: paths, byte positions.
std::string reason_of(const std::string& message) {
  for (const char* reason :
       {"whole ones follow", "wrong length", "wrong type", "MANIFEST", "VersionEdit",
        "missing start of fragmented record", "error in middle of record", "checksum mismatch",
        "bad record length"}) {
    if (message.find(reason) != std::string::npos) return reason;
  }
  return message;
}

}  // namespace

Result<model::AppendAck> SentBatch::send(Store& store) const {
  return append_and_wait(store, batch_of(messages, time), id());
}

PowerLossLives::PowerLossLives(std::uint64_t seed, Shape shape, LifeFigures& figures)
    : shape_(shape),
      figures_(figures),
      random_(seed),
      fs_(std::make_shared<PowerLossFileSystem>(rocksdb::FileSystem::Default(), random_(),
                                                shape.tail)),
      env_(duramen::testing::restless_env(fs_)) {
  temporary_.options.env = env_.get();
  temporary_.options.epoch_raw_bytes = 20'000;  // many epochs a life
  temporary_.options.batch_id_age = 1000 * kNsPerDay;
  if (shape.days_pass) temporary_.options.retention.age = kKept;
  for (Client& client : clients_) client.random.seed(random_());
}

void PowerLossLives::run(int lives) {
  for (int life = 0; life < lives && !refused_ && !::testing::Test::HasFailure(); ++life) {
    SCOPED_TRACE("life " + std::to_string(life));
    const bool early = random_() % 3 == 0;
    fs_->cut_after(random_() % (early ? kRecoveryOperations : kLifeOperations));
    ++figures_.lives;
    if (open()) live();
    temporary_.store.reset();
    fs_->lose_unsynced();
  }
  if (!refused_) end_with_the_power_on();
}

/// False when the power went meanwhile, or the store refused to open.
bool PowerLossLives::open() {
  auto opened = temporary_.open();
  if (opened) return true;
  if (fs_->is_cut()) {
    ++figures_.cuts_in_recovery;
    return false;
  }
  refused_ = true;
  ++figures_.refusals[reason_of(opened.error().message)];
  EXPECT_NE(shape_.tail, Tail::kPrefix) << opened.error().message;
  EXPECT_EQ(opened.error().code, ErrorCode::kDataLoss) << opened.error().message;
  return false;
}

void PowerLossLives::live() {
  check(false);
  writing_ = static_cast<int>(clients_.size());
  std::vector<std::thread> threads;
  for (std::size_t w = 0; w < clients_.size(); ++w) {
    threads.emplace_back([this, w] {
      write(w);
      if (--writing_ == 0) temporary_.store->interrupt();  // a seal need not wait
    });
  }
  threads.emplace_back([this] {
    while (writing_ > 0 && temporary_.store->seal()) ++figures_.seals;
  });
  if (shape_.deletes) threads.emplace_back([this] { delete_rows(); });
  if (shape_.days_pass) keep_house();
  for (auto& thread : threads) thread.join();
  if (fs_->is_cut()) ++figures_.cuts_under_load;
}

/// Appends until the power goes or all is sent; the last batch may be in doubt.
void PowerLossLives::write(std::size_t writer) {
  for (int i = 0; i < kBatchesALife; ++i) {
    SentBatch& batch = next_batch(writer);
    auto ack = batch.send(*temporary_.store);
    if (!ack) return;
    batch.ack = *ack;
  }
}

SentBatch PowerLossLives::new_batch(std::size_t writer) {
  Client& client = clients_[writer];
  SentBatch batch{std::to_string(writer) + "/" + std::to_string(client.sent.size()),
                  temporary_.clock.now(),
                  {},
                  {}};
  if (shape_.days_pass) batch.time -= static_cast<TimeNs>(client.random() % 4) * kNsPerDay;
  // Now and then more than a block of the log, of text that does not pack.
  const std::size_t words = client.random() % 8 == 0 ? 500 + client.random() % 2500 : 20;
  batch.messages.assign(1 + client.random() % 5, batch.name + "#");
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    batch.messages[i] += std::to_string(i);
    for (std::size_t n = 0; n < words; ++n) batch.messages[i] += std::to_string(client.random());
  }
  return batch;
}

/// The one in doubt, or a new one.
SentBatch& PowerLossLives::next_batch(std::size_t writer) {
  Client& client = clients_[writer];
  if (!client.sent.empty() && !client.sent.back().ack) return client.sent.back();
  return client.sent.emplace_back(new_batch(writer));
}

/// Days pass while the clients write.
void PowerLossLives::keep_house() {
  for (int half_days = 0; writing_ > 0; std::this_thread::yield()) {
    if (half_days < 4 && random_() % 8 == 0) {
      temporary_.clock.advance(kNsPerDay / 2);
      ++half_days;
    }
    auto dropped = temporary_.store->enforce_retention();
    if (!dropped) return;
    figures_.dropped_segments += dropped->size();
  }
}

/// Deletes rows that are in blocks, here and there, until the clients are done or the power goes.
void PowerLossLives::delete_rows() {
  std::mt19937_64 random(figures_.deletions + 1);
  for (; writing_ > 0 && in_doubt_.empty(); std::this_thread::yield()) {
    const auto snapshot = temporary_.store->snapshot();
    std::vector<MarkedBlock> marks;
    std::set<std::string> doomed;
    for (const BlockRef& block : snapshot->blocks()) {
      const auto rows = snapshot->read(block);
      if (!rows) return;  // the power
      MarkedBlock& marked = marks.emplace_back(MarkedBlock{block.id, {}});
      for (std::uint32_t row = 0; row < rows->rows(); ++row) {
        if (random() % 16 != 0) continue;
        marked.rows.add(row);
        doomed.emplace(rows->records().message(row));
      }
    }
    if (doomed.empty()) continue;
    const auto planned = temporary_.store->plan_deletion(a_deletion(snapshot->seq()));
    if (!planned) return;
    const auto hidden = temporary_.store->hide_rows(planned->id, marks, {});
    (hidden ? deleted_ : in_doubt_).insert(doomed.begin(), doomed.end());
    ++(hidden ? figures_.deletions : figures_.deletions_in_doubt);
    if (!hidden) return;
    const bool erase = random() % 2 == 0;  // else together with the next one's
    if (erase && !temporary_.store->erase_hidden_rows({})) return;
  }
}

/// Either every row of the deletion in doubt is gone, or none; those that retention may have taken
/// say nothing.
void PowerLossLives::settle_doubt(const std::map<std::string, int>& seen) {
  std::size_t there = 0;
  for (const std::string& message : in_doubt_) there += seen.contains(message) ? 1 : 0;
  if (!shape_.days_pass) {
    EXPECT_TRUE(there == 0 || there == in_doubt_.size())
        << there << " of " << in_doubt_.size() << " rows of one deletion are there";
  }
  if (there == 0) deleted_.insert(in_doubt_.begin(), in_doubt_.end());
  in_doubt_.clear();
}

bool PowerLossLives::may_be_gone(TimeNs time) const {
  return shape_.days_pass && day_of(time) + 1 <= day_of(temporary_.clock.now() - kKept);
}

void PowerLossLives::check(bool all_that_may_be_gone_is) {
  const std::map<std::uint64_t, std::string> rows = temporary_.rows();
  std::map<std::string, int> seen;
  for (const auto& [seq, message] : rows) ++seen[message];
  settle_doubt(seen);
  for (const Client& client : clients_) {
    for (const SentBatch& batch : client.sent) {
      const bool gone = may_be_gone(batch.time);
      for (const std::string& message : batch.messages) {
        const int n = seen[message];
        const bool must_be_gone = (gone && all_that_may_be_gone_is) || deleted_.contains(message);
        const bool right = must_be_gone ? n == 0 : gone || !batch.ack ? n <= 1 : n == 1;
        EXPECT_TRUE(right) << batch.name << " is there " << n << " times";
      }
      if (!batch.ack || gone || deleted_.contains(batch.messages[0])) continue;
      const auto first = rows.find(batch.ack->first.value());
      EXPECT_TRUE(first != rows.end() && first->second == batch.messages[0])
          << batch.name << " has another seq than acknowledged";
    }
  }
}

void PowerLossLives::end_with_the_power_on() {
  if (!open()) return;
  check(false);
  for (Client& client : clients_) {
    for (SentBatch& batch : client.sent) {
      if (batch.ack) ++figures_.acked;
      if (batch.ack && random_() % 4 != 0) continue;
      auto ack = batch.send(*temporary_.store);
      ASSERT_TRUE(ack) << ack.error().message;
      if (batch.ack) {
        EXPECT_TRUE(ack->duplicate);
        EXPECT_EQ(ack->first, batch.ack->first);
        EXPECT_EQ(ack->node, batch.ack->node);
      }
      batch.ack = *ack;
    }
  }
  ASSERT_TRUE(temporary_.store->seal());
  ASSERT_TRUE(temporary_.store->enforce_retention());
  ASSERT_TRUE(temporary_.store->erase_hidden_rows({}));
  check(true);
  auto report = temporary_.store->verify({});
  ASSERT_TRUE(report);
  if (shape_.tail == Tail::kPrefix) {
    EXPECT_THAT(report->faults, ::testing::IsEmpty());
  } else {
    // A tail with holes looks damaged; what it held was not acknowledged.
    EXPECT_THAT(report->faults, ::testing::Each(::testing::HasSubstr("put aside: ")));
  }
}

}  // namespace duramen::store
