// The index of a real daemon, and what happens when its files do not stay as they were written.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/base/temporary_directory.h"
#include "tests/support/daemon_process.h"
#include "tests/support/http_client.h"

namespace duramen {
namespace {

using nlohmann::json;
using support::HttpClient;
using testing::HasSubstr;

namespace fs = std::filesystem;

constexpr int kDays = 3;
constexpr int kRowsOfADay = 200;

class DaemonIndex : public testing::Test {
 protected:
  void SetUp() override {
    start();
    store();
  }

  void start() {
    const auto started = daemon_.start_in(directory_.file("data"));
    ASSERT_TRUE(started) << started.error().message;
  }
  void stop() {
    const auto code = daemon_.terminate();
    ASSERT_TRUE(code) << code.error().message;
    ASSERT_EQ(*code, 0) << daemon_.stderr_text();
  }
  json call(const std::string& method, const std::string& target, const std::string& body = {}) {
    const auto answer = HttpClient(daemon_.base_url()).request(method, target, body);
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return {};
    EXPECT_EQ(answer->status, 200) << target << ": " << answer->body;
    const std::string last = answer->body.substr(0, answer->body.find_last_not_of('\n') + 1);
    const std::size_t line = target.ends_with("verify") ? last.rfind('\n') + 1 : 0;
    return json::parse(last.substr(line), nullptr, false);
  }
  void store() {
    std::string lines;
    for (int day = 0; day < kDays; ++day) {
      for (int row = 0; row < kRowsOfADay; ++row) {
        lines += R"({"time":"2024-05-0)" + std::to_string(1 + day) +
                 R"(T10:00:00Z","log":"connection of client req)" + std::to_string(row * 7919) +
                 (row % 10 == 0 ? " reset" : " closed") + "\"}\n";
      }
    }
    EXPECT_EQ(call("POST", "/api/v1/ingest", lines)["accepted"], kDays * kRowsOfADay);
    EXPECT_GT(call("POST", "/api/v1/admin/seal")["index_bytes"], 0);
  }
  json explained(const std::string& q) { return call("GET", "/api/v1/explain?q=" + q); }
  int count(const std::string& q) {
    return call("GET", "/api/v1/stats?q=" + support::url_encode(q + " | stats count()"))["rows"][0]
        .at(0)
        .get<int>();
  }
  void expect_right_answers() {
    EXPECT_EQ(count("reset"), kDays * kRowsOfADay / 10);
    EXPECT_EQ(count("req7919"), kDays);
    EXPECT_EQ(count("absentword"), 0);
    EXPECT_EQ(count("*"), kDays * kRowsOfADay);
  }
  /// Waits until the indexer, which looks every second, has done all and the status is as wanted.
  void expect_blocks(const std::function<bool(const json&)>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    json index;
    do {
      index = call("GET", "/api/v1/status")["index"];
      if (index["missing_blocks"] == 0 && wanted(index)) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // another process
    } while (std::chrono::steady_clock::now() < deadline && !HasFailure());
    ADD_FAILURE() << "the index does not come back: " << index;
  }
  void expect_index_comes_back() {
    expect_blocks([](const json& index) { return index["blocks"] == kDays; });
    EXPECT_EQ(explained("absentword")["read"]["blocks"], 0);
    expect_right_answers();
  }
  fs::path index() const { return directory_.file("data/index"); }
  void for_each_file(const std::function<void(const fs::path&)>& damage) const {
    for (const auto& entry : fs::directory_iterator(index())) damage(entry.path());
  }
  static void cut(const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); }

  TemporaryDirectory directory_;
  support::DaemonProcess daemon_;
};

TEST_F(DaemonIndex, AnAbsentWordReadsNoBlockAlsoAfterARestart) {
  for (int life = 0; life < 2; ++life) {
    const json explained_now = explained("absentword");
    EXPECT_EQ(explained_now["plan"]["blocks"], kDays);
    EXPECT_EQ(explained_now["plan"]["segments"].size(), static_cast<std::size_t>(kDays));
    EXPECT_EQ(explained_now["plan"]["candidates"], 0);
    EXPECT_EQ(explained_now["read"]["blocks"], 0);
    EXPECT_EQ(explained_now["read"]["bytes"], 0);
    const json some = explained("req7919");
    EXPECT_EQ(some["plan"]["candidates"], kDays);
    EXPECT_EQ(some["rows"], kDays);
    expect_right_answers();
    stop();
    start();
  }
}

TEST_F(DaemonIndex, WhatWasIndexedInMemoryOnlyIsIndexedAgainAfterAKill) {
  daemon_.kill();
  ASSERT_TRUE(daemon_.start_in(directory_.file("data"), {"--store-epoch-raw-bytes", "64KiB"}));
  const std::string line = R"({"time":"2024-05-09T10:00:00Z","log":"one of many"})";
  std::string lines;
  for (int row = 0; row < 10'000; ++row) lines += line + "\n";
  EXPECT_EQ(call("POST", "/api/v1/ingest", lines)["accepted"], 10'000);
  expect_blocks([](const json& index) { return index["memory_blocks"] > 0; });
  daemon_.kill();
  start();
  expect_blocks([](const json& index) { return index["blocks"] > kDays; });
  EXPECT_EQ(count("many"), 10'000);
  EXPECT_EQ(count("reset"), kDays * kRowsOfADay / 10);
}

TEST_F(DaemonIndex, ADirectoryDeletedWhileItIsStoppedComesBack) {
  stop();
  fs::remove_all(index());
  start();
  expect_right_answers();
  expect_index_comes_back();
}

TEST_F(DaemonIndex, FilesCutWhileItIsStoppedComeBack) {
  for (const char* ending : {".words", ".filter", ".manifest"}) {
    SCOPED_TRACE(ending);
    stop();
    for_each_file([&](const fs::path& file) {
      if (file.extension() == ending) cut(file);
    });
    start();
    expect_right_answers();
    expect_index_comes_back();
  }
  EXPECT_THAT(daemon_.stderr_text(), HasSubstr("a file of the index is damaged"));
}

TEST_F(DaemonIndex, ADirectoryDeletedWhileItRunsComesBack) {
  fs::remove_all(index());
  expect_right_answers();
  const json report = call("POST", "/api/v1/admin/verify")["report"];
  EXPECT_EQ(report["ok"], false) << "the files are gone";
  expect_right_answers();
  expect_index_comes_back();
  call("POST", "/api/v1/admin/seal");
  EXPECT_EQ(call("POST", "/api/v1/admin/verify")["report"]["ok"], true);
  stop();
  start();
  EXPECT_EQ(explained("absentword")["read"]["blocks"], 0) << "on the disk again";
  expect_right_answers();
}

TEST_F(DaemonIndex, FilesCutWhileItRunsComeBack) {
  for_each_file(cut);
  expect_right_answers();
  EXPECT_EQ(call("POST", "/api/v1/admin/verify")["report"]["ok"], false);
  expect_right_answers();
  expect_index_comes_back();
  EXPECT_EQ(call("POST", "/api/v1/admin/verify")["report"]["ok"], true);
}

}  // namespace
}  // namespace duramen
