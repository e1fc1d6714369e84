#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/store.h"
#include "tests/base/temporary_directory.h"

namespace duramen::store {

inline constexpr TimeNs kNoon = 1'790'000'000'000'000'000;  // 2026-09-21T14:13:20Z

inline std::shared_ptr<model::RecordBatch> batch_of(const std::vector<std::string>& messages,
                                                    TimeNs time = kNoon,
                                                    const std::string& app = "web") {
  auto batch = std::make_shared<model::RecordBatch>();
  const auto stream = batch->intern_stream(model::Labels({{"app", app}}));
  for (const std::string& message : messages) batch->add_row(stream, time, message);
  return batch;
}

inline Result<model::AppendAck> append_and_wait(Store& store,
                                                std::shared_ptr<const model::RecordBatch> batch,
                                                std::optional<model::BatchId> id = {}) {
  std::promise<Result<model::AppendAck>> answer;
  store.append({std::move(batch), id},
               [&](Result<model::AppendAck> ack) { answer.set_value(std::move(ack)); });
  return answer.get_future().get();
}

/// Waits, without sleeping, until another thread has made `condition` true; false after 60 s.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

/// Every visible row by seq. Fails the test when a seq is seen twice or lies above S.
inline std::map<std::uint64_t, std::string> all_rows(const Snapshot& snapshot) {
  std::map<std::uint64_t, std::string> out;
  const auto take = [&](const model::RowSet& set) {
    for (std::size_t row = 0; row < set.rows(); ++row) {
      const std::uint64_t seq = set.identity(row).seq.value();
      EXPECT_LE(seq, snapshot.seq().value());
      EXPECT_TRUE(out.emplace(seq, set.records().message(row)).second) << "seq " << seq << " twice";
    }
  };
  for (const model::RowSet& set : snapshot.open_rows()) take(set);
  for (const BlockRef& block : snapshot.blocks()) {
    auto rows = snapshot.read(block);
    EXPECT_TRUE(rows) << rows.error().message;
    if (rows) take(*rows);
  }
  return out;
}

/// A real store in a temporary directory that deletes itself.
class TemporaryStore {
 public:
  TemporaryStore() {
    options.directory = directory.path();
    options.host = "test";
    options.min_free_bytes = 0;
  }
  Result<void> open() {
    store.reset();
    metrics = std::make_unique<MetricRegistry>();
    DURAMEN_TRY(store, Store::open(options, clock, *metrics));
    return {};
  }
  void reopen() {
    auto opened = open();
    ASSERT_TRUE(opened) << opened.error().message;
  }
  std::map<std::uint64_t, std::string> rows() { return all_rows(*store->snapshot()); }

  TemporaryDirectory directory;
  ManualClock clock{kNoon};
  StoreOptions options;
  std::unique_ptr<MetricRegistry> metrics;
  std::unique_ptr<Store> store;
};

}  // namespace duramen::store
