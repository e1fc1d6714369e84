#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/store/store_fixture.h"
#include "tests/support/power_loss_file_system.h"

namespace duramen::store {

/// One batch that a client sent under its key, and what it was told.
struct SentBatch {
  std::string name;
  TimeNs time = 0;
  std::vector<std::string> messages;
  std::optional<model::AppendAck> ack;

  model::BatchId id() const { return {hash128(name), 1}; }
  Result<model::AppendAck> send(Store& store) const;
};

/// What became of the stores of a test, for its figures.
struct LifeFigures {
  int lives = 0;
  int cuts_in_recovery = 0;
  int cuts_under_load = 0;
  std::map<std::string, int> refusals;  ///< by reason, without what differs
  std::size_t acked = 0;
  std::size_t seals = 0;
  std::size_t dropped_segments = 0;
  std::size_t deletions = 0;
  std::size_t deletions_in_doubt = 0;
};

/// One store directory that lives several times on a file system that loses power, now while it is
/// opened, now while clients write, seal, drop days and delete rows. Clients repeat what was not
/// acknowledged, with its key. Each life begins with a look at every row.
class PowerLossLives {
 public:
  using Tail = duramen::testing::PowerLossFileSystem::Tail;
  struct Shape {
    Tail tail = Tail::kPrefix;
    bool days_pass = false;  ///< retention keeps two days, and the clock moves on
    bool deletes = false;    ///< some batches' rows are deleted
  };

  PowerLossLives(std::uint64_t seed, Shape shape, LifeFigures& figures);
  /// Lives `lives` times, then once with the power on.
  void run(int lives);

 private:
  struct Client {
    std::vector<SentBatch> sent;
    std::mt19937_64 random;
  };

  bool open();
  void live();
  void write(std::size_t writer);
  void keep_house();
  void delete_rows();
  void settle_doubt(const std::map<std::string, int>& seen);
  SentBatch new_batch(std::size_t writer);
  SentBatch& next_batch(std::size_t writer);
  bool may_be_gone(TimeNs time) const;
  void check(bool all_that_may_be_gone_is);
  void end_with_the_power_on();

  const Shape shape_;
  LifeFigures& figures_;
  std::mt19937_64 random_;
  std::shared_ptr<duramen::testing::PowerLossFileSystem> fs_;
  std::unique_ptr<rocksdb::Env> env_;
  TemporaryStore temporary_;
  std::array<Client, 2> clients_;
  std::atomic<int> writing_{0};
  std::set<std::string> deleted_;   ///< messages
  std::set<std::string> in_doubt_;  ///< of a deletion that the power cut: all of them or none
  bool refused_ = false;
};

}  // namespace duramen::store
