#include "tests/index/index_fixture.h"

namespace duramen::index {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A second index, in what a checkpoint made of the first.
class IndexCheckpoint : public testing::Test {
 protected:
  void checkpoint() {
    const auto made = index_.index->checkpoint(place());
    ASSERT_TRUE(made) << made.error().message;
  }
  std::string place() const { return index_.directory.file("copy"); }
  std::unique_ptr<Index> open_copy() {
    IndexOptions options = index_.options;
    options.directory = place();
    auto opened = Index::open(options, metrics_);
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }
  std::vector<std::string> verify(Index& index) {
    const auto faults = index.verify({});
    EXPECT_TRUE(faults) << faults.error().message;
    return *faults;
  }

  TemporaryIndex index_;
  MetricRegistry metrics_;
};

TEST_F(IndexCheckpoint, KnowsWhatIsOnTheDisk) {
  index_.add(1, {"one"});
  index_.add(2, {"two"});
  index_.flush();
  index_.add(3, {"in memory"});
  checkpoint();
  const auto copy = open_copy();
  const auto view = copy->view(kSegment);
  EXPECT_THAT(found(*view, KeyKind::kWord, "two"), ElementsAre(2));
  EXPECT_THAT(found(*view, KeyKind::kWord, "memory"), IsEmpty());
  EXPECT_THAT(verify(*copy), IsEmpty());
}

TEST_F(IndexCheckpoint, StaysAsItWasWhileTheIndexGoesOn) {
  index_.add(1, {"one"});
  index_.flush();
  checkpoint();
  index_.add(2, {"two"});
  index_.flush();
  index_.seal();
  ASSERT_TRUE(index_.index->drop(kSegment));
  const auto copy = open_copy();
  EXPECT_THAT(found(*copy->view(kSegment), KeyKind::kWord, "one"), ElementsAre(1));
  EXPECT_THAT(verify(*copy), IsEmpty());
}

TEST_F(IndexCheckpoint, OfAnEmptyIndexIsAnEmptyOne) {
  checkpoint();
  EXPECT_THAT(open_copy()->segments(), IsEmpty());
}

TEST_F(IndexCheckpoint, LeavesOutWhatIsGone) {
  index_.add(1, {"one"});
  index_.flush();
  for (const std::string& file : index_.files(".filter")) std::filesystem::remove(file);
  checkpoint();
  EXPECT_THAT(open_copy()->segments(), IsEmpty());
}

TEST_F(IndexCheckpoint, ThatCannotBeWrittenIsToldAndHarmsNothing) {
  index_.add(1, {"one"});
  index_.flush();
  std::ofstream(place()) << "a file";
  const auto made = index_.index->checkpoint(place());
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(index_.blocks(), ElementsAre(1));
}

}  // namespace
}  // namespace duramen::index
