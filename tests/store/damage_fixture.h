#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "store/database.h"
#include "tests/store/store_fixture.h"

namespace duramen::store {

namespace fs = std::filesystem;

/// A closed store that is copied, damaged and opened again and again.
class DamageFixture : public ::testing::Test {
 protected:
  using Rows = std::map<std::uint64_t, std::string>;

  /// Closes the store and keeps it as it is now.
  void keep() {
    rows_ = temporary_.rows();
    temporary_.store.reset();
    fs::remove_all(good_.path() + "/db");
    fs::copy(temporary_.directory.path(), good_.path(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  std::string db() const { return temporary_.directory.path() + "/db"; }

  std::vector<fs::path> files(const std::string& extension) const {
    std::vector<fs::path> out;
    for (const auto& file : fs::directory_iterator(fs::path(good_.path()) / "db")) {
      if (file.path().extension() == extension && file.file_size() != 0)
        out.push_back(file.path().filename());
    }
    return out;
  }
  /// Table files of a column family.
  std::vector<fs::path> tables(const std::string& family) const {
    std::vector<fs::path> out;
    const auto database = Database::open_damaged(good_.path() + "/db");
    if (!database) return out;
    for (const LiveTable& table : (*database)->live_tables()) {
      if (table.family == family) out.push_back(table_file_name(table.number, ".sst"));
    }
    return out;
  }
  std::uint64_t size(const fs::path& file) const {
    return fs::file_size(fs::path(good_.path()) / "db" / file);
  }

  /// The good store again.
  void restore() {
    temporary_.store.reset();
    fs::remove_all(temporary_.directory.path() + "/put-aside");
    fs::remove_all(db());
    fs::copy(fs::path(good_.path()) / "db", db(), fs::copy_options::recursive);
  }
  void flip(const fs::path& file, std::uint64_t at, std::uint8_t bits) const {
    std::fstream stream(db() / file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(byte ^ bits));
  }

  /// Rows that come back are rows that went in, each once; those that do not are named. Gives how
  /// many are missing.
  std::size_t open_and_compare() {
    auto opened = temporary_.open();
    EXPECT_TRUE(opened) << opened.error().message;
    if (!opened) return rows_.size();
    std::size_t unreadable = 0;
    Rows seen;
    const auto take = [&](const model::RowSet& set) {
      for (std::size_t row = 0; row < set.rows(); ++row) {
        const std::uint64_t seq = set.identity(row).seq.value();
        EXPECT_EQ(rows_.at(seq), set.records().message(row));
        EXPECT_TRUE(seen.emplace(seq, "").second) << "seq " << seq << " twice";
        EXPECT_LE(seq, seq_) << "queries do not see it";
      }
    };
    const auto snapshot = temporary_.store->snapshot();
    seq_ = snapshot->seq().value();
    for (const auto& set : snapshot->open_rows()) take(set);
    for (const BlockRef& block : snapshot->blocks()) {
      auto rows = snapshot->read(block);
      if (rows) take(*rows);
      if (!rows) ++unreadable;
    }
    blocks_lost_ = unreadable;
    const StoreStatus status = temporary_.store->status();
    EXPECT_EQ(status.damaged.size(), unreadable);
    const std::size_t missing = rows_.size() - seen.size();
    EXPECT_TRUE(missing == 0 || !status.damaged.empty() || !status.put_aside.empty())
        << "rows are missing and nobody says so";
    named_ += !status.damaged.empty() || !status.put_aside.empty() ? 1 : 0;
    return missing;
  }

  /// What is left goes on: it takes rows, makes blocks of all, and is the same when opened again.
  void expect_it_goes_on(std::size_t missing) {
    ASSERT_TRUE(temporary_.store);
    const auto ack = append_and_wait(*temporary_.store, batch_of({"after"}));
    ASSERT_TRUE(ack) << ack.error().message;
    EXPECT_GT(ack->first.value(), seq_);
    EXPECT_FALSE(rows_.contains(ack->first.value()) && missing == 0) << "a seq given twice";
    ASSERT_TRUE(temporary_.store->seal());
    const auto reopened = temporary_.open();
    ASSERT_TRUE(reopened) << reopened.error().message;
    std::size_t seen = 0;
    const auto snapshot = temporary_.store->snapshot();
    EXPECT_TRUE(snapshot->open_rows().empty());
    for (const BlockRef& block : snapshot->blocks()) {
      const auto rows = snapshot->read(block);
      if (rows) seen += rows->rows();
    }
    EXPECT_EQ(seen, rows_.size() - missing + 1);
  }

  TemporaryStore temporary_;
  TemporaryDirectory good_;
  Rows rows_;
  std::size_t named_ = 0;        ///< times that damage was named
  std::uint64_t seq_ = 0;        ///< S of the last open_and_compare()
  std::size_t blocks_lost_ = 0;  ///< by the last open_and_compare()
};

}  // namespace duramen::store
