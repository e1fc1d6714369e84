// Acknowledged means synced, over several lives of one store: each ends with the power cut at a
// random operation, while the store is opened or while clients write, seal, drop days and delete
// rows.

#include "tests/store/power_loss_lives.h"

#include <cstdlib>

namespace duramen::store {
namespace {

using Shape = PowerLossLives::Shape;
using Tail = PowerLossLives::Tail;

class PowerLossLivesTest : public ::testing::Test {
 protected:
  void TearDown() override {
    RecordProperty("lives", figures_.lives);
    std::string line = std::to_string(figures_.lives) +
                       " lives, cuts: " + std::to_string(figures_.cuts_in_recovery) +
                       " while opening, " + std::to_string(figures_.cuts_under_load) +
                       " under load; " + std::to_string(figures_.acked) +
                       " batches acknowledged, " + std::to_string(figures_.seals) + " seals, " +
                       std::to_string(figures_.dropped_segments) + " segments dropped, " +
                       std::to_string(figures_.deletions) + " deletions, " +
                       std::to_string(figures_.deletions_in_doubt) + " in doubt";
    for (const auto& [reason, n] : figures_.refusals) {
      line += "; refused " + std::to_string(n) + " times: " + reason;
    }
    std::printf("%s\n", line.c_str());
  }
  /// `DURAMEN_TEST_POWER_CUTS` says how many stores instead, for a long search.
  void run_stores(int stores, Shape shape) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const char* many = std::getenv("DURAMEN_TEST_POWER_CUTS");  // NOLINT(concurrency-mt-unsafe)
    if (many != nullptr) stores = std::atoi(many);
    for (int store = 0; store < stores && !HasFailure(); ++store) {
      SCOPED_TRACE("store " + std::to_string(store));
      PowerLossLives lives(random(), shape, figures_);
      lives.run(3 + static_cast<int>(random() % 3));
    }
  }

  LifeFigures figures_;
};

TEST_F(PowerLossLivesTest, NothingAcknowledgedIsLostAndNothingIsStoredTwice) {
  run_stores(10, {Tail::kPrefix, false});
}

TEST_F(PowerLossLivesTest, RetentionDropsItsDaysAndNothingElse) {
  run_stores(10, {Tail::kPrefix, true});
}

TEST_F(PowerLossLivesTest, RowsOfADeletionGoTogetherAndNeverComeBack) {
  run_stores(10, {Tail::kPrefix, false, true});
}

TEST_F(PowerLossLivesTest, RetentionAndDeletionsDoNotGetInEachOthersWay) {
  run_stores(5, {Tail::kPrefix, true, true});
}

TEST_F(PowerLossLivesTest, ATornTailBringsNoDeletedRowBack) {
  run_stores(5, {Tail::kAnyPages, false, true});
}

TEST_F(PowerLossLivesTest, ATailWithPagesOfZerosLosesNothingSilently) {
  run_stores(10, {Tail::kZeroPages, false});
}

TEST_F(PowerLossLivesTest, ATailWithGarbageLosesNothingSilently) {
  run_stores(10, {Tail::kAnyPages, false});
}

}  // namespace
}  // namespace duramen::store
