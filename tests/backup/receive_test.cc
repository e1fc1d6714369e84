#include "backup/receive.h"

#include "tests/backup/backup_fixture.h"

namespace duramen::backup {
namespace {

using support::TarText;
using testing::HasSubstr;

class Receive : public testing::Test {
 protected:
  FileTree tree(const std::string& name) {
    auto made = FileTree::make(files_.file(name), std::nullopt);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }
  Result<Manifest> receive(const std::string& tar, std::size_t piece = 1000) {
    FileTree to = tree("to-" + std::to_string(++runs_));
    return receive_stream(in_pieces(tar, piece), to, nullptr);
  }
  /// Refused, with this in the reason.
  void refuses(const std::string& tar, const std::string& reason) {
    const auto received = receive(tar);
    ASSERT_FALSE(received) << reason;
    EXPECT_EQ(received.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(received.error().message, HasSubstr(reason));
    EXPECT_FALSE(std::filesystem::exists(files_.file("escaped")));
  }

  TemporaryDirectory files_;
  int runs_ = 0;
};

TEST_F(Receive, FilesAreThereAsTheyWere) {
  std::uint64_t bytes = 0;
  FileTree to = tree("to");
  const auto received =
      receive_stream(in_pieces(whole_tar(), 7), to, [&](std::uint64_t n) { bytes += n; });
  ASSERT_TRUE(received) << received.error().message;
  EXPECT_EQ(received->durable.value(), 17U);
  EXPECT_GE(bytes, 5011U);
  for (const auto& [name, content] : kFiles) EXPECT_EQ(text_of(files_.file("to/" + name)), content);
  EXPECT_EQ(text_of(files_.file("to/backup.json")), encode_manifest(manifest_of(kFiles)));
}

TEST_F(Receive, AStreamThatIsCutAnywhereIsRefused) {
  const std::string tar = whole_tar();
  // The zeros at the end say nothing.
  const std::size_t needed = tar.size() - 1024;
  for (std::size_t length = 0; length < needed; length += 97) {
    const auto received = receive(tar.substr(0, length));
    // Rests of the last block are padding.
    if (received && length + 512 > needed) continue;
    ASSERT_FALSE(received) << length << " of " << tar.size();
    EXPECT_EQ(received.error().code, ErrorCode::kDataLoss) << received.error().message;
  }
}

TEST_F(Receive, AFlippedByteIsFound) {
  const std::string tar = whole_tar();
  const std::size_t needed = tar.size() - 1024;
  for (std::size_t at = 0; at < needed; at += 61) {
    std::string wrong = tar;
    wrong[at] = static_cast<char>(wrong[at] ^ 0x20);
    const auto received = receive(wrong);
    // Owners, times and padding are nobody's business.
    if (received) {
      EXPECT_EQ(received->files, manifest_of(kFiles).files) << at;
    } else {
      EXPECT_EQ(received.error().code, ErrorCode::kDataLoss);
    }
  }
}

TEST_F(Receive, AFileThatIsNotWhatTheListSaysIsNamed) {
  Files other = kFiles;
  other[1].second[4000] = 'x';
  refuses(tar_of(other).add("backup.json", encode_manifest(manifest_of(kFiles))).whole(),
          "db/000001.log has the digest");
  other[1].second.pop_back();
  refuses(tar_of(other).add("backup.json", encode_manifest(manifest_of(kFiles))).whole(),
          "db/000001.log has 4999 bytes");
  other = kFiles;
  other.pop_back();
  refuses(tar_of(other).add("backup.json", encode_manifest(manifest_of(kFiles))).whole(),
          "index/1.words is missing");
  refuses(tar_of(kFiles).add("backup.json", encode_manifest(manifest_of(other))).whole(),
          "does not name");
}

TEST_F(Receive, TheListIsTheLast) {
  const std::string list = encode_manifest(manifest_of(kFiles));
  refuses(tar_of(kFiles).whole(), "backup.json");
  refuses(tar_of(kFiles).add("backup.json", list).add("db/more", "x").whole(), "behind");
  refuses(tar_of(kFiles).add("backup.json", list).add("backup.json", list).whole(), "behind");
}

TEST_F(Receive, NamesThatLeadOutAreRefused) {
  for (const std::string name : {"../escaped", "/tmp/escaped", "db/../../escaped", "escaped",
                                 "db/x/../../../escaped", ".", "db", "lock"}) {
    refuses(tar_of(kFiles).add(name, "x").whole(), "name of a file");
  }
}

TEST_F(Receive, OnlyPlainFilesAreTaken) {
  refuses(tar_of(kFiles).add("db/link", "", '1', "db/CURRENT").whole(), "no plain file");
  refuses(tar_of(kFiles).add("db/link", "", '2', "/etc/passwd").whole(), "no plain file");
  refuses(tar_of(kFiles).add("db/folder", "", '5').whole(), "no plain file");
  refuses(tar_of(kFiles).add("db/device", "", '3').whole(), "no plain file");
  refuses(tar_of(kFiles).add("db/pipe", "", '6').whole(), "no plain file");
  // A folder that is a link: what comes behind would be written elsewhere.
  refuses(TarText().add("index", "", '2', "..").add("index/escaped", "x").whole(), "no plain file");
}

TEST_F(Receive, ANameComesOnce) {
  refuses(tar_of(kFiles).add("db/CURRENT", "another").whole(), "twice");
}

TEST_F(Receive, SizesBeyondTheLimitsAreRefusedBeforeTheyCome) {
  refuses(tar_of(kFiles).add("backup.json", "", '0', "", (64LL << 20) + 1).so_far(), "64 MiB");
  // Base 256 numbers of GNU tar go beyond what octal digits can say.
  TarText tar;
  tar.add("db/huge", "");
  std::string huge = tar.so_far();
  huge.replace(124, 12, std::string("\x80\0\0\0\0\0\x7f\xff\xff\xff\xff\xff", 12));
  huge.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : huge.substr(0, 512)) sum += static_cast<unsigned char>(c);
  char text[8];
  std::snprintf(text, sizeof text, "%06o", sum);
  huge.replace(148, 7, std::string(text, 7));
  refuses(huge, "1 TiB");
}

TEST_F(Receive, WhatIsNoTarIsRefused) {
  refuses("", "backup");
  refuses("<html>not found</html>", "tar");
  refuses(std::string(100'000, 'x'), "tar");
  // Compressed: nothing is unpacked that was not asked for.
  refuses(std::string("\x1f\x8b\x08\0\0\0\0\0", 8) + std::string(600, 'x'), "tar");
}

TEST_F(Receive, AnErrorOfTheSourceComesAsItIs) {
  FileTree to = tree("to");
  int pieces = 0;
  const std::string tar = whole_tar();
  const auto received = receive_stream(
      [&]() -> Result<std::string> {
        if (++pieces == 3) return Error{ErrorCode::kUnavailable, "the line is dead"};
        return tar.substr(static_cast<std::size_t>(pieces - 1) * 1024, 1024);
      },
      to, nullptr);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(received.error().message, HasSubstr("the line is dead"));
}

TEST_F(Receive, ADirectoryIsCheckedWhileItIsCopied) {
  FileTree first = tree("backup");
  ASSERT_TRUE(receive_stream(in_pieces(whole_tar()), first, nullptr));
  const std::string backup = files_.file("backup");
  const auto copy = [&]() -> Result<Manifest> {
    DURAMEN_TRY(const auto manifest, read_manifest(backup));
    FileTree to = tree("to-" + std::to_string(++runs_));
    return receive_directory(backup, manifest, to, nullptr);
  };
  ASSERT_TRUE(copy());
  EXPECT_EQ(text_of(files_.file("to-1/db/000001.log")), kFiles[1].second);
  const auto fails_after = [&](const std::string& content, const std::string& reason) {
    std::ofstream(backup + "/db/000001.log", std::ios::binary) << content;
    const auto copied = copy();
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(copied.error().message, HasSubstr(reason));
  };
  fails_after(std::string(4999, 'l') + "x", "db/000001.log has the digest");
  fails_after("short", "db/000001.log has 5 bytes");
  fails_after(std::string(6000, 'l'), "longer");
  std::filesystem::remove(backup + "/db/000001.log");
  EXPECT_THAT(copy().error().message, HasSubstr("db/000001.log is missing"));
  std::filesystem::create_symlink("/etc/hostname", backup + "/db/000001.log");
  EXPECT_FALSE(copy());
  std::filesystem::remove(backup + "/backup.json");
  const auto none = copy();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace duramen::backup
