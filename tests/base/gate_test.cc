#include "base/gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace duramen {
namespace {

TEST(Gate, LetsInUntilItIsClosed) {
  Gate gate;
  {
    const auto first = gate.try_enter();
    const auto second = gate.try_enter();
    EXPECT_TRUE(first && second);
  }
  gate.close();
  EXPECT_FALSE(gate.try_enter());
}

TEST(Gate, CloseWaitsForTheLastPass) {
  Gate gate;
  std::atomic<bool> left{false};
  std::atomic<int> entered{0};
  auto pass = gate.try_enter();
  ASSERT_TRUE(pass);
  std::thread worker([inside = *std::move(pass), &gate, &left, &entered]() mutable {
    // Ends when the gate is closed: only then may the pass go.
    while (gate.try_enter()) entered.fetch_add(1);
    left.store(true);
    const Gate::Pass last = std::move(inside);
  });
  pass.reset();
  while (entered.load() == 0) std::this_thread::yield();
  gate.close();
  EXPECT_TRUE(left.load());
  worker.join();
}

TEST(Gate, EveryPassOfManyThreadsIsCounted) {
  Gate gate;
  std::atomic<int> inside{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      while (auto pass = gate.try_enter()) {
        inside.fetch_add(1);
        inside.fetch_sub(1);
      }
    });
  }
  gate.close();
  EXPECT_EQ(inside.load(), 0);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace duramen
