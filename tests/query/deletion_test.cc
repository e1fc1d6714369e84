// Deletions from their request to their end, over a real store and index.

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "query/deletion/deletions.h"
#include "query/engine.h"
#include "query/indexer.h"
#include "tests/store/store_fixture.h"

namespace duramen::query {
namespace {

using store::DeletionState;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DeletionsTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    deletions_.reset();
    engine_.reset();
    indexer_.reset();
    index_.reset();
    store_.reopen();
    index::IndexOptions options;
    options.directory = store_.directory.path() + "/index";
    options.owner = store_.store->store_id();
    auto index = index::Index::open(options, *store_.metrics);
    ASSERT_TRUE(index) << index.error().message;
    index_ = *std::move(index);
    indexer_ = std::make_unique<Indexer>(*store_.store, *index_, *store_.metrics);
    engine_ = make_query_engine(*store_.store, index_.get(), {}, store_.clock, *store_.metrics);
    deletions_ = make_deletions(
        *store_.store, index_.get(), [this] { return indexer_->forget_gone_blocks(); }, limits_,
        store_.clock, *store_.metrics);
  }
  void append(const std::vector<std::string>& lines, TimeNs time = store::kNoon) {
    const auto ack = store::append_and_wait(*store_.store, store::batch_of(lines, time));
    ASSERT_TRUE(ack) << ack.error().message;
  }
  std::vector<std::string> messages() {
    std::vector<std::string> out;
    for (const auto& [seq, message] : store_.rows()) out.push_back(message);
    return out;
  }
  std::uint64_t count(const std::string& q) {
    QueryRequest request;
    request.q = q;
    request.limit = 0;
    const auto query = engine_->start(request);
    EXPECT_TRUE(query) << query.error().message;
    if (!query) return 0;
    const auto end = (*query)->run([](std::string_view) { return Result<void>(); });
    EXPECT_TRUE(end) << end.error().message;
    return end ? end->rows : 0;
  }
  /// Asks for it and does it.
  store::Deletion remove(DeletionRequest request) {
    const auto asked = deletions_->request(request);
    EXPECT_TRUE(asked) << asked.error().message;
    const auto done = deletions_->step();
    EXPECT_TRUE(done) << done.error().message;
    return asked ? deletions_->find(asked->deletion.id)->deletion : store::Deletion();
  }
  store::Deletion remove(const std::string& q) { return remove(asking(q)); }
  static DeletionRequest asking(const std::string& q) {
    DeletionRequest request;
    request.q = q;
    request.by = "127.0.0.1";
    request.reason = "a test";
    return request;
  }
  Error refusal(const DeletionRequest& request) {
    const auto asked = deletions_->request(request);
    EXPECT_FALSE(asked);
    return asked ? Error{ErrorCode::kInternal, ""} : asked.error();
  }
  /// Of all files of the index.
  bool index_has(const std::string& word) const {
    const std::string directory = store_.directory.path() + "/index";
    for (const auto& file : std::filesystem::directory_iterator(directory)) {
      std::ifstream in(file.path(), std::ios::binary);
      std::stringstream bytes;
      bytes << in.rdbuf();
      if (bytes.str().find(word) != std::string::npos) return true;
    }
    return false;
  }

  DeletionLimits limits_;
  store::TemporaryStore store_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<Indexer> indexer_;
  std::unique_ptr<QueryEngine> engine_;
  std::unique_ptr<Deletions> deletions_;
};

TEST_F(DeletionsTest, WhatMatchesGoesAndWhatDoesNotStays) {
  append({"card 4111", "login ok", "card 5500", "logout"});
  const store::Deletion deletion = remove("card");
  EXPECT_EQ(deletion.state, DeletionState::kDone);
  EXPECT_EQ(deletion.rows, 2U);
  EXPECT_EQ(deletion.query, "card");
  EXPECT_EQ(deletion.by, "127.0.0.1");
  EXPECT_EQ(deletion.reason, "a test");
  EXPECT_THAT(deletion.problem, IsEmpty());
  EXPECT_THAT(messages(), ::testing::ElementsAre("login ok", "logout"));
  EXPECT_EQ(count("card"), 0U);
  EXPECT_EQ(count("*"), 2U);
}

TEST_F(DeletionsTest, RowsThatComeAfterItWasAskedForStay) {
  append({"card 1"});
  const auto asked = deletions_->request(asking("card"));
  ASSERT_TRUE(asked);
  append({"card 2"});
  ASSERT_TRUE(deletions_->step());
  EXPECT_THAT(messages(), ::testing::ElementsAre("card 2"));
}

TEST_F(DeletionsTest, OnlyTheRangeIsLookedAt) {
  append({"card early"}, store::kNoon - 10);
  append({"card first"}, store::kNoon);
  append({"card last"}, store::kNoon + 9);
  append({"card late"}, store::kNoon + 10);
  DeletionRequest request = asking("card");
  request.start = store::kNoon;
  request.end = store::kNoon + 10;
  EXPECT_EQ(remove(request).rows, 2U);
  EXPECT_THAT(messages(), ::testing::ElementsAre("card early", "card late"));
}

TEST_F(DeletionsTest, NothingThatMatchesIsADeletionOfNoRows) {
  append({"login ok"});
  const store::Deletion deletion = remove("card");
  EXPECT_EQ(deletion.state, DeletionState::kDone);
  EXPECT_EQ(deletion.rows, 0U);
  EXPECT_THAT(messages(), SizeIs(1));
}

TEST_F(DeletionsTest, WordsOfRowsThatAreGoneAreNotInTheIndex) {
  append({"mysecretword here", "login ok"});
  ASSERT_TRUE(store_.store->seal());
  ASSERT_TRUE(indexer_->seal());
  ASSERT_TRUE(index_has("mysecretword"));
  remove("here");
  EXPECT_FALSE(index_has("mysecretword"));
  EXPECT_EQ(indexer_->missing_blocks(), 0U);
  EXPECT_EQ(count("login"), 1U);
}

TEST_F(DeletionsTest, AStartTakesWordsOfGoneBlocksOutOfTheIndex) {
  append({"mysecretword here", "login ok"});
  ASSERT_TRUE(store_.store->seal());
  ASSERT_TRUE(indexer_->seal());
  deletions_ =
      make_deletions(*store_.store, index_.get(), {}, limits_, store_.clock, *store_.metrics);
  remove("here");
  ASSERT_TRUE(index_has("mysecretword"));
  open();
  ASSERT_TRUE(indexer_->catch_up());
  EXPECT_FALSE(index_has("mysecretword"));
  EXPECT_EQ(count("login"), 1U);
}

TEST_F(DeletionsTest, ARestartGoesOnWithWhatIsOpen) {
  append({"card 1", "other"});
  ASSERT_TRUE(deletions_->request(asking("card")));
  open();
  ASSERT_THAT(deletions_->list(), SizeIs(1));
  EXPECT_EQ(deletions_->list()[0].phase, "waiting");
  deletions_->start();
  EXPECT_TRUE(store::eventually(
      [&] { return deletions_->list()[0].deletion.state == DeletionState::kDone; }));
  deletions_->stop();
  EXPECT_THAT(messages(), ::testing::ElementsAre("other"));
}

TEST_F(DeletionsTest, TheThreadDoesThemOneAfterTheOther) {
  append({"one", "two", "three"});
  deletions_->start();
  for (const char* q : {"one", "two", "three"}) ASSERT_TRUE(deletions_->request(asking(q)));
  EXPECT_TRUE(store::eventually(
      [&] { return deletions_->list().back().deletion.state == DeletionState::kDone; }));
  EXPECT_THAT(messages(), IsEmpty());
  EXPECT_EQ(deletions_->list().front().phase, "");
}

TEST_F(DeletionsTest, OneThatWaitsCanBeCancelledAndOneThatIsDoneCannot) {
  append({"card 1"});
  const auto asked = deletions_->request(asking("card"));
  ASSERT_TRUE(asked);
  ASSERT_TRUE(deletions_->cancel(asked->deletion.id));
  EXPECT_EQ(deletions_->find(asked->deletion.id)->deletion.state, DeletionState::kCancelled);
  const auto more = deletions_->step();
  ASSERT_TRUE(more);
  EXPECT_FALSE(*more);
  EXPECT_THAT(messages(), SizeIs(1));
  const store::Deletion done = remove("card");
  const auto late = deletions_->cancel(done.id);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(late.error().message, HasSubstr("too late"));
  EXPECT_EQ(deletions_->cancel(99).error().code, ErrorCode::kNotFound);
}

TEST_F(DeletionsTest, WhatCannotBeDeletedIsRefusedWithTheReason) {
  EXPECT_THAT(refusal(asking("")).message, HasSubstr("`*` is every row"));
  EXPECT_THAT(refusal(asking(" \n")).message, HasSubstr("`*` is every row"));
  EXPECT_THAT(refusal(asking("card | head 3")).message, HasSubstr("without pipes"));
  EXPECT_THAT(refusal(asking("status:>=")).message, HasSubstr("column"));
  DeletionRequest request = asking("card");
  request.start = request.end = store::kNoon;
  EXPECT_THAT(refusal(request).message, HasSubstr("the range is empty"));
  EXPECT_EQ(refusal(asking(std::string(70'000, 'a'))).code, ErrorCode::kOutOfRange);
  request = asking("card");
  request.reason.assign(2000, 'a');
  EXPECT_EQ(refusal(request).code, ErrorCode::kOutOfRange);
  EXPECT_THAT(deletions_->list(), IsEmpty());
}

TEST_F(DeletionsTest, NotTooManyWait) {
  limits_.waiting = 2;
  open();
  ASSERT_TRUE(deletions_->request(asking("a")));
  ASSERT_TRUE(deletions_->request(asking("b")));
  EXPECT_EQ(refusal(asking("c")).code, ErrorCode::kResourceExhausted);
  ASSERT_TRUE(deletions_->step());
  EXPECT_TRUE(deletions_->request(asking("c")));
}

TEST_F(DeletionsTest, TooManyRowsForOneDeletionHideNoneAndSayWhatToDo) {
  limits_.mark_bytes = 100;
  open();
  append(std::vector<std::string>(200, "card"));
  const store::Deletion deletion = remove("card");
  EXPECT_EQ(deletion.state, DeletionState::kFailed);
  EXPECT_THAT(deletion.problem, HasSubstr("one range of time after the other"));
  EXPECT_THAT(messages(), SizeIs(200));
}

TEST_F(DeletionsTest, NoQuerySeesHalfADeletion) {
  std::vector<std::string> lines;
  for (int i = 0; i < 5000; ++i) {
    lines.push_back((i % 100 == 0 ? "card " : "login ") + std::to_string(i));
  }
  for (int day = 0; day < 4; ++day) append(lines, store::kNoon - day * kNsPerDay);
  ASSERT_TRUE(store_.store->seal());
  ASSERT_TRUE(deletions_->request(asking("card")));
  deletions_->start();
  bool ended = false;
  while (!ended) {
    ended = deletions_->list()[0].deletion.state == DeletionState::kDone;
    const std::uint64_t cards = count("card");
    EXPECT_TRUE(cards == 200 || cards == 0) << cards;
  }
  EXPECT_EQ(messages().size(), 4U * 4950U);
}

}  // namespace
}  // namespace duramen::query
