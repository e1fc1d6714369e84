#include "query/tail/tail_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace duramen::query {
namespace {

TailChunkPtr chunk_of(std::size_t rows, std::size_t bytes = 10) {
  auto chunk = std::make_shared<TailChunk>();
  for (std::size_t row = 0; row < rows; ++row) {
    chunk->lines += std::string(bytes - 1, 'x');
    chunk->end_row(model::Seq(row + 1), {});
  }
  return chunk;
}

std::size_t rows_of(const TailTaken& taken) {
  std::size_t rows = 0;
  for (const TailPiece& piece : taken.pieces) rows += piece.end - piece.begin;
  return rows;
}

class TailQueueTest : public testing::Test {
 protected:
  int rooms_ = 0;
  int wakes_ = 0;
  TailQueue queue_{100, [this] { ++rooms_; }};
};

TEST_F(TailQueueTest, AFullQueueTakesNoMoreButWhatMustBeSaid) {
  EXPECT_TRUE(queue_.push(chunk_of(12), 0));
  EXPECT_FALSE(queue_.has_room());
  EXPECT_FALSE(queue_.push(chunk_of(1), 0));
  queue_.push_always(chunk_of(1));
  EXPECT_EQ(queue_.waiting_bytes(), 130U);
  EXPECT_EQ(rows_of(queue_.take(1000)), 13U);
  EXPECT_TRUE(queue_.has_room());
}

TEST_F(TailQueueTest, RowsAreTakenWholeAndAtLeastOne) {
  queue_.push(chunk_of(5, 10), 1);
  EXPECT_EQ(rows_of(queue_.take(1)), 1U);
  EXPECT_EQ(rows_of(queue_.take(25)), 3U) << "begun rows are finished";
  EXPECT_EQ(rows_of(queue_.take(25)), 0U);
  EXPECT_EQ(queue_.taken_rows(), 4U);
}

TEST_F(TailQueueTest, TheFirstThatWaitsIsKnown) {
  EXPECT_FALSE(queue_.first_waiting());
  queue_.push(chunk_of(5), 1);
  EXPECT_EQ(queue_.first_waiting(), model::Seq(2));
  queue_.take(1);
  EXPECT_EQ(queue_.first_waiting(), model::Seq(3));
}

TEST_F(TailQueueTest, RoomIsToldOnceWhenHalfIsFree) {
  queue_.push(chunk_of(10), 0);
  EXPECT_FALSE(queue_.wait_for_room());
  queue_.take(40);
  EXPECT_EQ(rooms_, 0);
  queue_.take(10);
  EXPECT_EQ(rooms_, 1);
  queue_.take(10);
  EXPECT_EQ(rooms_, 1);
  EXPECT_TRUE(queue_.wait_for_room());
}

TEST_F(TailQueueTest, TheConsumerIsWokenWhenItHadNothing) {
  queue_.push(chunk_of(1), 0);
  queue_.open([this] { ++wakes_; });
  EXPECT_EQ(wakes_, 1) << "for what came before";
  queue_.push(chunk_of(1), 0);
  EXPECT_EQ(wakes_, 1);
  queue_.take(1000);
  queue_.push(chunk_of(1), 1);
  EXPECT_EQ(wakes_, 1) << "nothing came";
  queue_.push(chunk_of(1), 0);
  EXPECT_EQ(wakes_, 2);
  queue_.take(1000);
  queue_.end("because");
  EXPECT_EQ(wakes_, 3);
}

TEST_F(TailQueueTest, WhatWaitsIsGivenBeforeTheEnd) {
  queue_.push(chunk_of(2), 0);
  queue_.end("because");
  queue_.end("else");
  queue_.push(chunk_of(1), 0);
  EXPECT_FALSE(queue_.take(10).ended);
  const TailTaken last = queue_.take(10);
  EXPECT_EQ(rows_of(last), 1U);
  EXPECT_TRUE(last.ended);
  EXPECT_EQ(last.reason, "because");
}

TEST_F(TailQueueTest, WhoHasLeftHoldsNothingAndStopsNobody) {
  queue_.push(chunk_of(12), 0);
  EXPECT_FALSE(queue_.wait_for_room());
  queue_.leave();
  EXPECT_EQ(rooms_, 1);
  EXPECT_TRUE(queue_.push(chunk_of(12), 0));
  EXPECT_EQ(queue_.waiting_bytes(), 0U);
}

}  // namespace
}  // namespace duramen::query
