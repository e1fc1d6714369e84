#include "backup/manifest.h"

#include "tests/backup/backup_fixture.h"

namespace duramen::backup {
namespace {

using testing::HasSubstr;

TEST(BackupManifest, IsReadAsItWasWritten) {
  Manifest manifest = manifest_of(kFiles);
  manifest.time = 1'795'000'000'123'456'789;
  const auto read = decode_manifest(encode_manifest(manifest));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->version, manifest.version);
  EXPECT_EQ(read->store_id, manifest.store_id);
  EXPECT_EQ(read->durable, manifest.durable);
  EXPECT_EQ(read->time, manifest.time);
  EXPECT_EQ(read->files, manifest.files);
  EXPECT_EQ(read->bytes(), 5011U);
}

TEST(BackupManifest, OfANewerFormatIsRefusedAndSaysSo) {
  const auto read = decode_manifest(R"({"format":2,"anything":[]})");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kUnimplemented);
  EXPECT_THAT(read.error().message, HasSubstr("newer"));
}

TEST(BackupManifest, WhatIsWrongIsNamed) {
  const std::string head =
      R"({"format":1,"version":"1","store_id":"a","durable_seq":1,"time":"2026-11-21T00:00:00Z","files":)";
  const std::string good =
      R"({"name":"db/CURRENT","size":1,"xxh3_128":"00000000000000000000000000000000"})";
  ASSERT_TRUE(decode_manifest(head + "[" + good + "]}"));
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "not a JSON object"},
      {"[]", "not a JSON object"},
      {"{}", "'format'"},
      {R"({"format":-1})", "'format'"},
      {std::string(10'000, '['), "deeply"},
      {head + "1}", "'files'"},
      {head + "[1]}", "not an object"},
      {head + "[" + good + "," + good + "]}", "twice"},
      {head + R"([{"name":"db/../x","size":1,"xxh3_128":""}]})", "a name"},
      {head + R"([{"name":"db/x","size":"1","xxh3_128":""}]})", "'size'"},
      {head + R"([{"name":"db/x","size":1099511627777,"xxh3_128":""}]})", "1 TiB"},
      {head + R"([{"name":"db/x","size":1,"xxh3_128":"0x000000000000000000000000000000"}]})",
       "digest"},
      {head + R"([{"name":"db/x","size":1,"xxh3_128":"00"}]})", "digest"},
  };
  for (const auto& [json, word] : cases) {
    const auto read = decode_manifest(json);
    ASSERT_FALSE(read) << json.substr(0, 300);
    EXPECT_EQ(read.error().code, ErrorCode::kDataLoss);
    EXPECT_THAT(read.error().message, HasSubstr(word)) << json.substr(0, 300);
  }
}

TEST(BackupManifest, NamesLeadNowhereElse) {
  for (const char* name : {"db/000012.sst", "index/2026-11-21.default.manifest",
                           "put-aside/report.txt", "db/MANIFEST-000005", "retention.bytes"}) {
    EXPECT_TRUE(is_backup_file(name)) << name;
  }
  for (const char* name :
       {"", "db", "db/", "/db/x", "db//x", "db/.", "db/..", "db/../x", "../db/x", "db/x/y", "db/.x",
        "lock", "backup.json", "etc/passwd", "db/a b", "db/\xc3\xa4", "db\\x", "./db/x"}) {
    EXPECT_FALSE(is_backup_file(name)) << name;
  }
  EXPECT_FALSE(is_backup_file(std::string("db/a\0b", 6)));
  EXPECT_FALSE(is_backup_file("db/" + std::string(256, 'a')));
}

}  // namespace
}  // namespace duramen::backup
