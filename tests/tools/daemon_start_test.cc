#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>

#include "base/bytes.h"
#include "store/keys.h"
#include "tests/base/temporary_directory.h"
#include "tests/support/daemon_process.h"
#include "tests/support/http_client.h"
#include "tests/support/ipv6.h"

namespace duramen {
namespace {

using support::DaemonProcess;
using support::HttpClient;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

class DaemonStart : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(directory_.path(), ""); }

  std::string data() const { return directory_.file("data"); }
  /// Runs to the end; the exit code.
  int run(const std::vector<std::string>& args,
          const std::vector<std::pair<std::string, std::string>>& variables = {}) {
    const auto started = daemon_.start(args, variables);
    if (!started) return -1;
    const auto code = daemon_.wait_exit();
    return code ? *code : -1;
  }
  /// Its stderr, which must be one line besides its log.
  std::string complaint() const {
    std::istringstream lines(daemon_.stderr_text());
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      if (line.find("time=") != 0) text += line + "\n";
    }
    EXPECT_THAT(text, AllOf(StartsWith("duramend: "), EndsWith("\n")));
    EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
    return text;
  }

  TemporaryDirectory directory_;
  DaemonProcess daemon_;
};

TEST_F(DaemonStart, SaysWhereItIsWhenItIsReady) {
  const auto started = daemon_.start_in(data());
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_THAT(daemon_.base_url(), MatchesRegex("http://127\\.0\\.0\\.1:[1-9][0-9]+"));
  EXPECT_THAT(daemon_.stderr_text(), HasSubstr("duramend 0.1.0 ready: " + daemon_.base_url() +
                                               " (data in " + data() + ")"));
  EXPECT_EQ("http://" + read_file(data() + "/http.address"), daemon_.base_url() + "\n");
  const auto ready = HttpClient(daemon_.base_url()).get("/health/ready");
  ASSERT_TRUE(ready) << ready.error().message;
  EXPECT_EQ(ready->status, 200);
}

TEST_F(DaemonStart, ListensOnSeveralAddresses) {
  if (!support::has_ipv6_loopback()) GTEST_SKIP() << support::kNoIpv6;
  const auto started = daemon_.start_in(data(), {"--http-listen", "[::1]:0"});
  ASSERT_TRUE(started) << started.error().message;
  std::istringstream addresses(read_file(data() + "/http.address"));
  std::string first;
  std::string second;
  addresses >> first >> second;
  EXPECT_THAT(second, StartsWith("[::1]:"));
  for (const std::string& address : {first, second}) {
    const auto live = HttpClient("http://" + address).get("/health/live");
    ASSERT_TRUE(live) << live.error().message;
    EXPECT_EQ(live->status, 200);
  }
}

TEST_F(DaemonStart, TakesVariablesAndAFile) {
  write_file(directory_.file("duramen.toml"), "host = 'from-file'\n[log]\nformat = 'json'\n");
  ASSERT_TRUE(daemon_.start({}, {{"DURAMEN_CONFIG", directory_.file("duramen.toml")},
                                 {"DURAMEN_DATA_DIR", data()},
                                 {"DURAMEN_HTTP_LISTEN", "127.0.0.1:0"}}));
  const auto ready = daemon_.wait_ready();
  ASSERT_TRUE(ready) << ready.error().message;
  EXPECT_THAT(daemon_.stderr_text(), HasSubstr("\"level\":\"info\""));
  const auto status = HttpClient(daemon_.base_url()).get("/api/v1/status");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(status->body, HasSubstr("\"host\": \"from-file\""));
}

TEST_F(DaemonStart, ShowsTheRetentionThatFollowsFromTheDisk) {
  ASSERT_TRUE(daemon_.start_in(data()));
  EXPECT_THAT(daemon_.stderr_text(), HasSubstr("msg=retention age=none bytes="));
  EXPECT_THAT(daemon_.stderr_text(), HasSubstr("bytes_from=\"free disk at the first start\""));
  const auto status = HttpClient(daemon_.base_url()).get("/api/v1/status");
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_THAT(status->body, HasSubstr("\"retention\""));
}

TEST_F(DaemonStart, RaisesItsLimitOfOpenFiles) {
  ASSERT_TRUE(daemon_.start_in(data()));
  std::ifstream limits("/proc/" + std::to_string(daemon_.pid()) + "/limits");
  std::string line;
  while (std::getline(limits, line) && line.find("Max open files") != 0) {
  }
  std::istringstream words(line);
  std::string max;
  std::string open;
  std::string files;
  std::string soft;
  std::string hard;
  words >> max >> open >> files >> soft >> hard;
  EXPECT_NE(soft, "");
  EXPECT_EQ(soft, hard);
}

TEST_F(DaemonStart, VersionHelpAndDocs) {
  EXPECT_EQ(run({"--version"}), 0);
  EXPECT_EQ(daemon_.stdout_text(), "duramend 0.1.0\n");
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_THAT(daemon_.stdout_text(), HasSubstr("--data-dir"));
  EXPECT_EQ(run({"--print-config-docs"}), 0);
  EXPECT_EQ(daemon_.stdout_text(), read_file(DURAMEN_SOURCE_DIR "/docs/config.md"));
}

TEST_F(DaemonStart, CheckConfigNamesThePlaceAndStartsNothing) {
  const std::string file = directory_.file("duramen.toml");
  write_file(file, "data_dir = '" + data() + "'\n[http]\nlisten = '127.0.0.1:0'\n");
  EXPECT_EQ(run({"--config", file, "--check-config"}), 0);
  EXPECT_EQ(daemon_.stdout_text(), "the configuration is valid\n");
  EXPECT_NE(::access(data().c_str(), F_OK), 0);

  write_file(file, "[http]\nlisten = '127.0.0.1:0'\n\n[log]\n  levl = 'info'\n");
  EXPECT_EQ(run({"--config", file, "--check-config"}), 1);
  EXPECT_EQ(complaint(),
            "duramend: " + file + ":5:3: unknown setting 'log.levl'; did you mean 'log.level'?\n");
  EXPECT_EQ(run({"--config", file}), 1);
  EXPECT_THAT(complaint(), HasSubstr(":5:3: "));
}

TEST_F(DaemonStart, CheckConfigNamesThePlaceOfABadAddress) {
  const std::string file = directory_.file("duramen.toml");
  for (const auto* listen : {"'example.com:1'", "['127.0.0.1:0', '0.0.0.0:1']"}) {
    write_file(file, std::string("host = 'x'\n[http]\nlisten = ") + listen + "\n");
    EXPECT_EQ(run({"--config", file, "--check-config"}), 1);
    EXPECT_THAT(complaint(),
                StartsWith("duramend: " + file + ":3:10: http.listen: listen address"));
  }
  EXPECT_EQ(run({"--http-listen", "nowhere", "--check-config"}), 1);
  EXPECT_THAT(complaint(), StartsWith("duramend: --http-listen: listen address 'nowhere'"));
}

TEST_F(DaemonStart, UsageErrorsHaveAnExitCodeOfTheirOwn) {
  EXPECT_EQ(run({"--data-dri", data()}), 2);
  EXPECT_EQ(complaint(), "duramend: unknown option '--data-dri'; did you mean '--data-dir'?\n");
}

TEST_F(DaemonStart, ABusyPortIsNamedWithTheRemedy) {
  ASSERT_TRUE(daemon_.start_in(data()));
  const std::string address = daemon_.base_url().substr(7);
  DaemonProcess second;
  ASSERT_TRUE(second.start({"--data-dir", directory_.file("other"), "--http-listen", address}));
  const auto code = second.wait_exit();
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 1);
  EXPECT_THAT(second.stderr_text(), AllOf(HasSubstr(address), HasSubstr("--http-listen")));
  EXPECT_NE(::access(directory_.file("other").c_str(), F_OK), 0) << "before the store is touched";
  EXPECT_EQ(HttpClient(daemon_.base_url()).get("/health/ready")->status, 200);
}

TEST_F(DaemonStart, ALockedDirectoryIsNamedWithTheRemedy) {
  ASSERT_TRUE(daemon_.start_in(data()));
  DaemonProcess second;
  ASSERT_TRUE(second.start({"--data-dir", data(), "--http-listen", "127.0.0.1:0"}));
  const auto code = second.wait_exit();
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, 1);
  EXPECT_THAT(second.stderr_text(), AllOf(HasSubstr(data()), HasSubstr("--data-dir"),
                                          HasSubstr(std::to_string(daemon_.pid()))));
  EXPECT_EQ("http://" + read_file(data() + "/http.address"), daemon_.base_url() + "\n");
}

TEST_F(DaemonStart, ADirectoryThatCannotBeMadeIsNamedWithTheRemedy) {
  // Not even root can make a directory there.
  EXPECT_EQ(run({"--data-dir", "/proc/duramen", "--http-listen", "127.0.0.1:0"}), 1);
  EXPECT_THAT(complaint(), AllOf(HasSubstr("/proc/duramen"), HasSubstr("--data-dir")));
}

TEST_F(DaemonStart, ADirectoryThatCannotBeWrittenIsNamedWithTheRemedy) {
  EXPECT_EQ(run({"--data-dir", "/proc/sys/kernel", "--http-listen", "127.0.0.1:0"}), 1);
  EXPECT_THAT(complaint(), AllOf(HasSubstr("/proc/sys/kernel"), HasSubstr("--data-dir")));
}

TEST_F(DaemonStart, DamageThatHindersTheStartIsNamed) {
  ASSERT_TRUE(daemon_.start_in(data()));
  EXPECT_EQ(*daemon_.terminate(), 0);
  write_file(data() + "/db/CURRENT", "MANIFEST-999999\n");
  EXPECT_EQ(run({"--data-dir", data(), "--http-listen", "127.0.0.1:0"}), 1);
  EXPECT_THAT(complaint(), HasSubstr("MANIFEST-999999"));
}

TEST_F(DaemonStart, AnAddressBeyondThisMachineNeedsAWord) {
  EXPECT_EQ(run({"--data-dir", data(), "--http-listen", "0.0.0.0:0"}), 1);
  EXPECT_THAT(complaint(), AllOf(HasSubstr("0.0.0.0:0"), HasSubstr("--insecure-listen")));
  ASSERT_TRUE(
      daemon_.start({"--data-dir", data(), "--http-listen", "0.0.0.0:0", "--insecure-listen"}));
  const auto ready = daemon_.wait_ready();
  EXPECT_TRUE(ready) << ready.error().message;
}

TEST_F(DaemonStart, ANewerFormatIsRefusedAndLeftAlone) {
  ASSERT_TRUE(daemon_.start_in(data()));
  EXPECT_EQ(*daemon_.terminate(), 0);
  const std::string path = data() + "/db";
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open({}, path, families, &handles, &raw).ok());
  const std::unique_ptr<rocksdb::DB> database(raw);
  std::string newer;
  ByteWriter(newer).u32(store::kStoreFormat + 1);
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    if (handle->GetName() == store::kMetaFamily) {
      const auto put = database->Put({}, handle, store::meta_key(store::MetaKind::kFormat), newer);
      ASSERT_TRUE(put.ok());
    }
    database->DestroyColumnFamilyHandle(handle);
  }
  ASSERT_TRUE(database->Close().ok());

  EXPECT_EQ(run({"--data-dir", data(), "--http-listen", "127.0.0.1:0"}), 1);
  EXPECT_THAT(complaint(),
              AllOf(HasSubstr("format 2"), HasSubstr("newer"), HasSubstr("--data-dir")));
}

}  // namespace
}  // namespace duramen
