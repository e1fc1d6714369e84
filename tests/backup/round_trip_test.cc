#include <atomic>
#include <set>
#include <thread>

#include "backup/destination.h"
#include "backup/send.h"
#include "base/clock.h"
#include "index/index.h"
#include "query/engine.h"
#include "query/indexer.h"
#include "store/offline_verify.h"
#include "tests/backup/backup_fixture.h"
#include "tests/store/store_fixture.h"

namespace duramen::backup {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;
using testing::IsEmpty;

/// A store with its index, kept up by hand.
class Node {
 public:
  explicit Node(std::string directory) : directory_(std::move(directory)) {
    store::StoreOptions options;
    options.directory = directory_;
    options.host = "test";
    options.min_free_bytes = 0;
    options.epoch_raw_bytes = 16 << 10;
    options.block_raw_bytes = 4 << 10;
    auto opened = store::Store::open(options, clock, metrics);
    EXPECT_TRUE(opened) << opened.error().message;
    store = *std::move(opened);
    index::IndexOptions of_index;
    of_index.directory = directory_ + "/index";
    of_index.owner = store->store_id();
    of_index.block_end = store->block_end();
    of_index.delta_blocks = 2;  // many parts, and merges
    auto made = index::Index::open(of_index, metrics);
    EXPECT_TRUE(made) << made.error().message;
    index = *std::move(made);
    indexer = std::make_unique<query::Indexer>(*store, *index, metrics);
  }

  Result<Manifest> send(Sink sink) {
    return send_backup({*store, [this](const std::string& to) { return indexer->checkpoint(to); },
                        directory_, "1", clock},
                       std::move(sink));
  }
  Result<void> append(const std::string& text) {
    auto ack = store::append_and_wait(*store, store::batch_of({text}));
    return ack ? Result<void>() : ack.error();
  }
  /// Rows in the order of the answer, with the index or by scanning.
  std::vector<std::string> ask(const std::string& q, bool with_index) {
    const auto engine = query::make_query_engine(*store, with_index ? index.get() : nullptr, {},
                                                 clock, with_index ? metrics : scan_metrics_);
    query::QueryRequest request;
    request.q = q;
    request.limit = 0;
    std::vector<std::string> out;
    const auto running = engine->start(request);
    EXPECT_TRUE(running) << running.error().message;
    const auto end = (*running)->run([&](std::string_view line) -> Result<void> {
      out.emplace_back(line);
      return {};
    });
    EXPECT_TRUE(end) << end.error().message;
    return out;
  }

  const SystemClock clock;
  MetricRegistry metrics;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<index::Index> index;
  std::unique_ptr<query::Indexer> indexer;

 private:
  const std::string directory_;
  MetricRegistry scan_metrics_;
};

class RoundTrip : public testing::Test {
 protected:
  RoundTrip() : node_(std::make_unique<Node>(files_.file("data"))) {}

  std::string staging() const { return files_.file("data/backup-staging"); }
  Manifest restore(const std::string& tar, const std::string& name) {
    auto to = DataDirectory::begin(files_.file(name));
    EXPECT_TRUE(to) << to.error().message;
    const auto manifest = receive_stream(in_pieces(tar, 100'000), to->tree(), nullptr);
    EXPECT_TRUE(manifest) << manifest.error().message;
    if (!manifest) return {};
    const auto done = to->commit(*manifest);
    EXPECT_TRUE(done) << done.error().message;
    return *manifest;
  }

  TemporaryDirectory files_;
  std::unique_ptr<Node> node_;
};

std::string row(std::uint64_t number) {
  return "row " + std::to_string(number) + " of word" + std::to_string(number % 37) + " by " +
         std::string(number % 211, 'y');
}

TEST_F(RoundTrip, TheIndexKnowsNoBlockThatTheStoreHasNotAndAnswersAsAScan) {
  constexpr int kBackups = 8;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> appended{0};
  std::thread writer([&] {
    for (std::uint64_t n = 1; !stopping && node_->append(row(n)); ++n) appended = n;
  });
  std::thread indexing([&] {
    while (!stopping) EXPECT_TRUE(node_->indexer->catch_up());
  });
  std::vector<std::string> tars;
  std::vector<std::uint64_t> before;
  for (int i = 0; i < kBackups; ++i) {
    const std::uint64_t goal = appended + 150;
    EXPECT_TRUE(store::eventually([&] { return appended >= goal; }));
    before.push_back(appended);
    std::string& tar = tars.emplace_back();
    const auto sent = node_->send([&tar](std::string_view bytes) -> Result<void> {
      tar += bytes;
      return {};
    });
    EXPECT_TRUE(sent) << sent.error().message;
  }
  stopping = true;
  writer.join();
  indexing.join();
  EXPECT_FALSE(fs::exists(staging()));
  std::size_t indexed = 0;
  for (std::size_t i = 0; i < tars.size(); ++i) {
    SCOPED_TRACE(i);
    const std::string name = "copy-" + std::to_string(i);
    const Manifest manifest = restore(tars[i], name);
    EXPECT_GE(manifest.durable.value(), before[i]);
    const auto report = store::verify_directory(files_.file(name), {});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_THAT(report->faults, IsEmpty());
    Node copy(files_.file(name));
    std::set<std::uint64_t> stored;
    const auto snapshot = copy.store->snapshot();
    for (const auto& block : snapshot->blocks()) stored.insert(block.id.value());
    for (const auto& segment : copy.index->segments()) {
      for (const auto block : copy.index->view(segment)->blocks()) {
        EXPECT_TRUE(stored.contains(block.value())) << "block " << block.value();
        ++indexed;
      }
    }
    EXPECT_EQ(copy.index->status().damaged_parts, 0U);
    for (const char* q : {"word17", "word3 OR word36", "absent", "rów", "row word1*"}) {
      EXPECT_EQ(copy.ask(q, true), copy.ask(q, false)) << q;
    }
    EXPECT_GE(copy.ask("*", true).size(), manifest.durable.value());
  }
  EXPECT_GT(indexed, 0U) << "no backup had an index in it";
}

TEST_F(RoundTrip, NothingStaysBehindWhenTheReceiverLeaves) {
  for (std::uint64_t n = 1; n < 200; ++n) ASSERT_TRUE(node_->append(row(n)));
  ASSERT_TRUE(node_->store->seal());
  std::size_t bytes = 0;
  const auto sent = node_->send([&](std::string_view piece) -> Result<void> {
    EXPECT_TRUE(fs::exists(staging() + "/db/CURRENT"));
    bytes += piece.size();
    return Error{ErrorCode::kCancelled, "the client went away"};
  });
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, ErrorCode::kCancelled);
  EXPECT_GT(bytes, 0U);
  EXPECT_FALSE(fs::exists(staging()));
}

TEST_F(RoundTrip, WhatAKilledBackupLeftIsRemovedByTheNext) {
  fs::create_directories(staging() + "/db");
  std::ofstream(staging() + "/db/000001.sst") << "x";
  std::string tar;
  ASSERT_TRUE(node_->send([&tar](std::string_view bytes) -> Result<void> {
    tar += bytes;
    return {};
  }));
  EXPECT_FALSE(fs::exists(staging()));
  restore(tar, "copy");
  EXPECT_FALSE(fs::exists(files_.file("copy/db/000001.sst")));
  fs::create_directories(staging() + "/db");
  ASSERT_TRUE(remove_staging(files_.file("data")));
  EXPECT_FALSE(fs::exists(staging()));
}

TEST_F(RoundTrip, CarriesTheLimitAndWhatWasPutAsideAndNoOddNames) {
  std::ofstream(files_.file("data/retention.bytes")) << "12345\n";
  fs::create_directories(files_.file("data/put-aside"));
  std::ofstream(files_.file("data/put-aside/report.txt")) << "a line\n";
  std::ofstream(files_.file("data/put-aside/no name for a backup")) << "x";
  std::string tar;
  ASSERT_TRUE(node_->send([&tar](std::string_view bytes) -> Result<void> {
    tar += bytes;
    return {};
  }));
  restore(tar, "copy");
  EXPECT_EQ(text_of(files_.file("copy/retention.bytes")), "12345\n");
  Node copy(files_.file("copy"));
  EXPECT_EQ(copy.store->status().put_aside, std::vector<std::string>{"a line"});
  EXPECT_FALSE(fs::exists(files_.file("copy/put-aside/no name for a backup")));
}

TEST_F(RoundTrip, AnIndexThatIsDamagedDoesNotHinderABackup) {
  for (std::uint64_t n = 1; n < 200; ++n) ASSERT_TRUE(node_->append(row(n)));
  ASSERT_TRUE(node_->store->seal());
  ASSERT_TRUE(node_->indexer->seal());
  for (const auto& entry : fs::directory_iterator(files_.file("data/index"))) {
    if (entry.path().extension() == ".filter") fs::remove(entry.path());
  }
  std::string tar;
  ASSERT_TRUE(node_->send([&tar](std::string_view bytes) -> Result<void> {
    tar += bytes;
    return {};
  }));
  restore(tar, "copy");
  Node copy(files_.file("copy"));
  EXPECT_EQ(copy.ask("word17", true), copy.ask("word17", false));
  EXPECT_EQ(copy.ask("*", true).size(), 199U);
}

}  // namespace
}  // namespace duramen::backup
