#include "backup/destination.h"

#include <sys/stat.h>
#include <unistd.h>

#include "tests/backup/backup_fixture.h"

namespace duramen::backup {
namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

class Destination : public testing::Test {
 protected:
  std::vector<std::string> names(const std::string& directory) const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator(files_.file(directory))) {
      out.push_back(entry.path().filename().string());
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  void touch(const std::string& name) const {
    fs::create_directories(fs::path(files_.file(name)).parent_path());
    std::ofstream(files_.file(name)) << "x";
  }
  template <class Begun>
  static void expect_in_the_way(const Begun& begun, const std::string& reason) {
    ASSERT_FALSE(begun);
    EXPECT_EQ(begun.error().code, ErrorCode::kAlreadyExists);
    EXPECT_THAT(begun.error().message, HasSubstr(reason));
  }
  Result<Manifest> fill(FileTree& tree) {
    return receive_stream(in_pieces(whole_tar()), tree, nullptr);
  }

  TemporaryDirectory files_;
};

TEST_F(Destination, ABackupHasItsNameWhenItIsWhole) {
  const std::string path = files_.file("b/");
  auto to = BackupDirectory::begin(path);
  ASSERT_TRUE(to) << to.error().message;
  ASSERT_TRUE(fill(to->tree()));
  EXPECT_THAT(names(""), ElementsAre("b.partial"));
  ASSERT_TRUE(to->commit());
  EXPECT_THAT(names(""), ElementsAre("b"));
  EXPECT_THAT(names("b"), ElementsAre("backup.json", "db", "index"));
}

TEST_F(Destination, ABackupTakesThePlaceOfNothing) {
  touch("full/mine");
  touch("file");
  fs::create_symlink("elsewhere", files_.file("link"));
  for (const char* name : {"full", "file", "link"}) {
    expect_in_the_way(BackupDirectory::begin(files_.file(name)), "no empty directory");
  }
  fs::create_directory(files_.file("empty"));
  auto to = BackupDirectory::begin(files_.file("empty"));
  ASSERT_TRUE(to) << to.error().message;
  ASSERT_TRUE(fill(to->tree()));
  touch("empty/came meanwhile");
  expect_in_the_way(to->commit(), "no empty directory");
}

TEST_F(Destination, WhatBrokeOffIsReplacedAndNothingElse) {
  touch("b.partial/db/000001.log");
  touch("b.partial/retention.bytes");
  auto to = BackupDirectory::begin(files_.file("b"));
  ASSERT_TRUE(to) << to.error().message;
  EXPECT_THAT(names("b.partial"), IsEmpty());
  touch("c.partial/thesis.txt");
  expect_in_the_way(BackupDirectory::begin(files_.file("c")), "c.partial is in the way");
  EXPECT_THAT(names("c.partial"), ElementsAre("thesis.txt"));
}

TEST_F(Destination, ADataDirectoryHasTheStoreLast) {
  {
    auto to = DataDirectory::begin(files_.file("deep/data"));
    ASSERT_TRUE(to) << to.error().message;
    const auto manifest = fill(to->tree());
    ASSERT_TRUE(manifest);
    EXPECT_THAT(names("deep/data"), ElementsAre("lock", "restore-partial"));
    ASSERT_TRUE(to->commit(*manifest));
  }
  EXPECT_THAT(names("deep/data"), ElementsAre("db", "index", "lock"));
  for (const auto& [name, content] : kFiles) {
    EXPECT_EQ(text_of(files_.file("deep/data/" + name)), content);
  }
}

TEST_F(Destination, ARestoreThatFailsLeavesNothingToOpen) {
  {
    auto to = DataDirectory::begin(files_.file("data"));
    ASSERT_TRUE(to) << to.error().message;
    ASSERT_TRUE(fill(to->tree()));
  }
  EXPECT_THAT(names("data"), ElementsAre("lock"));
}

TEST_F(Destination, ADirectoryWithoutAStoreIsNoBackup) {
  auto to = DataDirectory::begin(files_.file("data"));
  ASSERT_TRUE(to) << to.error().message;
  const auto done = to->commit(manifest_of({{"index/1.words", ""}}));
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("no store"));
}

TEST_F(Destination, ADataDirectoryIsEmptyOrRefused) {
  touch("store/db/CURRENT");
  expect_in_the_way(DataDirectory::begin(files_.file("store")), "not empty (db)");
  touch("index/index/1.words");
  expect_in_the_way(DataDirectory::begin(files_.file("index")), "not empty (index)");
  // A volume's own folder, and the lock of a daemon that is gone.
  touch("volume/lock");
  fs::create_directory(files_.file("volume/lost+found"));
  EXPECT_TRUE(DataDirectory::begin(files_.file("volume")));
}

TEST_F(Destination, ARestoreThatWasKilledIsBegunAnew) {
  // Between two of its renames.
  touch("data/restore-partial/db/CURRENT");
  touch("data/index/1.words");
  touch("data/retention.bytes");
  auto to = DataDirectory::begin(files_.file("data"));
  ASSERT_TRUE(to) << to.error().message;
  EXPECT_THAT(names("data"), ElementsAre("lock", "restore-partial"));
  const auto manifest = fill(to->tree());
  ASSERT_TRUE(manifest);
  ASSERT_TRUE(to->commit(*manifest));
  // With a store in it, it is somebody's.
  touch("taken/restore-partial/db/CURRENT");
  touch("taken/db/CURRENT");
  expect_in_the_way(DataDirectory::begin(files_.file("taken")), "not empty (db)");
}

TEST_F(Destination, NobodyElseHasTheDataDirectory) {
  auto to = DataDirectory::begin(files_.file("data"));
  ASSERT_TRUE(to) << to.error().message;
  const auto second = DataDirectory::begin(files_.file("data"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(second.error().message, HasSubstr("in use by process"));
}

TEST_F(Destination, FilesAreTheirsWhoseTheDirectoryIs) {
  fs::create_directory(files_.file("data"));
  const bool other = ::geteuid() == 0 && ::chown(files_.file("data").c_str(), 65534, 65534) == 0;
  {
    auto to = DataDirectory::begin(files_.file("data"));
    ASSERT_TRUE(to) << to.error().message;
    const auto manifest = fill(to->tree());
    ASSERT_TRUE(manifest);
    ASSERT_TRUE(to->commit(*manifest));
  }
  for (const char* name : {"lock", "db", "db/CURRENT", "index/1.words"}) {
    struct stat status {};
    ASSERT_EQ(::lstat(files_.file("data/" + std::string(name)).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_uid, other ? 65534U : ::geteuid()) << name;
    EXPECT_EQ(status.st_mode & 0133U, S_ISDIR(status.st_mode) ? 0111U : 0U) << name;
  }
}

}  // namespace
}  // namespace duramen::backup
