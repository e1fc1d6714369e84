// One sync serves all appends that wait for it: the test holds the disk in a sync.

#include <future>
#include <thread>

#include "base/mutex.h"
#include "tests/store/lossy_store.h"

namespace duramen::store {
namespace {

/// Lets no sync pass while it is shut, and counts those that came.
class SyncGate {
 public:
  void pass() {
    const MutexLock lock(mutex_);
    ++came_;
    changed_.notify_all();
    while (shut_) changed_.wait(mutex_);
  }
  void set_shut(bool shut) {
    const MutexLock lock(mutex_);
    shut_ = shut;
    changed_.notify_all();
  }
  int came() {
    const MutexLock lock(mutex_);
    return came_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool shut_ DURAMEN_GUARDED_BY(mutex_) = false;
  int came_ DURAMEN_GUARDED_BY(mutex_) = 0;
};

class GroupCommit : public LossyStore {
 protected:
  using Ack = Result<model::AppendAck>;

  void SetUp() override {
    LossyStore::SetUp();
    fs_->set_hook([this](Change change, const std::string& name) {
      if (change == Change::kSync && is_log(name)) gate_.pass();
      return rocksdb::IOStatus::OK();
    });
  }
  std::future<Ack> send(const std::string& message) {
    auto answer = std::make_shared<std::promise<Ack>>();
    auto future = answer->get_future();
    store->append({batch_of({message}), {}}, [answer](Ack ack) { answer->set_value(ack); });
    return future;
  }
  static bool is_ready(const std::future<Ack>& ack) {
    return ack.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  SyncGate gate_;
};

TEST_F(GroupCommit, AppendsThatWaitForASyncShareTheNextOne) {
  constexpr std::size_t kThreads = 5;
  constexpr std::size_t kEach = 10;
  gate_.set_shut(true);
  std::vector<std::future<Ack>> acks(1 + kThreads * kEach);
  acks[0] = send("first");
  ASSERT_TRUE(eventually([&] { return gate_.came() == 1; }));
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < kEach; ++i) {
        const std::size_t n = 1 + t * kEach + i;
        acks[n] = send(std::to_string(n));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& ack : acks) EXPECT_FALSE(is_ready(ack)) << "acknowledged before its sync";
  EXPECT_EQ(store->snapshot()->seq().value(), 0U) << "seen before its sync";

  gate_.set_shut(false);
  for (auto& ack : acks) EXPECT_TRUE(ack.get());
  EXPECT_EQ(gate_.came(), 2);
  EXPECT_EQ(metrics->counter("duramen_journal_syncs_total", "").value(), 2U);
  EXPECT_EQ(rows().size(), acks.size());
}

}  // namespace
}  // namespace duramen::store
