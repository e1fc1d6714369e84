// Acknowledged means synced: the store runs on a file system that loses power at a random
// operation and throws away what was not synced.

#include <array>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "tests/store/store_fixture.h"
#include "tests/support/power_loss_file_system.h"

namespace duramen::store {
namespace {

using duramen::testing::PowerLossFileSystem;

struct RunResult {
  std::uint64_t operations = 0;
  std::size_t acked = 0;
  std::size_t lost = 0;
  std::size_t doubled = 0;
  std::string open_error;
};

constexpr int kWriters = 2;

/// What a client knows: batches it sent, by id, and which of them were acknowledged.
struct Client {
  std::map<std::string, bool> sent;
};

model::BatchId id_of(const std::string& name) { return {hash128(name), 1}; }

std::vector<std::string> messages_of(const std::string& name) {
  std::vector<std::string> out;
  for (int i = 0; i < 5; ++i) out.push_back(name + "#" + std::to_string(i) + std::string(200, 'x'));
  return out;
}

/// Appends until the power goes or all is sent; the last batch may be in doubt.
void run_client(Store& store, int writer, Client& client) {
  for (int i = 0; i < 60; ++i) {
    const std::string name = std::to_string(writer) + "/" + std::to_string(i);
    client.sent[name] = false;
    if (!append_and_wait(store, batch_of(messages_of(name)), id_of(name))) return;
    client.sent[name] = true;
  }
}

void live_until_the_power_goes(TemporaryStore& temporary, std::array<Client, kWriters>& clients) {
  if (auto opened = temporary.open(); !opened) return;  // the power went while opening
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back(
        [&, w] { run_client(*temporary.store, w, clients[static_cast<std::size_t>(w)]); });
  }
  for (auto& thread : threads) thread.join();
  (void)temporary.store->seal();
  temporary.store.reset();
}

RunResult run_once(std::uint64_t seed, bool sync, std::uint64_t cut_after) {
  auto fs = std::make_shared<PowerLossFileSystem>(rocksdb::FileSystem::Default(), seed);
  const std::unique_ptr<rocksdb::Env> env = duramen::testing::restless_env(fs);
  TemporaryStore temporary;
  temporary.options.env = env.get();
  temporary.options.sync = sync;
  temporary.options.epoch_raw_bytes = 20'000;  // many epochs a run
  std::array<Client, kWriters> clients;
  fs->cut_after(cut_after);
  live_until_the_power_goes(temporary, clients);
  fs->lose_unsynced();

  RunResult result;
  result.operations = fs->operations();
  temporary.options.env = nullptr;
  if (auto opened = temporary.open(); !opened) {
    result.open_error = opened.error().message;
    return result;
  }
  for (Client& client : clients) {  // a client repeats what was not acknowledged, with its key
    for (auto& [name, acked] : client.sent) {
      if (acked) ++result.acked;
      EXPECT_TRUE(acked ||
                  append_and_wait(*temporary.store, batch_of(messages_of(name)), id_of(name)));
    }
  }
  std::map<std::string, int> seen;
  for (const auto& [seq, message] : temporary.rows()) ++seen[message];
  for (const Client& client : clients) {
    for (const auto& [name, acked] : client.sent) {
      for (const std::string& message : messages_of(name)) {
        const int n = seen[message];
        if (n == 0) ++result.lost;
        if (n > 1) ++result.doubled;
      }
    }
  }
  return result;
}

TEST(PowerLoss, NothingAcknowledgedIsLostAndNothingIsStoredTwice) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::uint64_t operations = run_once(seed, true, 1'000'000'000).operations;
  ASSERT_GT(operations, 200U);
  std::size_t acked = 0;
  for (int run = 0; run < 40; ++run) {
    const std::uint64_t cut = random() % operations;
    SCOPED_TRACE("power cut at operation " + std::to_string(cut));
    const RunResult result = run_once(random(), true, cut);
    ASSERT_EQ(result.open_error, "");
    EXPECT_EQ(result.lost, 0U);
    EXPECT_EQ(result.doubled, 0U);
    acked += result.acked;
  }
  EXPECT_GT(acked, 100U) << "the runs must reach the interesting part";
}

TEST(PowerLoss, LeavingOutTheSyncLosesAcknowledgedRows) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::uint64_t operations = run_once(seed, false, 1'000'000'000).operations;
  std::size_t lost = 0;
  for (int run = 0; run < 40 && lost == 0; ++run) {
    const RunResult result = run_once(random(), false, random() % operations);
    lost += result.lost + (result.open_error.empty() ? 0 : 1);
  }
  EXPECT_GT(lost, 0U) << "the test above would not notice a missing sync";
}

/// A store on a file system that fails one write of the journal.
class FailedWrite : public ::testing::Test {
 protected:
  void SetUp() override {
    temporary_.options.env = env_.get();
    temporary_.reopen();
    // The builder makes the segments of today and tomorrow at start: let it finish, so that the
    // next operation is the journal's.
    ASSERT_TRUE(eventually([&] { return temporary_.store->status().segments.size() == 2; }));
    first_ = *append("first");
  }
  Result<model::AppendAck> append(const std::string& name) {
    return append_and_wait(*temporary_.store, batch_of({name}), id_of(name));
  }

  std::shared_ptr<PowerLossFileSystem> fs_ =
      std::make_shared<PowerLossFileSystem>(rocksdb::FileSystem::Default(), 1);
  std::unique_ptr<rocksdb::Env> env_ = duramen::testing::restless_env(fs_);
  TemporaryStore temporary_;
  model::AppendAck first_;
};

TEST_F(FailedWrite, OfAFullDiskIsRefusedAndTheNextIsTakenByANewIncarnation) {
  for (const std::uint64_t at : {0U, 1U}) {  // the write, the sync
    SCOPED_TRACE(at);
    fs_->fail_once_after(at, rocksdb::IOStatus::NoSpace("injected fault"));
    const std::string name = "at " + std::to_string(at);
    auto refused = append(name);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
    EXPECT_TRUE(temporary_.store->status().writes_refused);
    auto ack = append(name);  // the client repeats while RocksDB recovers (it looks every 5 s)
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!ack && std::chrono::steady_clock::now() < deadline) ack = append(name);
    ASSERT_TRUE(ack) << ack.error().message;
    EXPECT_NE(ack->node, first_.node);
    EXPECT_FALSE(ack->duplicate);
    EXPECT_FALSE(temporary_.store->status().writes_refused);
  }
  const auto before = temporary_.rows();
  EXPECT_EQ(before.size(), 3U);
  temporary_.options.env = nullptr;
  temporary_.reopen();
  EXPECT_EQ(temporary_.rows(), before);
}

TEST_F(FailedWrite, OfAFullDiskIsForgottenThoughNobodySends) {
  fs_->fail_once_after(1, rocksdb::IOStatus::NoSpace("injected fault"));
  ASSERT_FALSE(append("a"));
  EXPECT_TRUE(temporary_.store->writes_refused());
  EXPECT_TRUE(eventually([&] { return !temporary_.store->writes_refused(); }));
  ASSERT_TRUE(append("a"));
}

TEST_F(FailedWrite, OfABrokenDiskIsRefusedUntilTheStoreIsReopened) {
  fs_->fail_once_after(1, rocksdb::IOStatus::IOError("injected fault"));
  EXPECT_FALSE(append("a"));
  auto refused = append("a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("restart"));
  EXPECT_EQ(temporary_.rows().size(), 1U) << "reads go on";
  temporary_.reopen();
  auto ack = append("a");
  ASSERT_TRUE(ack) << ack.error().message;
  EXPECT_GT(ack->first, first_.last);
}

}  // namespace
}  // namespace duramen::store
