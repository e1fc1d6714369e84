#include "tests/base/temporary_directory.h"

#include <gtest/gtest.h>

#include <fstream>

namespace duramen {
namespace {

TEST(TemporaryDirectory, IsItsOwnAndGoesWithItsContent) {
  std::string path;
  {
    const TemporaryDirectory first;
    const TemporaryDirectory second;
    path = first.path();
    EXPECT_NE(path, second.path());
    std::filesystem::create_directories(first.file("a/b"));
    std::ofstream(first.file("a/b/c")) << "x";
    EXPECT_TRUE(std::filesystem::exists(path + "/a/b/c"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace duramen
