#include <filesystem>
#include <fstream>

#include "backup/receive.h"
#include "tests/api/routes_fixture.h"
#include "tests/base/temporary_directory.h"

namespace duramen::api {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPath = "/api/v1/admin/backup";

/// The route over a store that is three files.
class BackupRoute : public RoutesTest {
 protected:
  BackupRoute() {
    Services services{store_,   engine_,    ingest_,      clock_,
                      metrics_, readiness_, "0.1.0-test", limits_};
    services.data_dir = files_.path();
    router_ = make_router(services);
    store_.on_checkpoint = [this](const std::string& to) { return checkpoint(to); };
  }
  Result<model::Seq> checkpoint(const std::string& to) {
    fs::create_directories(to + "/db");
    std::ofstream(to + "/db/CURRENT") << "MANIFEST-000001\n";
    std::ofstream(to + "/db/000001.log") << std::string(300'000, 'l');
    if (meanwhile_) meanwhile_();
    return model::Seq(17);
  }
  /// What a client finds in the answer.
  Result<backup::Manifest> receive(const std::string& tar) {
    auto tree = backup::FileTree::make(files_.file("received"), std::nullopt);
    EXPECT_TRUE(tree);
    bool given = false;
    return backup::receive_stream(
        [&]() -> Result<std::string> { return std::exchange(given, true) ? "" : tar; }, *tree,
        nullptr);
  }
  bool staging_is_there() const { return fs::exists(files_.file("backup-staging")); }
  bool counted(const std::string& line) const {
    return metrics_.render().find("\n" + line + "\n") != std::string::npos;
  }

  TemporaryDirectory files_;
  std::function<void()> meanwhile_;
};

TEST_F(BackupRoute, StreamsATarThatEndsWithItsList) {
  const auto answer = ask("POST", kPath);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/x-tar");
  const auto manifest = receive(answer.text);
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->durable.value(), 17U);
  EXPECT_EQ(manifest->version, "0.1.0-test");
  EXPECT_EQ(manifest->store_id, "5709e1d");
  EXPECT_EQ(manifest->time, clock_.now());
  EXPECT_EQ(manifest->files.size(), 2U);
  EXPECT_FALSE(staging_is_there());
  EXPECT_TRUE(counted("duramen_backups_total{end=\"whole\"} 1"));
  EXPECT_TRUE(counted("duramen_backup_bytes_total " + std::to_string(answer.text.size())));
}

TEST_F(BackupRoute, IsOneAtATime) {
  Answer second;
  meanwhile_ = [&] { second = ask("POST", kPath); };
  const auto first = ask("POST", kPath);
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(json(second)["type"], "/problems/backup-running");
  EXPECT_TRUE(receive(first.text)) << "the first one suffers from the second";
  meanwhile_ = nullptr;
  EXPECT_EQ(ask("POST", kPath).status, 200);
}

TEST_F(BackupRoute, LetsGoOfEverythingWhenTheClientLeaves) {
  leave_after_ = 100'000;
  const auto answer = ask("POST", kPath);
  ASSERT_FALSE(answer.outcome);
  EXPECT_EQ(answer.outcome.error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(staging_is_there());
  EXPECT_TRUE(counted("duramen_backups_total{end=\"broken_off\"} 1"));
  leave_after_ = 0;
  EXPECT_EQ(ask("POST", kPath).status, 200);
}

TEST_F(BackupRoute, EndsWhenTheDaemonStops) {
  meanwhile_ = [&] { readiness_.set("draining"); };
  EXPECT_EQ(ask("POST", kPath).status, 503);
  EXPECT_FALSE(staging_is_there());
}

TEST_F(BackupRoute, AFaultBeforeTheFirstByteIsAnAnswer) {
  store_.on_checkpoint = [](const std::string&) -> Result<model::Seq> {
    return Error{ErrorCode::kUnavailable, "no space left"};
  };
  const auto answer = ask("POST", kPath);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(json(answer)["detail"], "no space left");
  store_.on_checkpoint = [](const std::string&) -> Result<model::Seq> {
    return Error{ErrorCode::kResourceExhausted, "too many files"};
  };
  EXPECT_EQ(ask("POST", kPath).status, 422) << "to try again does not help";
  EXPECT_FALSE(staging_is_there());
}

TEST_F(BackupRoute, IsNoGetAndTakesNoParameters) {
  EXPECT_EQ(ask("GET", kPath).status, 405);
  EXPECT_EQ(ask("POST", std::string(kPath) + "?x=1").status, 400);
  EXPECT_FALSE(staging_is_there());
}

}  // namespace
}  // namespace duramen::api
