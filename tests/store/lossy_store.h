#pragma once

#include <memory>
#include <string>

#include "tests/store/store_fixture.h"
#include "tests/support/power_loss_file_system.h"

namespace duramen::store {

/// A store on a file system of which the test decides what happens to each change.
class LossyStore : public ::testing::Test, protected TemporaryStore {
 public:
  using Change = duramen::testing::PowerLossFileSystem::Change;

 protected:
  void SetUp() override {
    options.env = env_.get();
    open_quietly();
  }
  void TearDown() override {
    store.reset();  // it uses the members below
    fs_->set_hook({});
  }
  /// Opens, and waits until the builder has made the segments of today and tomorrow: what happens
  /// next is the test's doing.
  void open_quietly() {
    reopen();
    store->set_retention(options.retention);
    ASSERT_TRUE(eventually([&] { return store->status().segments.size() >= 2; }));
  }
  static bool is_log(const std::string& name) { return name.ends_with(".log"); }
  static bool is_manifest(const std::string& name) {
    return name.find("/MANIFEST-") != std::string::npos;
  }

  std::shared_ptr<duramen::testing::PowerLossFileSystem> fs_ =
      std::make_shared<duramen::testing::PowerLossFileSystem>(rocksdb::FileSystem::Default(), 1);
  std::unique_ptr<rocksdb::Env> env_ = duramen::testing::restless_env(fs_);
};

}  // namespace duramen::store
