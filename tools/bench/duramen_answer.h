#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "tools/bench/question.h"
#include "tools/bench/store.h"

namespace duramen::bench {

/// Takes an answer of Duramen as it comes. Rows are counted and forgotten, so that answers of any
/// length fit. Threading: none.
class DuramenAnswer {
 public:
  explicit DuramenAnswer(Shape shape) : shape_(shape) {}

  void take(std::string_view piece);
  /// Once the body is whole. Errors: kInternal (another status than 200, no end, damage reported,
  /// not understood).
  Result<StoreAnswer> finish(int status);

 private:
  bool is_lines() const { return shape_ == Shape::kRows || shape_ == Shape::kContext; }
  void take_lines(std::string_view piece);
  Result<StoreAnswer> finish_lines();
  Result<StoreAnswer> finish_document();

  Shape shape_;
  StoreAnswer answer_;
  std::string text_;  ///< the document, or the line that has no end yet
  std::string last_;  ///< whole line: the end, if no other follows
  bool has_last_ = false;
};

}  // namespace duramen::bench
