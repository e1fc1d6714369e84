#include "store/offline_verify.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/store/store_fixture.h"

namespace duramen::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A closed store: three rows in a block, two in the journal.
class OfflineVerify : public ::testing::Test {
 protected:
  void SetUp() override {
    temporary_.reopen();
    ASSERT_TRUE(append_and_wait(*temporary_.store, batch_of({"a", "b", "c"})));
    ASSERT_TRUE(temporary_.store->seal());
    ASSERT_TRUE(append_and_wait(*temporary_.store, batch_of({"d"}), model::BatchId{}));
    ASSERT_TRUE(append_and_wait(*temporary_.store, batch_of({"e"})));
    temporary_.store->close();
    temporary_.store.reset();
  }

  /// Every file with its content and the time of its last change.
  std::map<std::string, std::pair<std::string, fs::file_time_type>> content() const {
    std::map<std::string, std::pair<std::string, fs::file_time_type>> out;
    for (const auto& entry : fs::recursive_directory_iterator(temporary_.directory.path())) {
      std::string bytes;
      if (entry.is_regular_file()) {
        std::ifstream in(entry.path(), std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(in), {});
      }
      out[entry.path()] = {std::move(bytes), entry.last_write_time()};
    }
    return out;
  }

  Result<VerifyReport> verify() const { return verify_directory(temporary_.directory.path(), {}); }

  TemporaryStore temporary_;
};

TEST_F(OfflineVerify, ReadsEverythingAndChangesNothing) {
  const auto before = content();
  const auto report = verify();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_THAT(report->faults, testing::IsEmpty());
  EXPECT_EQ(report->rows, 5U);
  EXPECT_EQ(report->blocks, 1U);
  EXPECT_EQ(report->journal_entries, 2U);
  EXPECT_GT(report->table_files, 0U);
  EXPECT_TRUE(content() == before) << "a file has appeared, gone or changed";
}

TEST_F(OfflineVerify, ADirectoryThatCannotBeWrittenIsChecked) {
  const auto writable = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
  const std::string root = temporary_.directory.path();
  fs::permissions(root + "/db", writable, fs::perm_options::remove);
  fs::permissions(root + "/lock", writable, fs::perm_options::remove);
  fs::permissions(root, writable, fs::perm_options::remove);
  const auto report = verify();
  fs::permissions(root, fs::perms::owner_all);
  fs::permissions(root + "/db", fs::perms::owner_all);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows, 5U);
}

TEST_F(OfflineVerify, ACopyWithoutItsLockFileIsChecked) {
  fs::remove(fs::path(temporary_.directory.path()) / "lock");
  const auto report = verify();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->rows, 5U);
  EXPECT_FALSE(fs::exists(fs::path(temporary_.directory.path()) / "lock"));
}

TEST_F(OfflineVerify, AStoreThatIsOpenIsLeftAlone) {
  temporary_.reopen();
  const auto report = verify();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(report.error().message, HasSubstr("in use"));
}

TEST_F(OfflineVerify, NoStoreIsAnErrorAndNoneIsMade) {
  const TemporaryDirectory empty;
  const auto report = verify_directory(empty.path(), {});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(fs::is_empty(empty.path()));
}

TEST_F(OfflineVerify, ADamagedLogIsAFault) {
  fs::path log;
  for (const auto& entry : fs::directory_iterator(fs::path(temporary_.directory.path()) / "db")) {
    if (entry.path().extension() == ".log" && entry.file_size() > 0) log = entry.path();
  }
  ASSERT_FALSE(log.empty());
  std::fstream stream(log, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(20);
  const int byte = stream.get();
  stream.seekp(20);
  stream.put(static_cast<char>(byte ^ 1));
  stream.close();
  const auto before = content();
  const auto report = verify();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_FALSE(report->faults.empty());
  EXPECT_TRUE(content() == before);
}

TEST_F(OfflineVerify, RowsThatGoIntoBlocksMeanwhileAreCountedOnce) {
  temporary_.reopen();
  bool sealed = false;
  const auto report = temporary_.store->verify([&](std::uint64_t, std::uint64_t) {
    if (sealed) return;
    sealed = true;
    EXPECT_TRUE(temporary_.store->seal());
  });
  ASSERT_TRUE(report);
  EXPECT_TRUE(sealed);
  EXPECT_EQ(report->rows, 5U);
  EXPECT_EQ(report->journal_entries, 2U);
  EXPECT_THAT(report->faults, testing::IsEmpty());
}

}  // namespace
}  // namespace duramen::store
