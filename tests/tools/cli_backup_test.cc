#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/backup/backup_fixture.h"
#include "tests/support/daemon_process.h"
#include "tests/tools/cli_fake_server.h"
#include "tests/tools/cli_process.h"

namespace duramen {
namespace {

namespace fs = std::filesystem;

using nlohmann::json;
using support::CliProcess;
using support::CliRun;
using support::FakeServer;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kStatus = "/api/v1/status";
constexpr const char* kBackup = "/api/v1/admin/backup";

std::string good_list() { return backup::encode_manifest(backup::manifest_of(backup::kFiles)); }

/// `duramen backup` and `restore` against a server that sends what the test wants.
class CliBackup : public testing::Test {
 protected:
  /// A daemon whose backup is this text; `whole`: sent to its end.
  std::unique_ptr<FakeServer> sends(const std::string& tar, bool whole = true) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < tar.size(); at += 4096) chunks.push_back(tar.substr(at, 4096));
    return std::make_unique<FakeServer>(FakeServer::Script{
        {kStatus, {FakeServer::answer("200 OK", R"({"disk":{"total_bytes":9000}})")}},
        {kBackup, {FakeServer::chunked(chunks, whole)}}});
  }
  CliRun duramen(const FakeServer& server, const std::vector<std::string>& arguments) {
    return cli_.run(arguments, {{"DURAMEN_URL", server.url()}});
  }
  std::string path(const std::string& name) const { return files_.file(name); }
  std::vector<std::string> everything() const {
    std::vector<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(files_.path())) {
      out.push_back(entry.path().lexically_relative(files_.path()).string());
    }
    return out;
  }
  /// Neither command takes it, and both say why.
  void refused(const std::string& tar, const std::string& reason, bool whole = true) {
    const auto server = sends(tar, whole);
    const CliRun taken = duramen(*server, {"backup", path("b")});
    EXPECT_EQ(taken.code, 1);
    EXPECT_THAT(taken.err, AllOf(HasSubstr(reason), HasSubstr("b.partial")));
    EXPECT_THAT(taken.out, IsEmpty());
    EXPECT_FALSE(fs::exists(path("b")));
    const CliRun restored =
        duramen(*server, {"restore", "--from", server->url(), "--data-dir", path("d")});
    EXPECT_EQ(restored.code, 1);
    EXPECT_THAT(restored.err, HasSubstr(reason));
    EXPECT_FALSE(fs::exists(path("d/db")));
    EXPECT_FALSE(fs::exists(path("d/restore-partial")));
    EXPECT_FALSE(fs::exists(path("escaped")));
  }

  TemporaryDirectory files_;
  CliProcess cli_;
};

TEST_F(CliBackup, ABackupIsWhatTheDaemonSent) {
  const auto server = sends(backup::whole_tar());
  const CliRun run = duramen(*server, {"backup", path("b")});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(run.out,
            "backed up into " + path("b") + ": 3 files, 5,011 bytes, every row up to seq 17\n");
  for (const auto& [name, content] : backup::kFiles) {
    EXPECT_EQ(backup::text_of(path("b/" + name)), content);
  }
  EXPECT_EQ(backup::text_of(path("b/backup.json")), good_list());
  EXPECT_FALSE(fs::exists(path("b.partial")));
  const auto seen = server->seen();
  EXPECT_THAT(seen.back().head, HasSubstr("POST /api/v1/admin/backup "));
}

TEST_F(CliBackup, AProgramIsToldInJson) {
  const auto server = sends(backup::whole_tar());
  const CliRun run = duramen(*server, {"-o", "json", "backup", path("b")});
  const json told = json::parse(run.out, nullptr, false);
  EXPECT_EQ(told["directory"], path("b"));
  EXPECT_EQ(told["files"], 3);
  EXPECT_EQ(told["bytes"], 5011);
  EXPECT_EQ(told["durable_seq"], 17);
  EXPECT_EQ(told["store_id"], "5707e1d");
  const CliRun restored =
      cli_.run({"-o", "json", "restore", "--from", path("b"), "--data-dir", path("d")});
  EXPECT_EQ(json::parse(restored.out, nullptr, false)["durable_seq"], 17) << restored.err;
}

TEST_F(CliBackup, ATerminalShowsProgress) {
  const auto server = sends(backup::whole_tar());
  const CliRun run = cli_.run_on_terminal({"backup", path("b")}, {{"DURAMEN_URL", server->url()}});
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_THAT(run.out, HasSubstr(" %"));
}

TEST_F(CliBackup, WhatIsHostileOrBrokenIsRefused) {
  const auto files = [] { return backup::tar_of(backup::kFiles); };
  refused(files().add("../escaped", "x").add("backup.json", good_list()).whole(),
          "no name of a file");
  refused(files().add("/etc/escaped", "x").whole(), "no name of a file");
  refused(files().add("db/link", "", '2', "/etc/passwd").whole(), "no plain file");
  refused(files().add("db/link", "", '1', "/etc/passwd").whole(), "no plain file");
  refused(files().add("db/folder", "", '5').whole(), "no plain file");
  refused(files().add("db/CURRENT", "again").whole(), "twice");
  refused(files().add("backup.json", good_list()).add("db/more", "x").whole(),
          "behind backup.json");
  refused(files().add("backup.json", "{}").whole(), "'format'");
  refused("<html></html>", "no backup");
  backup::Files other = backup::kFiles;
  other[1].second[7] = 'x';
  refused(backup::tar_of(other).add("backup.json", good_list()).whole(), "has the digest");
}

TEST_F(CliBackup, AStreamThatIsCutIsNoBackup) {
  const std::string tar = backup::whole_tar();
  refused(tar.substr(0, 4096), "broke off", false);
  refused(backup::tar_of(backup::kFiles).so_far(), "backup.json", false);
  refused(backup::tar_of(backup::kFiles).whole(), "backup.json", true);
  // The next try replaces what is left.
  const auto server = sends(tar);
  EXPECT_TRUE(fs::exists(path("b.partial")));
  EXPECT_EQ(duramen(*server, {"backup", path("b")}).code, 0);
  EXPECT_FALSE(fs::exists(path("b.partial")));
}

TEST_F(CliBackup, WhatIsThereIsLeftAlone) {
  const auto server = sends(backup::whole_tar());
  fs::create_directories(path("full"));
  std::ofstream(path("full/mine")) << "x";
  const CliRun run = duramen(*server, {"backup", path("full")});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("no empty directory"));
  EXPECT_THAT(server->seen(), IsEmpty()) << "the daemon was asked for nothing";
  const CliRun restored =
      duramen(*server, {"restore", "--from", server->url(), "--data-dir", path("full")});
  EXPECT_EQ(restored.code, 1);
  EXPECT_THAT(restored.err, HasSubstr("not empty (mine)"));
  EXPECT_EQ(backup::text_of(path("full/mine")), "x");
}

TEST_F(CliBackup, ARefusalIsTold) {
  FakeServer server(
      {{kStatus, {FakeServer::answer("200 OK", "{}")}},
       {kBackup,
        {FakeServer::answer(
            "409 Conflict",
            R"({"type":"/problems/backup-running","title":"Conflict","status":409,"detail":"another backup is being sent"})",
            "Content-Type: application/problem+json\r\n")}}});
  const CliRun run = duramen(server, {"backup", path("b")});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("another backup is being sent"));
  EXPECT_THAT(everything(), IsEmpty());
}

TEST_F(CliBackup, ATarIsRestored) {
  std::ofstream(path("b.tar"), std::ios::binary) << backup::whole_tar();
  const CliRun run =
      cli_.run({"restore", "--from", path("b.tar")}, {{"DURAMEN_DATA_DIR", path("d")}});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(backup::text_of(path("d/db/CURRENT")), "MANIFEST-1\n");
  EXPECT_FALSE(fs::exists(path("d/backup.json")));
}

TEST_F(CliBackup, ADamagedBackupDirectoryIsRefused) {
  const auto server = sends(backup::whole_tar());
  ASSERT_EQ(duramen(*server, {"backup", path("b")}).code, 0);
  std::ofstream(path("b/db/000001.log")) << std::string(5000, 'x');
  const CliRun run = cli_.run({"restore", "--from", path("b"), "--data-dir", path("d")});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("db/000001.log has the digest"));
  EXPECT_FALSE(fs::exists(path("d/db")));
  const CliRun none = cli_.run({"restore", "--from", path("nowhere"), "--data-dir", path("d")});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no whole backup"));
}

TEST_F(CliBackup, ADirectoryThatADaemonHasIsRefused) {
  support::DaemonProcess daemon;
  ASSERT_TRUE(daemon.start_in(path("d")));
  std::ofstream(path("b.tar"), std::ios::binary) << backup::whole_tar();
  const CliRun run = cli_.run({"restore", "--from", path("b.tar"), "--data-dir", path("d")});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.err, HasSubstr("in use by process"));
}

TEST_F(CliBackup, WrongUsageIsTold) {
  EXPECT_EQ(cli_.run({"backup"}).code, 2);
  EXPECT_EQ(cli_.run({"restore"}).code, 2);
  EXPECT_EQ(cli_.run({"restore", "--from"}).code, 2);
}

}  // namespace
}  // namespace duramen
