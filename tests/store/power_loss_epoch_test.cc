// What a power cut at a chosen moment does to epochs and segments.

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>

#include "tests/store/lossy_store.h"

namespace duramen::store {
namespace {

using rocksdb::IOStatus;

/// Fills a segment's memtable also when packed.
std::vector<std::string> large_messages() {
  std::mt19937_64 random(1);
  std::vector<std::string> out(24, std::string(1 << 20, '\0'));
  for (std::string& message : out) {
    for (std::size_t i = 0; i + 8 <= message.size(); i += 8) {
      const std::uint64_t n = random();
      std::memcpy(message.data() + i, &n, 8);
    }
  }
  return out;
}

class PowerLossEpoch : public LossyStore {
 protected:
  /// Each log loses all that was not synced, but the newest, which loses nothing.
  void lose_all_but_the_newest_log() {
    std::map<std::string, std::uint64_t> logs = fs_->synced_sizes();
    std::erase_if(logs, [](const auto& file) { return !is_log(file.first); });
    ASSERT_FALSE(logs.empty());
    for (const auto& [name, synced] : logs) {
      std::error_code error;
      if (name != logs.rbegin()->first) std::filesystem::resize_file(name, synced, error);
    }
  }
};

TEST_F(PowerLossEpoch, AnEpochThatIsLostIsNotTakenForDoneByTheNext) {
  const auto large = batch_of(large_messages());
  options.epoch_raw_bytes = large->weight() + 1;
  open_quietly();
  std::atomic<int> logs_made{0};
  std::atomic<int> appended_to_new_log{0};
  std::string new_log;  // named before `logs_made` says so
  std::atomic<bool> armed{false};
  fs_->set_hook([&](Change change, const std::string& name) {
    if (!armed || !is_log(name)) return IOStatus::OK();
    if (change == Change::kCreate && logs_made == 0) {
      new_log = name;
      ++logs_made;
    }
    if (change == Change::kAppend && logs_made > 0 && name == new_log) ++appended_to_new_log;
    if (change == Change::kSync) {
      // RocksDB syncs the log that it closed beside the write into the new one.
      EXPECT_TRUE(eventually([&] { return logs_made == 0 || appended_to_new_log > 0; }));
      fs_->cut();
    }
    return IOStatus::OK();
  });
  ASSERT_TRUE(append_and_wait(*store, large));
  ASSERT_TRUE(append_and_wait(*store, batch_of({"small"})));
  armed = true;
  (void)store->seal();
  store.reset();
  ASSERT_TRUE(fs_->is_cut());
  lose_all_but_the_newest_log();
  options.env = nullptr;
  reopen();
  EXPECT_EQ(rows().size(), large->rows() + 1);
}

/// What a power cut may tear is then one write at most, the last one.
TEST_F(PowerLossEpoch, NothingIsWrittenToTheLogBeforeTheWriteBeforeIsSynced) {
  options.epoch_raw_bytes = 2'000;
  options.batch_ids = 10;
  open_quietly();
  std::mutex mutex;
  std::map<std::string, int> unsynced;
  int most = 0;
  fs_->set_hook([&](Change change, const std::string& name) {
    const std::lock_guard lock(mutex);
    if (is_log(name) && change == Change::kAppend) most = std::max(most, ++unsynced[name]);
    if (is_log(name) && change == Change::kSync) unsynced[name] = 0;
    return IOStatus::OK();
  });
  for (int i = 0; i < 50; ++i) {
    const std::string name = "batch " + std::to_string(i);
    const TimeNs time = kNoon - (i % 3) * kNsPerDay;
    ASSERT_TRUE(append_and_wait(*store, batch_of({name + std::string(100, 'x')}, time),
                                model::BatchId{hash128(name), 1}));
    if (i % 20 == 0) {
      ASSERT_TRUE(store->seal());
    }
  }
  store->set_retention({kNsPerDay, {}});  // drops a day, and forgets batch ids
  ASSERT_TRUE(eventually([&] { return store->status().batch_ids == 10; }));
  ASSERT_TRUE(append_and_wait(*store, batch_of({"last"})));
  store.reset();
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace duramen::store
